"""No robot: what an alert that was nothing looks like."""

from __future__ import annotations

import polars as pl
from numpy.random import Generator

from synthetic_data.robots.world import World
from synthetic_data.traffic import TRAFFIC


def stay_away(world: World, rng: Generator) -> pl.DataFrame:
    """Ask for nothing."""
    return pl.DataFrame(schema=TRAFFIC)
