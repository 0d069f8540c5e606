"""The oldest files of the log are gone: rotation had deleted them before anyone secured the evidence.

Nobody declares it: the log simply begins late. The gateway's counters are a few numbers an hour, kept by another
system for months, so they still begin with the calendar.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
from numpy.random import Generator

from synthetic_data.damages.plan import Damage, Plan, Scene


@dataclass(frozen=True, slots=True)
class RotatedAway(Plan):
    """The log of every operator begins at `oldest`, a midnight."""

    oldest: datetime

    def log(self, lines: pl.DataFrame, operator: int, rng: Generator) -> pl.DataFrame:
        """Drop the lines before the oldest file kept."""
        return lines.filter(pl.col("requested_at") >= self.oldest)


def draw(scene: Scene, strength: float, rng: Generator) -> Plan:
    """Give the plan; nothing is drawn a case. The last day of the log is always kept."""
    days = min(round(strength), scene.calendar.days - 1)
    return RotatedAway(scene.calendar.start + timedelta(days=days))


DAMAGE = Damage(
    name="rotated_away",
    about="the first days of the log were deleted by rotation, which nobody declares; "
    "the gateway's counters still begin earlier",
    unit="days",
    default=4,  # about half of the clean days of the shortest log
    least=1,
    most=30,
    whole=True,
    plan=draw,
)
