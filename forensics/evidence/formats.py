"""Readers: a file becomes batches of raw columns, each row with its line number and byte offset."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

import numpy as np
import polars as pl

from forensics.errors import EvidenceError

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

BLOCK_BYTES = 16 * 2**20
BATCH_ROWS = 1_000_000
LONGEST_LINE_BYTES = 64 * 2**20
"""Above this a line is no line: a file of another kind, or a bomb."""


def place_of(path: Path) -> str:
    """Return where a file is inside its case, as far as its name tells: the folders below `evidence/`."""
    parts = path.parts
    return "/".join(parts[parts.index("evidence") :]) if "evidence" in parts else path.name


COMBINED = (
    r"^(?P<host>\S+) (?P<identity>\S+) (?P<user>.*?) \[(?P<time>[^\]]+)\] "
    r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>[0-9]{3}) (?P<bytes>[0-9]+|-) '
    r'"(?P<referer>(?:[^"\\]|\\.)*)" "(?P<user_agent>(?:[^"\\]|\\.)*)"'
)
REQUEST = r"^(?P<method>[A-Za-z_-]+) (?P<url>\S.*?)(?: (?P<protocol>HTTP/[0-9.]+))?$"
COMBINED_COLUMNS = (
    "host", "identity", "user", "time", "method", "url", "protocol", "status", "bytes", "referer", "user_agent",
)  # fmt: skip
MAY_BE_ABSENT = ("identity", "user", "bytes", "referer", "user_agent")


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


def _lines(block: bytes, first_line: int, offset: int) -> pl.DataFrame:
    """Split a block into lines; bytes that are not UTF-8 become U+FFFD, so that no line is lost to them."""
    ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == 0x0A)
    starts = np.concatenate(([0], ends + 1))
    if starts[-1] == len(block):
        starts = starts[:-1]
    marked = block.startswith(codecs.BOM_UTF8) and offset == 0
    clear = block.removeprefix(codecs.BOM_UTF8) if marked else block
    text = pl.Series([clear.decode("utf-8", errors="replace")]).str.split("\n").explode()
    return pl.DataFrame(
        {
            "line": np.arange(first_line, first_line + len(starts), dtype=np.int64),
            "byte_offset": (starts + offset).astype(np.int64),
            "text": text.head(len(starts)).str.strip_chars_end("\r"),
        }
    )


def _parse_combined(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the lines into parsed ones and unreadable ones."""
    parsed = lines.with_columns(raw=pl.col("text").str.extract_groups(COMBINED)).unnest("raw")
    # A virtual host before the client shifts every field: the "user" then begins with the client's dash.
    shifted = pl.col("user").str.starts_with("- ").fill_null(value=False)
    readable = pl.col("time").is_not_null() & ~shifted
    reason = (
        pl.when(pl.col("text") == "")
        .then(pl.lit("empty line"))
        .when(shifted)
        .then(pl.lit("not Apache combined: something stands before the client"))
        .otherwise(pl.lit("not Apache combined"))
    )
    unreadable = parsed.filter(~readable).select("line", "byte_offset", reason=reason)
    absent = [pl.col(name).replace({"-": None}) for name in MAY_BE_ABSENT]
    rows = (
        parsed.filter(readable)
        .with_columns(*absent, pl.col("request").str.extract_groups(REQUEST).alias("parts"))
        .unnest("parts")
        .select("line", "byte_offset", *COMBINED_COLUMNS)
    )
    return rows, unreadable


def read_combined(path: Path, columns: list[str]) -> Iterator[Batch]:
    """Read an Apache combined log, plain or gzip, in blocks of bounded size.

    The byte offset counts from the start of the uncompressed text.
    """
    name, line, offset = place_of(path), 1, 0
    with path.open("rb") as plain:
        magic = plain.peek(2)[:2]
        file = cast("IO[bytes]", gzip.GzipFile(fileobj=plain)) if magic == b"\x1f\x8b" else plain
        try:
            for block in _blocks(file):
                lines = _lines(block, line, offset)
                rows, unreadable = _parse_combined(lines)
                yield Batch(
                    places=rows.select("line", "byte_offset"),
                    rows=rows.select(columns),
                    unreadable=unreadable,
                    lines=lines.height,
                )
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


def read_parquet(path: Path, columns: list[str]) -> Iterator[Batch]:
    """Read some columns of a Parquet file in batches of at most a million rows; the line is the row number."""
    import pyarrow as pa

    nothing = pl.DataFrame(schema={"line": pl.Int64, "byte_offset": pl.Int64, "reason": pl.String})
    line = 1
    with _opened(path) as file:
        try:
            for part in file.iter_batches(batch_size=BATCH_ROWS, columns=columns, use_threads=True):
                rows = cast("pl.DataFrame", pl.from_arrow(pa.Table.from_batches([part])))
                places = pl.DataFrame(
                    {
                        "line": pl.int_range(line, line + part.num_rows, dtype=pl.Int64, eager=True),
                        "byte_offset": pl.repeat(None, part.num_rows, dtype=pl.Int64, eager=True),
                    }
                )
                yield Batch(places=places, rows=rows, unreadable=nothing, lines=part.num_rows)
                line += part.num_rows
            if line - 1 != file.metadata.num_rows:
                raise EvidenceError(
                    "this Parquet file gave other rows than it says it has",
                    where=place_of(path),
                    expected=f"{file.metadata.num_rows:,} rows",
                    found=f"{line - 1:,}",
                    remedy="get the file again",
                )
        except (pa.ArrowException, OSError, pl.exceptions.PolarsError) as error:
            raise EvidenceError(
                "this Parquet file is damaged",
                where=f"{place_of(path)}, after row {line - 1:,}",
                found=type(error).__name__,
                remedy="get the file again",
            ) from None


def _opened(path: Path) -> pq.ParquetFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError):
        raise EvidenceError(
            "this is not a whole Parquet file",
            where=place_of(path),
            expected="a file that begins and ends with PAR1",
            remedy="get the file again, or correct format in case.toml",
        ) from None


def columns_of(path: Path, file_format: str) -> list[str]:
    """Return the raw columns that a file offers to `[source.fields]`.

    Raises:
        EvidenceError: it is no Parquet file, or two of its columns have the same name.
    """
    if file_format == "combined":
        return list(COMBINED_COLUMNS)
    with _opened(path) as file:
        schema = file.schema_arrow
    if len(set(schema.names)) < len(schema.names):
        raise EvidenceError("two columns of this file have the same name", where=place_of(path))
    return [field.name for field in schema if not _is_nested(field)]


def _is_nested(field: pa.Field) -> bool:
    import pyarrow as pa

    return pa.types.is_nested(field.type)


READERS = {"combined": read_combined, "parquet": read_parquet}
