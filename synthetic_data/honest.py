"""Honest traffic: visits and claims become pages asked for, with the logins around them."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.random import Generator

from synthetic_data import portal, targets
from synthetic_data.claims import draw_claims
from synthetic_data.identifiers import unassigned_nirs
from synthetic_data.population import Population
from synthetic_data.professionals import Professionals
from synthetic_data.visits import DAY, END, SECOND, START, draw_panels, draw_visits

SILENCE = targets.SESSION_SILENCE_MINUTES * 60 * SECOND

# Every page asked for, by whoever: what the robots return too.
TRAFFIC = {
    "time": pl.Int64,  # microseconds since 1970, UTC
    "operator": pl.Int64,
    "account": pl.Int64,
    "address": pl.Int64,
    "agent": pl.Int64,  # index in professionals.AGENTS
    "page": pl.Int64,  # index in portal.PAGES
    "number": pl.Int64,  # the 13 digits asked for, 0 where none
    "login": pl.Int64,  # one number a login, for the session token
    "campaign": pl.Int64,  # 0 for honest, else the robot's number
}


def draw_lookups(visits: pl.DataFrame, population: Population, rng: Generator) -> pl.DataFrame:
    """Draw the lookups of the visits of the log's days.

    Columns: workstation, account, time, page, number. A mistyped number comes first and is corrected;
    a number without rights is not tried again; a patient may be looked up twice.
    """
    holders = population.persons.filter(pl.col("role") == "holder")["holder_number"].to_numpy()
    assigned = population.persons.filter(pl.col("role") != "child")["beneficiary_number"].to_numpy() // 100
    inside = visits.filter(pl.col("time").is_between(START - DAY, END + DAY))
    number = holders[inside["household"].to_numpy()]
    count = len(inside)
    strange = unassigned_nirs(number, assigned, rng)
    unknown = rng.random(count) < targets.UNKNOWN_SHARE
    mistyped = ~unknown & (rng.random(count) < targets.MISTYPED_SHARE)
    again = ~unknown & (rng.random(count) < targets.REPEATED_SHARE)
    corrected = np.where(mistyped, rng.integers(12 * SECOND, 50 * SECOND, count), 0)
    repeated = (SECOND * np.clip(150 * np.exp(0.8 * rng.standard_normal(count)), 20, 1400)).astype(np.int64)
    main = inside.with_columns(
        pl.Series("number", np.where(unknown, strange, number)), pl.col("time") + pl.Series(corrected)
    )
    first = inside.with_columns(pl.Series("number", strange)).filter(pl.Series(mistyped))
    second = main.with_columns(pl.col("time") + pl.Series(repeated)).filter(pl.Series(again))
    return pl.concat([main, first, second]).select(
        "workstation", "account", "time", pl.lit(portal.RIGHTS, dtype=pl.Int64).alias("page"), "number"
    )


def browse(actions: pl.DataFrame, professionals: Professionals, rng: Generator) -> pl.DataFrame:
    """Put logins, home pages, account pages and logouts around lookups and claims: TRAFFIC columns.

    A workstation silent for more than 30 minutes, or whose browser was updated, logs in again.
    """
    stations = professionals.workstations
    day = (pl.col("time") - START) // DAY
    acted = (
        actions.join(stations.select("workstation", "address", "browser", "update_day"), on="workstation")
        .with_columns((pl.col("browser") * 2 + (day >= pl.col("update_day"))).alias("agent"))
        .sort("workstation", "time", "page", "number")
    )
    silent = acted["time"].diff().fill_null(0).to_numpy() > SILENCE
    other = (acted["workstation"].diff().fill_null(1) != 0).to_numpy()
    updated = (acted["agent"].diff().fill_null(0) != 0).to_numpy()
    opens = silent | other | updated
    acted = acted.with_columns(pl.Series("login", np.cumsum(opens)))
    starts = acted.filter(pl.Series(opens))
    count = len(starts)
    before = pl.Series(rng.integers(8 * SECOND, 40 * SECOND, count))
    closes = acted.filter(pl.Series(np.append(opens[1:], True)))
    leaves = closes.filter(pl.Series(rng.random(count) < 0.3))
    reads = starts.filter(pl.Series(rng.random(count) < 0.02))
    around = [
        _page(starts, pl.col("time") - before, portal.LOGIN),
        _page(starts, pl.col("time") - before + 900_000, portal.HOME),
        _page(reads, pl.col("time") - pl.Series(rng.integers(SECOND, 5 * SECOND, len(reads))), portal.ACCOUNT),
        _page(leaves, pl.col("time") + pl.Series(rng.integers(20, 600, len(leaves)) * SECOND), portal.LOGOUT),
    ]
    operator = professionals.accounts.select("account", "operator")
    return (
        pl.concat([acted, *around])
        .join(operator, on="account")
        .with_columns(pl.lit(0, dtype=pl.Int64).alias("campaign"))
        .select(pl.col(name).cast(kind) for name, kind in TRAFFIC.items())
        .filter(pl.col("time").is_between(START, END - 1))
        .sort("time", "account", "page", "number")
    )


def _page(rows: pl.DataFrame, time: pl.Expr, page: int) -> pl.DataFrame:
    """Make the same rows ask for another page at another time."""
    return rows.with_columns(
        time.alias("time"),
        pl.lit(page, dtype=pl.Int64).alias("page"),
        pl.lit(0, dtype=pl.Int64).alias("number"),
    )


def with_static_files(pages: pl.DataFrame, total: int, rng: Generator) -> pl.DataFrame:
    """Add the style sheets, scripts and images each honest page fetches, up to about `total` rows."""
    weight = np.array([page.static for page in portal.PAGES])[pages["page"].to_numpy()]
    mean = max(0, total - len(pages)) / weight.sum()
    fetched = rng.poisson(weight * mean)
    row = np.repeat(np.arange(len(pages)), fetched)
    return pages[row].with_columns(
        pl.col("time") + pl.Series(rng.integers(30_000, 900_000, len(row))),
        pl.Series("page", rng.choice(portal.STATIC, size=len(row))),
        pl.lit(0, dtype=pl.Int64).alias("number"),
    )


def draw_honest(
    professionals: Professionals,
    population: Population,
    departments: int,
    rng: dict[str, Generator],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Draw the honest pages of the log (TRAFFIC columns) and all claims (account, time, person).

    Uses the streams `visits`, `claims` and `browsing` of `rng`.
    """
    panels = draw_panels(professionals, population, departments, rng["visits"])
    visits = draw_visits(professionals, panels, rng["visits"])
    claims = draw_claims(visits, panels, professionals, population, rng["claims"])
    lookups = draw_lookups(visits, population, rng["browsing"])
    sent = claims.select(
        "workstation", "account", "time",
        pl.lit(portal.CLAIM, dtype=pl.Int64).alias("page"), pl.lit(0, dtype=pl.Int64).alias("number"),
    ).filter(pl.col("time").is_between(START - DAY, END + DAY))  # fmt: skip
    return browse(pl.concat([lookups, sent]), professionals, rng["browsing"]), claims
