"""JSON documents in the words of the Elastic Common Schema: every spelling is read, every line is accounted for."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.case import load
from forensics.errors import CaseError, EvidenceError
from forensics.evidence.formats import blocks as line_blocks
from forensics.evidence.formats.ecs import read_ecs
from forensics.evidence.ingest import ingest

Declare = Callable[[str, str], None]
KEY = bytes.fromhex("ab" * 32)
DOCUMENT = {
    "@timestamp": "2024-01-18T10:00:05.250Z",
    "event": {"category": ["web"], "duration": 140_000_000},
    "source": {"ip": "2001:db8::17", "port": 51_234},
    "user_agent": {"original": 'Agent "X" (é)'},
    "http": {"request": {"method": "GET", "id": "r-1"}, "response": {"status_code": 200, "body": {"bytes": 1850}}},
    "url": {"path": "/droits", "query": "numero=1850575000123&x=1"},
    "host": {"name": "web-1"},
    "user": {"name": "opt-0417"},
    "labels": {"nb_assures": "3", "autre": None},
}
NAMES = ["@timestamp", "event.duration", "source.ip", "source.port", "user_agent.original", "http.request.method",
         "http.request.id", "http.response.status_code", "http.response.body.bytes", "url", "host.name", "user.name",
         "labels.nb_assures", "labels.autre"]  # fmt: skip
VALUES = ["2024-01-18T10:00:05.250Z", "140000000", "2001:db8::17", "51234", 'Agent "X" (é)', "GET", "r-1", "200",
          "1850", "/droits?numero=1850575000123&x=1", "web-1", "opt-0417", "3", None]  # fmt: skip


def read(path: Path, columns: list[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    """All rows with their places, all unreadable lines, the number of lines."""
    batches = list(read_ecs(path, columns))
    rows = [row for b in batches for row in b.places.hstack(b.rows).to_dicts()]
    return rows, [row for b in batches for row in b.unreadable.to_dicts()], sum(b.lines for b in batches)


def written(path: Path, *documents: object) -> Path:
    path.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in documents), encoding="utf-8")
    return path


def dotted(document: dict[str, Any], before: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in document.items():
        flat |= dotted(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value}
    return flat


def exported(document: dict[str, Any]) -> dict[str, Any]:
    return {"_index": "web-2024.01", "_id": "abc", "_score": 1.0, "_source": document}


@pytest.mark.parametrize(
    "document",
    [DOCUMENT, dotted(DOCUMENT), exported(DOCUMENT), exported(dotted(DOCUMENT))],
    ids=["nested", "dotted", "exported", "exported and dotted"],
)
def test_every_field_is_found_however_the_document_is_spelled(tmp_path: Path, document: dict[str, Any]):
    rows, unreadable, lines = read(written(tmp_path / "a.ndjson", document), NAMES)
    assert rows == [{"line": 1, "byte_offset": 0} | dict(zip(NAMES, VALUES, strict=True))]
    assert (unreadable, lines) == ([], 1)


def test_spellings_may_be_mixed_in_one_file(tmp_path: Path):
    mixed = [DOCUMENT, dotted(DOCUMENT), exported(DOCUMENT)]
    rows, _, _ = read(written(tmp_path / "a.ndjson", *mixed), ["source.ip", "user.name"])
    assert [(row["source.ip"], row["user.name"]) for row in rows] == [("2001:db8::17", "opt-0417")] * 3


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ({"original": "https://a.example/d?n=1#x", "path": "/other"}, "https://a.example/d?n=1#x"),
        ({"path": "/d"}, "/d"),
        ({"path": "/d", "query": "n=1"}, "/d?n=1"),
        ({"query": "n=1"}, None),
        ({}, None),
    ],
)
def test_the_url_is_the_original_one_or_put_together(tmp_path: Path, url: dict[str, str], expected: str | None):
    rows, _, _ = read(written(tmp_path / "a.ndjson", {"url": url}), ["url"])
    assert rows[0]["url"] == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x", "x"),
        (7, "7"),
        (True, "true"),
        (None, None),
        (["x"], "x"),
        (["x", "y"], '["x","y"]'),
        ("", ""),
        ([7], "7"),
        ([-1.5], "-1.5"),
        ([True], "true"),
        ([7, 8], "[7,8]"),
        ([[7]], "[[7]]"),
        ([], "[]"),
        ("[::1]", "[::1]"),
    ],
)
def test_a_value_of_any_kind_is_given_as_text_and_a_list_of_one_is_the_one(
    tmp_path: Path, value: object, expected: str | None
):
    rows, _, _ = read(written(tmp_path / "a.ndjson", {"user": {"name": value}}), ["user.name"])
    assert rows[0]["user.name"] == expected


@pytest.mark.parametrize(
    ("reference", "expected"),
    [("json:$.a.b", "1"), ('json:$.a."b c"', "2"), ("json:$.a.l[1].x", "3"), ("json:$.nowhere", None)],
)
def test_a_json_path_reaches_what_no_schema_names(tmp_path: Path, reference: str, expected: str | None):
    document = {"a": {"b": 1, "b c": 2, "l": [0, {"x": 3}]}}
    assert read(written(tmp_path / "a.ndjson", document), [reference])[0][0][reference] == expected


def test_a_line_that_is_no_document_is_set_aside_with_its_place(tmp_path: Path):
    path = tmp_path / "a.ndjson"
    whole = json.dumps(DOCUMENT)
    path.write_text(f"{whole}\n\n{whole[:-1]}\nnonsense\n[1]\n{{}} x\n  {{}}\r\n", encoding="utf-8")
    rows, unreadable, lines = read(path, ["host.name"])
    assert [(row["line"], row["host.name"]) for row in rows] == [(1, "web-1"), (7, None)]
    width = len(whole) + 1
    assert unreadable == [
        {"line": 2, "byte_offset": width, "reason": "empty line"},
        {"line": 3, "byte_offset": width + 1, "reason": "not a whole JSON document"},
        {"line": 4, "byte_offset": 2 * width, "reason": "not a JSON document"},
        {"line": 5, "byte_offset": 2 * width + 9, "reason": "not a JSON document"},
        {"line": 6, "byte_offset": 2 * width + 13, "reason": "not a whole JSON document"},
    ]
    assert lines == 7


def test_documents_are_read_from_gzip_too(tmp_path: Path):
    (tmp_path / "a").write_bytes(gzip.compress(b'{"a":1}\n{"a":2}'))
    assert [row["a"] for row in read(tmp_path / "a", ["a"])[0]] == ["1", "2"]


@pytest.mark.parametrize("block", [1, 7, 64, 4096])
def test_blocks_of_any_size_give_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int):
    path = written(tmp_path / "a.ndjson", DOCUMENT, exported(DOCUMENT), [1], dotted(DOCUMENT))
    whole = read(path, NAMES)
    monkeypatch.setattr(line_blocks, "BLOCK_BYTES", block)
    assert read(path, NAMES) == whole


@pytest.mark.parametrize(
    "line",
    [
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"[" * 500_000,
        b'{"a":"\\u0000","a":"twice"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff\xfe"}',
        b'{"a":1e999,"b":-0,"c":123456789012345678901234567890}',
        b'{"a":"' + b"y" * 5_000_000 + b'"}',
        b'{"":{"":1},"\\"":2}',
        b'{"a":"x\0y"}',
    ],
    ids=["deep", "open", "nul", "surrogate", "not utf-8", "numbers", "long", "empty names", "raw nul"],
)
def test_hostile_lines_are_rows_or_are_set_aside(tmp_path: Path, line: bytes):
    path = tmp_path / "a.ndjson"
    path.write_bytes(line + b'\n{"a":"last"}')
    rows, unreadable, lines = read(path, ["a", "a.b", "json:$.a.b[0]"])
    assert (lines, len(rows) + len(unreadable)) == (2, 2)
    assert rows[-1]["a"] == "last"


PIECES = [b'{"a":{"b":1}}', b'{"a.b":2}', b'{"_source":{"a":{"b":3}}}', b'{"a":', b"", b'"a"', b'{"a":{"b":"\\ud800"}}']


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.one_of(st.binary(max_size=30), st.sampled_from(PIECES), st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "_source"]), inner),
        max_leaves=6,
    ).map(lambda value: json.dumps(value).encode())), max_size=8),
    st.sampled_from([3, 50, 1000]),
)  # fmt: skip
def test_any_bytes_are_accounted_for_line_by_line(pieces: list[bytes], block: int):
    content = b"\n".join(pieces)
    if content.startswith(b"\x1f\x8b"):
        return
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_blocks, "BLOCK_BYTES", block)
        path = Path(folder) / "any.ndjson"
        path.write_bytes(content)
        rows, unreadable, lines = read(path, ["a.b", "url"])
    expected = content.count(b"\n") + (1 if content and not content.endswith(b"\n") else 0)
    assert lines == expected == len(rows) + len(unreadable)
    assert sorted(row["line"] for row in rows + unreadable) == list(range(1, expected + 1))


ECS_LOG = """\
[[source]]
id = "log"
operator = "Viareso"
kind = "access_log"
path = "evidence/access.ndjson"
format = "ecs"
"""


@pytest.fixture
def ecs_case(small: Path) -> Path:
    """The small case with its log as JSON documents."""
    text = (small / "case.toml").read_text(encoding="utf-8")
    head, rest = text.split('[[source]]\nid = "log"', 1)
    (small / "case.toml").write_text(head + ECS_LOG + "\n" + rest[rest.index("[[source]]") :], encoding="utf-8")
    (small / "evidence" / "access.log").unlink()
    written(small / "evidence" / "access.ndjson", DOCUMENT, dotted(DOCUMENT), exported(DOCUMENT))
    return small


def requests_of(case: Path) -> pl.DataFrame:
    ingest(load(case), KEY, lambda _: None)
    return pl.read_parquet(case / "work" / "requests.parquet")


def test_a_log_in_the_schemas_own_words_needs_no_fields(ecs_case: Path, declare: Declare):
    documents = [
        DOCUMENT | {"http": DOCUMENT["http"] | {"request": {"method": "GET", "id": n}}} for n in ("r-1", "r-2")
    ]
    written(ecs_case / "evidence" / "access.ndjson", *documents)
    wanted = {
        "operator": "Viareso", "request_ref": "r-2", "server": "web-1", "account_id": "opt-0417",
        "client_ip": "2001:db8::17", "client_port": 51_234, "user_agent": 'Agent "X" (é)', "method": "GET",
        "path": "/droits", "action": "rights", "status": 200, "response_bytes": 1850, "duration_ms": 140,
        "subject_kind": None,
    }  # fmt: skip
    found = requests_of(ecs_case).row(1, named=True)
    assert {name: found[name] for name in wanted} == wanted
    assert found["requested_at"].isoformat() == "2024-01-18T10:00:05.250000"


def test_the_subject_is_taken_from_the_query_and_masked_in_the_path(ecs_case: Path, declare: Declare):
    declare(
        'format = "ecs"\n',
        'format = "ecs"\nsubject_kind = "holder_number"\n[source.fields]\nrequested_at = "@timestamp"\n'
        'path = "url.path"\nsubject = "url.query.numero"\nrecords_returned = "labels.nb_assures"\n\n',
    )
    found = requests_of(ecs_case)
    assert found.select("path", "subject_kind", "records_returned").rows() == [("/droits", "holder_number", 3)] * 3
    assert found["subject_key"].n_unique() == 1


def test_a_value_of_the_wrong_kind_is_refused_by_field_never_by_value(ecs_case: Path):
    bad = {"@timestamp": "yesterday", "user": {"name": "DURANDOT"}}
    written(ecs_case / "evidence" / "access.ndjson", *[DOCUMENT | bad] * 3)
    with pytest.raises(EvidenceError, match="requested_at: not a time that exists") as caught:
        ingest(load(ecs_case), KEY, lambda _: None)
    assert "DURANDOT" not in str(caught.value)
    assert "yesterday" not in str(caught.value)


@pytest.mark.parametrize("reference", ["json:a.b", "json:$.a.*", "json:$..a", 'a"b', "a..b", "json:$.a["])
def test_a_name_that_no_document_can_have_is_refused(ecs_case: Path, declare: Declare, reference: str):
    declare(
        'format = "ecs"\n',
        f'format = "ecs"\n[source.fields]\nrequested_at = "@timestamp"\naccount_id = \'{reference}\'\n\n',
    )
    with pytest.raises(CaseError, match=r"account_id: expected a name such as source\.ip"):
        load(ecs_case)
