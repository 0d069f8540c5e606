"""Defects of the register: each has its part, leaves the rest as it was, and never names a real person."""

from __future__ import annotations

from datetime import date
from math import sqrt

import numpy as np
import polars as pl
import pytest
from made_evidence import PEOPLE, made_people, planned, same_but, within_binomial_error
from stdnum.fr import nir

from synthetic_data.damages.plan import Plan
from synthetic_data.damages.second_keys import check_digits


def spoilt(text: str = "register_defects:0.1", operator: int | None = None) -> pl.DataFrame:
    """The register of the operator that keeps birth ranks, unless said."""
    plan = planned(text)
    chosen = with_ranks(plan) if operator is None else operator
    return plan.register(made_people(), chosen, np.random.default_rng(3))


def with_ranks(plan: Plan) -> int:
    (kept,) = [
        operator
        for operator in (0, 1)
        if plan.register(made_people(), operator, np.random.default_rng(3))["birth_rank"].null_count() < PEOPLE
    ]
    return kept


def changed_in(column: str, after: pl.DataFrame) -> pl.DataFrame:
    """Rows whose column is not what it was, with what it was; second keys left aside."""
    own = after.unique("member_number", keep="first", maintain_order=True)
    both = own.with_columns(before=made_people()[column])
    return both.filter(pl.col(column).ne_missing(pl.col("before")))


@pytest.mark.parametrize(
    ("column", "share"),
    [("last_name", 0.2), ("first_name", 0.2), ("birth_date", 0.2), ("birth_rank", 0.1), ("covered_until", 0.2)],
)
def test_each_defect_has_its_part_of_the_rows(column: str, share: float):
    stale_only_at_the_start = 6 / 7 if column == "covered_until" else 1
    found = len(changed_in(column, spoilt()))
    assert abs(found - PEOPLE * 0.1 * share * stale_only_at_the_start) < 4.5 * sqrt(PEOPLE * 0.1 * share) + 30


def test_a_row_has_one_defect_at_most_and_the_others_are_as_they_were():
    after = spoilt()
    wrong = [changed_in(column, after)["member_number"] for column in made_people().columns if "covered" not in column]
    stale = pl.concat([changed_in(column, after)["member_number"] for column in ("covered_from", "covered_until")])
    second = after.filter(pl.col("member_number").is_duplicated())["member_number"].unique()
    every = pl.concat([*wrong, stale.unique(), second])
    assert every.is_unique().all()
    assert within_binomial_error(len(every), PEOPLE, 0.1)


def test_a_mistyped_name_is_one_slip_away():
    for column in ("last_name", "first_name"):
        for typed, meant in changed_in(column, spoilt()).select(column, "before").iter_rows():
            assert abs(len(typed) - len(meant)) <= 1
            assert (
                typed[:1] == meant[:1] or typed[1:] == meant[1:] or sorted(typed) == sorted(meant) or typed == meant[1:]
            )
            assert len(set(typed) ^ set(meant)) <= 2


def test_a_mistyped_birth_date_is_a_date_of_the_past():
    wrong = changed_in("birth_date", spoilt())
    assert wrong["birth_date"].null_count() == 0
    assert wrong["birth_date"].max() < date(2024, 1, 1)  # type: ignore[operator]
    same_parts = sum(
        (wrong["birth_date"].dt.to_string(part) == wrong["before"].dt.to_string(part)).cast(pl.Int8)
        for part in ("%Y", "%m", "%d")
    )
    assert (same_parts >= 1).all()  # type: ignore[union-attr]


def test_one_operator_has_no_birth_rank_and_the_other_lacks_some():
    plan = planned("register_defects:0.001")
    missing = [
        plan.register(made_people(), operator, np.random.default_rng(3))["birth_rank"].is_null().to_numpy().mean()
        for operator in (0, 1)
    ]
    assert max(missing) == 1
    assert 0 <= min(missing) < 0.01


def test_the_rows_of_the_operator_without_ranks_have_as_many_defects():
    plan = planned("register_defects:0.1")
    after = plan.register(made_people(), 1 - with_ranks(plan), np.random.default_rng(3))
    columns = ("last_name", "first_name", "birth_date")
    found = sum(len(changed_in(column, after)) for column in columns)
    assert within_binomial_error(found, PEOPLE, 0.1 * 0.6 / 0.9)


def test_stale_cover_is_what_was_true_before_the_last_change():
    cases = changed_in("covered_until", spoilt())
    left = cases.filter(pl.col("before").is_not_null())
    renewed = cases.filter(pl.col("before").is_null())
    assert len(left) > 0
    assert left["covered_until"].null_count() == len(left)
    assert renewed["covered_until"].unique().to_list() == [date(2023, 12, 31)]
    joined = changed_in("covered_from", spoilt())
    assert set(zip(joined["before"], joined["covered_from"], strict=True)) == {(date(2024, 1, 10), date(2023, 1, 10))}
    assert (spoilt()["covered_from"] <= spoilt()["covered_until"]).fill_null(value=True).all()


def test_a_second_key_is_one_more_row_right_after_the_persons_own():
    after = spoilt().with_row_index("place")
    twice = after.filter(pl.col("member_number").is_duplicated())
    assert len(after) - PEOPLE == len(twice) / 2
    assert within_binomial_error(len(twice) // 2, PEOPLE, 0.1 * 0.1)
    own, second = twice[::2], twice[1::2]
    assert (second["place"] - own["place"] == 1).all()
    same_but(own, second, "place", "holder_number", "beneficiary_number")


def test_a_second_key_is_a_fictitious_number_with_right_check_digits_that_nobody_else_holds():
    after = spoilt()
    second = after.filter(~pl.col("holder_number").is_in(made_people()["holder_number"].to_list()))
    assert len(second) == len(after) - PEOPLE
    for holder, own in second.select("holder_number", "beneficiary_number").iter_rows():
        assert holder[5:10] == "00000"
        assert 991 <= int(holder[10:]) <= 999
        assert own[:13] == holder
        assert nir.is_valid(own)


def test_who_has_a_number_of_their_own_keeps_it_under_a_second_holders():
    people = made_people().with_columns(beneficiary_number=pl.lit("299010000000112"))
    plan = planned("register_defects:0.1")
    after = plan.register(people, with_ranks(plan), np.random.default_rng(3))
    assert after["beneficiary_number"].unique().to_list() == ["299010000000112"]
    assert len(set(after["holder_number"]) - set(people["holder_number"])) > 0


def test_check_digits_count_corsica_as_19_and_18():
    numbers = ["282052A000993", "282052B000993", "2820500000993"]
    ours = pl.select(check_digits(pl.lit(pl.Series(numbers)))).to_series().to_list()
    assert ours == [nir.calc_check_digits(number) for number in numbers]
