"""Honest care: who visits which professional, and when.

A visit is one patient in front of one account; it holds for the days before and after the log too,
because claims are known for longer than requests.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data import targets
from synthetic_data.population import Population, department_weights
from synthetic_data.professionals import Professionals, daily_sigma

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
START = int(np.datetime64(targets.LOG_START, "us").astype(np.int64))
END = START + targets.LOG_DAYS * DAY
LOOKUPS_A_VISIT = 1 + targets.MISTYPED_SHARE + targets.REPEATED_SHARE

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Panels:
    """The households each account knows: `household[first[a] : first[a] + size[a]]` for account a."""

    household: Integers
    first: Integers
    size: Integers


def weekday_factors() -> NDArray[np.float64]:
    """Shape (professions, 7): a weekday's activity over that of a working day (share above 5 %)."""
    percent = np.array([p.weekdays for p in targets.PROFESSIONS], dtype=float)
    working = np.array([row[row > 5].mean() for row in percent])
    return percent / working[:, None]


def draw_panels(professionals: Professionals, population: Population, departments: int, rng: Generator) -> Panels:
    """Each account's clientele: mostly its own department, at its own operator."""
    accounts = professionals.accounts
    level = accounts["lookups_a_day"].to_numpy()
    size = np.maximum(20, np.ceil(level * targets.LOG_DAYS * targets.PANEL_OVER_VISITS)).astype(np.int64)
    names, weights = department_weights(departments)
    places = {name: index for index, name in enumerate(names)}
    pool, pool_first, pool_count, former_only = _households_by_place(population, places)
    account = np.repeat(np.arange(len(size)), size)
    operator = accounts["operator"].to_numpy()[account]
    home = np.array([places[d] for d in accounts["department"]])
    local = pool_count[accounts["operator"].to_numpy(), home]
    own_share = np.minimum(targets.OWN_DEPARTMENT_SHARE, local / size)[account]
    household = np.empty(len(account), dtype=np.int64)
    pending = np.arange(len(account))
    for _ in range(2):  # people no longer covered seldom come: drawn once, they are drawn again
        own = rng.random(len(pending)) < own_share[pending]
        place = np.where(own, home[account[pending]], rng.choice(len(names), size=len(pending), p=weights))
        side = operator[pending]
        place = np.where(pool_count[side, place] > 0, place, pool_count.argmax(axis=1)[side])
        pick = (rng.random(len(pending)) * pool_count[side, place]).astype(np.int64)
        household[pending] = pool[pool_first[side, place] + pick]
        pending = pending[former_only[side, household[pending]]]
    return Panels(household, np.cumsum(size) - size, size)


def _households_by_place(
    population: Population, places: dict[str, int]
) -> tuple[Integers, Integers, Integers, NDArray[np.bool_]]:
    """Sort households by operator and department.

    Returns the list, its starts and counts of shape (2, departments), and which households hold only
    former cards there, shape (2, households).
    """
    holders = population.persons.filter(pl.col("role") == "holder").select("household", "department")
    known = (
        population.register.group_by("operator", "household")
        .agg(pl.col("covered_until").is_not_null().all().alias("former"))
        .join(holders, on="household")
        .with_columns(pl.col("department").replace_strict(places, return_dtype=pl.Int64).alias("place"))
        .sort("operator", "place", "household")
    )
    count = np.zeros((2, len(places)), dtype=np.int64)
    np.add.at(count, (known["operator"].to_numpy(), known["place"].to_numpy()), 1)
    first = (np.cumsum(count.ravel()) - count.ravel()).reshape(count.shape)
    former = np.zeros((2, len(holders)), dtype=bool)
    lost = known.filter("former")
    former[lost["operator"].to_numpy(), lost["household"].to_numpy()] = True
    return known["household"].to_numpy(), first, count, former


