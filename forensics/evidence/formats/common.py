"""Apache and nginx common logs: combined ones without referer and agent; what stands after them is not read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from forensics.evidence.formats.combined import COMBINED_COLUMNS, COMMON, parse_apache
from forensics.evidence.formats.lines import Batch, Parsed, batches

COMMON_COLUMNS = tuple(name for name in COMBINED_COLUMNS if name not in ("referer", "user_agent", "forwarded_for"))


def read_common(path: Path, columns: list[str]) -> Iterator[Batch]:
    """Read a common log, plain or compressed, in blocks of bounded size; `host` is the client."""
    return batches(path, columns, parse_common)


def parse_common(lines: pl.DataFrame) -> Parsed:
    """Part the lines into parsed ones and unreadable ones."""
    return parse_apache(lines, rf"{COMMON}(?:\s|$)", "common")
