"""A robot that counts: the portals are asked by card number, and card numbers are dense.

Each account walks its own stretch of the numbers in ascending order, over the holes too: numbers that
nobody holds.
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

WALKED_SHARE = 0.45  # UE: of the cards each operator issued, one stretch without a break


def walk_cards(world: World, rng: Generator) -> pl.DataFrame:
    """Ask for one card after the other, on a few days, at any hour."""
    accounts = phished(world, rng)
    windows = everywhere(whole_days(world.calendar, *span(world.calendar, rng)))
    lists = {operator: draw_stretch(world, operator, rng) for operator in accounts}
    return walk(world, one_each(lists, accounts, windows), Manner(), rng)


def draw_stretch(world: World, operator: int, rng: Generator) -> Integers:
    """Cut a stretch of one operator's card numbers, anywhere, in ascending order, with what nobody holds."""
    cards, register = world.subjects(operator), world.population.registers[operator]
    length = int(WALKED_SHARE * len(cards))
    first = int(rng.integers(0, len(cards) - length + 1))
    numbers = np.sort(register.serial)[first : first + length]  # those of the cards, in the same order
    if length == 0:
        return cards[:0]
    holes = register.unissued[(register.unissued > numbers[0]) & (register.unissued < numbers[-1])].astype(np.int64)
    return np.insert(cards[first : first + length], np.searchsorted(numbers, holes), -holes)
