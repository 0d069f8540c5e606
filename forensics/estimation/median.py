"""The middle of symmetric differences, with an interval that needs no shape of their distribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forensics.estimation.interval import Interval

SIGN_TEST = "median with the interval of the exact sign test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Median:
    """A median and what it came from; there is none where values are too few for the level."""

    value: float
    interval: Interval
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How far one clock is from another at an instant, and how it moves away.

    Attributes:
        skew: seconds that the one shows more than the other, at `at`.
        at: seconds since 1970, the middle of the values.
        drift: seconds a second; None where the log shows none.
    """

    skew: Median
    at: float
    drift: float | None


def median(values: NDArray[np.float64], level: float) -> Median | None:
    """Return the median of independent values with the interval that inverts the exact sign test.

    The interval is that of two order statistics: x(k) to x(n + 1 - k), k the largest for which a fair coin falls on
    one side fewer than k times of n with a chance of at most (1 - level) / 2. Its level is at least `level` whatever
    the distribution; ties only make it wider.

    Args:
        values: shape (n,), in any order.
        level: confidence.

    Returns:
        None where n is too small for any interval at that level (five values at 95 %).

    References:
        Thompson W.R. 1936. On confidence ranges for the median. Annals of Mathematical Statistics 7:122-128.
        Conover W.J. 1999. Practical Nonparametric Statistics, 3rd ed., section 3.2.
    """
    from scipy.stats import quantile_test

    if not len(values):
        return None
    low, high = quantile_test(values, p=0.5).confidence_interval(level)
    if np.isnan(low) or np.isnan(high):
        return None
    interval = Interval(low=float(low), high=float(high), level=level, method=SIGN_TEST)
    return Median(value=float(np.median(values)), interval=interval, n=len(values))


def clock(differences: NDArray[np.float64], at: NDArray[np.float64], level: float) -> Clock | None:
    """Return the skew that differences between two clocks scatter around, and its drift where they show one.

    The differences are parted at their middle instant. Where the intervals of the two halves have nothing in common
    the clock drifts: by the difference of the halves' medians over that of their middle instants. The skew is then
    taken from the differences less the drift, so that it is the skew at the middle instant.

    Args:
        differences: shape (n,), seconds; symmetric around the skew.
        at: shape (n,), seconds since 1970.
        level: confidence.

    Returns:
        None where there are too few.
    """
    whole = median(differences, level)
    if whole is None:
        return None
    middle = float(np.median(at))
    drift = _drift(differences, at, at <= middle, level)
    if drift is not None:
        whole = median(differences - drift * (at - middle), level)
    return None if whole is None else Clock(skew=whole, at=middle, drift=drift)


def _drift(
    differences: NDArray[np.float64], at: NDArray[np.float64], is_early: NDArray[np.bool_], level: float
) -> float | None:
    """Return the slope between two halves whose intervals are apart."""
    early, late = median(differences[is_early], level), median(differences[~is_early], level)
    if early is None or late is None:
        return None
    apart = early.interval.high < late.interval.low or late.interval.high < early.interval.low
    if not apart:
        return None
    return (late.value - early.value) / float(np.median(at[~is_early]) - np.median(at[is_early]))
