"""The robots, one file each.

A robot is a function of a `World` and a random generator that returns its pages (the columns of
`honest.TRAFFIC`, campaign from 1). A new one is a file here and a line in SCENARIOS.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
from numpy.random import Generator

from synthetic_data.robots.list_walk import walk_list
from synthetic_data.robots.quiet import stay_away
from synthetic_data.robots.world import World

Robot = Callable[[World, Generator], pl.DataFrame]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A robot and what it stands for."""

    name: str
    robot: Robot
    about: str


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("list_walk", walk_list, "one robot, phished accounts, a prior list walked once at each operator"),
        Scenario("quiet", stay_away, "no attack at all: honest traffic only"),
    )
}
