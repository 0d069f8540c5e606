"""Was the robot there already in the weeks declared clean? A test that knows no verdicts, and what verdicts say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.case import Case
from forensics.detection.change import raised
from forensics.engine import query

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    import duckdb

BASELINE = {
    "operator": pl.String, "n_days": pl.Int64, "raised_from": pl.Date, "raised_until": pl.Date, "p_raised": pl.Float64,
    "n_accused": pl.Int64, "n_accused_in_clean_weeks": pl.Int64, "finding": pl.String,
}  # fmt: skip
FINDINGS = ("accused_in_clean_weeks", "raised_in_clean_weeks", "raised_later", "no_change", "no_clean_weeks", "unknown")


def baseline(connection: duckdb.DuckDBPyConnection, case: Case, strands: pl.DataFrame) -> pl.DataFrame:
    """Return, for each operator, whether its clean weeks are clean (`forensics.schemas.Baseline`).

    Reads `consultations`. The days in which care explains least are found from all clients, whatever their verdicts; a
    robot that was there from the first day to the last, at an even pace, changes nothing from day to day and is not
    seen by it.

    Args:
        connection: where the tables are.
        case: the clean weeks, and the level of `unclear`.
        strands: the judged strands.
    """
    days = query(connection, "daily_care").partition_by("operator", as_dict=True)
    clean = case.declared.case.clean_until
    accused = strands.filter(pl.col("verdict") == "scraping")
    rows = []
    for operator in strands["operator"].unique().sort():
        of_operator = accused.filter(pl.col("operator") == operator)
        early = 0 if clean is None else of_operator.filter(pl.col("first_seen_at") < pl.lit(clean)).height
        n_days, stretch = _raised(days.get((operator,)))
        finding = _finding(clean, early, stretch, case.settings.unclear_level)
        rows.append((operator, n_days, *stretch, of_operator.height, early, finding))
    return pl.DataFrame(rows, schema=BASELINE, orient="row")


def _raised(days: pl.DataFrame | None) -> tuple[int, tuple[date | None, date | None, float | None]]:
    """Return how many days there are, and the first and last of the raised ones with their chance."""
    if days is None:
        return 0, (None, None, None)
    whole = days.upsample("day", every="1d").with_columns(pl.col("n_patients", "n_explained").fill_null(0))
    weekday = whole["day"].dt.weekday().cast(pl.Int64).to_numpy()
    found = raised(whole["n_patients"].to_numpy(), whole["n_explained"].to_numpy(), weekday)
    if found is None:
        return whole.height, (None, None, None)
    return whole.height, (whole["day"][found.first], whole["day"][found.last], found.chance)


def _finding(clean: object, early: int, stretch: Iterable[object], level: float) -> str:
    first, _, chance = stretch
    if clean is None:
        return "no_clean_weeks"
    if early:
        return "accused_in_clean_weeks"
    if chance is None:
        return "unknown"
    if float(str(chance)) > level:
        return "no_change"
    return "raised_in_clean_weeks" if pl.Series([first]).cast(pl.Datetime("us"))[0] < clean else "raised_later"
