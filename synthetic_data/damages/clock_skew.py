"""One server's clock is off and drifts; its lines stay in the order written, among those of the others.

Nobody declares it. The gateway counts by its own clock, which is right.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from numpy.random import Generator

from synthetic_data.damages.plan import Damage, Plan, Scene

DRIFT_PARTS_PER_MILLION = (5, 25)  # a quartz without time service: 0.4 to 2 seconds a day


@dataclass(frozen=True, slots=True)
class Clock:
    """A server and its error: fast above 0. At `start` off by `offset`, then by `drift` more per million."""

    server: str
    start_us: int
    offset_us: int
    drift: int

    def shown(self, at: pl.Expr) -> pl.Expr:
        """Turn the true time into what this clock shows."""
        true_us = at.cast(pl.Int64)
        off = self.offset_us + (true_us - self.start_us) * self.drift // 1_000_000
        return (true_us + off).cast(pl.Datetime("us"))


@dataclass(frozen=True, slots=True)
class ClockSkew(Plan):
    """One wrong clock at each operator."""

    clocks: tuple[Clock, ...]

    def log(self, lines: pl.DataFrame, operator: int, rng: Generator) -> pl.DataFrame:
        """Write that server's lines with the time it believed."""
        clock, at = self.clocks[operator], pl.col("requested_at")
        wrong = pl.col("server") == clock.server
        return lines.with_columns(pl.when(wrong).then(clock.shown(at)).otherwise(at).alias("requested_at"))


def draw(scene: Scene, strength: float, rng: Generator) -> Plan:
    """Draw for each operator a server, whether its clock is fast or slow, and how it drifts away."""
    clocks = []
    for operator in scene.operators:
        server = str(rng.choice(scene.servers[operator]))
        sign = 1 if rng.random() < 0.5 else -1
        drift = int(rng.integers(*DRIFT_PARTS_PER_MILLION, endpoint=True))
        clocks.append(Clock(server, scene.calendar.start_us, sign * round(strength * 1_000_000), sign * drift))
    return ClockSkew(tuple(clocks))


DAMAGE = Damage(
    name="clock_skew",
    about="at each operator, one server's clock is fast or slow and drifts away slowly, which nobody declares",
    unit="seconds",
    default=90,
    least=0.1,
    most=3_600,
    plan=draw,
)
