"""What labels by hand say of how many people verdicts missed or accused wrongly. Numbers only."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from forensics.estimation.shares import at_most

ACCUSED, UNCLEAR = "scraping", "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One stratum of what could be drawn, and the labels of what was.

    Attributes:
        stratum: its name: a verdict, or a part of the clients of one.
        units: people shown by answers, counted each time, that could be drawn.
        labelled: those that were drawn and looked at.
        robot: of them, a robot's.
        person: of them, a person's.
        unsure: of them, either's: they count against the verdict both ways.
    """

    stratum: str
    units: int
    labelled: int
    robot: int
    person: int
    unsure: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """People of one stratum and scope.

    Attributes:
        drawable: distinct people shown by what labels were drawn from.
        others: those shown or asked for in another way: no label speaks of them.
    """

    drawable: int
    others: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What labels say of one scope: limits that hold together with a chance of at least the level.

    Attributes:
        missed: people of clients judged honest that a robot was shown, at most.
        unclear: people of unclear clients that a robot was shown, at most.
        accused: people of accused clients that no robot was shown, at most.
        best_missed: `missed` had no label spoken against the verdicts: known before labels are.
        best_unclear: `unclear` had every label been a person's.
        found_missed: whether a label finds a robot where the verdict is honest.
        found_accused: whether a label finds a person where the verdict is scraping.
    """

    missed: int
    unclear: int
    accused: int
    best_missed: int
    best_unclear: int
    found_missed: bool
    found_accused: bool


def units_at_most(units: int, looked_at: int, count: int, level: float) -> int:
    """Return how many units of a stratum are of the counted kind, at most: exact, one-sided.

    The binomial limit holds for a draw without replacement too; what was looked at and is not of the kind never is.
    """
    return min(units - looked_at + count, math.ceil(units * at_most(count, looked_at, level)))


def checked(strata: Sequence[Labelled], reach: Mapping[str, Reach], level: float) -> Checked:
    """Return what labels say of one scope.

    Every stratum's limit is one-sided and taken so that all hold at once (Bonferroni). So many units show at most so
    many people, and never more than the scope's people in the stratum; this bounds every scope at once. People whom a
    suspected client was shown in a way that no label speaks of stay as they were counted.

    Args:
        strata: of the whole case.
        reach: of the scope, by stratum; one that is not in it has none of its people.
        level: that all limits hold together.
    """
    each = 1.0 - (1.0 - level) / max(len(strata), 1)
    nobody = Reach(drawable=0, others=0)

    def people(one: Labelled, count: int) -> int:
        return min(reach.get(one.stratum, nobody).drawable, units_at_most(one.units, one.labelled, count, each))

    others = {name: reach.get(name, nobody).others for name in (ACCUSED, UNCLEAR)}
    honest = [one for one in strata if one.stratum not in (ACCUSED, UNCLEAR)]
    unclear = [one for one in strata if one.stratum == UNCLEAR]
    accused = [one for one in strata if one.stratum == ACCUSED]
    return Checked(
        missed=sum(people(one, one.robot + one.unsure) for one in honest),
        unclear=others[UNCLEAR] + sum(people(one, one.robot + one.unsure) for one in unclear),
        accused=others[ACCUSED] + sum(people(one, one.person + one.unsure) for one in accused),
        best_missed=sum(people(one, 0) for one in honest),
        best_unclear=others[UNCLEAR] + sum(people(one, 0) for one in unclear),
        found_missed=any(one.robot for one in honest),
        found_accused=any(one.person for one in accused),
    )
