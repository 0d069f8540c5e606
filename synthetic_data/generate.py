"""Make a case: draw the world, let the robot in, write evidence, declaration, key and truth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.random import Generator, SeedSequence

from synthetic_data import portal, targets
from synthetic_data.assemble import answer_traffic, with_names, with_sessions
from synthetic_data.casefile import write_case_file
from synthetic_data.evidence import FORMATS, write_evidence
from synthetic_data.honest import draw_honest, with_static_files
from synthetic_data.operators import insurer_shares
from synthetic_data.population import draw_population
from synthetic_data.presets import PRESETS
from synthetic_data.professionals import draw_professionals
from synthetic_data.recipe import Recipe, UsageError, replaced_at_end, write_recipe
from synthetic_data.robots import SCENARIOS
from synthetic_data.robots.world import World
from synthetic_data.truth import write_truth

DAMAGES = {"none": "every line is there"}

# One independent stream of random numbers each; a new one goes at the end, so that the others stay.
COMPONENTS = (
    "population", "professionals", "visits", "claims", "browsing", "static", "robot", "answers", "key",
)  # fmt: skip


def streams(seed: int) -> dict[str, Generator]:
    """Start the random generators, by component."""
    children = SeedSequence(seed).spawn(len(COMPONENTS))
    return {name: np.random.Generator(np.random.PCG64(child)) for name, child in zip(COMPONENTS, children, strict=True)}


def check(recipe: Recipe) -> None:
    """Raise UsageError, naming what is offered, for an unknown preset, scenario, damage or format."""
    offers = {"preset": PRESETS, "scenario": SCENARIOS, "damage": DAMAGES, "format": FORMATS}
    for option, offered in offers.items():
        asked = getattr(recipe, option)
        if asked not in offered:
            raise UsageError(f"--{option} {asked}: not offered; choose from {', '.join(offered)}")
    if recipe.seed < 0:
        raise UsageError(f"--seed {recipe.seed}: expected a whole number from 0")


def suspected_from(robot: pl.DataFrame) -> datetime:
    """Midnight UTC of the robot's first day; without a robot, the first day no longer known clean."""
    if len(robot) == 0:
        return targets.LOG_START + timedelta(days=targets.CLEAN_DAYS)
    first_day = int(robot.select(pl.col("time").min()).item()) // portal.MICROSECONDS_A_DAY
    return datetime(1970, 1, 1) + timedelta(days=first_day)


def generate(recipe: Recipe, out: Path, say: Callable[[str], None]) -> None:
    """Write the case of `recipe` to `out`; `say` gets one line a phase, never a person's data."""
    check(recipe)
    with replaced_at_end(out) as partial:
        write_case(recipe, partial, say)


def write_case(recipe: Recipe, folder: Path, say: Callable[[str], None]) -> None:
    """Write case/, case.key and truth/ into an empty folder."""
    preset, rng = PRESETS[recipe.preset], streams(recipe.seed)
    say(f"people: {preset.people:,}")
    insurers = insurer_shares(preset.insurers)
    population = draw_population(preset.people, preset.departments, insurers, rng["population"])
    professionals = draw_professionals(preset, rng["professionals"])
    say(f"accounts: {preset.accounts:,}")
    honest, claims = draw_honest(professionals, population, preset.departments, rng)
    robot = SCENARIOS[recipe.scenario].robot(World(preset, population, professionals), rng["robot"])
    static = with_static_files(honest, preset.requests - len(robot), rng["static"])
    end = int(np.datetime64(targets.LOG_END, "us").astype(np.int64))
    traffic = pl.concat([honest, static, robot]).filter(pl.col("time") < end)
    say(f"requests: {len(traffic):,}")
    answered, shown = answer_traffic(traffic, population, rng["answers"])
    requests = with_sessions(with_names(answered, professionals))
    case, truth = folder / "case", folder / "truth"
    case.mkdir()
    truth.mkdir()
    say("evidence")
    write_evidence(
        case / "evidence",
        form=recipe.format,
        requests=requests,
        claims=claims,
        population=population,
        professionals=professionals,
    )
    write_case_file(
        case,
        form=recipe.format,
        case_id=recipe.name(),
        suspected_from=suspected_from(robot),
        population=population,
    )
    say("truth")
    write_truth(truth, population, professionals.accounts, requests, shown)
    write_key(folder / "case.key", rng["key"])
    write_recipe(folder, recipe)


def write_key(path: Path, rng: Generator) -> None:
    """Write 32 bytes as 64 hexadecimal digits, for the owner alone."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(rng.bytes(32).hex() + "\n", encoding="ascii")
