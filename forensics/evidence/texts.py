"""Texts: a column of a file as text; and what is made of a column, made once of each value where values recur."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl


def each_once(values: pl.Series, make: Callable[[pl.Expr], pl.Expr]) -> pl.Series:
    """Return what an expression makes of each value of a column of texts, worked out once a value.

    Args:
        values: the column.
        make: makes one value of one, the same wherever it stands.
    """
    known = values.cast(pl.Categorical(pl.Categories.random()))
    codes = known.to_physical()  # from 0, in the order in which values first come
    distinct = known.unique()
    in_order = pl.DataFrame({"value": distinct.cast(pl.String), "code": distinct.to_physical()})
    made = in_order.sort("code", nulls_last=True).with_columns(made=make(pl.col("value")))["made"]
    return made.gather(codes.fill_null(codes.n_unique() - 1) if codes.null_count() else codes)


def without_blanks(texts: pl.Series) -> pl.Series:
    """Return texts, null where there is nothing but white space."""
    blank = texts.str.strip_chars() == ""
    return texts.set(blank.fill_null(value=False), None) if blank.any() else texts


def text_of(name: str, dtype: pl.DataType) -> pl.Expr:
    """Return a column as text, null where there is none; a number that a file keeps as 12.0 is 12.

    Args:
        name: the column; one of texts is without blanks already.
        dtype: its type.
    """
    column = pl.col(name)
    if dtype == pl.String:
        return column
    if dtype.is_float():
        whole = column.cast(pl.Int64, strict=False)
        return pl.when(whole == column).then(whole.cast(pl.String)).otherwise(column.cast(pl.String))
    text = column.cast(pl.String, strict=False)
    return pl.when(text.str.contains(r"\S")).then(text)
