"""What a visit asks the portal: the right number, a mistyped one before it, the same one again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data import portal, professions
from synthetic_data.population import Population
from synthetic_data.portal import Portal
from synthetic_data.register import FIRST_SERIAL
from synthetic_data.visits import SECOND, Visits

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Actions:
    """One row something done at a workstation. subject: as in traffic.TRAFFIC; fate: of the answer."""

    workstation: NDArray[np.int32]
    account: NDArray[np.int32]
    time: Integers
    page: NDArray[np.int8]
    subject: Integers
    fate: NDArray[np.uint8]


def subjects_of(contract: NDArray[np.int32], population: Population, operator: int, asked: Portal) -> Integers:
    """What is typed for a patient: the contract (by its holder's number), or the card in the hand."""
    if asked.subject_kind == "card_number":
        return population.registers[operator].card_of[contract].astype(np.int64)
    return contract.astype(np.int64)


def unknown_subjects(near: Integers, population: Population, operator: int, asked: Portal, rng: Generator) -> Integers:
    """For each subject, the code of a number like its own that nobody holds: minus its digits."""
    if asked.subject_kind == "card_number":
        register = population.registers[operator]
        beyond = int(register.serial.max(initial=FIRST_SERIAL)) + 1 + np.arange(max(1000, len(register.serial) // 50))
        free = np.concatenate([register.unissued, beyond])
        return -free[(rng.random(len(near)) * len(free)).astype(np.int64)].astype(np.int64)
    return -population.numbers.unassigned(population.holder_number[near], rng)


def draw_lookups(visits: Visits, population: Population, operator: int, asked: Portal, rng: Generator) -> Actions:
    """Draw the lookups of visits.

    A mistyped number comes first and is corrected; a number without rights is not tried again; a patient
    may be looked up twice; an answer may be left or time out, and what timed out is tried again.
    """
    count = len(visits.time)
    right = subjects_of(visits.contract, population, operator, asked)
    wrong = unknown_subjects(right, population, operator, asked, rng)
    unknown = rng.random(count) < professions.UNKNOWN_SHARE
    mistyped = ~unknown & (rng.random(count) < professions.MISTYPED_SHARE)
    again = ~unknown & (rng.random(count) < professions.REPEATED_SHARE)
    corrected = np.where(mistyped, rng.integers(12 * SECOND, 50 * SECOND, count), 0)
    later = (SECOND * np.clip(150 * np.exp(0.8 * rng.standard_normal(count)), 20, 1400)).astype(np.int64)
    main = visits.checked + corrected
    fate = rng.random(count)
    timed_out = fate < professions.TIMED_OUT_SHARE
    aborted = ~timed_out & (fate < professions.TIMED_OUT_SHARE + professions.ABORTED_SHARE)
    retried = portal.TIME_OUT_MS * 1000 + rng.integers(3 * SECOND, 20 * SECOND, count)
    rows = np.concatenate([np.arange(count), *(np.flatnonzero(m) for m in (mistyped, again, timed_out))])
    first = [count, int(mistyped.sum()), int(again.sum()), int(timed_out.sum())]
    kind = np.repeat(np.arange(4), first)
    sought = np.full(len(rows), portal.RIGHTS, dtype=np.int8)
    subject = np.where((kind == 1) | ((kind != 2) & unknown[rows]), wrong[rows], right[rows])
    if asked.searchable:
        manner = np.where(subject >= 0, rng.random(len(rows)), 1.0)
        sought[manner < professions.SEARCHED_SHARE] = portal.SEARCH
        leafed = np.flatnonzero(manner < professions.LEAFED_SHARE)
        sought[leafed] = portal.LISTING
        # The patient is found on the page of the list where the name stands.
        start = population.registers[operator].contract_start
        subject[leafed] = start[subject[leafed]] // portal.LISTING_ROWS
    return Actions(
        workstation=visits.workstation[rows],
        account=visits.account[rows],
        time=np.select(
            [kind == 0, kind == 1, kind == 2],
            [main[rows], visits.checked[rows], main[rows] + later[rows]],
            main[rows] + retried[rows],
        ),
        page=sought,
        subject=subject,
        fate=np.where(
            kind == 0, np.select([timed_out[rows], aborted[rows]], [portal.TIMED_OUT, portal.ABORTED], 0), 0
        ).astype(np.uint8),
    )
