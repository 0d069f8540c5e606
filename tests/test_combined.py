"""The quick way to cut a combined line gives what the grammar gives, whatever the line."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from forensics.evidence.formats.combined import COMBINED, COMBINED_COLUMNS, parse_apache, parse_combined
from forensics.evidence.formats.lines import line_blocks

LOG = Path(__file__).parents[2] / "shared/data/real/sparkdeveloper_wordpress_2016.access.log.gz"
PARTS = (
    ["192.0.2.1", "2001:db8::7", "www.example.org:80", "-", "a\tb", "h\u00a0", ""],
    ["-", "192.0.2.9", "ident", "- -", ""],
    ["-", "opt-0417", "dr marie", '"quoted"', "[x", "- a", ""],
    ["[01/Feb/2024:08:00:00 +0100]", "[01/Feb/2024:08:00:00]", "[]", "[a]b +0100]", "[ ]", "01/Feb/2024 x"],
    ['"GET / HTTP/1.1"', '"GET /a b HTTP/1.1"', '"-"', '""', '"get /x"', r'"GET /\"q HTTP/1.0"', '"M-SEARCH * HTTP/2"',
     '"GET /a  HTTP/1.1"', '"GET  HTTP/1.1"', '"POST http://x/y?z=1 HTTP/3"', '"GET /x HTTP/1.1 y"'],
    ["200", "20", "2x0", "-"],
    ["5", "-", "", "5x"],
    ['"-"', '"https://a.example/"', r'"\""', '""', "x"],
    ['"Agent/1.0"', '"-"', r'"a \\ b"', '"\u00e9"', "", '"open'],
    ["", ' "203.0.113.7, 10.0.0.1"', ' "-"', " extra", '"', ' "a" "b"'],
)  # fmt: skip


def held_equal(lines: pl.DataFrame) -> None:
    names = ["line", "byte_offset", *COMBINED_COLUMNS]
    rows, unreadable = parse_combined(lines)
    expected, expected_unreadable = parse_apache(lines, COMBINED, "combined")
    assert_frame_equal(rows.select(names), expected.select(names))
    assert_frame_equal(unreadable, expected_unreadable)


def lines_of(texts: list[str | None]) -> pl.DataFrame:
    places = {"line": range(1, len(texts) + 1), "byte_offset": range(len(texts))}
    return pl.DataFrame(
        {**places, "text": texts}, schema={"line": pl.Int64, "byte_offset": pl.Int64, "text": pl.String}
    )


usual = st.tuples(*(st.sampled_from([part[0], part[0], part[0], *part]) for part in PARTS))


@settings(max_examples=400, deadline=None)
@given(st.lists(st.one_of(usual.map(lambda p: " ".join(p[:9]) + p[9]), st.text(max_size=60), st.none()), max_size=6))
def test_any_line_is_cut_as_the_grammar_cuts_it(texts: list[str | None]):
    held_equal(lines_of(texts))


def test_each_part_in_each_of_its_forms_is_cut_as_the_grammar_cuts_it():
    plain = [part[0] for part in PARTS]
    texts = [
        " ".join([*plain[:at], form, *plain[at + 1 :]][:9]) + ([*plain[:at], form, *plain[at + 1 :]][9])
        for at, forms in enumerate(PARTS)
        for form in forms
    ]
    held_equal(lines_of(texts))


@pytest.mark.skipif(not LOG.is_file(), reason="the real log is not on this machine (shared/data/real)")
def test_a_real_log_is_cut_as_the_grammar_cuts_it():
    held_equal(next(line_blocks(LOG)).head(40_000))


def test_what_nginx_adds_after_the_agent_is_the_chain_of_addresses():
    line = '192.0.2.1 - - [01/Feb/2024:08:00:00 +0100] "GET / HTTP/1.1" 200 5 "-" "Agent" "203.0.113.7, 10.0.0.1"'
    assert parse_combined(lines_of([line]))[0]["forwarded_for"].to_list() == ["203.0.113.7, 10.0.0.1"]
