"""Sessions: requests of one client of one account that belong together, cut where it falls silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from forensics.engine import create, query
from forensics.settings import Settings

if TYPE_CHECKING:
    import duckdb
    import polars as pl


def build(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Rebuild the sessions from the requests.

    Reads `requests`, `accounts`, `subjects`, `register`, `returned_people`. Makes the tables `strand_keys` (one client
    of one account), `request_sessions` (one request), `session_keys` (one session), `lookups` and `session_lookups`,
    `session_returned` (whom answers named), `asked_people` and `askable` (both of what was asked for or named).
    """
    create(connection, "strand_keys")
    create(connection, "request_sessions", {"gap_minutes": settings.session_gap_minutes})
    create(connection, "session_keys")
    create(connection, "lookups")
    create(connection, "session_lookups")
    create(connection, "session_returned")
    create(connection, "asked_people")
    create(connection, "askable")


def strands(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return one row a strand: who, from where, when, how many sessions, lookups and distinct subjects."""
    return query(connection, "strands")


def request_sessions(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return `request_id`, `request_ref`, `session_id`, sorted by request."""
    return query(connection, "session_of_request")
