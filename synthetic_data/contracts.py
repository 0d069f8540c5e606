"""Contracts: how many people each covers, whose children they are, and where they live."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data import targets

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Contracts:
    """One row a contract: a holder and those on the holder's card.

    people: persons that belong to it, the holder among them. adult: whether the second of them is an
    adult. also: children of the contract before that stand on this one's cards too (both parents
    insured). department: row in `department_weights`.
    """

    people: NDArray[np.int8]
    adult: NDArray[np.bool_]
    also: NDArray[np.int8]
    department: NDArray[np.uint8]

    @property
    def children(self) -> NDArray[np.int8]:
        """Children that belong to it."""
        return self.people - 1 - self.adult


def department_weights(count: int) -> tuple[list[str], NDArray[np.float64]]:
    """Give the `count` most populated departments and their shares, summing to 1."""
    rest = (100 - sum(targets.DEPARTMENT_PERCENT.values())) / sum(targets.OTHER_RESIDENTS.values())
    percent = targets.DEPARTMENT_PERCENT | {name: n * rest for name, n in targets.OTHER_RESIDENTS.items()}
    kept = sorted(percent, key=lambda name: (-percent[name], name))[:count]
    weights = np.array([percent[name] for name in kept])
    return kept, weights / weights.sum()


def _family_shares() -> tuple[NDArray[np.float64], float]:
    """Shares of contract sizes before other parents are added, and how often a lone parent has one.

    An other parent's card is as large as the lone parent's. With q the chance that it exists, the cards
    of size s number base[s] (1 + q (1 - spouse share)): solved for the target sizes and for q by
    substitution, which settles in a few steps.
    """
    sizes = np.array(list(targets.PEOPLE_PER_CARD))
    wanted = np.array(list(targets.PEOPLE_PER_CARD.values()))
    spouse = np.array(list(targets.SPOUSE_SHARE_BY_SIZE.values()))
    lone = np.where(sizes > 1, 1 - spouse, 0.0)
    chance, base = 0.0, wanted
    for _ in range(20):
        base = wanted / (1 + chance * lone)
        base = base / base.sum()
        of_lone = (base * lone * (sizes - 1)).sum()
        children = of_lone + (base * spouse * (sizes - 2)).sum()
        chance = targets.BOTH_PARENTS_SHARE_OF_CHILDREN * children / of_lone
    return base, chance


def draw_contracts(count: int, departments: int, rng: Generator) -> Contracts:
    """Draw `count` contracts, and after some of them the other parent's."""
    shares, other_parent = _family_shares()
    sizes = np.array(list(targets.PEOPLE_PER_CARD), dtype=np.int8)
    size = rng.choice(sizes, size=count, p=shares)
    spouse = np.array([0.0, *targets.SPOUSE_SHARE_BY_SIZE.values()])
    adult = rng.random(count) < spouse[size]
    weights = department_weights(departments)[1]
    department = rng.choice(len(weights), size=count, p=weights).astype(np.uint8)
    has_other = ~adult & (size > 1) & (rng.random(count) < other_parent)
    elsewhere = rng.choice(len(weights), size=count, p=weights).astype(np.uint8)
    apart = rng.random(count) < 0.2
    row = np.repeat(np.arange(count), 1 + has_other)
    is_other = np.diff(row, prepend=-1) == 0
    return Contracts(
        people=np.where(is_other, 1, size[row]).astype(np.int8),
        adult=adult[row] & ~is_other,
        also=np.where(is_other, size[row] - 1, 0).astype(np.int8),
        department=np.where(is_other & apart[row], elsewhere[row], department[row]),
    )


def ended_at(contracts: Contracts, people: int) -> Contracts:
    """Keep the first contracts, so that exactly `people` persons belong to them; the last may be smaller."""
    total = np.cumsum(contracts.people, dtype=np.int64)
    last = int(np.searchsorted(total, people))
    kept = contracts.people[: last + 1].copy()
    kept[-1] -= total[last] - people
    return Contracts(
        people=kept,
        adult=contracts.adult[: last + 1] & (kept > 1),
        also=contracts.also[: last + 1],
        department=contracts.department[: last + 1],
    )
