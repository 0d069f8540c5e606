"""Every reader of lines: any bytes are accounted for, and a sample of another tool is read or refused, never fatal."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.evidence.formats import COLUMNS, READERS
from forensics.evidence.formats import blocks as line_blocks

SAMPLES = Path(__file__).parents[2] / "shared" / "data"
LINES = (
    '192.0.2.1 - - [01/Feb/2024:08:00:00 +0100] "GET / HTTP/1.1" 200 5 "-" "Agent"',
    '2024-01-18T10:00:05.2Z b 192.0.2.1:5 - -1 -1 -1 200 - 12 1850 "GET http://a:80/b HTTP/1.1" "Agent" - -',
    '192.0.2.1:5 [18/Jul/2024:10:00:05.250] f b/s 9/0/3/126/138 200 1850 - - --NI 2/1/0/0/0 0/0 {A} "GET /b HTTP/1.1"',
)
LETTERS = '[]{}|" -\\/:19aé\x85\u2028\n\r\0'


def accounted(path: Path, form: str) -> tuple[list[int], int]:
    """The numbers of all lines, read or set aside, in order, and how many lines were counted."""
    batches = list(READERS[form](path, list(COLUMNS.get(form, ("date_time", "url", "c-ip")))))
    numbers = [n for b in batches for n in (*b.places["line"].to_list(), *b.unreadable["line"].to_list())]
    return sorted(numbers), sum(b.lines for b in batches)


@pytest.mark.parametrize("form", sorted(COLUMNS))
@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from(LINES).map(str.encode),
            st.text(alphabet=LETTERS, max_size=60).map(str.encode),
            st.tuples(st.sampled_from(LINES), st.integers(0, 90), st.text(alphabet=LETTERS, max_size=3)).map(
                lambda cut: (cut[0][: cut[1]] + cut[2] + cut[0][cut[1] :]).encode()
            ),
        ),
        max_size=8,
    ),
    st.sampled_from([3, 50, 1000]),
)
def test_any_bytes_are_accounted_for_line_by_line(form: str, pieces: list[bytes], block: int):
    content = b"\n".join(pieces)
    if content.startswith(b"\x1f\x8b"):
        return
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_blocks, "BLOCK_BYTES", block)
        path = Path(folder) / "any.log"
        path.write_bytes(content)
        found, lines = accounted(path, form)
    assert lines == content.count(b"\n") + (1 if content and not content.endswith(b"\n") else 0)
    assert found == list(range(1, lines + 1))


@pytest.mark.parametrize("form", [*sorted(COLUMNS), "iis"])
def test_hostile_content_is_content(tmp_path: Path, form: str):
    path = tmp_path / "hostile.log"
    hostile = ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", "\x1b[31m", '"' * 5000, "a " * 50_000, "x" * 2**20]
    path.write_text("\n".join(line.replace("Agent", text) for line in LINES for text in hostile), encoding="utf-8")
    found, lines = accounted(path, form)
    assert found == list(range(1, lines + 1)) == list(range(1, len(LINES) * len(hostile) + 1))


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample logs are not on this machine (shared/data)")
@pytest.mark.parametrize("form", [*sorted(COLUMNS), "iis"])
def test_every_sample_of_other_tools_is_accounted_for_in_every_format(form: str):
    samples = [
        path for folder in ("formats", "peer_alerts") for path in (SAMPLES / folder).rglob("*.*") if path.is_file()
    ]
    assert len(samples) > 40
    for path in samples:
        content = path.read_bytes()
        found, lines = accounted(path, form)
        assert lines == content.count(b"\n") + (1 if content and not content.endswith(b"\n") else 0), path.name
        assert found == list(range(1, lines + 1)), path.name
