"""Caddy's access log: a JSON document a request, among others that are set aside.

The column `url` is `request.uri`. `request.client_ip` is the client under Caddy's own rule of trusted proxies; where
an old version does not write it, it is the peer, `request.remote_ip`.

Names: Caddy 2, https://caddyserver.com/docs/logging
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from forensics.evidence.formats.lines import Batch
from forensics.evidence.formats.ndjson import Words, first_filled, read_documents

CADDY = Words(
    made={
        "url": (("request.uri",), pl.coalesce),
        "request.client_ip": (("request.client_ip", "request.remote_ip"), first_filled),
    },
    required="request.method",
)


def read_caddy(path: Path, columns: list[str]) -> Iterator[Batch]:
    """Read Caddy's JSON log, plain or compressed; every value is given as text."""
    yield from read_documents(path, columns, CADDY)
