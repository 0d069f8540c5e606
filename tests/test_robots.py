"""What each robot promises, held against a small made-up world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from time import perf_counter
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from synthetic_data import portal
from synthetic_data.presets import MICROSECONDS_A_DAY, PRESETS, Preset
from synthetic_data.professions import NAMES
from synthetic_data.robots import SCENARIOS
from synthetic_data.robots.national_2024 import ANNOUNCED_SHARE
from synthetic_data.robots.world import World
from synthetic_data.traffic import NOTHING, TRAFFIC
from synthetic_data.workstations import PROGRAMS

SECOND = 1_000_000
HOUR = 3600 * SECOND
PEOPLE_A_CONTRACT = 2
HOLES = np.arange(1, 200_000) * 31 + 1
ATTACKS = sorted(set(SCENARIOS) - {"quiet"})
PHISHED = {NAMES.index(name) for name in ("optician", "hearing_aid", "dentist")}


@dataclass(frozen=True, slots=True)
class FakeWorld(World):
    """Contracts 0, 1, 2...: 63 % at the first operator, the last 54 % at the second, some at both.

    Asked by card, subject s carries number s + s // 30 + 2: after thirty cards comes a hole.
    """

    contracts: int = 0

    def subjects(self, operator: int) -> np.ndarray:
        rows = np.arange(self.contracts)
        return rows[: int(0.63 * self.contracts)] if operator == 0 else rows[int(0.46 * self.contracts) :]

    def listing_pages(self, operator: int) -> int:
        return -(-len(self.subjects(operator)) * PEOPLE_A_CONTRACT // portal.LISTING_ROWS)

    def unknown(self, near: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        if self.portal.subject_kind == "card_number":
            return -(rng.choice(HOLES, len(near)))
        return -(10**12 + near // 50 * 10**6 + rng.integers(0, 10**6, len(near)))

    def people(self, subjects: np.ndarray) -> np.ndarray:
        return np.full(len(subjects), PEOPLE_A_CONTRACT)

    def patients(self, account: int) -> np.ndarray:
        operator = int(self.professionals.accounts["operator"][account])
        return self.subjects(operator)[account % 7 :: 50][:40]


def professionals(count: int) -> Any:
    """Accounts by turns at two operators and, beyond them, twenty at a third; half of them opticians."""
    account = np.arange(count + 20)
    operator = np.where(account < count, account % 2, 2)
    profession = np.where(account % 4 < 2, NAMES.index("optician"), account % 7)
    accounts = pl.DataFrame(
        {
            "account": account.astype(np.int32),
            "operator": operator.astype(np.uint8),
            "practice_id": [f"cab-{number // 3}" for number in account.tolist()],
            "profession": profession,
            "department": [f"{number % 5:02}" for number in account.tolist()],
            "pattern": np.where(account % 10 == 9, "multi_shop", "ordinary"),
        }
    )
    browser = np.where(account % 20 == 19, PROGRAMS[0], account % 3)
    stations = SimpleNamespace(account=account, browser=browser, update_day=16 + account % 5)
    return SimpleNamespace(accounts=accounts, workstations=stations, spare_addresses=np.arange(5000, 25_000))


def population(contracts: int) -> Any:
    """The card numbers that a robot which counts will meet."""
    cards = np.arange(contracts)
    serial = cards + cards // 30 + 2
    parts = (serial[: int(0.63 * contracts)], serial[int(0.46 * contracts) :])
    return SimpleNamespace(registers=[SimpleNamespace(serial=part[::-1], unissued=HOLES) for part in parts])


def fake_world(name: str, contracts: int = 3000, preset: Preset = PRESETS["tiny"]) -> FakeWorld:
    return FakeWorld(
        preset=preset,
        portal=SCENARIOS[name].portal,
        population=population(contracts),
        professionals=professionals(preset.accounts),
        panels=None,  # type: ignore[arg-type]
        contracts=contracts,
    )


def attack(name: str, world: World, seed: int = 5) -> pl.DataFrame:
    return SCENARIOS[name].robot(world, np.random.default_rng(seed)).sort("account", "time", "page")


Robot = Callable[[str], pl.DataFrame]


@pytest.fixture(scope="module")
def robot() -> Robot:
    """Give a scenario's pages in the small world, drawn once."""
    drawn: dict[str, pl.DataFrame] = {}

    def give(name: str) -> pl.DataFrame:
        if name not in drawn:
            drawn[name] = attack(name, fake_world(name))
        return drawn[name]

    return give


