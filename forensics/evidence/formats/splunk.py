"""Tables as Splunk exports its events: a CSV file whose column `_raw` holds the line that was logged.

Its columns are read by their names, as in any CSV file; or, where the source says `raw_format`, the lines in `_raw` are
read in that format: they offer its names, and the export's own columns are `export.NAME` (`export.host`). A line that
is not of the format is set aside with the format's reason, under the place of its record in the export.

Columns: Splunk, Use default fields, https://docs.splunk.com/Documentation/Splunk/latest/Knowledge/Usedefaultfields
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl

from forensics.declaration import DOCUMENTS, EXPORTED, Source
from forensics.engine import connect_unspilled
from forensics.errors import EvidenceError
from forensics.evidence.formats.alb import ALB_COLUMNS, parse_alb
from forensics.evidence.formats.blocks import place_of
from forensics.evidence.formats.caddy import CADDY
from forensics.evidence.formats.combined import COMBINED_COLUMNS, parse_combined
from forensics.evidence.formats.common import COMMON_COLUMNS, parse_common
from forensics.evidence.formats.csv import csv_columns, read_csv
from forensics.evidence.formats.ecs import ECS
from forensics.evidence.formats.fhir_audit import FHIR_AUDIT
from forensics.evidence.formats.haproxy import HAPROXY_COLUMNS, parse_haproxy
from forensics.evidence.formats.lines import Batch, Parsed
from forensics.evidence.formats.ndjson import ANY_WORDS, Words, parse_documents
from forensics.evidence.formats.nginx_json import NGINX
from forensics.evidence.formats.ocsf import OCSF
from forensics.evidence.formats.traefik import TRAEFIK

RAW = "_raw"
LINES: dict[str, tuple[tuple[str, ...], Callable[[pl.DataFrame], Parsed]]] = {
    "alb": (ALB_COLUMNS, parse_alb),
    "combined": (COMBINED_COLUMNS, parse_combined),
    "common": (COMMON_COLUMNS, parse_common),
    "haproxy": (HAPROXY_COLUMNS, parse_haproxy),
}
WORDS: dict[str, Words] = {
    "caddy": CADDY,
    "ecs": ECS,
    "fhir_audit": FHIR_AUDIT,
    "ndjson": ANY_WORDS,
    "nginx_json": NGINX,
    "ocsf": OCSF,
    "traefik": TRAEFIK,
}
"""What the documents of each format in `_raw` are written in."""


def splunk_columns(path: Path, source: Source) -> list[str] | None:
    """Return the columns that an export offers; None where each document in `_raw` has names of its own.

    Raises:
        EvidenceError: as for `csv_columns`, or there is no `_raw` to be read in the declared format.
    """
    names = csv_columns(path, source.encoding, source.delimiter)
    if source.raw_format is None:
        return names
    _refuse_missing(path, names, {RAW})
    if source.raw_format in DOCUMENTS:
        return None
    return [*LINES[source.raw_format][0], *(f"{EXPORTED}{name}" for name in names)]


def read_splunk(path: Path, columns: list[str], source: Source) -> Iterator[Batch]:
    """Read an export, plain or compressed, in blocks of bounded size; every value is given as text.

    Raises:
        EvidenceError: as for `read_csv`, or the export lacks a column that is asked for.
    """
    if source.raw_format is None:
        yield from read_csv(path, columns, encoding=source.encoding, delimiter=source.delimiter)
        return
    exported = [name.removeprefix(EXPORTED) for name in columns if name.startswith(EXPORTED)]
    names = csv_columns(path, source.encoding, source.delimiter)
    _refuse_missing(path, names, {RAW, *exported})
    of_line = [name for name in columns if not name.startswith(EXPORTED)]
    needed = sorted({RAW, *exported})
    with connect_unspilled() as connection:
        for batch in read_csv(path, needed, encoding=source.encoding, delimiter=source.delimiter):
            lines = batch.places.with_columns(text=batch.rows[RAW].str.strip_chars_end("\r\n"))
            if source.raw_format in DOCUMENTS:
                rows, unreadable = parse_documents(lines, of_line, WORDS[source.raw_format], connection)
            else:
                rows, unreadable = LINES[source.raw_format][1](lines)
            parsed = rows.select("line", "byte_offset", *of_line)
            beside = batch.places.select("line").hstack(
                batch.rows.select(pl.col(name).alias(f"{EXPORTED}{name}") for name in exported)
            )
            whole = parsed.join(beside, on="line", how="left", maintain_order="left")
            yield replace(
                batch,
                places=whole.select("line", "byte_offset"),
                rows=whole.select(columns),
                unreadable=pl.concat([batch.unreadable, unreadable]).sort("line"),
            )


def _refuse_missing(path: Path, names: list[str], needed: set[str]) -> None:
    missing = sorted(needed - set(names))
    if missing:
        raise EvidenceError(
            f"this export has no column {', '.join(map(repr, missing))}",
            where=place_of(path),
            expected=f"the logged line in {RAW}, and the columns that [source.fields] names after {EXPORTED}",
            found=f"{len(names)} columns",
            remedy="export the events with their raw text, or correct raw_format and [source.fields] in case.toml",
        )
