"""Claims that follow visits, in the log's days and around them."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data import professions, targets
from synthetic_data.cards import NEVER
from synthetic_data.panels import Panels
from synthetic_data.population import Population
from synthetic_data.presets import Calendar
from synthetic_data.professionals import Professionals
from synthetic_data.visits import DAY, HOUR, LOOKUPS_A_VISIT, SECOND, Visits, local_times, weekday_factors

FOLLOW_UP_DAYS = 30


@dataclass(frozen=True, slots=True)
class Claims:
    """One row a claim. account, workstation, person: rows. time: microseconds UTC."""

    account: NDArray[np.int32]
    workstation: NDArray[np.int32]
    person: NDArray[np.int32]
    time: NDArray[np.int64]

    def where(self, chosen: NDArray[np.bool_] | NDArray[np.int64]) -> Claims:
        """Give some of the rows."""
        return Claims(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})

    def sorted(self) -> Claims:
        """Give the rows in the order of time."""
        return self.where(np.lexsort((self.person, self.account, self.time)))

    def and_(self, other: Claims) -> Claims:
        """Give the rows of both."""
        return Claims(**{f.name: np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)})


NOBODY = np.empty(0, dtype=np.int32)
NO_CLAIMS = Claims(NOBODY, NOBODY, NOBODY, np.empty(0, dtype=np.int64))


def claim_chances(professionals: Professionals, panels: Panels) -> NDArray[np.float64]:
    """Give each account's chance p that one visit leads to a claim.

    The account's claim_share s counts lookups followed by a claim for that card within 30 days, whichever
    visit the claim comes from. With r other visits of the same card expected in those days,
    s = 1 - (1 - p) exp(-p r), solved for p by bisection. A panel of n rows of which a share l is drawn
    from a department of m contracts holds n + n² l² / m pairs of the same contract, itself included.
    """
    accounts = professionals.accounts
    size = panels.size()
    pairs = size + size**2 * panels.local**2 / np.maximum(1, panels.pool)
    week = weekday_factors()[accounts["profession"].to_numpy()].mean(axis=1)
    visits = accounts["lookups_a_day"].to_numpy() / LOOKUPS_A_VISIT * week * FOLLOW_UP_DAYS
    returns = visits * pairs / size**2
    share = accounts["claim_share"].to_numpy()
    low, high = np.zeros(len(share)), np.ones(len(share))
    for _ in range(40):
        middle = (low + high) / 2
        over = 1 - (1 - middle) * np.exp(-middle * returns) > share
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    return (low + high) / 2


def draw_claims(
    visits: Visits,
    chance: NDArray[np.float64] | None,
    professionals: Professionals,
    population: Population,
    operator: int,
    calendar: Calendar,
    rng: Generator,
) -> Claims:
    """One row a claim, for one person of the visited card who is covered; in the order of visits.

    chance: of each account, that a visit leads to a claim; None where all visits given do. At once for
    CLAIM_AT_ONCE_SHARE, else on a later day. Claims outside the days that are known are left out.
    """
    rows = np.arange(len(visits.time))
    if chance is not None:
        rows = rows[rng.random(len(rows)) < chance[visits.account]]
    account, visited = visits.account[rows], visits.time[rows]
    profession = professionals.accounts["profession"].to_numpy()[account]
    soon = visited + rng.integers(200 * SECOND, 1500 * SECOND, len(rows))
    wait = 1 + np.minimum(
        rng.exponential(professions.CLAIM_DELAY_MEAN_DAYS, len(rows)).astype(np.int64),
        professions.CLAIM_DELAY_DAYS_MAX - 1,
    )
    day = (visited - calendar.start_us + targets.LOCAL_OFFSET_HOURS * HOUR) // DAY + wait
    closed = weekday_factors()[profession, (calendar.start.weekday() + day) % 7] < 0.3
    later = local_times(day + closed, profession, calendar, rng)
    time = np.where(rng.random(len(rows)) < professions.CLAIM_AT_ONCE_SHARE, soon, later)
    person = _claimants(visits.contract[rows], time // DAY, population, operator, rng)
    first = calendar.start_us - targets.CLAIM_DAYS_BEFORE * DAY
    last = calendar.end_us + targets.CLAIM_DAYS_AFTER * DAY
    kept = (person >= 0) & (time >= first) & (time < last)
    return Claims(account, visits.workstation[rows], person, time).where(kept)


def _claimants(
    contract: NDArray[np.int32], day: NDArray[np.int64], population: Population, operator: int, rng: Generator
) -> NDArray[np.int32]:
    """Choose a person of each contract's current card; -1 where nobody is covered at that operator then."""
    register = population.registers[operator]
    card = register.card_of[contract]
    local = card - register.first_card
    size = register.card_start[local + 1] - register.card_start[local]
    row = register.card_start[local] + (rng.random(len(contract)) * size).astype(np.int64)
    covered = (population.cards.until[card] == NEVER) & (register.since[row] <= day)
    return np.where(covered, register.person[row], np.int32(-1)).astype(np.int32)
