"""The repeated hour: when clocks go back, local times without a zone occur twice; the order of the lines tells which.

A log is written in the order of time, save for lines that are late by moments. Where its local times fall by more than
`LEAST_FALL` within the hour that occurs twice, the clock went back there: what stands before is of the first pass, what
stands after of the second. Where they never fall so far, nothing tells, and the lines are set aside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

import polars as pl

from forensics.evidence.formats import Batch

LEAST_FALL = timedelta(minutes=20)
"""Lines are late by seconds; a clock goes back by half an hour or more."""
MOST_HELD = 64
"""Batches held back while nothing tells yet; a batch is a million rows or 16 MiB."""

MOST_DAYS = timedelta(days=36_525)
"""A century; what a batch spans beyond it are times that somebody mistyped."""

Held = list[tuple[Batch, pl.Series]]


def settled(
    batches: Iterator[Batch], local_times: Callable[[Batch], pl.Series | None], zone: ZoneInfo
) -> Iterator[tuple[Batch, pl.Series | None]]:
    """Give the batches of a file with the instants of those of its times that occur twice.

    Args:
        batches: of one file, in its order.
        local_times: the local times of a batch that name no zone, null elsewhere; None where the batch has none.
        zone: theirs.

    Returns:
        Each batch with naive UTC instants, null where a time occurs once or the order does not tell; None where no time
        of the batch occurs twice. Batches are held back from the first such time until the hour is over.
    """
    held: Held = []
    for batch in batches:
        times = local_times(batch)
        twice = _occurs_twice(times, zone) if times is not None and (held or _goes_back(times, zone)) else None
        if times is None or twice is None or not (twice.any() or held):
            yield batch, None
            continue
        held.append((batch, times))
        if len(held) >= MOST_HELD or _is_over(times, twice):
            yield from _told(held, zone)
            held = []
    yield from _told(held, zone)


def _occurs_twice(times: pl.Series, zone: ZoneInfo) -> pl.Series:
    """Tell which local times occur twice; null for null."""
    once = times.dt.replace_time_zone(str(zone), ambiguous="null", non_existent="null")
    first = times.dt.replace_time_zone(str(zone), ambiguous="earliest", non_existent="null")
    return first.is_not_null() & once.is_null()


def _goes_back(times: pl.Series, zone: ZoneInfo) -> bool:
    """Tell whether clocks of a zone go back within the days that some times span."""
    first, last = times.min(), times.max()
    if not isinstance(first, datetime) or not isinstance(last, datetime):
        return False
    return _days_that_go_back(zone, first.date(), min(last.date(), first.date() + MOST_DAYS))


@cache
def _days_that_go_back(zone: ZoneInfo, first: date, last: date) -> bool:
    days = (datetime.combine(first, time(), zone) + timedelta(days=n) for n in range(-1, (last - first).days + 3))
    offsets = [day.utcoffset() or timedelta() for day in days]
    return any(later < earlier for earlier, later in pairwise(offsets))


def _is_over(times: pl.Series, twice: pl.Series) -> bool:
    """Tell whether the last time of a batch lies behind the last one that occurs twice, by more than lateness."""
    last = times.drop_nulls()
    if not len(last):
        return False
    hour = times.filter(twice.fill_null(value=False))
    return not len(hour) or last[-1] > hour.max() + LEAST_FALL  # type: ignore[operator]


def _told(held: Held, zone: ZoneInfo) -> Iterator[tuple[Batch, pl.Series | None]]:
    if not held:
        return
    times = pl.concat([of_batch for _, of_batch in held])
    passes = _passes(times, _occurs_twice(times, zone))
    which = pl.col("pass").fill_null("null")
    aware = pl.col("at").dt.replace_time_zone(str(zone), ambiguous=which, non_existent="null")
    told = pl.when(pl.col("pass").is_not_null()).then(aware.dt.convert_time_zone("UTC").dt.replace_time_zone(None))
    instants = pl.DataFrame({"at": times, "pass": passes}).select(told=told)["told"]
    start = 0
    for batch, of_batch in held:
        yield batch, instants.slice(start, len(of_batch))
        start += len(of_batch)


def _passes(times: pl.Series, twice: pl.Series) -> pl.Series:
    """Return `earliest` or `latest` for each time that occurs twice and whose pass the order tells, else null."""
    places = twice.fill_null(value=False).arg_true().to_list()
    of_day: dict[date, list[int]] = {}
    for place in places:
        of_day.setdefault(times[place].date(), []).append(place)
    found: list[str | None] = [None] * len(times)
    for of_hour in of_day.values():
        for place, told in zip(of_hour, passes_of_hour([times[place] for place in of_hour]), strict=True):
            found[place] = told
    return pl.Series(found, dtype=pl.String)


def passes_of_hour(times: list[datetime]) -> list[str | None]:
    """Return for each local time of one repeated hour, in the order of the file, whether it is of the first pass.

    Returns:
        `earliest` or `latest` each; None for all where the times never fall by more than `LEAST_FALL`. A line after the
        fall that much lower times follow is a late one of the first pass.
    """
    lowest_after = [*list(accumulate(reversed(times), min))[::-1][1:], datetime.max]
    found: list[str | None] = []
    peak, has_fallen = times[0] if times else datetime.min, False
    for at, lowest in zip(times, lowest_after, strict=bool(times)):
        has_fallen = has_fallen or peak - at > LEAST_FALL
        is_late = at - lowest > LEAST_FALL
        found.append("latest" if has_fallen and not is_late else "earliest")
        peak = max(peak, at)
    return found if has_fallen else [None] * len(times)
