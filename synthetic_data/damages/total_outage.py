"""Hours during which nothing was logged while the portal went on answering.

The gateway counted nothing either, so nothing says how much happened. The victim declares the hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import polars as pl
from numpy.random import Generator

from synthetic_data.damages.plan import Damage, Outage, Plan, Scene
from synthetic_data.damages.runs import place_run

HOURS_A_DAY = 24


@dataclass(frozen=True, slots=True)
class TotalOutage(Plan):
    """At each operator, a run of whole hours without lines and without windows. silences: one an operator."""

    silences: tuple[Outage, ...]

    def log(self, lines: pl.DataFrame, operator: int, rng: Generator) -> pl.DataFrame:
        """Drop the lines of those hours."""
        return lines.filter(~self._within(pl.col("requested_at"), operator))

    def counters(self, windows: pl.DataFrame, operator: int) -> pl.DataFrame:
        """Drop the windows of those hours, which begin and end on the hour as windows do."""
        return windows.filter(~self._within(pl.col("window_start"), operator))

    def outages(self) -> list[Outage]:
        """Give what each operator declares."""
        return list(self.silences)

    def _within(self, moment: pl.Expr, operator: int) -> pl.Expr:
        silence = self.silences[operator]
        return moment.is_between(silence.start, silence.end, closed="left")


def draw(scene: Scene, strength: float, rng: Generator) -> Plan:
    """Draw consecutive hours for each operator, on the robot's days where one came."""
    silences = []
    for operator in scene.operators:
        first_day, last_day = scene.days_that_matter(operator)
        total = scene.calendar.days * HOURS_A_DAY
        hours = min(round(strength), total)
        first = place_run(hours, first_day * HOURS_A_DAY, (last_day + 1) * HOURS_A_DAY - 1, total, rng)
        start = scene.calendar.start + timedelta(hours=first)
        silences.append(Outage(operator=operator, server=None, start=start, end=start + timedelta(hours=hours)))
    return TotalOutage(tuple(silences))


DAMAGE = Damage(
    name="total_outage",
    about="at each operator, hours in which nothing was logged and the gateway counted nothing, which is declared",
    unit="hours",
    default=8,
    least=1,
    most=72,
    whole=True,
    plan=draw,
)
