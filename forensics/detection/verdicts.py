"""Verdicts: which clients a robot drove, with the measures that say so. A verdict is about a client, never a person.

Where subjects are people, two families must agree: care (do claims follow?) and machine (pace, regularity).
Where they are pages there is no care, and the two machine measures must agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.case import Case
from forensics.detection.decision import benjamini_hochberg, holm, smallest_of, two_of
from forensics.detection.measures import care, pace, peers, regularity
from forensics.engine import create, query
from forensics.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

NO_ACCOUNT = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """The judged strands (`forensics.schemas.Strands`) and whether care could be measured at all."""

    strands: pl.DataFrame
    care_known: bool


def judge(connection: duckdb.DuckDBPyConnection, case: Case, strands: pl.DataFrame, resolution_us: int) -> Verdicts:
    """Measure every strand and decide.

    Reads the tables of `forensics.sessions`, `subjects`, `register`, `claims`, `accounts`; makes `patients`.

    Args:
        connection: where the tables are.
        case: settings and the clean weeks.
        strands: one row a strand (`forensics.sessions.strands`).
        resolution_us: the step of the log's clock; a gap counts as at least half of it.
    """
    settings = case.settings
    people = subjects_are_people(case)
    follow_up = _follow_up_days(connection, settings) if people else 0
    create(connection, "patients", {"relation_days": settings.relation_days, "follow_up_days": max(follow_up, 0)})
    measured = _machine(connection, case, strands, resolution_us)
    testable = measured["n_subjects"].to_numpy() >= settings.least_subjects
    both = measured.select("p_pace", "p_regularity").to_numpy()
    p_machine = smallest_of(both)
    if people:
        measured = _with_care(connection, settings, measured, testable, p_machine, follow_up)
        families = np.column_stack([p_machine, measured["p_care"].to_numpy()])
    else:
        measured = measured.with_columns(_without_care())
        families = both
    judged = _decide(measured, settings, testable, p_machine, two_of(families), people, follow_up)
    return Verdicts(strands=judged, care_known=follow_up >= 1)


def subjects_are_people(case: Case) -> bool:
    """Tell whether what the logs ask for are people, not the pages of a public site."""
    return any(source.subject_kind not in (None, "page") for _, source in case.sources("access_log"))


def _follow_up_days(connection: duckdb.DuckDBPyConnection, settings: Settings) -> int:
    """Return how long every lookup can be followed: to the setting, or to where the claims end. 0: not at all."""
    days = query(connection, "follow_up").item()
    return max(0, min(settings.follow_up_days, days)) if days is not None else 0


def _machine(
    connection: duckdb.DuckDBPyConnection, case: Case, strands: pl.DataFrame, resolution_us: int
) -> pl.DataFrame:
    """Add pace and regularity to the strands."""
    settings = case.settings
    window = {"window_minutes": settings.pace_window_minutes, "clean_until": case.declared.case.clean_until}
    busiest = query(connection, "strand_pace", window)
    gaps = query(connection, "strand_gaps", {"least_gap_us": resolution_us // 2})
    frame = strands.join(busiest, on="strand_id", how="left").join(gaps, on="strand_id", how="left")
    frame = _with_crowd(frame.sort("strand_id"), settings)
    counts = frame.select(pl.col("busiest_subjects", "n_windows", "crowd_busiest", "n_gaps", "gaps_us", "log_gaps_millionths").fill_null(0))  # fmt: skip
    n = {name: counts[name].to_numpy() for name in counts.columns}
    looked = frame["busiest_subjects"].is_not_null().to_numpy()
    p_pace = np.where(looked, pace(n["busiest_subjects"], n["n_windows"], n["crowd_busiest"]), np.nan)
    p_regularity = np.where(
        n["n_gaps"] >= 2, regularity(n["n_gaps"], n["gaps_us"], n["log_gaps_millionths"]), np.nan
    )
    return frame.with_columns(
        pl.Series("p_pace", p_pace), pl.Series("p_regularity", p_regularity), pl.col("busiest_subjects").fill_null(0)
    )


def _with_crowd(frame: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Add the record pace of the crowd: same operator and profession in the clean weeks, where there are enough.

    Without clean weeks the crowd is every client but the fastest few (`crowd_quantile`).
    """
    clean = frame["clean_busiest"].is_not_null().any()
    column = "clean_busiest" if clean else "busiest_subjects"
    record = pl.col(column).max() if clean else pl.col(column).quantile(settings.crowd_quantile, "higher")
    crowds = frame.drop_nulls(column)

    def of(*by: str) -> pl.DataFrame:
        return crowds.group_by(by).agg(record=record.cast(pl.Int64), size=pl.len().cast(pl.Int64))

    enough = of("operator", "profession").filter(pl.col("size") >= settings.least_peers)
    everyone = of("operator").rename({"record": "record_all", "size": "size_all"})
    return (
        frame.join(enough, on=["operator", "profession"], how="left")
        .join(everyone, on="operator", how="left")
        .with_columns(
            crowd_busiest=pl.coalesce("record", "record_all"),
            crowd_strands=pl.coalesce("size", "size_all", pl.lit(0, dtype=pl.Int64)),
        )
        .sort("strand_id")
    )


