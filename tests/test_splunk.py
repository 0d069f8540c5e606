"""Exports of Splunk: their own columns by name, or the line in `_raw` as the format reads it that it was logged in."""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from line_cases import case_of, taken

from forensics.declaration import DOCUMENTS, RAW_FORMATS
from forensics.errors import CaseError, EvidenceError
from forensics.evidence.formats import batches_of, blocks, offered_by
from forensics.evidence.formats.splunk import LINES, WORDS

HEADER = ["_time", "host", "source", "sourcetype", "index", "linecount", "_raw"]
COMBINED = (
    '203.0.113.9 - opt-0417 [18/Jan/2024:11:00:05 +0100] "GET /droits?numero=1 HTTP/1.1" 200 1850 "-" "Agent ""X"", é"'
).replace('""', '\\"')
HAPROXY = (
    "proxy haproxy[7]: 203.0.113.9:5 [18/Jan/2024:11:00:05.250] f b/s 9/0/3/126/138 200 1850 - - --NI 2/1/0/0/0 0/0 "
    '"GET /droits?numero=1 HTTP/1.1"'
)
ALB = (
    "http 2024-01-18T10:00:05.250Z b 203.0.113.9:5 10.0.0.1:80 0.001 0.1 0.037 200 200 12 1850 "
    '"GET http://p.example:80/droits?numero=1 HTTP/1.1" "Agent" - -'
)
WITH_COMBINED = """\
format = "splunk"
raw_format = "combined"
subject_kind = "page"
[source.fields]
requested_at = "time"
account_id = "user"
client_ip = "host"
user_agent = "user_agent"
path = "url.path"
status = "status"
server = "export.host"
subject = "url.query.numero"
"""


def exported(tmp_path: Path, *raws: str, header: list[str] | None = None, when: str = "2024-01-18T11:00:06.000+0100"):
    """Write an export as Splunk does: every field in quotes, quotes doubled."""
    text = io.StringIO()
    table = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    table.writerow(header or HEADER)
    table.writerows([when, "web-1", "/var/log/access.log", "access_combined", "main", "1", raw] for raw in raws)
    path = tmp_path / "log"
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


EXPECTED = {
    "line": 1, "requested_at": datetime(2024, 1, 18, 10, 0, 5), "account_id": "opt-0417", "client_ip": "203.0.113.9",
    "user_agent": 'Agent \\"X\\", é', "path": "/droits", "status": 200, "server": "web-1", "subject": "1",
}  # fmt: skip


def test_every_field_of_a_combined_line_in_raw_is_read_beside_the_exports_own(tmp_path: Path):
    rows, aside, count = taken(case_of(tmp_path, WITH_COMBINED), exported(tmp_path, COMBINED))
    assert (rows, aside, count) == ([EXPECTED], [], 1)


def test_without_a_raw_format_the_columns_are_those_of_the_export(tmp_path: Path):
    said = 'format = "splunk"\n[source.fields]\nrequested_at = "_time"\nserver = "host"\npath = "source"\n'
    rows, _, _ = taken(case_of(tmp_path, said), exported(tmp_path, COMBINED))
    assert rows == [
        {"line": 1, "requested_at": datetime(2024, 1, 18, 10, 0, 6), "server": "web-1", "path": "/var/log/access.log"}
    ]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2024-01-18T11:00:06.250+0100", datetime(2024, 1, 18, 10, 0, 6, 250_000)),
        ("2024-01-18T11:00:06.250+01:00", datetime(2024, 1, 18, 10, 0, 6, 250_000)),
        ("2024-01-18 11:00:06", datetime(2024, 1, 18, 10, 0, 6)),
        ("1705572006.250", datetime(2024, 1, 18, 10, 0, 6, 250_000)),
        ("1705572006", datetime(2024, 1, 18, 10, 0, 6)),
    ],
)
@pytest.mark.parametrize("raw", ["", 'raw_format = "ocsf"\n'])
def test_the_time_of_the_export_is_read_as_splunk_writes_it(tmp_path: Path, when: str, expected: datetime, raw: str):
    name = "export._time" if raw else "_time"
    said = f'format = "splunk"\n{raw}[source.fields]\nrequested_at = "{name}"\n'
    rows, _, _ = taken(case_of(tmp_path, said), exported(tmp_path, '{"class_uid": 4002}', when=when))
    assert rows == [{"line": 1, "requested_at": expected}]


