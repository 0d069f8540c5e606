"""Change: the days in which care explains least, and whether chance does as much. Numbers and arrays only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHUFFLES = 1999
"""Orders of the days that the chance is counted over: it is no smaller than one in 2,000."""
SEED = 20240122
"""Of the shuffles; any number does, and the same one gives the same bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """A stretch of days, numbered from 0, both ends included, and the chance that shuffled days hold one as raised."""

    first: int
    last: int
    chance: float


def raised(n_patients: NDArray[np.int64], n_explained: NDArray[np.int64], weekday: NDArray[np.int64]) -> Raised | None:
    """Return the stretch of days with the largest excess of patients that care does not explain.

    The excess of a day is its unexplained patients less what the share of the whole log would give; the statistic is
    the largest sum over consecutive days (the one-sided form of Levin and Kline 1985 for a change and a change back).
    Its chance is counted over shuffles of the days within each day of the week: nothing is assumed of how they vary.
    With three weeks, a stretch of three days cannot be rarer than about one in nine.

    Args:
        n_patients: (k,) patients of each day, in order; days without any are 0.
        n_explained: (k,) those that care explains.
        weekday: (k,) day of the week.

    Returns:
        None where there are fewer than two weeks: days of the week cannot be shuffled.

    References:
        Levin B., Kline J. 1985. The cusum test of homogeneity with an application in spontaneous abortion epidemiology.
        Statistics in Medicine 4:469-488. Phipson B., Smyth G.K. 2010. Permutation p-values should never be zero.
    """
    if len(n_patients) < 14 or n_patients.sum() == 0:
        return None
    unexplained = n_patients - n_explained
    excess = unexplained - n_patients * (unexplained.sum() / n_patients.sum())
    first, last, largest = _largest(excess)
    rng = np.random.default_rng(SEED)
    rows = [np.flatnonzero(weekday == day) for day in np.unique(weekday)]
    as_large = 0
    for _ in range(SHUFFLES):
        shuffled = excess.copy()
        for of_day in rows:
            shuffled[of_day] = excess[rng.permutation(of_day)]
        as_large += _largest(shuffled)[2] >= largest - 1e-9 * max(largest, 1.0)
    return Raised(first=first, last=last, chance=(1 + as_large) / (1 + SHUFFLES))


def _largest(excess: NDArray[np.float64]) -> tuple[int, int, float]:
    """Return the first and last of the consecutive days whose sum is largest, and that sum."""
    sums = np.concatenate([[0.0], np.cumsum(excess)])
    lowest = np.minimum.accumulate(sums[:-1])
    gains = sums[1:] - lowest
    last = int(np.argmax(gains))
    return int(np.argmin(sums[: last + 1])), last, float(gains[last])