def lookups(pages: pl.DataFrame) -> pl.DataFrame:
    return pages.filter(pl.col("subject") != NOTHING)


def found(pages: pl.DataFrame) -> pl.DataFrame:
    return pages.filter(pl.col("subject") >= 0)


def missed_share(pages: pl.DataFrame) -> float:
    return float((lookups(pages)["subject"] < NOTHING).to_numpy().mean())


def days(pages: pl.DataFrame) -> list[int]:
    since = pl.col("time") - PRESETS["tiny"].calendar.start_us
    return pages.select((since // MICROSECONDS_A_DAY).unique().sort()).to_series().to_list()


def local_hours(pages: pl.DataFrame) -> np.ndarray:
    return (pages["time"].to_numpy() % MICROSECONDS_A_DAY) / HOUR + 1


def gaps_seconds(pages: pl.DataFrame) -> np.ndarray:
    return lookups(pages).select(pl.col("time").diff().over("account").drop_nulls() / SECOND).to_series().to_numpy()


def people_shown(pages: pl.DataFrame) -> int:
    answered = found(pages).filter(pl.col("fate") == portal.ANSWERED)
    return answered["subject"].n_unique() * PEOPLE_A_CONTRACT


# What all of them promise.


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_a_robots_pages_are_traffic(name: str, robot: Robot):
    pages = robot(name)
    assert dict(pages.schema) == TRAFFIC
    assert pages.null_count().sum_horizontal().item() == 0
    assert (len(pages) == 0) == (name == "quiet")


@pytest.mark.parametrize("name", ATTACKS)
def test_a_robot_comes_neither_before_its_first_day_nor_after_the_log(name: str, robot: Robot):
    calendar, time = PRESETS["tiny"].calendar, robot(name)["time"].to_numpy()
    first = 0 if name == "active_from_day_one" else calendar.robot_from
    assert time.min() >= calendar.start_us + first * MICROSECONDS_A_DAY
    assert time.max() < calendar.end_us


@pytest.mark.parametrize("name", ATTACKS)
def test_the_same_random_numbers_give_the_same_robot_and_others_another(name: str, robot: Robot):
    world = fake_world(name)
    assert attack(name, world).equals(robot(name))
    assert not attack(name, world, seed=6).equals(robot(name))


@pytest.mark.parametrize("name", ATTACKS)
def test_a_robot_uses_ordinary_accounts_of_small_practices_at_their_own_operator(name: str, robot: Robot):
    pages = robot(name)
    accounts = professionals(PRESETS["tiny"].accounts).accounts
    used = pages.select("account", "operator").unique().join(accounts, on="account")
    assert (used["operator"] == used["operator_right"]).all()
    assert set(used["profession"]) <= PHISHED
    assert set(used["pattern"]) == {"ordinary"}
    assert set(used["operator"]) == {0, 1}
    assert len(used) == (4 if name == "slow_many_accounts" else PRESETS["tiny"].phished)
    assert set(pages["campaign"]) == {1}


@pytest.mark.parametrize("name", ATTACKS)
def test_every_login_has_its_own_number_one_account_one_browser_and_begins_with_the_login_page(name: str, robot: Robot):
    pages = robot(name)
    one = pages.sort("time").group_by("login", maintain_order=True)
    logins = one.agg(pl.col("page").first(), pl.col("account", "agent", "operator").n_unique(), pl.len())
    assert logins["login"].min() == 100_000_000
    assert set(logins["page"]) == {portal.LOGIN}
    assert (pages.filter(pl.col("page") == portal.LOGIN)["login"].is_duplicated()).sum() == 0
    assert (pages.filter(pl.col("page") == portal.HOME)["login"].n_unique()) == len(logins)
    assert logins.select(pl.col("account", "agent", "operator").max()).row(0) == (1, 1, 1)


@pytest.mark.parametrize("name", ATTACKS)
def test_one_accounts_logins_follow_each_other(name: str, robot: Robot):
    spans = (
        robot(name).group_by("account", "login").agg(pl.col("time").min().alias("a"), pl.col("time").max().alias("b"))
    )
    spans = spans.sort("account", "a").with_columns(pl.col("b").shift().over("account").alias("before"))
    assert spans.filter(pl.col("a") <= pl.col("before")).is_empty()


@pytest.mark.parametrize("name", ATTACKS)
def test_silence_of_more_than_half_an_hour_ends_a_login(name: str, robot: Robot):
    silence = lookups(robot(name)).select(pl.col("time").diff().over("account", "login")).to_series().drop_nulls()
    assert silence.max() <= 30 * 60 * SECOND  # type: ignore[operator]


@pytest.mark.parametrize("name", ATTACKS)
def test_a_robot_asks_from_addresses_that_nobody_works_from_with_browsers_of_its_day(name: str, robot: Robot):
    pages = robot(name)
    assert pages["address"].min() >= 5000  # type: ignore[operator]
    assert set(pages["agent"]) <= {0, 1, 2, 3, 4, 5}
    before = pages.filter(pl.col("time") < PRESETS["tiny"].calendar.start_us + 16 * MICROSECONDS_A_DAY)
    assert set(before.group_by("login").agg(pl.col("time").min(), pl.col("agent").first())["agent"]) <= {0, 2, 4}


@pytest.mark.parametrize("name", ATTACKS)
def test_only_lookups_ask_for_somebody_and_only_they_fail(name: str, robot: Robot):
    pages = robot(name)
    asking = portal.LISTING if name == "listing_pages" else portal.RIGHTS
    assert set(lookups(pages)["page"]) == {asking}
    assert asking not in set(pages.filter(pl.col("subject") == NOTHING)["page"])
    assert set(pages.filter(pl.col("page") != asking)["fate"]) == {portal.ANSWERED}


@pytest.mark.parametrize("name", ATTACKS)
def test_lookups_ask_for_what_the_operator_has_or_for_numbers_of_nobody(name: str, robot: Robot):
    world = fake_world(name)
    for operator in (0, 1):
        asked = found(robot(name).filter(pl.col("operator") == operator))["subject"].to_numpy()
        known = np.arange(world.listing_pages(operator)) if name == "listing_pages" else world.subjects(operator)
        assert np.isin(asked, known).all()
    low, high = (0.20, 0.99) if name == "nir_guessing" else (0.0, 0.10)
    assert low <= missed_share(robot(name)) <= high


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("contracts", [12, 500])
def test_a_robot_finds_its_way_in_a_very_small_world(name: str, contracts: int):
    pages = attack(name, fake_world(name, contracts))
    assert dict(pages.schema) == TRAFFIC


@pytest.mark.parametrize("name", ATTACKS)
def test_a_robot_finds_its_way_with_one_day_left_and_one_account(name: str):
    calendar = replace(PRESETS["tiny"].calendar, days=11, robot_from=10)
    preset = replace(PRESETS["tiny"], calendar=calendar, phished=1, accounts=60)
    pages = attack(name, fake_world(name, 2000, preset))
    assert pages["time"].max() < calendar.end_us  # type: ignore[operator]


@pytest.mark.parametrize("name", ["list_walk", "slow_many_accounts", "rotating_addresses", "national_2024"])
def test_two_million_contracts_take_seconds(name: str):
    preset = replace(PRESETS["national"], people=4_000_000, accounts=25_000, requests=20_000_000)
    started = perf_counter()
    pages = attack(name, fake_world(name, 2_000_000, preset))
    assert perf_counter() - started < 20
    assert len(pages) > 100_000


# What each of them promises.


def test_nobody_comes_in_a_quiet_case(robot: Robot):
    assert robot("quiet").is_empty()


def test_a_list_walk_asks_for_each_number_once_at_an_operator_in_no_order(robot: Robot):
    asked = lookups(robot("list_walk"))
    assert not asked.select("operator", "subject").is_duplicated().any()
    assert len(found(asked)) == pytest.approx(0.40 * 1.17 * 3000, rel=0.08)
    assert 0.015 < missed_share(asked) < 0.035
    for _, mine in asked.group_by("account"):
        order = mine.sort("time")["subject"].to_numpy()
        assert abs(np.corrcoef(order, np.arange(len(order)))[0, 1]) < 0.2


def test_a_list_walk_asks_at_a_sensible_pace_from_two_or_three_addresses_an_account(robot: Robot):
    pages = robot("list_walk")
    assert 1 / 1.5 < np.median(gaps_seconds(pages)) < 1 / 0.3
    addresses = pages.group_by("account").agg(pl.col("address").n_unique())["address"]
    assert set(addresses) <= {2, 3}
    assert pages.group_by("address").agg(pl.col("account").n_unique())["account"].max() == 1
    assert 2 <= len(days(pages)) <= 5


def test_whoever_is_on_the_list_is_asked_for_at_both_operators(robot: Robot):
    asked = found(robot("list_walk"))
    first, second = (set(asked.filter(pl.col("operator") == o)["subject"]) for o in (0, 1))
    at_both = range(int(0.46 * 3000), int(0.63 * 3000))
    assert {s for s in first if s in at_both} == {s for s in second if s in at_both}


def test_a_guesser_misses_most_of_the_time_and_never_finds_the_same_people_twice():
    shares = [missed_share(attack("nir_guessing", fake_world("nir_guessing"), seed)) for seed in range(12)]
    assert min(shares) >= 0.20
    assert max(shares) <= 0.99
    assert max(shares) - min(shares) > 0.3
    assert (
        not found(attack("nir_guessing", fake_world("nir_guessing")))
        .select("operator", "subject")
        .is_duplicated()
        .any()
    )


def test_a_guesser_works_through_the_months_of_birth_in_order(robot: Robot):
    for _, mine in lookups(robot("nir_guessing")).group_by("account"):
        digits = -mine.filter(pl.col("subject") < NOTHING).sort("time")["subject"].to_numpy()
        assert (np.diff(digits // 10**6) >= 0).all()


def test_a_contract_walk_counts_upwards_over_every_hole(robot: Robot):
    for _, mine in lookups(robot("contract_walk")).group_by("account"):
        subject = mine.sort("time")["subject"].to_numpy()
        number = np.where(subject >= 0, subject + subject // 30 + 2, -subject)
        assert (np.diff(number) == 1).all()
    assert 0.02 < missed_share(robot("contract_walk")) < 0.05
    assert SCENARIOS["contract_walk"].portal.subject_kind == "card_number"


def test_a_robot_that_leafs_takes_the_lists_pages_in_order(robot: Robot):
    pages = lookups(robot("listing_pages"))
    for _, mine in pages.group_by("account"):
        assert (np.diff(mine.sort("time")["subject"].to_numpy()) == 1).all()
    for _, mine in pages.group_by("operator"):
        assert mine["subject"].min() == 0
        assert not mine["subject"].is_duplicated().any()
    assert SCENARIOS["listing_pages"].portal.searchable


def test_a_burst_is_over_within_one_day_at_sixty_requests_a_second_at_most(robot: Robot):
    assert len(days(robot("burst"))) == 1
    large = attack("burst", fake_world("burst", 400_000, replace(PRESETS["tiny"], phished=60, accounts=1000)))
    for pages in (robot("burst"), large):
        assert np.ptp(pages["time"].to_numpy() + HOUR) < MICROSECONDS_A_DAY
        assert pages.group_by(pl.col("time") // SECOND).len()["len"].max() <= 60  # type: ignore[operator]
    assert np.median(gaps_seconds(robot("burst"))) < 0.3


def test_a_slow_robot_uses_three_percent_of_the_logins_like_people():
    preset = replace(PRESETS["tiny"], accounts=2000)
    pages = attack("slow_many_accounts", fake_world("slow_many_accounts", 50_000, preset))
    assert pages["account"].n_unique() == pytest.approx(0.03 * 2000, abs=1)
    assert 60 < np.median(gaps_seconds(pages)) < 300
    asked = lookups(pages)
    weekday = np.array([(day + preset.calendar.start.weekday()) % 7 for day in days(asked)])
    assert set(weekday) == {0, 1, 2, 3, 4}
    assert max(days(asked)) - min(days(asked)) >= 8
    hours = local_hours(asked)
    assert hours.min() > 8.5
    assert hours.max() < 19
    assert ((hours > 12.7) & (hours < 13.3)).mean() < 0.01
    a_day = asked.group_by("account", pl.col("time") // MICROSECONDS_A_DAY).len()["len"]
    assert 8 <= a_day.median() <= 40  # type: ignore[operator]
    assert 0.04 < missed_share(pages) < 0.08
    assert (pages.group_by("account").agg(pl.col("agent").n_unique())["agent"] == 1).all()


def test_rotating_addresses_change_every_few_dozen_lookups(robot: Robot):
    pages = lookups(robot("rotating_addresses"))
    run = (pl.col("address") != pl.col("address").shift()).fill_null(True).cum_sum().over("account")
    lengths = pages.sort("account", "time").group_by("account", run.alias("run")).len()["len"]
    assert lengths.max() <= 60  # type: ignore[operator]
    assert 20 <= lengths.median() <= 60  # type: ignore[operator]
    assert pages["address"].n_unique() > 0.9 * len(lengths)
    assert pages["agent"].n_unique() > 2
    several = pages.group_by("login").agg(pl.col("address").n_unique())["address"]
    assert (several > 1).any()
    assert (several == 1).any()


def test_a_robot_in_a_shared_account_asks_while_its_owner_works(robot: Robot):
    pages = robot("shared_account")
    hours = local_hours(pages)
    assert hours.min() > 8.5
    assert hours.max() < 19
    assert not any((day + PRESETS["tiny"].calendar.start.weekday()) % 7 > 4 for day in days(pages))
    assert len(days(pages)) >= 3


def test_a_restarted_walk_asks_again_after_time_outs_and_begins_again_from_earlier(robot: Robot):
    asked = lookups(robot("restarted_walk")).sort("account", "time")
    late = asked.with_columns(pl.col("subject").shift(-1).over("account").alias("next"))
    timed_out = late.filter(pl.col("fate") == portal.TIMED_OUT).drop_nulls()
    assert (timed_out["subject"] == timed_out["next"]).mean() > 0.9  # type: ignore[operator]
    assert 0.005 < (asked["fate"] == portal.TIMED_OUT).mean() < 0.05  # type: ignore[operator]
    for _, mine in asked.group_by("account"):
        subject = mine.sort("time")["subject"].to_list()
        again = [subject.index(s) for s in subject]
        stretches = np.flatnonzero(np.diff(again) < -10)
        assert len(stretches) >= 2
    twice = found(asked).group_by("operator", "subject").len().filter(pl.col("len") > 1)
    assert len(twice) > 0.1 * found(asked)["subject"].n_unique()


def test_a_robot_that_knows_the_files_asks_for_patients_of_its_accounts_and_their_neighbours(robot: Robot):
    world, pages = fake_world("picks_real_patients"), robot("picks_real_patients")
    accounts = world.professionals.accounts
    for (account,), mine in found(pages).group_by("account"):
        own = world.patients(int(account))  # type: ignore[call-overload]
        near = accounts.filter(
            pl.col("operator") == accounts["operator"][int(account)],  # type: ignore[call-overload]
            pl.col("department") == accounts["department"][int(account)],  # type: ignore[call-overload]
        )["account"].to_list()
        files = np.concatenate([world.patients(one) for one in near])
        assert np.isin(own, mine["subject"].to_numpy()).all()
        assert np.isin(mine["subject"].to_numpy(), files).all()
        assert len(mine) > len(own)


def test_a_robot_that_was_always_there_asks_on_every_day_and_its_case_declares_no_clean_weeks(robot: Robot):
    pages = lookups(robot("active_from_day_one"))
    assert days(pages) == list(range(21))
    for _, mine in pages.group_by("account"):
        assert days(mine) == list(range(21))
    assert not SCENARIOS["active_from_day_one"].clean
    assert all(scenario.clean for name, scenario in SCENARIOS.items() if name != "active_from_day_one")


def test_one_robot_at_two_operators_comes_days_apart_for_overlapping_people():
    assert SCENARIOS["two_operators"].third_operator
    for seed in range(8):
        pages = attack("two_operators", fake_world("two_operators"), seed)
        first, second = (pages.filter(pl.col("operator") == operator) for operator in (0, 1))
        assert second["time"].min() - first["time"].max() > MICROSECONDS_A_DAY  # type: ignore[operator]
        assert len(set(found(first)["subject"]) & set(found(second)["subject"])) > 0.1 * 0.5 * 3000
        assert set(first["address"]) & set(second["address"])
        assert set(pages["operator"]) == {0, 1}


def test_the_national_incident_shows_as_many_people_as_were_announced(robot: Robot):
    assert people_shown(robot("national_2024")) == pytest.approx(ANNOUNCED_SHARE * 6000, rel=0.03)


def test_where_33_million_is_the_perimeter_far_fewer_are_shown(robot: Robot):
    scenario = SCENARIOS["national_2024:perimeter_only"]
    assert scenario.people_share == ANNOUNCED_SHARE
    assert people_shown(robot(scenario.name)) == pytest.approx(0.07 * 6000, rel=0.25)


def test_where_33_million_is_lines_as_many_records_are_returned_of_far_fewer_people(robot: Robot):
    pages = robot("national_2024:lines_not_people")
    answered = found(pages).filter(pl.col("fate") == portal.ANSWERED)
    assert len(answered) * PEOPLE_A_CONTRACT == pytest.approx(ANNOUNCED_SHARE * 6000, rel=0.03)
    assert people_shown(pages) == pytest.approx(0.22 * 6000, rel=0.15)
    at_first = answered.filter(pl.col("operator") == 0)
    by_accounts = at_first.group_by("subject").agg(pl.col("account").n_unique())["account"]
    assert (by_accounts > 1).mean() > 0.5  # type: ignore[operator]


@pytest.mark.parametrize("name", [name for name in ATTACKS if name.startswith("national")])
def test_the_national_incident_keeps_the_known_dates_in_all_three_worlds(name: str):
    preset = replace(PRESETS["national"], people=40_000, accounts=1000)
    for seed in range(6):
        pages = attack(name, fake_world(name, 20_000, preset), seed)
        day = (pages["time"] - preset.calendar.start_us) // MICROSECONDS_A_DAY
        first, second = (day.filter(pages["operator"] == operator) for operator in (0, 1))
        assert first.min() == 21  # 22 January
        assert 24 <= first.max() <= 27  # type: ignore[operator]  # 25 to 28 January
        assert second.min() >= 25  # type: ignore[operator]  # 26 January
        assert 29 <= second.max() <= 32  # type: ignore[operator]  # 30 January to 2 February
        assert pages["account"].n_unique() == preset.phished
