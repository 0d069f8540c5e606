"""A patient robot: about 3 % of all logins, each asking like a person of its own.

Every account is used in working hours only, with the gaps of a queue, lunch, and week-ends off, from
one or two addresses and one browser, from the first day a robot may come to the end of the log.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.random import Generator

from synthetic_data.robots.accounts import phished
from synthetic_data.robots.days import working_hours
from synthetic_data.robots.lists import draw_lists, everywhere, one_each
from synthetic_data.robots.pace import HUMAN
from synthetic_data.robots.walk import Manner, walk
from synthetic_data.robots.world import World

SHARE_OF_LOGINS = 0.03  # of the preset's accounts
LOOKUPS_A_DAY = 20.0  # UE: of one account on a working day, median; opticians' is 8, their 99th percentile 40
LOOKUPS_SIGMA = 0.35  # of its log, between accounts (UE)
LOOKUPS_A_DAY_MOST = 45.0
UNKNOWN_SHARE = 0.06  # UE: people miss 5 to 10 % of their lookups
HALVES_A_DAY = 2  # windows: a morning and an afternoon


def walk_slowly(world: World, rng: Generator) -> pl.DataFrame:
    """Ask for a little everywhere, on every working day from the first that a robot may come."""
    calendar = world.calendar
    accounts = phished(world, rng, max(2, round(SHARE_OF_LOGINS * world.preset.accounts)))
    lists = draw_lists(world, rng, share=1.0, unknown_share=UNKNOWN_SHARE)
    nowhere = everywhere(np.zeros((0, 2), dtype=np.int64))
    pieces = []
    for whole in one_each(lists, accounts, nowhere):
        windows = working_hours(calendar, calendar.robot_from, calendar.days - 1, rng)
        daily = min(LOOKUPS_A_DAY * float(np.exp(LOOKUPS_SIGMA * rng.standard_normal())), LOOKUPS_A_DAY_MOST)
        most = max(1, round(daily * len(windows) / HALVES_A_DAY))
        pieces.append(replace(whole, subject=whole.subject[:most], windows=windows))
    manner = Manner(pace=HUMAN, addresses=(1, 2), agents=1, agents_each=True)
    return walk(world, pieces, manner, rng)
