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
from forensics.estimation.labelled import Checked
from forensics.estimation.unexplained import Stratum, unexplained_at_most

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import duckdb

BOUNDS_ONLY = "lines are missing or nothing witnesses that none is: bounds only"
NOT_MEASURED = "whole log, but nothing measures what detection missed: bounds only"


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
        doubt: the most that were shown through one accused account and through no other.
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
        shown: `person_id`, `account`, `verdict`, `is_strict`, `is_named`, in any order (`sql/shown.sql`).
    """
    scraped = shown.filter(pl.col("verdict") == "scraping")
    strict = scraped.filter("is_strict")
    of_person = strict.group_by("person_id").agg(
        accounts=pl.col("account").n_unique(), account=pl.col("account").first(), named=pl.col("is_named").any()
    )
    by_one = of_person.filter(pl.col("accounts") == 1).group_by("account").len()
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
    shown: pl.DataFrame,
    perimeter: pl.DataFrame,
    coverage: pl.DataFrame,
    unexplained: dict[Scope, int],
    asked: pl.DataFrame,
    unnamed: Sequence[str],
    level: float,
    labels: Mapping[Scope, Checked] | None = None,
) -> pl.DataFrame:
    """Estimate every scope (`forensics.schemas.Estimates`).

    Args:
        shown: who was shown to clients not judged honest (`sql/shown.sql`).
        perimeter: `forensics.schemas.Perimeter`.
        coverage: `forensics.schemas.LogCoverage`, of the operators of the perimeter.
        unexplained: people of clients judged honest whom care does not account for, at most; a scope is left out
            where that cannot be measured.
        asked: whom anyone at all asked for outside the clean weeks (`sql/looked_up_people.sql`).
        unnamed: operators whose answers returned people that the log does not name: there anyone may have been shown.
        level: confidence of the intervals.
        labels: what labels by hand say of each scope (`forensics.estimation.labelled`), where they were read back. They
            say nothing of a scope with one of the `unnamed`.
    """
    people = perimeter.filter(pl.col("definition") == "people")
    attacked = people.filter(pl.col("scope") == "operator")["operator"].to_list()
    if people.is_empty():  # no answer showed that what was asked for exists: the whole case has its row all the same
        people = pl.DataFrame({**dict.fromkeys(people.columns), "scope": "all", "n": 0}, schema=people.schema)
    rows = []
    for where in people.iter_rows(named=True):
        scope = Scope(scope=where["scope"], operator=where["operator"], insurer=where["insurer_id"])
        rows.append(
            estimate_row(
                scope,
                count(scope.of(shown)),
                perimeter=where["n"],
                checks=checks_of(coverage, attacked if scope.operator is None else [scope.operator]),
                elsewhere=unexplained.get(scope, 0 if scope.insurer and _everywhere(unexplained, attacked) else None),
                asked=where["n"] if _any_of(unnamed, scope) else scope.of(asked)["person_id"].n_unique(),
                level=level,
                labels=None if _any_of(unnamed, scope) else (labels or {}).get(scope),
            )
        )
    order = {"all": 0, "operator": 1, "insurer": 2}
    return pl.DataFrame(
        sorted(rows, key=lambda r: (order[r["scope"]], r["operator"] or "", r["insurer"] or "")), schema=SCHEMA
    )


SCHEMA: dict[str, type[pl.DataType]] = {
    "scope": pl.String, "operator": pl.String, "insurer": pl.String, "perimeter": pl.Int64, "certain": pl.Int64,
    "certain_logged": pl.Int64, "certain_inferred": pl.Int64, "certain_doubt": pl.Int64, "estimate": pl.Int64,
    "low": pl.Int64, "high": pl.Int64, "level": pl.Float64, "envelope_low": pl.Int64, "envelope_high": pl.Int64,
    "evidence_level": pl.String, "method": pl.String, "width_from_definitions": pl.Int64,
    "width_from_unclear": pl.Int64, "width_from_unexplained": pl.Int64, "width_from_lost_lines": pl.Int64,
    "width_from_accused": pl.Int64, "envelope_from_others": pl.Int64,
}  # fmt: skip


def _any_of(operators: Sequence[str], scope: Scope) -> bool:
    """Tell whether one of the operators has a part in a scope; an insurer may have people at any of them."""
    return bool(operators) if scope.operator is None else scope.operator in operators


def is_complete(coverage: pl.DataFrame) -> bool:
    """Tell whether an independent counter confirms every stretch of the log."""
    return (
        coverage.height > 0 and bool((coverage["kind"] == "complete").all()) and bool(coverage["windows_checked"].sum())
    )


def checks_of(coverage: pl.DataFrame, operators: Sequence[str]) -> int | None:
    """Return the checks that the log of some operators passed, or None where lines are missing or nothing says so.

    Of several operators the number is that of the least checked: a thousand windows at one say nothing of another.
    """
    each = [coverage.filter(pl.col("operator") == operator) for operator in operators]
    if not each or not all(is_complete(own) for own in each):
        return None
    return min(int(own["windows_checked"].sum()) for own in each)


def _everywhere(unexplained: dict[Scope, int], operators: Sequence[str]) -> bool:
    """Tell whether what detection missed can be measured at every operator."""
    return all(Scope(scope="operator", operator=operator) in unexplained for operator in operators)


def estimate_row(
    scope: Scope,
    counts: Counts,
    *,
    perimeter: int,
    checks: int | None,
    elsewhere: int | None,
    asked: int,
    level: float,
    labels: Checked | None = None,
) -> dict[str, Any]:
    """Return one row of the estimates. The widths by cause add up to the interval's.

    Args:
        scope: what the row is about.
        counts: its people.
        perimeter: people who could have been shown.
        checks: windows in which a counter agreed with the log; None where lines are missing or nothing witnesses.
        elsewhere: people that clients not accused may have taken, at most; None where that cannot be measured.
        asked: people whom anyone at all asked for outside the clean weeks.
        level: confidence of the interval.
        labels: what labels by hand say, their limits at `level_of_labels(level)`; None where none were read back.

    Raises:
        EvidenceError: more people were shown than the register says could be.
    """
    if counts.strict > perimeter:
        raise EvidenceError(
            f"{counts.strict:,} people were shown, and the register has {perimeter:,} who could be ({scope.scope})",
            expected="a register that holds everyone the portal could show on those days",
            remedy="ask the operator for the register as it was during the campaign",
        )
    broad = min(counts.broad, perimeter)
    unclear = min(counts.unclear, perimeter - broad)
    everyone = min(max(asked, broad + unclear), perimeter)
    doubt, wrong = _doubt(counts, labels)
    row: dict[str, Any] = {
        "scope": scope.scope, "operator": scope.operator, "insurer": scope.insurer, "perimeter": perimeter,
        "certain": counts.strict, "certain_logged": counts.named, "certain_inferred": counts.strict - counts.named,
        "certain_doubt": doubt, "envelope_low": counts.strict - doubt, "width_from_accused": 0,
        "width_from_definitions": broad - counts.strict, "width_from_unclear": unclear,
        "width_from_unexplained": 0, "width_from_lost_lines": 0,
    }  # fmt: skip
    none = {"estimate": None, "low": None, "high": None, "level": None, "envelope_from_others": 0}
    if checks is None:
        return row | none | {"envelope_high": perimeter, "evidence_level": "B", "method": BOUNDS_ONLY}
    whole = min(perimeter, everyone + unseen_after_checks(everyone, checks, level))

    def high_of(undetected: int, *, by_labels: bool) -> float:
        return complete_count(counts.strict, broad, undetected, checks, level, by_labels=by_labels).high

    missed = _missed(unclear, elsewhere, labels, high_of)
    if missed is None:
        return row | none | {"envelope_high": whole, "evidence_level": "A", "method": NOT_MEASURED}
    unclear, unexplained = missed.unclear, min(missed.elsewhere, everyone - broad - missed.unclear)
    interval = complete_count(
        counts.strict - wrong, broad, unclear + unexplained, checks, level, by_labels=missed.by_labels or wrong > 0
    )
    high = min(int(interval.high), perimeter)
    return row | {
        "estimate": counts.strict, "low": int(interval.low), "high": high, "level": interval.level,
        "envelope_high": max(high, whole), "evidence_level": "A", "method": interval.method,
        "width_from_accused": wrong, "width_from_unclear": unclear, "width_from_unexplained": unexplained,
        "width_from_lost_lines": high - broad - unclear - unexplained,
        "envelope_from_others": max(high, whole) - high,
    }  # fmt: skip


def level_of_labels(level: float) -> float:
    """Return the level at which labels' limits hold together, so that they, care and lost lines leave `level`."""
    return 1.0 - (1.0 - level) / 4.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """People whom detection may have missed, at most: of unclear clients, and elsewhere; and whether labels say so."""

    unclear: int
    elsewhere: int
    by_labels: bool


