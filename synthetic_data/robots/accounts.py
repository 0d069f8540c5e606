"""The accounts a robot uses: phished ones of small practices, and the practices around them."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data.professions import NAMES, ORDINARY
from synthetic_data.robots.world import World

Integers = NDArray[np.int64]

ATTACKED = (0, 1)  # operators; a third one, where there is one, is closed to robots
PHISHED_PROFESSIONS = ("optician", "hearing_aid", "dentist")


def phished(world: World, rng: Generator, count: int | None = None) -> dict[int, list[int]]:
    """Choose the accounts used at each attacked operator, split over them as evenly as can be.

    count: how many; the preset's figure unless given. Fewer where an operator has no more to offer.
    """
    wanted = world.preset.phished if count is None else count
    chosen = {}
    for operator, share in zip(ATTACKED, (-(-wanted // 2), wanted // 2), strict=True):
        able = able_accounts(world, operator)
        chosen[operator] = np.sort(rng.choice(able, size=min(share, len(able)), replace=False)).tolist()
    return chosen


def able_accounts(world: World, operator: int) -> Integers:
    """Ordinary accounts of small practices at one operator: those that phishing reaches first."""
    wanted = [NAMES.index(name) for name in PHISHED_PROFESSIONS]
    return (
        world.professionals.accounts.filter(
            pl.col("operator") == operator, pl.col("profession").is_in(wanted), pl.col("pattern") == ORDINARY
        )["account"]
        .to_numpy()
        .astype(np.int64)
    )


def neighbours(world: World, account: int, most: int, rng: Generator) -> list[int]:
    """Accounts around one: of its own practice first, then of its department, at its operator."""
    accounts = world.professionals.accounts
    own = accounts.row(account, named=True)
    near = (
        accounts.filter(
            pl.col("operator") == own["operator"],
            pl.col("department") == own["department"],
            pl.col("pattern") == ORDINARY,
            pl.col("account") != account,
        )
        .with_columns((pl.col("practice_id") != own["practice_id"]).alias("elsewhere"))
        .select("account", "elsewhere")
    )
    shuffled = near[rng.permutation(len(near)).tolist()].sort("elsewhere", maintain_order=True)
    return shuffled["account"].head(most).to_list()
