"""Estimation: the interval of a complete log, what care leaves unexplained, and the order of the three numbers."""

from __future__ import annotations

import math
from datetime import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.errors import EvidenceError
from forensics.estimate import BOUNDS_ONLY, NOT_MEASURED, Counts, Scope, checks_of, count, estimate_row, estimates
from forensics.estimation.complete import complete_count, unseen_after_checks
from forensics.estimation.unexplained import Stratum, excess, unexplained_at_most

ALL = Scope(scope="all")

# A complete log


@pytest.mark.parametrize(("checks", "printed"), [(10, 0.26), (30, 0.10), (100, 0.030), (1000, 0.003)])
def test_the_rule_of_three_is_the_papers(checks, printed):
    # Hanley and Lippman-Hand 1983: 0 of n allows 3 / n at 95 %; exactly 26 % of 10, 10 % of 30, 3 % of 100.
    share = 1 - 0.05 ** (1 / checks)
    assert share == pytest.approx(printed, rel=0.06)
    assert unseen_after_checks(100_000, checks, 0.95) == math.ceil(100_000 * share / (1 - share))


def test_three_hundred_checks_that_agree_leave_ten_unseen_of_a_thousand():
    # 1 - 0.05 ** (1/300) = 0.99361 %; 1,000 x 0.0099361 / 0.9900639 = 10.04, so 11.
    assert unseen_after_checks(1000, 300, 0.95) == 11


def test_nobody_shown_and_nobody_unseen():
    assert unseen_after_checks(0, 1, 0.95) == 0


def test_what_nothing_checked_has_no_bound():
    with pytest.raises(ValueError, match="nothing checked"):
        unseen_after_checks(100, 0, 0.95)


def test_the_interval_runs_from_the_strict_count_to_the_broad_one_and_the_unseen():
    interval = complete_count(900, 980, 20, 300, 0.95)
    assert (interval.low, interval.high, interval.level) == (900, 1013, 0.95)  # 1000 (1 - .025^(1/300)) / .025^(1/300)
    assert "rule of three" in interval.method


def test_a_log_that_lost_more_than_is_allowed_for_would_have_been_caught():
    """Of 10,000 logs that lost a share f of every window's lines, the windows all agree in at most 5 %."""
    rng = np.random.default_rng(1)
    checks = 50
    share = 1 - 0.05 ** (1 / checks)
    passed = (rng.uniform(size=(10_000, checks)) >= share).all(axis=1).mean()
    assert passed == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 10_000))


# The three numbers


def row(perimeter: int = 1000, checks: int | None = 300, elsewhere: int | None = 50, asked: int = 600):
    counts = Counts(strict=100, named=40, broad=110, doubt=30, unclear=20)
    return estimate_row(ALL, counts, perimeter=perimeter, checks=checks, elsewhere=elsewhere, asked=asked, level=0.95)


def test_a_row_by_hand():
    found = row()
    assert {name: found[name] for name in ("certain", "certain_logged", "certain_inferred", "certain_doubt")} == {
        "certain": 100,
        "certain_logged": 40,
        "certain_inferred": 60,
        "certain_doubt": 30,
    }
    # 110 on cards asked for + 20 unclear + 50 unexplained + 3 in lost lines: 180 (1 - .025^(1/300)) / .025^(1/300)
    assert (found["low"], found["estimate"], found["high"], found["level"]) == (100, 100, 183, 0.95)
    assert {name: n for name, n in found.items() if name.startswith("width_")} == {
        "width_from_definitions": 10,
        "width_from_unclear": 20,
        "width_from_unexplained": 50,
        "width_from_lost_lines": 3,
        "width_from_accused": 0,
    }
    # 600 asked for by anyone + 7 in lost lines, at 95 %
    assert (found["envelope_low"], found["envelope_high"], found["perimeter"]) == (70, 607, 1000)
    assert found["evidence_level"] == "A"


def test_what_detection_missed_is_no_more_than_what_others_asked_for():
    assert row(elsewhere=500, asked=140)["width_from_unexplained"] == 10


