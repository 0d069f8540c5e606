"""Claims that follow visits, in the log's days and around them."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data import targets
from synthetic_data.population import Population
from synthetic_data.professionals import Professionals
from synthetic_data.visits import (
    DAY,
    END,
    HOUR,
    LOOKUPS_A_VISIT,
    SECOND,
    START,
    Integers,
    Panels,
    local_times,
    weekday_factors,
)

FOLLOW_UP_DAYS = 30


def claim_chances(professionals: Professionals, panels: Panels) -> NDArray[np.float64]:
    """Give each account's chance p that one visit leads to a claim.

    The account's claim_share s counts lookups followed by a claim for that card within 30 days, whichever
    visit the claim comes from. With r other visits of the same card expected in those days,
    s = 1 - (1 - p) exp(-p r), solved for p by bisection.
    """
    accounts = professionals.accounts
    owner = np.repeat(np.arange(len(accounts)), panels.size)
    known = pl.DataFrame({"account": owner, "household": panels.household})
    same = (
        known.group_by("account", "household")
        .len()
        .group_by("account")
        .agg((pl.col("len").cast(pl.Int64) ** 2).sum().alias("pairs"))
        .sort("account")["pairs"]
        .to_numpy()
    )
    week = weekday_factors()[accounts["profession"].to_numpy()].mean(axis=1)
    visits = accounts["lookups_a_day"].to_numpy() / LOOKUPS_A_VISIT * week * FOLLOW_UP_DAYS
    returns = visits * same / panels.size**2
    share = accounts["claim_share"].to_numpy()
    low, high = np.zeros(len(share)), np.ones(len(share))
    for _ in range(40):
        middle = (low + high) / 2
        over = 1 - (1 - middle) * np.exp(-middle * returns) > share
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return (low + high) / 2


def draw_claims(
    visits: pl.DataFrame,
    panels: Panels,
    professionals: Professionals,
    population: Population,
    rng: Generator,
) -> pl.DataFrame:
    """One row a claim, for one person of the visited card who is covered.

    Columns: account, workstation, time, person. At once for CLAIM_AT_ONCE_SHARE, else on a later day.
    """
    accounts = professionals.accounts
    chance = claim_chances(professionals, panels)[visits["account"].to_numpy()]
    claimed = visits.filter(pl.Series(rng.random(len(visits)) < chance))
    account = claimed["account"].to_numpy()
    profession = accounts["profession"].to_numpy()[account]
    visited = claimed["time"].to_numpy()
    soon = visited + rng.integers(200 * SECOND, 1500 * SECOND, len(claimed))
    wait = 1 + np.minimum(
        rng.exponential(targets.CLAIM_DELAY_MEAN_DAYS, len(claimed)).astype(np.int64),
        targets.CLAIM_DELAY_DAYS_MAX - 1,
    )
    day = (visited - START + targets.LOCAL_OFFSET_HOURS * HOUR) // DAY + wait
    closed = weekday_factors()[profession, (targets.LOG_START.weekday() + day) % 7] < 0.3
    later = local_times(day + closed, profession, rng)
    at_once = rng.random(len(claimed)) < targets.CLAIM_AT_ONCE_SHARE
    person = _claimants(claimed, accounts["operator"].to_numpy()[account], population, rng)
    return (
        claimed.select("account", "workstation")
        .with_columns(
            pl.Series("time", np.where(at_once, soon, later)),
            pl.Series("person", person),
        )
        .filter(
            pl.col("person") >= 0,
            pl.col("time") >= START - targets.CLAIM_DAYS_BEFORE * DAY,
            pl.col("time") < END + targets.CLAIM_DAYS_AFTER * DAY,
        )
    )


def _claimants(claimed: pl.DataFrame, operator: Integers, population: Population, rng: Generator) -> Integers:
    """Choose a covered person of each visited household; -1 where nobody is covered at that operator then."""
    covered = population.register.filter(pl.col("covered_until").is_null())
    households = population.persons["household"].max()
    width = int(households) + 1 if isinstance(households, int) else 0
    place = covered["operator"].to_numpy() * width + covered["household"].to_numpy()
    wanted = operator * width + claimed["household"].to_numpy()
    first = np.searchsorted(place, wanted)
    count = np.searchsorted(place, wanted, side="right") - first
    row = np.minimum(first + (rng.random(len(wanted)) * count).astype(np.int64), len(place) - 1)
    start = covered["covered_from"].cast(pl.Int64).to_numpy()[row] * DAY
    allowed = (count > 0) & (start <= claimed["time"].to_numpy())
    return np.where(allowed, covered["person"].to_numpy()[row], -1)
