"""An interval that keeps its pedigree."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A range of counts, the level it claims and the method that gives it that level.

    `level` is None where the range is a bound and claims no probability.
    """

    low: float
    high: float
    level: float | None
    method: str
