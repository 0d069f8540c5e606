"""Invented people for the tests of the generator: drawn without a case around them, and laid out as tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import polars as pl

from synthetic_data.cards import NEVER
from synthetic_data.operators import insurer_shares
from synthetic_data.population import Population, draw_population
from synthetic_data.presets import PRESETS, Preset
from synthetic_data.registers import register_blocks
from synthetic_data.streams import RandomStreams

KEY = ["holder_number", "birth_date", "birth_rank"]
IDENTITY = ["last_name", "first_name", "birth_date", "sex"]


@dataclass(frozen=True)
class Drawn:
    """A population, its registers as they are written with each row's person, and its cards as a table."""

    population: Population
    register: pl.DataFrame
    cards: pl.DataFrame

    @property
    def holders(self) -> pl.DataFrame:
        """One row a holder."""
        return self.register.filter(pl.col("role") == "holder").unique("person", maintain_order=True)

    @property
    def keys(self) -> pl.DataFrame:
        """One row a person and key that the person stands under."""
        return self.register.unique(["person", *KEY], maintain_order=True)


def drawn(preset: Preset, operators: int = 2, seed: int = 3) -> Drawn:
    streams = RandomStreams(seed)
    insurers = insurer_shares(preset.insurers, operators)
    population = draw_population(preset, preset.people, insurers, streams)
    register = pl.concat(
        pl.concat(register_blocks(population, operator, preset.departments, streams)).with_columns(
            operator=pl.lit(operator),
            person=pl.Series(population.registers[operator].person),
        )
        for operator in range(operators)
    )
    every = population.cards
    cards = pl.DataFrame({name: getattr(every, name) for name in ("operator", "contract", "insurer", "waits")})
    cards = cards.with_columns(
        since=pl.Series(every.since).cast(pl.Date),
        until=pl.Series(np.where(every.until == NEVER, 0, every.until)).cast(pl.Date),
        former=pl.Series(every.until != NEVER),
    )
    return Drawn(population, register, cards)


@cache
def country() -> Drawn:
    """300,000 people, 100 insurers, three operators."""
    return drawn(replace(PRESETS["demo"], people=300_000, insurers=100), operators=3)


@cache
def born_in_departments() -> Drawn:
    """20,000 people whose numbers carry the department they were born in."""
    return drawn(replace(PRESETS["demo"], people=20_000, born_nowhere=False))
