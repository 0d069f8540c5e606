"""Work lists: a robot's other accounts are known by the list they share, and honest accounts are not."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import numpy as np
import polars as pl
import pytest
from scipy.stats import betabinom
from test_verdicts import MONDAY, NIGHT, Town, verdict_of

from forensics.detection.care import peers
from forensics.detection.sharing import sharing

FEW_CLAIMS, FEW_PEERS = 0.2, 15
"""What leaves a fast client unclear by care and machine alone."""


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def drawn(rng: np.random.Generator, n_asked: np.ndarray, share: float, correlation: float) -> np.ndarray:
    size = (1 - correlation) / max(correlation, 1e-9)
    return betabinom.rvs(n_asked, share * size, (1 - share) * size, random_state=rng)


@pytest.mark.parametrize(("share", "correlation"), [(0.3, 0.0), (0.3, 0.05), (0.05, 0.02), (0.5, 0.5)])
def test_an_honest_account_meets_the_list_oddly_no_more_often_than_its_chance_says(share: float, correlation: float):
    rng = np.random.default_rng(1234)
    chances = []
    for _ in range(150):
        n_asked = rng.integers(30, 400, size=31)
        listed = drawn(rng, n_asked, share, correlation)
        chances.append(sharing(int(n_asked[0]), int(listed[0]), peers(n_asked[1:], listed[1:])))
    for level in (0.1, 0.02):
        most = level * 150 + 3 * np.sqrt(level * 150)
        assert np.sum(np.array(chances) <= level) <= most


def test_a_list_that_meets_the_accused_one_never_or_always_shares_it():
    n_asked = np.full(40, 200)
    law = peers(n_asked, drawn(np.random.default_rng(5), n_asked, 0.3, 0.01))
    assert sharing(1_000, 0, law) < 1e-12
    assert sharing(1_000, 1_000, law) < 1e-12
    assert sharing(1_000, 300, law) > 0.2


def test_a_list_drawn_from_one_region_proves_nothing_of_accounts_that_serve_another():
    n_asked = np.full(40, 200)
    listed = np.where(np.arange(40) % 2, 190, 0)
    assert sharing(1_000, 0, peers(n_asked, listed)) > 0.05


def opticians_who_meet_the_list() -> Town:
    """Fifteen opticians, of whose sixty patients each twenty are among the 300 people of an accused robot's list."""
    town = Town()
    town.sees("stolen", 300, NIGHT, 2.0, billed=0.0)
    for number in range(FEW_PEERS):
        share = 0.60 + 0.01 * number
        town.sees(f"optic-{number:02d}", 60, MONDAY + timedelta(minutes=number), None, billed=share)
        meet_the_list(town)
    return town


def meet_the_list(town: Town) -> None:
    """Let the last twenty lookups ask for people of the list instead, billed or not as before."""
    for row in town.requests[-20:]:
        asked, row["subject_key"] = row["subject_key"], 1 + (row["subject_key"] * 7) % 300
        for claim in town.claims:
            if claim["person_key"] == asked:
                claim["person_key"] = row["subject_key"]


def test_a_client_that_never_meets_the_list_is_the_robots_other_account(engine):
    town = opticians_who_meet_the_list()
    town.sees("other", 60, NIGHT + timedelta(hours=1), 2.0, billed=FEW_CLAIMS)
    verdicts = town.judged(engine)
    assert verdict_of(verdicts, "other") == ("scraping", None)
    (row,) = verdicts.strands.filter(pl.col("account_id") == "other").to_dicts()
    assert (row["n_listed"], row["list_peers"]) == (0, FEW_PEERS)
    assert row["p_list"] < 1e-4


def test_the_clients_of_an_account_are_taken_together_where_each_asks_for_few(engine):
    town = opticians_who_meet_the_list()
    for number in range(4):
        at = NIGHT + timedelta(hours=1 + number)
        town.sees("other", 22, at, 2.0, billed=FEW_CLAIMS, address=f"198.51.100.{number}")
    verdicts = town.judged(engine).strands.filter(pl.col("account_id") == "other")
    assert set(verdicts["list_asked"]) == {88}
    assert set(verdicts["verdict"]) == {"scraping"}


def test_a_client_that_meets_the_list_as_everybody_does_stays_unclear(engine):
    town = opticians_who_meet_the_list()
    town.sees("doubtful", 60, NIGHT + timedelta(hours=1), 2.0, billed=FEW_CLAIMS)
    meet_the_list(town)
    assert verdict_of(town.judged(engine), "doubtful") == ("unclear", "measures_disagree")


def test_a_fast_client_whose_patients_are_billed_is_not_accused_for_never_meeting_the_list(engine):
    town = opticians_who_meet_the_list()
    town.sees("vendor", 60, NIGHT + timedelta(hours=1), 2.0, billed=0.65)
    assert verdict_of(town.judged(engine), "vendor") == ("honest", None)


def test_where_nobody_is_accused_no_list_is_held_against_anybody(engine):
    town = Town()
    for number in range(FEW_PEERS):
        town.sees(f"optic-{number:02d}", 60, MONDAY + timedelta(minutes=number), None, billed=0.6)
    town.sees("doubtful", 60, NIGHT, 2.0, billed=FEW_CLAIMS)
    assert town.judged(engine).strands["p_list"].null_count() == FEW_PEERS + 1