def test_a_line_that_is_not_of_the_format_is_set_aside_with_its_reason_and_the_place_of_its_record(tmp_path: Path):
    path = exported(tmp_path, COMBINED, "nonsense", COMBINED, "", "two\nlines", COMBINED)
    source = case_of(tmp_path, WITH_COMBINED).declared.source[0]
    (batch,) = batches_of(path, source, ["url", "export.host"])
    content = path.read_bytes()
    records = [place for place in range(len(content)) if content[place:].startswith(b'"2024-')]
    assert batch.places.rows() == [(1, records[0]), (3, records[2]), (6, records[5])]
    assert batch.rows.rows() == [("/droits?numero=1", "web-1")] * 3
    assert batch.unreadable.rows() == [
        (2, records[1], "not Apache combined"),
        (4, records[3], "empty line"),
        (5, records[4], "not Apache combined"),
    ]
    assert batch.lines == 6


def test_a_record_that_is_no_row_keeps_the_reason_of_the_table(tmp_path: Path):
    path = exported(tmp_path, COMBINED, COMBINED)
    path.write_bytes(path.read_bytes() + b'"a","b"\n"open\n')
    rows, aside, count = taken(case_of(tmp_path, WITH_COMBINED), path)
    assert [row["line"] for row in rows] == [1, 2]
    assert aside == ["2 fields where the header has 7", "a quote opens and does not close"]
    assert count == 4


@pytest.mark.parametrize(
    ("raw_format", "raw", "time", "fields"),
    [
        ("common", COMBINED, "time", {"status": 200}),
        ("haproxy", HAPROXY, "time", {"status": 200}),
        ("alb", ALB, "time", {"status": 200}),
        ("ndjson", json.dumps({"t": "2024-01-18T10:00:05Z", "status": 200, "url": "/droits"}), "t", {"status": 200}),
    ],
)
def test_every_format_of_lines_is_read_in_raw(
    tmp_path: Path, raw_format: str, raw: str, time: str, fields: dict[str, int]
):
    status = "elb_status_code" if raw_format == "alb" else "status"
    said = (
        f'format = "splunk"\nraw_format = "{raw_format}"\n[source.fields]\nrequested_at = "{time}"\n'
        f'path = "url.path"\nstatus = "{status}"\nserver = "export.host"\n'
    )
    rows, aside, _ = taken(case_of(tmp_path, said), exported(tmp_path, raw))
    assert aside == []
    assert rows[0].pop("requested_at").replace(microsecond=0) == datetime(2024, 1, 18, 10, 0, 5)
    assert rows == [{"line": 1, "path": "/droits", "server": "web-1"} | fields]


DOCUMENTS_WRITTEN = {
    "caddy": {"ts": 1705572005, "request": {"method": "GET", "uri": "/droits?numero=1"}, "duration": 0.14},
    "ecs": {"@timestamp": "2024-01-18T10:00:05Z", "url": {"path": "/droits"}, "event": {"duration": 140_000_000},
            "http": {"request": {"method": "GET"}}},
    "nginx_json": {"time_iso8601": "2024-01-18T10:00:05Z", "request": "GET /droits HTTP/1.1", "request_time": 0.14},
    "ocsf": {"class_uid": 4002, "time": 1705572005000, "activity_id": 3, "http_request": {"url": {"path": "/droits"}},
             "duration": 140},
    "traefik": {"StartUTC": "2024-01-18T10:00:05Z", "RequestMethod": "GET", "RequestPath": "/droits",
                "Duration": 140_000_000},
}  # fmt: skip


