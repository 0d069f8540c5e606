"""Ties: how close two units are in what they use, whom they ask for, and the rhythm in which they ask.

Each kind returns one number a pair, in the order of `pairs`: the smaller, the closer; infinite where there is no tie,
not a number where it cannot be measured. What is close is decided elsewhere (`forensics.campaigns.null_model`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics.engine import create, query

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

    from forensics.campaigns.units import Units

    Numbers = NDArray[np.float64]

TRIMMED = 20
"""One silence in so many is left out at either end of a rhythm: pauses and time-outs are no part of it."""


def pairs(n: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return both ends of all pairs of n units."""
    a, b = np.triu_indices(n, 1)
    return a, b


def shared(units: Units, column: str, *, accused: bool) -> Numbers:
    """Return how many other honest units use the rarest value that two units share (network, agent)."""
    n, first = (units.n_accused, 0) if accused else (units.n_honest, units.n_accused)
    used = units.table.select("unit", "is_accused", column).drop_nulls().unique().sort(column, "unit")
    closeness = np.full((n, n), np.inf)
    of_kind = used.filter(pl.col("is_accused") == accused).group_by(column).len().filter(pl.col("len") > 1)
    for _, of_value in used.join(of_kind, on=column, how="semi").group_by(column):
        members = of_value.filter(pl.col("is_accused") == accused)["unit"].to_numpy() - first
        honest = of_value.height - int(of_value["is_accused"].sum())
        block = np.ix_(members, members)
        closeness[block] = np.minimum(closeness[block], honest - (0 if accused else 2))
    unknown = ~np.isin(np.arange(n) + first, used["unit"].to_numpy())
    closeness[unknown] = closeness[:, unknown] = np.nan
    return closeness[pairs(n)]


class Lists:
    """Whom units asked for, and how often two drawn apart would meet.

    Reads `asked_people`, `askable`, `register`, `persons`, `units`; makes `list_targets` and `unit_lists`.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, units: Units) -> None:
        """Count meetings, and what was within reach of both, department by department."""
        self._units = units
        create(connection, "list_targets")
        create(connection, "unit_lists")
        self._reach = query(connection, "list_reach")
        self._sizes = query(connection, "list_sizes")
        self._met = query(connection, "list_meetings")

    def closeness(self, *, accused: bool) -> tuple[Numbers, Numbers]:
        """Return the chance that two lists drawn apart meet as little, and as much, as these.

        Within a department each list is taken for a draw of its own: an honest account's patients live around it, and
        two accounts far apart never meet for that reason alone. The number in common is referred to the Poisson law,
        which is wider than the sum of hypergeometric ones that it stands for (Hoeffding 1956): the chances are too
        large rather than too small.

        References:
            Hoeffding W. 1956. On the distribution of the number of successes in independent trials. Ann. Math. Stat.
            27.
        """
        from scipy.stats import poisson

        units = self._units
        n, first = (units.n_accused, 0) if accused else (units.n_honest, units.n_accused)
        a, b = pairs(n)
        expected = self._expected(n, first)[a, b]
        common = np.zeros((n, n), dtype=np.int64)
        inside = pl.col("a").is_between(first, first + n - 1) & pl.col("b").is_between(first, first + n - 1)
        met = self._met.filter(inside)
        common[met["a"].to_numpy() - first, met["b"].to_numpy() - first] = met["n_common"].to_numpy()
        k = common[a, b]
        less = np.where(k < expected, poisson.cdf(k, expected), 1.0)
        more = np.where(k > expected, poisson.sf(k - 1, expected), 1.0)
        return less, more

    def _expected(self, n: int, first: int) -> Numbers:
        """Return how many targets each two of n units would have in common (n, n)."""
        operators = self._units.table.group_by("unit").agg(pl.col("operator").first()).sort("unit")["operator"]
        of_unit = operators.to_numpy()[first : first + n]
        expected = np.zeros((n, n))
        for (one, other), reach in self._reach.group_by("operator", "other_operator", maintain_order=True):
            rows, columns = np.flatnonzero(of_unit == one), np.flatnonzero(of_unit == other)
            mine = self._counts(rows + first, str(other), reach["stratum"])
            theirs = self._counts(columns + first, str(one), reach["stratum"])
            # No matrix product: how it adds up depends on the machine.
            expected[np.ix_(rows, columns)] = np.einsum(
                "id,jd->ij", mine / reach["n_reachable"].to_numpy(), theirs, optimize=False
            )
        return expected

    def _counts(self, of_units: NDArray[np.int64], other: str, strata: pl.Series) -> Numbers:
        """Return how many targets each of some units has in each stratum, among those that `other` knows too."""
        counts = np.zeros((len(of_units), len(strata)))
        place = pl.DataFrame({"unit": of_units, "row": np.arange(len(of_units))})
        stratum = pl.DataFrame({"stratum": strata, "column": np.arange(len(strata))})
        mine = self._sizes.filter(pl.col("other_operator") == other).join(place, on="unit").join(stratum, on="stratum")
        counts[mine["row"].to_numpy(), mine["column"].to_numpy()] = mine["n"].to_numpy()
        return counts


class Rhythms:
    """The silences of units, and how alike two rhythms are, whatever their speed.

    That two clients are fast says that both are machines, not that they are the same one: so each silence is measured
    against the unit's own median, on the scale of logarithms, and what is left is the form of the rhythm.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, units: Units, resolution_us: int, size: int) -> None:
        """Read the silences; `size` of them, evenly over its time, stand for a unit, so that all are as exact.

        A unit has no rhythm where it has fewer, or where the clock is too coarse to tell at least half of them apart.
        """
        self._units, self._size = units, size
        gaps = query(connection, "unit_gaps", {"least_gap_us": max(resolution_us // 2, 1)})
        self._forms: dict[int, Numbers] = {}
        self._samples: dict[int, Numbers] = {}
        for (unit,), of_unit in gaps.group_by("unit", maintain_order=True):
            gap_us = of_unit["gap_us"].to_numpy()
            picked = gap_us[np.arange(size) * len(gap_us) // size] if len(gap_us) >= size else gap_us[:0]
            if len(np.unique(picked)) * 2 > size:
                logs = np.sort(np.log(picked))
                trim = size // TRIMMED
                self._forms[int(unit)] = (logs - np.median(logs))[trim : size - trim]  # type: ignore[call-overload]
                whole = np.log(gap_us)
                self._samples[int(unit)] = whole - np.median(whole)  # type: ignore[call-overload]

    def closeness(self, *, accused: bool) -> Numbers:
        """Return the mean distance between two rhythms, quantile by quantile (Wasserstein), in log units."""
        from scipy.spatial.distance import pdist

        units = self._units
        n, first = (units.n_accused, 0) if accused else (units.n_honest, units.n_accused)
        width = self._size - 2 * (self._size // TRIMMED)
        unknown = np.full(width, np.nan)
        if n < 2:
            return np.zeros(0)
        forms = np.vstack([self._forms.get(unit, unknown) for unit in range(first, first + n)])
        return np.asarray(pdist(forms, "cityblock"), dtype=np.float64) / width

    def differ(self, a: int, b: int, level: float) -> bool:
        """Tell whether all their silences say that two units have different rhythms (Kolmogorov and Smirnov)."""
        from scipy.stats import ks_2samp

        tested: Any = ks_2samp(self._samples[a], self._samples[b], method="asymp")
        return bool(tested.pvalue < level)
