"""Robot and owner at once in one login: it asks while the owner works, from another address."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
from numpy.random import Generator

from synthetic_data.robots.accounts import phished
from synthetic_data.robots.days import span, working_hours
from synthetic_data.robots.lists import draw_lists, everywhere, one_each
from synthetic_data.robots.pace import Pace
from synthetic_data.robots.walk import Manner, walk
from synthetic_data.robots.world import World

LIST_SHARE = 0.25  # UE: fewer hours than a robot that asks at night
UNKNOWN_SHARE = 0.04  # UE
LASTING_DAYS = (6, 8)  # UE: days of the log, week-ends off
PACE = Pace(per_second=0.25, least=0.15, most=0.8, between_pauses=300, session_hours=(0.5, 3.0))


def walk_beside_owner(world: World, rng: Generator) -> pl.DataFrame:
    """Ask for a list in the working hours of small practices, under accounts whose owners work as well."""
    first, last = span(world.calendar, rng, after=(0, 2), lasting=LASTING_DAYS)
    lists = draw_lists(world, rng, LIST_SHARE, UNKNOWN_SHARE)
    any_hours = everywhere(working_hours(world.calendar, first, last, rng))
    pieces = [
        replace(piece, windows=working_hours(world.calendar, first, last, rng))
        for piece in one_each(lists, phished(world, rng), any_hours)
    ]
    return walk(world, pieces, Manner(pace=PACE, addresses=(1, 2)), rng)
