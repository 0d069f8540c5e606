"""W3C extended logs: every line is read under the `#Fields` above it, and has a day or is set aside."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.case import load
from forensics.evidence.formats import blocks as line_blocks
from forensics.evidence.formats import columns_of
from forensics.evidence.formats.iis import MOST_FIELDS, MOST_LAYOUTS, read_iis
from forensics.evidence.ingest import ingest

FORMATS = Path(__file__).parents[2] / "shared" / "data" / "formats"
FIELDS = (
    "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) "
    "cs(Referer) sc-status sc-bytes time-taken"
)
LINE = (
    r"2024-01-18 10:00:05 192.0.2.9 GET /droits numero=1%2085 443 PORTAIL\opt0417 198.51.100.7 "
    "Agent/1.0+(Windows+NT+10.0;+X) - 200 1850 140"
)
ASKED = ["date_time", "url", "c-ip", "sc-status"]
SET_ASIDE = "says how the lines after it are written"


def read(path: Path, columns: list[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    """All rows with their places, all unreadable lines, the number of lines."""
    batches = list(read_iis(path, columns))
    rows = [row for b in batches for row in b.places.hstack(b.rows).to_dicts()]
    return rows, [row for b in batches for row in b.unreadable.to_dicts()], sum(b.lines for b in batches)


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "u_ex.log"
    path.write_bytes("\r\n".join(lines).encode())
    return path


def moments(tmp_path: Path, *lines: str) -> list[str]:
    return [row["date_time"] for row in read(written(tmp_path, *lines), ["date_time"])[0]]


def test_every_field_of_an_iis_line_is_read(tmp_path: Path):
    expected = {
        "date": "2024-01-18",
        "time": "10:00:05",
        "s-ip": "192.0.2.9",
        "cs-method": "GET",
        "cs-uri-stem": "/droits",
        "cs-uri-query": "numero=1%2085",
        "s-port": "443",
        "cs-username": r"PORTAIL\opt0417",
        "c-ip": "198.51.100.7",
        "cs(User-Agent)": "Agent/1.0 (Windows NT 10.0; X)",
        "cs(Referer)": None,
        "sc-status": "200",
        "sc-bytes": "1850",
        "time-taken": "140",
        "date_time": "2024-01-18 10:00:05",
        "url": "/droits?numero=1%2085",
        "cs(Cookie)": None,
    }
    path = written(tmp_path, "#Software: any", FIELDS, LINE, "")
    assert columns_of(path, "iis") is None
    rows, unreadable, lines = read(path, list(expected))
    assert rows == [{"line": 3, "byte_offset": len(FIELDS) + 18} | expected]
    assert unreadable == [
        {"line": 1, "byte_offset": 0, "reason": SET_ASIDE},
        {"line": 2, "byte_offset": 16, "reason": SET_ASIDE},
    ]
    assert lines == 3


def test_fields_that_change_in_mid_file_are_followed(tmp_path: Path):
    lines = [FIELDS, LINE, "#Fields: c-ip date time cs-uri sc-status", "192.0.2.1 2024-01-18 11:00:00 /a?b 404", "1 2"]
    rows, unreadable, _ = read(written(tmp_path, *lines, FIELDS, LINE), ASKED)
    assert [tuple(row[name] for name in ASKED) for row in rows] == [
        ("2024-01-18 10:00:05", "/droits?numero=1%2085", "198.51.100.7", "200"),
        ("2024-01-18 11:00:00", "/a?b", "192.0.2.1", "404"),
        ("2024-01-18 10:00:05", "/droits?numero=1%2085", "198.51.100.7", "200"),
    ]
    assert [row["reason"] for row in unreadable if row["line"] == 5] == ["not as many values as #Fields names"]


def test_quoted_values_keep_their_spaces_and_their_pluses(tmp_path: Path):
    lines = ["#Fields: date\ttime c-ip cs(User-Agent) x", '"2024-01-18"\t"10:00:05"  "" "A b ""c"" (d)" "e+f"']
    columns = ["date_time", "c-ip", "cs(User-Agent)", "x"]
    rows, unreadable, _ = read(written(tmp_path, *lines), columns)
    assert [rows[0][name] for name in columns] == ["2024-01-18 10:00:05", "", 'A b "c" (d)', "e+f"]
    assert len(unreadable) == 1


def test_a_quote_in_an_address_moves_no_value(tmp_path: Path):
    rows, _, _ = read(
        written(tmp_path, FIELDS, LINE.replace("numero=1%2085", '"x').replace(" - 200", ' y" 200')), ASKED
    )
    assert [(row["url"], row["c-ip"], row["sc-status"]) for row in rows] == [('/droits?"x', "198.51.100.7", "200")]


def test_times_without_dates_have_the_day_of_the_last_heading_until_they_fall(tmp_path: Path):
    lines = [
        "#Date: 2024-01-18 21:00:00",
        "#Fields: time c-ip",
        *("21:00:01 a", "23:30:00 b", "23:29:58 c", "00:10:00 d", "23:40:00 e"),
        "#Date: 2024-01-20 00:00:00",
        "00:00:07 f",
        "#Date: 21/Jan/2024",
        "00:00:08 g",
    ]
    expected = ["2024-01-18 21:00:01", "2024-01-18 23:30:00", "2024-01-18 23:29:58", "2024-01-20 00:00:07"]
    assert moments(tmp_path, *lines) == expected
    _, unreadable, _ = read(tmp_path / "u_ex.log", ["date_time"])
    unknown = "its day is not known: no date, and it is not of the day of the #Date before it"
    assert [row["line"] for row in unreadable if row["reason"] == unknown] == [6, 7, 11]


@pytest.mark.parametrize("block", [1, 40, 150, 4096])
def test_headings_hold_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int):
    lines = ["#Date: 2024-01-18 21:00:00", "#Fields: time c-ip", "22:00:00 a", "23:59:00 b", "00:01:00 c", "23:59:30 d"]
    monkeypatch.setattr(line_blocks, "BLOCK_BYTES", block)
    assert moments(tmp_path, *lines) == ["2024-01-18 22:00:00", "2024-01-18 23:59:00"]


def test_lines_that_no_heading_explains_are_set_aside(tmp_path: Path):
    wide = "#Fields: " + " ".join(f"f{n}" for n in range(MOST_FIELDS + 1))
    many = [line for n in range(MOST_LAYOUTS + 1) for line in (f"#Fields: date time x{n}", "2024-01-18 10:00:00 a")]
    rows, unreadable, _ = read(written(tmp_path, LINE, "#Fields:", "a", wide, "a", "", *many, ""), ["date_time"])
    assert [row["reason"] for row in unreadable if row["reason"] != SET_ASIDE] == [
        "no #Fields stands before it",
        *["not as many values as #Fields names"] * 2,
        "empty line",
        *["not as many values as #Fields names"] * 3,
    ]
    assert len(rows) == MOST_LAYOUTS - 2


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=30),
            st.sampled_from([FIELDS, LINE, "#Date: 2024-01-18", "#Fields: time c-ip", "10:00:00 a"]).map(str.encode),
            st.text(alphabet='#Fields:Dat "-+\t\n\r\0é01', max_size=40).map(str.encode),
        ),
        max_size=8,
    ),
    st.sampled_from([3, 50, 1000]),
)
def test_any_bytes_are_accounted_for_line_by_line(pieces: list[bytes], block: int):
    content = b"\n".join(pieces)
    if content.startswith(b"\x1f\x8b"):
        return
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_blocks, "BLOCK_BYTES", block)
        path = Path(folder) / "any.log"
        path.write_bytes(content)
        rows, unreadable, lines = read(path, ASKED)
    assert lines == content.count(b"\n") + (1 if content and not content.endswith(b"\n") else 0)
    assert sorted(row["line"] for row in rows + unreadable) == list(range(1, lines + 1))


def test_an_iis_log_is_in_utc_and_its_headings_do_not_speak_against_it(small: Path):
    text = (small / "case.toml").read_text(encoding="utf-8")
    head, rest = text.split('[[source]]\nid = "log"', 1)
    source = """[[source]]
