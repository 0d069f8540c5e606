"""Every number of an invented person lies where no real person's number can, and there are enough of them."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import synthetic_people
from stdnum.fr import nir
from synthetic_cases import near, share
from synthetic_people import KEY, Drawn, drawn

from synthetic_data import identifiers, targets
from synthetic_data.presets import PRESETS


@pytest.fixture(scope="module")
def country() -> Drawn:
    return synthetic_people.country()


@pytest.fixture(scope="module")
def departments() -> Drawn:
    return synthetic_people.born_in_departments()


def test_every_number_passes_its_check_and_has_birthplace_00000_which_exists_in_no_edition_of_the_code(country: Drawn):
    numbers = country.register["beneficiary_number"].unique().sort().to_list()
    fictitious = re.compile(r"[12]\d\d(0[1-9]|1[0-2])00000(?!000)\d{5}")
    assert all(fictitious.fullmatch(number) and nir.is_valid(number) for number in numbers)
    assert all(int(number[10:13]) <= 990 for number in numbers)


def test_where_births_have_a_department_the_commune_is_000_which_no_department_has(departments: Drawn):
    numbers = departments.register["beneficiary_number"].unique().sort().to_list()
    assert all(nir.is_valid(number) and number[0] in "12" and 1 <= int(number[3:5]) <= 12 for number in numbers)
    assert all(1 <= int(number[10:13]) <= 990 for number in numbers)
    places = {number[5:10] for number in numbers}
    metropolitan = {f"{name}000" for name in targets.DEPARTMENTS if len(name) == 2}
    overseas = {"97100", "97200", "97300", "97400", "97600"}
    assert {"2A000", "2B000"} < metropolitan
    assert places == metropolitan | overseas


def test_of_those_55_percent_live_where_they_were_born(departments: Drawn):
    holders = departments.holders
    born = holders["beneficiary_number"].str.slice(5, 3)
    home = born.str.starts_with("97") & (born == holders["department"])
    home = home | (~born.str.starts_with("97") & (born.str.head(2) == holders["department"]))
    # One in a hundred of those born elsewhere drew the department they live in.
    assert share(home) == near(0.555, of=len(holders))


def test_a_holders_number_tells_the_holders_sex_and_month_of_birth(country: Drawn):
    holders = country.register.filter(pl.col("role") == "holder")
    told = holders["sex"] + holders["birth_date"].dt.strftime("%y%m")
    assert share(told == holders["holder_number"].str.head(5)) == 1


@pytest.fixture(scope="module")
def crowded() -> Drawn:
    """As many people for their numbers as in a region, where months are full: 200,000 and 110 a month of birth."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identifiers, "ORDERS_ASSIGNED", 110)
        return drawn(replace(PRESETS["demo"], people=200_000))


def test_where_a_month_of_birth_is_full_people_are_born_some_years_earlier(crowded: Drawn):
    people = crowded.register.unique("person")
    holders = people.filter(pl.col("role") == "holder")
    assert holders["holder_number"].n_unique() == len(holders)
    a_month = holders["holder_number"].str.head(5).value_counts()["count"]
    assert 105 <= a_month.max() <= 110  # type: ignore[operator]
    told = holders["sex"] + holders["birth_date"].dt.strftime("%y%m")
    assert share(told == holders["holder_number"].str.head(5)) == 1
    assert not crowded.keys.select(KEY).is_duplicated().any()
    young = people["birth_date"].to_numpy() > np.datetime64("2004-01-01")
    old = people["birth_date"].to_numpy() <= np.datetime64("1959-01-01")
    assert (young.mean(), old.mean()) == pytest.approx((0.234, 0.212), abs=0.015)


def test_more_people_than_the_fictitious_numbers_can_tell_apart_are_refused(monkeypatch):
    monkeypatch.setattr(identifiers, "ORDERS_ASSIGNED", 15)
    with pytest.raises(identifiers.CapacityError, match=r"at most 15 people .* choose a smaller preset"):
        drawn(replace(PRESETS["demo"], people=50_000))
