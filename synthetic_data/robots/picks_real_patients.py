"""A robot that knows whom it must ask for: patients of the phished practices and of those around them.

It read the practices' own files. Care seems to explain what it asks for: the same professional did see
some of these people before, or will, and the others live around the corner.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.random import Generator

from synthetic_data.robots.accounts import neighbours, phished
from synthetic_data.robots.days import span, whole_days
from synthetic_data.robots.lists import with_unknown
from synthetic_data.robots.pace import Pace
from synthetic_data.robots.walk import Manner, Piece, walk
from synthetic_data.robots.world import World

NEIGHBOURS_MOST = 6  # UE: practices around each phished one whose files it has as well
UNKNOWN_SHARE = 0.03  # UE: old numbers in the files
PACE = Pace(per_second=0.12, least=0.08, most=0.4, between_pauses=150)  # UE: slowly, there are few


def ask_for_patients(world: World, rng: Generator) -> pl.DataFrame:
    """Ask each account's operator for its practice's patients and its neighbours', on a few days."""
    windows = whole_days(world.calendar, *span(world.calendar, rng))
    pieces = []
    for operator, accounts in phished(world, rng).items():
        for account in accounts:
            files = [account, *neighbours(world, account, NEIGHBOURS_MOST, rng)]
            patients = np.unique(np.concatenate([world.patients(one) for one in files]))
            asked = with_unknown(world, patients, UNKNOWN_SHARE, rng)
            pieces.append(Piece(operator=operator, account=account, subject=asked, windows=windows))
    return walk(world, pieces, Manner(pace=PACE), rng)
