"""What registers of millions of people hold that is wrong: slips, missing ranks, second keys, stale cover.

The log, the claims and the portal's answers stay right: the defects are in the copy that investigators got.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.random import Generator

from synthetic_data.damages.plan import Damage, Plan, Scene
from synthetic_data.damages.second_keys import under_second_number
from synthetic_data.damages.typing_errors import mistyped_date, mistyped_name

# Shares among the rows with a defect: estimates of this project, no source.
KINDS = {
    "last_name": 0.20,
    "first_name": 0.20,
    "birth_date": 0.20,
    "birth_rank": 0.10,
    "cover": 0.20,
    "second_key": 0.10,
}
TEXTS = ("last_name", "first_name", "birth_rank", "holder_number", "beneficiary_number")


@dataclass(frozen=True, slots=True)
class RegisterDefects(Plan):
    """Each row has one defect with chance `share`; the operator `without_ranks` never kept birth ranks."""

    share: float
    without_ranks: int
    log_start: date

    def register(self, people: pl.DataFrame, operator: int, rng: Generator) -> pl.DataFrame:
        """Spoil rows in their places; a second key is one more row, right after the person's own."""
        people = people.with_columns(pl.col(TEXTS).cast(pl.String))
        shares = dict(KINDS)
        if operator == self.without_ranks:
            people = people.with_columns(birth_rank=pl.lit(None, dtype=pl.String))
            del shares["birth_rank"]
        rows = np.flatnonzero(rng.random(len(people)) < self.share)
        weights = np.array(list(shares.values()))
        drawn = rng.choice(len(shares), len(rows), p=weights / weights.sum())
        order, parts, height = np.arange(len(people)), [people], len(people)
        for index, kind in enumerate(shares):
            hit = rows[drawn == index]
            parts.append(self._spoilt(people[hit], kind, rng))
            new = np.arange(height, height + len(hit))
            height += len(hit)
            if kind == "second_key":  # the last kind: rows move only now
                order = np.insert(order, hit + 1, new)
            else:
                order[hit] = new
        return pl.concat(parts)[order]

    def _spoilt(self, people: pl.DataFrame, kind: str, rng: Generator) -> pl.DataFrame:
        """Give the same rows with one kind of defect."""
        if kind in ("last_name", "first_name"):
            return people.with_columns(mistyped_name(people[kind], rng))
        if kind == "birth_date":
            return people.with_columns(mistyped_date(people[kind], self.log_start.year, rng))
        if kind == "birth_rank":
            return people.with_columns(birth_rank=pl.lit(None, dtype=pl.String))
        if kind == "cover":
            return people.with_columns(**stale_cover(self.log_start))
        return under_second_number(people, rng)


def stale_cover(log_start: date) -> dict[str, pl.Expr]:
    """Cover as it stood before its last change was entered.

    Who left is still covered; who renewed left on 31 December; who joined since began a year earlier.
    """
    new_year = date(log_start.year, 1, 1)
    joined, until = pl.col("covered_from"), pl.col("covered_until")
    left = (until < log_start).fill_null(value=False)
    recent = ~left & (joined >= new_year)
    return {
        "covered_from": pl.when(recent).then(joined.dt.offset_by("-1y")).otherwise(joined),
        "covered_until": pl.when(recent)
        .then(until)
        .when(~left)
        .then(pl.lit(new_year).dt.offset_by("-1d"))
        .otherwise(pl.lit(None, dtype=pl.Date)),
    }


def draw(scene: Scene, strength: float, rng: Generator) -> Plan:
    """Draw the operator whose register has no birth ranks."""
    return RegisterDefects(strength, int(rng.integers(len(scene.operators))), scene.calendar.start.date())


DAMAGE = Damage(
    name="register_defects",
    about="slips in names and birth dates, missing birth ranks (all of them at one operator), people under two keys, "
    "stale cover dates",
    unit="share of rows with a defect",
    default=0.02,
    least=0.0001,
    most=0.5,
    plan=draw,
)
