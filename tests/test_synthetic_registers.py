"""Cards, cover, insurers and networks: what the operators' registers hold of the people meets its targets."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import synthetic_people
from synthetic_cases import near, share
from synthetic_people import Drawn, drawn

from synthetic_data.operators import INSURERS, NETWORKS, OPERATORS
from synthetic_data.presets import PRESETS

DAY = np.datetime64("2024-01-08")  # first of the log


@pytest.fixture(scope="module")
def country() -> Drawn:
    return synthetic_people.country()


def test_46_percent_of_contracts_are_at_the_first_operator_alone_17_at_both_a_tenth_at_the_third(country: Drawn):
    contracts = len(country.population.contracts.people)
    here = country.cards.unique(["contract", "operator"])
    counted = here.filter(pl.col("operator") < 2).group_by("contract").agg(pl.col("operator").sort())
    places = [tuple(row) for row in counted["operator"].to_list()]
    assert len(places) == contracts
    assert places.count((0,)) / contracts == near(0.46, of=contracts)
    assert places.count((0, 1)) / contracts == near(0.17, of=contracts)
    assert (here["operator"] == 2).sum() / contracts == near(0.10, of=contracts)


def test_about_one_person_in_six_is_known_to_both_operators(country: Drawn):
    both = country.register.filter(pl.col("operator") < 2).group_by("person").agg(pl.col("operator").n_unique())
    assert share(both["operator"] == 2) == pytest.approx(0.17, abs=0.02)


@pytest.mark.parametrize(("operator", "expected", "years"), [(0, 0.119, 2), (1, 0.169, 3), (2, 0.119, 2)])
def test_former_cards_are_kept_for_the_years_of_each_operator(
    country: Drawn, operator: int, expected: float, years: int
):
    cards = country.cards.filter(pl.col("operator") == operator)
    assert share(cards["former"]) == near(expected, of=len(cards))
    since = (DAY - cards.filter("former")["until"].to_numpy()) / np.timedelta64(1, "D")
    assert 30 <= since.min() < 40
    assert 365.25 * years - 10 < since.max() <= 365.25 * years + 1
    # People leave at an even rate: as many in each of the years.
    assert since.mean() == pytest.approx((30 + 365.25 * years) / 2, rel=0.03)


def test_nobody_is_born_after_a_cover_that_ended_and_no_cover_ends_before_it_begins(country: Drawn):
    former = country.register.filter(pl.col("covered_until").is_not_null())
    assert len(former) > 20_000
    assert (former["covered_until"] >= former["covered_from"]).all()
    assert (country.register["covered_from"] >= country.register["birth_date"]).all()


def test_two_in_a_hundred_contracts_have_two_insurers_and_two_in_a_hundred_changed_theirs(country: Drawn):
    for operator in (0, 1):
        contracts = (
            country.cards.filter(pl.col("operator") == operator)
            .group_by("contract")
            .agg(pl.len(), pl.col("former").sum(), pl.col("insurer").n_unique())
        )
        double = contracts["len"] == 2
        assert share(double & (contracts["former"] == 0)) == pytest.approx(0.02, abs=0.002)
        assert share(double & (contracts["former"] == 1)) == pytest.approx(0.02, abs=0.002)
        assert contracts.filter(double)["insurer"].unique().to_list() == [2]
        assert contracts["len"].max() == 2


def test_fifteen_in_a_thousand_current_cards_start_in_the_first_twelve_days_of_the_log(country: Drawn):
    current = country.cards.filter(~pl.col("former"))
    day = (current["since"].to_numpy() - DAY) / np.timedelta64(1, "D")
    assert (day > 0).mean() == near(0.015, of=len(current))
    assert sorted(set(day[day > 0].tolist())) == list(range(1, 13))
    assert country.cards.filter("former")["since"].to_numpy().max() < DAY


def test_eight_in_a_hundred_cards_wait_90_days_for_optical_and_dental_cover(country: Drawn):
    holders = country.register.filter(pl.col("role") == "holder")
    wait = (holders["optical_from"] - holders["covered_from"]).dt.total_days()
    assert sorted(set(wait)) == [0, 90]
    assert share(wait == 90) == near(0.08, of=len(holders))
    assert (holders["optical_from"] == holders["dental_from"]).all()


def test_nobody_has_optical_cover_before_birth_or_before_cover_begins(country: Drawn):
    assert (country.register["optical_from"] >= country.register["covered_from"]).all()
    assert (country.register["dental_from"] >= country.register["covered_from"]).all()


def test_three_in_a_hundred_card_numbers_are_held_by_nobody_and_the_others_follow_the_days_they_began(country: Drawn):
    for register in country.population.registers:
        numbers = np.sort(register.serial)
        assert len(np.unique(numbers)) == len(numbers)
        assert not np.isin(register.unissued, numbers).any()
        every = np.sort(np.concatenate([numbers, register.unissued]))
        assert (np.diff(every) == 1).all()
        assert len(register.unissued) / len(every) == near(0.03, of=len(every))
        assert (np.diff(register.card_since[np.argsort(register.serial)]) >= 0).all()


def test_the_ten_largest_of_a_hundred_insurers_have_36_percent_of_cards_and_the_twenty_largest_58(country: Drawn):
    cards = country.cards.filter(pl.col("operator") < 2).group_by("insurer").len().sort("len", descending=True)["len"]
    assert len(cards) == 100
    assert cards.head(10).sum() / cards.sum() == pytest.approx(0.36, abs=0.02)
    assert cards.head(20).sum() / cards.sum() == pytest.approx(0.58, abs=0.02)


def test_some_insurers_are_at_both_operators_and_most_at_one(country: Drawn):
    at = country.cards.filter(pl.col("operator") < 2).group_by("insurer").agg(pl.col("operator").n_unique())
    assert 5 <= (at["operator"] == 2).sum() <= 20


def test_networks_are_neither_operators_nor_insurers_and_most_work_with_several_operators(country: Drawn):
    seen = country.register.group_by("network").agg(pl.col("operator").n_unique())
    assert set(seen["network"]) == set(NETWORKS)
    assert (seen["operator"] >= 2).all()
    assert (seen["operator"] == 3).sum() >= 4
    assert not set(NETWORKS) & {*OPERATORS, *(name for _, name in INSURERS)}
    by_insurer = country.register.group_by("insurer_id").agg(pl.col("network").n_unique())
    assert set(by_insurer["network"]) == {1}


@pytest.mark.parametrize("name", PRESETS)
def test_insurers_and_departments_are_as_many_as_the_preset_says(name: str):
    preset = replace(PRESETS[name], people=20_000)
    register = drawn(preset).register
    assert register["insurer_id"].n_unique() == preset.insurers
    assert register["department"].n_unique() == preset.departments
