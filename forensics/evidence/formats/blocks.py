"""Blocks: a file, plain or compressed, is cut into pieces of bounded size that end where a line ends."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO

import numpy as np
import polars as pl

from forensics.errors import EvidenceError
from forensics.evidence.formats.opening import TornError, opened

BLOCK_BYTES = 32 * 2**20
LONGEST_LINE_BYTES = 16 * 2**20
"""Above this a line is no line of a log: it is set aside. Servers by themselves write lines of some 64 KiB at most."""
LINE_END, RETURN = 0x0A, 0x0D


def place_of(path: Path) -> str:
    """Return where a file is inside its case, as far as its name tells: the folders below `evidence/`."""
    parts = path.parts
    return "/".join(parts[parts.index("evidence") :]) if "evidence" in parts else path.name


@dataclass(frozen=True, kw_only=True)
class Block:
    """Some consecutive whole lines of a file.

    Attributes:
        data: their bytes; None for a line too long to be held.
        first_line: the number of the first, from 1.
        offset: where it starts in the uncompressed text.
    """

    data: bytes | None
    first_line: int
    offset: int

    @cached_property
    def starts(self) -> np.ndarray:
        """Where each line starts in `data`."""
        if self.data is None:
            return np.zeros(1, dtype=np.int64)
        ends = np.flatnonzero(np.frombuffer(self.data, dtype=np.uint8) == LINE_END)
        starts = np.concatenate(([0], ends + 1))
        return starts[:-1] if starts[-1] == len(self.data) else starts

    @property
    def height(self) -> int:
        """Number of lines."""
        return len(self.starts)

    def places(self) -> pl.DataFrame:
        """Return `line` and `byte_offset` of each line."""
        lines = np.arange(self.first_line, self.first_line + self.height, dtype=np.int64)
        return pl.DataFrame({"line": lines, "byte_offset": (self.starts + self.offset).astype(np.int64)})

    def lines(self, encoding: str = "utf-8", chosen: np.ndarray | None = None) -> pl.DataFrame:
        """Return the lines, or the chosen ones: `line`, `byte_offset`, `text`.

        Bytes that are no text become U+FFFD, so that no line is lost to them.

        Args:
            encoding: of the file; in each that is known a line ends with the byte 0x0A.
            chosen: for each line whether it is meant; all are without it.
        """
        places = self.places() if chosen is None else self.places().filter(pl.Series(chosen))
        data = self.data if chosen is None or self.data is None else self.bytes_of(chosen)
        if data is None:
            return places.with_columns(text=pl.lit(None, dtype=pl.String))
        if self.offset == 0 and (chosen is None or chosen[0]):
            data = data.removeprefix(codecs.BOM_UTF8)
        text = pl.Series([data.decode(encoding, errors="replace")]).str.split("\n").explode().head(places.height)
        return places.with_columns(text=text.str.strip_chars_end("\r") if b"\r" in data else text)

    def bytes_of(self, chosen: np.ndarray, data: bytes | memoryview | None = None) -> bytes:
        """Return the bytes of the chosen lines, one after another, also as they are in an edited copy of the block."""
        data = data if data is not None else self.data or b""
        ends = np.append(self.starts[1:], len(data))
        turns = np.flatnonzero(np.diff(np.concatenate(([0], chosen.astype(np.int8), [0]))))
        return b"".join(data[self.starts[a] : ends[b - 1]] for a, b in turns.reshape(-1, 2))


def blocks_of(path: Path) -> Iterator[Block]:
    """Give a file's lines in blocks of bounded size.

    Raises:
        EvidenceError: a compressed file is torn, or its lines are not those that were counted on its bytes.
    """
    name, line, offset, counted = place_of(path), 1, 0, _Count()
    try:
        with opened(path) as file:
            for data, end in _pieces(file, counted):
                block = Block(data=data, first_line=line, offset=offset)
                yield block
                line, offset = line + block.height, end
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


def _pieces(file: IO[bytes], counted: _Count) -> Iterator[tuple[bytes | None, int]]:
    """Cut a stream into pieces that end where a line ends, each with the offset of its end.

    A line too long to be held is a piece of its own: None.
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
            yield b"".join((carried, memoryview(piece)[:cut])), offset
            carried = piece[cut:]
        else:
            carried += piece
        if len(carried) > LONGEST_LINE_BYTES:
            offset += len(carried)
            carried, skipping = b"", True
    if carried or skipping:
        yield carried or None, offset + len(carried)
