"""Readers: a file becomes batches of raw columns, each row with its line number and byte offset."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from forensics.declaration import Source
from forensics.evidence.formats.alb import ALB_COLUMNS, read_alb
from forensics.evidence.formats.caddy import read_caddy
from forensics.evidence.formats.combined import COMBINED_COLUMNS, read_combined
from forensics.evidence.formats.common import COMMON_COLUMNS, read_common
from forensics.evidence.formats.csv import csv_columns, read_csv
from forensics.evidence.formats.ecs import read_ecs
from forensics.evidence.formats.fhir_audit import read_fhir_audit
from forensics.evidence.formats.haproxy import HAPROXY_COLUMNS, read_haproxy
from forensics.evidence.formats.iis import read_iis
from forensics.evidence.formats.lines import Batch
from forensics.evidence.formats.ndjson import read_ndjson
from forensics.evidence.formats.nginx_json import read_nginx_json
from forensics.evidence.formats.ocsf import read_ocsf
from forensics.evidence.formats.parquet import parquet_columns, read_parquet
from forensics.evidence.formats.splunk import read_splunk, splunk_columns
from forensics.evidence.formats.timesketch import read_timesketch, timesketch_columns
from forensics.evidence.formats.traefik import read_traefik

__all__ = ["READERS", "TABLES", "Batch", "batches_of", "columns_of", "offered_by"]

READERS = {
    "alb": read_alb,
    "caddy": read_caddy,
    "combined": read_combined,
    "common": read_common,
    "ecs": read_ecs,
    "fhir_audit": read_fhir_audit,
    "haproxy": read_haproxy,
    "iis": read_iis,
    "ndjson": read_ndjson,
    "nginx_json": read_nginx_json,
    "ocsf": read_ocsf,
    "parquet": read_parquet,
    "traefik": read_traefik,
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


TABLES = {"csv": (csv_columns, read_csv), "timesketch": (timesketch_columns, read_timesketch)}
"""The formats whose encoding and delimiter `case.toml` may say: what offers their columns, what reads them."""


def offered_by(path: Path, source: Source) -> list[str] | None:
    """Return the raw columns that a file of a source offers, as `columns_of`."""
    if source.format == "splunk":
        return splunk_columns(path, source)
    if source.format not in TABLES:
        return columns_of(path, source.format)
    return TABLES[source.format][0](path, source.encoding, source.delimiter)


def batches_of(path: Path, source: Source, columns: list[str]) -> Iterator[Batch]:
    """Read some columns of a file of a source."""
    if source.format == "splunk":
        return read_splunk(path, columns, source)
    if source.format not in TABLES:
        return READERS[source.format](path, columns)
    return TABLES[source.format][1](path, columns, encoding=source.encoding, delimiter=source.delimiter)
