"""A robot with a list: phished accounts, holders' numbers bought elsewhere, each asked for once.

Each operator's part of the list is cut into one piece an account and walked in the list's own order,
which is random. The accounts' owners go on working meanwhile, from their own addresses. Its figures are
those that most robots share: `days`, `pace`, `lists`.
"""

from __future__ import annotations

import polars as pl
from numpy.random import Generator

from synthetic_data.robots.accounts import phished
from synthetic_data.robots.days import span, whole_days
from synthetic_data.robots.lists import draw_lists, everywhere, one_each
from synthetic_data.robots.walk import Manner, walk
from synthetic_data.robots.world import World


def walk_list(world: World, rng: Generator) -> pl.DataFrame:
    """Ask for the list on a few days, at any hour."""
    windows = everywhere(whole_days(world.calendar, *span(world.calendar, rng)))
    pieces = one_each(draw_lists(world, rng), phished(world, rng), windows)
    return walk(world, pieces, Manner(), rng)
