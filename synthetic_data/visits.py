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

from synthetic_data import professions, targets
from synthetic_data.panels import Panels
from synthetic_data.presets import Calendar
from synthetic_data.professionals import Professionals, daily_sigma
from synthetic_data.professions import PROFESSIONS

SECOND = 1_000_000
HOUR = 3600 * SECOND
DAY = 24 * HOUR
LOOKUPS_A_VISIT = 1 + professions.MISTYPED_SHARE + professions.REPEATED_SHARE
LONGEST_WAIT = 2 * HOUR

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Visits:
    """One row a visit, sorted by workstation and time.

    account, workstation, contract: rows. time: microseconds UTC. checked: when the patient's rights were
    looked up: at the visit, or in the night before it by a batch.
    """

    account: NDArray[np.int32]
    workstation: NDArray[np.int32]
    contract: NDArray[np.int32]
    time: Integers
    checked: Integers


def local_midnight(calendar: Calendar, day: NDArray[np.integer] | int) -> Integers:
    """Microseconds UTC of the midnight, by local clocks, that starts a day of the log."""
    return calendar.start_us + np.asarray(day, dtype=np.int64) * DAY - targets.LOCAL_OFFSET_HOURS * HOUR


def weekday_factors() -> NDArray[np.float64]:
    """Shape (professions, 7): a weekday's activity over that of a working day (share above 5 %)."""
    percent = np.array([figures.weekdays for figures in PROFESSIONS], dtype=float)
    working = np.array([row[row > 5].mean() for row in percent])
    return percent / working[:, None]


def expected_visits(accounts: pl.DataFrame, calendar: Calendar, days: NDArray[np.int64]) -> NDArray[np.float64]:
    """Shape (accounts, days): visits to expect of each account on each day of the log."""
    profession = accounts["profession"].to_numpy()
    holiday = np.isin(days, [(day - calendar.start.date()).days for day in professions.HOLIDAYS])
    weekday = np.where(holiday, professions.SUNDAY, (calendar.start.weekday() + days) % 7)
    mean = accounts["lookups_a_day"].to_numpy()[:, None] / LOOKUPS_A_VISIT
    is_open = accounts["opened_day"].to_numpy()[:, None] <= days
    return mean * weekday_factors()[profession][:, weekday] * is_open


def draw_visits(
    professionals: Professionals,
    panels: Panels,
    operator: int,
    days: range,
    calendar: Calendar,
    thinned: NDArray[np.float64] | None,
    rng: Generator,
) -> Visits:
    """Draw the visits of one operator's accounts on some days.

    thinned: of each account of the operator, the share of visits to keep; None for all.
    """
    first, last = professionals.start[operator : operator + 2]
    accounts = professionals.accounts[first:last]
    profession = accounts["profession"].to_numpy()
    spread = np.array([daily_sigma(figures) for figures in PROFESSIONS])[profession]
    all_days = np.arange(days.start, days.stop)
    noise = np.exp(spread[:, None] * rng.standard_normal((len(accounts), len(all_days))))
    mean = expected_visits(accounts, calendar, all_days) * noise
    counts = rng.poisson(mean if thinned is None else mean * thinned[:, None])
    row = np.repeat(np.arange(len(accounts), dtype=np.int32), counts.sum(axis=1))
    day = np.repeat(np.tile(all_days, len(accounts)), counts.ravel())
    time, head = _day_times(row, day, accounts, calendar, rng)
    account = first + row
    size = panels.size()[account]
    pick = panels.start[account] + (rng.random(len(row)) * size).astype(np.int64)
    workstation = _workstations(professionals, account, head, rng)
    order = np.lexsort((time, workstation))
    time = _apart(time[order], workstation[order])
    account, day = account[order], day[order]
    return Visits(
        account=account.astype(np.int32),
        workstation=workstation[order],
        contract=panels.contract[pick][order],
        time=time,
        checked=_checked(time, account - first, day, accounts, calendar, rng),
    )