def test_a_whole_log_without_a_measure_of_what_detection_missed_gives_bounds_only():
    found = row(elsewhere=None)
    assert [found[name] for name in ("estimate", "low", "high", "level")] == [None] * 4
    assert (found["envelope_low"], found["envelope_high"]) == (70, 607)
    assert (found["evidence_level"], found["method"]) == ("A", NOT_MEASURED)


def test_where_lines_are_missing_or_nothing_witnesses_there_are_bounds_only():
    found = row(checks=None)
    assert [found[name] for name in ("estimate", "low", "high", "level")] == [None] * 4
    assert (found["envelope_low"], found["envelope_high"]) == (70, 1000)
    assert (found["evidence_level"], found["method"]) == ("B", BOUNDS_ONLY)


def test_more_people_shown_than_the_register_holds_is_refused():
    with pytest.raises(EvidenceError, match="100 people were shown, and the register has 99"):
        row(perimeter=99)


def coverage(*stretches: tuple[str, str, int]) -> pl.DataFrame:
    day = datetime(2024, 1, 18)
    return pl.DataFrame(
        [(operator, None, day, day, kind, checks, None) for operator, kind, checks in stretches],
        schema=["operator", "server", "start", "end", "kind", "windows_checked", "share_kept"],
        orient="row",
    )


@pytest.mark.parametrize(
    ("stretches", "checks"),
    [
        ([("A", "complete", 300), ("A", "complete", 20), ("B", "complete", 40)], 40),
        ([("A", "complete", 300), ("A", "gap", 1), ("B", "complete", 40)], None),
        ([("A", "complete", 300), ("B", "unwitnessed", 0)], None),
        ([("A", "complete", 300), ("B", "surplus", 3)], None),
        ([("A", "complete", 300), ("B", "complete", 0)], None),
        ([("A", "complete", 300)], None),
        ([], None),
    ],
)
def test_a_log_is_complete_where_every_operator_was_checked_and_every_check_agreed(stretches, checks):
    assert checks_of(coverage(*stretches), ["A", "B"]) == checks


def test_one_operators_gap_leaves_the_other_its_interval():
    shown = pl.DataFrame(
        {
            "person_id": [1, 2, 2], "operator": ["A", "A", "B"], "insurer_id": ["M"] * 3,
            "account": ["A x", "A x", "B y"],
            "verdict": ["scraping"] * 3, "is_strict": [True] * 3, "is_named": [True, False, True],
        }
    )  # fmt: skip
    where = [("all", None, None, 9), ("operator", "A", None, 8), ("operator", "B", None, 5), ("insurer", None, "M", 9)]
    perimeter = pl.DataFrame(
        [(*place, "people", n) for *place, n in where],
        schema=["scope", "operator", "insurer_id", "definition", "n"],
        orient="row",
    )
    logs = coverage(("A", "complete", 300), ("B", "gap", 1))
    asked = pl.DataFrame({"person_id": [1, 2, 3, 4, 2], "operator": ["A"] * 4 + ["B"], "insurer_id": ["M"] * 5})
    elsewhere = {Scope(scope="operator", operator="A"): 1, Scope(scope="operator", operator="B"): 2}
    found = estimates(shown, perimeter, logs, elsewhere, asked, [], 0.95).rows_by_key("scope", named=True)
    a, b = found["operator"]
    assert (found["all"][0]["certain"], a["certain"], b["certain"]) == (2, 2, 1)
    assert [found["all"][0]["estimate"], a["estimate"], b["estimate"], found["insurer"][0]["estimate"]] == [
        None,
        2,
        None,
        None,
    ]
    assert (a["width_from_unexplained"], a["high"]) == (1, 4)  # person 1, 2; one unexplained; one in lost lines


def test_the_doubt_is_the_most_people_of_one_accused_account_alone():
    shown = pl.DataFrame(
        {
            "person_id": [1, 2, 3, 3, 4, 5, 6],
            "account": ["A 7", "A 7", "A 7", "A 8", "A 8", "A 9", "A 9"],
            "verdict": ["scraping"] * 5 + ["unclear"] * 2,
            "is_strict": [True, True, True, True, False, True, True],
            "is_named": [True, False, False, True, False, False, False],
        }
    )
    assert count(shown) == Counts(strict=3, named=2, broad=4, doubt=2, unclear=2)
    assert count(shown.reverse()) == count(shown)
    assert count(shown.clear()) == Counts(strict=0, named=0, broad=0, doubt=0, unclear=0)


