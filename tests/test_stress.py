"""Stress: robots planted in honest accounts; what is planted, what gaps take of it, and what is found."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from forensics.case import load
from forensics.pipeline import run
from forensics.planting import ROBOTS, lost, plant
from forensics.schemas import LogCoverage
from forensics.stress import told
from synthetic_data.__main__ import main as generator

Command = Callable[..., Any]
START = datetime(2024, 1, 20, 9, 30)
WINDOW = (START, START + timedelta(days=8, hours=3))
ACCOUNTS = pl.DataFrame({"operator": ["A", "A", "B"], "account_id": ["a1", "a2", "b1"]})
SUBJECTS = pl.DataFrame(
    {
        "operator": ["A"] * 5_000 + ["B"] * 5_000,
        "subject_kind": ["holder_number"] * 10_000,
        "subject_key": [*range(5_000), *range(5_000)],
    }
)
USUAL = pl.DataFrame(
    {
        "operator": ["A", "A", "B"], "server": ["web-1", "web-2", "web-1"], "user_agent": ["x", "y", "z"],
        "method": ["GET"] * 3, "path": ["/p"] * 3, "action": ["rights"] * 3, "subject_kind": ["holder_number"] * 3,
        "status": [200] * 3, "n_lookups": [90, 10, 50],
    }
)  # fmt: skip


def planted(name: str, seed: int = 3) -> pl.DataFrame:
    return plant(ROBOTS[name], ACCOUNTS, SUBJECTS, USUAL, WINDOW, 10**12, np.random.default_rng(seed))


@pytest.mark.parametrize("name", sorted(ROBOTS))
def test_a_robot_asks_for_nobody_twice_at_an_operator_in_its_window_from_addresses_of_nobody(name: str):
    robot = planted(name)
    assert robot.group_by("operator").agg(pl.col("subject_key").is_duplicated().any())["subject_key"].any() is False
    assert dict(robot.group_by("account_id").len().iter_rows()) == dict.fromkeys(
        ("a1", "a2", "b1"), ROBOTS[name].people
    )
    assert robot["requested_at"].min() >= START.replace(hour=0, minute=0)
    assert robot["requested_at"].max() < WINDOW[1] + timedelta(days=1)
    reserved = ipaddress.ip_network("198.18.0.0/15")
    assert all(ipaddress.ip_address(address) in reserved for address in robot["client_ip"].unique())
    assert robot["request_id"].to_list() == list(range(10**12, 10**12 + robot.height))


def test_each_kind_does_what_its_name_says():
    addresses = planted("rotating").filter(pl.col("account_id") == "a1").sort("requested_at")["client_ip"]
    assert len(addresses.unique()) == pytest.approx(ROBOTS["rotating"].people / 50, abs=2)
    assert planted("one_night").filter(pl.col("account_id") == "a1")["client_ip"].n_unique() == 1
    assert set(planted("persons_pace")["requested_at"].dt.hour()) <= set(range(8, 18))
    gap = planted("burst").filter(pl.col("account_id") == "a1").sort("requested_at")["requested_at"].diff().median()
    assert gap < timedelta(seconds=1)


def test_the_same_draw_gives_the_same_robot():
    assert planted("rotating", 5).equals(planted("rotating", 5))
    assert not planted("rotating", 5).equals(planted("rotating", 6))


def stretch(**said: object) -> pl.DataFrame:
    row = {
        "operator": "A", "server": None, "start": WINDOW[0] - timedelta(days=1), "end": WINDOW[1] + timedelta(days=2),
        "kind": "gap", "windows_checked": 0, "share_kept": None, "share_low": 0.0, "share_high": 1.0,
    } | said  # fmt: skip
    types = {column: field.dtype.type for column, field in LogCoverage.to_schema().columns.items()}
    return LogCoverage.validate(pl.DataFrame([row], schema=types))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({}, 0.0),  # how much was lost is unknown: nothing is counted on
        ({"share_kept": 0.7}, 0.7),
        ({"kind": "complete", "share_kept": 1.0}, 1.0),
        ({"kind": "unwitnessed"}, 1.0),
        ({"server": "web-9"}, 1.0),
        ({"end": WINDOW[0] - timedelta(hours=12)}, 1.0),
    ],
)
def test_the_gaps_of_the_case_take_planted_requests_too(said: dict[str, object], kept: float):
    robot = planted("one_night")
    left = lost(robot, stretch(**said), np.random.default_rng(1))
    of_a = robot.filter(pl.col("operator") == "A").height
    assert left.filter(pl.col("operator") == "A").height / of_a == pytest.approx(kept, abs=0.03)
    assert left.filter(pl.col("operator") == "B").height == robot.filter(pl.col("operator") == "B").height


def test_a_case_tells_which_robots_it_would_give_away_and_stays_what_it_was(
    tmp_path: Path, command: Command, digests: Callable[[Path], dict[str, str]]
):
    made = ["--preset", "tiny", "--scenario", "list_walk", "--seed", "8", "--format", "parquet"]
    assert generator(["generate", *made, "--out", str(tmp_path / "made")]) == 0
    case = tmp_path / "made" / "case"
    run(load(case))
    before = digests(case / "results")
    ended = command("stress", case, "--accounts", "1", "--json")
    assert ended.code == 0
    found = {one["robot"]: one for one in json.loads(ended.out)}
    assert set(found) == set(ROBOTS)
    for one in found.values():
        assert one["scraping"] + one["unclear"] + one["honest"] == one["logged"] == one["requests"] > 0
        assert one["others"] == 0
    assert (found["one_night"]["scraping"] + found["one_night"]["unclear"]) / found["one_night"]["logged"] > 0.9
    assert found["persons_pace"]["scraping"] == 0
    assert digests(case / "results") == before
    last = json.loads((case / "journal.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert (last["command"], last["robots"]) == ("stress", list(found.values()))
    assert command("verify", case).code == 0


def test_what_would_be_found_is_told_as_sensitivity_alone():
    one = {"robot": "burst", "accounts": 2, "requests": 10, "logged": 0, "scraping": 0, "unclear": 0, "honest": 0}
    lines = told([one])
    assert lines[0].endswith("scraping none, unclear none, not found none")
    assert "says nothing of how often honest people are accused" in lines[-1]
