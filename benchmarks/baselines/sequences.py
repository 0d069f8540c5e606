"""msticpy's session model: how unlikely is the rarest piece of a session, by a Markov chain over its requests?

Microsoft's msticpy (`msticpy.analysis.anomalous_sequence`) learns from all sessions how often one command follows
another, and gives each session the likelihood of its rarest window of two or three commands, and of the whole session
(geometric mean). A command is here a method, a path and a status.
"""

from __future__ import annotations

from importlib import import_module

import numpy as np
import polars as pl

from benchmarks.baselines.lookups import CLIENT, lookups, with_sessions

WINDOWS = (2, 3)
COMMAND = pl.concat_str("method", "path", pl.col("status").cast(pl.String), separator=" ", ignore_nulls=True)


def session_model(requests: pl.DataFrame, returned: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Score each lookup by how unlikely its session is; a session is a client's requests until 30 minutes' silence."""
    asked = lookups(requests, returned).select("request_id")
    if asked.is_empty():
        return {}
    rows = with_sessions(requests.select("request_id", "requested_at", *CLIENT, COMMAND.alias("command")))
    sessions = rows.group_by("session", maintain_order=True).agg("command")
    of_request = asked.join(rows.select("request_id", "session"), on="request_id")
    return {
        name: of_request.join(
            sessions.select("session", pl.Series("score", unlikely, dtype=pl.Float64)), on="session"
        ).drop("session")
        for name, unlikely in surprises(sessions["command"].to_list()).items()
    }


def surprises(sessions: list[list[str]]) -> dict[str, np.ndarray]:
    """Minus the logarithm of msticpy's likelihoods, session by session; each of shape (sessions,)."""
    # By name: what is installed without the extra `bench` must load, and be checked, too.
    model = import_module("msticpy.analysis.anomalous_sequence.model").Model(sessions=sessions)
    model.train()
    model.compute_scores(use_start_end_tokens=True)
    likelihoods = {f"rarest {n}": model.rare_window_likelihoods[n] for n in WINDOWS}
    likelihoods["whole session"] = model.session_geomean_likelihoods
    least = np.finfo(np.float64).tiny  # of a long session nothing is left of the product
    # A session shorter than the window has no likelihood, and stands out least.
    return {
        name: -np.log(np.maximum(np.nan_to_num(np.array(values, dtype=np.float64), nan=1.0), least))
        for name, values in likelihoods.items()
    }