def _with_care(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    measured: pl.DataFrame,
    testable: np.ndarray,
    p_machine: np.ndarray,
    follow_up: int,
) -> pl.DataFrame:
    """Add care for the strands that a machine measure does not clear: the others cannot reach two families."""
    screened = testable & (np.nan_to_num(p_machine, nan=1.0) <= settings.unclear_level)
    if not follow_up or not screened.any():
        return measured.with_columns(_without_care())
    suspected = np.nan_to_num(p_machine, nan=1.0) * max(int(testable.sum()), 1) <= settings.accusation_level
    connection.register("tested", measured.filter(pl.Series(screened)).select("strand_id"))
    connection.register(
        "suspected_accounts", measured.filter(pl.Series(suspected)).select("operator", "account_id").unique()
    )
    per_peer = query(connection, "peers", {"window_days": settings.peer_window_days})
    own = query(connection, "tested_patients")
    rows = [_care_row(row, per_peer, settings, follow_up) for row in own.iter_rows(named=True)]
    care_rows = pl.DataFrame(rows, schema={"strand_id": pl.Int64, **_CARE})
    return measured.join(care_rows, on="strand_id", how="left").sort("strand_id")


_CARE = {
    "n_patients": pl.Int64, "n_followed": pl.Int64, "peers_share_followed": pl.Float64, "peers": pl.Int64,
    "follow_up_days": pl.Int64, "p_care": pl.Float64,
}  # fmt: skip


def _without_care() -> list[pl.Expr]:
    return [pl.lit(None, dtype=dtype).alias(name) for name, dtype in _CARE.items()]


def _care_row(
    own: Mapping[str, int], per_peer: pl.DataFrame, settings: Settings, follow_up: int
) -> dict[str, float | int | None]:
    """Measure one strand against the peers of its own weeks."""
    theirs = per_peer.filter(pl.col("strand_id") == own["strand_id"])
    row: dict[str, float | int | None] = {
        "strand_id": own["strand_id"],
        "n_patients": own["n_patients"],
        "n_followed": own["n_explained"],
        "peers": theirs.height,
        "follow_up_days": follow_up,
    }
    if theirs.height >= settings.least_peers:
        law = peers(theirs["n_patients"].to_numpy(), theirs["n_explained"].to_numpy())
        row["peers_share_followed"] = law.share
        row["p_care"] = care(own["n_patients"], own["n_explained"], law)
    return row


def _decide(
    measured: pl.DataFrame,
    settings: Settings,
    testable: np.ndarray,
    p_machine: np.ndarray,
    p_two: np.ndarray,
    people: bool,
    follow_up: int,
) -> pl.DataFrame:
    """Apply the rule: scraping by Holm on two families, unclear by false discovery rate or by one family alone."""
    n_tests = int(testable.sum())
    combined = np.where(testable, p_two, np.nan)
    scraping = holm(combined, settings.accusation_level, n_tests)
    scraping |= _beside_accused(measured, combined, scraping, settings.accused_account_rate)
    alone = holm(np.where(testable & np.isnan(p_two), p_machine, np.nan), settings.accusation_level, n_tests)
    unclear = (benjamini_hochberg(combined, settings.unclear_level, n_tests) | alone) & ~scraping
    verdict = np.select([scraping, unclear], ["scraping", "unclear"], "honest")
    missing = "no_claims" if people and not follow_up else "no_peers" if people else "too_few_gaps"
    why_not = np.select([scraping, ~testable, unclear & alone], ["", "too_few_subjects", missing], "measures_disagree")
    why_not = np.where(verdict == "honest", np.where(testable, "", "too_few_subjects"), why_not)
    return measured.with_columns(
        pl.Series("p_combined", combined),
        pl.Series("verdict", verdict, dtype=pl.String),
        pl.Series("why_not", why_not, dtype=pl.String).replace({"": None}),
    ).with_columns(pl.col("p_pace", "p_regularity", "p_care", "p_combined").fill_nan(None))


def _beside_accused(measured: pl.DataFrame, combined: np.ndarray, accused: np.ndarray, rate: float) -> np.ndarray:
    """Return which other clients of an accused account are the robot's too, tested among that account's clients."""
    frame = measured.select("operator", "account_id").with_columns(
        pl.Series("combined", combined), pl.Series("accused", accused), row=pl.int_range(pl.len())
    )
    beside = frame.filter(pl.col("accused").any().over("operator", "account_id") & (pl.col("account_id") != NO_ACCOUNT))
    found = np.zeros(len(combined), dtype=bool)
    for rows in beside.partition_by("operator", "account_id"):
        chances = rows["combined"].to_numpy()
        found[rows["row"].to_numpy()] = benjamini_hochberg(chances, rate, int(np.sum(~np.isnan(chances))))
    return found
