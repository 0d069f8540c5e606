"""nginx logs whose `log_format` writes a JSON object a line, its members named after nginx's variables.

The column `url` is `request_uri`, else `uri` and `args`, else what `request` asks for; `request_method` may come from
`request` too, `time_iso8601` from `time_local` or `msec`. A dash is nothing.

Names: nginx, https://nginx.org/en/docs/varindex.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from forensics.evidence.formats.lines import Batch
from forensics.evidence.formats.ndjson import Words, first_filled, path_and_query, read_documents

REQUEST = r"^([A-Za-z_-]+) (\S.*?)(?: HTTP/[0-9.]+)?$"


def _url(request_uri: pl.Expr, uri: pl.Expr, args: pl.Expr, request: pl.Expr) -> pl.Expr:
    return first_filled(request_uri, path_and_query(uri, args), request.str.extract(REQUEST, 2))


def _method(method: pl.Expr, request: pl.Expr) -> pl.Expr:
    return first_filled(method, request.str.extract(REQUEST, 1))


NGINX = Words(
    made={
        "url": (("request_uri", "uri", "args", "request"), _url),
        "request_method": (("request_method", "request"), _method),
        "time_iso8601": (("time_iso8601", "time_local", "msec"), first_filled),
    },
    nothing="-",
)


def read_nginx_json(path: Path, columns: list[str]) -> Iterator[Batch]:
    """Read an nginx log in JSON, plain or compressed; every value is given as text."""
    yield from read_documents(path, columns, NGINX)
