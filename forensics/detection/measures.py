"""Two measures of how a client asks, each the chance that an honest one looks so. Numbers and arrays only.

Both are conservative by construction: what an honest client does differently from the model (bursts, breaks,
habits) makes its chance larger, not smaller.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

SMALLEST = 1e-300
"""Chances below this are reported as this: no measurement supports a smaller number."""


def pace(busiest: NDArray[np.int64], n_windows: NDArray[np.int64], crowd: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the chance that a client as fast as the fastest of the crowd fills its busiest window so.

    The Poisson tail beyond the crowd's own record, times the number of windows looked at (Bonferroni). It says
    nothing of an honest client that is faster than all of the crowd: hence a second family must agree.

    Args:
        busiest: (n,) distinct subjects in the client's busiest window.
        n_windows: (n,) windows in which the client asked for anyone.
        crowd: (n,) the crowd's record for one window.
    """
    from scipy.stats import poisson

    tail = np.asarray(poisson.sf(busiest - 1, np.maximum(crowd, 1)), dtype=np.float64)
    return np.clip(tail * n_windows, SMALLEST, 1.0)


def regularity(
    n_gaps: NDArray[np.int64],
    gaps_us: NDArray[np.int64],
    log_gaps_millionths: NDArray[np.int64],
    *,
    longest_us: int,
    step_us: int,
) -> NDArray[np.float64]:
    """Return the chance that silences this steady come from someone who acts at random moments.

    Moran's statistic of n spacings, with Bartlett's correction, referred to chi-squared with n - 1 degrees of
    freedom, lower tail: -2 sum log(gap / mean) / (1 + (n + 1) / (6 n)). People pause and hurry, so their
    spacings are less steady than random ones and their chance is near 1.

    Two things make silences look steadier than they were: none inside a session is longer than the silence that
    ends it, and the clock rounds the short ones. What both take from the statistic of random moments of the same
    mean is given back (`lost_to_cut`, `lost_to_clock`); they also make it vary less, which is left aside.

    Args:
        n_gaps: (n,) silences between lookups of one session.
        gaps_us: (n,) their sum, in microseconds.
        log_gaps_millionths: (n,) the sum of their natural logarithms, in millionths.
        longest_us: the silence that ends a session, in microseconds.
        step_us: the step of the log's clock, in microseconds; a silence of 0 was counted as half of it.

    References:
        Moran P.A.P. 1951. The random division of an interval, part II. J. R. Stat. Soc. B 13.
        Bartlett M.S. 1937. Properties of sufficiency and statistical tests. Proc. R. Soc. A 160.
    """
    from scipy.stats import chi2

    n = np.maximum(n_gaps, 1).astype(np.float64)
    mean_us = np.maximum(gaps_us, 1) / n
    lost = lost_to_cut(mean_us / longest_us) + lost_to_clock(mean_us / step_us)
    moran = np.maximum(2.0 * n * (np.log(mean_us) - log_gaps_millionths / 1e6 / n + lost), 0.0)
    chance = chi2.cdf(moran / (1.0 + (n + 1.0) / (6.0 * n)), np.maximum(n - 1.0, 1.0))
    return np.where(n_gaps < 2, 1.0, np.clip(chance, SMALLEST, 1.0))


def lost_to_cut(mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how much a cut lowers E[log(mean / gap)] of exponential gaps, Euler's constant without a cut.

    With c the cut, gaps of rate t / c below it have mean c (1/t - 1/(e^t - 1)) and E[log(gap / c)] =
    -Ein(t) / (1 - e^-t), where Ein(t) = Euler + log t + E1(t), by parts. A mean above half the cut is that of no
    rate; the loss is then the uniform law's, Euler - 1 + log 2.

    Args:
        mean: (n,) mean gap as a share of the cut.
    """
    means, losses = _cut_table()
    return np.interp(mean, means, losses)


def lost_to_clock(mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return by how much a clock that counts whole steps lowers E[log(mean / gap)] of exponential gaps.

    A gap of rate r a step, begun anywhere within a step, is read as 0 with chance 1 - (1 - e^-r) / r, and as k
    with chance e^(-r (k - 1)) (1 - e^-r)^2 / r; a 0 counts as half a step. Beyond 200 steps the loss falls as 1 / mean.

    Args:
        mean: (n,) mean gap in steps, as read.
    """
    means, losses = _clock_table()
    return np.interp(mean, means, losses) * np.minimum(1.0, means[-1] / mean)


@cache
def _cut_table() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from scipy.special import exp1

    t = np.geomspace(1e-3, 200.0, 400)
    mean = 1.0 / t - 1.0 / np.expm1(t)
    log_gap = -(np.euler_gamma + np.log(t) + exp1(t)) / -np.expm1(-t)
    return mean[::-1], np.euler_gamma - (np.log(mean) - log_gap)[::-1]


@cache
def _clock_table() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rate = np.geomspace(0.005, 40.0, 200)
    steps = np.arange(1, 8001)
    none = 1.0 - -np.expm1(-rate) / rate
    some = np.exp(-rate[:, None] * (steps - 1)) * (np.expm1(-rate) ** 2 / rate)[:, None]
    mean = 1.0 / rate + none / 2.0
    log_gap = none * np.log(0.5) + some @ np.log(steps)
    return mean[::-1], np.maximum(np.euler_gamma - (np.log(mean) - log_gap), 0.0)[::-1]
