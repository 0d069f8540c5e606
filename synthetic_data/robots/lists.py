"""Whom a robot asks for: lists of subjects, cut into one piece an account."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data.robots.accounts import ATTACKED
from synthetic_data.robots.walk import Piece
from synthetic_data.robots.world import World

Integers = NDArray[np.int64]

# A prior list, bought elsewhere (UE; list-driven robots miss less than 5 %).
LIST_SHARE = 0.40  # of what each operator can be asked for
UNKNOWN_SHARE = 0.025  # numbers on the list that nobody holds, over those that somebody does


def draw_lists(
    world: World, rng: Generator, share: float = LIST_SHARE, unknown_share: float = UNKNOWN_SHARE
) -> dict[int, Integers]:
    """Draw one list of people and what it holds for each attacked operator, in random order.

    Whoever is on it is asked for wherever they are known.
    """
    known = {operator: world.subjects(operator) for operator in ATTACKED}
    last = max(int(subjects.max(initial=-1)) for subjects in known.values())
    listed = rng.random(last + 1, dtype=np.float32) < share
    return {operator: with_unknown(world, known[operator][listed[known[operator]]], unknown_share, rng)
            for operator in ATTACKED}  # fmt: skip


def with_unknown(world: World, subjects: Integers, share: float, rng: Generator) -> Integers:
    """Shuffle `subjects` with so many numbers that nobody holds for each of them, none of them twice."""
    strangers = int(len(subjects) * share)
    near = rng.choice(subjects, size=strangers) if strangers else subjects[:0]
    return rng.permutation(np.concatenate([subjects, np.unique(world.unknown(near, rng))]))


def one_each(lists: dict[int, Integers], accounts: dict[int, list[int]], windows: dict[int, Integers]) -> list[Piece]:
    """Cut each operator's list into one piece an account, in the list's order."""
    return [
        Piece(operator=operator, account=account, subject=part, windows=windows[operator])
        for operator, mine in accounts.items() if mine
        for account, part in zip(mine, np.array_split(lists[operator], len(mine)), strict=True)
    ]  # fmt: skip


def everywhere(windows: Integers) -> dict[int, Integers]:
    """Give the same windows at each attacked operator."""
    return dict.fromkeys(ATTACKED, windows)
