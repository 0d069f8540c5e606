"""Stress: robots of known kinds are planted in the case's own honest traffic, and what would be found of them is told.

It measures sensitivity: which robots this case's evidence would give away. It says nothing of how often honest people
are accused, and nothing of robots of other kinds.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics import results, sessions
from forensics.analysis import clock_step_us
from forensics.case import Case
from forensics.detection.verdicts import judge, subjects_are_people
from forensics.engine import connect, private_folder, query, sql, view
from forensics.errors import CaseError
from forensics.outgoing import FROM_RESULTS, standing_results
from forensics.pipeline import Say, in_silence
from forensics.planting import ROBOTS, lost, plant
from forensics.vocabulary import LINES_A_SOURCE

if TYPE_CHECKING:
    import duckdb

READ = ("register", "subjects", "persons", "accounts", "claims", "returned_people")
ACCOUNTS = 6
"""So many honest accounts of each operator each kind of robot uses: enough to see a share, few beside all others."""


def stress(
    case: Case, *, accounts: int = ACCOUNTS, key_path: Path | None = None, say: Say = in_silence
) -> list[dict[str, Any]]:
    """Plant each kind of robot in turn and judge the case anew, its own suspects left out and its own gaps applied.

    Args:
        case: the case, after a run.
        accounts: of each operator so many honest accounts are used.
        key_path: the case key, where it is not beside the case.
        say: is told what is being done, counts only.

    Returns:
        Of each `robot`: `accounts`, `requests` planted, `logged` of them after the gaps, and of these `scraping`,
        `unclear` and `honest`; `others`: clients judged scraping that nobody planted. The journal keeps it.

    Raises:
        CaseError: there are no finished results, or subjects are not people.
        EvidenceError: the key is not the one of the case.
    """
    results.load(case.folder)
    if not subjects_are_people(case):
        raise CaseError("robots can only be planted where the log says whom it was asked for", where="case.toml")
    with standing_results(case, key_path, (*FROM_RESULTS, "strands")) as standing:
        seed = int(standing.manifest["evidence_digest"][:16], 16)
        told = []
        for number, name in enumerate(ROBOTS):
            with private_folder() as spill, connect(case.settings, spill) as connection:
                told.append(_one(connection, case, name, accounts, np.random.default_rng((seed, number))))
            say(f"planted {name}: {told[-1]['scraping']:,} of {told[-1]['logged']:,} requests would be found")
        standing.enter("stress", robots=told)
    return told


def _one(
    connection: duckdb.DuckDBPyConnection, case: Case, name: str, n_accounts: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Plant one kind of robot, judge, and count what became of its requests."""
    for table in READ:
        view(connection, table, case.work / f"{table}.parquet")
    view(connection, "logged_requests", case.work / "requests.parquet")
    opened = results.load(case.folder)
    view(connection, "request_sessions", case.results / "request_sessions.parquet")
    connection.register("judged", opened.table("sessions").select("session_id", "verdict"))
    every = _planted(connection, case, opened.table("strands"), name, n_accounts, rng)
    coverage = pl.read_parquet(case.work / "log_coverage.parquet", glob=False)
    planted = lost(every, coverage, rng)
    connection.register("planted", planted)
    connection.execute(f'CREATE TEMP TABLE "requests" AS {sql("honest_requests")}')
    connection.execute("DROP VIEW request_sessions")
    sessions.build(connection, case.settings)
    strands = judge(connection, case, sessions.strands(connection), clock_step_us(connection)).strands
    connection.register("verdicts", strands.select("strand_id", "verdict"))
    became = query(connection, "verdicts_of_planted")
    counts = dict(became.group_by("verdict").agg(pl.len()).iter_rows())
    own = set(became["strand_id"])
    return {
        "robot": name,
        "accounts": every.select("operator", "account_id").n_unique(),
        "requests": every.height,
        "logged": planted.height,
        **{verdict: counts.get(verdict, 0) for verdict in ("scraping", "unclear", "honest")},
        "others": strands.filter((pl.col("verdict") == "scraping") & ~pl.col("strand_id").is_in(own)).height,
    }


def _planted(
    connection: duckdb.DuckDBPyConnection,
    case: Case,
    strands: pl.DataFrame,
    name: str,
    n_accounts: int,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Return the requests of one kind of robot, in columns as the log's, before any loss."""
    view(connection, "requests", case.work / "requests.parquet")
    usual, span = query(connection, "usual_lookups"), query(connection, "log_span").row(0, named=True)
    connection.execute("DROP VIEW requests")
    suspected = strands.filter(pl.col("verdict") != "honest").select("operator", "account_id")
    honest = (
        strands.filter((pl.col("account_id") != "") & pl.col("profession").is_not_null() & (pl.col("n_subjects") > 0))
        .select("operator", "account_id")
        .unique()
        .join(suspected, on=["operator", "account_id"], how="anti")
        .sort("operator", "account_id")
    )
    drawn = honest.with_columns(lot=pl.Series(rng.permutation(honest.height)))
    chosen = drawn.filter(pl.col("lot").rank("ordinal").over("operator") <= n_accounts).drop("lot")
    first = case.declared.case.suspected_from
    start = first.replace(tzinfo=None) if first else span["first_at"] + (span["last_at"] - span["first_at"]) / 2
    subjects = pl.read_parquet(case.work / "subjects.parquet", glob=False)
    window = (start, max(span["last_at"], start))
    first_id = (len(case.declared.source) + 1) * LINES_A_SOURCE
    robot = plant(ROBOTS[name], chosen, subjects, usual, window, first_id, rng)
    schema = pl.read_parquet_schema(case.work / "requests.parquet")
    unsaid = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in schema.items() if name not in robot.columns]
    return robot.with_columns(unsaid).select(pl.col(column).cast(dtype) for column, dtype in schema.items())


def told(found: list[dict[str, Any]]) -> list[str]:
    """Say in lines of text what would have been found (`stress`)."""
    lines = [
        f"{one['robot']}: {one['requests']:,} requests on {one['accounts']:,} accounts, {one['logged']:,} logged; "
        f"scraping {_share(one, 'scraping')}, unclear {_share(one, 'unclear')}, not found {_share(one, 'honest')}"
        for one in found
    ]
    return [
        *lines,
        "this is sensitivity to robots of these kinds; it says nothing of how often honest people are accused",
    ]


def _share(one: dict[str, Any], verdict: str) -> str:
    return f"{one[verdict] / one['logged']:.1%}" if one["logged"] else "none"
