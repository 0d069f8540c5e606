"""The incident as three logs, none of which holds account, person, address and record count on one line.

The proxy knows addresses, agents, paths without what was asked for, and the session's cookie, but no
account; the authentication log knows which account got which session; the application's audit trail
knows who asked for whom and how many records came back, but no address.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from synthetic_data.formats.ecs import PROXY_FIELDS, SHORTEST, TOKEN, encoded, instant, request
from synthetic_data.formats.layout import Form, LogFile, TextLog, text_log
from synthetic_data.formats.parquet import ParquetLog, fields_of, opened

if TYPE_CHECKING:
    from synthetic_data.portal import Portal

AUTHENTICATION_FIELDS = {
    "requested_at": "@timestamp", "account_id": "user.name", "session_token": TOKEN, "client_ip": "source.ip",
}  # fmt: skip
AUDIT_FIELDS = {
    "requested_at": "heure", "request_ref": "reference", "account_id": "compte", "action": "action",
    "records_returned": "nb_assures",
}  # fmt: skip
NOT_AUDITED = ("login", "static")


class PartialLogs:
    """Deals each request out to the logs that would have kept it."""

    def __init__(self, proxy: TextLog, authentication: TextLog, audit: ParquetLog) -> None:
        """Take the three open logs of one operator."""
        self._proxy, self._authentication, self._audit = proxy, authentication, audit

    def write(self, lines: pl.DataFrame) -> None:
        """Append lines; where a request was torn, every log that holds it was."""
        self._proxy.write(lines)
        done = lines.with_columns(action=_action())
        self._authentication.write(done.filter(pl.col("action") == "login"))
        # The application notes a request once it has answered it.
        answered = pl.col("requested_at") + pl.duration(milliseconds="duration_ms")
        audited = done.filter(~pl.col("action").is_in(NOT_AUDITED))
        self._audit.write(audited.with_columns(requested_at=answered))


def _action() -> pl.Expr:
    """Give what a request did, by its address."""
    from synthetic_data.portal import PAGES

    actions = {page.path: page.action for page in PAGES}
    return pl.col("path").cast(pl.String).replace_strict(actions, default="other", return_dtype=pl.String)


def _proxy_documents(lines: pl.DataFrame) -> pl.Series:
    return encoded(lines, request())


def _login_documents(lines: pl.DataFrame) -> pl.Series:
    refused = pl.col("status").is_between(400, 499)
    columns = {
        "@timestamp": instant(),
        "event.category": pl.concat_list(pl.lit("authentication")),
        "event.action": pl.lit("login"),
        "event.outcome": pl.when(refused).then(pl.lit("failure")).otherwise(pl.lit("success")),
        "user.name": pl.col("account_id"),
        "source.ip": pl.col("client_ip"),
        TOKEN: pl.col("session_token"),
    }
    return encoded(lines, columns)


def _files(portal: Portal) -> list[LogFile]:
    return [
        LogFile(id="proxy", kind="access_log", path="proxy.ndjson", format="ecs", timezone="UTC", fields=PROXY_FIELDS),
        LogFile(
            id="authentication",
            kind="authentication",
            path="authentication.ndjson",
            format="ecs",
            timezone="UTC",
            fields=AUTHENTICATION_FIELDS,
        ),
        LogFile(
            id="audit",
            kind="audit_trail",
            path="audit.parquet",
            format="parquet",
            timezone="UTC",
            fields=fields_of(portal, AUDIT_FIELDS),
            subject_kind=portal.subject_kind,
        ),
    ]


@contextmanager
def _open(folder: Path, portal: Portal) -> Iterator[PartialLogs]:
    with (
        text_log(folder / "proxy.ndjson", _proxy_documents, SHORTEST) as proxy,
        text_log(folder / "authentication.ndjson", _login_documents, SHORTEST) as authentication,
        opened(folder / "audit.parquet", fields_of(portal, AUDIT_FIELDS)) as audit,
    ):
        yield PartialLogs(proxy, authentication, audit)


PARTIAL = Form(
    name="partial",
    about="three logs: a proxy's without accounts, an authentication log, an audit trail without addresses",
    has_server=True,
    bytes_a_line=640,
    files=_files,
    open=_open,
)
