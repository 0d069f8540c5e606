"""The invented accounts meet every share of `professions`, and their numbers belong to nobody."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.stats import lognorm
from stdnum import iban, luhn
from stdnum.fr import siret
from synthetic_cases import near, share

from synthetic_data.contracts import department_weights
from synthetic_data.presets import PRESETS
from synthetic_data.professionals import (
    Professionals,
    account_levels,
    daily_sigma,
    draw_professionals,
    total_sigma,
)
from synthetic_data.professions import NAMES, PATTERNS, PROFESSIONS, Profession
from synthetic_data.streams import RandomStreams
from synthetic_data.workstations import AGENTS, BROWSERS

ORDINARY_PROFESSIONS = PROFESSIONS[:7]
LOG_DAYS = 21


def drawn(accounts: int, operators: int = 2, preset: str = "demo") -> Professionals:
    return draw_professionals(replace(PRESETS[preset], accounts=accounts), operators, RandomStreams(3))


@pytest.fixture(scope="module")
def many() -> Professionals:
    """20,000 ordinary accounts on the demo's days, and the hard negatives that go with them."""
    return drawn(20_000)


@pytest.fixture(scope="module")
def stations(many: Professionals) -> pl.DataFrame:
    """Every place that an account works from, with its account."""
    places = many.workstations
    table = pl.DataFrame({name: getattr(places, name) for name in ("account", "address", "browser", "update_day")})
    return table.join(many.accounts.select("account", "pattern", "practice_id"), on="account", maintain_order="left")


def of_pattern(table: pl.DataFrame, name: str) -> pl.DataFrame:
    return table.filter(pl.col("pattern") == name)


# Professions


def test_the_professions_are_those_of_a_portal_for_third_party_payment():
    assert {figures.name: figures.share for figures in ORDINARY_PROFESSIONS} == {
        "optician": 0.45, "hearing_aid": 0.20, "dentist": 0.15, "pharmacy": 0.08, "laboratory": 0.04,
        "hospital": 0.04, "nurse": 0.04,
    }  # fmt: skip
    assert sum(figures.share for figures in PROFESSIONS) == pytest.approx(1)


@pytest.mark.parametrize("figures", ORDINARY_PROFESSIONS, ids=lambda figures: figures.name)
def test_each_profession_has_its_share_of_the_ordinary_accounts(many: Professionals, figures: Profession):
    ordinary = of_pattern(many.accounts, "ordinary")
    assert share(ordinary["profession"] == NAMES.index(figures.name)) == pytest.approx(figures.share, abs=0.0005)


def test_there_are_as_many_ordinary_accounts_as_asked_for_55_percent_of_them_at_the_first_operator(many: Professionals):
    ordinary = of_pattern(many.accounts, "ordinary")
    assert ordinary["operator"].value_counts().sort("operator").rows() == [(0, 11_000), (1, 9_000)]


def test_a_third_operator_has_its_own_accounts_on_top():
    ordinary = of_pattern(drawn(1_000, operators=3).accounts, "ordinary")
    assert ordinary["operator"].value_counts().sort("operator").rows() == [(0, 550), (1, 450), (2, 100)]


@pytest.mark.parametrize("figures", ORDINARY_PROFESSIONS, ids=lambda figures: figures.name)
def test_a_professions_lookups_have_the_median_and_the_99th_percentile_of_its_target(figures: Profession):
    """Over many accounts and days: the level of the account times the noise of the day."""
    random, index = np.random.default_rng(3), NAMES.index(figures.name)
    levels = account_levels(np.full(4000, index), random)
    days = levels[:, None] * np.exp(daily_sigma(figures) * random.standard_normal((4000, 20)))
    assert np.median(days) == pytest.approx(figures.lookups_median, rel=0.05)
    assert np.quantile(days, 0.99) == pytest.approx(figures.lookups_p99, rel=0.10)


def test_the_spread_of_a_lognormal_is_that_of_its_median_and_99th_percentile():
    optician = PROFESSIONS[0]
    assert lognorm(total_sigma(optician), scale=8).ppf(0.99) == pytest.approx(40)


def test_claim_shares_are_those_of_the_professions_on_average_and_differ_between_accounts(many: Professionals):
    for figures in ORDINARY_PROFESSIONS:
        index = NAMES.index(figures.name)
        shares = of_pattern(many.accounts, "ordinary").filter(pl.col("profession") == index)["claim_share"].to_numpy()
        # Beta of concentration 18: variance m (1 - m) / 19.
        error = np.sqrt(figures.claim_share * (1 - figures.claim_share) / 19 / len(shares))
        assert shares.mean() == pytest.approx(figures.claim_share, abs=4.5 * error)
        assert shares.std() == pytest.approx(error * np.sqrt(len(shares)), rel=0.15)


# Hard negatives


