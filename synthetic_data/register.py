"""One operator's register: who stands on which card, since when, and the numbers of the cards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data import targets
from synthetic_data.cards import Cards
from synthetic_data.contracts import Contracts
from synthetic_data.persons import Persons
from synthetic_data.portal import LISTING_ROWS, Portal

FIRST_SERIAL = 1000  # of the cards an operator issues

Rows = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Register:
    """One row a person on a card, sorted by contract and card.

    person, card: rows of Persons and Cards. since: first day covered, days since 1970. first_card: the
    operator's first row of Cards. card_start: shape (cards here + 1,), contract_start: shape
    (contracts + 1,): where their rows start. card_of: shape (contracts,), a contract's first card here,
    -1 where it has none. serial: shape (cards here,), the number on each card; dense but for a few
    holes, in the order of `since`. unissued: the holes, sorted.
    """

    person: Rows
    card: Rows
    since: Rows
    first_card: int
    card_start: Rows
    contract_start: Rows
    card_of: Rows
    card_since: Rows
    serial: Rows
    unissued: Rows

    def subjects(self, portal: Portal) -> NDArray[np.int64]:
        """Everything that can be asked for: contracts, or cards in the order they were issued."""
        if portal.subject_kind == "card_number":
            return self.first_card + np.argsort(self.serial)
        return np.flatnonzero(self.card_of >= 0)

    def listing_pages(self) -> int:
        """Count the pages of the list of people."""
        return -(-len(self.person) // LISTING_ROWS)


def draw_register(
    operator: int, contracts: Contracts, persons: Persons, cards: Cards, first_person: Rows, rng: Generator
) -> Register:
    """Write down everyone on the cards of one operator."""
    first_card, last_card = np.searchsorted(cards.operator, [operator, operator + 1])
    contract = cards.contract[first_card:last_card]
    own, also = contracts.people[contract].astype(np.int32), contracts.also[contract].astype(np.int32)
    size = own + also
    card_start = np.zeros(len(contract) + 1, dtype=np.int32)
    np.cumsum(size, out=card_start[1:])
    card = np.repeat(np.arange(len(contract), dtype=np.int32), size)
    place = np.arange(len(card), dtype=np.int32) - card_start[card]
    here = contract[card]
    # The children of the other parent's contract come after its holder, in the contract before.
    shared = place - own[card]
    person = np.where(shared < 0, first_person[here] + place, first_person[here - 1] + 1 + shared)
    since = cards.since[first_card:last_card]
    contract_start = np.zeros(len(contracts.people) + 1, dtype=np.int32)
    np.cumsum(np.bincount(contract, weights=size, minlength=len(contracts.people)), out=contract_start[1:])
    card_of = np.full(len(contracts.people), -1, dtype=np.int32)
    card_of[contract[::-1]] = np.arange(first_card, last_card, dtype=np.int32)[::-1]
    serial, unissued = _serials(since, rng)
    return Register(
        person=person.astype(np.int32),
        card=(first_card + card).astype(np.int32),
        since=np.maximum(since[card], persons.birth[person]),
        first_card=int(first_card),
        card_start=card_start,
        contract_start=contract_start,
        card_of=card_of,
        card_since=since,
        serial=serial,
        unissued=unissued,
    )


def _serials(since: Rows, rng: Generator) -> tuple[Rows, Rows]:
    """Number the cards in the order of their first day; some numbers were withdrawn."""
    issued = np.argsort(since, kind="stable")
    step = 1 + (rng.random(len(since)) < targets.CARD_HOLES_SHARE)
    number = (FIRST_SERIAL + np.cumsum(step)).astype(np.int32)
    serial = np.empty(len(since), dtype=np.int32)
    serial[issued] = number
    return serial, number[step == 2] - 1
