"""How many patients of clients that were not accused could be a robot's: the share that care leaves unexplained."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """Accounts of one profession, in the suspect weeks and in the clean ones; each array is (k,), an account each.

    Attributes:
        explained: patients that care explains, in the suspect weeks.
        patients: patients in the suspect weeks.
        clean_explained: patients that care explains, in the clean weeks.
        clean_patients: patients in the clean weeks.
    """

    explained: Counts
    patients: Counts
    clean_explained: Counts
    clean_patients: Counts


def excess(stratum: Stratum) -> tuple[float, float, int]:
    """Return the patients that care leaves unexplained beyond what is usual, and the error of that number.

    If a share p of n patients is explained now and e was in clean weeks, n (1 - p / e) are in excess; it may be
    negative. The error is the linearised variance of the ratio p / e with accounts as sampling units, so that an
    account that bills little in both periods adds nothing.

    Returns:
        (excess, its standard error, number of accounts).

    References:
        Cochran W.G. 1977. Sampling Techniques, 3rd ed., sections 6.3 and 6.19 (ratio of two ratios).
    """
    n, usual_n = int(stratum.patients.sum()), int(stratum.clean_patients.sum())
    x, usual_x = int(stratum.explained.sum()), int(stratum.clean_explained.sum())
    k = len(stratum.patients)
    if n == 0:
        return 0.0, 0.0, k
    if k < 2 or usual_x == 0 or x == 0:
        return float(n), 0.0, k
    share, usual = x / n, usual_x / usual_n
    now = (stratum.explained - share * stratum.patients) / x
    then = (stratum.clean_explained - usual * stratum.clean_patients) / usual_x
    error = share / usual * math.sqrt(k / (k - 1) * float(np.sum((now - then) ** 2)))
    return n * (1.0 - share / usual), n * error, k


def unexplained_at_most(strata: Sequence[Stratum], level: float) -> int:
    """Return the upper limit of the patients that care leaves unexplained beyond what is usual.

    Never below what the accounts' own variation could hide: where more is explained than usual, the excess is taken
    as none, so that a lucky season cannot exclude a robot that this comparison would not have seen.

    Args:
        strata: professions; each is compared with itself, their excesses and variances add up.
        level: two-sided confidence; the limit is the upper end.

    References:
        Cowan G., Cranmer K., Gross E., Vitells O. 2011. Power-constrained limits. arXiv:1105.3166.
    """
    from scipy.stats import t

    parts = [excess(stratum) for stratum in strata]
    total = sum(part[0] for part in parts)
    error = math.sqrt(sum(part[1] ** 2 for part in parts))
    accounts = sum(part[2] for part in parts)
    reach = float(t.ppf((1 + level) / 2, max(accounts - len(parts), 1)))
    patients = sum(int(stratum.patients.sum()) for stratum in strata)
    return min(patients, math.ceil(max(total, 0.0) + reach * error))
