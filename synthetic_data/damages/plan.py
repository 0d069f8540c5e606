"""What a damage is: a plan drawn once a case, which then changes the evidence piece by piece.

The truth is written before any damage: what was lost stays known there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from numpy.random import Generator

from synthetic_data.presets import Calendar


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a damage may know of the case it happens to.

    servers: names by operator. robot_days: by operator, first and last day of the log (from 0) on which
    a robot asked for something there; an operator that no robot came to is left out.
    """

    calendar: Calendar
    operators: tuple[str, ...]
    servers: dict[str, tuple[str, ...]]
    robot_days: dict[str, tuple[int, int]]

    def days_that_matter(self, operator: str) -> tuple[int, int]:
        """Give the first and last day on which a loss hurts: the robot's, else all on which one may come."""
        return self.robot_days.get(operator, (self.calendar.robot_from, self.calendar.days - 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A stretch that the victim declares: nothing was logged. server: None for all of the operator's."""

    operator: str
    server: str | None
    start: datetime
    end: datetime


class Plan:
    """What one damage does to one case; everything is left as it is unless a damage says otherwise."""

    def log(self, lines: pl.DataFrame, operator: int, rng: Generator) -> pl.DataFrame:
        """Change the lines of one piece of one operator's log; rows may vanish, come twice or change.

        lines: in the order written; columns row (which request, must be kept), requested_at
        (Datetime us, UTC), account_id, client_ip, client_port, user_agent, method, path, status,
        response_bytes, duration_ms, server, session_token, request_ref, subject (null where none),
        records_returned (null where none), returned_people (null where none), torn (Boolean).
        """
        return lines

    def counters(self, windows: pl.DataFrame, operator: int) -> pl.DataFrame:
        """Change the gateway's counters: columns window_start, server, requests, response_bytes."""
        return windows

    def register(self, people: pl.DataFrame, operator: int, rng: Generator) -> pl.DataFrame:
        """Change a block of the register as written: our field names of the kind `register`."""
        return people

    def outages(self) -> list[Outage]:
        """Stretches that a real victim would know of and declare."""
        return []


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """A damage on offer. strength is a number between least and most, in `unit`; whole: without fractions.

    plan draws once a case what all its pieces share. Operators run side by side: a Plan holds nothing
    that changes afterwards.
    """

    name: str
    about: str
    unit: str
    default: float
    least: float
    most: float
    plan: Callable[[Scene, float, Generator], Plan]
    whole: bool = False
