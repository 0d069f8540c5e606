"""Ours beside the baselines, at equal accusations: where does each break?"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.baselines import BASELINES
from benchmarks.baselines.buckets import CAPACITY, CROWDSEC_LEAK_S
from benchmarks.baselines.hindsight import found, found_at_equal_accusations
from benchmarks.study.plans import UNDAMAGED

Found = dict[str, Any]
BEHIND = 0.005  # ours may be behind a baseline by so much, and is ahead if by more
SLOWER = "leaky bucket, slower leaks"  # found in hindsight too: nobody ships it
SHIPPED = ("leaky bucket, 0.5 s (CrowdSec)", f"address, {CROWDSEC_LEAK_S:g} s")


def beside(rows: Sequence[Found]) -> Iterator[str]:
    """One row a scenario and damage: recall weighted by people, median over its incidents; then who is ahead how often.

    Recall is that of all requests, lost ones too.
    """
    scenarios: dict[str, list[Found]] = {}
    for one in rows:
        of = one["incident"]
        name = of["scenario"] if of["damage"] == UNDAMAGED else f"{of['scenario']}, {of['damage']}"
        scenarios.setdefault(name, []).append(one)
    names = [name for name in BASELINES if all(name in one["baselines"] for one in rows)]
    yield f"| scenario | ours | {' | '.join(names)} | CrowdSec's rule as it stands: recall, honest accused |"
    yield "|" + "---|" * (len(names) + 3)
    table: dict[str, tuple[float, dict[str, float]]] = {}
    for scenario, incidents in scenarios.items():
        shown = [one for one in incidents if one["people_shown"]]
        if not shown:
            continue
        ours = statistics.median(one["score"]["requests"]["recall_people"] for one in shown)
        theirs = {name: best(shown, name) for name in names}
        table[scenario] = ours, theirs
        cells = [f"{value:.3f}" + mark(ours, value) for value in theirs.values()]
        yield f"| {scenario} | {ours:.3f} | {' | '.join(cells)} | {as_it_stands(shown)} |"
    yield ""
    yield from count(table, names)
    if left_out := [name for name in BASELINES if name not in names]:
        yield f"Left out, as not every incident was given to it: {', '.join(left_out)}."


def mark(ours: float, theirs: float) -> str:
    """Tell where ours is behind."""
    return " **ahead of ours**" if theirs > ours + BEHIND else ""


def best(shown: Sequence[Found], name: str) -> float:
    """Median recall of a baseline's best variant in these incidents, each at its best threshold in hindsight."""
    variants = shown[0]["baselines"][name]["variants"]
    return max(statistics.median(recall(one, name, variant) for one in shown) for variant in variants)


def recall(one: Found, name: str, variant: str) -> float:
    """Recall of one variant in one incident, weighted by people, with no more accused than by ours."""
    of = one["baselines"][name]["variants"][variant]
    return found_at_equal_accusations(of, one["score"]["accounts"]["accused"]) / one["people_shown"]


def as_it_stands(shown: Sequence[Found]) -> str:
    """Median recall of CrowdSec's own rule at its own capacity, and the honest accounts it accuses, all together."""
    name, variant = SHIPPED
    if not all(name in one["baselines"] for one in shown):
        return "-"
    given = [
        (*found(one["baselines"][name]["variants"][variant], CAPACITY), one["people_shown"], one["score"]["accounts"])
        for one in shown
    ]
    share = statistics.median(people / total for people, _, total, _ in given)
    return f"{share:.3f}, {sum(wrong for _, wrong, _, _ in given):,} of {sum(a['honest'] for *_, a in given):,}"


def count(table: Mapping[str, tuple[float, dict[str, float]]], names: Sequence[str]) -> Iterator[str]:
    """One line a baseline, and one for the best of all in each row: ahead, level and behind."""
    yield f"Ours is ahead or behind by more than {BEHIND} in so many of {len(table)} rows:"
    yield ""
    every = {name: [(ours, theirs[name]) for ours, theirs in table.values()] for name in names}
    for told, among in (
        ("the best of them", names),
        ("the best, slower leaks aside", [n for n in names if n != SLOWER]),
    ):
        if among:
            best_of = [(ours, max(theirs[name] for name in among)) for ours, theirs in table.values()]
            every[f"{told}, in each row"] = best_of
    for name, pairs in every.items():
        ahead = sum(ours > theirs + BEHIND for ours, theirs in pairs)
        behind = sum(theirs > ours + BEHIND for ours, theirs in pairs)
        yield f"- {name}: ahead in {ahead}, level in {len(pairs) - ahead - behind}, behind in {behind}."
