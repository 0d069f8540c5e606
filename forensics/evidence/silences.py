"""Stretches without a line that chance cannot explain: what was not seen there is unknown.

A silence is held against three yardsticks, none of which takes a night, a week-end or a holiday for a loss: what the
other servers logged at the same time; what the quietest day of the week usually brings at the same hours; and the
least that any day as busy as this one in its other hours brought at the same hours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forensics.estimation.arrivals import chance_of_none, dispersion
from forensics.evidence.line_counts import DAY, Counts, Lines

HOUR = 6
"""Bins an hour."""
WEEKS = 4
"""Days are compared with those of so many weeks on either side: the same season."""
AS_BUSY = 0.7
"""Days whose other hours brought between this share of a day's lines and its inverse were as busy as it."""
LEAST_DAYS = 5
"""With fewer days as busy, nothing is said of what a day as busy brings."""
MOST_OF_A_DAY = 0.75
"""Where the silent hours hold more than this of a day's lines, what is left cannot say whether it was a holiday."""
USUALLY = 0.75
"""An hour has lines as a rule if it has on this share of the other days."""
YARDSTICKS = 3
AT_ONCE = 20_000
"""Silences held against other days at once: what bounds memory where a log of years is empty every other bin."""
EACH_WAY = np.array([day for day in range(-7 * WEEKS, 7 * WEEKS + 1) if day])


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
        tests: in how many bins of the case, servers counted each, a silence could have begun.
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
    silent = (lines.counts == 0) & ~lines.known
    starts, ends = runs(silent if told is None else silent & ~told)
    if not len(starts):
        return []
    yardstick = Clock(lines)
    chances = yardstick.chances(lines.slots[starts], ends - starts)
    others = np.zeros(len(starts), dtype=np.int64)
    if whole is not None:
        chances, others = _beside(chances, lines, whole, starts, ends)
    return [
        Silence(
            lines=lines,
            start=int(starts[number]),
            end=int(ends[number]),
            is_usual_hour=yardstick.is_usual_hour(int(starts[number]), int(ends[number])),
            others_lines=int(others[number]),
        )
        for number in np.flatnonzero(chances <= limit)
    ]


def runs(marked: NDArray[np.bool_]) -> tuple[Counts, Counts]:
    """Return where stretches of marked bins begin and end (the first bin after)."""
    steps = np.diff(np.concatenate(([0], marked.view(np.int8), [0])))
    return np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)


def _beside(
    chances: NDArray[np.float64], lines: Lines, whole: Lines, starts: Counts, ends: Counts
) -> tuple[NDArray[np.float64], Counts]:
    """Hold silences of one server against what its fellows logged at the same time."""
    sums = np.concatenate(([0], np.cumsum(whole.counts - lines.counts)))
    others = sums[ends] - sums[starts]
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


class Clock:
    """What the same hours of the clock brought on other days."""

    def __init__(self, lines: Lines) -> None:
        self.lines = lines
        self.first_slot, self.counts = lines.by_clock()
        self.sums = np.concatenate(([0], np.cumsum(self.counts)))
        hours = self.counts.reshape(-1, 24, HOUR).sum(axis=2)
        weeks_apart = np.stack([hours[:-7], hours[7:]], axis=2) if len(hours) > 7 else np.zeros((0, 24, 2), np.int64)
        self.dispersed = dispersion(weeks_apart)
        self.since = int(lines.slots[0]) - self.first_slot
        self.until = int(lines.slots[-1]) + 1 - self.first_slot

    def chances(self, slots: Counts, lengths: Counts) -> NDArray[np.float64]:
        """Return the chance of each silence, (k,); of one longer than a day, that of its first day.

        Args:
            slots: the slots by the wall clock in which they begin.
            lengths: bins.
        """
        parts = [slice(at, at + AT_ONCE) for at in range(0, len(slots), AT_ONCE)]
        return np.concatenate([self._chances(slots[part] - self.first_slot, lengths[part]) for part in parts])

    def _chances(self, slots: Counts, lengths: Counts) -> NDArray[np.float64]:
        first_day = np.minimum(lengths, DAY)
        there, valid = self._other_days(slots, first_day, lengths)
        usual = np.min([_lower_median(there, valid & (day == EACH_WAY % 7)) for day in range(7)], axis=0)
        as_busy = self._least_of_days_as_busy(slots, first_day, there, valid & (lengths <= DAY)[:, None])
        return chance_of_none(np.maximum(usual, as_busy), 0.5, self.dispersed)

    def _other_days(self, slots: Counts, length: Counts, whole: Counts) -> tuple[Counts, NDArray[np.bool_]]:
        """Return the lines at the same hours of other days, (k, days), and which days have those hours in the log."""
        begin = slots[:, None] + DAY * EACH_WAY
        end = begin + length[:, None]
        within = (begin >= self.since) & (end <= self.until)
        apart = (whole[:, None] <= DAY * EACH_WAY) | (length[:, None] <= -DAY * EACH_WAY)
        return self._between(begin, end), within & apart

    def _between(self, begin: Counts, end: Counts) -> Counts:
        last = len(self.sums) - 1
        return self.sums[np.clip(end, 0, last)] - self.sums[np.clip(begin, 0, last)]

    def _least_of_days_as_busy(self, slots: Counts, length: Counts, there: Counts, valid: NDArray[np.bool_]) -> Counts:
        """Return the least that a day brought at the same hours which was as busy in its other hours."""
        midnight = slots // DAY * DAY
        next_midnight = -(-(slots + length) // DAY) * DAY
        rest = self._between(midnight, next_midnight)
        theirs = self._between(midnight[:, None] + DAY * EACH_WAY, next_midnight[:, None] + DAY * EACH_WAY) - there
        as_busy = valid & (theirs >= AS_BUSY * rest[:, None]) & (AS_BUSY * theirs <= rest[:, None])
        least = np.where(as_busy, there, np.iinfo(np.int64).max).min(axis=1)
        told = (as_busy.sum(axis=1) >= LEAST_DAYS) & (least * (1 - MOST_OF_A_DAY) <= rest * MOST_OF_A_DAY)
        return np.where(told, least, 0)

    def is_usual_hour(self, start: int, end: int) -> bool:
        """Tell whether a silence holds a whole hour of the clock, and whether all such hours have lines as a rule."""
        first = int(self.lines.slots[start]) - self.first_slot
        last = first + min(end - start, DAY)
        hours = np.arange(-(-first // HOUR) * HOUR, last // HOUR * HOUR, HOUR)
        if not len(hours):
            return False
        there, valid = self._other_days(hours, np.full(len(hours), HOUR), np.full(len(hours), end - start))
        days = valid.sum(axis=1)
        return bool(np.all((days > 0) & ((valid & (there > 0)).sum(axis=1) >= USUALLY * days)))


def _lower_median(values: Counts, told: NDArray[np.bool_]) -> Counts:
    """Return the lower median of what is told in each row; 0 where nothing is."""
    most = np.iinfo(np.int64).max
    n = told.sum(axis=1)
    ordered = np.sort(np.where(told, values, most), axis=1)
    middle = np.take_along_axis(ordered, (np.maximum(n - 1, 0) // 2)[:, None], axis=1).ravel()
    return np.where(n > 0, middle, 0)
