"""Make a case: draw the world, let the robot in, write evidence, declaration, key and truth."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
from numpy.random import Generator

from synthetic_data import damages, truth
from synthetic_data.attack import Attack, attack_of
from synthetic_data.background import background
from synthetic_data.casefile import write_case_file
from synthetic_data.claims import claim_chances
from synthetic_data.damages.plan import Plan, Scene
from synthetic_data.formats import FORMATS, Form
from synthetic_data.incident import Operator, Outlet, live, requests_to_write
from synthetic_data.operators import OPERATORS, SERVERS_EACH, insurer_shares
from synthetic_data.panels import draw_panels
from synthetic_data.population import Population, draw_population
from synthetic_data.presets import MICROSECONDS_A_DAY, PRESETS, Preset
from synthetic_data.professionals import draw_professionals
from synthetic_data.recipe import Recipe, UsageError, replaced_at_end, room_for, write_recipe
from synthetic_data.registers import (
    ACCOUNTS,
    BESIDE_ACCOUNTS,
    BESIDE_REGISTER,
    REGISTER,
    Gateway,
    accounts_table,
    counters_table,
    register_blocks,
    renamed,
)
from synthetic_data.robots import SCENARIOS, Scenario
from synthetic_data.robots.world import World
from synthetic_data.shown import answers_of
from synthetic_data.streams import RandomStreams
from synthetic_data.tables import table_file

Say = Callable[[str], None]
CLOSES_AFTER_DAYS = 3  # a third operator shuts its portal so long after the robot came to the others


def check(recipe: Recipe) -> damages.Asked:
    """Raise UsageError, naming what is offered, for what cannot be asked for; give the damages asked for."""
    offers = {"preset": PRESETS, "scenario": SCENARIOS, "format": FORMATS}
    for option, offered in offers.items():
        asked = getattr(recipe, option)
        if asked not in offered:
            raise UsageError(f"--{option} {asked}: not offered; choose from {', '.join(offered)}")
    preset = PRESETS[recipe.preset]
    if recipe.format not in preset.formats:
        raise UsageError(
            f"--format {recipe.format}: not offered with --preset {preset.name}; "
            f"choose from {', '.join(preset.formats)}"
        )
    if recipe.seed < 0:
        raise UsageError(f"--seed {recipe.seed}: expected a whole number from 0")
    return damages.parse(recipe.damage)


def generate(recipe: Recipe, out: Path, say: Say) -> None:
    """Write the case of `recipe` to `out`; `say` gets one line a phase, never a person's data.

    Raises:
        UsageError: the recipe or the folder cannot be; nothing is written then.
        OSError: the disk has no room for it, or went away.
    """
    asked = check(recipe)
    room_for(PRESETS[recipe.preset], FORMATS[recipe.format].bytes_a_line, out)
    with replaced_at_end(out) as partial:
        write_case(recipe, PRESETS[recipe.preset], asked, partial, say)


@dataclass(slots=True)
class Draft:
    """A case in the making: what all its writers share."""

    folder: Path
    preset: Preset
    scenario: Scenario
    form: Form
    streams: RandomStreams
    say: Say
    outlets: list[Outlet] = field(default_factory=list)

    @property
    def operators(self) -> int:
        """How many operators the case has."""
        return 3 if self.scenario.third_operator else 2

    def place(self, operator: int) -> Path:
        """Folder of an operator's evidence."""
        return self.folder / "case" / "evidence" / OPERATORS[operator].lower()


def draw_world(draft: Draft) -> World:
    """Draw everything that exists before a robot comes."""
    preset, scenario = draft.preset, draft.scenario
    people = round(preset.people * scenario.people_share)
    draft.say(f"people: {people:,}")
    insurers = insurer_shares(preset.insurers, draft.operators)
    population = draw_population(preset, people, insurers, draft.streams)
    professionals = draw_professionals(preset, draft.operators, draft.streams)
    draft.say(f"accounts: {len(professionals.accounts):,}")
    panels = draw_panels(professionals, population, preset.departments, draft.streams)
    return World(preset, scenario.portal, population, professionals, panels)


