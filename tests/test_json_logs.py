"""Logs of one JSON document a line, and Timesketch's events: each format's own fields, and what is set aside."""

from __future__ import annotations

import contextlib
import json
import tempfile
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from line_cases import case_of, taken, written

from forensics.errors import EvidenceError

SAMPLES = Path(__file__).parents[2] / "shared" / "data"
NGINX = {
    "time_iso8601": "2024-01-18T11:00:05+01:00", "remote_addr": "2001:db8::17", "remote_port": "51234",
    "remote_user": "opt-0417", "request": "GET /droits?numero=1&x=é HTTP/1.1", "status": "200",
    "body_bytes_sent": "1850", "request_time": "0.1405", "http_user_agent": "Agent \"X\" (é)",
    "hostname": "web-1", "request_id": "r-1",
}  # fmt: skip
CADDY = {
    "level": "info", "ts": 1705572005.2500012, "logger": "http.log.access.log0", "msg": "handled request",
    "request": {
        "remote_ip": "10.0.0.1", "remote_port": "51234", "client_ip": "2001:db8::17", "proto": "HTTP/2.0",
        "method": "GET", "host": "portal.example", "uri": "/droits?numero=1", "headers": {"User-Agent": ["Agent"]},
    },
    "user_id": "opt-0417", "duration": 0.1405, "size": 1850, "status": 200,
}  # fmt: skip
TRAEFIK = {
    "ClientAddr": "203.0.113.9:51234", "ClientHost": "203.0.113.9", "ClientPort": "51234", "ClientUsername": "opt-0417",
    "DownstreamContentSize": 1850, "DownstreamStatus": 200, "Duration": 140_500_000, "RequestMethod": "GET",
    "RequestPath": "/droits?numero=1", "StartUTC": "2024-01-18T10:00:05.250001999Z", "request_User-Agent": "Agent",
    "time": "2024-01-18T10:00:06Z",
}  # fmt: skip
EXPECTED = {
    "line": 1, "requested_at": datetime(2024, 1, 18, 10, 0, 5, 250_001), "account_id": "opt-0417",
    "client_ip": "2001:db8::17", "client_port": 51234, "user_agent": "Agent", "method": "GET", "path": "/droits",
    "status": 200, "response_bytes": 1850, "duration_ms": 140,
}  # fmt: skip


def test_every_field_of_an_nginx_document_is_read(tmp_path: Path):
    rows, aside, lines = taken(case_of(tmp_path, 'format = "nginx_json"\n'), written(tmp_path, NGINX))
    assert rows == [
        EXPECTED
        | {"requested_at": datetime(2024, 1, 18, 10, 0, 5), "user_agent": 'Agent "X" (é)'}
        | {"server": "web-1", "request_ref": "r-1"}
    ]
    assert (aside, lines) == ([], 1)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"request_uri": "/a?b", "request": "-"}, {"path": "/a"}),
        ({"uri": "/a", "args": "b=1", "request": ""}, {"path": "/a"}),
        ({"request_method": "POST"}, {"method": "POST"}),
        ({"request": "M-SEARCH /a b HTTP/1.1"}, {"method": "M-SEARCH", "path": "/a b"}),
        ({"time_iso8601": "", "time_local": "18/Jan/2024:11:00:05 +0100"}, {}),
        ({"time_iso8601": None, "msec": 1705572005.25}, {"requested_at": datetime(2024, 1, 18, 10, 0, 5, 250_000)}),
        ({"status": 404, "body_bytes_sent": 0, "request_time": 2.0}, {"status": 404, "duration_ms": 2000}),
    ],
)
def test_nginx_may_say_the_same_in_other_variables(tmp_path: Path, changed: dict, expected: dict):
    rows, _, _ = taken(case_of(tmp_path, 'format = "nginx_json"\n'), written(tmp_path, NGINX | changed))
    usual = {"requested_at": datetime(2024, 1, 18, 10, 0, 5)} | expected
    assert {name: rows[0][name] for name in usual} == usual


def test_a_dash_of_nginx_is_nothing(tmp_path: Path):
    document = NGINX | {"remote_user": "-", "http_user_agent": "-", "request": "-"}
    rows, _, _ = taken(case_of(tmp_path, 'format = "nginx_json"\n'), written(tmp_path, document))
    assert {"account_id", "user_agent", "path", "method"}.isdisjoint(rows[0])


