"""Lines without a common reference: a proxy's and an application's are one request where sender, deed and time agree.

Who sent two lines is told, in this order of preference, by the session token, by account and address, by the account
(where one of the lines has no address), by whoever had logged in from the address last (where one of them has no
account) and by the address alone. What was done must agree as far as both logs tell it. Then time decides:

1. Lines that can only belong together, because nothing else of their sender is near, measure how much later the one
   log writes than the other, and how far that scatters.
2. Two lines within that scatter are one request where each is the other's nearest, and so on with those that are left.
   Where the lines within reach are of several senders none of them is joined: no match is better than a false one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import polars as pl

from forensics.engine import create, query
from forensics.evidence.clocks import DAY_S, SCHEMA, SECOND_US, clock_row
from forensics.vocabulary import JOINED_BY, LINES_A_SOURCE

if TYPE_CHECKING:
    import duckdb

    from forensics.settings import Settings

BASES = JOINED_BY[1:]
LEFT_OUT = 0.005
"""Share of the lines that belong together which may lie beyond the scatter, on either side."""
CONCENTRATED = 0.5
"""Where fewer of the lines that are alone lie within the tolerance, they do not belong together: chance put them there.
Chance alone puts one in 150 there (2 of 300 seconds)."""
PAIRS = {"request_id": pl.Int64, "line_id": pl.Int64, "joined_by": pl.String}
CLOCK_PAIR = ("operator", "access_source", "server", "audit_source")
MEASURED = {
    **dict.fromkeys(CLOCK_PAIR, pl.String),
    **dict.fromkeys(("offset_us", "middle_us", "low_us", "high_us"), pl.Int64),
    "drift": pl.Float64,
}


def join_by_time(connection: duckdb.DuckDBPyConnection, settings: Settings) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Join lines of access logs and audit trails that bear no common reference.

    Args:
        connection: reads `clear_lines`, `repeated_lines`, `joined_lines`, `told_requests` (the lines as they are).
        settings: how far around a line must be alone, and how far two lines of one request may be apart.

    Returns:
        (pairs, clocks): `request_id`, `line_id`, `joined_by`; and what was measured of the logs' clocks
        (`forensics.schemas.Clocks`).
    """
    pairs, rows = pl.DataFrame(schema=PAIRS), pl.DataFrame(schema=SCHEMA)
    create(connection, "unjoined_lines", {"lines_a_source": LINES_A_SOURCE})
    if not _has_both_kinds(connection, "unjoined_lines"):
        return pairs, rows
    for name in ("session_accounts", "session_clients", "address_accounts", "lent_lines"):
        create(connection, name)
    clocks = pl.DataFrame(schema=MEASURED)
    connection.register("timed_lines", pairs)
    for _ in _each_basis(connection):
        found, measured = measure(connection, settings)
        rows, clocks = pl.concat([rows, found]), pl.concat([clocks, measured])
    clocks = clocks.unique(CLOCK_PAIR, keep="first", maintain_order=True)
    rows = rows.sort(pl.col("skew_s").is_null(), maintain_order=True)
    rows = rows.unique(["operator", "server", "reference"], keep="first", maintain_order=True)
    for basis in _each_basis(connection):
        pairs = pl.concat([pairs, nearest(connection, clocks, basis, settings)])
        connection.register("timed_lines", pairs)
    for name in ("unjoined_lines", "lent_lines", "keyed_lines", "address_accounts"):
        connection.execute(f'DROP TABLE "{name}"')
    return pairs.sort("request_id"), rows


