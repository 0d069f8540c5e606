"""Readers: every line of a file is a row or is set aside with a reason, whatever its bytes."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.errors import EvidenceError
from forensics.evidence.formats import blocks as line_blocks
from forensics.evidence.formats import columns_of, parquet
from forensics.evidence.formats.combined import COMBINED_COLUMNS, read_combined
from forensics.evidence.formats.parquet import parquet_columns, read_parquet

FORMATS = Path(__file__).parents[2] / "shared" / "data" / "formats"
PLAIN = '192.0.2.1 - - [01/Feb/2024:08:00:00 +0100] "GET / HTTP/1.1" 200 5 "-" "Agent"'


def read(path: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
    """All rows with their places, all unreadable lines, the number of lines."""
    batches = list(read_combined(path, list(COMBINED_COLUMNS)))
    rows = [row for b in batches for row in b.places.hstack(b.rows).to_dicts()]
    return rows, [row for b in batches for row in b.unreadable.to_dicts()], sum(b.lines for b in batches)


def one_row(tmp_path: Path, line: str | bytes) -> dict[str, Any]:
    path = tmp_path / "access.log"
    path.write_bytes(line if isinstance(line, bytes) else line.encode())
    rows, unreadable, lines = read(path)
    assert (len(rows), unreadable, lines) == (1, [], 1)
    return rows[0]


def test_every_field_of_a_combined_line_is_read(tmp_path: Path):
    line = (
        '2001:db8::17 ident opt 0417 [18/Jan/2024:10:00:05 +0000] "POST '
        "http://portal.example/droits?numero=1%2085&x=%C3%A9 "
        'HTTP/2.0" 404 1234 "https://a.example/\\"b\\"" "Agent \\"X\\" (é)" extra'
    )
    assert one_row(tmp_path, line + "\n") == {
        "line": 1,
        "byte_offset": 0,
        "virtual_host": None,
        "host": "2001:db8::17",
        "identity": "ident",
        "user": "opt 0417",
        "time": "18/Jan/2024:10:00:05 +0000",
        "method": "POST",
        "url": "http://portal.example/droits?numero=1%2085&x=%C3%A9",
        "protocol": "HTTP/2.0",
        "status": "404",
        "bytes": "1234",
        "referer": 'https://a.example/\\"b\\"',
        "user_agent": 'Agent \\"X\\" (é)',
        "forwarded_for": None,
    }


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (PLAIN.replace(" 5 ", " - "), {"bytes": None, "identity": None, "user": None, "referer": None}),
        (PLAIN.replace("GET / HTTP/1.1", "-"), {"method": None, "url": None, "protocol": None}),
        (PLAIN.replace("GET / HTTP/1.1", ""), {"method": None, "url": None}),
        (PLAIN.replace("GET / HTTP/1.1", "GET /old"), {"method": "GET", "url": "/old", "protocol": None}),
        (PLAIN.replace("GET / ", "M-SEARCH * "), {"method": "M-SEARCH", "url": "*"}),
        (PLAIN.replace("GET / ", "GET /a b c "), {"url": "/a b c", "protocol": "HTTP/1.1"}),
        (PLAIN.replace("GET /", "GET /a\0b"), {"url": "/a\0b"}),
        (PLAIN + "\r", {"user_agent": "Agent"}),
    ],
)
def test_odd_but_readable_lines_lose_nothing(tmp_path: Path, line: str, expected: dict[str, Any]):
    row = one_row(tmp_path, line)
    assert {name: row[name] for name in expected} == expected


def test_bytes_that_are_not_utf8_are_replaced_and_cost_no_line(tmp_path: Path):
    assert (
        one_row(tmp_path, PLAIN.encode().replace(b"Agent", b"Ag\xff\xc3"))["user_agent"]
        == "Ag\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}"
    )


def test_a_byte_order_mark_is_no_part_of_the_first_address(tmp_path: Path):
    assert one_row(tmp_path, b"\xef\xbb\xbf" + PLAIN.encode())["host"] == "192.0.2.1"


def test_lines_and_offsets_are_those_of_the_file(tmp_path: Path):
    path = tmp_path / "access.log"
    path.write_bytes(f"{PLAIN}\r\n\nnonsense\n{PLAIN}".encode())
    rows, unreadable, lines = read(path)
    width = len(PLAIN) + 2
    assert [(row["line"], row["byte_offset"]) for row in rows] == [(1, 0), (4, width + 10)]
    assert unreadable == [
        {"line": 2, "byte_offset": width, "reason": "empty line"},
        {"line": 3, "byte_offset": width + 1, "reason": "not Apache combined"},
    ]
    assert lines == 4


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("www.example.org:443 192.0.2.1 - - ", ("www.example.org:443", "192.0.2.1", None, None)),
        ("www.example.org 2001:db8::17 - opt 0417 ", ("www.example.org", "2001:db8::17", None, "opt 0417")),
        ("www.example.org:80 client.example.net - - ", ("www.example.org:80", "client.example.net", None, None)),
        ("[2001:db8::1]:443 192.0.2.1 ident opt ", ("[2001:db8::1]:443", "192.0.2.1", "ident", "opt")),
        ("- 192.0.2.1 - - ", (None, "192.0.2.1", None, None)),
        ("192.0.2.1 - - opt ", (None, "192.0.2.1", None, "- opt")),
        ("192.0.2.1 - 198.51.100.7 - - ", (None, "192.0.2.1", None, "198.51.100.7 - -")),
    ],
)
def test_a_virtual_host_before_the_client_is_set_apart(tmp_path: Path, before: str, expected: tuple[Any, ...]):
    row = one_row(tmp_path, PLAIN.replace("192.0.2.1 - - ", before))
    assert tuple(row[name] for name in ("virtual_host", "host", "identity", "user")) == expected


@pytest.mark.parametrize("before", ["198.51.100.7, ", "a,b ", '"www" '])
def test_what_else_stands_before_the_client_is_not_taken_for_it(tmp_path: Path, before: str):
    path = tmp_path / "access.log"
    path.write_text(f"{before}{PLAIN}\n")
    assert read(path)[1][0]["reason"] == "not Apache combined: something stands before the client"


def test_a_quote_in_a_login_cannot_forge_a_request(tmp_path: Path):
    forged = PLAIN.replace(
        " - - ", ' - x [01/Feb/2024:08:00:00 +0100] \\"GET /forged HTTP/1.1\\" 200 1 \\"-\\" \\"-\\" '
    )
    assert one_row(tmp_path, forged)["url"] == "/"


@pytest.mark.parametrize("block", [1, 7, 64, 4096])
def test_blocks_of_any_size_give_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int):
    path = tmp_path / "access.log"
    path.write_bytes(f"{PLAIN}\n{PLAIN} é\r\n\n{PLAIN}".encode())
    whole = read(path)
    monkeypatch.setattr(line_blocks, "BLOCK_BYTES", block)
    assert read(path) == whole


def test_a_line_without_end_is_set_aside_before_it_fills_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(line_blocks, "BLOCK_BYTES", 1024)
    monkeypatch.setattr(line_blocks, "LONGEST_LINE_BYTES", 8192)
    (tmp_path / "access.log").write_bytes(b"x" * 20_000)
    rows, unreadable, lines = read(tmp_path / "access.log")
    assert (rows, lines) == ([], 1)
    assert unreadable == [{"line": 1, "byte_offset": 0, "reason": "a line of more than 16 MiB"}]


def test_lines_after_one_without_measure_keep_their_numbers_and_offsets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(line_blocks, "BLOCK_BYTES", 1000)
    monkeypatch.setattr(line_blocks, "LONGEST_LINE_BYTES", 3000)
    long = b"y" * 9_999 + b"\n"
    plain = PLAIN.encode() + b"\n"
    (tmp_path / "access.log").write_bytes(plain + long + plain + long[:-1])
    rows, unreadable, lines = read(tmp_path / "access.log")
    assert [(row["line"], row["byte_offset"]) for row in rows] == [(1, 0), (3, len(plain) + 10_000)]
    assert [(row["line"], row["byte_offset"]) for row in unreadable] == [(2, len(plain)), (4, 2 * len(plain) + 10_000)]
    assert lines == 4


def test_gzip_is_known_by_its_bytes_not_by_its_name(tmp_path: Path):
    path = tmp_path / "access.log"
    path.write_bytes(gzip.compress(f"{PLAIN}\n{PLAIN}\n".encode()) + gzip.compress(PLAIN.encode()))
    rows, unreadable, lines = read(path)
    assert ([row["line"] for row in rows], unreadable, lines) == ([1, 2, 3], [], 3)


@pytest.mark.parametrize("damage", ["cut", "flipped", "tail"])
def test_a_torn_gzip_says_after_which_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str):
    monkeypatch.setattr(line_blocks, "BLOCK_BYTES", 200)
    packed = bytearray(gzip.compress(f"{PLAIN}\n".encode() * 50))
    if damage == "flipped":
        packed[-6] ^= 1
    content = packed[:-9] if damage == "cut" else packed + b"x" * (50 if damage == "tail" else 0)
    (tmp_path / "access.log.gz").write_bytes(bytes(content))
    with pytest.raises(EvidenceError, match=r"access.log.gz, after line [0-9]+"):
        read(tmp_path / "access.log.gz")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.just(PLAIN.encode()),
            st.just(PLAIN.encode() + b"\r"),
            st.text(alphabet='[]" -\\/x1é\n\r\0', max_size=60).map(str.encode),
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
        rows, unreadable, lines = read(path)
    expected = content.count(b"\n") + (1 if content and not content.endswith(b"\n") else 0)
    assert lines == expected == len(rows) + len(unreadable)
    assert sorted(row["line"] for row in rows + unreadable) == list(range(1, expected + 1))
    assert len(rows) >= sum(piece in (PLAIN.encode(), PLAIN.encode() + b"\r") for piece in pieces[1:-1])


def test_parquet_rows_are_numbered_through_the_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(parquet, "BATCH_ROWS", 2)
    path = tmp_path / "t.parquet"
    pl.DataFrame({"a": list("vwxyz"), "line": [9] * 5}).write_parquet(path)
    batches = list(read_parquet(path, ["a", "line"]))
    assert [batch.lines for batch in batches] == [2, 2, 1]
    assert pl.concat([b.places for b in batches])["line"].to_list() == [1, 2, 3, 4, 5]
    assert pl.concat([b.rows for b in batches])["line"].to_list() == [9] * 5


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\0" * 40 + b"PAR1", b"a,b\n1,2\n"])
def test_what_is_no_parquet_is_refused(tmp_path: Path, content: bytes):
    (tmp_path / "t.parquet").write_bytes(content)
    with pytest.raises(EvidenceError, match="not a whole Parquet file"):
        columns_of(tmp_path / "t.parquet", "parquet")


def test_a_parquet_file_with_damaged_pages_is_refused(tmp_path: Path):
    path = tmp_path / "t.parquet"
    pl.DataFrame({"a": [f"value {n}" for n in range(5000)]}).write_parquet(path)
    content = bytearray(path.read_bytes())
    content[4:400] = b"\xff" * 396
    path.write_bytes(bytes(content))
    with pytest.raises(EvidenceError, match="damaged") as caught:
        list(read_parquet(path, ["a"]))
    assert "value" not in str(caught.value)


def test_columns_of_the_same_name_are_refused_and_nested_ones_not_offered(tmp_path: Path):
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table([pa.array([1]), pa.array([2])], names=["a", "a"]), path)
    with pytest.raises(EvidenceError, match="same name"):
        columns_of(path, "parquet")
    pq.write_table(pa.table({"a": [1], "b": [[1]], "c": [{"d": 1}]}), path)
    assert columns_of(path, "parquet") == ["a"]


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the sample logs are not on this machine (shared/data/formats)")
@pytest.mark.parametrize("name", ["lnav/logfile_access_log.0", "plaso/apache_access.log"])
def test_sample_logs_of_other_tools_are_accounted_for(name: str):
    path = FORMATS / name
    found, aside, lines = read(path)
    content = path.read_bytes()
    assert lines == content.count(b"\n") + (not content.endswith(b"\n")) == len(found) + len(aside)
    assert len(found) > 0


@pytest.mark.parametrize("wrong", [0x80, 0x00, 0xFF])
def test_a_parquet_file_with_any_one_byte_damaged_is_read_or_refused(tmp_path: Path, wrong: int):
    path = tmp_path / "requests.parquet"
    texts = ["1850500000123", "2850600000456"] * 5
    pl.DataFrame({"nir": texts, "n": range(10)}).write_parquet(path)
    whole, refused = path.read_bytes(), 0
    for at in range(len(whole)):
        path.write_bytes(whole[:at] + bytes([wrong]) + whole[at + 1 :])
        try:
            columns = [name for name in parquet_columns(path) if name in ("nir", "n")]
            assert sum(batch.lines for batch in read_parquet(path, columns)) >= 0
        except EvidenceError:
            refused += 1
    assert refused > 20
