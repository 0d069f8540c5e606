"""No single column of the evidence gives a robot away: the study of `benchmarks/tells.py`, small."""

from __future__ import annotations

import polars as pl
import pytest

from benchmarks.tells import COLUMNS, REQUEST, auc, auc_by_value, auc_learnt, bound, counted, made, tells
from synthetic_data.formats.parquet import FIELDS
from synthetic_data.registers import ACCOUNTS

NAMES_AND_NUMBERS = {"company_name", "siret", "bank_identity"}  # one value an account, like its number


def counts(*rows: tuple[object, int, int]) -> pl.DataFrame:
    """Values of one column, with the robot's lookups and the honest ones that have them."""
    return pl.DataFrame(rows, schema=["value", "robots", "honest"], orient="row").cast(
        {"robots": pl.Float64, "honest": pl.Float64}
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(1, 0, 4), (2, 3, 0)], 1.0),
        ([(1, 3, 0), (2, 0, 4)], 0.0),
        ([(1, 3, 4)], 0.5),
        ([(1, 1, 1), (2, 1, 1)], 0.5),
        ([(1, 0, 2), (2, 1, 2), (3, 1, 0)], 0.875),  # of 8 pairs, 6 are won and 2 are ties
    ],
)
def test_auc_is_the_chance_that_a_robot_s_lookup_scores_higher(rows, expected):
    assert auc(counts(*rows), "value") == expected


def test_numbers_rank_from_whichever_end_tells_more():
    low = {"duration": counts((5, 3, 0), (9, 0, 4))}
    assert auc_by_value([low], "duration") == 1.0


def test_texts_have_no_order_of_their_own():
    assert auc_by_value([{"agent": counts(("a", 3, 0), ("b", 0, 4))}], "agent") == 0.5


def test_an_order_is_learnt_on_some_cases_and_judged_on_others():
    tuning = {"agent": counts(("a", 9, 1), ("b", 1, 9))}
    assert auc_learnt([tuning], [{"agent": counts(("a", 3, 0), ("b", 0, 4))}], "agent") == 1.0
    assert auc_learnt([tuning], [{"agent": counts(("a", 0, 4), ("b", 3, 0))}], "agent") == 0.0
    assert auc_learnt([tuning], [{"agent": counts(("new", 3, 4), (None, 1, 1))}], "agent") == 0.5


def test_numbers_in_the_middle_are_told_by_the_bins_they_fall_into():
    middle = {"hour": counts(*((hour, 9 if hour == 12 else 0, 10) for hour in range(24)))}
    assert auc_by_value([middle], "hour") < 0.55
    assert auc_learnt([middle], [middle], "hour") > 0.97


def test_every_column_of_the_log_and_of_the_accounts_is_studied():
    studied = {name for read in COLUMNS.values() for name in read.meta.root_names()}
    assert studied == {*FIELDS, "subject", *ACCOUNTS} - NAMES_AND_NUMBERS


@pytest.mark.parametrize("scenario", ["list_walk", "slow_many_accounts"])
def test_no_column_tells_more_than_its_bound(scenario, tmp_path):
    """A tiny case has three or four accounts where the study has six and more: chance does more."""
    tuning, judging = (
        [counts for seed in seeds for counts in counted(made("tiny", scenario, seed, tmp_path))]
        for seeds in ((31, 32), (2001, 2002, 2003))
    )
    found = tells(tuning, judging)
    chance = {column: 0.0 if column in REQUEST else 0.12 for column in found}
    assert {c: round(x, 2) for c, x in found.items() if x > bound(scenario, c).most + chance[c]} == {}
