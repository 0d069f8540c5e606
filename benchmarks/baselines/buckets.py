"""A leaky bucket of distinct items, as CrowdSec's `crowdsecurity/http-crawl-non_statics` is.

That rule (crowdsecurity/hub, scenarios/crowdsecurity/http-crawl-non_statics.yaml) pours every distinct page that an
address asks for into a bucket of capacity 40 that leaks one every 0.5 s; the address is caught when it overflows.
Here the items are the people asked for, and the bucket is an address's or an account's. A bucket that overflows at
capacity c is one whose level would exceed c if it had none, so that the highest level is a score, and the capacity
its threshold. What a bucket has seen is forgotten when it is empty, as CrowdSec destroys it.
"""

from __future__ import annotations

import polars as pl

from benchmarks.baselines.lookups import lookups

CAPACITY = 40
CROWDSEC_LEAK_S = 0.5
SLOWER_LEAKS_S = (5.0, 60.0, 600.0)
OWNERS = {"address": ("client_ip",), "account": ("operator", "account_id")}
MICROSECONDS = 1_000_000


def leaky_bucket_of_crowdsec(requests: pl.DataFrame, returned: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Score each lookup by the highest level of its bucket, which leaks as CrowdSec's does."""
    return _scored(lookups(requests, returned), (CROWDSEC_LEAK_S,))


def leaky_bucket(requests: pl.DataFrame, returned: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Score each lookup by the highest level of its bucket, for leaks slower than CrowdSec's."""
    return _scored(lookups(requests, returned), SLOWER_LEAKS_S)


def _scored(asked: pl.DataFrame, leaks_s: tuple[float, ...]) -> dict[str, pl.DataFrame]:
    scored = {}
    for owner, columns in OWNERS.items():
        owned = asked.with_columns(pl.struct(columns).rank("dense").cast(pl.Int64).alias("owner"))
        rows = owned.sort("owner", "requested_at", "request_id")
        for leak_s in leaks_s:
            highest = highest_levels(rows, leak_s)
            scored[f"{owner}, {leak_s:g} s"] = rows.select(
                "request_id", pl.col("owner").replace_strict(highest, return_dtype=pl.Float64).alias("score")
            )
    return scored


def highest_levels(rows: pl.DataFrame, leak_s: float) -> dict[int, float]:
    """Owner -> highest level of its bucket; rows: owner, requested_at, item, sorted by owner and time."""
    leak_us = leak_s * MICROSECONDS
    highest: dict[int, float] = {}
    owner, level, last, seen = None, 0.0, 0, set()
    moments = rows.select("owner", pl.col("requested_at").dt.epoch("us"), "item")
    for this, moment, item in moments.iter_rows():
        if this != owner:
            owner, level, seen = this, 0.0, set()
            highest[this] = 0.0
        else:
            level -= (moment - last) / leak_us
            if level <= 0:
                level = 0.0
                seen.clear()
        last = moment
        if item not in seen:
            seen.add(item)
            level += 1
            highest[this] = max(highest[this], level)
    return highest