def write_case(recipe: Recipe, preset: Preset, asked: damages.Asked, folder: Path, say: Say) -> None:
    """Write case/, case.key and truth/ into an empty folder."""
    scenario = SCENARIOS[recipe.scenario]
    draft = Draft(folder, preset, scenario, FORMATS[recipe.format], RandomStreams(recipe.seed), say)
    world = draw_world(draft)
    robot = attack_of(scenario.robot(world, draft.streams("robot")), draft.operators, preset.calendar)
    say(f"the robot's requests: {robot.requests:,}")
    plan = damages.draw_plan(asked, _scene(draft, robot), draft.streams("damages"))
    (folder / "truth").mkdir()
    for operator in range(draft.operators):
        draft.place(operator).mkdir(parents=True)
    # Registers are written beside the traffic: two threads, whatever the number of cores.
    with background() as registers:
        for operator in range(draft.operators):
            registers.do(partial(_write_register, draft, world.population, operator, plan, registers.given_up))
        _write_traffic(draft, world, robot, plan)
    say("truth")
    members = _write_people(draft, world, robot)
    write_case_file(
        folder / "case",
        form=draft.form,
        asked=scenario.portal,
        case_id=recipe.name(),
        calendar=preset.calendar,
        clean=scenario.clean,
        suspected_from=suspected_from(preset, robot),
        members=members,
        operators=draft.operators,
        outages=plan.outages(),
    )
    write_key(folder / "case.key", draft.streams("key"))
    write_recipe(folder, recipe)


def _write_register(
    draft: Draft, population: Population, operator: int, plan: Plan, given_up: Callable[[], bool]
) -> None:
    """Write one operator's register, unless the case is given up meanwhile."""
    with table_file(draft.place(operator) / "register.parquet") as register:
        blocks = register_blocks(population, operator, draft.preset.departments, draft.streams)
        for number, block in enumerate(blocks):
            if given_up():
                return
            damaged = plan.register(block, operator, draft.streams("register damage", operator, number))
            register.write(renamed(damaged, REGISTER, BESIDE_REGISTER))


def _write_traffic(draft: Draft, world: World, robot: Attack, plan: Plan) -> None:
    """Let each operator's days pass, one operator after the other; write logs, claims, counters and true requests."""
    until = [_closing(world, robot, operator) for operator in range(draft.operators)]
    wanted = requests_to_write(world, robot.requests, until)
    chances = claim_chances(world.professionals, world.panels)
    told = Progress(draft.say, draft.preset.requests)
    with ExitStack() as files:
        requests = files.enter_context(table_file(draft.folder / "truth" / "requests.parquet"))
        tasks = files.enter_context(background())
        for operator in range(draft.operators):
            place = draft.place(operator)
            with draft.form.open(place, world.portal) as log, table_file(place / "claims.parquet") as claims:
                answers = answers_of(world.population, operator, world.portal)
                gateway = Gateway(world.calendar)
                outlet = Outlet(answers, log, claims, requests, plan, gateway, draft.streams)
                days = Operator(world, outlet, robot.take(operator), wanted[operator], until[operator], chances)
                live(days, tasks, told.step)
                tasks.settle()
            draft.outlets.append(outlet)
            windows = counters_table(plan.counters(gateway.windows(operator), operator), draft.form.has_server)
            _write_one(place / "counters.parquet", windows)
            accounts = accounts_table(world.professionals, operator, world.calendar.days)
            _write_one(place / "accounts.parquet", renamed(accounts, ACCOUNTS, BESIDE_ACCOUNTS))


def _closing(world: World, robot: Attack, operator: int) -> int:
    """When a portal stops answering: the third operator shuts its own some days after the robot came to the others."""
    if operator < 2 or robot.first_us is None:
        return world.calendar.end_us
    day = (robot.first_us - world.calendar.start_us) // MICROSECONDS_A_DAY + CLOSES_AFTER_DAYS
    return min(world.calendar.end_us, world.calendar.start_us + day * MICROSECONDS_A_DAY)