def test_every_hard_negative_is_described_in_a_line():
    assert [pattern.name for pattern in PATTERNS] == [
        "billing_desk", "multi_shop", "nightly_batch", "concentrator", "new_practice", "seldom_bills", "auditor",
    ]  # fmt: skip
    assert all(len(pattern.about) > 40 and "\n" not in pattern.about for pattern in PATTERNS)


@pytest.mark.parametrize(
    ("name", "a_thousand"),
    [
        ("billing_desk", 3), ("multi_shop", 4), ("nightly_batch", 1), ("concentrator", 1), ("new_practice", 8),
        ("seldom_bills", 8), ("auditor", 1),
    ],
)  # fmt: skip
def test_hard_negatives_are_so_many_for_a_thousand_ordinary_accounts(many: Professionals, name: str, a_thousand: int):
    assert len(of_pattern(many.accounts, name)) == a_thousand * 20


@pytest.mark.parametrize("preset", ["tiny", "demo"])
def test_every_operator_has_at_least_one_of_each_however_small_the_case(preset: str):
    accounts = drawn(PRESETS[preset].accounts, preset=preset).accounts
    alone = accounts.filter(pl.col("pattern") != "ordinary").group_by("operator").agg(pl.col("pattern").n_unique())
    assert alone.sort("operator").rows() == [(0, 7), (1, 7)]


def test_a_billing_desk_is_one_address_with_several_workstations(stations: pl.DataFrame):
    desk = of_pattern(stations, "billing_desk").group_by("account").agg(pl.len(), pl.col("address").n_unique())
    assert set(desk["len"]) == {6}
    assert set(desk["address"]) == {1}


def test_a_chain_of_shops_is_one_login_at_a_dozen_addresses(stations: pl.DataFrame):
    chain = of_pattern(stations, "multi_shop").group_by("account").agg(pl.len(), pl.col("address").n_unique())
    assert set(chain["len"]) == set(chain["address"]) == {12}


def test_batches_and_concentrators_are_programs_and_nobody_else_is(stations: pl.DataFrame):
    programs = [index for index, (text, *_) in enumerate(BROWSERS) if "Mozilla" not in text]
    mechanical = pl.col("pattern").is_in(["nightly_batch", "concentrator"])
    assert set(stations.filter(mechanical)["browser"]) == set(programs)
    assert not set(stations.filter(~mechanical)["browser"]) & set(programs)


def test_the_kinds_of_account_are_those_a_portal_knows(many: Professionals):
    kinds = many.accounts.group_by("pattern").agg(pl.col("account_kind").unique().sort())
    assert {name: set(found) for name, found in kinds.iter_rows()} == {
        "ordinary": {"person", "practice"}, "billing_desk": {"practice"}, "multi_shop": {"practice"},
        "nightly_batch": {"software"}, "concentrator": {"concentrator"}, "new_practice": {"person"},
        "seldom_bills": {"person"}, "auditor": {"person"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "expected"), [("auditor", 0.0), ("seldom_bills", 0.04), ("nightly_batch", 0.75), ("concentrator", 0.80)]
)
def test_what_hard_negatives_bill(many: Professionals, name: str, expected: float):
    shares = of_pattern(many.accounts, name)["claim_share"].to_numpy()
    assert shares.mean() == pytest.approx(expected, rel=0.08)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("billing_desk", 180), ("multi_shop", 90), ("nightly_batch", 600), ("concentrator", 450), ("auditor", 60)],
)
def test_what_hard_negatives_look_up_on_a_working_day(many: Professionals, name: str, expected: float):
    levels = of_pattern(many.accounts, name)["lookups_a_day"].to_numpy()
    # A spread of a quarter between accounts: the median of n is known to 1.25 * 0.25 / sqrt(n).
    assert np.median(levels) == pytest.approx(expected, rel=4.5 * 1.25 * 0.25 / np.sqrt(len(levels)))


def test_a_smaller_case_has_smaller_hard_negatives():
    small = of_pattern(drawn(100).accounts, "nightly_batch")["lookups_a_day"]
    assert 20 < small.min() <= small.max() < 180  # type: ignore[operator]


def test_a_batch_asks_every_04_to_16_seconds_and_nobody_else_is_a_batch(many: Professionals):
    batches = of_pattern(many.accounts, "nightly_batch")["batch_gap_s"]
    assert 0.4 <= batches.min() < batches.max() <= 1.6  # type: ignore[operator]
    assert many.accounts["batch_gap_s"].count() == len(batches)


def test_new_practices_open_after_the_clean_days_and_the_others_long_before_the_log(many: Professionals):
    opened = of_pattern(many.accounts, "new_practice")["opened_day"]
    assert 8 <= opened.min() < opened.max() <= LOG_DAYS - 4  # type: ignore[operator]
    others = many.accounts.filter(pl.col("pattern") != "new_practice")["opened_day"]
    assert others.max() <= -400  # type: ignore[operator]
    days = (many.accounts["opened_at"] - PRESETS["demo"].calendar.start).dt.total_days()
    assert (days - many.accounts["opened_day"]).abs().max() <= 1  # type: ignore[operator]


