"""Which incidents a study is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synthetic_data.damages import DAMAGES
from synthetic_data.robots import SCENARIOS

QUIET = "quiet"
UNDAMAGED = "none"
HARD = ("slow_many_accounts", "picks_real_patients", "active_from_day_one")
"""Scenarios of which a robot may stay unclear: those at a person's pace or with a practice's own patients, and one
without clean weeks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One incident of a plan; `damage` as `synthetic_data generate --damage` takes it."""

    preset: str
    scenario: str
    damage: str
    seed: int

    def name(self) -> str:
        """Give a name that can be a file's."""
        return f"{self.preset}-{self.scenario}-{self.damage}-{self.seed}".replace(":", "_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every scenario with every damage, `seeds` times, the first with seed FIRST_SEED."""

    preset: str
    scenarios: tuple[str, ...]
    damages: tuple[str, ...]
    seeds: int

    def incidents(
        self,
        seeds: Sequence[int] | None = None,
        preset: str | None = None,
        scenarios: Sequence[str] | None = None,
        damages: Sequence[str] | None = None,
    ) -> list[Incident]:
        """List the incidents, seed after seed, so that a study cut short has some of everything."""
        return [
            Incident(preset=preset or self.preset, scenario=scenario, damage=damage, seed=seed)
            for seed in seeds or range(FIRST_SEED, FIRST_SEED + self.seeds)
            for scenario in scenarios or self.scenarios
            for damage in damages or self.damages
        ]


FIRST_SEED = 1100  # judging seeds are 1000 and up
PLANS = {
    "undamaged": Plan(
        preset="demo",
        scenarios=tuple(name for name in SCENARIOS if name != QUIET),
        damages=(UNDAMAGED,),
        seeds=20,
    ),
    "damages": Plan(
        preset="demo",
        scenarios=("list_walk",),
        damages=(UNDAMAGED, "random_loss:0.2", "random_loss:0.5", *(name for name in DAMAGES if name != "random_loss")),
        seeds=3,
    ),
    "regional": Plan(
        preset="regional",
        scenarios=("list_walk", "rotating_addresses", "slow_many_accounts", "picks_real_patients"),
        damages=(UNDAMAGED,),
        seeds=2,
    ),
    "quiet": Plan(preset="demo", scenarios=(QUIET,), damages=(UNDAMAGED,), seeds=100),
}
