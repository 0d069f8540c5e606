"""Stretches without a line that chance cannot explain: what was not seen there is unknown.

A silence is held against two yardsticks, neither of which takes a night, a week-end or a holiday for a loss: what the
other servers logged at the same time, and the least that the quietest day of the week brought at the same hours. How
busy the day was in its other hours is no yardstick: a robot makes a Sunday as busy as a Monday.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forensics.estimation.arrivals import chance_of_none, dispersion
from forensics.evidence.line_counts import HOUR, Counts, Lines, runs
from forensics.evidence.same_hours import SameHours

YARDSTICKS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Bins from `start` to before `end`, numbered from the operator's first, in which `lines` has nothing."""

    lines: Lines
    start: int
    end: int
    is_usual_hour: bool
    """Whether it holds a whole hour of the clock, and every such hour has lines on the other days as a rule."""
    others_lines: int
    """What the operator's other servers logged meanwhile."""


def silences(whole: Lines, servers: list[Lines], tests: int, level: float) -> list[Silence]:
    """Find what chance cannot explain of one operator's silences; those of all its servers are told once.

    Args:
        whole: the lines of all its servers together.
        servers: those of each.
        tests: candidate silences of the case, those of its servers and of all together.
        level: chance over all of them that even one is found in a log that lost nothing.
    """
    limit = level / (YARDSTICKS * max(tests, 1))
    found = [] if len(servers) == 1 and servers[0].counts.sum() == whole.counts.sum() else _found(whole, None, limit)
    told = np.zeros(len(whole.counts), dtype=bool)
    for one in found:
        told[one.start : one.end] = True
    for server in servers:
        found += _found(server, whole, limit, told)
    return found


def _found(lines: Lines, whole: Lines | None, limit: float, told: NDArray[np.bool_] | None = None) -> list[Silence]:
    silent = lines.silent()
    starts, ends = runs(silent if told is None else silent & ~told)
    if not len(starts):
        return []
    yardstick = SameHours(lines)
    # That a bin is empty made it a candidate; what is tested is that those after it are.
    chances = yardstick.chances(lines.slots[starts] + 1, ends - starts - 1)
    others = np.zeros(len(starts), dtype=np.int64)
    if whole is not None:
        chances, others = _beside(chances, lines, whole, starts, ends)
    return [
        Silence(
            lines=lines,
            start=int(starts[number]),
            end=int(ends[number]),
            is_usual_hour=yardstick.is_usual(int(lines.slots[starts[number]]), int(ends[number] - starts[number])),
            others_lines=int(others[number]),
        )
        for number in np.flatnonzero(chances <= limit)
    ]


def _beside(
    chances: NDArray[np.float64], lines: Lines, whole: Lines, starts: Counts, ends: Counts
) -> tuple[NDArray[np.float64], Counts]:
    """Hold silences of one server against what its fellows logged at the same time."""
    sums = np.concatenate(([0], np.cumsum(whole.counts - lines.counts)))
    others = sums[ends] - sums[starts + 1]
    _, own = lines.by_clock()
    _, all_of_them = whole.by_clock()
    hours = np.stack([own, all_of_them - own]).reshape(2, -1, 24, HOUR).sum(axis=3)
    on_days = hours.sum(axis=2)
    logged = on_days[0] > 0
    # The lower quartile: a server that a robot once took by storm is not held to have such a share always.
    share = float(np.quantile(on_days[0][logged] / on_days.sum(axis=0)[logged], 0.25))
    tables = np.moveaxis(hours, 0, 2)
    beside = chance_of_none(others, share, dispersion(tables)) if share < 1 else np.ones(len(starts))
    return np.minimum(chances, beside), others