# Practices, addresses, browsers


def test_accounts_of_one_practice_share_company_bank_profession_and_place_and_nothing_ties_two_practices(
    many: Professionals,
):
    shared = ["siret", "bank_identity", "company_name", "profession", "department", "operator"]
    practices = many.accounts.group_by("practice_id").agg(pl.col(shared).n_unique(), pl.len().alias("accounts"))
    assert practices.select(shared).max().row(0) == (1, 1, 1, 1, 1, 1)
    assert many.accounts["siret"].n_unique() == many.accounts["bank_identity"].n_unique() == len(practices)
    assert 0.35 < share(practices["accounts"] > 1) < 0.50


def test_logins_are_unique_at_an_operator_and_professionals_numbers_everywhere(many: Professionals):
    accounts = many.accounts
    assert not accounts.select("operator", "account_id").is_duplicated().any()
    assert not accounts["rpps"].is_duplicated().any()
    assert all(re.fullmatch(r"ps-\d{6}", login) for login in accounts["account_id"])


def test_numbers_of_companies_banks_and_professionals_are_right_and_belong_to_nobody(many: Professionals):
    accounts = many.accounts
    assert all(siret.is_valid(number) and number.startswith("000") for number in accounts["siret"].unique())
    assert all(iban.is_valid(number) and number[4:9] == "99999" for number in accounts["bank_identity"].unique())
    assert all(luhn.is_valid(number) and number.startswith("99") and len(number) == 11 for number in accounts["rpps"])


def test_practices_stand_where_people_live(many: Professionals):
    names, weights = department_weights(101)
    practices = many.accounts.unique("practice_id")
    for name, weight in zip(names, weights, strict=True):
        assert share(practices["department"] == name) == near(weight, of=len(practices))


def test_colleagues_share_an_address_and_some_practices_that_of_another(stations: pl.DataFrame):
    first = of_pattern(stations, "ordinary").unique("account", keep="first", maintain_order=True)
    at = first.group_by("address").agg(pl.col("practice_id", "account").n_unique())
    assert first.group_by("practice_id").agg(pl.col("address").n_unique())["address"].max() == 1
    assert share(at["account"] > 1) > 0.3
    # One practice in twenty is behind another's router, a fortieth of the addresses serve two or more.
    behind_another = (at["practice_id"] - 1).sum() / first["practice_id"].n_unique()
    assert 0.035 < behind_another < 0.055


def test_second_workstations_are_elsewhere_every_other_time(stations: pl.DataFrame):
    ordinary = of_pattern(stations, "ordinary")
    first = ordinary.unique("account", keep="first", maintain_order=True).select("account", home="address")
    others = ordinary.join(first, on="account").filter(pl.col("account").is_duplicated())
    second = others.filter(pl.int_range(pl.len()).over("account") > 0)
    assert share(second["address"] != second["home"]) == near(0.5, of=len(second))


def test_nobody_works_from_the_spare_addresses_of_which_there_are_20_000(many: Professionals, stations: pl.DataFrame):
    assert len(many.spare_addresses) == 20_000
    assert not np.isin(many.spare_addresses, stations["address"].to_numpy()).any()
    assert many.addresses.n_unique() == len(many.addresses)
    six = many.addresses.str.contains(":", literal=True)
    assert share(six.gather(many.spare_addresses)) == near(0.125, of=20_000)
    assert share(six.gather(stations["address"].unique())) == near(0.125, of=stations["address"].n_unique())


def test_browsers_have_their_shares_and_six_in_ten_are_updated_in_the_last_quarter_of_the_log(stations: pl.DataFrame):
    people = of_pattern(stations, "ordinary")
    for index, (_, _, expected) in enumerate(BROWSERS):
        assert share(people["browser"] == index) == near(expected, of=len(people))
    updated = people.filter(pl.col("update_day") < LOG_DAYS)
    assert len(updated) / len(people) == near(0.6, of=len(people))
    assert sorted(set(updated["update_day"])) == [16, 17, 18, 19, 20]


def test_an_update_makes_a_browser_the_next_version_of_itself():
    before, after = AGENTS[0], AGENTS[1]
    assert ("Chrome/120." in before, "Chrome/121." in after) == (True, True)
    assert before.replace("120", "121") == after
    assert len(AGENTS) == 2 * len(BROWSERS)


def test_the_same_seed_draws_the_same_accounts_and_another_seed_others():
    preset = PRESETS["tiny"]
    first, again, other = (draw_professionals(preset, 2, RandomStreams(seed)) for seed in (3, 3, 4))
    assert first.accounts.equals(again.accounts)
    assert first.addresses.equals(again.addresses)
    assert not first.accounts.equals(other.accounts)
