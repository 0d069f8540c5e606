"""Habits: what a client does otherwise than its account did in the clean weeks, and than honest clients do.

Each chance but that of misses is a rank: the share of honest clients at least as odd. It is no smaller than one over
their number, so that habits alone never accuse; they say whether the machine or its owner sat there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.case import Case
from forensics.detection.care import care, peers
from forensics.engine import query
from forensics.networks import network

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

HABITS = {
    "busiest_day": pl.Int64, "p_breadth": pl.Float64, "n_asked": pl.Int64, "n_missed": pl.Int64, "p_misses": pl.Float64,
    "n_later_sessions": pl.Int64, "n_strange_sessions": pl.Int64, "p_hours": pl.Float64,
    "new_network": pl.Boolean, "new_agent": pl.Boolean, "p_new": pl.Float64,
}  # fmt: skip
"""After the clean weeks: people asked for on the busiest day; lookups, and those that found nobody; sessions, and those
begun at hours that the account kept free before; whether it never used that network or agent before (null: no clean
weeks, or none of that account); with the chance that an honest client looks so."""

CHANCES = ("p_breadth", "p_misses", "p_hours", "p_new")
LEAST_KNOWN_SESSIONS = 5
"""Sessions in the clean weeks, without which an account has no habits. Our choice: a working week."""


def without_habits() -> list[pl.Expr]:
    """Return the columns of HABITS where they are not measured."""
    return [pl.lit(None, dtype=dtype).alias(name) for name, dtype in HABITS.items()]


def with_habits(
    connection: duckdb.DuckDBPyConnection, case: Case, measured: pl.DataFrame, suspected: NDArray[np.bool_]
) -> pl.DataFrame:
    """Add HABITS to the strands.

    Reads the tables of `forensics.sessions`.

    Args:
        connection: where the tables are.
        case: settings and the clean weeks.
        measured: one row a strand, sorted by `strand_id`.
        suspected: (n,) whom pace or regularity suspect: they say nothing of honest clients.
    """
    least, clean = case.settings.least_peers, case.declared.case.clean_until
    habits = query(connection, "strand_habits", {"clean_until": clean})
    frame = measured.join(habits, on="strand_id", how="left").sort("strand_id").join(
        _newness(measured, clean), on="strand_id", how="left", maintain_order="left"
    )  # fmt: skip
    has_habits = (pl.col("n_known_sessions") >= LEAST_KNOWN_SESSIONS) & (pl.col("account_id") != "")
    frame = frame.with_columns(
        pl.when(has_habits).then(pl.col(name)).alias(name) for name in ("new_network", "new_agent")
    )
    odd_hours = pl.when(has_habits).then(pl.col("n_strange_sessions") / pl.col("n_later_sessions"))
    odd_place = pl.col("new_network").cast(pl.Int8) * 2 + pl.col("new_agent").cast(pl.Int8)
    honest = ~suspected & (frame["account_id"] != "").to_numpy()
    operators = frame["operator"].to_numpy()
    return frame.with_columns(
        pl.Series("p_breadth", _ranks(_values(frame, pl.col("busiest_day")), operators, honest, least)),
        pl.Series("p_hours", _ranks(_values(frame, odd_hours), operators, honest, least)),
        pl.Series("p_new", _ranks(_values(frame, odd_place), operators, honest, least)),
        pl.Series("p_misses", _misses(frame, honest, least)),
    ).select(*measured.columns, *HABITS)


def _values(frame: pl.DataFrame, value: pl.Expr) -> NDArray[np.float64]:
    return frame.select(value.cast(pl.Float64)).to_series().fill_null(np.nan).to_numpy()


def _newness(measured: pl.DataFrame, clean_until: object) -> pl.DataFrame:
    """Tell whether the network and the agent of each strand were the account's in its clean weeks."""
    schema = {"strand_id": pl.Int64, "new_network": pl.Boolean, "new_agent": pl.Boolean}
    if clean_until is None:
        return pl.DataFrame(schema=schema)
    account = ["operator", "account_id"]
    clients = measured.select(
        "strand_id", *account, "user_agent", "first_seen_at",
        network=pl.col("client_ip").map_elements(network, return_dtype=pl.String),
    )  # fmt: skip
    before = clients.filter(pl.col("first_seen_at") < pl.lit(clean_until))
    networks = before.select(*account, "network").unique().with_columns(network_known=True)
    agents = before.select(*account, "user_agent").unique().with_columns(agent_known=True)
    told = clients.join(networks, on=[*account, "network"], how="left", nulls_equal=True)
    told = told.join(agents, on=[*account, "user_agent"], how="left", nulls_equal=True)
    return told.select(
        "strand_id", new_network=pl.col("network_known").is_null(), new_agent=pl.col("agent_known").is_null()
    )


def _ranks(
    values: NDArray[np.float64], operators: NDArray[np.object_], honest: NDArray[np.bool_], least: int
) -> NDArray[np.float64]:
    """Return the share of honest clients of the operator at least as large, itself counted; NaN where too few."""
    chances = np.full(len(values), np.nan)
    for operator in np.unique(operators):
        mine = (operators == operator) & ~np.isnan(values)
        others = np.sort(values[mine & honest])
        if len(others) < least:
            continue
        at_least = len(others) - np.searchsorted(others, values[mine], side="left")
        itself = 1 - honest[mine].astype(np.int64)
        chances[mine] = (at_least + itself) / (len(others) + itself)
    return chances


def _misses(frame: pl.DataFrame, honest: NDArray[np.bool_], least: int) -> NDArray[np.float64]:
    """Return the chance that an honest client's lookups find somebody so seldom: the tail of the operator's law."""
    chances = np.full(frame.height, np.nan)
    n = frame["n_asked"].fill_null(0).to_numpy()
    hits = n - frame["n_missed"].fill_null(0).to_numpy()
    operators = frame["operator"].to_numpy()
    for operator in np.unique(operators):
        mine = (operators == operator) & (n > 0)
        if np.sum(mine & honest) < least:
            continue
        order = np.lexsort((hits[mine & honest], n[mine & honest]))
        law = peers(n[mine & honest][order], hits[mine & honest][order])
        worse = np.flatnonzero(mine & (hits < law.share * n))
        chances[mine] = 1.0
        chances[worse] = [care(int(n[row]), int(hits[row]), law) for row in worse]
    return chances
