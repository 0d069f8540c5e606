"""What readers share: a file, plain or gzip, becomes blocks of whole lines with their numbers and byte offsets."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np
import polars as pl

from forensics.errors import EvidenceError

BLOCK_BYTES = 16 * 2**20
LONGEST_LINE_BYTES = 64 * 2**20
"""Above this a line is no line: a file of another kind, or a bomb."""
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

    Raises:
        EvidenceError: a line goes on and on, or a gzip file is torn.
    """
    name, line, offset = place_of(path), 1, 0
    with path.open("rb") as plain:
        magic = plain.peek(2)[:2]
        file = cast("IO[bytes]", gzip.GzipFile(fileobj=plain)) if magic == b"\x1f\x8b" else plain
        try:
            for block in _blocks(file):
                lines = _lines(block, line, offset, encoding)
                yield lines
                line, offset = line + lines.height, offset + len(block)
        except _TooLongError as error:
            raise EvidenceError(
                "this is not a log of lines",
                where=f"{name}, after line {line - 1:,}",
                found=str(error),
                remedy="correct format in case.toml",
            ) from None
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise EvidenceError(
                "this gzip file is torn",
                where=f"{name}, after line {line - 1:,}",
                expected="a whole gzip file",
                found=str(error),
                remedy="get the whole file; if this is all there is, unpack it (gzip -dc) and declare the text",
            ) from error


class _TooLongError(ValueError):
    """A line goes on and on."""


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """Cut a stream into blocks that end where a line ends."""
    carried = b""
    while block := file.read(BLOCK_BYTES):
        cut = block.rfind(b"\n") + 1
        if cut == 0:
            carried += block
            if len(carried) > LONGEST_LINE_BYTES:
                raise _TooLongError(f"a line of more than {LONGEST_LINE_BYTES // 2**20} MiB")
            continue
        yield carried + block[:cut]
        carried = block[cut:]
    if carried:
        yield carried


def _lines(block: bytes, first_line: int, offset: int, encoding: str) -> pl.DataFrame:
    """Split a block into lines; bytes that are no text become U+FFFD, so that no line is lost to them."""
    ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == 0x0A)
    starts = np.concatenate(([0], ends + 1))
    if starts[-1] == len(block):
        starts = starts[:-1]
    marked = block.startswith(codecs.BOM_UTF8) and offset == 0
    clear = block.removeprefix(codecs.BOM_UTF8) if marked else block
    text = pl.Series([clear.decode(encoding, errors="replace")]).str.split("\n").explode()
    return pl.DataFrame(
        {
            "line": np.arange(first_line, first_line + len(starts), dtype=np.int64),
            "byte_offset": (starts + offset).astype(np.int64),
            "text": text.head(len(starts)).str.strip_chars_end("\r"),
        }
    )
