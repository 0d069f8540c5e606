"""Everyone the portals can show: contracts, people, cards, numbers and registers, held compactly.

A country is 39 million rows: drawn block by block, kept as arrays of small integers, never as texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from synthetic_data import targets
from synthetic_data.cards import Cards, draw_cards
from synthetic_data.contracts import Contracts, department_weights, draw_contracts, ended_at
from synthetic_data.identifiers import (
    Numbers,
    assign_nirs,
    beyond_capacity,
    birth_months,
    birthplace,
    birthplaces,
)
from synthetic_data.persons import Persons, draw_persons
from synthetic_data.presets import Preset
from synthetic_data.register import Register, draw_register
from synthetic_data.streams import RandomStreams

BLOCK_CONTRACTS = 2**18
MOVES = 20  # years that a birth may be moved by


@dataclass(frozen=True, slots=True)
class Population:
    """Everyone, and what each operator's register says of them.

    contracts, persons, cards: one row each. registers: one an operator. number: of each person, 13
    digits, their own or the holder's. holder_number: of each contract. first_person: shape
    (contracts + 1,), the row where its people start. numbers: which numbers are held.
    """

    contracts: Contracts
    persons: Persons
    cards: Cards
    registers: tuple[Register, ...]
    number: NDArray[np.int64]
    holder_number: NDArray[np.int64]
    first_person: NDArray[np.int32]
    numbers: Numbers


Block = TypeVar("Block", Contracts, Cards, Persons)


def _joined(parts: Sequence[Block]) -> Block:
    """Put the arrays of the blocks end to end."""
    names = [f.name for f in fields(parts[0])]
    return type(parts[0])(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def draw_population(
    preset: Preset, people: int, insurers: list[NDArray[np.float64]], streams: RandomStreams
) -> Population:
    """Draw exactly `people` human beings, each on the card of at least one operator.

    insurers: for each operator, the share of each insurer in its cards. Raises CapacityError.
    """
    day = preset.calendar.start_us // 86_400_000_000
    blocks: list[tuple[Contracts, Cards, Persons]] = []
    drawn = started = 0
    while drawn < people:
        rng = streams("population", len(blocks))
        # 1.9 people a contract: a block of a small case is a small block.
        size = min(BLOCK_CONTRACTS, (people - drawn) // 2 + 2000)
        contracts = draw_contracts(size, preset.departments, rng)
        if contracts.people.sum(dtype=np.int64) > people - drawn:
            contracts = ended_at(contracts, people - drawn)
        cards, youngest = draw_cards(len(contracts.people), day, insurers, rng)
        # The children on the other parent's card were born before that one ended too.
        other = np.flatnonzero(contracts.also)
        youngest[other - 1] = np.maximum(youngest[other - 1], youngest[other])
        persons = draw_persons(contracts, youngest, rng)
        cards = replace(cards, contract=cards.contract + np.int32(started))
        persons = replace(persons, contract=persons.contract + np.int32(started))
        blocks.append((contracts, cards, persons))
        drawn, started = drawn + len(persons.sex), started + len(contracts.people)
    contracts, persons = _joined([b[0] for b in blocks]), _joined([b[2] for b in blocks])
    cards = _by_operator([b[1] for b in blocks], len(insurers))
    del blocks
    first = np.zeros(len(contracts.people) + 1, dtype=np.int32)
    np.cumsum(contracts.people, out=first[1:])
    number, holder, numbers = _numbers(preset, contracts, persons, first, streams)
    registers = tuple(
        draw_register(operator, contracts, persons, cards, first, streams("register", operator))
        for operator in range(len(insurers))
    )
    return Population(contracts, persons, cards, registers, number, holder, first, numbers)


def _by_operator(parts: list[Cards], operators: int) -> Cards:
    """Put the cards of all blocks in the order of operators; within one they are in that of contracts."""
    cut = [
        Cards(**{f.name: getattr(part, f.name)[part.operator == operator] for f in fields(Cards)})
        for operator in range(operators)
        for part in parts
    ]
    return _joined(cut)


def _numbers(
    preset: Preset,
    contracts: Contracts,
    persons: Persons,
    first: NDArray[np.int32],
    streams: RandomStreams,
) -> tuple[NDArray[np.int64], NDArray[np.int64], Numbers]:
    """Give everyone who has one a number; the others stand under their holder's."""
    rng = streams("numbers")
    places = birthplaces(preset.born_nowhere)
    rows = np.flatnonzero(persons.numbered)
    place = np.zeros(len(rows), dtype=np.int16)
    if len(places) > 1:
        names, weights = department_weights(preset.departments)
        at = np.searchsorted(places, [birthplace(name) for name in names]).astype(np.int16)
        home = at[contracts.department[persons.contract[rows]]]
        away = at[rng.choice(len(names), size=len(rows), p=weights)]
        place = np.where(rng.random(len(rows)) < targets.BORN_ELSEWHERE_SHARE, away, home)
    _make_room(persons, first, rows, place, places)
    own, numbers = assign_nirs(persons.sex[rows], birth_months(persons.birth[rows]), place, places)
    number = np.zeros(len(persons.sex), dtype=np.int64)
    number[rows] = own
    holder = number[first[:-1]]
    return np.where(persons.numbered, number, holder[persons.contract]), holder, numbers


def _make_room(
    persons: Persons, first: NDArray[np.int32], rows: NDArray[np.int64], place: NDArray[np.int16], places: list[int]
) -> None:
    """Move births out of months that are full, a year back at a time: the fictitious space is small.

    Changes persons.birth. Two adults of a card are kept apart: their keys differ by the birth date alone.
    """
    couples = first[:-1][np.diff(first) > 1]
    for _ in range(MOVES):
        moved = rows[beyond_capacity(persons.sex[rows], birth_months(persons.birth[rows]), place, places)]
        if len(moved) == 0:
            return
        persons.birth[moved] -= 365
        alike = couples[persons.birth[couples] == persons.birth[couples + 1]]
        persons.birth[alike] -= 1
