"""What a robot did, in the order of time, and what others may know of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthetic_data.presets import MICROSECONDS_A_DAY, Calendar


@dataclass(frozen=True, slots=True)
class Attack:
    """A robot's pages by operator (TRAFFIC columns, in the order of time) and what sums them up.

    requests: all pages. accounts: rows of those used, sorted. days: by operator, first and last day of the
    log with a page. first_us, last_us: of all pages, microseconds UTC; None when there is no robot.
    """

    requests: int
    accounts: NDArray[np.int32]
    days: dict[int, tuple[int, int]]
    first_us: int | None
    last_us: int | None
    pages: dict[int, pl.DataFrame] = field(repr=False)

    def take(self, operator: int) -> pl.DataFrame:
        """Give one operator's pages, once: they are as many as a country has households."""
        return self.pages.pop(operator)


def attack_of(pages: pl.DataFrame, operators: int, calendar: Calendar) -> Attack:
    """Part a robot's pages (TRAFFIC columns, in any order) by operator and put them in the order of time."""
    times = pages["time"]
    parts = {
        operator: pages.filter(pl.col("operator") == operator).sort("time", maintain_order=True)
        for operator in range(operators)
    }
    days = {
        operator: tuple(int(part["time"][end] - calendar.start_us) // MICROSECONDS_A_DAY for end in (0, -1))
        for operator, part in parts.items()
        if len(part)
    }
    return Attack(
        requests=len(pages),
        accounts=np.unique(pages["account"].to_numpy()),
        days=days,  # type: ignore[arg-type]
        first_us=times.min() if len(pages) else None,  # type: ignore[arg-type]
        last_us=times.max() if len(pages) else None,  # type: ignore[arg-type]
        pages=parts,
    )
