"""What readers share: a file, plain or compressed, becomes blocks of whole lines with numbers and byte offsets."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl

from forensics.errors import EvidenceError
from forensics.evidence.formats.opening import TornError, opened

BLOCK_BYTES = 16 * 2**20
LONGEST_LINE_BYTES = 16 * 2**20
"""Above this a line is no line of a log: it is set aside. Servers by themselves write lines of some 64 KiB at most."""
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


def place_of(path: Path) -> str:
    """Return where a file is inside its case, as far as its name tells: the folders below `evidence/`."""
    parts = path.parts
    return "/".join(parts[parts.index("evidence") :]) if "evidence" in parts else path.name


def line_blocks(path: Path, encoding: str = "utf-8") -> Iterator[pl.DataFrame]:
    """Give a file's lines in blocks of bounded size: `line` (from 1), `byte_offset`, `text`.

    The byte offset counts from the start of the uncompressed text. In every `encoding` a line ends with the byte 0x0A.
    The text of a line of more than `LONGEST_LINE_BYTES` is null: it is counted, and never held in memory.

    Raises:
        EvidenceError: a compressed file is torn, or its lines are not those that were counted on its bytes.
    """
    name, line, offset, counted = place_of(path), 1, 0, _Count()
    try:
        with opened(path) as file:
            for block, end in _blocks(file, counted):
                lines = _lines(block, line, offset, encoding)
                yield lines
                line, offset = line + lines.height, end
    except TornError as error:
        raise EvidenceError(
            "this compressed file is torn",
            where=f"{name}, after line {line - 1:,}",
            expected="a whole gzip, bzip2 or zstd file",
            found=str(error),
            remedy="get the whole file; if this is all there is, unpack it (gzip -dc) and declare the text",
        ) from error
    if line - 1 != counted.lines:
        raise EvidenceError(
            "lines were lost in cutting this file into lines",
            where=name,
            expected=f"{counted.lines:,} lines, as counted on the raw bytes",
            found=f"{line - 1:,}",
            remedy="this is a defect of the reader: please report it",
        )


@dataclass(slots=True)
class _Count:
    """Counts lines on the raw bytes, knowing nothing of how they are cut: line ends, and a last line without one."""

    ends: int = 0
    last: bytes = b"\n"

    def see(self, piece: bytes) -> None:
        self.ends += piece.count(b"\n")
        self.last = piece[-1:]

    @property
    def lines(self) -> int:
        return self.ends + (self.last != b"\n")


def _blocks(file: IO[bytes], counted: _Count) -> Iterator[tuple[bytes | None, int]]:
    """Cut a stream into blocks that end where a line ends, each with the offset of its end.

    A line too long to be held is a block of its own: None.
    """
    carried, offset, skipping = b"", 0, False
    while piece := file.read(BLOCK_BYTES):
        counted.see(piece)
        if skipping:
            end = piece.find(b"\n") + 1
            offset += end or len(piece)
            if not end:
                continue
            yield None, offset
            piece, skipping = piece[end:], False
        cut = piece.rfind(b"\n") + 1
        if cut:
            offset += len(carried) + cut
            yield carried + piece[:cut], offset
            carried = piece[cut:]
        else:
            carried += piece
        if len(carried) > LONGEST_LINE_BYTES:
            offset += len(carried)
            carried, skipping = b"", True
    if carried or skipping:
        yield carried or None, offset + len(carried)


def _lines(block: bytes | None, first_line: int, offset: int, encoding: str) -> pl.DataFrame:
    """Split a block into lines; bytes that are no text become U+FFFD, so that no line is lost to them."""
    if block is None:
        place = {"line": [first_line], "byte_offset": [offset], "text": [None]}
        return pl.DataFrame(place, schema={"line": pl.Int64, "byte_offset": pl.Int64, "text": pl.String})
    ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == 0x0A)
    starts = np.concatenate(([0], ends + 1))
    if starts[-1] == len(block):
        starts = starts[:-1]
    marked = block.startswith(codecs.BOM_UTF8) and offset == 0
    clear = block.removeprefix(codecs.BOM_UTF8) if marked else block
    text = pl.Series([clear.decode(encoding, errors="replace")]).str.split("\n").explode().head(len(starts))
    return pl.DataFrame(
        {
            "line": np.arange(first_line, first_line + len(starts), dtype=np.int64),
            "byte_offset": (starts + offset).astype(np.int64),
            "text": text.str.strip_chars_end("\r") if b"\r" in block else text,
        }
    )


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
