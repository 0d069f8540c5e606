"""What a robot finds: the portals, their people and their accounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data.lookups import subjects_of, unknown_subjects
from synthetic_data.panels import Panels
from synthetic_data.population import Population
from synthetic_data.portal import Portal
from synthetic_data.presets import Calendar, Preset
from synthetic_data.professionals import Professionals

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class World:
    """Everything that exists before a robot comes."""

    preset: Preset
    portal: Portal
    population: Population
    professionals: Professionals
    panels: Panels

    @property
    def calendar(self) -> Calendar:
        """The days of the log."""
        return self.preset.calendar

    def subjects(self, operator: int) -> Integers:
        """Everything that can be asked for at one operator: rows of contracts, or of cards as they were issued."""
        return self.population.registers[operator].subjects(self.portal)

    def people(self, subjects: Integers) -> Integers:
        """How many people each subject shows once its cover has begun."""
        contract = self.population.cards.contract[subjects] if self.portal.subject_kind == "card_number" else subjects
        contracts = self.population.contracts
        return contracts.people[contract].astype(np.int64) + contracts.also[contract]

    def listing_pages(self, operator: int) -> int:
        """How many listing pages the operator's portal has."""
        return self.population.registers[operator].listing_pages()

    def unknown(self, near: Integers, rng: Generator) -> Integers:
        """For each subject of `near`, the code (below NOTHING) of a number like its own that nobody holds.

        near: subjects of one operator.
        """
        by_card = self.portal.subject_kind == "card_number" and len(near) > 0
        operator = int(self.population.cards.operator[near[0]]) if by_card else 0
        return unknown_subjects(near, self.population, operator, self.portal, rng)

    def patients(self, account: int) -> Integers:
        """The subjects an account's own patients have at its operator, sorted."""
        first, last = self.panels.start[account : account + 2]
        operator = int(self.professionals.accounts["operator"][account])
        return np.unique(subjects_of(self.panels.contract[first:last], self.population, operator, self.portal))
