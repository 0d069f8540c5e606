"""Traefik's access log in JSON. The column `url` is `RequestPath`; a dash is nothing.

Names: Traefik 3, https://doc.traefik.io/traefik/observe/logs-and-access-logs/ (access logs, available fields)
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from forensics.evidence.formats.lines import Batch
from forensics.evidence.formats.ndjson import Words, read_documents

TRAEFIK = Words(made={"url": (("RequestPath",), pl.coalesce)}, nothing="-", required="RequestMethod")


def read_traefik(path: Path, columns: list[str]) -> Iterator[Batch]:
    """Read Traefik's access log in JSON, plain or compressed; every value is given as text."""
    yield from read_documents(path, columns, TRAEFIK)
