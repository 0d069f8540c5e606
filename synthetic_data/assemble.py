"""From pages asked for to requests answered: references, tokens, truth sessions, line numbers."""

from __future__ import annotations

import polars as pl
from numpy.random import Generator

from synthetic_data import portal, targets
from synthetic_data.identifiers import hexadecimals
from synthetic_data.population import Population
from synthetic_data.professionals import AGENTS, Professionals


def answer_traffic(traffic: pl.DataFrame, population: Population, rng: Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All requests in the order of time, and who each lookup showed.

    Requests: TRAFFIC columns with row, what `portal.answer` adds, request_ref (random), token, port,
    source_line (1-based within the operator). Shown: row, person, operator, insurer.
    """
    ordered = (
        traffic.sort("time", "operator", "account", "page", "number")
        .with_row_index("row")
        .with_columns(pl.col("row").cast(pl.Int64))
    )
    shown = portal.people_shown(ordered, population.register, population.persons)
    answered = portal.answer(ordered, shown, rng)
    logins = answered["login"].rank("dense").cast(pl.Int64) - 1
    tokens = pl.Series(hexadecimals(int(logins.n_unique()), rng, 20))
    return answered.with_columns(
        pl.Series("request_ref", hexadecimals(len(answered), rng)),
        tokens.gather(logins).alias("token"),
        pl.Series("port", rng.integers(1024, 65536, len(answered))).cast(pl.Int32),
        pl.int_range(1, pl.len() + 1).over("operator").alias("source_line"),
    ), shown


def with_names(requests: pl.DataFrame, professionals: Professionals) -> pl.DataFrame:
    """Add account_id, client_ip and user_agent as texts in place of row numbers."""
    return requests.with_columns(
        professionals.accounts["account_id"].gather(requests["account"]).alias("account_id"),
        pl.Series(professionals.addresses).gather(requests["address"]).alias("client_ip"),
        pl.Series(AGENTS).gather(requests["agent"]).alias("user_agent"),
    )


def with_sessions(requests: pl.DataFrame) -> pl.DataFrame:
    """Add session: one actor (operator, account, address, agent) never silent for over 30 minutes."""
    actor = ["operator", "account_id", "client_ip", "user_agent"]
    silence = targets.SESSION_SILENCE_MINUTES * 60 * 1_000_000
    opens = pl.any_horizontal(pl.col(name) != pl.col(name).shift() for name in actor)
    return (
        requests.sort(*actor, "time", "row")
        .with_columns((opens | (pl.col("time").diff() > silence)).fill_null(True).cum_sum().alias("session"))
        .with_columns(pl.format("truth-{}", pl.col("session").cast(pl.String).str.zfill(7)).alias("session"))
        .sort("row")
    )
