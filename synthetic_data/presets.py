"""How large a case is, and which days its log covers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

MICROSECONDS_A_DAY = 86_400_000_000
PIECE_REQUESTS = 6_000_000  # over both operators; memory holds the halves of about three at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The days of the log, in UTC.

    start: first midnight. days: length of the log. clean_days: how many of them are known to be without
    a robot. robot_from: day of the log from which a robot may come (from 0).
    """

    start: datetime
    days: int
    clean_days: int
    robot_from: int

    @property
    def end(self) -> datetime:
        """The midnight after the last day."""
        return self.start + timedelta(days=self.days)

    @property
    def start_us(self) -> int:
        """Microseconds from 1970 to the start, UTC."""
        return round((self.start - datetime(1970, 1, 1)).total_seconds()) * 1_000_000

    @property
    def end_us(self) -> int:
        """Microseconds from 1970 to the end, UTC."""
        return self.start_us + self.days * MICROSECONDS_A_DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Sizes of a case.

    people: distinct people over both operators. accounts: ordinary logins over both. requests: all
    requests, the robot's included, met within 5 %. activity: multiplies each account's lookups a day.
    departments: the most populated ones kept. phished: accounts a robot uses, unless its scenario says
    otherwise. born_nowhere:
    whether numbers carry birthplace 00000 (2.4 million holders at most) or a real department with
    commune 000. formats: those that can be asked for.
    """

    name: str
    people: int
    accounts: int
    requests: int
    insurers: int
    departments: int
    activity: float
    phished: int
    calendar: Calendar
    born_nowhere: bool = True
    formats: tuple[str, ...] = ("parquet", "combined", "ecs", "partial")
    about: str

    @property
    def days_a_piece(self) -> int:
        """Days of traffic drawn and written at once: what bounds memory, whatever the length of the log."""
        return max(1, min(self.calendar.days, self.calendar.days * PIECE_REQUESTS // self.requests))


THREE_WEEKS = Calendar(start=datetime(2024, 1, 8), days=21, clean_days=7, robot_from=10)
PRESETS = {
    preset.name: preset
    for preset in (
        Preset(
            name="demo", people=100_000, accounts=1_000, requests=1_000_000, insurers=12, departments=101,
            activity=1.0, phished=6, calendar=THREE_WEEKS,
            about="100,000 people, 1,000 accounts, 1 M requests, 21 days",
        ),
        Preset(
            name="regional", people=2_000_000, accounts=10_000, requests=10_000_000, insurers=100,
            departments=101, activity=0.8, phished=40,
            calendar=Calendar(start=datetime(2024, 1, 1), days=44, clean_days=14, robot_from=20),
            about="2 M people, 10,000 accounts, 10 M requests, 44 days",
        ),
        Preset(
            name="national", people=39_000_000, accounts=250_000, requests=200_000_000, insurers=100,
            departments=101, activity=0.3, phished=60,
            calendar=Calendar(start=datetime(2024, 1, 1), days=37, clean_days=14, robot_from=21),
            born_nowhere=False, formats=("parquet",),
            about="39 M people, 250,000 accounts, 200 M requests, 37 days; Parquet alone",
        ),
        Preset(
            name="tiny", people=6_000, accounts=150, requests=70_000, insurers=5, departments=8,
            activity=0.5, phished=3, calendar=THREE_WEEKS,
            about="6,000 people, 150 accounts, 70 k requests, 21 days; for tests",
        ),
    )
}  # fmt: skip
