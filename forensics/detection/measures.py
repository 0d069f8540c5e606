"""Three measures of a client, each the chance that an honest one looks so. Numbers and arrays only.

All three are conservative by construction: what an honest client does differently from the model (bursts,
breaks, habits) makes its chance larger, not smaller.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SMALLEST = 1e-300
"""Chances below this are reported as this: no measurement supports a smaller number."""


def pace(busiest: NDArray[np.int64], n_windows: NDArray[np.int64], crowd: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the chance that a client as fast as the fastest of the crowd fills its busiest window so.

    The Poisson tail beyond the crowd's own record, times the number of windows looked at (Bonferroni).

    Args:
        busiest: (n,) distinct subjects in the client's busiest window.
        n_windows: (n,) windows in which the client asked for anyone.
        crowd: (n,) the crowd's record for one window.
    """
    from scipy.stats import poisson

    tail = poisson.sf(busiest - 1, np.maximum(crowd, 1))
    return np.clip(tail * n_windows, SMALLEST, 1.0)


def regularity(
    n_gaps: NDArray[np.int64], gaps_us: NDArray[np.int64], log_gaps_millionths: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the chance that silences this steady come from someone who acts at random moments.

    Moran's statistic of n spacings, with Bartlett's correction, referred to chi-squared with n - 1 degrees of
    freedom, lower tail: -2 sum log(gap / mean) / (1 + (n + 1) / (6 n)). People pause and hurry, so their
    spacings are less steady than random ones and their chance is near 1.

    Args:
        n_gaps: (n,) silences between lookups of one session.
        gaps_us: (n,) their sum, in microseconds.
        log_gaps_millionths: (n,) the sum of their natural logarithms, in millionths.

    References:
        Moran P.A.P. 1951. The random division of an interval, part II. J. R. Stat. Soc. B 13.
        Bartlett M.S. 1937. Properties of sufficiency and statistical tests. Proc. R. Soc. A 160.
    """
    from scipy.stats import chi2

    n = np.maximum(n_gaps, 1).astype(np.float64)
    mean_log = np.log(np.maximum(gaps_us, 1) / n)
    moran = np.maximum(2.0 * (n * mean_log - log_gaps_millionths / 1e6), 0.0)
    chance = chi2.cdf(moran / (1.0 + (n + 1.0) / (6.0 * n)), np.maximum(n - 1.0, 1.0))
    return np.where(n_gaps < 2, 1.0, np.clip(chance, SMALLEST, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """How the explained share varies among peers: a beta-binomial law, by the method of moments.

    Attributes:
        share: pooled share of patients that care explains.
        correlation: how alike two patients of one account are, 0 where accounts do not differ.
        n_accounts: accounts it was measured on.
    """

    share: float
    correlation: float
    n_accounts: int


def peers(n_patients: NDArray[np.int64], n_explained: NDArray[np.int64]) -> Peers:
    """Fit the law of peers' explained shares.

    Args:
        n_patients: (k,) patients of each peer.
        n_explained: (k,) those that care explains.

    References:
        Kleinman J.C. 1973. Proportions with extraneous variance. JASA 68.
    """
    total = int(n_patients.sum())
    share = (int(n_explained.sum()) + 0.5) / (total + 1.0)
    spread = float(np.sum(n_patients * (n_explained / n_patients - share) ** 2))
    k = len(n_patients)
    binomial = share * (1.0 - share)
    room = binomial * (total - float(np.sum(n_patients.astype(np.float64) ** 2)) / total - (k - 1))
    correlation = max(0.0, (spread - binomial * (k - 1)) / room) if room > 0 else 0.0
    return Peers(share=share, correlation=min(correlation, 0.99), n_accounts=k)


def care(n_patients: int, n_explained: int, law: Peers) -> float:
    """Return the chance that a peer with as many patients has as few, or fewer, that care explains."""
    from scipy.stats import betabinom, binom

    if law.correlation < 1e-6:
        chance = binom.cdf(n_explained, n_patients, law.share)
    else:
        size = (1.0 - law.correlation) / law.correlation
        chance = betabinom.cdf(n_explained, n_patients, law.share * size, (1.0 - law.share) * size)
    return float(np.clip(chance, SMALLEST, 1.0))
