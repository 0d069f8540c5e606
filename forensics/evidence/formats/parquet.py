"""Parquet files: the line is the row's number."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

import polars as pl
import polars.selectors as cs

from forensics.errors import EvidenceError
from forensics.evidence.formats.blocks import place_of
from forensics.evidence.formats.lines import Batch

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

BATCH_ROWS = 1_000_000
DAMAGED = (OSError, UnicodeDecodeError, pl.exceptions.PolarsError, pl.exceptions.PanicException)
"""What reading a damaged file raises beside errors of Arrow's: Polars panics at a damaged dictionary."""


def read_parquet(path: Path, columns: list[str]) -> Iterator[Batch]:
    """Read some columns of a Parquet file in batches of at most a million rows; the line is the row number."""
    import pyarrow as pa

    nothing = pl.DataFrame(schema={"line": pl.Int64, "byte_offset": pl.Int64, "reason": pl.String})
    line = 1
    recurring = _recurring(path)
    with _opened(path, recurring) as file:
        try:
            for part in file.iter_batches(batch_size=BATCH_ROWS, columns=columns, use_threads=True):
                part.validate(full=True)  # a damaged text would not be one to Polars, which does not look
                rows = cast("pl.DataFrame", pl.from_arrow(pa.Table.from_batches([part])))
                rows = rows.with_columns(cs.by_name(recurring, require_all=False).cast(pl.String))
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
        except (pa.ArrowException, *DAMAGED) as error:
            raise EvidenceError(
                "this Parquet file is damaged",
                where=f"{place_of(path)}, after row {line - 1:,}",
                found=type(error).__name__,
                remedy="get the file again",
            ) from None


def _recurring(path: Path) -> list[str]:
    """Return the columns of texts that a file keeps as a dictionary: read as one, a text that recurs is read once."""
    import pyarrow as pa

    with _opened(path) as file:
        first = file.metadata.row_group(0) if file.metadata.num_row_groups else None
        chunks = [first.column(number) for number in range(first.num_columns)] if first else []
        try:
            kept = {chunk.path_in_schema for chunk in chunks if "RLE_DICTIONARY" in chunk.encodings}
        except UnicodeDecodeError:
            kept = set()  # whoever reads the column says that it is damaged
        fields = [field for field in file.schema_arrow if field.name in kept]
    return [field.name for field in fields if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]


def _opened(path: Path, recurring: list[str] | None = None) -> pq.ParquetFile:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path, read_dictionary=recurring)
        _ = file.schema_arrow.names  # a damaged one shows itself here
        return file
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        raise EvidenceError(
            "this is not a whole Parquet file",
            where=place_of(path),
            expected="a file that begins and ends with PAR1",
            remedy="get the file again, or correct format in case.toml",
        ) from None


def parquet_columns(path: Path) -> list[str]:
    """Return the columns of a Parquet file that hold one value a row.

    Raises:
        EvidenceError: it is no Parquet file, or two of its columns have the same name.
    """
    with _opened(path) as file:
        schema = file.schema_arrow
    if len(set(schema.names)) < len(schema.names):
        raise EvidenceError("two columns of this file have the same name", where=place_of(path))
    return [field.name for field in schema if not _is_nested(field)]


def _is_nested(field: pa.Field) -> bool:
    import pyarrow as pa

    return pa.types.is_nested(field.type)