def _missed(unclear: int, care: int | None, labels: Checked | None, high_of: Callable[..., float]) -> Missed | None:
    """Bound what detection missed, by care, by labels or by both; None where neither can.

    Whether labels are used is settled before they are read: where with the best that they could say the interval would
    end lower (`high_of`), although lost lines then need a surer limit. So the two limits need not be paid for where
    only one is used. A robot that labels find where the verdict was honest contradicts what care assumes: then the
    larger of the two limits stands.
    """
    if labels is None:
        return None if care is None else Missed(unclear=unclear, elsewhere=care, by_labels=False)
    narrowed = min(unclear, labels.unclear)
    if care is None:
        return Missed(unclear=narrowed, elsewhere=labels.missed, by_labels=True)
    if labels.found_missed:
        return Missed(unclear=unclear, elsewhere=max(care, labels.missed), by_labels=True)
    best = min(unclear, labels.best_unclear) + min(care, labels.best_missed)
    if high_of(best, by_labels=True) >= high_of(unclear + care, by_labels=False):
        return Missed(unclear=unclear, elsewhere=care, by_labels=False)
    return Missed(unclear=narrowed, elsewhere=min(care, labels.missed), by_labels=True)


def _doubt(counts: Counts, labels: Checked | None) -> tuple[int, int]:
    """Return how many certain people may rest on a wrong accusation, and by how many the low end of the interval falls.

    Where labels find a person among the accused, what they allow for replaces the doubt, and the low end falls by it.
    Where they find none they can only lessen the doubt: the rule of the verdicts holds.
    """
    if labels is None:
        return counts.doubt, 0
    accused = min(counts.strict, labels.accused)
    return (accused, accused) if labels.found_accused else (min(counts.doubt, accused), 0)


