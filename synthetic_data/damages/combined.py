"""Several damages to one case, one after the other."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from numpy.random import Generator

from synthetic_data.damages.plan import Outage, Plan


@dataclass(frozen=True, slots=True)
class Combined(Plan):
    """Each plan sees what the one before left: a loss named after a wrong clock goes by that clock.

    places: of each plan, its stream of random numbers among `streams`; so that what one damage draws does not
    depend on which others there are.
    """

    plans: tuple[Plan, ...]
    places: tuple[int, ...]
    streams: int

    def log(self, lines: pl.DataFrame, operator: int, rng: Generator) -> pl.DataFrame:
        """Change the lines, plan by plan."""
        for plan, own in self._with_streams(rng):
            lines = plan.log(lines, operator, own)
        return lines

    def counters(self, windows: pl.DataFrame, operator: int) -> pl.DataFrame:
        """Change the gateway's counters, plan by plan."""
        for plan in self.plans:
            windows = plan.counters(windows, operator)
        return windows

    def register(self, people: pl.DataFrame, operator: int, rng: Generator) -> pl.DataFrame:
        """Change a block of the register, plan by plan."""
        for plan, own in self._with_streams(rng):
            people = plan.register(people, operator, own)
        return people

    def outages(self) -> list[Outage]:
        """Give every stretch that any plan declares."""
        return [outage for plan in self.plans for outage in plan.outages()]

    def _with_streams(self, rng: Generator) -> list[tuple[Plan, Generator]]:
        spawned = rng.spawn(self.streams)
        return [(plan, spawned[place]) for plan, place in zip(self.plans, self.places, strict=True)]
