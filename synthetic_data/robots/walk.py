"""From lists to pages: each account's lookups in order, with the logins, addresses and browsers around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data import portal, professions
from synthetic_data.presets import MICROSECONDS_A_DAY
from synthetic_data.robots.opening import pages_around
from synthetic_data.robots.pace import MACHINE, NO_ROWS, Pace, draw_times
from synthetic_data.robots.world import World
from synthetic_data.traffic import NOTHING, TRAFFIC
from synthetic_data.workstations import PROGRAMS

Integers = NDArray[np.int64]
Columns = dict[str, NDArray[np.integer]]

FIRST_LOGIN = 10**8  # honest logins are numbered below
ROWS_A_FRAME = 2**18  # pages put into one table at once: bounds memory, changes nothing else


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What one account asks for, in this order.

    subject: shape (lookups,). windows: see `days`. restarts: rows before which it stops for a while.
    fate: of each lookup, drawn where None. addresses: rows of professionals.addresses it asks from,
    dealt where None. seen: whether the account's pages were seen by this robot before.
    """

    operator: int
    account: int
    subject: Integers
    windows: Integers
    restarts: Integers = field(default_factory=lambda: NO_ROWS)
    fate: NDArray[np.uint8] | None = None
    addresses: Integers | None = None
    seen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a robot asks for its pieces.

    page: index in portal.PAGES of a lookup. addresses: an account's, from and to; they take turns, login
    by login. lookups_an_address: where given, the address changes after so many, and a login is
    carried along to the next one with chance CARRIED. agents: browsers the robot passes for;
    agents_each: whether each account has its own.
    """

    pace: Pace = MACHINE
    page: int = portal.RIGHTS
    addresses: tuple[int, int] = (2, 3)
    lookups_an_address: tuple[int, int] | None = None
    agents: int = 2
    agents_each: bool = False


CARRIED = 0.5  # of changes of address in the middle of a login, those it survives (UE)


def walk(world: World, pieces: Sequence[Piece], manner: Manner, rng: Generator) -> pl.DataFrame:
    """Ask for the pieces: the robot's pages, columns of TRAFFIC, campaign 1."""
    asked = [piece for piece in pieces if len(piece.subject)]
    if not asked:
        return pl.DataFrame(schema=TRAFFIC)
    dealt = _deal_addresses(world, asked, manner, rng)
    stations = people_stations(world)
    shared = draw_agents(world, stations, asked[0], manner.agents, rng)
    parts, rows, frames, login = [], 0, [], FIRST_LOGIN
    for piece, addresses in zip(asked, dealt, strict=True):
        agents = draw_agents(world, stations, piece, manner.agents, rng) if manner.agents_each else shared
        columns = _walk_piece(piece, addresses, agents, manner, rng)
        columns["login"] += login
        login = int(columns["login"].max()) + 1
        parts.append(columns)
        rows += len(columns["time"])
        if rows >= ROWS_A_FRAME:
            frames.append(_framed(parts))
            parts, rows = [], 0
    frames.extend([_framed(parts)] if parts else [])
    return pl.concat(frames)


def draw_fates(count: int, rng: Generator) -> NDArray[np.uint8]:
    """Say which lookups are answered, left before the answer or timed out: as often as honest people's."""
    shares = [professions.ABORTED_SHARE, professions.ABORTED_SHARE + professions.TIMED_OUT_SHARE]
    kinds = np.array([portal.ABORTED, portal.TIMED_OUT, portal.ANSWERED], dtype=np.uint8)
    return kinds[np.searchsorted(shares, rng.random(count), side="right")]


def people_stations(world: World) -> Integers:
    """Rows of the workstations at which people sit, no programs: theirs are the browsers to pass for."""
    return np.flatnonzero(~np.isin(world.professionals.workstations.browser, PROGRAMS))


def draw_agents(world: World, stations: Integers, piece: Piece, count: int, rng: Generator) -> NDArray[np.int16]:
    """Choose browsers to pass for: those of professionals, as they are on the day the piece begins."""
    rows, all_stations = rng.choice(stations, size=count), world.professionals.workstations
    day = (int(piece.windows[0, 0]) - world.calendar.start_us) // MICROSECONDS_A_DAY
    updated = all_stations.update_day[rows] <= day
    return (2 * all_stations.browser[rows].astype(np.int16) + updated).astype(np.int16)


def _deal_addresses(
    world: World, pieces: Sequence[Piece], manner: Manner, rng: Generator
) -> Iterator[NDArray[np.int32]]:
    """Give each piece its own addresses, or addresses that nobody works from, in random order."""
    spare = rng.permutation(world.professionals.spare_addresses).astype(np.int32)
    sizes = rng.integers(*manner.addresses, size=len(pieces), endpoint=True)
    if manner.lookups_an_address:
        sizes[:] = max(1, len(spare) // len(pieces))
    ends = np.cumsum(sizes)
    for piece, size, end in zip(pieces, sizes.tolist(), ends.tolist(), strict=True):
        if piece.addresses is not None:
            yield piece.addresses.astype(np.int32)
        else:
            yield spare[np.arange(end - size, end) % len(spare)]


def _walk_piece(
    piece: Piece, addresses: NDArray[np.int32], agents: NDArray[np.int16], manner: Manner, rng: Generator
) -> Columns:
    """One account's pages as columns of TRAFFIC; logins numbered from 0."""
    count = len(piece.subject)
    fate = draw_fates(count, rng) if piece.fate is None else piece.fate
    changes = _address_changes(count, manner, rng)
    times = draw_times(
        np.where(fate == portal.TIMED_OUT, portal.TIME_OUT_MS / 1000, 0.0),
        piece.windows,
        manner.pace,
        rng,
        restarts=piece.restarts,
        logins=changes[rng.random(len(changes)) >= CARRIED],
    )
    login = np.cumsum(times.opens, dtype=np.int32) - np.int32(1)
    turns = times.opens.copy()
    turns[changes] = True
    address = addresses[(np.cumsum(turns) - 1) % len(addresses)]
    favour = 1 / np.arange(1, len(agents) + 1)  # the first browser twice as often as the second, and so on
    agent = rng.choice(agents, size=int(login[-1]) + 1, p=favour / favour.sum())[login]
    time, page, row = pages_around(times, manner.pace, piece.seen, rng)
    return {
        "time": np.concatenate([times.time, time]),
        "operator": np.full(count + len(row), piece.operator, dtype=np.uint8),
        "account": np.full(count + len(row), piece.account, dtype=np.int32),
        "address": np.concatenate([address, address[row]]),
        "agent": np.concatenate([agent, agent[row]]),
        "page": np.concatenate([np.full(count, manner.page, dtype=np.int8), page]),
        "subject": np.concatenate([piece.subject, np.full(len(row), NOTHING)]),
        "login": np.concatenate([login, login[row]]),
        "fate": np.concatenate([fate, np.full(len(row), portal.ANSWERED, dtype=np.uint8)]),
    }


def _address_changes(count: int, manner: Manner, rng: Generator) -> Integers:
    """Rows before which the address changes, where addresses rotate."""
    if manner.lookups_an_address is None:
        return NO_ROWS
    least, most = manner.lookups_an_address
    rows = np.cumsum(rng.integers(least, most, size=count // least + 1, endpoint=True))
    return rows[rows < count]


def _framed(parts: list[Columns]) -> pl.DataFrame:
    """Put pieces into one table, columns of TRAFFIC."""
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    count = len(joined["time"])
    joined["campaign"] = np.ones(count, dtype=np.uint8)
    return pl.DataFrame({name: joined[name] for name in TRAFFIC}, schema=TRAFFIC)