def unexplained_people(
    connection: duckdb.DuckDBPyConnection,
    case: Case,
    suspect: pl.DataFrame,
    operators: Sequence[str],
    unnamed: Sequence[str],
) -> dict[Scope, int]:
    """Bound, for each scope, the people of clients judged honest whom care does not account for.

    Args:
        connection: reads `patients`, `subjects`, `register`.
        case: its clean weeks, and the level.
        suspect: `strand_id` of every client not judged honest.
        operators: those of the perimeter.
        unnamed: operators whose answers returned people whom they do not name to requests that ask for nobody: their
            takers are not among the clients that care can speak of.

    Returns:
        An upper limit by scope. An operator whose lookups cannot be followed by claims, that has no clean weeks
        to compare with, or that is among `unnamed`, is left out, and so are then the whole case and every insurer.
    """
    clean_until = case.declared.case.clean_until
    if clean_until is None:
        return {}
    connection.register("suspect", suspect.select("strand_id"))
    accounts = query(connection, "honest_patients", {"clean_until": clean_until})
    compared = [name for name in accounts.filter("is_clean")["operator"].unique().to_list() if name not in unnamed]
    accounts = accounts.filter(pl.col("operator").is_in(compared))
    a_card = dict(query(connection, "people_a_card").iter_rows())
    limits: dict[Scope, int] = {}
    for (operator, insurer), group in accounts.group_by("operator", "insurer_id", maintain_order=True):
        enough = pl.col("account_id").n_unique().over("profession") >= case.settings.least_peers
        # An account alone has nobody to vary with: professions of a few accounts stand together.
        strata = [
            _both_periods(stratum)
            for _, stratum in group.group_by(pl.when(enough).then("profession"), maintain_order=True)
        ]
        patients = unexplained_at_most(strata, case.settings.interval_level)
        n = int(np.ceil(patients * a_card.get(operator, 1.0)))
        if insurer is None:
            limits[Scope(scope="operator", operator=str(operator))] = n
        else:
            own = Scope(scope="insurer", insurer=str(insurer))
            limits[own] = limits.get(own, 0) + n
    if not _everywhere(limits, operators):
        return {scope: n for scope, n in limits.items() if scope.operator is not None}
    whole = sum(n for scope, n in limits.items() if scope.operator in operators)
    return limits | {Scope(scope="all"): whole}


def _both_periods(accounts: pl.DataFrame) -> Stratum:
    """Put the clean and the suspect weeks of one profession's accounts side by side."""
    clean, suspect = accounts.filter("is_clean"), accounts.filter(~pl.col("is_clean"))
    both = suspect.join(clean, on="account_id", how="full", coalesce=True, suffix="_clean").fill_null(0)
    # In the order of the counts, so that no sum depends on what accounts are called.
    both = both.sort("n_patients", "n_explained", "n_patients_clean", "n_explained_clean")
    return Stratum(
        explained=both["n_explained"].to_numpy(),
        patients=both["n_patients"].to_numpy(),
        clean_explained=both["n_explained_clean"].to_numpy(),
        clean_patients=both["n_patients_clean"].to_numpy(),
    )
