"""Partial logs: what a proxy, the application and the authentication each kept of one request becomes one request.

A line of an access log and one of an audit trail that bear the same reference are one request. What a line lacks of
who asked (account, address, agent) is taken from the other lines of its session, where they agree. Lines that find no
counterpart stay requests of their own; those of an authentication log are no requests, they say whose a session is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from forensics.engine import create, query, sql
from forensics.vocabulary import LINES_A_SOURCE

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """What joining found.

    Attributes:
        shares: one row a source of log lines (`forensics.schemas.Joins`); empty where there is one kind of log.
        lines: which other line each request was also told by (`forensics.schemas.JoinedLines`).
    """

    shares: pl.DataFrame
    lines: pl.DataFrame

    def told(self) -> list[str]:
        """Say for each source how many of its lines found a counterpart."""
        return [
            f"joined {row['source']}: {row['by_request']:,} of {row['lines']:,} lines by request, "
            f"{row['by_session']:,} by session, {row['alone']:,} alone"
            for row in self.shares.iter_rows(named=True)
        ]


NOTHING = Joined(
    shares=pl.DataFrame(
        schema={
            "source": pl.String,
            "kind": pl.String,
            "lines": pl.Int64,
            "by_request": pl.Int64,
            "by_session": pl.Int64,
            "alone": pl.Int64,
        }
    ),
    lines=pl.DataFrame(schema={"request_id": pl.Int64, "line_id": pl.Int64}),
)


def nothing_to_join(connection: duckdb.DuckDBPyConnection) -> Joined:
    """Let later queries find that there is one kind of log, whose lines stand for themselves."""
    connection.register("joined_lines", NOTHING.lines)
    connection.register("request_tiers", pl.DataFrame(schema={"request_id": pl.Int64, "tier": pl.String}))
    return NOTHING


def join_logs(connection: duckdb.DuckDBPyConnection, private: Path) -> Joined:
    """Give the engine the view `clear_requests`: the admitted lines, one row a request.

    Args:
        connection: reads `clear_lines`, `repeated_lines`; gets `joined_lines`, `clear_requests`, `request_tiers`.
        private: where the requests are put that are made of several lines.
    """
    lines = query(connection, "joined_lines", {"lines_a_source": LINES_A_SOURCE})
    connection.register("joined_lines", lines)
    _materialise(connection, private, "told_requests")
    for name in ("session_accounts", "session_clients"):
        create(connection, name)
    _materialise(connection, private, "clear_requests")
    create(connection, "request_tiers", {"lines_a_source": LINES_A_SOURCE})
    return Joined(shares=query(connection, "joins"), lines=lines)


def _materialise(connection: duckdb.DuckDBPyConnection, private: Path, name: str) -> None:
    """Keep one SQL file's rows in the private folder, not in memory, under the file's name."""
    path = private / f"{name}.parquet"
    connection.sql(sql(name)).write_parquet(str(path), compression="lz4")
    connection.read_parquet(str(path)).create_view(name)
