"""The three numbers of every scope: who is certain, the interval, the envelope, the perimeter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.case import Case
from forensics.engine import query
from forensics.errors import EvidenceError
from forensics.estimation.complete import complete_count, unseen_after_checks
from forensics.estimation.unexplained import Stratum, unexplained_at_most

if TYPE_CHECKING:
    import duckdb

BOUNDS_ONLY = "lines are missing or nothing witnesses that none is: bounds only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a row of the estimates is about: the whole case, one operator or one insurer."""

    scope: str
    operator: str | None = None
    insurer: str | None = None

    def of(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows of a frame with `operator` and `insurer_id` that belong to this scope."""
        if self.operator is not None:
            frame = frame.filter(pl.col("operator") == self.operator)
        return frame if self.insurer is None else frame.filter(pl.col("insurer_id") == self.insurer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Distinct people of one scope.

    Attributes:
        strict: shown in full, on the card that day. certain is this.
        named: of those, asked for by name or number; the others are inferred through the card.
        broad: on any card a scraping session asked for, whatever the answer.
        doubt: the most that were shown to one accused client and to no other.
        unclear: on a card asked for by an unclear session, and not in `broad`.
    """

    strict: int
    named: int
    broad: int
    doubt: int
    unclear: int


def count(shown: pl.DataFrame) -> Counts:
    """Count the people of a scope.

    Args:
        shown: `person_id`, `strand_id`, `verdict`, `is_strict`, `is_named` (`sql/shown.sql`).
    """
    scraped = shown.filter(pl.col("verdict") == "scraping")
    strict = scraped.filter("is_strict")
    of_person = strict.group_by("person_id").agg(
        strands=pl.col("strand_id").n_unique(), strand=pl.col("strand_id").first(), named=pl.col("is_named").any()
    )
    by_one = of_person.filter(pl.col("strands") == 1).group_by("strand").len()
    broad = scraped.select("person_id").unique()
    unclear = shown.filter(pl.col("verdict") == "unclear").select("person_id").unique()
    return Counts(
        strict=of_person.height,
        named=int(of_person["named"].sum()),
        broad=broad.height,
        doubt=int(by_one["len"].max() or 0),  # type: ignore[arg-type]
        unclear=unclear.join(broad, on="person_id", how="anti").height,
    )


def estimates(
    connection: duckdb.DuckDBPyConnection,
    case: Case,
    shown: pl.DataFrame,
    perimeter: pl.DataFrame,
    coverage: pl.DataFrame,
    unexplained: dict[str, int] | None,
) -> pl.DataFrame:
    """Estimate every scope (`forensics.schemas.Estimates`).

    Args:
        connection: reads `session_lookups`, `subjects`, `register`, `persons`.
        case: settings.
        shown: who was shown to clients not judged honest (`sql/shown.sql`).
        perimeter: `forensics.schemas.Perimeter`.
        coverage: `forensics.schemas.LogCoverage`, of the operators of the perimeter.
        unexplained: people of clients not accused whom care does not account for, at most, by operator; None
            where care cannot be measured, so that every lookup of the log may be a robot's.
    """
    asked = query(connection, "looked_up_people") if unexplained is None else None
    rows = []
    for where in perimeter.filter(pl.col("definition") == "people").iter_rows(named=True):
        scope = Scope(scope=where["scope"], operator=where["operator"], insurer=where["insurer_id"])
        counts = count(scope.of(shown))
        if asked is None:
            elsewhere = sum(n for name, n in (unexplained or {}).items() if scope.operator in (None, name))
        else:
            elsewhere = max(0, scope.of(asked)["person_id"].n_unique() - counts.broad - counts.unclear)
        covered = coverage if scope.operator is None else coverage.filter(pl.col("operator") == scope.operator)
        rows.append(estimate_row(scope, counts, where["n"], covered, elsewhere, case.settings.interval_level))
    order = {"all": 0, "operator": 1, "insurer": 2}
    return pl.DataFrame(sorted(rows, key=lambda r: (order[r["scope"]], r["operator"] or "", r["insurer"] or "")), schema=SCHEMA)


SCHEMA: dict[str, type[pl.DataType]] = {
    "scope": pl.String, "operator": pl.String, "insurer": pl.String, "perimeter": pl.Int64, "certain": pl.Int64,
    "certain_logged": pl.Int64, "certain_inferred": pl.Int64, "certain_doubt": pl.Int64, "estimate": pl.Int64,
    "low": pl.Int64, "high": pl.Int64, "level": pl.Float64, "envelope_low": pl.Int64, "envelope_high": pl.Int64,
    "evidence_level": pl.String, "method": pl.String, "width_from_lost_lines": pl.Int64,
    "width_from_definitions": pl.Int64, "envelope_from_unclear": pl.Int64, "envelope_from_unexplained": pl.Int64,
}  # fmt: skip


def is_complete(coverage: pl.DataFrame) -> bool:
    """Tell whether an independent counter confirms every stretch of the log."""
    return coverage.height > 0 and bool((coverage["kind"] == "complete").all()) and bool(coverage["windows_checked"].sum())


def estimate_row(
    scope: Scope, counts: Counts, perimeter: int, coverage: pl.DataFrame, elsewhere: int, level: float
) -> dict[str, Any]:
    """Return one row of the estimates.

    Raises:
        EvidenceError: more people were shown than the register says could be.
    """
    if counts.strict > perimeter:
        raise EvidenceError(
            f"{counts.strict:,} people were shown, and the register has {perimeter:,} who could be ({scope.scope})",
            expected="a register that holds everyone the portal could show on those days",
            remedy="ask the operator for the register as it was during the campaign",
        )
    row: dict[str, Any] = {
        "scope": scope.scope, "operator": scope.operator, "insurer": scope.insurer, "perimeter": perimeter,
        "certain": counts.strict, "certain_logged": counts.named, "certain_inferred": counts.strict - counts.named,
        "certain_doubt": counts.doubt, "envelope_low": counts.strict - counts.doubt,
        "envelope_from_unclear": counts.unclear,
    }  # fmt: skip
    if not is_complete(coverage):
        bounds = {"estimate": None, "low": None, "high": None, "level": None, "envelope_high": perimeter}
        rest = max(0, perimeter - counts.broad - counts.unclear)
        return row | bounds | {
            "evidence_level": "B", "method": BOUNDS_ONLY, "width_from_lost_lines": 0,
            "width_from_definitions": counts.broad - counts.strict, "envelope_from_unexplained": min(elsewhere, rest),
        }  # fmt: skip
    checks = int(coverage["windows_checked"].sum())
    interval = complete_count(counts.strict, counts.broad, checks, level)
    high = min(int(interval.high), perimeter)
    return row | {
        "estimate": counts.strict, "low": int(interval.low), "high": high, "level": interval.level,
        "envelope_high": min(perimeter, high + counts.unclear + elsewhere),
        "evidence_level": "A", "method": interval.method,
        "width_from_lost_lines": min(unseen_after_checks(counts.broad, checks, level), perimeter - counts.strict),
        "width_from_definitions": counts.broad - counts.strict, "envelope_from_unexplained": elsewhere,
    }  # fmt: skip


def unexplained_people(
    connection: duckdb.DuckDBPyConnection, case: Case, accused: pl.DataFrame
) -> dict[str, int] | None:
    """Bound, for each operator, the people of clients not accused whom care does not account for.

    Reads `patients`, `register`.

    Returns:
        An upper limit by operator, or None without clean weeks to compare with.
    """
    clean_until = case.declared.case.clean_until
    if clean_until is None:
        return None
    connection.register("accused", accused.select("strand_id"))
    accounts = query(connection, "unaccused_patients", {"clean_until": clean_until})
    if not accounts["is_clean"].any():
        return None
    limits = {}
    for (operator,), group in accounts.group_by("operator", maintain_order=True):
        strata = [_both_periods(stratum) for _, stratum in group.group_by("profession", maintain_order=True)]
        limits[str(operator)] = unexplained_at_most(strata, case.settings.interval_level)
    a_card = dict(query(connection, "people_a_card").iter_rows())
    return {operator: int(np.ceil(n * a_card.get(operator, 1.0))) for operator, n in limits.items()}


def _both_periods(accounts: pl.DataFrame) -> Stratum:
    """Put the clean and the suspect weeks of one profession's accounts side by side."""
    clean, suspect = accounts.filter("is_clean"), accounts.filter(~pl.col("is_clean"))
    both = suspect.join(clean, on="account_id", how="full", coalesce=True, suffix="_clean").fill_null(0).sort("account_id")
    return Stratum(
        explained=both["n_explained"].to_numpy(),
        patients=both["n_patients"].to_numpy(),
        clean_explained=both["n_explained_clean"].to_numpy(),
        clean_patients=both["n_patients_clean"].to_numpy(),
    )
