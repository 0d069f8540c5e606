"""How fast a robot asks, when it pauses, and when it logs in again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data.robots.days import SECOND
from synthetic_data.targets import SESSION_SILENCE_MINUTES

Integers = NDArray[np.int64]
Reals = NDArray[np.float64]

RATE_SIGMA = 0.25  # of the log of the lookups a second, between accounts (UE)
FULLEST = 0.85  # of the time it may ask in, what a robot fills at most: it asks faster rather than longer
SILENCE = SESSION_SILENCE_MINUTES * 60 * SECOND
NO_ROWS = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How one robot asks (UE; the domain notes give 0.1 to 60 requests a second over all accounts).

    per_second: lookups a second while it asks, median over the accounts; least, most: its bounds,
    passed only where the time is too short for the list. gap_cv: standard deviation of the gaps over
    their mean (lognormal). least_gap_s: shortest gap. between_pauses: lookups from one pause to the
    next, on average; pause_minutes: its length. session_hours: length of a session; sessions_least: how
    many an account has at least. lead_seconds: from a login to its first lookup; leave_seconds: from
    the last one to the logout, if there is one.
    """

    per_second: float = 0.45
    least: float = 0.3
    most: float = 1.5
    gap_cv: float = 0.3
    least_gap_s: float = 0.02
    between_pauses: int = 600
    pause_minutes: tuple[float, float] = (2.0, 9.0)
    session_hours: tuple[float, float] = (1.0, 6.0)
    sessions_least: int = 2
    lead_seconds: tuple[float, float] = (3.0, 6.0)
    leave_seconds: tuple[float, float] = (0.3, 1.5)

    @property
    def opening_seconds(self) -> float:
        """Time kept before a login's first lookup, so that logins of one account never cross."""
        return self.lead_seconds[1] + self.leave_seconds[1] + 0.5


MACHINE = Pace()
# As people work: gaps of a queue (`professions`: median 180 s, sigma 1.1, 8 s at least), breaks in between.
HUMAN = Pace(
    per_second=1 / 330, least=1 / 450, most=1 / 240, gap_cv=1.53, least_gap_s=8.0, between_pauses=12,
    pause_minutes=(4.0, 20.0), session_hours=(0.3, 1.6), lead_seconds=(8.0, 40.0), leave_seconds=(5.0, 45.0),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Times:
    """When one account asks, lookup by lookup.

    time: microseconds since 1970, UTC, ascending. opens: whether a login comes right before it.
    """

    time: Integers
    opens: NDArray[np.bool_]


def draw_times(
    waits: Reals,
    windows: Integers,
    pace: Pace,
    rng: Generator,
    *,
    restarts: Integers = NO_ROWS,
    logins: Integers = NO_ROWS,
) -> Times:
    """Draw the times of one account's lookups within `windows`; they always fit.

    waits: shape (lookups,), seconds it must wait after each one for an answer that does not come.
    restarts: rows before which it stops for a while; logins: rows before which it logs in again.
    """
    allowed = float((windows[:, 1] - windows[:, 0]).sum()) / SECOND
    gaps = _gaps(waits, FULLEST * allowed, pace, rng)
    begins = np.unique(np.concatenate([_session_starts(gaps, pace, rng), restarts]))
    opens = np.zeros(len(gaps), dtype=bool)
    opens[begins] = True
    opens[logins] = True
    gaps[opens] += pace.opening_seconds
    gaps *= min(1.0, FULLEST * allowed / gaps.sum())
    shares = rng.exponential(size=len(begins) + 1)
    gaps[begins] += (allowed - gaps.sum()) * (shares / shares.sum())[:-1]
    time = _within(windows, np.cumsum(gaps))
    opens[1:] |= np.diff(time) > SILENCE
    return Times(time, opens)


def _gaps(waits: Reals, most_seconds: float, pace: Pace, rng: Generator) -> Reals:
    """Seconds before each lookup, pauses and waits included, shortened where they exceed `most_seconds`."""
    count = len(waits)
    rate = pace.per_second * float(np.exp(RATE_SIGMA * rng.standard_normal()))
    rate = min(max(rate, pace.least), pace.most)
    sigma = float(np.sqrt(np.log(1 + pace.gap_cv**2)))
    gaps = np.maximum(rng.lognormal(-(sigma**2) / 2, sigma, count) / rate, pace.least_gap_s)
    length = int(rng.integers(max(1, pace.between_pauses // 2), max(2, 3 * pace.between_pauses // 2)))
    where = np.arange(length, count, length)
    gaps[where] += 60 * rng.uniform(*pace.pause_minutes, len(where))
    room = max(most_seconds - waits.sum(), most_seconds / 2)
    gaps *= min(1.0, room / gaps.sum())
    gaps[1:] += waits[:-1]
    return gaps


def _session_starts(gaps: Reals, pace: Pace, rng: Generator) -> Integers:
    """Rows that begin a session: the first, and one after each session's length."""
    elapsed = np.cumsum(gaps)
    usual = 3600 * sum(pace.session_hours) / 2
    count = min(len(gaps), max(pace.sessions_least, round(elapsed[-1] / usual)))
    lengths = np.cumsum(rng.uniform(*pace.session_hours, count))
    ends = elapsed[-1] * lengths[:-1] / lengths[-1]
    return np.unique(np.append(np.searchsorted(elapsed, ends), 0))


def _within(windows: Integers, seconds: Reals) -> Integers:
    """Moments after so many seconds of the time in `windows`, what lies between them left out."""
    ends = np.cumsum(windows[:, 1] - windows[:, 0])
    moment = np.minimum((seconds * SECOND).astype(np.int64), ends[-1] - 1)
    row = np.searchsorted(ends, moment, side="right")
    return windows[row, 1] - ends[row] + moment
