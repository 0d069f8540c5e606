"""Whom each page showed, and which rows of a register were ever shown by a robot."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthetic_data import portal
from synthetic_data.population import Population
from synthetic_data.portal import LISTING_ROWS, Portal
from synthetic_data.visits import DAY

Integers = NDArray[np.int64]
LATEST = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True)
class Answers:
    """What one operator's portal can answer. shown, logged: of each row of its register, by a robot so far."""

    population: Population
    operator: int
    asked: Portal
    size: NDArray[np.int16]  # people by subject
    since: NDArray[np.int32]  # first day, since 1970, on which a subject shows them
    shown: NDArray[np.bool_] = field(repr=False)
    logged: NDArray[np.bool_] = field(repr=False)

    def people(self, pages: pl.DataFrame) -> Integers:
        """Count the persons that each page (TRAFFIC columns) shows; nobody unless it was answered."""
        page, subject = pages["page"].to_numpy(), pages["subject"].to_numpy()
        day = pages["time"].to_numpy() // DAY
        count = np.zeros(len(page), dtype=np.int64)
        answered = (pages["fate"].to_numpy() == portal.ANSWERED) & (subject >= 0)
        one = np.flatnonzero(answered & np.isin(page, (portal.RIGHTS, portal.SEARCH)))
        count[one] = np.where(self.since[subject[one]] <= day[one], self.size[subject[one]], 0)
        listed = np.flatnonzero(answered & (page == portal.LISTING))
        if len(listed):
            rows, of = self.rows(page[listed], subject[listed], day[listed])
            person = self.population.registers[self.operator].person[rows]
            distinct = np.unique(of.astype(np.int64) * 2**32 + person) // 2**32
            count[listed] = np.bincount(distinct, minlength=len(listed))
        return count

    def rows(self, page: NDArray[np.int8], subject: Integers, day: Integers) -> tuple[Integers, Integers]:
        """Rows of the register that pages show, and for each the number of its page."""
        register = self.population.registers[self.operator]
        if self.asked.subject_kind == "card_number":
            card = subject - register.first_card
            first, last = register.card_start[card], register.card_start[card + 1]
        else:
            contract = np.where(page == portal.LISTING, 0, subject)
            first, last = register.contract_start[contract], register.contract_start[contract + 1]
        first = np.where(page == portal.LISTING, subject * LISTING_ROWS, first)
        last = np.where(page == portal.LISTING, np.minimum(first + LISTING_ROWS, len(register.person)), last)
        size = np.maximum(0, last - first)
        of = np.repeat(np.arange(len(size)), size)
        row = np.arange(len(of)) - np.repeat(np.cumsum(size) - size, size) + first[of]
        kept = register.since[row] <= day[of]
        return row[kept], of[kept]

    def mark(self, pages: pl.DataFrame, logged: NDArray[np.bool_]) -> None:
        """Remember whom a robot's pages (all that showed someone) showed, and whom in a line that was kept."""
        rows, of = self.rows(
            pages["page"].to_numpy(), pages["subject"].to_numpy(), pages["time"].to_numpy() // DAY
        )  # fmt: skip
        self.shown[rows] = True
        self.logged[rows[logged[of]]] = True

    def names(self, pages: pl.DataFrame) -> pl.Series:
        """Member numbers that a search or a list returned, joined by ';'; null for other pages."""
        listing = pages["page"].is_in([portal.SEARCH, portal.LISTING]) & (pages["subject"] >= 0)
        listing &= pages["fate"] == portal.ANSWERED
        at = np.flatnonzero(listing.to_numpy())
        some = pages[at]
        rows, of = self.rows(
            some["page"].to_numpy(), some["subject"].to_numpy(), some["time"].to_numpy() // DAY
        )  # fmt: skip
        person = self.population.registers[self.operator].person[rows]
        members = pl.DataFrame({"of": at[of], "person": person}).unique(maintain_order=True)
        joined = (
            members.with_columns(member_number(pl.col("person"), self.operator).alias("member"))
            .group_by("of", maintain_order=True)
            .agg(pl.col("member").str.join(";"))
        )
        texts = pl.DataFrame({"of": np.arange(len(pages))}).join(joined, on="of", how="left", maintain_order="left")
        return texts["member"].alias("returned_people")


def answers_of(population: Population, operator: int, asked: Portal) -> Answers:
    """Work out once what each subject of an operator shows, and from which day on."""
    register, contracts, cards = population.registers[operator], population.contracts, population.cards
    here = cards.contract[register.first_card : register.first_card + len(register.serial)]
    people = contracts.people.astype(np.int16) + contracts.also
    if asked.subject_kind == "card_number":
        size = np.zeros(len(cards.since), dtype=np.int16)
        since = np.full(len(cards.since), LATEST, dtype=np.int32)
        place = slice(register.first_card, register.first_card + len(here))
        size[place], since[place] = people[here], register.card_since
    else:
        size = people
        since = np.full(len(people), LATEST, dtype=np.int32)
        np.minimum.at(since, here, register.card_since)
    rows = len(register.person)
    return Answers(population, operator, asked, size, since, np.zeros(rows, dtype=bool), np.zeros(rows, dtype=bool))


MEMBER_STEPS = (7_000_003, 7_900_001, 8_100_007)  # prime to 10**9


def member_number(person: pl.Expr, operator: int) -> pl.Expr:
    """Nine digits one to one with a person, scattered by a fixed step, another one at each operator."""
    scattered = (person.cast(pl.Int64) + 1) * MEMBER_STEPS[operator] % 10**9
    return pl.concat_str(pl.lit("FIC-A-"), scattered.cast(pl.String).str.zfill(9))


def card_number(serial: pl.Expr) -> pl.Expr:
    """Nine digits, in the order in which the cards were issued."""
    return pl.concat_str(pl.lit("FIC-C-"), serial.cast(pl.String).str.zfill(9))
