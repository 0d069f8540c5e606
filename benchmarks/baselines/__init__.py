"""What a user would take instead: each baseline reads the canonical tables alone and gives every lookup a score.

A baseline is a function `(requests, returned_people) -> {variant: scored}`; `scored` has one row a lookup, columns
request_id and score (higher: more like a robot), and a lookup has the score of its unit (an account's day, an
address, a client, a session). Which variant and which threshold are best is found in hindsight, with the truth in
hand (`benchmarks.baselines.hindsight`), which no user could.
"""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from benchmarks.baselines.buckets import leaky_bucket, leaky_bucket_of_crowdsec
from benchmarks.baselines.forest import isolation_forest
from benchmarks.baselines.rate import lookups_a_day
from benchmarks.baselines.sequences import session_model

Scored = dict[str, pl.DataFrame]
Baseline = Callable[[pl.DataFrame, pl.DataFrame], Scored]

BASELINES: dict[str, Baseline] = {
    "lookups per account and day": lookups_a_day,
    "leaky bucket, 0.5 s (CrowdSec)": leaky_bucket_of_crowdsec,
    "leaky bucket, slower leaks": leaky_bucket,
    "IsolationForest": isolation_forest,
    "msticpy": session_model,
}
NEEDS = {"IsolationForest": "sklearn", "msticpy": "msticpy"}
"""Which package a baseline needs beside those of the analysis: the extra `bench`."""
