"""Clocks: how far servers' and logs' clocks are apart, from what they tell of the same sessions and requests.

A balancer that deals requests to servers by chance deals a session's requests as well. Of one request of the session on
the one server and one of the same action on the other, both drawn by lot, either is as likely to have come first, so
that the differences of their logged times are symmetric around the skew of the two clocks: their median is the skew,
and its interval is that of the sign test, whatever the visits look like. (Mean times of a session do not serve: they
are symmetric only where both servers get as many requests. Nor do neighbours in the logged order, which the skew
itself disturbs.) Where sessions stay on a server nothing is measured, and the skew is null, never zero.

Two logs of the same requests, joined by their reference, differ by the clocks and by the time between the two writings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.engine import create, query, sql
from forensics.estimation.median import clock
from forensics.vocabulary import LINES_A_SOURCE

if TYPE_CHECKING:
    import duckdb

    from forensics.settings import Settings

SAMPLED = 50_000
"""Requests by which sessions are drawn: the interval of 50,000 sessions is a few hundredths of a second wide."""
DAY_S, SECOND_US = 86_400, 1_000_000
SCHEMA = {
    "operator": pl.String,
    "server": pl.String,
    "reference": pl.String,
    "skew_s": pl.Float64,
    "low_s": pl.Float64,
    "high_s": pl.Float64,
    "measured_at": pl.Datetime("us"),
    "drift_s_a_day": pl.Float64,
    "n_sessions": pl.Int64,
    "method": pl.String,
}


def clocks(
    connection: duckdb.DuckDBPyConnection, settings: Settings, measured: pl.DataFrame, say: Callable[[str], None]
) -> pl.DataFrame:
    """Return how far clocks are apart (`forensics.schemas.Clocks`).

    Args:
        connection: reads `requests`, `joined_lines`, `clear_lines`.
        settings: the level of the intervals, and how far dealing may be from chance.
        measured: what joining by time measured of the logs' clocks (columns as returned).
        say: is told what was found.
    """
    rows = [*_between_servers(connection, settings), *_between_sources(connection, settings)]
    found = pl.concat([pl.DataFrame(rows, schema=SCHEMA, orient="row"), measured])
    found = found.sort("operator", "method", "server", "reference", descending=[False, True, False, False])
    for row in found.iter_rows(named=True):
        say(told(row))
    return found


def told(row: dict[str, Any]) -> str:
    """Say how far one clock is from its reference."""
    both = f"clock of {row['server']} against {row['reference']}"
    if row["skew_s"] is None:
        return f"{both}: not measurable"
    moves = "" if row["drift_s_a_day"] is None else f", moving by {row['drift_s_a_day']:+.3f} s a day"
    return f"{both}: {row['skew_s']:+.3f} s [{row['low_s']:+.3f}; {row['high_s']:+.3f}]{moves}"


def clock_row(
    names: tuple[str, str, str], differences: pl.DataFrame, level: float, method: str, *, is_symmetric: bool = True
) -> tuple[object, ...]:
    """Return one row of `Clocks`, nulls where nothing can be measured.

    Args:
        names: operator, server, reference.
        differences: `requested_at` by the one clock and `reference_at` by the other, one row a session or request.
        level: confidence.
        method: where the differences come from.
        is_symmetric: whether they may be taken to scatter around the skew.
    """
    n = differences.height
    seconds = (differences["requested_at"] - differences["reference_at"]).dt.total_microseconds() / SECOND_US
    at = differences["reference_at"].dt.epoch("us") / SECOND_US
    found = clock(seconds.to_numpy(), at.to_numpy(), level)
    if found is None or not is_symmetric:
        return (*names, None, None, None, None, None, n, method)
    # Clocks that tick in whole seconds leave less than a second between what they show and what was.
    tick = 1.0 if (seconds == seconds.round()).all() else 0.0
    skew, interval = found.skew.value, found.skew.interval
    limits = (round(s, 3) for s in (skew, interval.low - tick, interval.high + tick))
    middle = datetime.fromtimestamp(found.at, UTC).replace(tzinfo=None)
    drift = None if found.drift is None else round(found.drift * DAY_S, 3)
    return (*names, *limits, middle, drift, n, method)


def _between_servers(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[tuple[object, ...]]:
    servers = query(connection, "clock_servers")
    if not servers.height:
        return
    connection.register("clock_servers", servers)
    draw_requests(connection)
    create(connection, "clock_meetings")
    differences = query(connection, "clock_differences")
    mixing = {(operator, server): share for operator, server, _, share in query(connection, "clock_mixing").iter_rows()}
    for operator, server, reference, _ in servers.filter(pl.col("server") != pl.col("reference")).iter_rows():
        own = differences.filter(operator=operator, server=server)
        is_dealt = (mixing.get((operator, server)) or 0.0) >= settings.least_mixing
        yield clock_row(
            (operator, server, reference), own, settings.interval_level, "shared_sessions", is_symmetric=is_dealt
        )
    for name in ("clock_sessions", "clock_requests", "clock_meetings"):
        connection.execute(f'DROP TABLE "{name}"')


def draw_requests(connection: duckdb.DuckDBPyConnection) -> None:
    """Keep `clock_requests`: the requests of the sessions that are to tell of the clocks of `clock_servers`."""
    connection.sql(sql("clock_lots")).create_view("clock_lots", replace=True)
    create(connection, "clock_sessions", {"sampled": SAMPLED})
    create(connection, "clock_requests")


def _between_sources(connection: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[tuple[object, ...]]:
    if not connection.table("joined_lines").shape[0]:
        return
    parameters = {"sampled": SAMPLED, "lines_a_source": LINES_A_SOURCE}
    for names, own in query(connection, "source_differences", parameters).group_by(
        "operator", "server", "reference", maintain_order=True
    ):
        operator, server, reference = (str(name) for name in names)
        yield clock_row((operator, server, reference), own, settings.interval_level, "request_ref")
