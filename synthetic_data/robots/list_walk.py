"""A robot with a list: phished accounts, holders' numbers bought elsewhere, each asked for once.

Each operator's part of the list is cut into one piece an account and walked in the list's own order,
which is random. The accounts' owners go on working meanwhile, from their own addresses.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data import portal, targets
from synthetic_data.honest import TRAFFIC
from synthetic_data.identifiers import unassigned_nirs
from synthetic_data.professionals import AGENTS
from synthetic_data.robots.world import World
from synthetic_data.visits import DAY, HOUR, SECOND, START

PHISHED_PROFESSIONS = ("optician", "hearing_aid", "dentist")
FIRST_LOGIN = 10**8  # honest logins are numbered below


def walk_list(world: World, rng: Generator) -> pl.DataFrame:
    """Ask for the list: the robot's pages, columns of TRAFFIC, campaign 1."""
    accounts = phished_accounts(world, rng)
    first_day = int(rng.integers(*targets.ROBOT_FIRST_DAYS, endpoint=True))
    days = int(rng.integers(*targets.ROBOT_DAYS, endpoint=True))
    listed = rng.random(_households(world)) < targets.LIST_SHARE_OF_PEOPLE
    agents = rng.choice(len(AGENTS), size=2, replace=False)
    spare = rng.permutation(world.professionals.spare_addresses)
    pieces = []
    for operator in (0, 1):
        own = accounts.filter(pl.col("operator") == operator)["account"].to_list()
        numbers = operator_list(world, listed, operator, rng)
        for account, piece in zip(own, np.array_split(numbers, len(own)), strict=True):
            size = int(rng.integers(2, 4))
            addresses, spare = spare[:size], spare[size:]
            pages = walk_piece(piece, first_day, days, len(pieces) == 0, rng)
            pieces.append(
                _dressed(
                    pages,
                    operator=operator,
                    account=account,
                    addresses=addresses,
                    agents=agents,
                    piece=len(pieces),
                    rng=rng,
                )
            )
    return pl.concat(pieces).sort("time", "account", "page")


def _households(world: World) -> int:
    """How many households there are."""
    return int(world.population.persons["household"].n_unique())


def phished_accounts(world: World, rng: Generator) -> pl.DataFrame:
    """Choose the accounts used: of small practices, split over the operators as evenly as can be."""
    wanted = [i for i, p in enumerate(targets.PROFESSIONS) if p.name in PHISHED_PROFESSIONS]
    chosen = []
    for operator, count in enumerate([-(-world.preset.phished // 2), world.preset.phished // 2]):
        able = world.professionals.accounts.filter(pl.col("operator") == operator, pl.col("profession").is_in(wanted))
        chosen.append(able[np.sort(rng.choice(len(able), size=count, replace=False))])
    return pl.concat(chosen)


def operator_list(world: World, listed: NDArray[np.bool_], operator: int, rng: Generator) -> NDArray[np.int64]:
    """List the numbers to ask one operator for: its listed holders and a few nobody holds, shuffled."""
    population = world.population
    holders = population.persons.filter(pl.col("role") == "holder")["holder_number"].to_numpy()
    assigned = population.persons.filter(pl.col("role") != "child")["beneficiary_number"].to_numpy() // 100
    here = population.register.filter(pl.col("operator") == operator)["household"].unique().sort().to_numpy()
    known = holders[here[listed[here]]]
    strangers = int(len(known) * targets.LIST_UNKNOWN_SHARE)
    unknown = np.unique(unassigned_nirs(rng.choice(known, size=strangers), assigned, rng))
    return rng.permutation(np.concatenate([known, unknown]))


def walk_piece(numbers: NDArray[np.int64], first_day: int, days: int, whole_span: bool, rng: Generator) -> pl.DataFrame:
    """One account's walk: columns time, page, number, session (from 0).

    As many sessions as keep each between 1 and 6 hours, on different days, at any hour;
    `whole_span` makes the first and the last day be used.
    """
    pace = targets.ROBOT_LOOKUPS_PER_S_MEDIAN * float(np.exp(0.25 * rng.standard_normal()))
    pace = min(max(pace, targets.ROBOT_LOOKUPS_PER_S[0]), targets.ROBOT_LOOKUPS_PER_S[1])
    hours = len(numbers) / pace / 3600
    longest = targets.ROBOT_SESSION_HOURS[1] * 0.8  # pauses take the rest
    sessions = min(days, max(2, round(hours / 1.5), int(np.ceil(hours / longest))))
    pace = max(pace, len(numbers) / (sessions * longest * 3600))
    if pace > targets.ROBOT_LOOKUPS_PER_S[1]:
        raise ValueError(f"{len(numbers)} numbers are too many for one account in {days} days")
    chosen = np.sort(rng.choice(days, size=sessions, replace=False))
    if whole_span:
        chosen[[0, -1]] = [0, days - 1]
    parts = []
    for session, (day, piece) in enumerate(zip(chosen, np.array_split(numbers, sessions), strict=True)):
        start = START + (first_day + int(day)) * DAY + int(rng.integers(0, 17 * HOUR))
        parts.append(_session(piece, start, pace, session, rng))
    return pl.concat(parts)


def _session(numbers: NDArray[np.int64], start: int, pace: float, session: int, rng: Generator) -> pl.DataFrame:
    """Log in, see the home page, then ask for number after number with lognormal gaps and pauses."""
    sigma = np.sqrt(np.log(1 + targets.ROBOT_GAP_CV**2))
    gaps = rng.lognormal(-(sigma**2) / 2, sigma, len(numbers)) / pace
    pauses = np.zeros(len(numbers))
    length = rng.integers(targets.ROBOT_LOOKUPS_BETWEEN_PAUSES // 2, 3 * targets.ROBOT_LOOKUPS_BETWEEN_PAUSES // 2)
    where = np.arange(length, len(numbers), length)
    pauses[where] = rng.uniform(*targets.ROBOT_PAUSE_MINUTES, len(where)) * 60
    asked = start + 5 * SECOND + np.cumsum((gaps + pauses) * SECOND).astype(np.int64)
    opening = np.array([portal.LOGIN, portal.HOME, *portal.STATIC[:3], portal.ACCOUNT])
    opening = opening if session == 0 else opening[:-1]
    opened = start + np.cumsum(rng.integers(200_000, 700_000, len(opening)))
    return pl.DataFrame(
        {
            "time": np.concatenate([opened, asked]),
            "page": np.concatenate([opening, np.full(len(numbers), portal.RIGHTS)]),
            "number": np.concatenate([np.zeros(len(opening), dtype=np.int64), numbers]),
            "session": np.full(len(opening) + len(numbers), session),
        }
    )


def _dressed(
    pages: pl.DataFrame,
    *,
    operator: int,
    account: int,
    addresses: NDArray[np.int64],
    agents: NDArray[np.int64],
    piece: int,
    rng: Generator,
) -> pl.DataFrame:
    """Add who asks: account, address and agent of each session."""
    session = pages["session"].to_numpy()
    count = int(session.max()) + 1
    address = np.resize(addresses, count)
    agent = agents[np.where(rng.random(count) < 0.7, 0, 1)]
    return pages.with_columns(
        pl.lit(operator).alias("operator"),
        pl.lit(account).alias("account"),
        pl.Series("address", address[session]),
        pl.Series("agent", agent[session]),
        pl.Series("login", FIRST_LOGIN + piece * 100 + session),
        pl.lit(1).alias("campaign"),
    ).select(pl.col(name).cast(kind) for name, kind in TRAFFIC.items())