def draw_visits(professionals: Professionals, panels: Panels, rng: Generator) -> pl.DataFrame:
    """One row a visit, from the first day of claims to the last.

    Columns: account, workstation, time (microseconds UTC), household. Sorted by workstation and time.
    """
    accounts = professionals.accounts
    profession = accounts["profession"].to_numpy()
    days = np.arange(-targets.CLAIM_DAYS_BEFORE, targets.LOG_DAYS + targets.CLAIM_DAYS_AFTER)
    spread = np.array([daily_sigma(p) for p in targets.PROFESSIONS])[profession]
    noise = np.exp(spread[:, None] * rng.standard_normal((len(accounts), len(days))))
    weekday = (targets.LOG_START.weekday() + days) % 7
    mean = accounts["lookups_a_day"].to_numpy()[:, None] / LOOKUPS_A_VISIT * noise
    counts = rng.poisson(mean * weekday_factors()[profession][:, weekday])
    account = np.repeat(np.arange(len(accounts)), counts.sum(axis=1))
    day = np.repeat(np.tile(days, len(accounts)), counts.ravel())
    time, head = _day_times(account, day, profession[account], rng)
    pick = panels.first[account] + (rng.random(len(account)) * panels.size[account]).astype(np.int64)
    visits = pl.DataFrame(
        {
            "account": account,
            "workstation": _workstations(professionals, account, head, rng),
            "time": time,
            "household": panels.household[pick],
        }
    ).sort("workstation", "time")
    return visits.with_columns(pl.Series("time", _apart(visits)))


def local_times(day: Integers, profession: Integers, rng: Generator) -> Integers:
    """Random times (microseconds UTC) on local days, at the hours of each profession."""
    hours = np.cumsum([p.hours for p in targets.PROFESSIONS], axis=1)
    hours = hours / hours[:, -1:]
    draw = rng.random(len(day))
    hour = np.zeros(len(day), dtype=np.int64)
    for index in range(len(targets.PROFESSIONS)):
        rows = profession == index
        hour[rows] = np.searchsorted(hours[index], draw[rows], side="right")
    return START + day * DAY + (hour - targets.LOCAL_OFFSET_HOURS) * HOUR + rng.integers(0, HOUR, len(day))


def _day_times(account: Integers, day: Integers, profession: Integers, rng: Generator) -> tuple[Integers, Integers]:
    """Draw times of visits given sorted (account, day), and the row of the visit each one queues behind.

    Half of the visits start at a time of their own; each of the others follows the one before in the
    same account's day, some minutes later (lognormal).
    """
    count = len(account)
    own = local_times(day, profession, rng)
    newcomer = (np.diff(account, prepend=-1) != 0) | (np.diff(day, prepend=-(10**6)) != 0)
    newcomer |= rng.random(count) >= targets.CHAINED_SHARE
    head = np.maximum.accumulate(np.where(newcomer, np.arange(count), 0))
    gap = targets.QUEUE_GAP_MEDIAN_S * np.exp(targets.QUEUE_GAP_SIGMA * rng.standard_normal(count)) * SECOND
    waited = np.cumsum(np.where(newcomer, 0, np.minimum(gap, 2 * HOUR)).astype(np.int64))
    return own[head] + waited - waited[head], head


def _workstations(professionals: Professionals, account: Integers, head: Integers, rng: Generator) -> Integers:
    """Serve each queue at one workstation, the first one in two cases of three."""
    owner = professionals.workstations["account"].to_numpy()
    size = np.bincount(owner)
    first = np.cumsum(size) - size
    shift = np.where(rng.random(len(account)) < 0.6, 0, rng.integers(0, 3, len(account))) % size[account]
    return (first[account] + shift)[head]


def _apart(visits: pl.DataFrame) -> Integers:
    """Push times back so that a workstation's visits are at least QUEUE_GAP_LEAST_S apart."""
    least = int(targets.QUEUE_GAP_LEAST_S * SECOND)
    order = np.arange(len(visits)) * least
    shelf = visits["workstation"].to_numpy() * (400 * DAY)
    return np.maximum.accumulate(visits["time"].to_numpy() + shelf - order) + order - shelf
