"""One server writes local time where UTC is meant, from some day on: a restart with another configuration.

Nobody declares it. The gateway counts in UTC throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl
from numpy.random import Generator

from synthetic_data.damages.plan import Damage, Plan, Scene


@dataclass(frozen=True, slots=True)
class MixedTimezones(Plan):
    """ahead: of the times written over UTC. restarts: for each operator, a server and when it changed."""

    ahead: timedelta
    restarts: tuple[tuple[str, datetime], ...]

    def log(self, lines: pl.DataFrame, operator: int, rng: Generator) -> pl.DataFrame:
        """Write that server's lines from then on with local time."""
        server, since = self.restarts[operator]
        at = pl.col("requested_at")
        local = (pl.col("server") == server) & (at >= since)
        return lines.with_columns(pl.when(local).then(at + self.ahead).otherwise(at).alias("requested_at"))


def draw(scene: Scene, strength: float, rng: Generator) -> Plan:
    """Draw for each operator a server and a midnight after the first day, the robot's last day at the latest."""
    restarts = []
    for operator in scene.operators:
        server = str(rng.choice(scene.servers[operator]))
        latest = scene.days_that_matter(operator)[1]
        day = int(rng.integers(min(1, latest), latest, endpoint=True))
        restarts.append((server, scene.calendar.start + timedelta(days=day)))
    return MixedTimezones(timedelta(hours=round(strength)), tuple(restarts))


DAMAGE = Damage(
    name="mixed_timezones",
    about="at each operator, one server writes local time as if it were UTC from some day on, which nobody declares",
    unit="hours ahead of UTC",
    default=1,  # Europe/Paris in winter
    least=1,
    most=14,
    whole=True,
    plan=draw,
)
