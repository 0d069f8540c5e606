"""One JSON document a line in the words of the Elastic Common Schema, as Elastic's agents write them.

Names: Elastic Common Schema 8, field reference (https://www.elastic.co/docs/reference/ecs).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from synthetic_data.formats.layout import Form, LogFile, TextLog, text_log

if TYPE_CHECKING:
    from synthetic_data.portal import Portal

VERSION = "8.11.0"
SHORTEST = 2  # a torn document still begins as one
TOKEN, RECORDS, LISTED = "labels.jeton", "labels.nb_assures", "labels.assures"
PROXY_FIELDS = {
    "requested_at": "@timestamp", "client_ip": "source.ip", "client_port": "source.port",
    "user_agent": "user_agent.original", "method": "http.request.method", "path": "url.path",
    "status": "http.response.status_code", "response_bytes": "http.response.body.bytes",
    "duration_ms": "event.duration", "server": "host.name", "session_token": TOKEN,
    "request_ref": "http.request.id",
}  # fmt: skip
"""What a web server knows of a request by itself."""

FIELDS = {**PROXY_FIELDS, "account_id": "user.name", "records_returned": RECORDS}


def document(columns: dict[str, pl.Expr]) -> pl.Expr:
    """Nest dotted names into one object a row; objects stand where their first name stands."""
    parts: dict[str, dict[str, pl.Expr]] = {}
    for name, value in columns.items():
        first, _, rest = name.partition(".")
        parts.setdefault(first, {})[rest] = value
    return pl.struct(
        (of[""] if "" in of else document(of)).alias(name)  # a name is a value or an object, never both
        for name, of in parts.items()
    )


def encoded(lines: pl.DataFrame, columns: dict[str, pl.Expr], may_lack: tuple[str, ...] = ()) -> pl.Series:
    """Write one document a row; of what it lacks (`may_lack`: last parts of names) agents write nothing, not null."""
    text = lines.select(line=document(columns).struct.json_encode())["line"]
    if not may_lack:
        return text
    # A quotation mark inside a text is escaped, so that these patterns only match names.
    nothing = [f',"{name}":null' for name in may_lack]
    return text.str.replace_many(nothing, [""] * len(nothing))


def instant() -> pl.Expr:
    """Give the time as the agents write it: UTC, a Z; microseconds."""
    return pl.col("requested_at").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")


def request(kind: str = "web") -> dict[str, pl.Expr]:
    """Give the documents' names and values for what a web server knows of a request by itself."""
    values = {
        "requested_at": instant(),
        "duration_ms": pl.col("duration_ms").cast(pl.Int64) * 1_000_000,  # in nanoseconds
    }
    known = {their: values.get(our, pl.col(our)) for our, their in PROXY_FIELDS.items()}
    return {
        "@timestamp": known.pop("@timestamp"),
        "ecs.version": pl.lit(VERSION),
        "event.category": pl.concat_list(pl.lit(kind)),
        **known,
    }


def _documents(lines: pl.DataFrame, portal: Portal) -> pl.Series:
    asked = pl.when(pl.col("subject").is_not_null()).then(pl.format(f"{portal.parameter}={{}}", "subject"))
    columns = {
        **request(),
        "url.query": asked,
        "user.name": pl.col("account_id"),
        RECORDS: pl.col("records_returned").cast(pl.String),  # labels are keywords
    }
    if portal.searchable:
        columns[LISTED] = pl.col("returned_people")
    return encoded(lines, columns, ("query", "nb_assures", "assures"))


def _files(portal: Portal) -> list[LogFile]:
    listed = {"returned_people": LISTED} if portal.searchable else {}
    return [
        LogFile(
            id="access",
            kind="access_log",
            path="access.ndjson",
            format="ecs",
            timezone="UTC",
            fields={**FIELDS, "subject": f"url.query.{portal.parameter}", **listed},
            subject_kind=portal.subject_kind,
        )
    ]


@contextmanager
def _open(folder: Path, portal: Portal) -> Iterator[TextLog]:
    with text_log(folder / "access.ndjson", lambda lines: _documents(lines, portal), SHORTEST) as log:
        yield log


ECS = Form(
    name="ecs",
    about="one JSON document a line, Elastic Common Schema names",
    has_server=True,
    bytes_a_line=640,
    files=_files,
    open=_open,
)
