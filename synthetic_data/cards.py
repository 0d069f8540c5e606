"""Cards: at which operators and insurers each contract is, since when and until when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data import targets

NEVER = np.iinfo(np.int32).max
"""covered_until of a card that still covers."""


@dataclass(frozen=True, slots=True)
class Cards:
    """One row a card, sorted by operator, contract, former after current.

    insurer: index in operators.INSURERS. since, until: days since 1970, `until` the last day covered or
    NEVER. waits: whether optical and dental cover starts later than the rest.
    """

    operator: NDArray[np.int8]
    contract: NDArray[np.int32]
    insurer: NDArray[np.int8]
    since: NDArray[np.int32]
    until: NDArray[np.int32]
    waits: NDArray[np.bool_]


def _former_chance(operator: int) -> float:
    """Chance that the only card of a contract at an operator is a former one, to meet FORMER_SHARE there."""
    more = targets.CHANGED_INSURER_SHARE + targets.TWO_INSURERS_SHARE
    former = targets.FORMER_SHARE[operator] * (1 + more) - targets.CHANGED_INSURER_SHARE
    return former / (1 - more)


def draw_cards(
    contracts: int, day: int, insurers: list[NDArray[np.float64]], rng: Generator
) -> tuple[Cards, NDArray[np.float64]]:
    """Draw the cards of a block of contracts.

    day: first day of the log, days since 1970. insurers: for each operator, the share of each insurer.
    Returns the cards, and the years that the youngest of each contract has at least: nobody is born
    after a kept card ended.
    """
    place, kind = rng.random(contracts), rng.random(contracts)
    both = place >= 1 - targets.BOTH_OPERATORS
    changed = kind < targets.CHANGED_INSURER_SHARE
    doubled = ~changed & (kind < targets.CHANGED_INSURER_SHARE + targets.TWO_INSURERS_SHARE)
    parts = []
    for operator, shares in enumerate(insurers):
        if operator < 2:
            here = both | ((place < targets.FIRST_OPERATOR_ONLY) == (operator == 0))
        else:
            here = rng.random(contracts) < targets.THIRD_OPERATOR_SHARE
        contract = np.flatnonzero(here)
        single = ~(changed | doubled)[contract]
        lost = single & (rng.random(len(contract)) < _former_chance(operator))
        insurer = rng.choice(len(shares), size=len(contract), p=shares)
        second = rng.choice(len(shares), size=len(contract), p=shares)
        more = ~single & (second != insurer)
        parts.append(
            _with_cover(
                operator,
                np.concatenate([contract, contract[more]]),
                np.concatenate([insurer, second[more]]),
                np.concatenate([lost, changed[contract[more]]]),
                day,
                rng,
            )
        )
    fields = ("operator", "contract", "insurer", "since", "until", "waits")
    cards = Cards(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in fields})
    youngest = np.full(contracts, 0.01)
    former = cards.until != NEVER
    ended = (day - cards.until[former]) / 365.25 + 0.1
    np.maximum.at(youngest, cards.contract[former], ended)
    return cards, youngest


def _with_cover(
    operator: int,
    contract: NDArray[np.int64],
    insurer: NDArray[np.int64],
    former: NDArray[np.bool_],
    day: int,
    rng: Generator,
) -> Cards:
    """Date the cards of one operator and sort them by contract, current before former."""
    order = np.lexsort((insurer, former, contract))
    contract, insurer, former = contract[order], insurer[order], former[order]
    count = len(contract)
    longest = round(365.25 * targets.KEPT_YEARS[operator])
    ended = rng.integers(targets.FORMER_SINCE_DAYS_LEAST, longest, size=count, endpoint=True)
    length = rng.integers(365, 10 * 365, count)
    since = np.where(former, -ended - length, -rng.integers(30, 12 * 365, count))
    starting = ~former & (rng.random(count) < targets.STARTING_CARD_SHARE)
    since[starting] = rng.integers(*targets.STARTING_DAYS, size=int(starting.sum()), endpoint=True)
    return Cards(
        operator=np.full(count, operator, dtype=np.int8),
        contract=contract.astype(np.int32),
        insurer=insurer.astype(np.int8),
        since=(day + since).astype(np.int32),
        until=np.where(former, day - ended, NEVER).astype(np.int32),
        waits=rng.random(count) < targets.WAITING_SHARE,
    )
