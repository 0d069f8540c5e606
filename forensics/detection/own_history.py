"""An account's own history: what its clean weeks say of the share that care explains. Numbers and arrays only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from forensics.detection.care import MOST_CORRELATION, NODES, Peers, care

ERRORS = 3.0
"""Standard errors by which the measured drift is raised: one in 700 would be too small (normal law)."""


def drift(
    account: NDArray[np.int64],
    n_before: NDArray[np.int64],
    explained_before: NDArray[np.int64],
    n_of_day: NDArray[np.int64],
    explained_of_day: NDArray[np.int64],
) -> float:
    """Return by how much the explained share of one honest account differs from day to day, beyond chance.

    The mean square of (share of the day - share in the clean weeks), less what patients drawn apart would give; each
    account-day weighs its patients. Not centred: a season in which everybody's share is another counts as drift. The
    upper limit (`ERRORS` standard errors, by account) is returned, for it widens the law that clients are held against.

    Args:
        account: (k,) which account each day is of, numbered.
        n_before: (k,) patients of that account in the clean weeks, at least 2.
        explained_before: (k,) those that care explains.
        n_of_day: (k,) its patients of one later day, at least 2.
        explained_of_day: (k,) those that care explains.

    Returns:
        A variance, of shares; the largest there can be (1/4) where fewer than two accounts are there.

    References:
        Kleinman J.C. 1973. Proportions with extraneous variance. JASA 68:46-54 (moments).
    """
    of_account, weights = _by_account(account, n_before, explained_before, n_of_day, explained_of_day)
    if len(weights) < 2:
        return 0.25
    mean = float(of_account.sum() / weights.sum())
    squares = float(np.sum((of_account - mean * weights) ** 2)) * len(weights) / (len(weights) - 1)
    error = np.sqrt(squares) / weights.sum()
    return float(np.clip(mean + ERRORS * error, 0.0, 0.25))


def _by_account(
    account: NDArray[np.int64],
    n_before: NDArray[np.int64],
    explained_before: NDArray[np.int64],
    n_of_day: NDArray[np.int64],
    explained_of_day: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each account's weighted sum of squares beyond chance, and its weight."""
    before, day = explained_before / n_before, explained_of_day / n_of_day
    chance = before * (1.0 - before) / (n_before - 1.0) + day * (1.0 - day) / (n_of_day - 1.0)
    beyond = (day - before) ** 2 - chance
    place = np.unique(account, return_inverse=True)[1]
    weights = n_of_day.astype(np.float64)
    return _sums(place, weights * beyond), _sums(place, weights)


def _sums(place: NDArray[np.intp], values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.bincount(place, values), dtype=np.float64)


def with_history(law: Peers, n_before: int, explained_before: int, drift: float) -> Peers:
    """Return what peers and the account's own clean weeks together say of its explained share.

    A beta law updated by the clean weeks (Bayes), then widened by the drift. Drift also makes the clean weeks say less:
    their patients count as n / (1 + r (n - 1)), r the drift as a correlation. Where all this is no narrower than what
    the peers of the same days say alone, the clean weeks are left aside: accounts change more than they differ.

    Args:
        law: of its peers (`forensics.detection.care.peers`).
        n_before: the account's patients in the clean weeks.
        explained_before: those that care explains.
        drift: variance of an honest account's share from day to day.
    """
    if n_before == 0:
        return law
    spread = law.share * (1.0 - law.share)
    n = n_before / (1.0 + min(drift / spread, 1.0) * (n_before - 1.0))
    explained = explained_before * n / n_before
    correlation = np.clip(law.likely_correlations, 1e-9, MOST_CORRELATION)
    size = (1.0 - correlation) / correlation
    shares = (law.likely_shares * size + explained) / (size + n)
    own_spread = shares * (1.0 - shares)
    correlations = np.minimum(1.0 / (size + n + 1.0) + drift / own_spread, MOST_CORRELATION)
    narrower = correlations * own_spread < correlation * spread
    return replace(
        law,
        likely_shares=np.where(narrower, shares, law.likely_shares),
        likely_correlations=np.where(narrower, correlations, law.likely_correlations),
    )


def care_beside_history(
    n_patients: int, n_explained: int, law: Peers, n_before: int, explained_before: int, drift: float, low: float
) -> float:
    """Return the chance that an honest account with these clean weeks has so few patients, or fewer, explained by care.

    An account whose clean weeks were low already beside its peers (a chance of at most `low`) is not what the law of
    peers describes: it is held against itself as well, and the larger chance counts.

    Args:
        n_patients: patients of the client, after the clean weeks.
        n_explained: those that care explains.
        law: of its peers, on the same days.
        n_before: the account's patients in the clean weeks.
        explained_before: those that care explains.
        drift: variance of an honest account's share from day to day.
        low: level below which the clean weeks count as low.
    """
    if n_before == 0 or care(n_before, explained_before, law) > low:
        return care(n_patients, n_explained, with_history(law, n_before, explained_before, drift))
    itself = with_history(ANY_SHARE, n_before, explained_before, drift)
    return max(care(n_patients, n_explained, law), care(n_patients, n_explained, itself))


ANY_SHARE = Peers(
    share=0.5,
    correlation=0.5,
    likely_correlations=np.full(len(NODES), 0.5),
    likely_shares=np.full(len(NODES), 0.5),
    n_accounts=0,
)
"""What is known of a share without peers: Jeffreys's beta law (1/2, 1/2)."""
