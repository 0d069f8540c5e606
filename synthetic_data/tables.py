"""Tables written piece after piece to one Parquet file, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from synthetic_data.formats.layout import unfinished

ROWS_A_GROUP = 1_048_576
DICTIONARY_BYTES = 8 * 2**20
DISTINCT = frozenset({
    "request_ref", "source_line", "session", "person", "recue_le", "numero_adherent", "numero_carte",
    "numero_beneficiaire", "numero_assure", "beneficiary_number",
})  # fmt: skip
"""Columns in which few values come twice: a dictionary of them would only cost time."""
RISING = frozenset({"source_line", "recue_le", "person"})
"""Columns of which the steps are written, because they rise."""


class TableFile:
    """Appends rows to one Parquet file; equal pieces give equal bytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._writer: pq.ParquetWriter | None = None

    def write(self, table: pl.DataFrame) -> None:
        """Append rows; the first piece, which may be empty, says what the columns are."""
        arrow = table.to_arrow(compat_level=pl.CompatLevel.oldest())
        plain = [
            f.with_type(pa.string()) if pa.types.is_large_string(f.type) else f for f in arrow.schema
        ]  # fmt: skip
        schema = pa.schema(plain)
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self.path,
                schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=[name for name in schema.names if name not in DISTINCT],  # pyright: ignore[reportArgumentType]
                column_encoding={name: "DELTA_BINARY_PACKED" for name in schema.names if name in RISING},
                dictionary_pagesize_limit=DICTIONARY_BYTES,
                store_schema=False,
            )
        self._writer.write_table(arrow.cast(schema), row_group_size=ROWS_A_GROUP)
        self.rows += len(table)

    def close(self) -> None:
        """Write what a Parquet file ends with."""
        if self._writer is not None:
            self._writer.close()


@contextmanager
def table_file(path: Path) -> Iterator[TableFile]:
    """Write a Parquet file that is there under its name only once it is whole."""
    with unfinished(path) as hidden:
        table = TableFile(hidden)
        try:
            yield table
        finally:
            table.close()
