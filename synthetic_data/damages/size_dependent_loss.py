"""Lines lost the more often the bigger the answer: a buffer that overflows when a response is long.

The loss depends on how many people a response shows, so what is kept no longer stands for what is lost. The
chance a byte is set piece by piece: each piece loses the share asked for, whatever its answers are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.random import Generator

from synthetic_data.damages.plan import Damage, Plan, Scene

CHANCE_MOST = 0.95  # even of the biggest answers, some lines are kept


@dataclass(frozen=True, slots=True)
class SizeDependentLoss(Plan):
    """A line is lost with a chance in proportion to its response_bytes, up to CHANCE_MOST."""

    share: float

    def log(self, lines: pl.DataFrame, operator: int, rng: Generator) -> pl.DataFrame:
        """Lose the share of this piece's lines, big answers first; a line without a size is kept."""
        size = lines["response_bytes"].fill_null(0).to_numpy()
        chance = np.minimum(size * chance_a_byte(lines["response_bytes"], self.share), CHANCE_MOST)
        return lines.filter(pl.Series(rng.random(len(lines)) >= chance))


def chance_a_byte(sizes: pl.Series, share: float) -> float:
    """Chance of being lost that one byte adds, so that `share` of the lines is lost on average.

    The mean loss is a broken line as a function of the chance a byte, with a break where each size
    reaches CHANCE_MOST; it is read backwards.
    """
    counted = pl.select(size=sizes).filter(pl.col("size") > 0).group_by("size").len("lines").sort("size")
    if counted.is_empty():
        return 0.0
    size, lines = counted["size"].to_numpy().astype(float), counted["lines"].to_numpy().astype(float)
    below = np.cumsum(size * lines) - size * lines  # bytes of the smaller answers
    not_below = np.cumsum(lines[::-1])[::-1]
    breaks = CHANCE_MOST / size
    lost = breaks * below + CHANCE_MOST * not_below
    wanted = share * len(sizes)
    return float(np.interp(wanted, np.append(0.0, lost[::-1]), np.append(0.0, breaks[::-1])))


def draw(scene: Scene, strength: float, rng: Generator) -> Plan:
    """Give the plan; nothing is drawn a case."""
    return SizeDependentLoss(strength)


DAMAGE = Damage(
    name="size_dependent_loss",
    about="lines lost with a chance in proportion to the size of the answer; the gateway's counters stay whole",
    unit="mean share of lines lost",
    default=0.2,
    least=0.001,
    most=0.6,
    plan=draw,
)
