"""The calendar: a damaged file may hold days and times beyond the years 1 to 9999, which no library can print."""

from __future__ import annotations

import polars as pl

FIRST_S, LAST_S = -62_135_596_800, 253_402_300_799
"""The first second of year 1 and the last of year 9999, since 1970."""
DAY_S = 86_400
UNITS = {"ms": 10**3, "us": 10**6, "ns": 10**9}


def in_calendar(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Return days, instants or times of day, null where the calendar has none such; any other value as it is."""
    if dtype == pl.Date:
        limits = (FIRST_S // DAY_S, LAST_S // DAY_S)
    elif isinstance(dtype, pl.Datetime):
        a_second = UNITS[dtype.time_unit]
        limits = (max(FIRST_S * a_second, -(2**63)), min((LAST_S + 1) * a_second - 1, 2**63 - 1))
    elif dtype == pl.Time:
        limits = (0, DAY_S * UNITS["ns"] - 1)
    else:
        return value
    return pl.when(value.to_physical().is_between(*limits)).then(value)
