"""A robot without a list: it guesses holders' numbers, and most of them belong to nobody.

It works through sexes, years and months of birth in order, the numbers of one month at random, until it
has found enough people: the share of its lookups that miss is drawn once a case.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data.robots.accounts import phished
from synthetic_data.robots.days import span, whole_days
from synthetic_data.robots.lists import everywhere, one_each
from synthetic_data.robots.walk import Manner, walk
from synthetic_data.robots.world import World

Integers = NDArray[np.int64]

MISSED_SHARES = (0.25, 0.95)  # domain notes: enumeration misses 20 to 99 % of its lookups
FOUND_SHARE = 0.08  # UE: of what an operator can be asked for, unless so many guesses are too many
GUESSES_MOST = 0.08  # UE: of all requests of the case
LASTING_DAYS = (4, 6)  # UE


def guess_numbers(world: World, rng: Generator) -> pl.DataFrame:
    """Guess numbers at each operator, on a few days, at any hour."""
    accounts = phished(world, rng)
    missed = float(rng.uniform(*MISSED_SHARES))
    windows = everywhere(whole_days(world.calendar, *span(world.calendar, rng, lasting=LASTING_DAYS)))
    most = int(GUESSES_MOST * world.preset.requests / 2 * (1 - missed))
    lists = {operator: draw_guesses(world, operator, missed, most, rng) for operator in accounts}
    return walk(world, one_each(lists, accounts, windows), Manner(), rng)


def draw_guesses(world: World, operator: int, missed: float, most_found: int, rng: Generator) -> Integers:
    """Numbers guessed at one operator, in order: people found, each among guesses like their number."""
    subjects = world.subjects(operator)
    count = min(round(FOUND_SHARE * len(subjects)), most_found)
    found = rng.choice(subjects, size=max(1, count), replace=False) if len(subjects) else subjects
    place = -world.unknown(found, rng)  # the digits of a number of the same sex, year and month
    found = found[np.argsort(place, kind="stable")]
    around = rng.geometric(1 - missed, size=len(found)) - 1
    row = np.repeat(np.arange(len(found)), around)
    nobody, once = np.unique(world.unknown(found[row], rng), return_index=True)  # nobody guesses a number twice
    guessed = np.concatenate([found, nobody])
    group = np.concatenate([np.arange(len(found)), row[once]])
    return guessed[np.lexsort((rng.random(len(guessed)), group))]
