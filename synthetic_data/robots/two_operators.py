"""The same robot at both operators, days apart: one list, one way of asking, some addresses used twice.

A third operator was closed when it came: its register is evidence, and nobody there was shown.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.random import Generator

from synthetic_data.robots.accounts import phished
from synthetic_data.robots.days import span, whole_days
from synthetic_data.robots.lists import draw_lists, one_each
from synthetic_data.robots.walk import Manner, Piece, walk
from synthetic_data.robots.world import World

LIST_SHARE = 0.50  # UE
FIRST_AFTER_DAYS = (0, 1)  # UE
LASTING_DAYS = (2, 4)  # at each operator (UE)
DAYS_BETWEEN = (1, 2)  # without the robot, from one operator to the other (UE; announced: 2 to 5 days)
ADDRESSES = 3  # of one account, one of them used at the other operator too (UE)


def walk_two_operators(world: World, rng: Generator) -> pl.DataFrame:
    """Ask the first operator for the list, and some days later the second one."""
    calendar = world.calendar
    first, last = span(calendar, rng, FIRST_AFTER_DAYS, LASTING_DAYS)
    again = min(last + 1 + int(rng.integers(*DAYS_BETWEEN, endpoint=True)), calendar.days - 1)
    end = min(again + int(rng.integers(*LASTING_DAYS, endpoint=True)) - 1, calendar.days - 1)
    windows = {0: whole_days(calendar, first, last), 1: whole_days(calendar, again, end)}
    pieces = one_each(draw_lists(world, rng, LIST_SHARE), phished(world, rng), windows)
    return walk(world, _with_addresses(world, pieces, rng), Manner(), rng)


def _with_addresses(world: World, pieces: list[Piece], rng: Generator) -> list[Piece]:
    """Deal addresses; each account of the second operator gets one that served at the first."""
    spare = rng.permutation(world.professionals.spare_addresses)
    dealt = spare[np.arange(ADDRESSES * len(pieces)).reshape(-1, ADDRESSES) % len(spare)]
    before = [row for row, piece in enumerate(pieces) if piece.operator == 0]
    for row, piece in enumerate(pieces):
        if piece.operator == 1 and before:
            dealt[row, 0] = dealt[before[row % len(before)], 0]
    return [replace(piece, addresses=own) for piece, own in zip(pieces, dealt, strict=True)]
