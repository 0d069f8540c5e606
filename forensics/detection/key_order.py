"""Order of keys: the chance that numbers asked for in no order rise, or fall, so often. Numbers and arrays only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forensics.detection.measures import SMALLEST

STEPS = 80
"""Halvings of the search for the tilt: more than a double has digits."""


def key_order(n_up: NDArray[np.int64], n_down: NDArray[np.int64], n_runs: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the chance that a random order of the keys rises, or falls, at least so often.

    Of all orders of n distinct keys, as many have k rises as n uniform numbers have sums between k and k + 1 (Tanny
    1973): the exact permutation law is that of a sum. So it is over several runs, whose whole parts are no more than
    the sum. The tail is bounded by Chernoff's inequality, so that the chance is never too small; two-sided.

    Args:
        n_up: (n,) neighbours of which the later key is larger.
        n_down: (n,) neighbours of which it is smaller.
        n_runs: (n,) stretches whose order is known.

    References:
        Tanny S. 1973. A probabilistic interpretation of Eulerian numbers. Duke Math. J. 40:717-722.
        Chernoff H. 1952. A measure of asymptotic efficiency. Ann. Math. Stat. 23:493-507.
    """
    n_keys = np.maximum(n_up + n_down + n_runs, 1).astype(np.float64)
    most = np.maximum(n_up, n_down) / n_keys
    return np.clip(2.0 * np.exp(n_keys * _exponent(most)), SMALLEST, 1.0)


def _exponent(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the least of -t share + log((e^t - 1) / t) over t >= 0: 0 up to a half, falling beyond."""
    low, high = np.full(share.shape, 1e-9), np.full(share.shape, 700.0)
    for _ in range(STEPS):
        middle = (low + high) / 2.0
        mean = 1.0 / -np.expm1(-middle) - 1.0 / middle
        low, high = np.where(mean < share, middle, low), np.where(mean < share, high, middle)
    tilt = np.maximum((low + high) / 2.0, 1e-6)
    log_moment = tilt + np.log(-np.expm1(-tilt)) - np.log(tilt)
    return np.where(share <= 0.5, 0.0, np.minimum(log_moment - tilt * share, 0.0))
