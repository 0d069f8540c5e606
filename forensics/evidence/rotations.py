"""Files that rotation took: holes between the files of a source, and numbers or dates that a series of names lacks."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import PurePosixPath

import numpy as np
import polars as pl

from forensics.vocabulary import LINES_A_SOURCE

COMPRESSED = re.compile(r"\.(gz|bz2|zst|xz)$")
NUMBERED = re.compile(r"(?P<stem>.*)\.(?P<number>\d{1,4})")
DATED = re.compile(
    r"(?P<stem>.*?)(?<!\d)(?P<year>(?:19|20)?\d\d)(?P<mark>[-_.]?)(?P<month>0[1-9]|1[0-2])(?P=mark)"
    r"(?P<day>0[1-9]|[12]\d|3[01])(?:[-_.T]?(?P<hour>[01]\d|2[0-3]))?(?!\d)(?P<ending>.*)"
)

FILE_TIMES = {
    "number": pl.Int64, "path": pl.String, "first_at": pl.Datetime("us"), "last_at": pl.Datetime("us"),
}  # fmt: skip


def file_times(files: pl.DataFrame, numbers: dict[str, int], bins: pl.DataFrame) -> pl.DataFrame:
    """Return the first and last time of each file that holds requests, in the order of time within a source.

    A bin in which one file ends and the next begins counts for both.

    Args:
        files: `source`, `path`, `first_line`, `lines`.
        numbers: the number of each source.
        bins: `sql/log_bins.sql`.

    Returns:
        `number`, `path`, `first_at`, `last_at`.
    """
    logs = files.filter(pl.col("source").is_in(list(numbers)), pl.col("lines") > 0).with_columns(
        number=pl.col("source").replace_strict(numbers, return_dtype=pl.Int64)
    )
    logs = logs.with_columns(first_id=pl.col("number") * LINES_A_SOURCE + pl.col("first_line")).sort("first_id")
    if not logs.height:
        return pl.DataFrame(schema=FILE_TIMES)
    starts = logs["first_id"].to_numpy()
    ends = [np.searchsorted(starts, bins[column].to_numpy(), side="right") - 1 for column in ("first_id", "last_id")]
    both = pl.concat([bins.select("first_at", "last_at", file=pl.Series(end, dtype=pl.Int64)) for end in ends])
    times = both.group_by("file").agg(pl.col("first_at").min(), pl.col("last_at").max())
    found = logs.with_row_index("file").with_columns(pl.col("file").cast(pl.Int64)).join(times, on="file")
    return found.select(list(FILE_TIMES)).sort("number", "first_at", "last_at", "path")


def is_between_files(start: datetime, end: datetime, times: pl.DataFrame, numbers: list[int]) -> bool:
    """Tell whether a silence lies between the end of one file of a source and the beginning of the next."""
    for number in numbers:
        own = times.filter(pl.col("number") == number).select("first_at", "last_at").rows()
        if any(last_at <= start and first_at >= end for (_, last_at), (first_at, _) in pairwise(own)):
            return True
    return False


def missing_files(times: pl.DataFrame) -> list[tuple[int, datetime, datetime]]:
    """Return where a source's series of names lacks a number or a date: (source's number, from, until).

    From the last time of the file before to the first time of the file after; nothing where these leave no hole.
    """
    found = []
    for (number,), own in times.group_by("number", maintain_order=True):
        spans = {row["path"]: (row["first_at"], row["last_at"]) for row in own.iter_rows(named=True)}
        for before, after in gaps_in_series(list(spans)):
            # Numbers mostly count backwards in time, dates forwards.
            earlier, later = sorted((spans[before], spans[after]))
            if later[0] > earlier[1]:
                found.append((int(str(number)), earlier[1], later[0]))
    return sorted(set(found))


def gaps_in_series(paths: list[str]) -> list[tuple[str, str]]:
    """Return the pairs of files between which a series of names lacks a number or a date.

    Names that differ only in a last number (access.log, access.log.1, access.log.3.gz), or only in a date or an hour
    (access-20160301.log, u_ex160301.log), are a series; a file compressed and one not are of the same. Weekdays, or
    hours of the day, that a series never has, and a lone week-end, are no gap: rotation leaves out what nothing was
    written on.
    """
    numbered: dict[tuple[str, ...], dict[int, str]] = defaultdict(dict)
    dated: dict[tuple[str, ...], dict[datetime, str]] = defaultdict(dict)
    for path in paths:
        folder, name = str(PurePosixPath(path).parent), COMPRESSED.sub("", PurePosixPath(path).name)
        date = DATED.fullmatch(name)
        when = date and _moment(date)
        number = NUMBERED.fullmatch(name)
        if date and when:
            unit = "day" if date["hour"] is None else "hour"
            dated[unit, folder, date["stem"], date["mark"], date["ending"]][when] = path
        elif number:
            numbered[folder, number["stem"]][int(number["number"])] = path
        else:
            numbered[folder, name][0] = path
    found = []
    for files in numbered.values():
        found += [(files[a], files[b]) for a, b in pairwise(sorted(files)) if b - a > 1]
    for (unit, *_), days in dated.items():
        found += _missing_dates(days, timedelta(days=1) if unit == "day" else timedelta(hours=1))
    return found


def _moment(date: re.Match[str]) -> datetime | None:
    year = int(date["year"])
    try:
        return datetime(
            year if year > 99 else 2000 + year, int(date["month"]), int(date["day"]), int(date["hour"] or 0)
        )
    except ValueError:
        return None


def _missing_dates(series: dict[datetime, str], unit: timedelta) -> list[tuple[str, str]]:
    """Return the neighbours that are further apart than the series' usual step, if a date between them is missed."""
    moments = sorted(series)
    steps = [b - a for a, b in pairwise(moments)]
    if len(steps) < 2:
        return []
    usual = min(set(steps), key=lambda step: (-steps.count(step), step))

    def phase(moment: datetime) -> int:
        return moment.weekday() if unit == timedelta(days=1) else moment.hour

    written = {phase(moment) for moment in moments}
    missed = {(a, b): [a + usual * n for n in range(1, -(-(b - a) // usual))] for a, b in pairwise(moments)}
    how_often = Counter(phase(moment) for between in missed.values() for moment in between)

    def is_missed(moment: datetime) -> bool:
        once = how_often[phase(moment)] == 1 and moment.weekday() < 5
        return once or phase(moment) in written

    return [(series[a], series[b]) for (a, b), between in missed.items() if any(map(is_missed, between))]