@pytest.mark.parametrize("raw_format", sorted(DOCUMENTS_WRITTEN))
def test_documents_in_raw_need_no_fields_where_their_format_needs_none(tmp_path: Path, raw_format: str):
    path = exported(tmp_path, json.dumps(DOCUMENTS_WRITTEN[raw_format]), "{}x")
    rows, aside, _ = taken(case_of(tmp_path, f'format = "splunk"\nraw_format = "{raw_format}"\n'), path)
    assert rows == [
        {"line": 1, "requested_at": datetime(2024, 1, 18, 10, 0, 5), "method": "GET", "path": "/droits",
         "duration_ms": 140}
    ]  # fmt: skip
    assert aside == ["not a whole JSON document"]


def test_a_time_without_a_zone_in_raw_is_in_the_zone_of_its_format(tmp_path: Path):
    path = exported(tmp_path, json.dumps(DOCUMENTS_WRITTEN["ecs"] | {"@timestamp": "2024-01-18T10:00:05"}))
    rows, _, _ = taken(case_of(tmp_path, 'format = "splunk"\nraw_format = "ecs"\n'), path)
    assert rows[0]["requested_at"] == datetime(2024, 1, 18, 10, 0, 5)


def test_an_audit_event_in_raw_is_read_with_its_lists(tmp_path: Path):
    event = {
        "resourceType": "AuditEvent", "recorded": "2024-01-18T10:00:05Z",
        "agent": [{"requestor": False, "altId": "server"}, {"requestor": True, "altId": "opt-0417"}],
    }  # fmt: skip
    said = 'format = "splunk"\nraw_format = "fhir_audit"\n'
    rows, _, _ = taken(case_of(tmp_path, said), exported(tmp_path, json.dumps(event)))
    assert rows == [{"line": 1, "requested_at": datetime(2024, 1, 18, 10, 0, 5), "account_id": "opt-0417"}]


def test_every_format_that_raw_may_have_can_be_read():
    assert {*LINES, *WORDS} == set(RAW_FORMATS)
    assert set(WORDS) == DOCUMENTS


def test_a_format_whose_lines_need_those_before_them_cannot_be_in_raw(tmp_path: Path):
    for raw_format in ("iis", "csv", "parquet", "splunk", "timesketch"):
        with pytest.raises(CaseError, match="raw_format"):
            case_of(tmp_path, f'format = "splunk"\nraw_format = "{raw_format}"\n')


def test_a_raw_format_is_refused_elsewhere_than_in_an_export(tmp_path: Path):
    with pytest.raises(CaseError, match="raw_format is for format splunk"):
        case_of(tmp_path, 'format = "csv"\nraw_format = "combined"\n')


@pytest.mark.parametrize("raw_format", ["combined", "ecs"])
def test_an_export_without_raw_text_or_a_column_that_is_named_is_refused(tmp_path: Path, raw_format: str):
    said = f'format = "splunk"\nraw_format = "{raw_format}"\n[source.fields]\nrequested_at = "export._time"\n'
    without = exported(tmp_path, COMBINED, header=[*HEADER[:-1], "message"])
    with pytest.raises(EvidenceError, match="no column '_raw'"):
        taken(case_of(tmp_path, said), without)
    with pytest.raises(EvidenceError, match=r"no column '(export\.)?machine'"):
        taken(case_of(tmp_path, f'{said}server = "export.machine"\n'), exported(tmp_path, COMBINED))


def test_an_export_offers_the_names_of_the_line_and_its_own(tmp_path: Path):
    path = exported(tmp_path, COMBINED)
    offered = offered_by(path, case_of(tmp_path, WITH_COMBINED).declared.source[0]) or []
    assert {"host", "url", "user_agent", "export.host", "export._raw"} <= set(offered)
    assert offered_by(path, case_of(tmp_path, 'format = "splunk"\n').declared.source[0]) == HEADER


