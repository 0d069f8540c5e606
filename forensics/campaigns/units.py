"""Units: who is compared with whom. The accused clients of one account are one unit, so are those of an honest one."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from forensics.networks import network

BROWSER = "Mozilla/"
"""How the agent of a browser begins. The name of a tool says which tool was used, not who used it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """The units that are compared, the accused first.

    table: one row a strand: `unit` (dense, from 0), `strand_id`, `operator`, `is_accused`, `network`, `agent`.
    n_accused, n_honest: how many units of either kind.
    """

    table: pl.DataFrame
    n_accused: int
    n_honest: int


def units(strands: pl.DataFrame, most_honest: int) -> Units:
    """Group the accused strands by account, and the busiest accounts that nobody suspects beside them.

    Args:
        strands: the judged strands (`forensics.schemas.Strands`).
        most_honest: so many honest units at most, those with the most lookups: nearest to what a robot does.
    """
    named = pl.when(pl.col("account_id") != "").then(pl.struct("operator", "account_id"))
    first = pl.when(named.is_null()).then("strand_id").otherwise(pl.col("strand_id").min().over(named))
    whole = pl.when(named.is_null()).then(pl.col("verdict") != "honest").otherwise(
        (pl.col("verdict") != "honest").any().over(named)
    )  # fmt: skip
    marked = strands.with_columns(first=first, suspected=whole, is_accused=pl.col("verdict") == "scraping")
    accused = marked.filter("is_accused").with_columns(first=pl.col("strand_id").min().over("operator", "first"))
    busiest = (
        marked.filter(~pl.col("suspected"))
        .group_by("first")
        .agg(pl.col("n_lookups").sum())
        .filter(pl.col("n_lookups") > 0)
        .sort("n_lookups", "first", descending=[True, False])
        .head(most_honest)
    )
    honest = marked.join(busiest.select("first"), on="first", how="semi")
    n_accused = accused["first"].n_unique()
    table = pl.concat(
        [
            accused.with_columns(unit=pl.col("first").rank("dense").cast(pl.Int64) - 1),
            honest.with_columns(unit=pl.col("first").rank("dense").cast(pl.Int64) - 1 + n_accused),
        ]
    ).select(
        "unit", "strand_id", "operator", "is_accused",
        network=pl.col("client_ip").map_elements(network, return_dtype=pl.String),
        agent=pl.when(pl.col("user_agent").str.starts_with(BROWSER)).then("user_agent"),
    )  # fmt: skip
    return Units(table=table.sort("unit", "strand_id"), n_accused=n_accused, n_honest=busiest.height)
