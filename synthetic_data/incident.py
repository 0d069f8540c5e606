"""One operator's days, piece after piece: visits, claims, honest pages, the robot's, and the lines they leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthetic_data import browsing, professions, targets
from synthetic_data.background import Background
from synthetic_data.claims import NO_CLAIMS, Claims, draw_claims
from synthetic_data.damages.plan import Plan
from synthetic_data.formats.layout import Writer
from synthetic_data.lines import TrueSessions, written
from synthetic_data.lookups import draw_lookups
from synthetic_data.registers import CLAIMS, Gateway, claims_rows, renamed
from synthetic_data.robots.world import World
from synthetic_data.shown import Answers
from synthetic_data.streams import RandomStreams
from synthetic_data.tables import TableFile
from synthetic_data.traffic import TRAFFIC
from synthetic_data.truth import requests_rows
from synthetic_data.visits import DAY, Visits, draw_visits, expected_visits, local_midnight

SESSIONS_AN_OPERATOR = 10**9
LATE_US = 60_000_000  # a login belongs to what is done within a minute


@dataclass(frozen=True, slots=True)
class Days:
    """A run of days drawn at once; log: whether they are days of the log."""

    number: int
    days: range
    log: bool


def runs_of_days(world: World) -> list[Days]:
    """Cut the days of claims and of the log into runs; the first claims follow visits before they are known."""
    calendar, length = world.calendar, world.preset.days_a_piece
    earliest = -targets.CLAIM_DAYS_BEFORE - professions.CLAIM_DELAY_DAYS_MAX
    # The log ends at midnight UTC, an hour into the next local day.
    last = calendar.days + 1
    spans = ((earliest, 0, False), (0, last, True), (last, calendar.days + targets.CLAIM_DAYS_AFTER, False))
    runs: list[Days] = []
    for low, high, log in spans:
        step = length if log else max(length, 7)
        runs += [
            Days(len(runs) + n, range(day, min(high, day + step)), log) for n, day in enumerate(range(low, high, step))
        ]
    return runs


@dataclass(slots=True)
class Outlet:
    """Where one operator's rows go. line: lines written so far; shown: counts of the robot's answers."""

    answers: Answers
    log: Writer
    claims: TableFile
    requests: TableFile
    plan: Plan
    gateway: Gateway
    streams: RandomStreams
    line: int = 0
    scraping: int = 0
    records: int = 0

    def write_piece(
        self,
        piece: int,
        lines: pl.DataFrame,
        pages: pl.DataFrame,
        people: NDArray[np.int64],
        session: NDArray[np.int64],
    ) -> None:
        """Damage and write one piece's lines, then what is true of them."""
        operator = self.answers.operator
        server = lines["server"].str.slice(-1).cast(pl.Int8).to_numpy()
        self.gateway.count(pages["time"].to_numpy(), server, lines["response_bytes"].to_numpy())
        kept = self.plan.log(lines, operator, self.streams("damage", operator, piece))
        self.log.write(kept.drop("row"))
        source_line = _first_lines(kept, len(lines), self.line)
        self.line += len(kept)
        self.requests.write(requests_rows(lines, pages, people, session, source_line, operator))
        robot = (pages["campaign"] > 0).to_numpy()
        hits = np.flatnonzero(robot & (people > 0))
        self.answers.mark(pages[hits], source_line[hits] > 0)
        self.scraping += int(robot.sum())
        self.records += int(people[hits].sum())

    def write_claims(self, claims: Claims, world: World) -> None:
        """Write the claims received in one run of days."""
        self.claims.write(renamed(claims_rows(claims.sorted(), world.professionals, world.population), CLAIMS))


def _first_lines(kept: pl.DataFrame, count: int, before: int) -> NDArray[np.int64]:
    """Number the line on which each request first stands whole, 0 for those lost; `before` lines came earlier."""
    line = np.arange(before + 1, before + len(kept) + 1)
    whole = ~kept["torn"].to_numpy()
    row = kept["row"].to_numpy()[whole]
    first = np.full(count, np.iinfo(np.int64).max)
    np.minimum.at(first, row, line[whole])
    return np.where(first == np.iinfo(np.int64).max, 0, first)


