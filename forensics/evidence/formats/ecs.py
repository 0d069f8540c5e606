"""JSON documents, one a line, in the words of the Elastic Common Schema: as agents write them and as Elastic exports.

The column `url` is made of `url.original`, else of `url.path` and `url.query`. A time without a zone is in UTC.

Names: Elastic Common Schema 8, field reference, https://www.elastic.co/docs/reference/ecs
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from forensics.evidence.formats.lines import Batch
from forensics.evidence.formats.ndjson import Words, path_and_query, read_documents


def _url(original: pl.Expr, path: pl.Expr, query: pl.Expr) -> pl.Expr:
    return pl.coalesce(original, path_and_query(path, query))


ECS = Words(made={"url": (("url.original", "url.path", "url.query"), _url)})


def read_ecs(path: Path, columns: list[str]) -> Iterator[Batch]:
    """Read documents of the Elastic Common Schema, plain or compressed; every value is given as text."""
    yield from read_documents(path, columns, ECS)
