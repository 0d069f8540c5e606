"""On which days, and at which hours, a robot may ask.

Windows are arrays of shape (windows, 2): first and last moment, microseconds since 1970, UTC, in order.
"""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data.presets import MICROSECONDS_A_DAY, Calendar
from synthetic_data.targets import LOCAL_OFFSET_HOURS

Integers = NDArray[np.int64]

SECOND = 1_000_000
HOUR = 3600 * SECOND
MARGIN = 120 * SECOND  # kept free at both ends of the days, for the login before and the logout after

# A robot that takes up a list comes up to five days after it could (UE) and asks on three to five (UE).
FIRST_AFTER_DAYS = (0, 4)
LASTING_DAYS = (3, 5)

# Local hours in which small practices are open (UE, the common part of `professions.PROFESSIONS`), and by
# how many hours they differ from one practice to the next (UE).
OPEN_HOURS = ((9.0, 12.25), (13.75, 18.5))
OPEN_HOURS_SHIFT = 0.4
WORKING_WEEKDAYS = 5  # Monday to Friday


def span(
    calendar: Calendar,
    rng: Generator,
    after: tuple[int, int] = FIRST_AFTER_DAYS,
    lasting: tuple[int, int] = LASTING_DAYS,
) -> tuple[int, int]:
    """First and last day of a campaign, days of the log: drawn, and fitted to what is left of the log."""
    first = min(calendar.robot_from + int(rng.integers(*after, endpoint=True)), calendar.days - 1)
    last = first + int(rng.integers(*lasting, endpoint=True)) - 1
    return first, min(last, calendar.days - 1)


def whole_days(calendar: Calendar, first: int, last: int) -> Integers:
    """One window from the first day to the last, both included, day and night."""
    start = calendar.start_us + first * MICROSECONDS_A_DAY
    end = calendar.start_us + (last + 1) * MICROSECONDS_A_DAY
    return np.array([[start + MARGIN, end - MARGIN]], dtype=np.int64)


def working_hours(calendar: Calendar, first: int, last: int, rng: Generator) -> Integers:
    """Mornings and afternoons of the working days of one practice; whole days where none is a working day."""
    days = np.arange(first, last + 1)
    days = days[(calendar.start.weekday() + days) % 7 < WORKING_WEEKDAYS]
    if len(days) == 0:
        return whole_days(calendar, first, last)
    shift = rng.uniform(-OPEN_HOURS_SHIFT, OPEN_HOURS_SHIFT)
    hours = (np.array(OPEN_HOURS) + shift - LOCAL_OFFSET_HOURS) * HOUR
    midnights = calendar.start_us + days * MICROSECONDS_A_DAY
    return (midnights[:, None, None] + hours[None]).astype(np.int64).reshape(-1, 2)
