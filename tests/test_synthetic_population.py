"""The invented people meet every share of `targets`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import synthetic_people
from synthetic_cases import near, share
from synthetic_people import IDENTITY, KEY, Drawn, drawn

from synthetic_data import targets
from synthetic_data.presets import PRESETS


@pytest.fixture(scope="module")
def country() -> Drawn:
    return synthetic_people.country()


@pytest.fixture(scope="module")
def departments() -> Drawn:
    return synthetic_people.born_in_departments()


def test_there_are_exactly_as_many_people_as_asked_for_each_known_to_an_operator(country: Drawn):
    assert len(country.population.persons.sex) == 300_000
    known = country.register.filter(pl.col("operator") < 2)
    assert known["person"].n_unique() == 300_000


def test_another_seed_draws_other_people_and_the_same_seed_the_same():
    preset = replace(PRESETS["tiny"], people=2_000)
    first, again, other = (drawn(preset, seed=seed).register for seed in (3, 3, 4))
    assert first.equals(again)
    assert not first.equals(other)


@pytest.mark.parametrize("operator", [0, 1, 2])
@pytest.mark.parametrize(("people", "expected"), [(1, 0.55), (2, 0.20), (3, 0.10), (4, 0.11), (5, 0.03), (6, 0.01)])
def test_people_per_card(country: Drawn, operator: int, people: int, expected: float):
    sizes = country.register.filter(pl.col("operator") == operator).group_by("card_number").len()["len"]
    assert share(sizes == people) == near(expected, of=len(sizes))


def test_dependants_are_47_percent_of_people_on_cards_and_two_thirds_of_them_children(country: Drawn):
    role = country.register["role"]
    assert share(role != "holder") == pytest.approx(0.47, abs=0.01)
    dependants = role.filter(role != "holder")
    assert share(dependants == "child") == pytest.approx(2 / 3, abs=0.03)


@pytest.mark.parametrize(("people", "expected"), targets.SPOUSE_SHARE_BY_SIZE.items())
def test_adults_beside_the_holder_by_size_of_the_family(country: Drawn, people: int, expected: float):
    contracts = country.population.contracts
    families = (contracts.people == people) & (contracts.also == 0)
    assert contracts.adult[families].mean() == near(expected, of=families.sum())


def test_two_in_a_hundred_of_these_adults_are_no_spouses_and_three_in_four_have_no_number_of_their_own(country: Drawn):
    adults = country.register.filter(pl.col("role").is_in(["spouse", "other"])).unique("person")
    assert share(adults["role"] == "other") == near(0.02, of=len(adults))
    under_holder = adults["beneficiary_number"].str.head(13) == adults["holder_number"]
    assert share(under_holder) == near(0.75, of=len(adults))


def test_holders_have_a_number_of_their_own_and_children_the_holders(country: Drawn):
    own = country.register["beneficiary_number"].str.head(13) == country.register["holder_number"]
    assert share(own.filter(country.register["role"].is_in(["holder", "child"]))) == 1


def test_ages_are_those_of_the_country(country: Drawn):
    born = country.register.unique("person")["birth_date"].to_numpy()
    age = (np.datetime64("2024-01-01") - born) / np.timedelta64(1, "D") / 365.25
    found = {"under 20": (age < 20).mean(), "20 to 64": ((age >= 20) & (age < 65)).mean(), "65 and over": 0.0}
    found["65 and over"] = 1 - found["under 20"] - found["20 to 64"]
    assert found == pytest.approx({"under 20": 0.234, "20 to 64": 0.553, "65 and over": 0.212}, abs=0.01)
    assert 0 < age.min() < 1
    assert 98 < age.max() <= 100


def test_women_are_516_in_a_thousand_488_of_children_567_of_the_childless_alone(country: Drawn):
    people = country.register.unique("person")
    assert share(people["sex"] == "2") == pytest.approx(0.516, abs=0.004)
    children = people.filter(pl.col("role") == "child")
    assert share(children["sex"] == "2") == pytest.approx(0.488, abs=0.006)
    contracts, persons = country.population.contracts, country.population.persons
    alone = (contracts.people == 1) & (contracts.also == 0)
    holders = persons.sex[persons.role == 0][alone]
    assert (holders == 2).mean() == near(0.567, of=len(holders))


def test_parents_are_20_to_38_years_older_than_their_eldest_child_on_the_card(country: Drawn):
    adult_only = country.register.filter(pl.col("role").is_in(["holder", "child"]))
    family = adult_only.group_by("operator", "card_number").agg(
        parent=pl.col("birth_date").filter(pl.col("role") == "holder").first(),
        eldest=pl.col("birth_date").filter(pl.col("role") == "child").min(),
    )
    years = family.drop_nulls().select((pl.col("eldest") - pl.col("parent")).dt.total_days() / 365.25).to_series()
    assert years.min() >= 18.9  # type: ignore[operator]  # a birth moved out of a full month is a year back
    assert years.max() <= 39.1  # type: ignore[operator]


def test_three_in_a_hundred_children_are_twins_told_apart_by_rank_alone(country: Drawn):
    children = country.register.filter(pl.col("role") == "child").unique("person")
    second = children.filter(pl.col("birth_rank") == "2")
    assert 2 * len(second) / len(children) == near(0.03, of=len(children) // 2)
    key = ["holder_number", "birth_date"]
    first = children.filter(pl.col("birth_rank") == "1")
    assert len(second.join(first, on=key)) == len(second)
    assert set(country.register["birth_rank"]) == {"1", "2"}


def test_two_thirds_of_twins_are_of_the_same_sex(country: Drawn):
    persons = country.population.persons
    second = np.flatnonzero(persons.rank == 2)
    same = persons.sex[second] == persons.sex[second - 1]
    assert same.mean() == near(0.65, of=len(second))


def test_one_child_in_ten_stands_under_two_holders_and_is_one_person(country: Drawn):
    children = country.register.filter(pl.col("role") == "child", pl.col("operator") < 2)
    known = children.group_by("person").agg(pl.col("holder_number", *IDENTITY).n_unique())
    assert set(known["holder_number"]) == {1, 2}
    assert share(known["holder_number"] == 2) == near(0.10, of=len(known) // 2)
    assert known.select(IDENTITY).max().row(0) == (1, 1, 1, 1)


def test_no_two_people_share_a_key_and_hardly_two_an_identity(country: Drawn, departments: Drawn):
    for case in (country, departments):
        people = case.register["person"].n_unique()
        one_each = case.keys
        assert not one_each.select(KEY).is_duplicated().any()
        assert len(case.register.unique(["person", *IDENTITY])) == people
        # Homonyms born on one day are as rare as in life: a few among millions.
        assert people - len(case.register.unique(IDENTITY)) <= 3


def test_people_live_where_the_country_lives(country: Drawn):
    holders = country.holders
    counts = dict(holders.group_by("department").len().iter_rows())
    assert len(counts) == 101
    for department, percent in targets.DEPARTMENT_PERCENT.items():
        assert counts[department] / len(holders) == near(percent / 100, of=len(holders))