def _each_basis(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Give each basis by which lines not in `timed_lines` could be one request, with `keyed_lines` in the engine."""
    for basis in BASES:
        create(connection, "keyed_lines", {"basis": basis})
        if _has_both_kinds(connection, "keyed_lines"):
            yield basis


def measure(connection: duckdb.DuckDBPyConnection, settings: Settings) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Measure how much later each audit trail writes than each access log's server, from lines that are alone.

    Args:
        connection: reads `keyed_lines`.
        settings: see `join_by_time`.

    Returns:
        (rows, measured): a row of `forensics.schemas.Clocks` a pair of clocks, null where nothing could be measured;
        and for the others the columns of `MEASURED`.
    """
    rows, measured = [], []
    alone = query(connection, "lines_alone", {"neighbourhood_us": settings.join_neighbourhood_s * SECOND_US})
    for names, own in alone.group_by(CLOCK_PAIR, maintain_order=True):
        operator, access, server, audit = names
        reference = str(access) if server is None else f"{access}/{server}"
        row = clock_row((str(operator), str(audit), reference), own, settings.interval_level, "time")
        scatter = _scatter(own, row, settings) if own.height >= settings.least_pairs_alone else None
        if scatter is None:
            row = (*row[:3], None, None, None, None, None, *row[8:])
        else:
            measured.append((*names, *scatter))
        rows.append(row)
    return (
        pl.DataFrame(rows, schema=SCHEMA, orient="row"),
        pl.DataFrame(measured, schema=MEASURED, orient="row"),
    )


def _scatter(own: pl.DataFrame, row: tuple[object, ...], settings: Settings) -> tuple[int, int, int, int, float] | None:
    """Return offset, middle instant, scatter below and above (microseconds), drift; None where chance explains it."""
    clock = dict(zip(SCHEMA, row, strict=True))
    if clock["skew_s"] is None:
        return None
    offset = round(float(str(clock["skew_s"])) * SECOND_US)
    drift = float(str(clock["drift_s_a_day"] or 0.0)) / DAY_S
    at = own["reference_at"].dt.epoch("us")
    middle = int(pl.Series([clock["measured_at"]], dtype=pl.Datetime("us")).dt.epoch("us").item())
    rest = own["requested_at"].dt.epoch("us") - at - offset - ((at - middle) * drift).round().cast(pl.Int64)
    cap = round(settings.join_tolerance_s * SECOND_US)
    within = rest.filter(rest.abs() <= cap)
    if within.len() < CONCENTRATED * rest.len():
        return None
    low, high = (within.quantile(share, "nearest") or 0.0 for share in (LEFT_OUT, 1 - LEFT_OUT))
    return offset, middle, round(low), round(high), drift


def nearest(
    connection: duckdb.DuckDBPyConnection, clocks: pl.DataFrame, basis: str, settings: Settings
) -> pl.DataFrame:
    """Join each line to its nearest, one to one, nearest pairs first, within what was measured.

    Args:
        connection: reads `keyed_lines`.
        clocks: the columns of `MEASURED`.
        basis: one of `BASES`.
        settings: see `join_by_time`.

    Returns:
        `request_id`, `line_id`, `joined_by`.
    """
    connection.register("measured_clocks", clocks)
    reach_us = round(settings.join_tolerance_s * SECOND_US)
    create(connection, "time_candidates", {"basis": basis, "reach_us": reach_us})
    found = pl.concat([pl.DataFrame(schema=PAIRS), *_rounds(connection)])
    return found.with_columns(joined_by=pl.lit(basis))


def _rounds(connection: duckdb.DuckDBPyConnection) -> Iterator[pl.DataFrame]:
    """Give the pairs that are each other's nearest, then those among the lines that are left, until there is none."""
    while True:
        pairs = query(connection, "time_pairs")
        if not pairs.height:
            return
        yield pairs.with_columns(joined_by=pl.lit(None, dtype=pl.String))
        connection.register("time_pairs", pairs)
        create(connection, "candidates_left")
        connection.execute("DROP TABLE time_candidates")
        connection.execute("ALTER TABLE candidates_left RENAME TO time_candidates")


def _has_both_kinds(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return connection.table(table).aggregate("count(DISTINCT kind)").fetchall() == [(2,)]
