"""A robot behind many proxies: the list walk, from another address every few dozen requests.

Half of the changes come with a new login and perhaps another browser; the others carry the login along.
"""

from __future__ import annotations

import polars as pl
from numpy.random import Generator

from synthetic_data.robots.accounts import phished
from synthetic_data.robots.days import span, whole_days
from synthetic_data.robots.lists import draw_lists, everywhere, one_each
from synthetic_data.robots.walk import Manner, walk
from synthetic_data.robots.world import World

LOOKUPS_AN_ADDRESS = (20, 60)  # UE: what a proxy seller lends one address for
AGENTS = 40  # UE: browsers it passes for, common ones often


def walk_behind_proxies(world: World, rng: Generator) -> pl.DataFrame:
    """Ask for the list, changing address and browser all the time."""
    windows = everywhere(whole_days(world.calendar, *span(world.calendar, rng)))
    pieces = one_each(draw_lists(world, rng), phished(world, rng), windows)
    return walk(world, pieces, Manner(lookups_an_address=LOOKUPS_AN_ADDRESS, agents=AGENTS), rng)
