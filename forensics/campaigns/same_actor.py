"""One actor or two? What connects two operators' attackers, or two campaigns, and how easily chance does as much."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.campaigns.ties import pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forensics.campaigns.linking import Tie

COLUMNS = {
    "scope": pl.String, "a": pl.String, "b": pl.String, "n_pairs": pl.Int64, "n_linked": pl.Int64,
    "ties": pl.List(pl.String), "closest": pl.String, "chance": pl.Float64, "answer": pl.String,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Accused:
    """The accused units: the operator of each, and the number of its campaign."""

    operator: NDArray[np.str_]
    campaign: NDArray[np.int64]


def campaign_pairs(accused: Accused, found: list[Tie]) -> pl.DataFrame:
    """Answer for each two operators with accused clients, and each two campaigns (`forensics.schemas.CampaignPairs`).

    The chance is that of unrelated clients, honest ones of the case, to have as close a pair by any kind of tie: the
    share of honest pairs at least as close, times the pairs and the kinds looked at (Bonferroni).
    """
    operators = sorted(set(accused.operator.tolist()))
    numbers = sorted(set(accused.campaign.tolist()))
    rows = [
        ("operators", one, other, *_answer(accused.operator == one, accused.operator == other, accused, found))
        for one, other in combinations(operators, 2)
    ]
    rows += [
        ("campaigns", str(one), str(other),
         *_answer(accused.campaign == one, accused.campaign == other, accused, found))
        for one, other in combinations(numbers, 2)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=COLUMNS, orient="row").with_columns(pl.col("chance").round_sig_figs(6))


def _answer(
    one: NDArray[np.bool_], other: NDArray[np.bool_], accused: Accused, found: list[Tie]
) -> tuple[int, int, list[str], str | None, float | None, str]:
    a, b = pairs(len(accused.operator))
    across = (one[a] & other[b]) | (other[a] & one[b])
    measured = [tie for tie in found if tie.honest.cut is not None and not np.isnan(tie.closeness[across]).all()]
    chances = []
    for tie in measured:
        closest = float(np.nanmin(tie.closeness[across], initial=np.inf))
        if np.isfinite(closest):
            chances.append((tie.chance(closest), tie.kind))
    chance, kind = min(chances, default=(1.0, None))
    n_pairs = int(across.sum())
    linked = [tie for tie in found if (tie.linked & across).any()]
    n_linked = int(np.any([tie.linked & across for tie in found], axis=0).sum()) if found else 0
    together = bool(set(accused.campaign[one].tolist()) & set(accused.campaign[other].tolist()))
    answer = "compatible" if together else "nothing_found" if measured else "not_measurable"
    bounded = min(chance * n_pairs * len(measured), 1.0) if measured else None
    return n_pairs, n_linked, [tie.kind for tie in linked], kind, bounded, answer
