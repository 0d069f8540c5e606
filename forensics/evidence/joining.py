"""Partial logs: what a proxy, the application and the authentication each kept of one request becomes one request.

A line of an access log and one of an audit trail that bear the same reference are one request; without a reference,
those that sender, deed and time join (`forensics.evidence.joining_by_time`). What a line lacks of who asked (account,
address, agent) is taken from the other lines of its session, where they agree. Lines that find no counterpart stay
requests of their own: those that show somebody without saying whom are evidence of level C, a count and no names. The
lines of an authentication log are no requests, they say whose a session is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from forensics.engine import create, query, sql
from forensics.evidence.clocks import SCHEMA
from forensics.evidence.joining_by_time import PAIRS, join_by_time
from forensics.vocabulary import LINES_A_SOURCE

if TYPE_CHECKING:
    import duckdb

    from forensics.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """What joining found.

    Attributes:
        shares: one row a source of log lines (`forensics.schemas.Joins`); empty where there is one kind of log.
        lines: which other line each request was also told by (`forensics.schemas.JoinedLines`).
        clocks: how far the logs' clocks are apart, where they were joined by time (`forensics.schemas.Clocks`).
    """

    shares: pl.DataFrame
    lines: pl.DataFrame
    clocks: pl.DataFrame

    def told(self) -> list[str]:
        """Say for each source how many of its lines found a counterpart."""
        return [
            f"joined {row['source']}: {row['by_request']:,} of {row['lines']:,} lines by request, {row['by_time']:,} "
            f"by time, {row['by_session']:,} by session, {row['alone']:,} alone; {row['unnamed_lookups']:,} show "
            "somebody and do not say whom"
            for row in self.shares.iter_rows(named=True)
        ]


NOTHING = Joined(
    shares=pl.DataFrame(
        schema={
            "source": pl.String,
            "kind": pl.String,
            **dict.fromkeys(("lines", "by_request", "by_time", "by_session", "alone", "unnamed_lookups"), pl.Int64),
        }
    ),
    lines=pl.DataFrame(schema=PAIRS),
    clocks=pl.DataFrame(schema=SCHEMA),
)


def nothing_to_join(connection: duckdb.DuckDBPyConnection) -> Joined:
    """Let later queries find that there is one kind of log, whose lines stand for themselves."""
    connection.register("joined_lines", NOTHING.lines)
    connection.register("request_tiers", pl.DataFrame(schema={"request_id": pl.Int64, "tier": pl.String}))
    return NOTHING


def join_logs(connection: duckdb.DuckDBPyConnection, private: Path, settings: Settings) -> Joined:
    """Give the engine the view `clear_requests`: the admitted lines, one row a request.

    Args:
        connection: reads `clear_lines`, `repeated_lines`; gets `joined_lines`, `clear_requests`, `request_tiers`.
        private: where the requests are put that are made of several lines.
        settings: how near in time two lines of one request are.
    """
    connection.register("joined_lines", query(connection, "joined_lines", {"lines_a_source": LINES_A_SOURCE}))
    connection.sql("SELECT * FROM clear_lines WHERE kind <> 'authentication'").create_view("told_requests")
    timed, clocks = join_by_time(connection, settings)
    lines = pl.concat([connection.table("joined_lines").pl(), timed]).sort("request_id", "line_id")
    connection.register("joined_lines", lines)
    connection.execute("DROP VIEW told_requests")
    _materialise(connection, private, "told_requests", {"lines_a_source": LINES_A_SOURCE})
    for name in ("session_accounts", "session_clients"):
        create(connection, name)
    _materialise(connection, private, "clear_requests")
    create(connection, "request_tiers", {"lines_a_source": LINES_A_SOURCE})
    return Joined(shares=query(connection, "joins", {"lines_a_source": LINES_A_SOURCE}), lines=lines, clocks=clocks)


def _materialise(
    connection: duckdb.DuckDBPyConnection, private: Path, name: str, parameters: Mapping[str, object] | None = None
) -> None:
    """Keep one SQL file's rows in the private folder, not in memory, under the file's name."""
    path = private / f"{name}.parquet"
    connection.sql(sql(name), params=dict(parameters or {})).write_parquet(str(path), compression="lz4")
    connection.read_parquet(str(path)).create_view(name)
