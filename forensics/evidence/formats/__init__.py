"""Readers: a file becomes batches of raw columns, each row with its line number and byte offset."""

from __future__ import annotations

from pathlib import Path

from forensics.evidence.formats.alb import ALB_COLUMNS, read_alb
from forensics.evidence.formats.combined import COMBINED_COLUMNS, read_combined
from forensics.evidence.formats.common import COMMON_COLUMNS, read_common
from forensics.evidence.formats.ecs import read_ecs
from forensics.evidence.formats.haproxy import HAPROXY_COLUMNS, read_haproxy
from forensics.evidence.formats.iis import read_iis
from forensics.evidence.formats.lines import Batch
from forensics.evidence.formats.parquet import parquet_columns, read_parquet

__all__ = ["READERS", "Batch", "columns_of"]

READERS = {
    "alb": read_alb,
    "combined": read_combined,
    "common": read_common,
    "ecs": read_ecs,
    "haproxy": read_haproxy,
    "iis": read_iis,
    "parquet": read_parquet,
}
COLUMNS = {"alb": ALB_COLUMNS, "combined": COMBINED_COLUMNS, "common": COMMON_COLUMNS, "haproxy": HAPROXY_COLUMNS}
"""Formats of which every line has the same columns."""


def columns_of(path: Path, file_format: str) -> list[str] | None:
    """Return the raw columns that a file offers to `[source.fields]`; None where each line has names of its own.

    Raises:
        EvidenceError: it is not of the format.
    """
    if file_format in COLUMNS:
        return list(COLUMNS[file_format])
    return parquet_columns(path) if file_format == "parquet" else None