def local_times(day: Integers, profession: Integers, calendar: Calendar, rng: Generator) -> Integers:
    """Random times (microseconds UTC) on local days, at the hours of each profession."""
    hours = np.cumsum([figures.hours for figures in PROFESSIONS], axis=1)
    hours = hours / hours[:, -1:] + np.arange(len(PROFESSIONS))[:, None]
    # One table for all professions: each has its own stretch of whole numbers.
    draw = rng.random(len(day)) + profession
    hour = np.searchsorted(hours.ravel(), draw, side="right") - profession * 24
    return local_midnight(calendar, day) + hour * HOUR + rng.integers(0, HOUR, len(day))


def _day_times(
    row: NDArray[np.int32], day: Integers, accounts: pl.DataFrame, calendar: Calendar, rng: Generator
) -> tuple[Integers, Integers]:
    """Draw times of visits given sorted (account, day), and the row of the visit each one queues behind.

    Half of the visits start at a time of their own; each of the others follows the one before in the
    same account's day, some minutes later (lognormal).
    """
    count = len(row)
    own = local_times(day, accounts["profession"].to_numpy()[row], calendar, rng)
    newcomer = (np.diff(row, prepend=-1) != 0) | (np.diff(day, prepend=-(10**6)) != 0)
    newcomer |= rng.random(count) >= professions.CHAINED_SHARE
    head = np.maximum.accumulate(np.where(newcomer, np.arange(count), 0))
    usual = accounts["queue_gap_s"].to_numpy()[row] * SECOND
    gap = usual * np.exp(professions.QUEUE_GAP_SIGMA * rng.standard_normal(count))
    waited = np.cumsum(np.where(newcomer, 0, np.minimum(gap, LONGEST_WAIT)).astype(np.int64))
    return own[head] + waited - waited[head], head


def _workstations(
    professionals: Professionals, account: NDArray[np.int32], head: Integers, rng: Generator
) -> NDArray[np.int32]:
    """Serve each queue at one workstation, small practices at the first one in two cases of three."""
    start = professionals.workstations.start
    size = np.diff(start)[account]
    anywhere = (rng.random(len(account)) * size).astype(np.int32)
    shift = np.where((size <= 3) & (rng.random(len(account)) < 0.6), 0, anywhere)
    return (start[account] + shift)[head]


def _apart(time: Integers, workstation: NDArray[np.int32]) -> Integers:
    """Push times back so that a workstation's visits are at least QUEUE_GAP_LEAST_S apart."""
    least = int(professions.QUEUE_GAP_LEAST_S * SECOND)
    order = np.arange(len(time)) * least
    shelf = workstation.astype(np.int64) * (200 * DAY)
    return np.maximum.accumulate(time + shelf - order) + order - shelf


def _checked(
    time: Integers, row: NDArray[np.int32], day: Integers, accounts: pl.DataFrame, calendar: Calendar, rng: Generator
) -> Integers:
    """When rights were looked up: at the visit, or by a batch in the night before it, one after the other."""
    gap = accounts["batch_gap_s"].fill_null(0.0).to_numpy()
    night = np.flatnonzero(gap[row] > 0)
    if len(night) == 0:
        return time
    key = row[night].astype(np.int64) * 1000 + day[night]
    order = np.argsort(key, kind="stable")
    night, key = night[order], key[order]
    opens = np.diff(key, prepend=-(10**9)) != 0
    run = np.cumsum(opens) - 1
    start = rng.uniform(*professions.BATCH_HOURS, int(opens.sum())) * HOUR
    wait = gap[row[night]] * SECOND * np.exp(0.2 * rng.standard_normal(len(night)))
    waited = np.cumsum(wait)
    checked = time.copy()
    checked[night] = local_midnight(calendar, day[night]) + (start[run] + waited - waited[opens][run]).astype(np.int64)
    return checked
