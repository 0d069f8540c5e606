"""A robot in a hurry: everything within one day, several accounts at once, at a high pace."""

from __future__ import annotations

import polars as pl
from numpy.random import Generator

from synthetic_data.robots.accounts import phished
from synthetic_data.robots.days import HOUR, span, whole_days
from synthetic_data.robots.lists import LIST_SHARE, draw_lists, everywhere, one_each
from synthetic_data.robots.pace import Pace
from synthetic_data.robots.walk import Manner, walk
from synthetic_data.robots.world import World

# Lookups a second over all accounts: the domain notes give 60 requests a second as the most to test.
IN_TOTAL_MEDIAN = 40.0
IN_TOTAL_MOST = 52.0
AN_ACCOUNT_MOST = 8.0  # UE: one login is served by one machine
FILLED = 0.5  # of the day, at most, for a list of any length


def walk_in_a_day(world: World, rng: Generator) -> pl.DataFrame:
    """Ask for the list, or for what one day allows of it, on one day in UTC and in local time."""
    accounts = phished(world, rng)
    day, _ = span(world.calendar, rng, lasting=(1, 1))
    window = whole_days(world.calendar, day, day)
    window[:, 1] -= HOUR  # local midnight comes an hour before
    used = max(1, sum(len(mine) for mine in accounts.values()))
    pace = Pace(
        per_second=min(AN_ACCOUNT_MOST, IN_TOTAL_MEDIAN / used),
        least=min(AN_ACCOUNT_MOST, IN_TOTAL_MEDIAN / used) / 2,
        most=min(AN_ACCOUNT_MOST, IN_TOTAL_MOST / used),
        between_pauses=4000,
        pause_minutes=(0.5, 3.0),
        session_hours=(0.2, 2.0),
    )
    seconds = float((window[:, 1] - window[:, 0]).sum()) / 1_000_000
    able = FILLED * seconds * pace.least * used
    known = sum(len(world.subjects(operator)) for operator in accounts)
    lists = draw_lists(world, rng, min(LIST_SHARE, able / max(1, known)))
    return walk(world, one_each(lists, accounts, everywhere(window)), Manner(pace=pace), rng)