@st.composite
def counted(draw) -> tuple[Counts, int]:
    perimeter = draw(st.integers(0, 5000))
    strict = draw(st.integers(0, perimeter))
    counts = Counts(
        strict=strict,
        named=draw(st.integers(0, strict)),
        broad=strict + draw(st.integers(0, 3000)),
        doubt=draw(st.integers(0, strict)),
        unclear=draw(st.integers(0, 3000)),
    )
    return counts, perimeter


@given(
    counted(),
    st.one_of(st.none(), st.integers(1, 1000)),
    st.one_of(st.none(), st.integers(0, 5000)),
    st.integers(0, 9000),
)
@settings(max_examples=300, deadline=None)
def test_the_numbers_of_a_row_are_in_order_and_its_widths_add_up(drawn, checks, elsewhere, asked):
    counts, perimeter = drawn
    found = estimate_row(ALL, counts, perimeter=perimeter, checks=checks, elsewhere=elsewhere, asked=asked, level=0.95)
    interval = found["estimate"] is not None
    assert interval == (checks is not None and elsewhere is not None)
    low = found["low"] if interval else found["certain"]
    high = found["high"] if interval else found["envelope_high"]
    assert found["certain"] - found["certain_doubt"] <= low <= (found["estimate"] or low) <= high
    assert found["envelope_low"] <= low
    assert high <= found["envelope_high"] <= found["perimeter"]
    assert found["certain_logged"] + found["certain_inferred"] == found["certain"]
    if interval:
        assert sum(n for name, n in found.items() if name.startswith("width_from_")) == high - low
        assert found["envelope_from_others"] == found["envelope_high"] - high


# What care leaves unexplained


def stratum(*accounts: tuple[int, int, int, int]) -> Stratum:
    """Take accounts as (explained, patients, explained in clean weeks, patients in clean weeks)."""
    columns = np.array(accounts, dtype=np.int64).reshape(-1, 4).T
    return Stratum(explained=columns[0], patients=columns[1], clean_explained=columns[2], clean_patients=columns[3])


def test_the_excess_by_hand():
    # 60 of 100 now, 150 of 200 before: 100 (1 - .60 / .75) = 20.
    found, error, accounts = excess(stratum((30, 50, 75, 100), (30, 50, 75, 100)))
    assert (found, error, accounts) == (pytest.approx(20.0), 0.0, 2)


def test_the_error_of_the_excess_by_hand():
    # Shares .6 and .75. Now: (35 - 30) / 60 = 1/12 and -1/12; before: (80 - 75) / 150 = 1/30 and -1/30; apart 1/20.
    # 100 x .8 x sqrt(2 / 1 x 2 / 400) = 8.
    found, error, _ = excess(stratum((35, 50, 80, 100), (25, 50, 70, 100)))
    assert (found, error) == (pytest.approx(20.0), pytest.approx(8.0))


def test_an_account_that_always_bills_half_as_much_adds_no_error():
    assert excess(stratum((80, 100, 80, 100), (40, 100, 40, 100)))[:2] == (pytest.approx(0.0), 0.0)


@pytest.mark.parametrize(
    "accounts", [[(5, 10, 0, 0), (5, 10, 0, 0)], [(5, 10, 5, 10)], [(0, 10, 5, 10), (0, 10, 5, 10)]]
)
def test_where_nothing_can_be_compared_everyone_is_in_excess(accounts):
    patients = sum(account[1] for account in accounts)
    assert unexplained_at_most([stratum(*accounts)], 0.95) == patients


def test_nobody_seen_is_nobody_unexplained():
    assert unexplained_at_most([stratum((0, 0, 10, 20), (0, 0, 10, 20))], 0.95) == 0


