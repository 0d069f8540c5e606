"""What readers of lines share: a parser's answer for some lines, and why a line cannot be read whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from forensics.evidence.formats.blocks import LONGEST_LINE_BYTES, blocks_of

TOO_LONG = f"a line of more than {LONGEST_LINE_BYTES // 2**20} MiB"
DIRECTIVE = "says how the lines after it are written"
"""The reason why a file's own heading is set aside; such lines do not count against the description of a source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some consecutive lines of one file.

    Attributes:
        places: one row a readable line: `line` (from 1), `byte_offset` (null where lines have none).
        rows: the raw columns of the same lines in the same order, under the file's own names.
        unreadable: one row a line that is not of the format: `line`, `byte_offset`, `reason`.
        lines: number of lines in the batch, counted on the raw bytes (or the file's own row count).
    """

    places: pl.DataFrame
    rows: pl.DataFrame
    unreadable: pl.DataFrame
    lines: int


Parsed = tuple[pl.DataFrame, pl.DataFrame]
"""Parsed lines with their places and raw columns; unreadable ones with `line`, `byte_offset`, `reason`."""


def batches(path: Path, columns: list[str], parse: Callable[[pl.DataFrame], Parsed]) -> Iterator[Batch]:
    """Read a file of lines by one format's parser, block by block in their order."""
    for lines in line_blocks(path):
        rows, unreadable = parse(lines)
        yield Batch(
            places=rows.select("line", "byte_offset"),
            rows=rows.select(columns),
            unreadable=unreadable,
            lines=lines.height,
        )


def line_blocks(path: Path, encoding: str = "utf-8") -> Iterator[pl.DataFrame]:
    """Give a file's lines in blocks of bounded size: `line` (from 1), `byte_offset`, `text`.

    The byte offset counts from the start of the uncompressed text. In every `encoding` a line ends with the byte 0x0A.
    The text of a line of more than `LONGEST_LINE_BYTES` is null: it is counted, and never held in memory.

    Raises:
        EvidenceError: a compressed file is torn, or its lines are not those that were counted on its bytes.
    """
    return (block.lines(encoding) for block in blocks_of(path))


def why_not(otherwise: str | pl.Expr) -> pl.Expr:
    """Return why a line cannot be read: what holds in every format, else what the format says."""
    text = pl.col("text")
    return (
        pl.when(text.is_null())
        .then(pl.lit(TOO_LONG))
        .when(text.str.strip_chars() == "")
        .then(pl.lit("empty line"))
        .otherwise(pl.lit(otherwise) if isinstance(otherwise, str) else otherwise)
    )
