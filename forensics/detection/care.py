"""Care: the chance that a peer's patients are followed by as few claims as this client's. Numbers and arrays only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forensics.detection.measures import SMALLEST

NODES = np.linspace(-7.5, 7.5, 61)
"""Where the correlation's law is looked at, as normal quantiles: far enough for chances of 1e-12."""

MOST_CORRELATION = 0.995

Counts = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """How the explained share varies among peers: a beta-binomial law, by the method of moments.

    Attributes:
        share: share of patients that care explains.
        correlation: how alike two patients of one account are, 0 where accounts do not differ.
        likely_correlations: (m,) what the correlation of a new account may be, given how few peers it was measured
            on, at the normal quantiles of `NODES`; the error of `share` is part of it.
        likely_shares: (m,) its expected share at each of them: `share`, unless its own history is known.
        n_accounts: accounts it was measured on.
    """

    share: float
    correlation: float
    likely_correlations: NDArray[np.float64]
    likely_shares: NDArray[np.float64]
    n_accounts: int


def peers(n_patients: NDArray[np.int64], n_explained: NDArray[np.int64]) -> Peers:
    """Fit the law of peers' explained shares.

    Accounts weigh n / (1 + r (n - 1)) patients, r the correlation that patient weights give. The error of the spread
    is that of a variance: chi-squared with as many degrees of freedom as equal accounts would give (Satterthwaite),
    fewer where the law has heavy tails (Box). A new account's share also differs from the peers' by the error of
    theirs: it is added to the correlation.

    Args:
        n_patients: (k,) patients of each peer, at least 1; k at least 2.
        n_explained: (k,) those that care explains.

    References:
        Kleinman J.C. 1973. Proportions with extraneous variance. JASA 68:46-54.
        Satterthwaite F.E. 1946. An approximate distribution of estimates of variance components. Biometrics 2:110-114.
        Box G.E.P. 1953. Non-normality and tests on variances. Biometrika 40:318-335.
    """
    from scipy.stats import chi2, norm

    n, shares, total = n_patients.astype(np.float64), n_explained / n_patients, int(n_patients.sum())
    pooled = (int(n_explained.sum()) + 0.5) / (total + 1.0)
    first = _correlation(_spread(n, shares, pooled), n)
    weights = n / (1.0 + first * (n - 1.0))
    least = 0.5 / (total + 1.0)
    share = float(np.clip(np.sum(weights * shares) / weights.sum(), least, 1.0 - least))
    spread = _spread(weights, shares, share)
    correlation = float(_correlation(spread, n, weights))
    equal_accounts = weights.sum() ** 2 / np.sum(weights**2) - 1.0
    degrees = max(float(equal_accounts / (1.0 + max(_excess_kurtosis(share, correlation), 0.0) / 2.0)), 1.0)
    at_least = max(spread, float(np.sum(weights * (1.0 - weights / weights.sum()) / n)))
    likely = _correlation(at_least * degrees / chi2.ppf(norm.cdf(NODES), degrees), n, weights)
    of_share = (np.sum(weights**2 / n) + likely * np.sum(weights**2 * (n - 1.0) / n)) / weights.sum() ** 2
    return Peers(
        share=share,
        correlation=correlation,
        likely_correlations=np.minimum(likely + of_share, MOST_CORRELATION),
        likely_shares=np.full(len(NODES), share),
        n_accounts=len(n),
    )


def _spread(weights: Counts, shares: Counts, share: float) -> float:
    """Return the weighted squares of shares about `share`, in units of a single patient's variance."""
    return float(np.sum(weights * (shares - share) ** 2)) / (share * (1.0 - share))


def _correlation(spread: float | Counts, n: Counts, weights: Counts | None = None) -> Counts:
    """Return the correlation whose expected spread this is, between 0 and `MOST_CORRELATION`."""
    w = n if weights is None else weights
    left = w * (1.0 - w / w.sum())
    by_chance, room = float(np.sum(left / n)), float(np.sum(left * (1.0 - 1.0 / n)))
    if room <= 0.0:
        return np.full_like(np.asarray(spread, dtype=np.float64), MOST_CORRELATION)
    return np.clip((np.asarray(spread) - by_chance) / room, 0.0, MOST_CORRELATION)


def _excess_kurtosis(share: float, correlation: float) -> float:
    """Return the excess kurtosis of the beta law of accounts' shares."""
    size = (1.0 - correlation) / max(correlation, 1e-6)
    product = size**2 * share * (1.0 - share)
    apart = (size * (2.0 * share - 1.0)) ** 2
    return 6.0 * (apart * (size + 1.0) - product * (size + 2.0)) / (product * (size + 2.0) * (size + 3.0))


def care(n_patients: int, n_explained: int, law: Peers) -> float:
    """Return the chance that a peer with as many patients has as few, or fewer, that care explains.

    The tail is averaged over what the correlation may be. With the estimated correlation put in as if it were
    known, a chance of 1e-6 came true 700 times too often with 10 peers and 80 times with 30 (simulated); averaged,
    less often than it says, with 10 to 200 peers: what Student's t is to the normal law.

    References:
        Aitchison J., Dunsmore I.R. 1975. Statistical Prediction Analysis. Cambridge University Press.
    """
    from scipy.special import betaln, gammaln
    from scipy.stats import norm

    weights = norm.pdf(NODES)
    correlation = np.maximum(law.likely_correlations, 1e-9)[:, None]
    size = (1.0 - correlation) / correlation
    a, b = law.likely_shares[:, None] * size, (1.0 - law.likely_shares[:, None]) * size
    k = np.arange(n_explained + 1)[None, :]
    ways = gammaln(n_patients + 1) - gammaln(k + 1) - gammaln(n_patients - k + 1)
    tails = np.exp(ways + betaln(k + a, n_patients - k + b) - betaln(a, b)).sum(axis=1)
    chance = float(np.sum(weights * np.minimum(tails, 1.0)) / np.sum(weights))
    return float(np.clip(chance, SMALLEST, 1.0))