def _write_one(path: Path, table: pl.DataFrame) -> None:
    with table_file(path) as file:
        file.write(table)


def _write_people(draft: Draft, world: World, robot: Attack) -> dict[tuple[str, str], int]:
    """Write truth/people, accounts and summary; give the people each operator has of each insurer."""
    folder = draft.folder / "truth"
    shown, logged, perimeter = truth.Tally(), truth.Tally(), truth.Tally()
    used = {OPERATORS[operator] for operator in robot.days}
    last_day = np.iinfo(np.int32).max if robot.last_us is None else robot.last_us // MICROSECONDS_A_DAY
    members: dict[tuple[str, str], int] = {}
    with table_file(folder / "people.parquet") as file, background() as tasks:
        for block in truth.people_blocks(world.population, [outlet.answers for outlet in draft.outlets]):
            tasks.do(partial(file.write, block.select(truth.PEOPLE)))
            shown.add(block.filter("shown"), block)
            logged.add(block.filter("shown_logged"), block)
            reachable = block.filter(pl.col("since") <= last_day)
            perimeter.add(reachable.filter(pl.col("operator").is_in(used)) if used else reachable, block)
            for operator, insurer, count in block.group_by("operator", "insurer").len().iter_rows():
                members[operator, insurer] = members.get((operator, insurer), 0) + count
    accounts = _true_accounts(world, robot, draft.operators)
    _write_one(folder / "accounts.parquet", accounts)
    total = draft.outlets[0].requests.rows
    truth.write_summary(
        folder,
        {
            "people_shown": shown.counts(),
            "people_shown_logged": logged.counts(),
            "perimeter": perimeter.counts(),
        },
        accounts={"total": len(accounts), "used_by_robot": int(accounts["used_by_robot"].sum())},
        requests={"total": total, "scraping": sum(outlet.scraping for outlet in draft.outlets)},
        records={"shown": sum(outlet.records for outlet in draft.outlets)},
    )
    draft.say(f"people shown to the robot: {shown.people:,}")
    return members


def _true_accounts(world: World, robot: Attack, operators: int) -> pl.DataFrame:
    """One account: operator, account_id, used_by_robot, pattern; in the order of operators and logins."""
    accounts = world.professionals.accounts
    names = pl.Series(OPERATORS[:operators])
    return accounts.select(
        names.gather(accounts["operator"]).alias("operator"),
        "account_id",
        pl.col("account").is_in(pl.Series(robot.accounts).implode()).alias("used_by_robot"),
        "pattern",
    ).sort("operator", "account_id")


def _scene(draft: Draft, robot: Attack) -> Scene:
    """Say what a damage may know of the case it happens to."""
    names = OPERATORS[: draft.operators]
    return Scene(
        calendar=draft.preset.calendar,
        operators=names,
        servers={name: tuple(f"{name.lower()}-web-{n + 1}" for n in range(SERVERS_EACH)) for name in names},
        robot_days={names[operator]: days for operator, days in robot.days.items()},
    )


def suspected_from(preset: Preset, robot: Attack) -> datetime:
    """Midnight UTC of the robot's first day; without a robot, the first day no longer known clean."""
    calendar = preset.calendar
    if robot.first_us is None:
        return calendar.start + timedelta(days=calendar.clean_days)
    return datetime(1970, 1, 1) + timedelta(days=robot.first_us // MICROSECONDS_A_DAY)


class Progress:
    """Says how far the traffic is, at every twentieth of the requests at most."""

    def __init__(self, say: Say, total: int) -> None:
        self._say, self._total = say, total
        self._done = self._told = 0

    def step(self, count: int) -> None:
        """Count the requests of one more piece."""
        self._done += count
        if self._done - self._told >= self._total / 20 or self._done >= self._total:
            self._told = self._done
            self._say(f"requests: {self._done:,} of about {self._total:,}")


def write_key(path: Path, rng: Generator) -> None:
    """Write 32 bytes as 64 hexadecimal digits, for the owner alone."""
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(rng.bytes(32).hex() + "\n", encoding="ascii")
