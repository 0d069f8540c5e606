"""Linking: which kinds of tie join which accused units, each held against honest pairs of the same case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.campaigns.null_model import Null, null
from forensics.campaigns.ties import Lists, Rhythms, pairs, shared

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb
    from numpy.typing import NDArray

    from forensics.campaigns.units import Units
    from forensics.settings import Settings

    Numbers = NDArray[np.float64]


LISTS = ("list_shared_out", "list_walked_twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """One kind of tie: how close the accused pairs are, which of them it links, and what honest pairs say of it.

    is_chance: whether closeness is itself a chance (work lists, one of two tails).
    """

    kind: str
    closeness: NDArray[np.float64]
    linked: NDArray[np.bool_]
    honest: Null
    is_chance: bool

    def chance(self, closeness: float) -> float:
        """Return the chance that unrelated clients are at least so close.

        Honest lists are shorter than a robot's and seldom say anything: where closeness is a chance, that is its least.
        """
        among_honest = self.honest.chance(closeness)
        return max(among_honest, min(2.0 * closeness, 1.0)) if self.is_chance else among_honest


def ties(
    connection: duckdb.DuckDBPyConnection, settings: Settings, units: Units, resolution_us: int, *, people: bool
) -> list[Tie]:
    """Measure every kind of tie over all pairs of accused units, and decide which are linked.

    Reads the tables of `forensics.sessions`, `register`, `persons`; registers `units`.

    Args:
        connection: where the tables are.
        settings: `link_level`, `accidental_links`, `tempo_gaps`, `tempo_level`.
        units: who is compared.
        resolution_us: the step of the log's clock.
        people: whether subjects are people; pages of a public site are no list, every crawler meets the popular ones.
    """
    connection.register("units", units.table.select("unit", "strand_id", "operator", "is_accused"))
    rhythms = Rhythms(connection, units, resolution_us, settings.tempo_gaps)
    found = []
    for kind, closeness, among_honest, level in _measured(connection, units, settings, rhythms, people=people):
        comparable = among_honest[~np.isnan(among_honest)]
        law = null(comparable, len(comparable), units.n_accused, settings.accidental_links, level)
        linked = closeness < (-np.inf if law.cut is None else law.cut)  # what cannot be measured is not closer
        if kind == "tempo":
            differing = _differing(rhythms, units.n_accused, linked, settings.tempo_level)
            told_apart = np.where(differing, np.inf, closeness)
            found.append(Tie(kind=kind, closeness=told_apart, linked=linked & ~differing, honest=law, is_chance=False))
            continue
        found.append(Tie(kind=kind, closeness=closeness, linked=linked, honest=law, is_chance=kind in LISTS))
    return found


def _measured(
    connection: duckdb.DuckDBPyConnection, units: Units, settings: Settings, rhythms: Rhythms, *, people: bool
) -> Iterator[tuple[str, Numbers, Numbers, float]]:
    """Give each kind with its closeness among accused and among honest pairs, and the level it must reach anyway."""
    for kind in ("network", "agent"):
        yield kind, shared(units, kind, accused=True), shared(units, kind, accused=False), np.inf
    if people:
        lists = Lists(connection, units)
        both = zip(lists.closeness(accused=True), lists.closeness(accused=False), strict=True)
        level = settings.link_level / 2 / max(units.n_accused * (units.n_accused - 1) // 2, 1)
        for kind, (of_accused, of_honest) in zip(LISTS, both, strict=True):
            yield kind, of_accused, of_honest, level
    yield "tempo", rhythms.closeness(accused=True), rhythms.closeness(accused=False), np.inf


def _differing(rhythms: Rhythms, n: int, linked: NDArray[np.bool_], level: float) -> NDArray[np.bool_]:
    """Return which of the linked pairs have rhythms that more than a sample of their silences tells apart."""
    a, b = pairs(n)
    differing = np.zeros(len(linked), dtype=bool)
    for row in np.flatnonzero(linked):
        differing[row] = rhythms.differ(int(a[row]), int(b[row]), level)
    return differing


def ties_table(found: list[Tie], units: Units) -> pl.DataFrame:
    """Return one row a kind of tie (`forensics.schemas.CampaignTies`)."""
    strands = units.table.filter("is_accused").height
    rows = [("account", units.n_accused, None, strands - units.n_accused, None, None, None, None, True)]
    rows += [
        (
            tie.kind, units.n_accused, len(tie.closeness), int(tie.linked.sum()), tie.honest.n_pairs,
            tie.honest.n_linked, tie.honest.upper,
            None if tie.honest.cut is None or not np.isfinite(tie.honest.cut) else tie.honest.cut,
            tie.honest.cut is not None,
        )
        for tie in found
    ]  # fmt: skip
    schema = {
        "tie": pl.String, "n_units": pl.Int64, "n_pairs": pl.Int64, "n_links": pl.Int64, "honest_pairs": pl.Int64,
        "honest_linked": pl.Int64, "honest_upper": pl.Float64, "cut": pl.Float64, "is_used": pl.Boolean,
    }  # fmt: skip
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(pl.col("honest_upper", "cut").round_sig_figs(6))
