"""Shares and how many to look at: exact limits, and the allocation of a sample to strata. Numbers and arrays only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def exact_limits(count: int, total: int, level: float) -> tuple[float, float]:
    """Return the limits of a binomial share by Clopper and Pearson, two-sided; (0, 1) of nothing.

    References:
        Clopper C.J., Pearson E.S. 1934. The use of confidence or fiducial limits illustrated in the case of the
        binomial. Biometrika 26:404-413.
    """
    from scipy.special import betaincinv  # scipy.stats, which has both under better names, takes seconds to import

    tail = (1.0 - level) / 2.0
    low = float(betaincinv(count, total - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, total - count, 1.0 - tail)) if count < total else 1.0
    return low, high


def at_most(count: int, total: int, level: float) -> float:
    """Return the upper limit of a binomial share, one-sided; 1 of nothing. Clopper and Pearson, as `exact_limits`."""
    return exact_limits(count, total, 2.0 * level - 1.0)[1]


def neyman(sizes: NDArray[np.int64], guessed: NDArray[np.float64], n: int, least: int) -> NDArray[np.int64]:
    """Return how many of each stratum to look at: by its size and how much its members probably differ.

    Where the sample is larger than a stratum, all of it is looked at, and the others have the rest.

    Args:
        sizes: (k,) members of each stratum.
        guessed: (k,) the share of members that are probably of the one kind, between 0 and 1.
        n: how many to look at in all.
        least: of each stratum that has so many.

    References:
        Neyman J. 1934. On the two different aspects of the representative method. J. R. Stat. Soc. 97:558-625.
    """
    weights = sizes * np.sqrt(guessed * (1.0 - guessed))
    fewest = np.minimum(sizes, least)
    taken, settled = fewest.copy(), np.zeros(len(sizes), dtype=bool)
    while not settled.all():
        left, total = n - int(taken[settled].sum()), float(weights[~settled].sum())
        if left <= 0 or total == 0.0:
            break
        wanted = np.where(settled, taken, left * weights / total)
        too_few, too_many = ~settled & (wanted < fewest), ~settled & (wanted > sizes)
        taken[too_few], taken[too_many] = fewest[too_few], sizes[too_many]
        if not (too_few | too_many).any():
            return np.floor(wanted).astype(np.int64)
        settled |= too_few | too_many
    return taken
