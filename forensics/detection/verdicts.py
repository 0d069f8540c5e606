"""Verdicts: which clients a robot drove, with the measures that say so. A verdict is about a client, never a person.

Where subjects are people, two of three families must agree: care (do claims follow?), machine (pace, regularity), and
link (a work list shared with a client accused already). Where they are pages there is no care and no list, and the two
machine measures must agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import polars.selectors as cs

from forensics.case import Case
from forensics.detection.care_of_clients import with_care, without_care
from forensics.detection.decision import smallest_of
from forensics.detection.habits import CHANCES, with_habits, without_habits
from forensics.detection.measures import pace, regularity
from forensics.detection.rule import decide
from forensics.detection.work_lists import with_shared_lists
from forensics.engine import create, query
from forensics.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

COUNTS = ["busiest_subjects", "n_windows", "crowd_busiest", "n_gaps", "gaps_us", "log_gaps_millionths"]
MINUTE_US = 60_000_000
MACHINE = ("p_pace", "p_regularity", *CHANCES)
"""What speaks of a machine, where subjects are people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """The judged strands (`forensics.schemas.Strands`), and for how many days each operator's lookups are followed.

    An operator that is not in `followed` has no claims that reach far enough: care cannot be measured there.
    """

    strands: pl.DataFrame
    followed: dict[str, int]

    @property
    def care_known(self) -> bool:
        """Tell whether care could be measured anywhere."""
        return bool(self.followed)


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
    follow_up = follow_patients(connection, case)
    measured = _machine(connection, case, strands, resolution_us)
    p_machine = smallest_of(measured.select("p_pace", "p_regularity").to_numpy())
    if people:
        n_tests = max(int(np.sum(measured["n_subjects"].to_numpy() >= settings.least_subjects)), 1)
        suspected = np.nan_to_num(p_machine, nan=1.0) * n_tests <= settings.accusation_level
        measured = with_habits(connection, case, measured, suspected)
        p_machine = smallest_of(measured.select(MACHINE).to_numpy())
        measured, cared_for = with_care(connection, case, measured, p_machine, follow_up)
    else:
        measured = measured.with_columns(*without_habits(), *without_care())
        cared_for = np.zeros(measured.height, dtype=bool)
    p_care = measured["p_care"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    families = np.column_stack([p_machine, p_care]) if people else measured.select("p_pace", "p_regularity").to_numpy()
    compare = partial(with_shared_lists, connection, least_peers=settings.least_peers) if people else None
    missing = _why_one_family(measured, people, follow_up)
    judged = decide(measured, settings, families, p_machine, missing, cared_for, compare)
    judged = judged.with_columns((cs.starts_with("p_") | cs.by_name("honest_expected")).fill_nan(None))
    return Verdicts(strands=judged, followed=follow_up)


def follow_patients(connection: duckdb.DuckDBPyConnection, case: Case) -> dict[str, int]:
    """Make the tables `patients` and `consultations`: whom each client saw, and whether care explains it.

    Reads the tables of `forensics.sessions`, `subjects`, `register`, `claims`, `accounts`.

    Returns:
        For how many days each operator's lookups are followed; empty where no claims reach far enough.
    """
    follow_up = _follow_up_days(connection, case.settings) if subjects_are_people(case) else {}
    followed = pl.DataFrame(list(follow_up.items()), schema={"operator": pl.String, "days": pl.Int64}, orient="row")
    connection.register("followed", followed)
    create(connection, "patients", {"relation_days": case.settings.relation_days})
    create(connection, "consultations")
    return follow_up


def subjects_are_people(case: Case) -> bool:
    """Tell whether what the logs ask for are people, not the pages of a public site."""
    return any(source.subject_kind not in (None, "page") for _, source in case.logs())


def _follow_up_days(connection: duckdb.DuckDBPyConnection, settings: Settings) -> dict[str, int]:
    """Return how long every lookup at an operator can be followed: to the setting, or to where its claims end.

    In whole weeks where there is one, so that every lookup is followed over the same days of the week. An operator
    whose claims end within a day of its last lookup, or that has none, is left out.
    """
    longest = query(connection, "follow_up").filter(pl.col("days") >= 1)
    days = {operator: min(settings.follow_up_days, n) for operator, n in longest.iter_rows()}
    return {operator: n - n % 7 if n >= 7 else n for operator, n in days.items()}


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
    counts = frame.select(pl.col(COUNTS).fill_null(0))
    n = {name: counts[name].to_numpy() for name in counts.columns}
    looked = (frame["busiest_subjects"].is_not_null() & frame["crowd_busiest"].is_not_null()).to_numpy()
    p_pace = np.where(looked, pace(n["busiest_subjects"], n["n_windows"], n["crowd_busiest"]), np.nan)
    steady = regularity(
        n["n_gaps"], n["gaps_us"], n["log_gaps_millionths"],
        longest_us=settings.session_gap_minutes * MINUTE_US, step_us=resolution_us,
    )  # fmt: skip
    p_regularity = np.where(n["n_gaps"] >= 2, steady, np.nan)
    return frame.with_columns(
        pl.Series("p_pace", p_pace),
        pl.Series("p_regularity", p_regularity),
        pl.col("busiest_subjects").fill_null(0),
    )


def _with_crowd(frame: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Add the record pace of the crowd, of the first of these that has enough clients to be one.

    The same operator and profession in the clean weeks; the operator in the clean weeks; where the operator has no
    clean weeks, every client of the profession, then of the operator, but the fastest few (`crowd_quantile`).
    """
    clean, fastest = (
        pl.col("clean_busiest"),
        pl.col("busiest_subjects").quantile(settings.crowd_quantile, "higher"),
    )
    crowds = (
        ("clean_busiest", ["operator", "profession"], clean.max()),
        ("clean_busiest", ["operator"], clean.max()),
        ("busiest_subjects", ["operator", "profession"], fastest),
        ("busiest_subjects", ["operator"], fastest),
    )
    for number, (column, by, record) in enumerate(crowds):
        crowd = (
            frame.drop_nulls([column, *by])
            .group_by(by)
            .agg(
                record.cast(pl.Int64).alias(f"record_{number}"),
                pl.len().cast(pl.Int64).alias(f"size_{number}"),
            )
            .filter(pl.col(f"size_{number}") >= settings.least_peers)
        )
        frame = frame.join(crowd, on=by, how="left")
    numbers = range(len(crowds))
    return frame.with_columns(
        crowd_busiest=pl.coalesce(f"record_{number}" for number in numbers),
        crowd_strands=pl.coalesce(*(f"size_{number}" for number in numbers), pl.lit(0, dtype=pl.Int64)),
    ).sort("strand_id")


def _why_one_family(measured: pl.DataFrame, people: bool, follow_up: Mapping[str, int]) -> list[str]:
    """Return, for each strand, what would keep the second family from being measured."""
    if not people:
        return ["too_few_gaps"] * measured.height
    return ["no_peers" if operator in follow_up else "no_claims" for operator in measured["operator"]]