def test_an_export_may_be_in_another_encoding_and_its_raw_text_asked_for(tmp_path: Path):
    path = exported(tmp_path, COMBINED)
    path.write_bytes(path.read_text(encoding="utf-8").encode("windows-1252"))
    said = WITH_COMBINED.replace("[source.fields]", 'encoding = "windows-1252"\n[source.fields]')
    said += 'session_token = "export._raw"\n'
    assert taken(case_of(tmp_path, said), path)[0] == [EXPECTED | {"session_token": COMBINED}]


HOSTILE = ['=cmd|" /C calc"!A0', "<script>", "\x1b[31m", '"' * 3000, "a\0b", "{" * 3000, '{"a":"\\ud800"}', "x" * 2**20]


@pytest.mark.parametrize("raw_format", sorted(RAW_FORMATS))
def test_hostile_lines_are_set_aside_and_cost_no_other(tmp_path: Path, raw_format: str):
    said = f'format = "splunk"\nraw_format = "{raw_format}"\n[source.fields]\nrequested_at = "export._time"\n'
    path = exported(tmp_path, *HOSTILE, COMBINED)
    source = case_of(tmp_path, said).declared.source[0]
    found = list(batches_of(path, source, ["export.host", "url"]))
    numbers = [n for b in found for n in (*b.places["line"], *b.unreadable["line"])]
    assert sorted(numbers) == list(range(1, len(HOSTILE) + 2))
    assert sum(b.lines for b in found) == len(HOSTILE) + 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=20),
            st.text(alphabet='",;{}a\n\r\0é', max_size=20).map(str.encode),
            st.sampled_from([COMBINED, ALB, HAPROXY, *map(json.dumps, DOCUMENTS_WRITTEN.values())]).map(
                lambda raw: b't,"%s"' % raw.replace('"', '""').encode()
            ),
        ),
        max_size=8,
    ),
    st.sampled_from(sorted(RAW_FORMATS)),
    st.sampled_from([3, 50, 10_000]),
)
def test_any_bytes_are_accounted_for_row_by_row(pieces: list[bytes], raw_format: str, block: int):
    said = (
        f'format = "splunk"\nraw_format = "{raw_format}"\nencoding = "utf-8"\ndelimiter = ","\n'
        '[source.fields]\nrequested_at = "export._time"\n'
    )
    content = b"_time,_raw\n" + b"\n".join(pieces)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block)
        path = Path(folder) / "log"
        path.write_bytes(content)
        source = case_of(Path(folder), said).declared.source[0]
        found = list(batches_of(path, source, ["url", "export._time"]))
        numbers = [n for b in found for n in (*b.places["line"], *b.unreadable["line"])]
        count = sum(b.lines for b in found)
    assert sorted(numbers) == list(range(1, count + 1))
    if b'"' not in content:
        assert count == content.count(b"\n") - content.endswith(b"\n")


def test_a_case_whose_log_comes_out_of_splunk_is_the_same_as_with_the_log_itself(
    small: Path, command: Callable[..., Any], declare: Callable[[str, str], None]
):
    log = small / "evidence" / "access.log"
    raws = log.read_text(encoding="utf-8").splitlines()
    assert command("run", small).code == 0
    names = ("requested_at", "account_id", "client_ip", "path", "status", "response_bytes", "subject_key")
    before = pl.read_parquet(small / "work" / "requests.parquet").select(names)
    exported(small, *raws).replace(log)
    declare('format = "combined"\n', 'format = "splunk"\nraw_format = "combined"\n')
    declare('user_agent = "user_agent"\n', 'user_agent = "user_agent"\nserver = "export.host"\n')
    for derived in ("work", "results"):
        shutil.rmtree(small / derived)
    (small / "journal.jsonl").unlink()
    (small / "journal.seal").unlink()
    ended = command("run", small)
    assert ended.code == 0, ended.err
    after = pl.read_parquet(small / "work" / "requests.parquet")
    assert after.select(names).equals(before)
    assert after["server"].unique().to_list() == ["web-1"]
