"""The pages around a robot's lookups: logins, home pages, files of a first view, logouts."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data import portal
from synthetic_data.professions import ACCOUNT_PAGE_SHARE, LOGOUT_SHARE
from synthetic_data.robots.days import SECOND
from synthetic_data.robots.pace import Pace, Times

Integers = NDArray[np.int64]

FIRST_VIEW_FILES = 4.0  # style sheets, scripts and images fetched at an account's first login, mean (UE)
LATER_FILES = 0.5  # at each later one: the browser keeps them (UE)


def pages_around(times: Times, pace: Pace, seen: bool, rng: Generator) -> tuple[Integers, NDArray[np.int8], Integers]:
    """Put pages around one account's lookups: their time, their page, and the lookup each belongs to.

    seen: whether the robot logged in to this account in an earlier piece. Else its first login reads the
    account's own page too, as one does who wants to know whose account it is.
    """
    first = np.flatnonzero(times.opens)
    last = np.append(first[1:], len(times.time)) - 1
    count = len(first)
    new = np.zeros(count, dtype=bool)
    new[0] = not seen
    lead = rng.uniform(*pace.lead_seconds, count) * SECOND
    login = times.time[first] - lead.astype(np.int64)
    home = login + rng.integers(250_000, 700_000, count)
    files = np.repeat(np.arange(count), rng.poisson(np.where(new, FIRST_VIEW_FILES, LATER_FILES)))
    reads = np.flatnonzero(new | (rng.random(count) < ACCOUNT_PAGE_SHARE))
    leaves = np.flatnonzero(rng.random(count) < LOGOUT_SHARE)
    leave = rng.uniform(*pace.leave_seconds, len(leaves)) * SECOND
    around = [
        (login, portal.LOGIN, first),
        (home, portal.HOME, first),
        (home[files] + rng.integers(30_000, 900_000, len(files)), None, first[files]),
        (login[reads] + (0.6 * lead[reads]).astype(np.int64), portal.ACCOUNT, first[reads]),
        (times.time[last[leaves]] + leave.astype(np.int64), portal.LOGOUT, last[leaves]),
    ]
    pages = [
        rng.choice(portal.STATIC, size=len(row)).astype(np.int8) if page is None else np.full(len(row), page, np.int8)
        for _, page, row in around
    ]
    return (
        np.concatenate([time for time, _, _ in around]),
        np.concatenate(pages),
        np.concatenate([row for _, _, row in around]),
    )
