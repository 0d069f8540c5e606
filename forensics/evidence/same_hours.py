"""What the same hours of the clock bring on the quietest day of the week, and how much that varies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forensics.estimation.arrivals import chance_of_silence, dispersion_by_hour, dispersion_of_pairs
from forensics.evidence.line_counts import DAY, HOUR, Counts, Lines

WEEKS = 4
"""Days are compared with those of so many weeks on either side: the same season."""
EACH_WAY = np.array([day for day in range(-7 * WEEKS, 7 * WEEKS + 1) if day])
A_WEEK_APART = np.array(
    [(at, int(np.flatnonzero(day + 7 == EACH_WAY)[0])) for at, day in enumerate(EACH_WAY) if day + 7 in EACH_WAY]
)
WITHIN = 0.9
"""Hours of another day count as being in the log from this share of them on; what is cut off counts as nothing."""
WEEKDAYS = 6
"""A log that knows fewer weekdays, or not the silence's own, does not know the quietest."""
LOST = 0.1
"""Of the lines that the same hours bring on other days: a day that brought less than this share was lost itself."""
USUALLY = 0.75
"""An hour has lines as a rule if it has on this share of the other days."""
AT_ONCE = 20_000
"""Silences held against other days at once: what bounds memory where a log of years is empty every other bin."""
NOTHING = np.iinfo(np.int64).max


class SameHours:
    """The lines of one server by the wall clock, day beside day."""

    def __init__(self, lines: Lines) -> None:
        self.first_slot, counts = lines.by_clock()
        self.since = int(lines.slots[0]) - self.first_slot
        self.until = int(lines.slots[-1]) + 1 - self.first_slot
        self.sums = np.concatenate(([0], np.cumsum(counts)))
        hours = counts.reshape(-1, 24, HOUR).sum(axis=2)
        usual, dispersed = hours.mean(axis=0), dispersion_by_hour(hours)
        self.usual_sums, self.dispersed_sums = (_twice_round(each) for each in (usual, usual * dispersed))

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
        there, told = self._other_days(slots, first_day, lengths)
        by_weekday = np.stack([_least(there, told & (day == EACH_WAY % 7)) for day in range(7)])
        known = by_weekday < NOTHING
        says = known[0] & (known.sum(axis=0) >= WEEKDAYS)
        quietest = np.where(says, by_weekday.min(axis=0), 0)
        # Clusters show in how lines lie within the hours, and in how the same hours differ from week to week.
        within = self._within_hours(slots % DAY, first_day)
        dispersed = np.maximum(within, dispersion_of_pairs(there, told, A_WEEK_APART))
        return chance_of_silence(quietest, dispersed)

    def _other_days(self, slots: Counts, length: Counts, whole: Counts) -> tuple[Counts, NDArray[np.bool_]]:
        """Return the lines at the same hours of other days, (k, days), and which days have those hours in the log."""
        begin = slots[:, None] + DAY * EACH_WAY
        end = begin + length[:, None]
        inside = np.minimum(end, self.until) - np.maximum(begin, self.since)
        apart = (whole[:, None] <= DAY * EACH_WAY) | (length[:, None] <= -DAY * EACH_WAY)
        return self._between(begin, end), (inside >= WITHIN * length[:, None]) & apart

    def _between(self, begin: Counts, end: Counts) -> Counts:
        last = len(self.sums) - 1
        return self.sums[np.clip(end, 0, last)] - self.sums[np.clip(begin, 0, last)]

    def _within_hours(self, clock: Counts, length: Counts) -> NDArray[np.float64]:
        """Return the dispersion of the hours that a silence takes, each as its lines weigh."""
        lines = self.usual_sums[clock + length] - self.usual_sums[clock]
        dispersed = self.dispersed_sums[clock + length] - self.dispersed_sums[clock]
        return np.where(lines > 0, dispersed / np.maximum(lines, 1e-9), 1.0)

    def is_usual(self, slot: int, length: int) -> bool:
        """Tell whether a silence holds a whole hour of the clock, and whether all such hours have lines as a rule."""
        first = slot - self.first_slot
        hours = np.arange(-(-first // HOUR) * HOUR, (first + min(length, DAY)) // HOUR * HOUR, HOUR)
        if not len(hours):
            return False
        there, told = self._other_days(hours, np.full(len(hours), HOUR), np.full(len(hours), length))
        days = told.sum(axis=1)
        return bool(np.all((days > 0) & ((told & (there > 0)).sum(axis=1) >= USUALLY * days)))


def _least(values: Counts, told: NDArray[np.bool_]) -> Counts:
    """Return the least of what is told in each row, but for what is next to nothing; NOTHING where none is told.

    The least and not the median, because in the weeks of a robot every night is busy. What is below a tenth of the
    median was lost itself; where half of the days bring no line, that is the rule, and the least is none.
    """
    n = told.sum(axis=1)
    ordered = np.sort(np.where(told, values, NOTHING), axis=1)
    median = np.take_along_axis(ordered, (np.maximum(n - 1, 0) // 2)[:, None], axis=1)
    least = np.where(ordered >= LOST * median, ordered, NOTHING).min(axis=1)
    return np.where(n > 0, least, NOTHING)


def _twice_round(by_hour: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sums, bin after bin, of what each hour of the day has, over two days."""
    return np.concatenate(([0.0], np.cumsum(np.tile(np.repeat(by_hour, HOUR), 2))))
