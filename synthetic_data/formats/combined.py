"""Apache combined log lines, local time: no reference, server, count or token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from synthetic_data.formats.layout import Form, LogFile, TextLog, text_log

if TYPE_CHECKING:
    from synthetic_data.portal import Portal

LOCAL, ZONE = "1h", "+0100"  # winter time in Paris, where the servers' clocks are
SHORTEST = 12
FIELDS = {
    "requested_at": "time", "account_id": "user", "client_ip": "host", "user_agent": "user_agent",
    "method": "method", "path": "url.path", "status": "status", "response_bytes": "bytes",
}  # fmt: skip


def combined_lines(lines: pl.DataFrame, parameter: str) -> pl.Series:
    """Turn requests into lines, what was asked for in the query as `parameter`."""
    local = pl.col("requested_at").dt.offset_by(LOCAL).dt.strftime(f"%d/%b/%Y:%H:%M:%S {ZONE}")
    query = pl.when(pl.col("subject").is_null()).then(pl.lit("")).otherwise(pl.format(f"?{parameter}={{}}", "subject"))
    return lines.select(
        line=pl.format(
            '{} - {} [{}] "{} {}{} HTTP/1.1" {} {} "-" "{}"',
            "client_ip", "account_id", local, "method", "path", query, "status", "response_bytes", "user_agent",
        )
    )["line"]  # fmt: skip


def _files(portal: Portal) -> list[LogFile]:
    return [
        LogFile(
            id="access",
            kind="access_log",
            path="access.log",
            format="combined",
            timezone="Europe/Paris",
            fields={**FIELDS, "subject": f"url.query.{portal.parameter}"},
            subject_kind=portal.subject_kind,
        )
    ]


@contextmanager
def _open(folder: Path, portal: Portal) -> Iterator[TextLog]:
    with text_log(folder / "access.log", lambda lines: combined_lines(lines, portal.parameter), SHORTEST) as log:
        yield log


COMBINED = Form(
    name="combined",
    about="Apache combined log lines; no reference, server, count or token",
    has_server=False,
    bytes_a_line=230,
    files=_files,
    open=_open,
)
