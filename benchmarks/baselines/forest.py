"""IsolationForest (Liu, Ting and Zhou, 2008) on what each client did, as scikit-learn has it."""

from __future__ import annotations

import numpy as np
import polars as pl

from benchmarks.baselines.lookups import lookups, with_sessions

SEED = 0
DAY = (6, 20)  # hours (UTC) between which it is not night
FEATURES = ("lookups", "items", "an_hour", "night_share", "hit_share", "sessions")


def features(asked: pl.DataFrame) -> pl.DataFrame:
    """One client: lookups, distinct items, lookups in an hour with any, shares by night and of hits, sessions."""
    hour = pl.col("requested_at").dt.hour()
    return (
        asked.group_by("client")
        .agg(
            pl.len().alias("lookups"),
            pl.col("item").n_unique().alias("items"),
            (pl.len() / pl.col("requested_at").dt.truncate("1h").n_unique()).alias("an_hour"),
            (~hour.is_between(*DAY, closed="left")).mean().alias("night_share"),
            pl.col("is_hit").mean().alias("hit_share"),
            pl.col("session").n_unique().alias("sessions"),
        )
        .sort("client")
    )


def isolation_forest(requests: pl.DataFrame, returned: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Score each lookup by how easily its client is set apart from the others; counts as they are, or their logs."""
    from sklearn.ensemble import IsolationForest  # noqa: PLC0415 (of the extra `bench`)

    asked = with_sessions(lookups(requests, returned))
    clients = features(asked)
    plain = clients.select(FEATURES).to_numpy().astype(np.float64)
    scored = {}
    for name, values in {"counts": plain, "logs": np.log1p(plain)}.items():
        # Nothing to set apart where nobody asked for anybody.
        found = -IsolationForest(random_state=SEED).fit(values).score_samples(values) if len(values) else []
        of_client = clients.select("client", pl.Series("score", found, dtype=pl.Float64))
        scored[name] = asked.select("request_id", "client").join(of_client, on="client").drop("client")
    return scored
