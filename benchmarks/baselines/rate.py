"""How many people an account asks for in a day."""

from __future__ import annotations

import polars as pl

from benchmarks.baselines.lookups import lookups


def lookups_a_day(requests: pl.DataFrame, returned: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Score each lookup by the lookups, or by the distinct people, of its account on its day (UTC)."""
    asked = lookups(requests, returned)
    day = ("operator", "account_id", pl.col("requested_at").dt.date())
    counts = {"lookups": pl.len(), "distinct": pl.col("item").n_unique()}
    return {
        name: asked.select("request_id", count.over(day).cast(pl.Float64).alias("score"))
        for name, count in counts.items()
    }