def requests_to_write(world: World, robot: int, until: list[int]) -> list[NDArray[np.float64]]:
    """Honest requests that each operator is to have on each day of the log, in proportion to its visits.

    until: when each operator's portal stops answering.
    """
    accounts, calendar = world.professionals.accounts, world.calendar
    visits = expected_visits(accounts, calendar, np.arange(calendar.days))
    starts = world.professionals.start
    by_day = [visits[starts[o] : starts[o + 1]].sum(axis=0) for o in range(len(until))]
    for days, end in zip(by_day, until, strict=True):
        days[(end - calendar.start_us) // DAY :] = 0.0
    total = sum(float(days.sum()) for days in by_day)
    honest = max(0, world.preset.requests - robot)
    return [days / total * honest for days in by_day]


@dataclass(slots=True)
class Operator:
    """One operator's days as they pass: what goes on from one run of days to the next.

    robot: its pages there, in the order of time. wanted: honest requests a day. until: when the portal
    stops answering, microseconds UTC. pending: claims still to be received; carried: pages after the end
    of the run that drew them.
    """

    world: World
    outlet: Outlet
    robot: pl.DataFrame
    wanted: NDArray[np.float64]
    until: int
    chances: NDArray[np.float64]
    sessions: TrueSessions = field(default_factory=TrueSessions)
    pending: Claims = NO_CLAIMS
    carried: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=TRAFFIC))
    login: int = 1
    due: float = 0.0
    honest: int = 0

    def draw(self, run: Days) -> tuple[Visits, Claims]:
        """Draw one run's visits, and the claims received in it, earlier visits' among them."""
        world, operator, streams = self.world, self.outlet.answers.operator, self.outlet.streams
        first, last = world.professionals.start[operator : operator + 2]
        # Before and after the log only claims are known: of the visits, those that lead to one.
        thinned, chances = (None, self.chances) if run.log else (self.chances[first:last], None)
        rng = streams("visits", operator, run.number)
        visits = draw_visits(world.professionals, world.panels, operator, run.days, world.calendar, thinned, rng)
        rng = streams("claims", operator, run.number)
        claims = draw_claims(visits, chances, world.professionals, world.population, operator, world.calendar, rng)
        everything = self.pending.and_(claims)
        received = everything.time < local_midnight(world.calendar, run.days.stop)
        self.pending = everything.where(~received)
        return visits, everything.where(received)

    def pages(self, run: Days, visits: Visits, received: Claims) -> pl.DataFrame:
        """All pages of one run of days, honest and the robot's, in the order of time: TRAFFIC columns."""
        world, operator, calendar = self.world, self.outlet.answers.operator, self.world.calendar
        rng = self.outlet.streams("browsing", operator, run.number)
        lookups = draw_lookups(visits, world.population, operator, world.portal, rng)
        done = browsing.done(lookups, received.where(received.time >= calendar.start_us))
        honest = browsing.browse(done, world.professionals, operator, calendar.start_us, self.login, rng)
        start = int(local_midnight(calendar, run.days.start))
        honest = _from(honest, start).filter(pl.col("time") < self.until)
        self.login = int(honest["login"].max() or self.login - 1) + 1  # type: ignore[arg-type]
        # The rest of the day's requests are static files, so that the totals are met whatever came before.
        self.due += float(self.wanted[run.days.start : run.days.stop].sum())
        files = browsing.static_files(honest, round(self.due) - self.honest - len(honest), rng)
        self.honest += len(honest) + len(files)
        is_last = run.days.stop > calendar.days
        end = calendar.end_us if is_last else int(local_midnight(calendar, run.days.stop))
        robot = _during(self.robot, start, end)
        everyone = pl.concat([self.carried, honest, files, robot])
        self.carried = everyone.filter(pl.col("time") >= end)
        inside = pl.col("time").is_between(calendar.start_us, min(end, self.until) - 1)
        return everyone.filter(inside).sort("time", maintain_order=True)


def live(operator: Operator, tasks: Background, step: Callable[[int], None]) -> None:
    """Let one operator's days pass: draw, answer and write them. step: is told how many requests each run has."""
    outlet, world = operator.outlet, operator.world
    number, salt = outlet.answers.operator, outlet.streams.salt("tokens")
    for run in runs_of_days(world):
        visits, received = operator.draw(run)
        tasks.do(partial(outlet.write_claims, received, world))
        if not run.log:
            continue
        pages = operator.pages(run, visits, received)
        people = outlet.answers.people(pages)
        session = number * SESSIONS_AN_OPERATOR + operator.sessions.number(pages)
        tasks.settle()  # lines are the largest table there is: one run's at a time
        rng = outlet.streams("answers", number, run.number)
        lines = written(pages, outlet.answers, people, world.professionals, salt, rng)
        tasks.do(partial(outlet.write_piece, run.number, lines, pages, people, session))
        del lines, visits
        step(len(pages))
    tasks.do(partial(outlet.write_claims, operator.pending, world))


def _from(pages: pl.DataFrame, start: int) -> pl.DataFrame:
    """Let nothing come before a run of days begins: what came just before comes at once, the rest does not.

    The log of the days before is written by then, and a log is in the order of time.
    """
    time = pl.col("time")
    return pages.filter(time >= start - LATE_US).with_columns(pl.max_horizontal(time, pl.lit(start)).alias("time"))


def _during(robot: pl.DataFrame, start: int, end: int) -> pl.DataFrame:
    """Pages of a robot, which are in the order of time, from `start` until before `end`."""
    low, high = np.searchsorted(robot["time"].to_numpy(), [start, end])
    return robot[int(low) : int(high)]
