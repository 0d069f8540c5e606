"""A robot that leafs: the portals have a list of people, and it asks for page after page of it.

Each account takes a stretch of the list, in order; a page shows several people, none of them in full.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.random import Generator

from synthetic_data import portal
from synthetic_data.robots.accounts import phished
from synthetic_data.robots.days import span, whole_days
from synthetic_data.robots.lists import everywhere, one_each
from synthetic_data.robots.pace import Pace
from synthetic_data.robots.walk import Manner, walk
from synthetic_data.robots.world import World

LEAFED_SHARE = 0.50  # UE: of each operator's pages, from the first one on
PACE = Pace(per_second=0.25, least=0.15, most=1.0, between_pauses=250)  # UE: long pages come slowly


def leaf_through(world: World, rng: Generator) -> pl.DataFrame:
    """Ask for the first half of the list's pages, on a few days, at any hour."""
    accounts = phished(world, rng)
    windows = everywhere(whole_days(world.calendar, *span(world.calendar, rng)))
    lists = {
        operator: np.arange(int(np.ceil(LEAFED_SHARE * world.listing_pages(operator))), dtype=np.int64)
        for operator in accounts
    }
    return walk(world, one_each(lists, accounts, windows), Manner(pace=PACE, page=portal.LISTING), rng)
