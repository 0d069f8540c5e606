"""Where a run of lost hours or days falls."""

from __future__ import annotations

from numpy.random import Generator


def place_run(length: int, first: int, last: int, total: int, rng: Generator) -> int:
    """Draw where a run of `length` units begins, among `total` units counted from 0.

    It lies within first..last (both included) where it fits there, and else holds all of first..last, as far
    as the total allows.
    """
    low, high = sorted((first, last + 1 - length))
    latest = max(total - length, 0)
    low, high = (min(max(place, 0), latest) for place in (low, high))
    return int(rng.integers(low, high, endpoint=True))
