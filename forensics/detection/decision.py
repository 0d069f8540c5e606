"""The rule that turns chances into verdicts. Numbers and arrays only; a missing chance is NaN."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Chances = NDArray[np.float64]


def smallest_of(chances: Chances) -> Chances:
    """Join the measures of one family: the smallest chance, times how many there are (Bonferroni).

    Args:
        chances: (n, measures); NaN where a measure is missing.

    Returns:
        (n,) chances; NaN where all are missing.
    """
    present = np.sum(~np.isnan(chances), axis=1)
    smallest = np.min(np.where(np.isnan(chances), 1.0, chances), axis=1)
    return np.where(present == 0, np.nan, np.minimum(smallest * present, 1.0))


def two_of(chances: Chances) -> Chances:
    """Ask that two families agree: the second smallest chance, times the families there are but one.

    It is the chance that fewer than two of the families hold of a client, valid under any dependence: with two
    families the larger chance, with three twice the middle one.

    Args:
        chances: (n, families); NaN where a family is missing.

    Returns:
        (n,) chances; NaN where fewer than two families are there.

    References:
        Benjamini Y., Heller R. 2008. Screening for partial conjunction hypotheses. Biometrics 64:1215-1222.
    """
    ordered = np.sort(np.where(np.isnan(chances), np.inf, chances), axis=1)
    present = np.sum(~np.isnan(chances), axis=1)
    second = ordered[:, 1]
    return np.where(present < 2, np.nan, np.minimum((present - 1) * np.where(present < 2, 1.0, second), 1.0))


def holm(chances: Chances, level: float, n_tests: int) -> NDArray[np.bool_]:
    """Return which are rejected with a chance of at most `level` that even one is rejected wrongly.

    Args:
        chances: (n,); NaN is never rejected.
        level: family-wise error over the whole case.
        n_tests: how many were open to be tested, which may be more than n.

    References:
        Holm S. 1979. A simple sequentially rejective multiple test procedure. Scand. J. Stat. 6.
    """
    order = np.argsort(np.where(np.isnan(chances), np.inf, chances), kind="stable")
    rejected = np.zeros(len(chances), dtype=bool)
    for already, index in enumerate(order):
        if not chances[index] * (n_tests - already) <= level:
            break
        rejected[index] = True
    return rejected


def benjamini_hochberg(chances: Chances, rate: float, n_tests: int) -> NDArray[np.bool_]:
    """Return which are rejected with an expected share of at most `rate` wrong ones.

    Args:
        chances: (n,); NaN is never rejected.
        rate: false discovery rate.
        n_tests: how many were open to be tested, which may be more than n.

    References:
        Benjamini Y., Hochberg Y. 1995. Controlling the false discovery rate. J. R. Stat. Soc. B 57.
    """
    known = np.where(np.isnan(chances), np.inf, chances)
    order = np.argsort(known, kind="stable")
    passing = np.flatnonzero(known[order] <= rate * np.arange(1, len(chances) + 1) / max(n_tests, 1))
    rejected = np.zeros(len(chances), dtype=bool)
    if len(passing):
        rejected[order[: passing[-1] + 1]] = True
    return rejected
