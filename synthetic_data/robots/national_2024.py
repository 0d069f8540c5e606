"""The announced incident in three worlds that the press cannot tell apart: 33 million of what?

Known dates (domain notes, section 4): at the first operator a robot extracts from 22 January, and is cut
off between 26 and 29 January; the second operator is attacked some days later, and observes it on 1
February. All three worlds share these days, the number of accounts, the pace and the way of asking.
Sizes are shares of a case's people, so that they hold for any preset: 33 of 39 million is what was
announced over what the two registers hold.
"""

from __future__ import annotations

from math import gcd

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data.presets import Calendar
from synthetic_data.professions import ABORTED_SHARE, TIMED_OUT_SHARE
from synthetic_data.robots.accounts import phished
from synthetic_data.robots.days import whole_days
from synthetic_data.robots.lists import draw_lists, one_each
from synthetic_data.robots.walk import Manner, Piece, walk
from synthetic_data.robots.world import World

Integers = NDArray[np.int64]

ANNOUNCED_SHARE = 33 / 39
UNANSWERED_SHARE = ABORTED_SHARE + TIMED_OUT_SHARE
SHOWN_OF_PERIMETER = 0.07  # UE: in the world where 33 million is the registers' union; 2.3 million people
LISTED_OF_LINES = 0.22  # UE: in the world of lines; 8.6 million people, asked for about four times each
UNKNOWN_SHARE = 0.025  # UE

# Days in the incident's own count, from 22 January on, drawn within these bounds, both included.
FIRST_ENDS_AFTER = (4, 6)  # last day at the first operator: 26 to 28 January
SECOND_STARTS_AFTER = (4, 6)  # first day at the second: 26 to 28 January; announced 2 to 5 days later
SECOND_ENDS_AFTER = (9, 10)  # last day at the second: 31 January or 1 February
INCIDENT_DAYS = 16  # 22 January to 6 February: what is left of the national log; shorter ones are fitted


def as_announced(world: World, rng: Generator) -> pl.DataFrame:
    """Show 33 of 39 people of the perimeter."""
    share = ANNOUNCED_SHARE / (1 - UNANSWERED_SHARE)
    return _walk_lists(world, draw_lists(world, rng, share, UNKNOWN_SHARE), rng)


def perimeter_only(world: World, rng: Generator) -> pl.DataFrame:
    """Show a few people of a perimeter that has as many as were announced."""
    return _walk_lists(world, draw_lists(world, rng, SHOWN_OF_PERIMETER, UNKNOWN_SHARE), rng)


def lines_not_people(world: World, rng: Generator) -> pl.DataFrame:
    """Return as many records as people were announced, of far fewer people, asked for again and again."""
    lists = draw_lists(world, rng, LISTED_OF_LINES, UNKNOWN_SHARE)
    entries = np.concatenate(list(lists.values()))
    records = int(world.people(entries[entries >= 0]).sum())  # where each entry is looked up once
    times = ANNOUNCED_SHARE * world.preset.people / (1 - UNANSWERED_SHARE) / max(1, records)
    accounts, windows = phished(world, rng), incident_days(world.calendar, rng)
    pieces = []
    for operator, mine in accounts.items():
        each = round(times * len(lists[operator]) / max(1, len(mine)))
        for account in mine:
            asked = again_and_again(lists[operator], each, rng)
            pieces.append(Piece(operator=operator, account=account, subject=asked, windows=windows[operator]))
    return walk(world, pieces, Manner(), rng)


def _walk_lists(world: World, lists: dict[int, Integers], rng: Generator) -> pl.DataFrame:
    """Ask each operator for its list, once, on the incident's days."""
    accounts, windows = phished(world, rng), incident_days(world.calendar, rng)
    return walk(world, one_each(lists, accounts, windows), Manner(), rng)


def incident_days(calendar: Calendar, rng: Generator) -> dict[int, Integers]:
    """Windows at each operator: the incident's days, shortened to what is left of the log."""
    left = calendar.days - calendar.robot_from
    scale = min(1.0, left / INCIDENT_DAYS)
    drawn = [int(rng.integers(*bounds, endpoint=True))
             for bounds in (FIRST_ENDS_AFTER, SECOND_STARTS_AFTER, SECOND_ENDS_AFTER)]  # fmt: skip
    ends, again, over = (calendar.robot_from + int(scale * days) for days in drawn)
    return {0: whole_days(calendar, calendar.robot_from, ends), 1: whole_days(calendar, again, max(again, over))}


def again_and_again(entries: Integers, count: int, rng: Generator) -> Integers:
    """Take `count` of the entries in an order of its own, round and round where the list is shorter.

    Steps that share no divisor with the list's length meet every entry once a round; the list itself is
    in random order.
    """
    if len(entries) == 0:
        return entries
    start, step = rng.integers(1, len(entries) + 1, size=2).tolist()
    while gcd(step, len(entries)) != 1:
        step += 1
    return entries[(start + step * np.arange(count)) % len(entries)]
