"""What labels by hand allow for: limits by hand, where they are used, and how often they hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.estimate import Counts, Scope, estimate_row, level_of_labels
from forensics.estimation.complete import BY_LABELS, WITHOUT_LABELS, unseen_after_checks
from forensics.estimation.labelled import Checked, Labelled, Reach, checked, units_at_most
from forensics.estimation.shares import at_most

ALL = Scope(scope="all")
LEVEL = level_of_labels(0.95)


def labelled(stratum: str, units: int, robot: int = 0, person: int = 0, unsure: int = 0) -> Labelled:
    n = robot + person + unsure
    return Labelled(stratum=stratum, units=units, labelled=n, robot=robot, person=person, unsure=unsure)


def test_none_of_three_hundred_still_allows_one_in_a_hundred():
    assert at_most(0, 300, 0.95) == pytest.approx(1 - 0.05 ** (1 / 300))
    assert units_at_most(100_000, 300, 0, 0.95) == 994  # 0.99361 %


def test_where_all_were_looked_at_nothing_is_left_to_allow_for():
    assert units_at_most(50, 50, 3, 0.95) == 3
    assert units_at_most(50, 0, 0, 0.95) == 50


def test_limits_of_a_scope_by_hand():
    strata = [
        labelled("honest", 10_000, person=200), labelled("unclear", 60, robot=10, person=30),
        labelled("scraping", 900, robot=90),
    ]  # fmt: skip
    reach = {"honest": Reach(drawable=4_000, others=0), "unclear": Reach(drawable=50, others=7)}
    found = checked(strata, reach, 0.97)
    share = 1 - 0.01 ** (1 / 200)  # three strata, so .01 each
    assert found.missed == found.best_missed == math.ceil(10_000 * share) == 228
    unclear = math.ceil(60 * at_most(10, 40, 0.99))
    assert (found.unclear, found.best_unclear) == (7 + min(unclear, 30), 7 + math.ceil(60 * (1 - 0.01 ** (1 / 40))))
    assert found.accused == 0  # nobody of this scope was shown to an accused client
    assert (found.found_missed, found.found_accused) == (False, False)


def test_a_scope_with_few_people_is_not_bounded_by_more_than_it_has():
    found = checked([labelled("honest", 10_000, person=5)], {"honest": Reach(drawable=40, others=0)}, 0.95)
    assert found.missed == 40


COUNTS = Counts(strict=100, named=40, broad=110, doubt=30, unclear=20)


def row(labels: Checked | None, elsewhere: int | None = 50, checks: int | None = 300):
    return estimate_row(
        ALL, COUNTS, perimeter=1_000, checks=checks, elsewhere=elsewhere, asked=600, level=0.95, labels=labels
    )


def said(
    missed: int = 10, unclear: int = 20, accused: int = 50, *, best: int | None = None, robot: bool = False,
    person: bool = False,
) -> Checked:  # fmt: skip
    return Checked(
        missed=missed, unclear=unclear, accused=accused, best_missed=missed if best is None else best,
        best_unclear=unclear, found_missed=robot, found_accused=person,
    )  # fmt: skip


def test_good_labels_narrow_the_interval_and_pay_for_it_with_a_surer_limit_on_lost_lines():
    found = row(said(missed=10, unclear=5))
    lost = unseen_after_checks(110 + 5 + 10, 300, 0.9875)
    assert (found["low"], found["high"], found["method"]) == (100, 125 + lost, BY_LABELS)
    assert (found["width_from_unclear"], found["width_from_unexplained"]) == (5, 10)
    assert found["high"] < row(None)["high"]


def test_few_labels_change_nothing():
    assert row(said(missed=400, unclear=20)) == row(None)
    assert row(None)["method"] == WITHOUT_LABELS


def test_labels_that_could_spare_less_than_they_cost_are_not_used():
    # At 18,000 people the surer limit on lost lines costs 42.
    assert unseen_after_checks(18_000, 300, 0.9875) - unseen_after_checks(18_000, 300, 0.975) == 42
    many = Counts(strict=17_000, named=0, broad=17_000, doubt=0, unclear=0)

    def high(missed: int) -> int:
        return estimate_row(
            ALL, many, perimeter=90_000, checks=300, elsewhere=1_000, asked=50_000, level=0.95, labels=said(missed, 0)
        )["high"]

    assert high(970) == high(5_000)
    assert high(950) < high(970)


def test_a_robot_where_the_verdict_was_honest_never_narrows_and_may_widen():
    assert row(said(missed=10, unclear=5, robot=True))["width_from_unexplained"] == 50
    assert row(said(missed=300, best=60, robot=True))["width_from_unexplained"] == 300


def test_labels_alone_make_an_interval_where_care_cannot_be_measured():
    assert row(None, elsewhere=None)["estimate"] is None
    found = row(said(missed=70), elsewhere=None)
    assert (found["estimate"], found["low"], found["width_from_unexplained"]) == (100, 100, 70)


def test_labels_make_no_interval_where_lines_are_missing():
    assert row(said(), checks=None)["estimate"] is None


def test_a_person_among_the_accused_takes_the_low_end_down_and_none_only_lessens_the_doubt():
    found = row(said(accused=45, person=True))
    assert (found["certain"], found["low"], found["certain_doubt"], found["width_from_accused"]) == (100, 55, 45, 45)
    assert found["envelope_low"] == 55
    assert [row(said(accused=n))["certain_doubt"] for n in (12, 80)] == [12, 30]
    assert row(said(accused=80))["low"] == 100


@given(
    st.builds(
        Checked, missed=st.integers(0, 900), unclear=st.integers(0, 900), accused=st.integers(0, 900),
        best_missed=st.integers(0, 900), best_unclear=st.integers(0, 900), found_missed=st.booleans(),
        found_accused=st.booleans(),
    ),
    st.none() | st.integers(0, 500), st.none() | st.integers(1, 500),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_whatever_labels_say_the_numbers_stay_in_order_and_the_widths_add_up(labels, elsewhere, checks):
    found = row(labels, elsewhere, checks)
    if found["estimate"] is None:
        return
    assert found["certain"] - found["certain_doubt"] <= found["low"] <= found["certain"] <= found["high"]
    assert found["envelope_low"] <= found["low"] <= found["high"] <= found["envelope_high"] <= found["perimeter"]
    assert sum(n for name, n in found.items() if name.startswith("width_from_")) == found["high"] - found["low"]


def drawn(rng: np.random.Generator, name: str, of_robot: np.ndarray, n: int, unsure: float = 0.0) -> Labelled:
    """Draw units (true: a robot's) without replacement; of some the labeller cannot tell."""
    seen = rng.choice(of_robot, size=min(n, len(of_robot)), replace=False)
    doubt = rng.random(len(seen)) < unsure
    return labelled(
        name, len(of_robot), int((seen & ~doubt).sum()), int((~seen & ~doubt).sum()), int(doubt.sum())
    )  # fmt: skip


@pytest.mark.parametrize("n", [5, 60, 300])
@pytest.mark.parametrize("unsure", [0.0, 0.1])
@pytest.mark.parametrize("missed_share", [0.0, 0.004, 0.05])
def test_limits_on_people_hold_as_often_as_they_say(n, unsure, missed_share):
    """600 cases: people are shown one to several times, a robot's answers come in runs, cards hold one to six."""
    rng = np.random.default_rng((n, round(100 * unsure), round(1000 * missed_share)))
    held = []
    for _ in range(600):
        people, is_robots = {}, {}
        for name, size, share in (("honest", 4_000, missed_share), ("unclear", 200, 0.5), ("scraping", 1_500, 0.98)):
            cards = rng.integers(1, 7, size)
            of_card = rng.random(size // 20) < share  # runs of twenty answers of one client
            is_robots[name] = np.repeat(np.repeat(of_card, 20), cards)
            people[name] = rng.integers(0, 3_000, len(is_robots[name]))
        strata = [drawn(rng, name, is_robots[name], n, unsure) for name in people]
        reach = {name: Reach(drawable=len(np.unique(people[name])), others=0) for name in people}
        found = checked(strata, reach, LEVEL)
        true = {name: len(np.unique(people[name][is_robots[name]])) for name in people}
        wrong = len(np.unique(people["scraping"][~is_robots["scraping"]]))
        held.append(true["honest"] <= found.missed and true["unclear"] <= found.unclear and wrong <= found.accused)
    assert np.mean(held) >= LEVEL - 4 * math.sqrt(LEVEL * (1 - LEVEL) / len(held))


def test_the_interval_holds_at_its_level_where_each_of_its_limits_is_as_bad_as_it_may_be():
    """4,000 cases: care and lost lines fail as often as they may; labels are drawn. Too narrow in 5 % at most."""
    rng = np.random.default_rng(77)
    missed, units, checks = 33, 3_000, 300  # of 400 drawn none is the robot's in 1 % of cases
    reach = {"honest": Reach(drawable=units, others=0), "unclear": Reach(drawable=0, others=COUNTS.unclear)}
    held, used = [], []
    for _ in range(4_000):
        of_robot = np.arange(units) < missed
        strata = [drawn(rng, "honest", of_robot, int(rng.choice([4, 400])))]
        labels = checked(strata, reach, LEVEL)
        care = 20 if rng.random() < 0.025 else int(rng.integers(33, 90))
        found = row(labels, care, checks)
        lines = 1.0 - rng.random() ** (1.0 / checks)  # the share that all checks leave with this chance
        truth = (COUNTS.broad + COUNTS.unclear + missed) / (1.0 - lines)
        held.append(found["low"] <= truth <= found["high"])
        used.append(found["method"] == BY_LABELS)
    assert np.mean(held) >= 0.95 - 4 * math.sqrt(0.95 * 0.05 / len(held))
    assert 0.4 < np.mean(used) < 0.6
