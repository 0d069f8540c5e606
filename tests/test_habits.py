"""Habits: an account's hours, networks and agents, breadth and misses, as ranks among honest clients."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import polars as pl
import pytest
from test_verdicts import MONDAY, NIGHT, Town, town_of_opticians

NEXT = datetime(2024, 1, 16, 9)


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def row_of(town: Town, engine, account: str, address: str, **about: str) -> dict[str, object]:
    strands = town.judged(engine, **about).strands
    (row,) = strands.filter((pl.col("account_id") == account) & (pl.col("client_ip") == address)).to_dicts()
    return row


def at_work(town: Town, account: str) -> None:
    """Let an account work at its desk, on the mornings of both weeks."""
    for day in (0, 1, 2, 3, 4, 7, 8, 9, 10, 11):
        town.sees(account, 4, MONDAY + timedelta(days=day), 600.0, billed=0.6)


def test_a_client_at_night_from_elsewhere_is_told_by_hours_and_network(engine):
    town = town_of_opticians(20)
    at_work(town, "phished")
    town.sees("phished", 30, NIGHT, 200.0, billed=0.0, address="203.0.113.9")
    for request in town.requests[-30:]:
        request["user_agent"] = "Chrome"
    robot = row_of(town, engine, "phished", "203.0.113.9")
    assert (robot["n_later_sessions"], robot["n_strange_sessions"]) == (1, 1)
    assert (robot["new_network"], robot["new_agent"]) == (True, True)
    assert robot["p_new"] == pytest.approx(1 / 21)  # alone among the clients that still ask after the clean weeks
    owner = row_of(town, engine, "phished", "192.0.2.1")
    assert (owner["n_strange_sessions"], owner["new_network"], owner["new_agent"]) == (0, False, False)
    assert owner["p_new"] == 1.0


def test_another_address_of_the_same_network_is_not_new(engine):
    town = town_of_opticians(20)
    at_work(town, "moved")
    town.sees("moved", 30, NEXT, 200.0, billed=0.6, address="192.0.2.77")
    assert row_of(town, engine, "moved", "192.0.2.77")["new_network"] is False


def test_an_hour_earlier_or_later_is_the_same_habit_and_a_week_end_is_not(engine):
    town = town_of_opticians(20)
    at_work(town, "early")
    town.sees("early", 3, datetime(2024, 1, 17, 7), 60.0, billed=0.6)
    town.sees("early", 3, datetime(2024, 1, 20, 8), 60.0, billed=0.6)
    row = row_of(town, engine, "early", "192.0.2.1")
    assert row["n_strange_sessions"] == 1


def test_a_client_that_finds_nobody_where_others_do_is_told_by_its_misses(engine):
    town = town_of_opticians(20)
    town.sees("guesser", 200, NEXT, 120.0, billed=0.0)
    for request in town.requests[-200::2]:
        request["status"] = 404
    row = row_of(town, engine, "guesser", "192.0.2.1")
    assert (row["n_asked"], row["n_missed"]) == (200, 100)
    assert row["p_misses"] < 1e-6


def test_breadth_is_the_rank_of_the_busiest_day(engine):
    town = town_of_opticians(20)
    town.sees("broad", 300, NEXT, 60.0, billed=0.65)
    row = row_of(town, engine, "broad", "192.0.2.1")
    assert row["busiest_day"] == 300
    assert row["p_breadth"] == pytest.approx(1 / 21)


def test_without_clean_weeks_nobody_has_habits(engine):
    town = town_of_opticians(20)
    town.sees("stolen", 300, NIGHT, 2.0, billed=0.0, address="203.0.113.9")
    row = row_of(town, engine, "stolen", "203.0.113.9", about="")
    assert [row[name] for name in ("new_network", "new_agent", "p_new", "p_hours")] == [None] * 4
    assert row["p_breadth"] is not None


def test_an_account_that_the_clean_weeks_do_not_know_has_no_habits(engine):
    town = town_of_opticians(20)
    town.sees("opened", 60, NEXT, None, billed=0.65)
    row = row_of(town, engine, "opened", "192.0.2.1")
    assert (row["new_network"], row["p_hours"]) == (None, None)
