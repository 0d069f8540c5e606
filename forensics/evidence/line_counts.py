"""How many lines a server logged in every ten minutes, by the wall clock: what silences and rates are read from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
from numpy.typing import NDArray

BIN_US = 600_000_000
HOUR, DAY = 6, 144
"""Bins an hour and a day."""
MOST_SERVERS = 100
"""Where a log names its servers as clients please (virtual hosts), only so many of the busiest are looked at."""
LEAST_LINES = 50
"""A server with fewer lines says nothing by being silent."""

Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """One server's lines, or those of all of an operator's, over the operator's span; arrays are (n,), a bin each.

    Attributes:
        operator: whose log.
        server: which; None for all of the operator's.
        first: the number of the first bin, counted from 1970 in UTC.
        counts: lines.
        slots: the bin's number by the case's wall clock; an hour of autumn has its numbers twice.
        known: whether a counter or a declared outage already says what happened, at least for a part of the bin.
        busy: the bins with lines, by `bin`, with `first_at` and `last_at` of their lines.
    """

    operator: str
    server: str | None
    first: int
    counts: Counts
    slots: Counts
    known: NDArray[np.bool_]
    busy: pl.DataFrame

    def by_clock(self) -> tuple[int, Counts]:
        """Return the lines by the wall clock, from a midnight to a midnight, and the number of the first slot."""
        start = int(self.slots[0]) // DAY * DAY
        whole = (int(self.slots.max()) // DAY + 1) * DAY - start
        return start, np.bincount(self.slots - start, weights=self.counts, minlength=whole).astype(np.int64)

    def silent(self) -> NDArray[np.bool_]:
        """Mark the bins without a line of which nothing independent tells."""
        return (self.counts == 0) & ~self.known

    def starts_at(self, number: int) -> datetime:
        """Return when what follows bin `number - 1` begins: after its last line, where the log alone tells of it."""
        at = number - 1
        return self._edge(at, "last_at") if at >= 0 and self.counts[at] and not self.known[at] else self.moment(number)

    def ends_at(self, number: int) -> datetime:
        """Return when what precedes bin `number` ends: at its first line, where the log alone tells of it."""
        inside = number < len(self.counts) and self.counts[number] and not self.known[number]
        return self._edge(number, "first_at") if inside else self.moment(number)

    def moment(self, number: int) -> datetime:
        """Return when a bin begins, in naive UTC."""
        return datetime(1970, 1, 1) + timedelta(microseconds=(self.first + number) * BIN_US)

    def between(self, start: datetime, end: datetime) -> NDArray[np.bool_]:
        """Mark the bins that lie wholly between two times."""
        edges = [(at - datetime(1970, 1, 1)) / timedelta(microseconds=BIN_US) - self.first for at in (start, end)]
        numbers = np.arange(len(self.counts))
        return (numbers >= edges[0]) & (numbers + 1 <= edges[1])

    def _edge(self, number: int, column: str) -> datetime:
        return self.busy.filter(pl.col("bin") == self.first + number)[column].item()


def lines_of_operator(
    operator: str, bins: pl.DataFrame, told: pl.DataFrame, zone: ZoneInfo
) -> tuple[Lines, list[Lines]]:
    """Return the lines of an operator together, and of each of its servers.

    Args:
        operator: whose.
        bins: `sql/log_bins.sql`, of this operator.
        told: `server`, `start`, `end`: windows of counters and declared outages of this operator; no server means all.
        zone: that of the wall clock.

    Returns:
        (all servers together, each server by its name; those without a name are counted in the first alone).
    """
    numbered = bins.with_columns(bin=pl.col("moment").dt.epoch("us") // BIN_US)
    first, last = numbered.select(first=pl.col("bin").min(), last=pl.col("bin").max()).row(0)
    span = pl.int_range(first, last + 1, eager=True, dtype=pl.Int64)
    wall = pl.from_epoch(span * (BIN_US // 1_000_000)).dt.replace_time_zone("UTC").dt.convert_time_zone(zone.key)
    slots = (wall.dt.replace_time_zone(None).dt.epoch("s") // (BIN_US // 1_000_000)).to_numpy()

    def lines(server: str | None, rows: pl.DataFrame, known: NDArray[np.bool_]) -> Lines:
        busy = (
            rows.group_by("bin").agg(pl.col("n").sum(), pl.col("first_at").min(), pl.col("last_at").max()).sort("bin")
        )
        counts = np.zeros(len(span), dtype=np.int64)
        counts[busy["bin"].to_numpy() - first] = busy["n"].to_numpy()
        return Lines(operator=operator, server=server, first=first, counts=counts, slots=slots, known=known, busy=busy)

    named = numbered.filter(pl.col("server").is_not_null())
    enough = named.group_by("server").agg(pl.col("n").sum()).filter(pl.col("n") >= LEAST_LINES)
    servers = enough.sort("n", "server", descending=[True, False]).head(MOST_SERVERS)["server"].sort().to_list()
    each = [
        lines(server, named.filter(pl.col("server") == server), known_bins(told, server, first, len(span)))
        for server in servers
    ]
    return lines(None, numbered, known_bins(told, None, first, len(span))), each


def known_bins(told: pl.DataFrame, server: str | None, first: int, n: int) -> NDArray[np.bool_]:
    """Mark the bins of which something independent tells: of a server, or, for all together, of any of them."""
    own = told if server is None else told.filter(pl.col("server").is_null() | (pl.col("server") == server))
    starts = np.clip(own["start"].dt.epoch("us").to_numpy() // BIN_US - first, 0, n)
    ends = np.clip(-(-own["end"].dt.epoch("us").to_numpy() // BIN_US) - first, 0, n)
    steps = np.zeros(n + 1, dtype=np.int64)
    np.add.at(steps, starts, 1)
    np.add.at(steps, np.maximum(starts, ends), -1)
    return np.cumsum(steps[:-1]) > 0


def runs(marked: NDArray[np.bool_]) -> tuple[Counts, Counts]:
    """Return where stretches of marked bins begin and end (the first bin after)."""
    steps = np.diff(np.concatenate(([0], marked.view(np.int8), [0])))
    return np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
