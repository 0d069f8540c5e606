"""Care's own lower bound on what was scraped: it knows which accounts were used, and of no client's verdict."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


def usual_share_at_least(n_patients: Counts, n_explained: Counts, level: float) -> float:
    """Return the lower limit of the share of patients that care explains among honest accounts.

    A ratio with its error by account (clusters): accounts differ, patients of one do not.

    Args:
        n_patients: (k,) patients of each account, k at least 2.
        n_explained: (k,) those that care explains.
        level: of the two-sided interval whose lower end it is.
    """
    from scipy.stats import t

    k, total = len(n_patients), float(n_patients.sum())
    share = float(n_explained.sum()) / total
    apart = np.sum((n_explained - share * n_patients) ** 2) * k / (k - 1)
    return max(share - float(t.ppf((1 + level) / 2, k - 1)) * math.sqrt(apart) / total, 0.0)


def scraped_at_least(n_patients: Counts, n_explained: Counts, usual_share: NDArray[np.float64], level: float) -> int:
    """Return how many patients of the used accounts no care can account for, at least.

    With e the lower limit of the usual share, x explained patients are what x / e honest ones would give; the rest of n
    is excess. The error of x is the larger of that between accounts and the exact binomial one.

    Args:
        n_patients: (k,) patients of each used account.
        n_explained: (k,) those that care explains.
        usual_share: (k,) lower limit of the usual share in its profession: of accounts together; of one account where
            k is 1, for nothing then says how far its own share lies from the others'. 0 explains everything.
        level: of the two-sided interval whose lower end it is.

    References:
        Clopper C.J., Pearson E.S. 1934. Biometrika 26:404-413. The form n (1 - p / e) follows explanation-based
        auditing (Fabbri D., LeFevre K. 2011. PVLDB 5), held against the same weeks and by account.
    """
    from scipy.stats import beta, t

    known = (usual_share > 0) & (n_patients > 0)
    n, x, e = n_patients[known].astype(np.float64), n_explained[known], usual_share[known]
    k = len(n)
    if k == 0:
        return 0
    honest = x / e
    between = 0.0
    if k > 1:
        apart = np.sum((honest - honest.sum() / n.sum() * n) ** 2) * k / (k - 1)
        between = float(t.ppf((1 + level) / 2, k - 1)) * math.sqrt(apart)
    most = n.sum() if x.sum() >= n.sum() else n.sum() * beta.ppf((1 + level) / 2, x.sum() + 1, n.sum() - x.sum())
    by_chance = float(most - x.sum()) / float(e.min())
    return max(math.floor(n.sum() - honest.sum() - max(between, by_chance)), 0)
