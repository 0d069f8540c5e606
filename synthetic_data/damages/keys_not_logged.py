"""Who was asked for is not in the log: the portal wrote that a page was asked for, not whose."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from numpy.random import Generator

from synthetic_data.damages.plan import Damage, Plan, Scene


@dataclass(frozen=True, slots=True)
class KeysNotLogged(Plan):
    """A line that names whom it asked for or showed loses these names; counts and sizes stay."""

    share: float

    def log(self, lines: pl.DataFrame, operator: int, rng: Generator) -> pl.DataFrame:
        """Empty subject and returned_people, on the same lines."""
        silent = pl.Series(rng.random(len(lines)) < self.share)
        named = ("subject", "returned_people")
        return lines.with_columns(pl.when(~silent).then(pl.col(name)).alias(name) for name in named)


def draw(scene: Scene, strength: float, rng: Generator) -> Plan:
    """Give the plan; nothing is drawn a case."""
    return KeysNotLogged(strength)


DAMAGE = Damage(
    name="keys_not_logged",
    about="lines that do not say who was asked for or shown; counts and sizes stay",
    unit="share of lines without the key",
    default=1.0,
    least=0.001,
    most=1.0,
    plan=draw,
)
