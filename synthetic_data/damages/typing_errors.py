"""What fingers do to names and dates: one slip each, as expressions over rows that are all to be mistyped."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.random import Generator

KEYBOARD_ROWS = ("azertyuiop", "qsdfghjklm", "wxcvbn")
NEIGHBOURS = {
    letter: neighbour
    for row in (*KEYBOARD_ROWS, *(row.upper() for row in KEYBOARD_ROWS))
    for letter, neighbour in zip(row, row[1:] + row[-2], strict=True)
}
SWAPPED, NEIGHBOUR, DOUBLED, DROPPED = range(4)
YEARS_OFF = (-10, -1, 1, 10)


def mistyped_name(name: pl.Series, rng: Generator) -> pl.Series:
    """Swap two letters, hit the next key, double a letter or drop one; a name of one letter is doubled.

    Every name of one letter or more comes out different; a missing or empty one stays.
    """
    count = len(name)
    length = name.str.len_chars().fill_null(0).to_numpy()
    place = np.floor(rng.random(count) * np.maximum(length.astype(np.int64) - 1, 1)).astype(np.int64)
    slip = np.where(length < 2, DOUBLED, rng.integers(0, 4, count))
    before, after = pl.col("name").str.slice(0, pl.col("place")), pl.col("name").str.slice(pl.col("place") + 2)
    first, second = (pl.col("name").str.slice(pl.col("place") + step, 1) for step in (0, 1))
    neighbour = first.replace_strict(NEIGHBOURS, default=None, return_dtype=pl.String)
    slipped = (
        pl.when((pl.col("slip") == SWAPPED) & (first != second))
        .then(before + second + first + after)
        .when((pl.col("slip") == NEIGHBOUR) & neighbour.is_not_null())
        .then(before + neighbour + second + after)
        .when(pl.col("slip") == DOUBLED)
        .then(before + first + first + second + after)
        .otherwise(before + second + after)
    )
    slips = pl.DataFrame({"name": name, "place": place, "slip": slip})
    return slips.select(slipped.alias(name.name))[name.name]


def mistyped_date(born: pl.Series, before_year: int, rng: Generator) -> pl.Series:
    """Swap day and month where a date allows it, type another day of the month, or another year.

    Every date comes out different and valid; no other year is `before_year` or later.
    """
    count = len(born)
    slips = pl.DataFrame(
        {
            "born": born,
            "slip": rng.integers(0, 3, count),
            "years": rng.choice(YEARS_OFF, count),
            "days": rng.integers(1, 28, count),  # steps around the days 1 to 28, which every month has
        }
    )
    date = pl.col("born")
    year, month, day = date.dt.year().cast(pl.Int64), date.dt.month().cast(pl.Int64), date.dt.day().cast(pl.Int64)
    wrong_year = pl.when(year + pl.col("years") < before_year).then(year + pl.col("years")).otherwise(year - 1)
    leap_day = (month == 2) & (day == 29)
    return slips.select(
        pl.when((pl.col("slip") == 0) & (day <= 12) & (day != month))
        .then(pl.date(year, pl.when(day <= 12).then(day), month))
        .when(pl.col("slip") == 1)
        .then(pl.date(wrong_year, month, pl.when(leap_day).then(28).otherwise(day)))
        .when(date.is_not_null())
        .then(pl.date(year, month, (day - 1 + pl.col("days")) % 28 + 1))
        .alias(born.name)
    )[born.name]
