"""The same person under two keys: a number given for a time, never taken out when the final one came."""

from __future__ import annotations

import polars as pl
from numpy.random import Generator

NUMBER_CHARACTERS = 13
ORDER_DIGITS = 3
SPARE_ORDERS = (991, 999)  # order numbers that the generator gives to nobody


def under_second_number(people: pl.DataFrame, rng: Generator) -> pl.DataFrame:
    """Give the same rows under another holder's number of the same sex, month and (fictitious) birthplace.

    Where the person's own number is the holder's, it changes with it, its two check digits too.
    """
    orders = pl.Series(rng.integers(*SPARE_ORDERS, len(people), endpoint=True)).cast(pl.String)
    holder, own = pl.col("holder_number"), pl.col("beneficiary_number")
    same = own.str.slice(0, NUMBER_CHARACTERS) == holder.str.slice(0, NUMBER_CHARACTERS)
    number = holder.str.slice(0, NUMBER_CHARACTERS - ORDER_DIGITS) + orders
    return people.with_columns(
        holder_number=_as_long_as(holder, number),
        beneficiary_number=pl.when(same).then(_as_long_as(own, number)).otherwise(own),
    )


def _as_long_as(before: pl.Expr, number: pl.Expr) -> pl.Expr:
    """Give 13 characters their check digits where the number before had them."""
    with_key = before.str.len_chars() > NUMBER_CHARACTERS
    return pl.when(with_key).then(number + check_digits(number)).otherwise(number)


def check_digits(number: pl.Expr) -> pl.Expr:
    """Two check digits of 13 characters: 97 - (number mod 97), 2A counting as 19 and 2B as 18."""
    digits = number.str.replace("2A", "19", literal=True).str.replace("2B", "18", literal=True)
    return (97 - digits.cast(pl.Int64) % 97).cast(pl.String).str.zfill(2)
