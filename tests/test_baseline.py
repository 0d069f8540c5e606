"""Were the clean weeks clean? Days of raised unexplained lookups, and what they say of the declaration."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import numpy as np
import polars as pl
import pytest
from tables import case
from test_verdicts import CLEAN, MONDAY, NIGHT, town_of_opticians

from forensics.detection.baseline import baseline
from forensics.detection.care_check import care_check
from forensics.detection.change import raised


@pytest.fixture
def engine():
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


WEEKDAY = np.arange(28) % 7


def reference(excess: list[float]) -> tuple[int, int]:
    """Try every stretch of days."""
    sums = {(i, j): sum(excess[i : j + 1]) for i in range(len(excess)) for j in range(i, len(excess))}
    return max(sums, key=lambda stretch: sums[stretch])


def test_the_raised_days_are_found_and_are_no_accident():
    patients = np.where(WEEKDAY < 5, 1_000, 100)
    explained = (0.7 * patients).astype(int)
    patients[14:21] += 800
    found = raised(patients, explained, WEEKDAY)
    assert found is not None
    assert (found.first, found.last) == (14, 20)
    assert found.chance == pytest.approx(1 / 2_000, abs=1 / 500)


@pytest.mark.parametrize("seed", range(20))
def test_the_stretch_is_that_of_trying_every_one(seed: int):
    rng = np.random.default_rng(seed)
    patients = rng.integers(10, 60, 16)
    explained = rng.binomial(patients, 0.6)
    unexplained = patients - explained
    excess = (unexplained - patients * (unexplained.sum() / patients.sum())).tolist()
    found = raised(patients, explained, np.arange(16) % 7)
    assert found is not None
    i, j = reference(excess)
    assert sum(excess[found.first : found.last + 1]) == pytest.approx(sum(excess[i : j + 1]))


def test_chance_raises_days_no_more_often_than_it_says():
    rng, chances = np.random.default_rng(3), []
    for _ in range(120):
        patients = np.where(WEEKDAY < 5, 400, 40)
        of_day = rng.beta(40, 20, 28)
        found = raised(patients, rng.binomial(patients, of_day), WEEKDAY)
        assert found is not None
        chances.append(found.chance)
    for level in (0.05, 0.25):
        assert np.mean(np.array(chances) <= level) <= level + 3 * np.sqrt(level / 120)


def test_a_week_cannot_be_shuffled():
    assert raised(np.full(7, 10), np.full(7, 5), np.arange(7)) is None


def checked(town, engine, about: str = CLEAN) -> tuple[dict[str, object], pl.DataFrame]:
    verdicts = town.judged(engine, about=about)
    of = case(about=about)
    return baseline(engine, of, verdicts.strands).row(0, named=True), care_check(engine, of, verdicts.strands)


def test_a_robot_after_the_clean_weeks_leaves_them_clean(engine):
    town = town_of_opticians()
    for day in range(5):
        town.sees("stolen", 300, NIGHT + timedelta(days=day - 3), 2.0, billed=0.0)
    found, check = checked(town, engine)
    assert found["finding"] == "raised_later"
    assert (found["n_accused"], found["n_accused_in_clean_weeks"]) == (1, 0)
    (row,) = check.to_dicts()
    assert (row["n_accounts"], row["n_patients"], row["n_explained"], row["n_by_accused"]) == (1, 1_500, 0, 1_500)
    assert 1_400 < row["scraped_at_least"] <= 1_500


def test_an_accused_client_seen_in_the_clean_weeks_says_that_they_are_not(engine):
    town = town_of_opticians()
    town.sees("stolen", 40, MONDAY + timedelta(days=2), 2.0, billed=0.0)
    town.sees("stolen", 600, NIGHT, 2.0, billed=0.0)
    found, _ = checked(town, engine)
    assert found["finding"] == "accused_in_clean_weeks"
    assert (found["n_accused"], found["n_accused_in_clean_weeks"]) == (1, 1)


def test_raised_days_in_the_clean_weeks_are_told_though_nobody_is_accused(engine):
    town = town_of_opticians()
    for number in range(30):
        for day in range(5):
            town.sees(f"visitor-{number}", 12, datetime(2024, 1, 8, 9) + timedelta(days=day), 900.0, billed=0.0)
    found, check = checked(town, engine)
    assert found["finding"] == "raised_in_clean_weeks"
    assert check.height == 0


def test_without_clean_weeks_there_is_no_baseline(engine):
    town = town_of_opticians()
    assert checked(town, engine, about="")[0]["finding"] == "no_clean_weeks"