def test_every_field_of_a_caddy_document_is_read(tmp_path: Path):
    rows, aside, _ = taken(case_of(tmp_path, 'format = "caddy"\n'), written(tmp_path, CADDY))
    assert (rows, aside) == ([EXPECTED], [])


def test_caddy_before_it_knew_clients_names_the_peer(tmp_path: Path):
    request = {name: value for name, value in CADDY["request"].items() if name != "client_ip"}
    case = case_of(tmp_path, 'format = "caddy"\n')
    assert taken(case, written(tmp_path, CADDY | {"request": request}))[0][0]["client_ip"] == "10.0.0.1"


def test_what_caddy_says_of_itself_is_no_request(tmp_path: Path):
    own = {"level": "info", "ts": 1705572005.25, "msg": "server running"}
    rows, aside, _ = taken(case_of(tmp_path, 'format = "caddy"\n'), written(tmp_path, own, CADDY, "caddy | {}", "{"))
    assert [row["line"] for row in rows] == [2]
    assert aside == [
        "a document about something else than a request",
        "not a JSON document",
        "not a whole JSON document",
    ]


def test_every_field_of_a_traefik_document_is_read(tmp_path: Path):
    rows, aside, _ = taken(case_of(tmp_path, 'format = "traefik"\n'), written(tmp_path, TRAEFIK))
    assert (rows, aside) == ([EXPECTED | {"client_ip": "203.0.113.9", "duration_ms": 141}], [])


def test_a_dash_of_traefik_is_nothing_and_its_own_words_no_request(tmp_path: Path):
    own = {"level": "error", "msg": "cannot reach", "time": "2024-01-18T10:00:06Z"}
    path = written(tmp_path, TRAEFIK | {"ClientUsername": "-"}, own)
    rows, aside, _ = taken(case_of(tmp_path, 'format = "traefik"\n'), path)
    assert "account_id" not in rows[0]
    assert aside == ["a document about something else than a request"]


ANY = """\
format = "ndjson"
subject_kind = "holder_number"
date_format = "%d/%m/%Y %H:%M:%S"
[source.fields]
requested_at = "quand"
account_id = "qui.identifiant"
path = "url.path"
subject = "url.query.numero"
records_returned = 'json:$.nombres[1]'
server = {const = "web-1"}
"""


def test_documents_in_any_words_are_read_by_mapping(tmp_path: Path):
    document = {
        "quand": "18/01/2024 11:00:05",
        "qui": {"identifiant": "opt-0417"},
        "url": "https://p.example/droits?numero=1%2085",
        "nombres": [1, 3],
    }
    rows, aside, _ = taken(case_of(tmp_path, ANY), written(tmp_path, document, [1], document | {"quand": "hier"}))
    assert rows == [
        {
            "line": 1,
            "requested_at": datetime(2024, 1, 18, 10, 0, 5),
            "account_id": "opt-0417",
            "path": "/droits",
            "subject": "1 85",
            "records_returned": 3,
            "server": "web-1",
        }
    ]
    assert aside == ["not a JSON document", "requested_at: not a time that exists in the declared format and zone"]


@pytest.mark.parametrize(
    "url", [{"url": {"path": "/a", "query": "numero=7"}}, {"url": {"original": "/a?numero=7"}}, {"url": "/a?numero=7"}]
)
def test_a_url_in_any_words_may_be_whole_or_in_parts(tmp_path: Path, url: dict):
    path = written(tmp_path, {"quand": "18/01/2024 11:00:05"} | url)
    rows, _, _ = taken(case_of(tmp_path, ANY), path)
    assert (rows[0]["path"], rows[0]["subject"]) == ("/a", "7")


EVENTS = """\
format = "timesketch"
[source.fields]
requested_at = "datetime"
account_id = "username"
path = "message"
"""
TIMES = [
    ("2024-01-18T10:00:05.250000+00:00", "123", datetime(2024, 1, 18, 10, 0, 5, 250_000)),
    ("2024-01-18 11:00:05+01:00", "", datetime(2024, 1, 18, 10, 0, 5)),
    ("2024-01-18T10:00:05Z", "", datetime(2024, 1, 18, 10, 0, 5)),
    (" ", "1705572005250000", datetime(2024, 1, 18, 10, 0, 5, 250_000)),
    ("1705572005250000", "", datetime(2024, 1, 18, 10, 0, 5, 250_000)),
    ("2024-01-18 10:00:05", "", datetime(2024, 1, 18, 10, 0, 5)),  # in UTC to Timesketch, whatever the case's zone
]


