"""A robot that stumbles: it asks again after time-outs, and after a crash walks a stretch a second time.

Its list holds some people twice besides. Lookups, records and people differ more than anywhere else.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data import portal
from synthetic_data.robots.accounts import phished
from synthetic_data.robots.days import span, whole_days
from synthetic_data.robots.lists import draw_lists, everywhere, one_each
from synthetic_data.robots.walk import Manner, Piece, draw_fates, walk
from synthetic_data.robots.world import World

Integers = NDArray[np.int64]

LIST_SHARE = 0.30  # UE
REPEATED_SHARE = 0.03  # UE: entries that stand on the list a second time
TIMED_OUT_SHARE = 0.012  # UE: four times as many as people have, who do not hurry
RETRIES_MOST = 3  # UE
RESTARTS = (2, 4)  # UE: of one account's walk
WALKED_AGAIN = (0.04, 0.20)  # UE: of the account's list, each time


def walk_with_restarts(world: World, rng: Generator) -> pl.DataFrame:
    """Ask for a list on a few days, stumbling."""
    lists = draw_lists(world, rng, LIST_SHARE)
    for operator, entries in lists.items():
        again = rng.choice(entries, size=int(REPEATED_SHARE * len(entries))) if len(entries) else entries
        lists[operator] = rng.permutation(np.concatenate([entries, again]))
    windows = everywhere(whole_days(world.calendar, *span(world.calendar, rng)))
    pieces = [stumbling(piece, rng) for piece in one_each(lists, phished(world, rng), windows)]
    return walk(world, pieces, Manner(), rng)


def stumbling(piece: Piece, rng: Generator) -> Piece:
    """Add restarts and retries to one account's walk."""
    if len(piece.subject) == 0:
        return piece
    rows, restarts = restarted(len(piece.subject), rng)
    fate = draw_fates(len(rows), rng)
    fate[rng.random(len(rows)) < TIMED_OUT_SHARE] = portal.TIMED_OUT
    tries = np.where(fate == portal.TIMED_OUT, rng.integers(2, RETRIES_MOST + 2, len(rows)), 1)
    first = np.cumsum(tries) - tries
    last = np.repeat(first + tries - 1, tries) == np.arange(tries.sum())
    tried = np.where(last, portal.ANSWERED, np.repeat(fate, tries))
    tried[first[tries == 1]] = fate[tries == 1]
    return replace(
        piece, subject=piece.subject[np.repeat(rows, tries)], restarts=first[restarts], fate=tried.astype(np.uint8)
    )


def restarted(count: int, rng: Generator) -> tuple[Integers, Integers]:
    """Rows of a list of `count` in the order asked for, and where in that order it begins again."""
    stops = np.sort(rng.integers(1, count + 1, size=int(rng.integers(*RESTARTS, endpoint=True))))
    back = np.ceil(rng.uniform(*WALKED_AGAIN, len(stops)) * count).astype(np.int64)
    starts = np.append(0, np.maximum(0, stops - back))
    parts = [np.arange(start, stop) for start, stop in zip(starts, np.append(stops, count), strict=True)]
    begins = np.cumsum([len(part) for part in parts])[:-1]
    rows = np.concatenate(parts)
    return rows, begins[begins < len(rows)]
