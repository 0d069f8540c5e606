"""One server's log of whole days is gone: a disk that was replaced, a file that was overwritten.

The victim knows and declares it. The gateway in front of the servers counted those days as the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import polars as pl
from numpy.random import Generator

from synthetic_data.damages.plan import Damage, Outage, Plan, Scene
from synthetic_data.damages.runs import place_run


@dataclass(frozen=True, slots=True)
class ServerDaysLost(Plan):
    """At each operator, the lines of one server between two midnights. losses: one an operator."""

    losses: tuple[Outage, ...]

    def log(self, lines: pl.DataFrame, operator: int, rng: Generator) -> pl.DataFrame:
        """Drop that server's lines of those days."""
        loss = self.losses[operator]
        then = pl.col("requested_at").is_between(loss.start, loss.end, closed="left")
        return lines.filter(~(then & pl.col("server").eq_missing(pl.lit(loss.server))))

    def outages(self) -> list[Outage]:
        """Give what each operator declares."""
        return list(self.losses)


def draw(scene: Scene, strength: float, rng: Generator) -> Plan:
    """Draw a server and consecutive days for each operator: the robot's days where one came."""
    losses = []
    for operator in scene.operators:
        server = str(rng.choice(scene.servers[operator]))
        days = min(round(strength), scene.calendar.days)
        first = place_run(days, *scene.days_that_matter(operator), scene.calendar.days, rng)
        start = scene.calendar.start + timedelta(days=first)
        losses.append(Outage(operator=operator, server=server, start=start, end=start + timedelta(days=days)))
    return ServerDaysLost(tuple(losses))


DAMAGE = Damage(
    name="server_day_lost",
    about="at each operator, one server's log of whole consecutive days is gone, which is declared; "
    "the gateway's counters stay whole",
    unit="days",
    default=1,
    least=1,
    most=14,
    whole=True,
    plan=draw,
)
