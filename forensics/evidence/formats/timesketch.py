"""Timesketch's events, as CSV or as a JSON document a line, which the first sign of the file tells apart.

An event has `message`, `datetime` (ISO 8601), `timestamp_desc` and mostly `timestamp` (microseconds since 1970). The
column `datetime` is the timestamp where an event has no other time; without a zone it is in UTC.

Names: Timesketch, https://timesketch.org/guides/user/import-from-json-csv/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl

from forensics.evidence.formats.csv import csv_columns, read_csv
from forensics.evidence.formats.lines import Batch, line_blocks
from forensics.evidence.formats.ndjson import Words, first_filled, read_documents

TIMES = ("datetime", "timestamp")
EVENTS = Words(made={"datetime": (TIMES, first_filled)})


def read_timesketch(
    path: Path, columns: list[str], *, encoding: str | None = None, delimiter: str | None = None
) -> Iterator[Batch]:
    """Read events, plain or compressed; every value is given as text.

    Raises:
        EvidenceError: as for `read_csv`.
    """
    if _is_json(path):
        yield from read_documents(path, columns, EVENTS)
        return
    header = csv_columns(path, encoding, delimiter)
    needed = {*columns, *TIMES} if "datetime" in columns else set(columns)
    for batch in read_csv(path, [name for name in header if name in needed], encoding=encoding, delimiter=delimiter):
        times = [pl.col(name) for name in TIMES if name in batch.rows.columns]
        rows = batch.rows.with_columns(datetime=first_filled(*times)) if "datetime" in columns else batch.rows
        yield replace(batch, rows=rows.select(columns))


def timesketch_columns(path: Path, encoding: str | None = None, delimiter: str | None = None) -> list[str] | None:
    """Return the columns of events in CSV; None where each event has names of its own.

    Raises:
        EvidenceError: as for `csv_columns`.
    """
    if _is_json(path):
        return None
    names = csv_columns(path, encoding, delimiter)
    return [*names, "datetime"] if "timestamp" in names and "datetime" not in names else names


def _is_json(path: Path) -> bool:
    for block in line_blocks(path):
        return block["text"][0].lstrip().startswith("{")
    return False
