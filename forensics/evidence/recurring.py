"""Recurring values: what is made of a column is made once of each value where values recur."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

LOOKED_AT = 2_000
RECURRING_SHARE = 0.5
"""Where among the first values more than this are distinct, finding the distinct ones costs more than it spares."""


def each_once(values: pl.Series, make: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """Return what an expression makes of each value of a column, worked out once a value where values recur.

    Args:
        values: the column.
        make: makes one value of one, the same wherever it stands.
    """
    column = pl.col("value")
    frame = values.to_frame("value")
    some = values.head(LOOKED_AT)
    if some.n_unique() > RECURRING_SHARE * len(some):
        return frame.with_columns(made=make(column))["made"]
    made = frame.unique().with_columns(made=make(column))
    return frame.join(made, on="value", how="left", maintain_order="left", nulls_equal=True)["made"]
