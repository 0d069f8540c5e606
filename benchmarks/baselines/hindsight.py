"""How much a baseline would have found at its best threshold, the truth in hand and as few accused as with ours.

The truth chooses the threshold, case by case: the lowest one at which no more honest accounts are accused than the
analysis accuses in that very case. Nobody who investigates could choose it so well: the comparison favours baselines.
"""

from __future__ import annotations

from typing import Any

import polars as pl

KEPT = 100  # honest accounts whose scores are kept, highest first
ACCOUNT = ("operator", "account_id")


def true_lookups(requests: pl.DataFrame, truth: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """One logged request: request_id, ACCOUNT, used_by_robot, people shown to a robot by it (0 for an honest one)."""
    shown = pl.when("is_scraping").then("n_people_shown").otherwise(0).alias("people")
    used = accounts.select(*ACCOUNT, "used_by_robot")
    return (
        truth.select("request_ref", *ACCOUNT, shown)
        .join(requests.select("request_ref", "request_id"), on="request_ref")
        .join(used, on=ACCOUNT)
    )


def curve(scored: pl.DataFrame, true: pl.DataFrame) -> dict[str, Any]:
    """What any threshold would give: the honest accounts' highest scores, and people shown to a robot by score.

    honest: the KEPT highest, in falling order; scraped: [score, people], in falling order of the score.
    """
    known = scored.join(true, on="request_id")
    honest = known.filter(~pl.col("used_by_robot")).group_by(ACCOUNT).agg(pl.col("score").max())
    scraped = known.filter(pl.col("people") > 0).group_by("score").agg(pl.col("people").sum())
    return {
        "honest": honest["score"].sort(descending=True).head(KEPT).to_list(),
        "scraped": [list(row) for row in scraped.sort("score", descending=True).rows()],
    }


def found(of: dict[str, Any], above: float) -> tuple[int, int]:
    """People shown to a robot by lookups scored above a threshold, and honest accounts accused (KEPT at most)."""
    people = sum(people for score, people in of["scraped"] if score > above)
    return people, sum(1 for score in of["honest"] if score > above)


def found_at_equal_accusations(of: dict[str, Any], accused: int) -> int:
    """People found at the lowest threshold at which no more than `accused` honest accounts are accused."""
    if accused >= KEPT:
        raise ValueError(f"{accused} honest accounts are accused: expected fewer than {KEPT}, whose scores are kept")
    honest = of["honest"]
    bar = honest[accused] if accused < len(honest) else float("-inf")
    return found(of, bar)[0]
