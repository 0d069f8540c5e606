"""Readers: a file becomes batches of raw columns, each row with its line number and byte offset."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np
import polars as pl

from forensics.errors import EvidenceError

BLOCK_BYTES = 16 * 2**20
BATCH_ROWS = 1_000_000

COMBINED = (
    r'^(?P<host>\S+) (?P<identity>\S+) (?P<user>.*?) \[(?P<time>[^\]]+)\] '
    r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}) (?P<bytes>\d+|-) '
    r'"(?P<referer>(?:[^"\\]|\\.)*)" "(?P<user_agent>(?:[^"\\]|\\.)*)"'
)
REQUEST = r"^(?P<method>[A-Za-z]+) (?P<url>\S.*?)(?: (?P<protocol>HTTP/[0-9.]+))?$"
COMBINED_COLUMNS = ("host", "identity", "user", "time", "method", "url", "protocol", "status", "bytes", "referer", "user_agent")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some consecutive lines of one file.

    Attributes:
        rows: one row a readable line: `line` (from 1), `byte_offset` (null where lines have none), raw columns.
        unreadable: one row a line that is not of the format: `line`, `byte_offset`, `reason`.
        lines: number of lines in the batch, counted on the raw bytes (or the file's own row count).
    """

    rows: pl.DataFrame
    unreadable: pl.DataFrame
    lines: int


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """Cut a stream into blocks that end where a line ends."""
    carried = b""
    while block := file.read(BLOCK_BYTES):
        cut = block.rfind(b"\n") + 1
        if cut == 0:
            carried += block
            continue
        yield carried + block[:cut]
        carried = block[cut:]
    if carried:
        yield carried


def _lines(block: bytes, first_line: int, offset: int) -> pl.DataFrame:
    """Split a block into lines; bytes that are not UTF-8 become U+FFFD, so that no line is lost to them."""
    ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == 0x0A)
    starts = np.concatenate(([0], ends + 1))
    if starts[-1] == len(block):
        starts = starts[:-1]
    text = pl.Series([block.decode("utf-8", errors="replace")]).str.split("\n").explode()
    return pl.DataFrame(
        {
            "line": np.arange(first_line, first_line + len(starts), dtype=np.int64),
            "byte_offset": (starts + offset).astype(np.int64),
            "text": text.head(len(starts)).str.strip_chars_end("\r"),
        }
    )


def _parse_combined(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    parsed = lines.with_columns(raw=pl.col("text").str.extract_groups(COMBINED)).unnest("raw")
    readable = pl.col("time").is_not_null()
    reason = pl.when(pl.col("text") == "").then(pl.lit("empty line")).otherwise(pl.lit("not Apache combined"))
    unreadable = parsed.filter(~readable).select("line", "byte_offset", reason=reason)
    dash = [pl.col(name).replace({"-": None}) for name in ("identity", "user", "bytes", "referer", "user_agent")]
    rows = (
        parsed.filter(readable)
        .with_columns(*dash, pl.col("request").str.extract_groups(REQUEST).alias("parts"))
        .unnest("parts")
        .select("line", "byte_offset", *COMBINED_COLUMNS)
    )
    return rows, unreadable


def read_combined(path: Path, columns: list[str]) -> Iterator[Batch]:
    """Read an Apache combined log, plain or gzip, in blocks of bounded size.

    The byte offset counts from the start of the uncompressed text.
    """
    name, line, offset = path.name, 1, 0
    with path.open("rb") as plain:
        magic = plain.peek(2)[:2]
        file = cast("IO[bytes]", gzip.GzipFile(fileobj=plain)) if magic == b"\x1f\x8b" else plain
        try:
            for block in _blocks(file):
                lines = _lines(block, line, offset)
                rows, unreadable = _parse_combined(lines)
                yield Batch(rows=rows.select("line", "byte_offset", *columns), unreadable=unreadable, lines=lines.height)
                line, offset = line + lines.height, offset + len(block)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise EvidenceError(
                "this gzip file is torn",
                where=f"{name}, after line {line - 1:,}",
                expected="a whole gzip file",
                found=str(error),
                remedy="get the whole file; if this is all there is, unpack it (gzip -dc) and declare the text",
            ) from error


def read_parquet(path: Path, columns: list[str]) -> Iterator[Batch]:
    """Read some columns of a Parquet file in batches of at most a million rows; the line is the row number."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise EvidenceError(
            "this is not a whole Parquet file",
            where=path.name,
            expected="a file that begins and ends with PAR1",
            remedy="get the file again, or correct format in case.toml",
        ) from error
    nothing = pl.DataFrame(schema={"line": pl.Int64, "byte_offset": pl.Int64, "reason": pl.String})
    line = 1
    with file:
        try:
            for part in file.iter_batches(batch_size=BATCH_ROWS, columns=columns, use_threads=True):
                frame = cast("pl.DataFrame", pl.from_arrow(pa.Table.from_batches([part])))
                numbers = pl.int_range(line, line + frame.height, dtype=pl.Int64, eager=True)
                rows = frame.select(
                    numbers.alias("line"), pl.lit(None, dtype=pl.Int64).alias("byte_offset"), pl.all()
                )
                yield Batch(rows=rows, unreadable=nothing, lines=frame.height)
                line += frame.height
        except (pa.ArrowInvalid, OSError) as error:
            raise EvidenceError(
                "this Parquet file is damaged", where=f"{path.name}, after row {line - 1:,}", found=type(error).__name__
            ) from error


def columns_of(path: Path, file_format: str) -> list[str]:
    """Return the raw columns that a file offers to `[source.fields]`."""
    if file_format == "combined":
        return list(COMBINED_COLUMNS)
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_schema(path).names
    except (pa.ArrowInvalid, OSError) as error:
        raise EvidenceError(
            "this is not a whole Parquet file", where=path.name, remedy="get it again, or correct format in case.toml"
        ) from error


READERS = {"combined": read_combined, "parquet": read_parquet}
