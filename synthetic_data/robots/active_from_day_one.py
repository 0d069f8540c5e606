"""A robot that was always there: slices of a list, on every day of the log.

No week of the log is clean, so nothing in it shows what the accounts do when they are alone.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.random import Generator

from synthetic_data.robots.accounts import phished
from synthetic_data.robots.days import whole_days
from synthetic_data.robots.lists import draw_lists, everywhere, one_each
from synthetic_data.robots.pace import Pace
from synthetic_data.robots.walk import Manner, Piece, walk
from synthetic_data.robots.world import World

PACE = Pace(sessions_least=1)
ADDRESSES = 3  # of one account, in turn, day by day (UE)


def walk_every_day(world: World, rng: Generator) -> pl.DataFrame:
    """Ask for one slice of the list a day under each account, at any hour."""
    calendar = world.calendar
    pieces = []
    spare = rng.permutation(world.professionals.spare_addresses)
    whole = one_each(draw_lists(world, rng), phished(world, rng), everywhere(whole_days(calendar, 0, 0)))
    for number, piece in enumerate(whole):
        mine = spare[(number * ADDRESSES + np.arange(ADDRESSES)) % len(spare)]
        for day, subject in enumerate(np.array_split(piece.subject, calendar.days)):
            pieces.append(
                Piece(
                    operator=piece.operator,
                    account=piece.account,
                    subject=subject,
                    windows=whole_days(calendar, day, day),
                    addresses=np.roll(mine, day),
                    seen=day > 0,
                )
            )
    return walk(world, pieces, Manner(pace=PACE), rng)
