"""The quick way to cut a combined line gives what the grammar gives, whatever the line."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from forensics.evidence.formats import combined
from forensics.evidence.formats.combined import COMBINED_COLUMNS, parse_combined, read_combined
from forensics.evidence.formats.lines import line_blocks

LOG = Path(__file__).parents[2] / "shared/data/real/sparkdeveloper_wordpress_2016.access.log.gz"
PARTS = (
    ["192.0.2.1", "2001:db8::7", "www.example.org:80", "-", "a\tb", "h\u00a0", ""],
    ["-", "192.0.2.9", "ident", "- -", ""],
    ["-", "opt-0417", "dr marie", '"quoted"', "[x", "- a", ""],
    ["[01/Feb/2024:08:00:00 +0100]", "[01/Feb/2024:08:00:00]", "[]", "[a]b +0100]", "[ ]", "01/Feb/2024 x"],
    ['"GET / HTTP/1.1"', '"GET /a b HTTP/1.1"', '"-"', '""', '"get /x"', r'"GET /\"q HTTP/1.0"', '"M-SEARCH * HTTP/2"',
     '"GET /a  HTTP/1.1"', '"GET  HTTP/1.1"', '"POST http://x/y?z=1 HTTP/3"', '"GET /x HTTP/1.1 y"'],
    ["200", "20", "2x0", "-", "200 2"],
    ["5", "-", "", "5x", "5 6", '5 "', "-  -"],
    ['"-"', '"https://a.example/"', r'"\""', '""', "x"],
    ['"Agent/1.0"', '"-"', r'"a \\ b"', '"\u00e9"', "", '"open'],
    ["", ' "203.0.113.7, 10.0.0.1"', ' "-"', " extra", '"', ' "a" "b"'],
)  # fmt: skip


def held_equal(log: Path) -> int:
    """Hold the quick way against the grammar on a whole file, and return how many lines it has."""
    n_lines = 0
    for batch, lines in zip(read_combined(log, list(COMBINED_COLUMNS)), line_blocks(log), strict=True):
        expected, expected_unreadable = parse_combined(lines)
        assert_frame_equal(batch.places, expected.select("line", "byte_offset"))
        assert_frame_equal(batch.rows, expected.select(COMBINED_COLUMNS))
        assert_frame_equal(batch.unreadable, expected_unreadable)
        assert batch.rows.width == len(COMBINED_COLUMNS)
        assert batch.lines == lines.height
        n_lines += batch.lines
    return n_lines


def held_equal_texts(texts: list[str], end: str = "\n") -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "web.log"
        log.write_bytes(end.join(texts).encode(errors="surrogatepass"))
        held_equal(log)


usual = st.tuples(*(st.sampled_from([part[0], part[0], part[0], *part]) for part in PARTS))


@settings(max_examples=400, deadline=None)
@given(
    st.lists(
        st.one_of(
            usual.map(lambda p: " ".join(p[:9]) + p[9]),
            usual.map(lambda p: " ".join(p[:9]) + p[9]),
            st.text(max_size=60),
            st.text(alphabet='[]" -\\/x1é\n\r\0', max_size=60),
        ),
        max_size=6,
    ),
    st.sampled_from(["\n", "\r\n", "\r\r\n"]),
)
def test_any_line_is_cut_as_the_grammar_cuts_it(texts: list[str], end: str):
    held_equal_texts(texts, end)


def test_each_part_in_each_of_its_forms_is_cut_as_the_grammar_cuts_it():
    plain = [part[0] for part in PARTS]
    texts = [
        " ".join([*plain[:at], form, *plain[at + 1 :]][:9]) + ([*plain[:at], form, *plain[at + 1 :]][9])
        for at, forms in enumerate(PARTS)
        for form in forms
    ]
    held_equal_texts(texts)


def test_plain_lines_are_not_left_to_the_grammar(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    plain = [" ".join(part[0] for part in PARTS[:9]), " ".join([*(part[0] for part in PARTS[:9])]) + PARTS[9][1]]
    for number, line in enumerate(plain):
        log = tmp_path / f"{number}.log"
        log.write_text(f"{line}\n" * 3)
        monkeypatch.setattr(combined, "parse_combined", None)
        [batch] = read_combined(log, list(COMBINED_COLUMNS))
        assert batch.rows.height == 3


@pytest.mark.skipif(not LOG.is_file(), reason="the real log is not on this machine (shared/data/real)")
def test_a_real_log_is_cut_as_the_grammar_cuts_it():
    assert held_equal(LOG) == 206_860


def test_what_nginx_adds_after_the_agent_is_the_chain_of_addresses(tmp_path: Path):
    line = '192.0.2.1 - - [01/Feb/2024:08:00:00 +0100] "GET / HTTP/1.1" 200 5 "-" "Agent" "203.0.113.7, 10.0.0.1"'
    (tmp_path / "web.log").write_text(line)
    [batch] = read_combined(tmp_path / "web.log", ["forwarded_for"])
    assert batch.rows.to_dicts() == [{"forwarded_for": "203.0.113.7, 10.0.0.1"}]
