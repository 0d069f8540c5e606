"""Events of OCSF: every field of the classes about requests, in each version's spelling; all else is set aside."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from line_cases import case_of, taken, written

from forensics.evidence.formats.ocsf import OCSF, read_ocsf

OCSF_CASE = 'format = "ocsf"\n'
ELSE = "a document about something else than a request"
HTTP = {
    "class_uid": 4002, "category_uid": 4, "activity_id": 3, "time": 1705572005250, "duration": 140,
    "metadata": {"uid": "r-1", "version": "1.3.0", "product": {"name": "P", "vendor_name": "V"}},
    "actor": {"user": {"name": "opt-0417", "uid": "7"}, "session": {"uid": "s-1"}},
    "src_endpoint": {"ip": "2001:db8::17", "port": 51234},
    "dst_endpoint": {"hostname": "web-1", "ip": "10.0.0.1"},
    "http_request": {
        "http_method": "GET", "user_agent": 'Agent "X" (é)',
        "url": {"url_string": "https://p.example/droits?numero=1", "path": "/droits", "query_string": "numero=1"},
    },
    "http_response": {"code": 200, "length": 1850, "status": "OK"},
}  # fmt: skip
EXPECTED = {
    "line": 1, "requested_at": datetime(2024, 1, 18, 10, 0, 5, 250_000), "account_id": "opt-0417",
    "client_ip": "2001:db8::17", "client_port": 51234, "user_agent": 'Agent "X" (é)', "method": "GET",
    "path": "/droits", "status": 200, "response_bytes": 1850, "duration_ms": 140, "server": "web-1",
    "session_token": "s-1", "request_ref": "r-1",
}  # fmt: skip
RESOURCES = {
    **HTTP, "class_uid": 6001, "category_uid": 6, "activity_id": 5,
    "web_resources": [{"uid": "u-1", "name": "Liste", "type": "page", "url_string": "/liste?p=1"}],
    "web_resources_result": [{"uid": "FIC-1"}, {"name": "nobody"}, {"uid": "FIC-2"}],
}  # fmt: skip


def read(path: Path, columns: list[str]) -> list[dict[str, Any]]:
    return [row for batch in read_ocsf(path, columns) for row in batch.rows.to_dicts()]


def test_every_field_of_an_http_activity_is_read(tmp_path: Path):
    assert taken(case_of(tmp_path, OCSF_CASE), written(tmp_path, HTTP)) == ([EXPECTED], [], 1)


def test_every_field_of_a_web_resources_activity_is_read(tmp_path: Path):
    rows, aside, _ = taken(case_of(tmp_path, OCSF_CASE), written(tmp_path, RESOURCES))
    assert (rows, aside) == ([EXPECTED | {"action": "search"}], [])
    names = [name for name in OCSF.made if name.startswith("web_resources")]
    assert list(read(written(tmp_path, RESOURCES), names)[0].values()) == [
        "u-1", "Liste", "page", "/liste?p=1", "FIC-1;FIC-2", "nobody", None, None,
    ]  # fmt: skip


def test_a_web_resource_access_activity_of_older_versions_is_read(tmp_path: Path):
    event = HTTP | {"class_uid": 6004, "activity_id": 1}
    assert taken(case_of(tmp_path, OCSF_CASE), written(tmp_path, event))[0] == [EXPECTED]


def test_an_export_of_elastic_is_read_with_its_lists(tmp_path: Path):
    exported = {"_index": "i", "_id": "x", "_source": RESOURCES}
    rows, aside, _ = taken(case_of(tmp_path, OCSF_CASE), written(tmp_path, exported))
    assert (rows, aside) == ([EXPECTED | {"action": "search"}], [])
    assert read(written(tmp_path, exported), ["web_resources_result.uid"])[0] == {
        "web_resources_result.uid": "FIC-1;FIC-2"
    }


@pytest.mark.parametrize(
    ("activity", "word"),
    [(1, "other"), (2, "detail"), (5, "search"), (7, "export"), (0, None), (99, None), ("x", None)],
)
def test_a_web_resources_activity_says_what_it_did_in_our_words(tmp_path: Path, activity: object, word: str | None):
    path = written(tmp_path, RESOURCES | {"activity_id": activity}, HTTP | {"activity_id": activity})
    assert [row["activity"] for row in read(path, ["activity"])] == [word, None]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"time": None, "time_dt": "2024-01-18T11:00:05.25+01:00"}, {}),
        ({"actor": {"user": {"uid": "7"}}}, {"account_id": "7"}),
        ({"actor": {"user": {"name": " ", "uid": "7"}}}, {"account_id": "7"}),
        ({"dst_endpoint": {"name": "portal"}}, {"server": "portal"}),
        ({"dst_endpoint": {"ip": "10.0.0.1"}}, {"server": "10.0.0.1"}),
        ({"http_response": None, "http_status": 404}, {"status": 404}),
        ({"http_request": {"url": {"path": "/a"}}}, {"method": "GET", "path": "/a"}),
        ({"http_request": {}, "activity_id": 6}, {"method": "POST"}),
        ({"time": 1705572005250.0}, {}),
    ],
)
def test_what_a_version_or_a_producer_lacks_is_taken_from_elsewhere(tmp_path: Path, changed: dict, expected: dict):
    rows, _, _ = taken(case_of(tmp_path, OCSF_CASE), written(tmp_path, HTTP | changed))
    wanted = {"requested_at": EXPECTED["requested_at"]} | expected
    assert {name: rows[0][name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ({"url_string": "https://a.example/d?n=1", "path": "/other"}, "https://a.example/d?n=1"),
        ({"url_string": "https://a.example/d", "query_string": "n=1"}, "https://a.example/d?n=1"),
        ({"url_string": "https://a.example/d?n=1", "query_string": "n=2"}, "https://a.example/d?n=1"),
        ({"text": "/d?n=1"}, "/d?n=1"),
        ({"path": "/d", "query_string": "n=1"}, "/d?n=1"),
        ({"path": "/d", "query_string": ""}, "/d"),
        ({}, "/liste?p=1"),
    ],
)
def test_the_url_is_whole_or_put_together_or_that_of_the_resource(tmp_path: Path, url: dict, expected: str):
    event = RESOURCES | {"http_request": {"url": url}}
    assert read(written(tmp_path, event), ["url"]) == [{"url": expected}]


def test_events_of_other_classes_and_lines_of_other_kinds_are_set_aside(tmp_path: Path):
    others = [HTTP | {"class_uid": uid} for uid in (3002, "4002 ", 40020, None, [4002, 4002], {"uid": 4002})]
    path = written(tmp_path, HTTP, *others, {}, "", "[]", '{"class_uid": 4002,')
    rows, aside, lines = taken(case_of(tmp_path, OCSF_CASE), path)
    assert [row["line"] for row in rows] == [1]
    assert aside == [*[ELSE] * 7, "empty line", "not a JSON document", "not a whole JSON document"]
    assert lines == 11


@pytest.mark.parametrize(
    "changed",
    [
        {"time": 10**30},
        {"time": "yesterday"},
        {"http_response": {"code": 10**40}},
        {"duration": "NaN"},
        {"src_endpoint": {"ip": "192.0.2.1", "port": 1e999}},
    ],
)
def test_a_value_of_the_wrong_kind_sets_the_event_aside_by_field(tmp_path: Path, changed: dict):
    rows, aside, _ = taken(case_of(tmp_path, OCSF_CASE), written(tmp_path, HTTP | changed))
    assert rows == []
    assert aside[0].split(":")[0] in {"requested_at", "status", "duration_ms", "client_port"}


HOSTILE = [
    b'{"class_uid":4002,"time":1705572005250,"web_resources":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    b'{"class_uid":4002,"time":1705572005250,"actor":{"user":{"name":"a\\u0000b"}}}',
    b'{"class_uid":4002,"time":1705572005250,"actor":{"user":{"name":"a\0b"}}}',
    b'{"class_uid":4002,"time":1705572005250,"web_resources":[{"uid":"\xff\xfe"}]}',
    b'{"class_uid":4002,"time":1705572005250,"web_resources":[{"uid":"\\ud800"}]}',
    b'{"class_uid":4002,"class_uid":1,"time":1705572005250,"time":1}',
    b'{"class_uid":6001,"time":1705572005250,"web_resources":[1,null,"x",[],{"uid":{"a":1}},{"uid":1e400}]}',
    b'{"class_uid":6001,"time":1705572005250,"web_resources":{"uid":"alone"}}',
    b'{"class_uid":6001,"time":1705572005250,"web_resources":"text"}',
]


@pytest.mark.parametrize("line", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_events_are_rows_or_are_set_aside(tmp_path: Path, line: bytes):
    path = tmp_path / "log"
    path.write_bytes(line + b"\n" + json.dumps(HTTP).encode())
    batches = list(read_ocsf(path, [*OCSF.made, "time_dt"]))
    assert sum(b.places.height + b.unreadable.height for b in batches) == sum(b.lines for b in batches) == 2
    assert batches[-1].rows["actor.user.name"][-1] == "opt-0417"


def test_one_resource_alone_is_a_list_of_one_and_the_first_of_two_equal_names_counts(tmp_path: Path):
    path = tmp_path / "log"
    path.write_bytes(HOSTILE[7] + b"\n" + HOSTILE[5])
    rows = [row for batch in read_ocsf(path, ["web_resources.uid", "time"]) for row in batch.rows.rows()]
    assert rows == [("alone", "1705572005250"), (None, "1705572005250")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from([4002, 6001]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["class_uid", "time", "web_resources", "uid", "_source", "http_request"]), inner
        )
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=30),
            JSON.map(lambda value: json.dumps(value).encode()),
            st.dictionaries(st.sampled_from([*RESOURCES, "_source"]), JSON).map(
                lambda changed: json.dumps(RESOURCES | changed).encode()
            ),
        ),
        max_size=8,
    )
)
def test_any_bytes_are_accounted_for_line_by_line(pieces: list[bytes]):
    content = b"{}\n" + b"\n".join(pieces)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        path.write_bytes(content)
        _, _, lines = taken(case_of(Path(folder), OCSF_CASE), path)
        numbers = [n for b in read_ocsf(path, list(OCSF.made)) for n in (*b.places["line"], *b.unreadable["line"])]
    assert lines == content.count(b"\n") + (not content.endswith(b"\n"))
    assert sorted(numbers) == list(range(1, lines + 1))


def test_a_case_with_a_log_in_ocsf_is_run_whole(small: Path, command: Callable[..., Any]):
    text = (small / "case.toml").read_text(encoding="utf-8")
    start, rest = text.split('format = "combined"', 1)
    fields = (
        'format = "ocsf"\nsubject_kind = "holder_number"\n[source.fields]\nrequested_at = "time"\n'
        'account_id = "actor.user.name"\nclient_ip = "src_endpoint.ip"\npath = "url.path"\n'
        'status = "http_response.code"\nrequest_ref = "metadata.uid"\nsubject = "url.query.numero"\n\n'
    )
    (small / "case.toml").write_text(start + fields + rest[rest.index("[[source]]") :], encoding="utf-8")
    events = [
        HTTP | {"time": 1705572005250 + 60_000 * number, "metadata": {"uid": f"r-{number}"},
                "http_request": {"url": {"path": "/droits", "query_string": f"numero={holder}"}}}
        for number, holder in enumerate(("1850575000123", "2850675000456", "1900175000789"))
    ]  # fmt: skip
    (small / "evidence" / "access.log").write_text("".join(f"{json.dumps(one)}\n" for one in events))
    assert command("run", small).code == 0
    requests = pl.read_parquet(small / "work" / "requests.parquet")
    assert requests.select("request_ref", "path", "status").sort("request_ref").rows() == [
        ("r-0", "/droits", 200), ("r-1", "/droits", 200), ("r-2", "/droits", 200),
    ]  # fmt: skip
    assert requests["subject_key"].n_unique() == 3
