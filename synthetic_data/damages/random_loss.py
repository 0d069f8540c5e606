"""Lines lost one by one, whatever they say: a log sent over a network that drops packets."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from numpy.random import Generator

from synthetic_data.damages.plan import Damage, Plan, Scene


@dataclass(frozen=True, slots=True)
class RandomLoss(Plan):
    """Every line is lost with the same chance, on its own."""

    share: float

    def log(self, lines: pl.DataFrame, operator: int, rng: Generator) -> pl.DataFrame:
        """Keep each line with chance 1 - share."""
        return lines.filter(pl.Series(rng.random(len(lines)) >= self.share))


def draw(scene: Scene, strength: float, rng: Generator) -> Plan:
    """Give the plan; nothing is drawn a case."""
    return RandomLoss(strength)


DAMAGE = Damage(
    name="random_loss",
    about="lines lost independently of each other and of what they say; the gateway's counters stay whole",
    unit="share of lines lost",
    default=0.3,
    least=0.001,
    most=0.95,
    plan=draw,
)
