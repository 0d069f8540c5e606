"""Lines written twice: a rotation that overlaps repeats a whole block, a log sent again repeats single lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data.damages.plan import Damage, Plan, Scene
from synthetic_data.presets import MICROSECONDS_A_DAY

Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Duplicates(Plan):
    """Half of the repeats are single lines, the other half one block a day; a repeat is the same to the byte."""

    share: float

    def log(self, lines: pl.DataFrame, operator: int, rng: Generator) -> pl.DataFrame:
        """Write single lines again at once, and each day's block again where the rotation cut."""
        rows = np.arange(len(lines))
        singles = rows[rng.random(len(lines)) < self.share / 2]
        blocks, after = _blocks(_day_starts(lines), len(lines), self.share / 2, rng)
        again = np.concatenate([singles, blocks])
        return lines[np.insert(rows, np.concatenate([singles, after]) + 1, again)]


def _day_starts(lines: pl.DataFrame) -> Rows:
    """Give the first row of each day; a clock that steps back opens no second day."""
    day = lines["requested_at"].cast(pl.Int64).cum_max() // MICROSECONDS_A_DAY
    return np.flatnonzero(np.diff(day.to_numpy(), prepend=-1))


def _blocks(starts: Rows, lines: int, share: float, rng: Generator) -> tuple[Rows, Rows]:
    """Give the rows that come again, in order, and for each the row after which its block comes again."""
    ends = np.append(starts, lines)[1:]
    lengths = np.round((ends - starts) * share).astype(np.int64)
    cuts = rng.integers(starts + lengths, ends, endpoint=True)
    blocks = [np.arange(cut - length, cut) for cut, length in zip(cuts.tolist(), lengths.tolist(), strict=True)]
    return np.concatenate([np.zeros(0, np.int64), *blocks]), np.repeat(cuts - 1, lengths)


def draw(scene: Scene, strength: float, rng: Generator) -> Plan:
    """Give the plan; nothing is drawn a case."""
    return Duplicates(strength)


DAMAGE = Damage(
    name="duplicates",
    about="lines written again: single ones, and one block a day where two files overlap; "
    "the gateway's counters count each request once",
    unit="share of lines written again",
    default=0.05,
    least=0.001,
    most=0.5,
    plan=draw,
)
