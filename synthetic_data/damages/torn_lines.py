"""Lines cut while they were written: a full disk, a process killed. The format decides how a cut line looks."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from numpy.random import Generator

from synthetic_data.damages.plan import Damage, Plan, Scene


@dataclass(frozen=True, slots=True)
class TornLines(Plan):
    """Each line is cut with the same chance; it stays in its place."""

    share: float

    def log(self, lines: pl.DataFrame, operator: int, rng: Generator) -> pl.DataFrame:
        """Mark the lines that are cut, beside those that were marked before."""
        cut = pl.Series(rng.random(len(lines)) < self.share)
        return lines.with_columns(torn=pl.col("torn") | cut)


def draw(scene: Scene, strength: float, rng: Generator) -> Plan:
    """Give the plan; nothing is drawn a case."""
    return TornLines(strength)


DAMAGE = Damage(
    name="torn_lines",
    about="lines cut off while they were written, which cannot be read; the gateway's counters stay whole",
    unit="share of lines cut",
    default=0.01,
    least=0.0001,
    most=0.5,
    plan=draw,
)
