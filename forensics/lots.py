"""Lots: which people, shown by which answers, are drawn to be labelled, and what labels say of each stratum.

What is drawn is one person shown by one answer, so that an answer that shows twenty is twenty times as likely to be
looked at: what labels bound is people (dollar-unit sampling). An answer is a lookup's, or one to a request that asked
for nobody and named people, as pages of a list do. What care explains is not drawn: it is a professional's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.case import Case
from forensics.engine import create, query
from forensics.errors import CaseError
from forensics.estimate import Scope
from forensics.estimation.labelled import Checked, Labelled, Reach, checked
from forensics.estimation.shares import neyman

if TYPE_CHECKING:
    import duckdb

LEAST = 10
"""Of each stratum at least so many."""
GUESSED = {"scraping": 0.99, "unclear": 0.5, "honest_doubtful": 0.1, "honest": 0.005}
"""The share of a stratum that is probably a robot's: it only says how many of each are worth a look."""
DOUBTFUL = 1e-2
"""Honest clients whose chance is below this are a stratum of their own: a robot that was missed is likely there."""


def strata_of(strands: pl.DataFrame) -> pl.DataFrame:
    """Return the stratum of each client: `strand_id`, `stratum`.

    Args:
        strands: judged (`forensics.schemas.Strands`).
    """
    doubtful = (pl.col("p_combined").round_sig_figs(6) < DOUBTFUL).fill_null(value=False)
    honest = pl.when(doubtful).then(pl.lit("honest_doubtful")).otherwise(pl.lit("honest"))
    verdict = pl.col("verdict")
    return strands.select("strand_id", stratum=pl.when(verdict == "honest").then(honest).otherwise(verdict))


def lay_out(connection: duckdb.DuckDBPyConnection, case: Case, strands: pl.DataFrame) -> None:
    """Make the table `audit_units`: all that can be drawn, and what else suspected clients were shown.

    Reads the tables of `forensics.sessions`, `patients`, `register`, `persons`.
    """
    connection.register("strata", strata_of(strands))
    create(connection, "audit_units", {"clean_until": case.declared.case.clean_until})


def draw(connection: duckdb.DuckDBPyConnection, seed: str, n: int) -> pl.DataFrame:
    """Draw `n` of `audit_units`, or all where there are fewer, by Neyman's allocation.

    Returns:
        `stratum`, `place` (in it, from 1), `request_id`, `session_id`, `n_units` (that could be drawn of the stratum),
        `taken` (that are drawn of it).

    Raises:
        CaseError: there is nothing to draw.
    """
    candidates = query(connection, "audit_draw", {"seed": seed, "most": n})
    sizes = candidates.group_by("stratum").agg(pl.col("n_units").first()).sort("stratum")
    if not sizes.height:
        raise CaseError("there is no lookup to label", expected="one that returned someone")
    guessed = np.array([GUESSED[name] for name in sizes["stratum"]])
    taken = sizes.select("stratum", taken=pl.Series(neyman(sizes["n_units"].to_numpy(), guessed, n, LEAST)))
    return candidates.join(taken, on="stratum").filter(pl.col("place") <= pl.col("taken")).sort("stratum", "place")


def with_turns(drawn: pl.DataFrame) -> pl.DataFrame:
    """Return each drawn answer once: `request_id`, and its `turn` between 0 and 1.

    Who has looked at all turns before some instant has looked at all lots before it, in every stratum.
    """
    turn = (pl.col("place") / (pl.col("taken") + 1)).min()
    return drawn.group_by("request_id").agg(turn=turn).sort("turn", "request_id")


def labelled(connection: duckdb.DuckDBPyConnection, seed: str, n: int, rows: pl.DataFrame) -> list[Labelled] | None:
    """Return what labels say of each stratum; None where the sheet is not one of these verdicts.

    Labels are taken as far as they go in the order of the sheet, which is drawn by lot: what stands blank before the
    last label is unsure, what comes after was not looked at. An answer whose two labels differ is unsure too.

    Args:
        connection: reads `audit_units`.
        seed: what the lots were drawn with.
        n: how many were drawn.
        rows: `row`, `request_id`, `label`, of the whole sheet.
    """
    drawn = draw(connection, seed, n)
    of_request = with_turns(drawn).join(_labels_of_requests(rows), on="request_id", how="full", coalesce=True)
    if of_request["turn"].has_nulls() or of_request["reached"].has_nulls():
        return None
    left = of_request.filter(~pl.col("reached"))["turn"].min()
    until = pl.col("place") < (pl.lit(2.0) if left is None else pl.lit(left)) * (pl.col("taken") + 1)
    looked_at = drawn.filter(until).join(of_request, on="request_id")
    sizes = drawn.select("stratum", "n_units").unique().sort("stratum")
    return [_counted(name, size, looked_at.filter(pl.col("stratum") == name)["label"]) for name, size in sizes.rows()]


def scopes(
    connection: duckdb.DuckDBPyConnection, strata: list[Labelled], level: float, wanted: Iterable[Scope]
) -> dict[Scope, Checked]:
    """Return what labels say of each scope that is wanted.

    Args:
        connection: reads `audit_units`.
        strata: what was drawn from, and its labels.
        level: that all limits of a scope hold together.
        wanted: the scopes of the estimates.
    """
    reach: dict[Scope, dict[str, Reach]] = {}
    for stratum, operator, insurer, people, others in query(connection, "audit_scopes").iter_rows():
        name = "operator" if operator else "insurer" if insurer else "all"
        scope = Scope(scope=name, operator=operator, insurer=insurer)
        reach.setdefault(scope, {})[stratum] = Reach(drawable=people, others=others)
    return {scope: checked(strata, reach.get(scope, {}), level) for scope in wanted}


def _counted(name: str, size: int, labels: pl.Series) -> Labelled:
    counts = {label: int((labels == label).sum()) for label in ("robot", "person", "unsure")}
    return Labelled(stratum=name, units=size, labelled=len(labels), **counts)


def _labels_of_requests(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `request_id`, whether it was `reached`, and the one `label` that it has."""
    last = rows.filter(pl.col("label").is_not_null())["row"].max()
    label = pl.col("label").drop_nulls()
    return (
        rows.group_by("request_id")
        .agg(
            reached=(pl.col("row") <= (0 if last is None else last)).any(),
            label=pl.when(label.n_unique() == 1).then(label.first()).otherwise(pl.lit("unsure")),
        )
        .sort("request_id")
    )