@pytest.mark.parametrize(("when", "timestamp", "expected"), TIMES)
@pytest.mark.parametrize("spelled", ["csv", "jsonl"])
def test_every_field_of_an_event_is_read(tmp_path: Path, spelled: str, when: str, timestamp: str, expected: datetime):
    event = {"message": "/a, b", "timestamp": timestamp, "datetime": when, "timestamp_desc": "Visit", "username": "é"}
    header, row = ",".join(event), ",".join(f'"{value}"' for value in event.values())
    path = written(tmp_path, *([header, row] if spelled == "csv" else [event]))
    rows, aside, _ = taken(case_of(tmp_path, EVENTS), path)
    assert rows == [{"line": 1, "requested_at": expected, "account_id": "é", "path": "/a, b"}]
    assert aside == []


def test_events_without_a_datetime_have_their_timestamp_and_without_both_no_time(tmp_path: Path):
    case = case_of(tmp_path, 'format = "timesketch"\n')
    path = written(tmp_path, "message,timestamp,timestamp_desc", "a,1705572005250000,Visit", "b,,Visit")
    rows, aside, _ = taken(case, path)
    assert rows == [{"line": 1, "requested_at": datetime(2024, 1, 18, 10, 0, 5, 250_000)}]
    assert aside == ["requested_at: missing"]
    with pytest.raises(EvidenceError, match="no column 'datetime'"):
        taken(case, written(tmp_path, "message,timestamp_desc", "a,Visit"))


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample logs are not on this machine (shared/data)")
@pytest.mark.parametrize(
    ("file_format", "pattern", "at_least"),
    [
        ("caddy", "formats/lnav/logfile_caddy_log.1", 4),
        ("caddy", "peer_alerts/caddy-basic-auth-bf.log", 6),
        ("traefik", "peer_alerts/traefik_base-http-scenario.log", 80),
        ("timesketch", "formats/timesketch/*_sigma_events.*", 4),
        ("timesketch", "formats/timesketch/*last_column.csv", 4),
    ],
)
def test_sample_logs_of_other_tools_are_read(tmp_path: Path, file_format: str, pattern: str, at_least: int):
    paths = sorted(SAMPLES.glob(pattern))
    assert paths
    for path in paths:
        rows, _, _ = taken(case_of(tmp_path, f'format = "{file_format}"\n'), path)
        assert len(rows) >= at_least
        assert len({row["requested_at"].year for row in rows} - {2012, 2015, 2018, 2021, 2022, 2024}) == 0


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample logs are not on this machine (shared/data)")
@pytest.mark.parametrize(
    "file_format", ["caddy", "csv", "fhir_audit", "ndjson", "nginx_json", "ocsf", "splunk", "timesketch", "traefik"]
)
def test_any_sample_is_read_or_refused_in_any_format(tmp_path: Path, file_format: str):
    fields = '[source.fields]\nrequested_at = "datetime"\n' if file_format in {"csv", "ndjson"} else ""
    case = case_of(tmp_path, f'format = "{file_format}"\n{fields}')
    for path in sorted(path for part in ("formats", "peer_alerts") for path in (SAMPLES / part).rglob("*.*")):
        if not path.is_file():
            continue
        with contextlib.suppress(EvidenceError):
            taken(case, path)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(st.binary(max_size=30), st.just(json.dumps(CADDY).encode()), st.just(json.dumps(TRAEFIK).encode()))
    ),
    st.sampled_from(["caddy", "ndjson", "nginx_json", "timesketch", "traefik"]),
)
def test_any_bytes_are_accounted_for_line_by_line(pieces: list[bytes], file_format: str):
    fields = '[source.fields]\nrequested_at = "ts"\npath = "url.path"\n' if file_format == "ndjson" else ""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        path.write_bytes(b"{}\n" + b"\n".join(pieces))
        _, _, lines = taken(case_of(Path(folder), f'format = "{file_format}"\n{fields}'), path)
    content = b"{}\n" + b"\n".join(pieces)
    assert lines == content.count(b"\n") + (not content.endswith(b"\n"))
