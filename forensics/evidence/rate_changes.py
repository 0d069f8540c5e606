"""Days on which a server logged far fewer lines than it should have, and went on doing so.

A server is held against its fellows, whose nights, week-ends and holidays are its own. Where there are none to hold it
against, only a week or more is told of, each of whose days brought less than half of the quietest same weekday of the
others: neither a night nor a week-end nor a holiday does that. A rise is told of as the low days before it, and only
among fellows: a robot raises rates too.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from forensics.estimation.arrivals import MEDIAN_CHI2, chance_of_fall, dispersion
from forensics.evidence.line_counts import DAY, HOUR, Counts, Lines, runs

LEAST_DAYS = 10
"""A log of fewer days does not say what is usual."""
STAYS_DAYS = 2
"""A change that is gone the next day does not stay."""
ALONE_DAYS = 7
ALONE_SHARE = 0.5
MOST_DAYS = 800
"""Of a longer log the last days are looked at: every stretch of days is compared with the others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LowDays:
    """Days from `start` to before `end`, as slots by the wall clock, in which `lines` is too few."""

    lines: Lines
    start: int
    end: int


def low_days(
    whole: Lines,
    servers: list[Lines],
    silent: list[tuple[str | None, Counts]],
    tests: int,
    level: float,
    least_fall: float,
) -> list[LowDays]:
    """Find the stretches of days in which one operator's servers logged far less than they should have.

    Args:
        whole: the lines of all its servers together.
        servers: those of each.
        silent: for each silence already found, its server (None for all) and its slots: these days say nothing more.
        tests: how many servers the case has, operators counted as one more each.
        level: chance over all of them that even one is found in a log that lost nothing.
        least_fall: by at least this share must the rate have fallen.
    """
    days = {id(lines): _Days(lines, silent) for lines in (whole, *servers)}
    found: list[LowDays] = []
    left = list(servers)
    while len(left) > 1:
        limit = level / max(tests, 1)
        low = [one for lines in left if (one := _beside(lines, left, days, limit, least_fall))]
        if not low:
            break
        # A change of shares is told of the server whose own rate fell most: its fellows only seem to have risen.
        _, one = min(low, key=lambda each: each[0])
        found.append(one)
        left = [lines for lines in left if lines is not one.lines]
    if len(servers) < 2:
        found += _alone(days[id(servers[0] if servers else whole)])
    return found


class _Days:
    """The lines of each day by the wall clock, and which of them can be told of."""

    def __init__(self, lines: Lines, silent: list[tuple[str | None, Counts]]) -> None:
        self.lines = lines
        self.first_slot, counts = lines.by_clock()
        self.hours = counts.reshape(-1, 24, HOUR).sum(axis=2)[-MOST_DAYS:]
        self.skipped = len(counts) // DAY - len(self.hours)
        self.counts = self.hours.sum(axis=1)
        self.is_heard = self._on_days(np.ones(len(self.counts), dtype=bool), silent, lines.server)
        self.is_open = np.ones(len(self.counts), dtype=bool)
        self.is_open[self._day(lines.slots[lines.known])] = False
        self.is_whole = np.ones(len(self.counts), dtype=bool)
        self.is_whole[[0, -1]] = False  # the log begins and ends on some hour of these

    def _day(self, slots: Counts) -> Counts:
        days = (slots - self.first_slot) // DAY - self.skipped
        return np.unique(days[days >= 0])

    def _on_days(
        self, heard: NDArray[np.bool_], silent: list[tuple[str | None, Counts]], server: str | None
    ) -> NDArray[np.bool_]:
        for of_server, slots in silent:
            if of_server in (None, server) or server is None:
                heard[self._day(slots)] = False
        return heard

    def low(self, start: int, end: int) -> LowDays:
        """Return days from `start` to before `end` as slots."""
        from_slot = self.first_slot + DAY * (self.skipped + start)
        return LowDays(lines=self.lines, start=from_slot, end=from_slot + DAY * (end - start))

    def own_ratio(self, start: int, end: int) -> float:
        """Return the lines of some days over those that the same weekdays bring as a rule."""
        outside = self.is_heard.copy()
        outside[start:end] = False
        number = np.arange(len(self.counts))
        usual = 0.0
        for day in np.flatnonzero(self.is_heard[start:end]) + start:
            same = self.counts[outside & (number % 7 == day % 7)]
            usual += float(np.median(same)) if len(same) else 0.0
        return float(self.counts[start:end][self.is_heard[start:end]].sum()) / usual if usual else 1.0