def test_a_season_in_which_more_is_billed_hides_no_robot():
    lucky = stratum((45, 50, 70, 100), (48, 50, 75, 100), (40, 50, 65, 100))
    assert excess(lucky)[0] < 0
    assert unexplained_at_most([lucky], 0.95) > 0


@given(st.lists(st.lists(st.tuples(*[st.integers(0, 60)] * 4), min_size=1, max_size=6), min_size=1, max_size=3))
@settings(max_examples=150, deadline=None)
def test_the_limit_is_never_below_nobody_nor_above_everyone(drawn):
    strata = [stratum(*((min(x, n), max(x, n), min(y, m), max(y, m)) for x, n, y, m in accounts)) for accounts in drawn]
    limit = unexplained_at_most(strata, 0.95)
    assert 0 <= limit <= sum(int(one.patients.sum()) for one in strata)


def simulated(rng, scraped_share: float, n_accounts: int = 60) -> tuple[Stratum, int]:
    """Simulate a profession: each account bills a share of its own; a few are also used by a robot."""
    usual = rng.beta(14.0, 6.0, n_accounts)
    clean, suspect = rng.integers(20, 120, n_accounts), rng.integers(20, 240, n_accounts)
    scraped = np.where(rng.uniform(size=n_accounts) < 0.1, rng.binomial(suspect, scraped_share), 0)
    one = Stratum(
        explained=rng.binomial(suspect, usual),
        patients=suspect + scraped,
        clean_explained=rng.binomial(clean, usual),
        clean_patients=clean,
    )
    return one, int(scraped.sum())


@pytest.mark.parametrize("scraped_share", [0.0, 0.5, 1.0])
def test_the_limit_holds_the_scraped_in_at_least_its_level_of_cases(scraped_share):
    """800 professions of 60 accounts that differ: an upper end of two-sided 95 % leaves out at most 2.5 %."""
    rng = np.random.default_rng(12)
    held = []
    for _ in range(800):
        one, scraped = simulated(rng, scraped_share)
        held.append(scraped <= unexplained_at_most([one], 0.95))
    assert np.mean(held) >= 0.975 - 4 * math.sqrt(0.975 * 0.025 / 800)


def test_without_a_robot_the_excess_is_unbiased_and_its_error_is_its_spread():
    """With one, the error also allows for which accounts it used, and is the larger for it (1.5 times here)."""
    rng = np.random.default_rng(13)
    found = [excess(simulated(rng, 0.0)[0]) for _ in range(1500)]
    off, claimed = np.array([part[0] for part in found]), np.array([part[1] for part in found])
    assert abs(off.mean()) <= 4 * off.std() / math.sqrt(len(off))
    assert 0.9 <= math.sqrt(np.mean(claimed**2)) / off.std() <= 1.1


def test_where_answers_return_people_that_the_log_does_not_name_anyone_of_the_perimeter_may_have_been_shown():
    shown = pl.DataFrame(
        {
            "person_id": [1], "operator": ["A"], "insurer_id": ["M"], "account": ["A x"], "verdict": ["scraping"],
            "is_strict": [True], "is_named": [True],
        }
    )  # fmt: skip
    where = [
        ("all", None, None, 12),
        ("operator", "A", None, 8),
        ("operator", "B", None, 5),
        ("insurer", None, "M", 12),
    ]
    perimeter = pl.DataFrame(
        [(*place, "people", n) for *place, n in where],
        schema=["scope", "operator", "insurer_id", "definition", "n"],
        orient="row",
    )
    logs = coverage(("A", "complete", 300), ("B", "complete", 300))
    asked = pl.DataFrame({"person_id": [1, 2], "operator": ["A", "A"], "insurer_id": ["M", "M"]})
    elsewhere = {Scope(scope="operator", operator="A"): 0}  # B is left out: its answers cannot be tested
    found = estimates(shown, perimeter, logs, elsewhere, asked, ["B"], 0.95)
    high = {row["operator"] or row["scope"]: (row["high"], row["envelope_high"]) for row in found.to_dicts()}
    assert high["B"] == (None, 5)
    assert high["all"] == (None, 12)
    assert high["insurer"] == (None, 12)
    assert high["A"][0] is not None
