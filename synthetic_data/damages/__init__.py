"""What happens to the evidence of a case, one file each.

A new damage is a file here and a line in DAMAGES, at the end: its place there is its stream of random numbers.
"""

from __future__ import annotations

from difflib import get_close_matches

from numpy.random import Generator

from synthetic_data.damages import (
    clock_skew,
    duplicates,
    keys_not_logged,
    mixed_timezones,
    random_loss,
    register_defects,
    rotated_away,
    server_day_lost,
    size_dependent_loss,
    torn_lines,
    total_outage,
)
from synthetic_data.damages.combined import Combined
from synthetic_data.damages.plan import Damage, Plan, Scene
from synthetic_data.recipe import UsageError

NONE = "none"
DAMAGES = {
    module.DAMAGE.name: module.DAMAGE
    for module in (
        random_loss,
        server_day_lost,
        total_outage,
        rotated_away,
        size_dependent_loss,
        keys_not_logged,
        duplicates,
        clock_skew,
        torn_lines,
        mixed_timezones,
        register_defects,
    )
}

Asked = list[tuple[Damage, float]]


def parse(text: str) -> Asked:
    """Read `D[:strength][,D...]`: each damage with its strength, in the order given; "none" is empty.

    Raises UsageError for a damage that is unknown or given twice and for a strength that cannot be.
    """
    if text.strip() in ("", NONE):
        return []
    asked = [_parse_one(item.strip()) for item in text.split(",")]
    names = [damage.name for damage, _ in asked]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"--damage {text}: {name} is given twice; give each damage once")
    return asked


def _parse_one(item: str) -> tuple[Damage, float]:
    name, colon, given = item.partition(":")
    if name == NONE:
        raise UsageError(f"--damage {NONE}: stands alone; leave it out beside other damages")
    if name not in DAMAGES:
        near = get_close_matches(name, DAMAGES, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise UsageError(f"--damage {name or 'without a name'}: not offered; {hint}choose from {', '.join(DAMAGES)}")
    damage = DAMAGES[name]
    return damage, _strength(damage, given) if colon else damage.default


def _strength(damage: Damage, given: str) -> float:
    number = "a whole number" if damage.whole else "a number"
    expected = f"expected {number} from {damage.least:g} to {damage.most:g} ({damage.unit})"
    try:
        strength = float(given)
    except ValueError:
        raise UsageError(f"--damage {damage.name}:{given}: {expected}") from None
    if not damage.least <= strength <= damage.most or (damage.whole and strength % 1):
        raise UsageError(f"--damage {damage.name}:{given}: {expected}")
    return strength


def draw_plan(asked: Asked, scene: Scene, rng: Generator) -> Plan:
    """Draw what was asked for, once a case, as one plan that does everything in the order given.

    A damage draws the same whatever stands beside it.
    """
    streams = dict(zip(DAMAGES, rng.spawn(len(DAMAGES)), strict=True))
    plans = tuple(damage.plan(scene, strength, streams[damage.name]) for damage, strength in asked)
    places = tuple(list(DAMAGES).index(damage.name) for damage, _ in asked)
    return Combined(plans, places, len(DAMAGES))