def _beside(
    lines: Lines, left: list[Lines], days: dict[int, _Days], limit: float, least_fall: float
) -> tuple[tuple[float, int], LowDays] | None:
    """Return the stretch in which a server's share among its fellows is too low, with how low its own rate is."""
    own = days[id(lines)]
    heard = np.all([days[id(each)].is_heard for each in left], axis=0)
    if heard.sum() < LEAST_DAYS:
        return None
    mine = np.where(heard, own.counts, 0)
    everyone = np.where(heard, np.sum([days[id(each)].counts for each in left], axis=0), 0)
    start, end = _stretches(own.is_open)
    if not len(start):
        return None
    inside, inside_of = (_between(counts, start, end) for counts in (mine, everyone))
    outside, outside_of = mine.sum() - inside, everyone.sum() - inside_of
    fellows = np.sum([days[id(each)].hours for each in left if each is not lines], axis=0)
    dispersed = max(_from_day_to_day(mine, everyone), dispersion(np.stack([own.hours, fellows], axis=2)))
    chances = chance_of_fall(inside, inside_of, outside, outside_of, dispersed, int(heard.sum()) - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        fell = (inside / inside_of) <= (1 - least_fall) * (outside / outside_of)
    chances = np.where(fell & (outside_of > 0), chances, 1.0)
    best = int(np.argmin(chances))
    if chances[best] > limit / len(start):
        return None
    ratio = own.own_ratio(int(start[best]), int(end[best]))
    if ratio > 1 - least_fall / 2:
        return None
    return (round(ratio, 1), int(end[best] - start[best])), own.low(int(start[best]), int(end[best]))


def _stretches(is_open: NDArray[np.bool_]) -> tuple[Counts, Counts]:
    """Return every stretch of at least STAYS_DAYS open days that is not the whole log."""
    starts, ends = [], []
    for first, last in zip(*runs(is_open), strict=True):
        begin, stop = np.triu_indices(last - first + 1, STAYS_DAYS)
        starts.append(begin + first)
        ends.append(stop + first)
    if not starts:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    start, end = np.concatenate(starts), np.concatenate(ends)
    part = end - start < len(is_open)
    return start[part], end[part]


def _between(counts: Counts, start: Counts, end: Counts) -> Counts:
    sums = np.concatenate(([0], np.cumsum(counts)))
    return sums[end] - sums[start]


def _from_day_to_day(mine: Counts, everyone: Counts) -> float:
    """Return the dispersion of a share from one day to the next, by the median: a lasting change is in one pair."""
    squares = []
    told = np.flatnonzero(everyone)
    for today, tomorrow in pairwise(told):
        table = np.array([[mine[d], everyone[d] - mine[d]] for d in (today, tomorrow)], dtype=float)
        expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
        squares.append(float(((table - expected) ** 2 / np.maximum(expected, 1e-9)).sum()))
    return max(1.0, float(np.median(squares)) / MEDIAN_CHI2) if squares else 1.0


def _alone(days: _Days) -> list[LowDays]:
    """Return the longest stretch each of whose days brought less than half of the quietest same weekday outside."""
    n = len(days.counts)
    weekday = np.arange(n) % 7
    usable = days.is_heard & days.is_open & days.is_whole
    nothing = np.iinfo(np.int64).max
    best = (0, 0)
    before, after = np.full((n + 1, 7), nothing), np.full((n + 1, 7), nothing)
    for day in range(n):
        before[day + 1] = before[day]
        if usable[day]:
            before[day + 1, weekday[day]] = min(before[day, weekday[day]], days.counts[day])
    for day in reversed(range(n)):
        after[day] = after[day + 1]
        if usable[day]:
            after[day, weekday[day]] = min(after[day + 1, weekday[day]], days.counts[day])
    for start in range(n):
        most = np.zeros(7, dtype=np.int64)
        for end in range(start + 1, n + 1):
            if not usable[end - 1]:
                break
            most[weekday[end - 1]] = max(most[weekday[end - 1]], days.counts[end - 1])
            usual = np.minimum(before[start], after[end])
            is_low = bool(np.all((usual < nothing) & (most < ALONE_SHARE * usual)))
            if end - start >= ALONE_DAYS and is_low and end - start > best[1] - best[0]:
                best = (start, end)
    return [days.low(*best)] if best[1] else []
