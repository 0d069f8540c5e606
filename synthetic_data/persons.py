"""The people of a block of contracts: roles, ages, sexes, twins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data import targets
from synthetic_data.contracts import Contracts

DAYS_A_YEAR = 365.25
NEW_YEAR = int(np.datetime64("2024-01-01").astype(np.int64))
OLDEST = int(np.datetime64(targets.OLDEST_BIRTH).astype(np.int64))
HOLDER, SPOUSE, CHILD, OTHER = range(4)
ROLES = ("holder", "spouse", "child", "other")
MEN, WOMEN = 1, 2


@dataclass(frozen=True, slots=True)
class Persons:
    """One row a human being, in the order of contracts.

    contract: row of the contract. role: index in ROLES. sex: 1 or 2. birth: days since 1970. rank: of
    birth, 2 for the second twin. numbered: has a number of their own; the others are under the holder's.
    """

    contract: NDArray[np.int32]
    role: NDArray[np.int8]
    sex: NDArray[np.int8]
    birth: NDArray[np.int32]
    rank: NDArray[np.int8]
    numbered: NDArray[np.bool_]


def draw_persons(contracts: Contracts, born_before: NDArray[np.float64], rng: Generator) -> Persons:
    """Draw everyone who belongs to the contracts. born_before: years that each contract's youngest has at least."""
    size = contracts.people.astype(np.int64)
    contract = np.repeat(np.arange(len(size)), size)
    position = np.arange(len(contract)) - np.repeat(np.cumsum(size) - size, size)
    adult = (position == 1) & contracts.adult[contract]
    child_no = np.where((position > 0) & ~adult, position - contracts.adult[contract], 0)
    role = np.select([adult, child_no > 0], [SPOUSE, CHILD], HOLDER).astype(np.int8)
    role[adult & (rng.random(len(contract)) < targets.OTHER_SHARE_OF_SPOUSES)] = OTHER
    twin = second_twins(contracts, contract, child_no, rng)
    age = _ages(contracts, contract, child_no, role=role, twin=twin, born_before=born_before, rng=rng)
    birth = NEW_YEAR - np.maximum(1, (age * DAYS_A_YEAR).astype(np.int64))
    birth[1:][twin[1:]] = birth[:-1][twin[1:]]
    # The key of a person is holder, birth date and rank: two adults of a card are not born on one day.
    birth -= adult & (birth == birth[position == 0][contract])
    return Persons(
        contract=contract.astype(np.int32),
        role=role,
        sex=_sexes(contracts, contract, role, twin, rng),
        birth=np.maximum(birth, OLDEST).astype(np.int32),
        rank=np.where(twin, 2, 1).astype(np.int8),
        numbered=(child_no == 0) & ~(adult & (rng.random(len(contract)) < targets.ADULTS_UNDER_HOLDER_SHARE)),
    )


def childless_ages(count: int, rng: Generator) -> NDArray[np.float64]:
    """Draw ages of holders without children: straight lines between the weights of `targets`."""
    fine = np.linspace(min(targets.CHILDLESS_AGES), max(targets.CHILDLESS_AGES), 2001)
    weight = np.interp(fine, list(targets.CHILDLESS_AGES), list(targets.CHILDLESS_AGES.values()))
    cumulated = np.concatenate([[0.0], np.cumsum((weight[1:] + weight[:-1]) / 2)])
    return np.interp(rng.random(count) * cumulated[-1], cumulated, fine)


def _ages(
    contracts: Contracts,
    contract: NDArray[np.int64],
    child_no: NDArray[np.int64],
    *,
    role: NDArray[np.int8],
    twin: NDArray[np.bool_],
    born_before: NDArray[np.float64],
    rng: Generator,
) -> NDArray[np.float64]:
    """Ages in years on 1 January 2024.

    Children come youngest first, 1.2 to 3.5 years apart; a parent is 20 to 38 years older than the eldest.
    """
    children = contracts.children.astype(np.int64)
    count = len(children)
    youngest = rng.uniform(born_before, np.maximum(born_before + 1, 29 - 3 * (children - 1)))
    spacing = rng.uniform(1.2, 3.5, len(contract))
    spacing[(child_no <= 1) | twin] = 0.0
    added = np.cumsum(spacing)
    start = np.cumsum(contracts.people, dtype=np.int64) - contracts.people
    child_age = youngest[contract] + added - added[start][contract]
    eldest = youngest + np.bincount(contract, spacing, count)
    # The other parent's contract follows: the children on it are the ones before.
    eldest = np.where(contracts.also > 0, np.roll(eldest, 1), eldest)
    is_parent = (children > 0) | (contracts.also > 0)
    older = 20 + 18 * rng.beta(2.2, 2.4, count)
    holder = np.where(is_parent, np.minimum(eldest + older, 80), childless_ages(count, rng))[contract]
    spouse = np.clip(holder + rng.normal(0, 4, len(contract)), 18.5, 99)
    other = np.clip(holder + rng.normal(24, 5, len(contract)), 40, 99)
    return np.select([role == CHILD, role == SPOUSE, role == OTHER], [child_age, spouse, other], holder)


def second_twins(
    contracts: Contracts, contract: NDArray[np.int64], child_no: NDArray[np.int64], rng: Generator
) -> NDArray[np.bool_]:
    """Mark the second child of the contracts that have twins (TWIN_SHARE_OF_CHILDREN of children)."""
    children = contracts.children.astype(np.int64)
    able = children >= 2
    chance = targets.TWIN_SHARE_OF_CHILDREN * children.sum() / max(1, 2 * int(able.sum()))
    has_twins = able & (rng.random(len(children)) < chance)
    return (child_no == 2) & has_twins[contract]


def _sexes(
    contracts: Contracts,
    contract: NDArray[np.int64],
    role: NDArray[np.int8],
    twin: NDArray[np.bool_],
    rng: Generator,
) -> NDArray[np.int8]:
    """1 for men, 2 for women."""
    count = len(contract)
    women = np.where(contracts.people == 1, targets.WOMEN_AMONG_SINGLES, 0.5)
    holder = np.where(rng.random(len(women)) < women, WOMEN, MEN)
    before = np.roll(holder, 1)
    holder = np.where(contracts.also > 0, MEN + WOMEN - before, holder)[contract]
    child = np.where(rng.random(count) < targets.WOMEN_AMONG_CHILDREN, WOMEN, MEN)
    # Those that are not made alike are of one sex every other time.
    alike = twin & (rng.random(count) < 2 * targets.SAME_SEX_TWINS - 1)
    child[1:][alike[1:]] = child[:-1][alike[1:]]
    same = rng.random(count) < 0.03
    return np.select([role == CHILD, (role == SPOUSE) & ~same], [child, MEN + WOMEN - holder], holder).astype(np.int8)
