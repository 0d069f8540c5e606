"""Lookups and sessions as any tool would see them, from the canonical tables alone."""

from __future__ import annotations

import polars as pl

CLIENT = ("operator", "account_id", "client_ip", "user_agent")
GAP_MINUTES = 30
NOT_ASKED = ("static", "login")


def lookups(requests: pl.DataFrame, returned: pl.DataFrame) -> pl.DataFrame:
    """One request that asked for a person, or whose answer named people nobody was asked for (a page of a list).

    Columns request_id, requested_at, CLIENT, item (what was asked for; a page of a list is an item of its own),
    is_hit; sorted by time and request.
    """
    named = pl.col("request_id").is_in(returned["request_id"].unique().implode())
    asked = pl.col("subject_key").is_not_null() & ~pl.col("action").is_in(NOT_ASKED)
    return (
        requests.filter(asked | named)
        .select(
            "request_id",
            "requested_at",
            *CLIENT,
            pl.coalesce("subject_key", -1 - pl.col("request_id")).alias("item"),
            ((pl.col("status").fill_null(200) == 200) & (pl.col("records_returned").fill_null(1) > 0)).alias("is_hit"),
        )
        .sort("requested_at", "request_id")
    )


def with_sessions(rows: pl.DataFrame) -> pl.DataFrame:
    """Number the clients and their sessions (cut at GAP_MINUTES of silence); sorted by client, time and request."""
    ordered = rows.sort(*CLIENT, "requested_at", "request_id").with_columns(
        pl.struct(CLIENT).rle_id().alias("client")
    )  # fmt: skip
    silence = pl.col("requested_at").diff().over("client")
    begins = silence.is_null() | (silence > pl.duration(minutes=GAP_MINUTES))
    return ordered.with_columns((begins.cum_sum() - 1).alias("session"))
