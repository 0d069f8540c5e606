"""Is so long a silence credible? Lines come in clusters, so fewer arrive by themselves than are counted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST_PAIRS = 4
MEDIAN_CHI2, QUARTILE_CHI2 = 0.4549, 1.3233
"""Median and upper quartile of chi-square with one degree of freedom."""


def dispersion(tables: NDArray[np.int64]) -> float:
    """Return how much more than by a Poisson process lines vary, from tables of hours by two columns.

    Pearson's chi-square of a table over its degrees of freedom is 1 for lines that arrive one by one, and about
    the size of a cluster where they come in clusters. The upper quartile over the tables is taken, so that neither a
    few broken days nor a few calm ones decide; it is never less than 1.

    Args:
        tables: (k, h, 2) counts; rows and columns without a line say nothing.

    References:
        McCullagh P., Nelder J.A. 1989. Generalized Linear Models, 2nd ed., section 4.5.
    """
    rows = tables.sum(axis=2, keepdims=True)
    columns = tables.sum(axis=1, keepdims=True)
    total = rows.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = rows * columns / total
        squares = np.where(expected > 0, (tables - expected) ** 2 / expected, 0.0).sum(axis=(1, 2))
    freedom = ((rows > 0).sum(axis=(1, 2)) - 1) * ((columns > 0).sum(axis=(1, 2)) - 1)
    told = freedom > 0
    if not told.any():
        return 1.0
    return max(1.0, float(np.quantile(squares[told] / freedom[told], 0.75)))


def dispersion_by_hour(hours: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return for each hour of the day how much more than by a Poisson process its share of a day's lines varies.

    Days are compared with those a week later (of a log shorter than two weeks, with the next).

    Args:
        hours: (days, 24) counts.

    Returns:
        (24,), as `dispersion`; by the upper quartile over the pairs of days.
    """
    apart = 7 if len(hours) >= 14 else 1
    one, other = hours[:-apart].astype(float), hours[apart:].astype(float)
    all_one, all_other = one.sum(axis=1, keepdims=True), other.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = (one * all_other - other * all_one) ** 2 / (all_one * all_other * (one + other))
    return np.maximum(_quantile(squares.T, 0.75) / QUARTILE_CHI2, 1.0)


def dispersion_of_pairs(
    counts: NDArray[np.int64], told: NDArray[np.bool_], pairs: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return for each row how much more than by a Poisson process two of its counts differ.

    What was lost differs from all the rest; the median over the pairs bears a fifth of the counts being lost.

    Args:
        counts: (k, n).
        told: (k, n), which counts are known.
        pairs: (p, 2), columns that should hold as much as each other.

    Returns:
        (k,), as `dispersion`; 1 where fewer than LEAST_PAIRS pairs are known.
    """
    one, other = (counts[:, pairs[:, side]].astype(float) for side in (0, 1))
    known = told[:, pairs[:, 0]] & told[:, pairs[:, 1]] & (one + other > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = np.where(known, (one - other) ** 2 / (one + other), np.nan)
    enough = known.sum(axis=1) >= LEAST_PAIRS
    return np.where(enough, np.maximum(_quantile(squares, 0.5) / MEDIAN_CHI2, 1.0), 1.0)


def _quantile(values: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Return a quantile of what is a number in each row, one of its values; 0 where nothing is a number."""
    if not values.shape[1]:
        return np.zeros(len(values))
    ordered = np.sort(values, axis=1)  # what is not a number comes last
    n = (~np.isnan(values)).sum(axis=1)
    at = np.maximum(np.ceil(share * n).astype(np.int64) - 1, 0)
    return np.where(n > 0, np.take_along_axis(ordered, at[:, None], axis=1).ravel(), 0.0)


def chance_of_silence(lines: NDArray[np.int64], dispersed: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the chance of not one line where so many are to be expected at the least: exp(-lines / dispersion).

    Args:
        lines: (k,) expected lines.
        dispersed: `dispersion`, of all or (k,) of each: so many lines count as one arrival.
    """
    return np.exp(-lines / dispersed)


def chance_of_none(lines: NDArray[np.int64], share: float, dispersed: float) -> NDArray[np.float64]:
    """Return the chance that fellow servers get all of so many lines: (1 - share) to the power of the arrivals.

    Args:
        lines: (k,) lines that the fellows logged.
        share: of the lines of all, those that belong here.
        dispersed: `dispersion` of that share: so many lines count as one arrival.
    """
    return np.power(1.0 - share, lines / dispersed)


def chance_of_fall(
    inside: NDArray[np.int64],
    inside_of: NDArray[np.int64],
    outside: NDArray[np.int64],
    outside_of: NDArray[np.int64],
    dispersed: float,
    freedom: int,
) -> NDArray[np.float64]:
    """Return the chance that a share falls so far by accident; 1 where it does not fall.

    Pearson's chi-square of the table (inside, outside) x (its own lines, all others), over the dispersion measured
    with `freedom` degrees of freedom: an F statistic.

    Args:
        inside: (k,) a server's lines in a stretch.
        inside_of: (k,) the lines of all servers there.
        outside: (k,) its lines elsewhere.
        outside_of: (k,) those of all servers elsewhere.
        dispersed: variance over that of independent lines.
        freedom: degrees of freedom with which that was measured.
    """
    from scipy.special import fdtrc

    total, own = inside_of + outside_of, inside + outside
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = inside_of * (own / total)
        variance = expected * (1.0 - own / total) * (outside_of / total)
        statistic = (inside - expected) ** 2 / variance / dispersed
    chances = fdtrc(1, freedom, np.nan_to_num(statistic))
    return np.where((inside < expected) & (variance > 0), chances, 1.0)
