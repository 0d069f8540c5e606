"""What really happened: written beside the case, never inside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthetic_data.identifiers import nir_key, nir_text
from synthetic_data.operators import INSURERS, OPERATORS
from synthetic_data.population import Population
from synthetic_data.shown import Answers

Counts = dict[str, int | dict[str, int]]

BLOCK_CONTRACTS = 2**18
REQUESTS = ("request_ref", "operator", "account_id", "source_line", "is_scraping", "campaign", "session",
            "n_people_shown", "logged")  # fmt: skip
PEOPLE = ("operator", "insurer", "beneficiary_number", "person", "shown", "shown_logged")


def requests_rows(
    lines: pl.DataFrame,
    pages: pl.DataFrame,
    people: NDArray[np.int64],
    session: NDArray[np.int64],
    source_line: NDArray[np.int64],
    operator: int,
) -> pl.DataFrame:
    """Every request of a piece, lost ones too, in the order of time; columns REQUESTS.

    source_line: 1-based line of the operator's log, 0 where lost. session: number, unique over operators.
    """
    robot = pages["campaign"] > 0
    return pl.DataFrame(
        {
            "request_ref": lines["request_ref"],
            "operator": pl.Series([OPERATORS[operator]]).new_from_index(0, len(lines)),
            "account_id": lines["account_id"],
            "source_line": pl.Series(source_line).set(pl.Series(source_line == 0), None),
            "is_scraping": robot,
            "campaign": pages["campaign"],
            "session": session,
            "n_people_shown": people.astype(np.int32),
            "logged": source_line > 0,
        }
    ).with_columns(pl.when("is_scraping").then(pl.format("campaign-{}", "campaign")).alias("campaign"))


@dataclass(slots=True)
class Tally:
    """Counts distinct people by all, operator and insurer, block after block."""

    people: int = 0
    operators: dict[str, int] = field(default_factory=dict)
    insurers: dict[str, int] = field(default_factory=dict)

    def add(self, rows: pl.DataFrame, every: pl.DataFrame) -> None:
        """Count a block's rows (operator, insurer, person); blocks share nobody. every: with all that is known."""
        self.people += rows["person"].n_unique()
        for counts, column in ((self.operators, "operator"), (self.insurers, "insurer")):
            for name in every[column].unique().to_list():
                counts.setdefault(name, 0)
            for name, count in rows.group_by(column).agg(pl.col("person").n_unique()).iter_rows():
                counts[name] += count

    def counts(self) -> Counts:
        """Give the counts as the summary writes them."""
        return {
            "all": self.people,
            "operator": dict(sorted(self.operators.items())),
            "insurer": dict(sorted(self.insurers.items())),
        }


def people_blocks(population: Population, answers: list[Answers]) -> Iterator[pl.DataFrame]:
    """One person at one operator and insurer; columns PEOPLE and `since`, the first day covered there.

    Blocks of contracts, each sorted by operator, insurer, person; two blocks share nobody.
    """
    contracts = len(population.contracts.people)
    edges = [0]
    while edges[-1] < contracts:
        edge = min(contracts, edges[-1] + BLOCK_CONTRACTS)
        # The other parent's contract stays with the one before it: the children are the same.
        while edge < contracts and population.contracts.also[edge] > 0:
            edge += 1
        edges.append(edge)
    codes = [code for code, _ in INSURERS]
    letters = len(population.numbers.places) > 1
    for low, high in pairwise(edges):
        rows = (
            pl.concat([_people(population, one, low, high) for one in answers])
            .group_by("operator_no", "insurer_no", "person")
            .agg(pl.col("shown", "shown_logged").any(), pl.col("since", "number").min())
            .sort("operator_no", "insurer_no", "person")
        )
        number = pl.col("number")
        yield rows.with_columns(
            _named("operator_no", OPERATORS).alias("operator"), _named("insurer_no", codes).alias("insurer")
        ).select(
            "operator",
            "insurer",
            pl.concat_str(nir_text(number, letters), nir_key(number)).alias("beneficiary_number"),
            "person",
            "shown",
            "shown_logged",
            "since",
        )


def _named(column: str, names: tuple[str, ...] | list[str]) -> pl.Expr:
    """Give the names in place of their numbers."""
    return pl.col(column).cast(pl.UInt32).replace_strict(dict(enumerate(names)), return_dtype=pl.String)


def _people(population: Population, answers: Answers, low: int, high: int) -> pl.DataFrame:
    """Rows of one operator's register of the contracts from `low` to `high`."""
    register = population.registers[answers.operator]
    first, last = register.contract_start[low], register.contract_start[high]
    person, contract = register.person[first:last], population.cards.contract[register.card[first:last]]
    # A child under the other parent's number stands there under that number.
    shared = population.persons.contract[person] != contract
    return pl.DataFrame(
        {
            "operator_no": np.full(last - first, answers.operator, dtype=np.int8),
            "insurer_no": population.cards.insurer[register.card[first:last]],
            "person": person,
            "number": np.where(shared, population.holder_number[contract], population.number[person]),
            "shown": answers.shown[first:last],
            "shown_logged": answers.logged[first:last],
            "since": register.since[first:last],
        }
    )


def write_summary(folder: Path, counts: dict[str, Counts], **totals: dict[str, int]) -> None:
    """Write truth/summary.json: people shown, shown and logged, and the perimeter; then plain totals."""
    text = json.dumps({**counts, **totals}, indent=2, ensure_ascii=False, sort_keys=True)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")
