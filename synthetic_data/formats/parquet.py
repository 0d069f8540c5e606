"""One Parquet file an operator: every field there is, as an export from a log store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from synthetic_data.formats.layout import Form, LogFile, unfinished, where_torn

if TYPE_CHECKING:
    from synthetic_data.portal import Portal

ROWS_A_GROUP = 1_048_576
DICTIONARY_BYTES = 8 * 2**20  # a million rows name up to a quarter of a million accounts
REPEATED = frozenset({
    "account_id", "client_ip", "user_agent", "method", "path", "status", "server", "session_token",
    "records_returned", "action",
})  # fmt: skip
"""Fields whose values come again and again: kept once a row group, with a number in each row."""

RISING = frozenset({"requested_at"})
"""Fields of which the steps are written, because they rise."""

TYPES: dict[str, pa.DataType] = {
    "requested_at": pa.timestamp("us"), "client_port": pa.int32(), "status": pa.int16(),
    "response_bytes": pa.int64(), "duration_ms": pa.int32(), "records_returned": pa.int32(),
}  # fmt: skip
FIELDS = {
    "requested_at": "heure", "account_id": "compte", "client_ip": "adresse_ip", "client_port": "port",
    "user_agent": "navigateur", "method": "methode", "path": "chemin", "status": "statut",
    "response_bytes": "octets", "duration_ms": "duree_ms", "server": "serveur", "session_token": "jeton",
    "request_ref": "reference", "records_returned": "nb_assures",
}  # fmt: skip


class ParquetLog:
    """Appends rows to one Parquet file; equal pieces give equal bytes."""

    def __init__(self, path: Path, fields: dict[str, str]) -> None:
        """Begin a file whose columns are `fields` (ours: theirs), the time first."""
        self._fields = fields
        self._schema = pa.schema([(their, TYPES.get(our, pa.string())) for our, their in fields.items()])
        repeated = [their for our, their in fields.items() if our in REPEATED]
        self._writer = pq.ParquetWriter(
            path,
            self._schema,
            compression="zstd",
            compression_level=1,
            use_dictionary=repeated,  # pyright: ignore[reportArgumentType]  # a list is as good, as pyarrow says
            column_encoding={their: "DELTA_BINARY_PACKED" for our, their in fields.items() if our in RISING},
            dictionary_pagesize_limit=DICTIONARY_BYTES,
            store_schema=False,
        )

    def write(self, lines: pl.DataFrame) -> None:
        """Append lines, a row group at a time; one that was torn lost its time and what comes after a point."""
        for rows in lines.iter_slices(ROWS_A_GROUP):
            ours = self._torn(rows) if "torn" in rows.columns and rows["torn"].any() else rows
            named = ours.select(pl.col(our).alias(their) for our, their in self._fields.items())
            # Categories are numbered in the order in which threads meet them: only their texts are the same each time.
            text = named.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
            table = text.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(self._schema)
            self._writer.write_table(table, row_group_size=ROWS_A_GROUP)

    def _torn(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Blank the time of torn rows and their last columns, from a point that follows from the row."""
        point = where_torn() % len(self._fields)
        return rows.with_columns(
            pl.when(~pl.col("torn") | ((number > 0) & (number <= point))).then(pl.col(our)).alias(our)
            for number, our in enumerate(self._fields)
        )

    def close(self) -> None:
        """Write what a Parquet file ends with."""
        self._writer.close()


@contextmanager
def opened(path: Path, fields: dict[str, str]) -> Iterator[ParquetLog]:
    """Write a Parquet file that is there under its name only once it is whole."""
    with unfinished(path) as hidden:
        log = ParquetLog(hidden, fields)
        try:
            yield log
        finally:
            log.close()


def fields_of(portal: Portal, fields: dict[str, str]) -> dict[str, str]:
    """Add what was asked for, in the portal's word, and who was listed where the portal can search."""
    listed = {"returned_people": "assures"} if portal.searchable else {}
    return {**fields, "subject": portal.parameter, **listed}


def _files(portal: Portal) -> list[LogFile]:
    fields = fields_of(portal, FIELDS)
    return [
        LogFile(
            id="access",
            kind="access_log",
            path="access.parquet",
            format="parquet",
            timezone="UTC",
            fields=fields,
            subject_kind=portal.subject_kind,
        )
    ]


@contextmanager
def _open(folder: Path, portal: Portal) -> Iterator[ParquetLog]:
    with opened(folder / "access.parquet", fields_of(portal, FIELDS)) as log:
        yield log


PARQUET = Form(
    name="parquet",
    about="one Parquet file an operator, every field there",
    has_server=True,
    bytes_a_line=35,
    files=_files,
    open=_open,
)
