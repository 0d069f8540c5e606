"""The patients each account knows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data import professions
from synthetic_data.cards import NEVER
from synthetic_data.contracts import department_weights
from synthetic_data.population import Population
from synthetic_data.professionals import Professionals
from synthetic_data.streams import RandomStreams

ROWS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Panels:
    """The contracts each account knows: `contract[start[a] : start[a + 1]]` for account a.

    local: share of them from the account's own department; pool: how many contracts that department has
    at its operator.
    """

    contract: NDArray[np.int32]
    start: NDArray[np.int64]
    local: NDArray[np.float64]
    pool: NDArray[np.int64]

    def size(self) -> NDArray[np.int64]:
        """How many contracts each account knows, the same one twice counted twice."""
        return np.diff(self.start)


@dataclass(frozen=True, slots=True)
class _Pool:
    """One operator's contracts by department. lost: of every contract, whether only former cards are left."""

    contract: NDArray[np.int32]
    first: NDArray[np.int64]
    count: NDArray[np.int64]
    lost: NDArray[np.bool_]


def _pool(population: Population, operator: int, departments: int) -> _Pool:
    register, cards = population.registers[operator], population.cards
    here = np.flatnonzero(register.card_of >= 0).astype(np.int32)
    department = population.contracts.department[here]
    count = np.bincount(department, minlength=departments)
    lost = np.zeros(len(register.card_of), dtype=bool)
    # The first card of a contract is a current one if any is.
    lost[here] = cards.until[register.card_of[here]] != NEVER
    return _Pool(here[np.argsort(department, kind="stable")], np.cumsum(count) - count, count, lost)


def draw_panels(
    professionals: Professionals, population: Population, departments: int, streams: RandomStreams
) -> Panels:
    """Each account's clientele: mostly its own department, at its own operator."""
    accounts = professionals.accounts
    level = accounts["lookups_a_day"].to_numpy()
    size = np.maximum(20, np.ceil(level * professions.PANEL_DAYS * professions.PANEL_OVER_VISITS)).astype(np.int64)
    start = np.zeros(len(size) + 1, dtype=np.int64)
    np.cumsum(size, out=start[1:])
    names, weights = department_weights(departments)
    places = {name: index for index, name in enumerate(names)}
    home = np.array([places[department] for department in accounts["department"]])
    contract = np.empty(start[-1], dtype=np.int32)
    local, pools = np.empty(len(size)), np.empty(len(size), dtype=np.int64)
    for operator, (first, last) in enumerate(zip(professionals.start[:-1], professionals.start[1:], strict=True)):
        pool = _pool(population, operator, len(names))
        pools[first:last] = pool.count[home[first:last]]
        # Controllers look at anybody; everyone else's patients are mostly of the neighbourhood.
        own = np.where(accounts["pattern"][first:last] == "auditor", 0.0, professions.OWN_DEPARTMENT_SHARE)
        local[first:last] = np.minimum(own, pools[first:last] / size[first:last])
        cuts = np.unique(np.searchsorted(start, np.arange(start[first], start[last], ROWS_AT_ONCE)))
        for number, (low, high) in enumerate(zip(cuts, [*cuts[1:], last], strict=True)):
            rng = streams("panels", operator, number)
            account = np.repeat(np.arange(low, high, dtype=np.int32), size[low:high])
            contract[start[low] : start[high]] = _draw(account, home, local, pool, weights, rng)
    return Panels(contract, start, local, pools)


def _draw(
    account: NDArray[np.int32],
    home: NDArray[np.int64],
    local: NDArray[np.float64],
    pool: _Pool,
    weights: NDArray[np.float64],
    rng: Generator,
) -> NDArray[np.int32]:
    """Draw one contract for each row; people no longer covered seldom come: drawn once, they are drawn again."""
    contract = np.empty(len(account), dtype=np.int32)
    pending = np.arange(len(account))
    for _ in range(2):
        own = rng.random(len(pending)) < local[account[pending]]
        place = np.where(own, home[account[pending]], rng.choice(len(weights), size=len(pending), p=weights))
        place = np.where(pool.count[place] > 0, place, pool.count.argmax())
        pick = (rng.random(len(pending)) * pool.count[place]).astype(np.int64)
        contract[pending] = pool.contract[pool.first[place] + pick]
        pending = pending[pool.lost[contract[pending]]]
    return contract
