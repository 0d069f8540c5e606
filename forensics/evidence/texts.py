"""Texts: a column of a file as text; and what is made of a column, made once of each value where values recur."""

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


def text_of(name: str, dtype: pl.DataType) -> pl.Expr:
    """Return a column as text, null where there is none; a number that a file keeps as 12.0 is 12."""
    column = pl.col(name)
    if dtype.is_float():
        whole = column.cast(pl.Int64, strict=False)
        return pl.when(whole == column).then(whole.cast(pl.String)).otherwise(column.cast(pl.String))
    text = column.cast(pl.String, strict=False)
    return pl.when(text.str.contains(r"\S")).then(text)