id = "log"
operator = "Viareso"
kind = "access_log"
path = "evidence/*.log"
format = "iis"
[source.fields]
requested_at = "date_time"
account_id = "cs-username"
path = "url.path"

"""
    (small / "case.toml").write_text(head + source + rest[rest.index("[[source]]") :], encoding="utf-8")
    (small / "evidence" / "access.log").write_text(f"#Software: any\n#Version: 1.0\n{FIELDS}\n{LINE}\n")
    ingest(load(small), b"k" * 32, lambda _: None)
    found = pl.read_parquet(small / "work" / "requests.parquet")
    assert [(str(row[0]), row[1], row[2]) for row in found.select("requested_at", "account_id", "path").rows()] == [
        ("2024-01-18 10:00:05", r"PORTAIL\opt0417", "/droits")
    ]


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the sample logs are not on this machine (shared/data/formats)")
@pytest.mark.parametrize(
    ("name", "readable"),
    [
        ("plaso/iis/iis6.log", None),
        ("plaso/iis/iis7_owa.log", None),
        ("plaso/iis/iis7_sqli.log", None),
        ("plaso/iis/iis10.log", 1),
        ("plaso/iis/iis10_cookies.log", None),
        ("plaso/iis/iis10_edge_cases.log", None),
        ("plaso/iis/iis_without_date.log", None),
        ("lnav/logfile_w3c.0", 1),
        ("lnav/logfile_w3c.1", 1),
        ("lnav/logfile_w3c.2", None),
        ("lnav/logfile_w3c.4", None),
        ("lnav/logfile_w3c.5", 0),
        ("lnav/logfile_w3c.6", 1),
        ("lnav/logfile_w3c_big.0", None),
        ("lnav/logfile_access_log.0", 0),
    ],
)
def test_sample_logs_of_other_tools_are_accounted_for(name: str, readable: int | None):
    path = FORMATS / name
    rows, unreadable, lines = read(path, ASKED)
    assert lines == len(rows) + len(unreadable)
    assert readable is None or len(rows) == readable
    assert readable is not None or len(rows) > 0
