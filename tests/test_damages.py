"""Damages of the log: what each takes from the evidence, what it leaves, and what the victim declares."""

from __future__ import annotations

from datetime import date, timedelta
from math import sqrt

import numpy as np
import polars as pl
import pytest
from made_evidence import (
    LINES,
    NOBODY_CAME,
    PEOPLE,
    SCENE,
    SERVERS,
    START,
    damaged,
    made_lines,
    made_people,
    made_windows,
    planned,
    same_but,
    within_binomial_error,
)
from polars.testing import assert_frame_equal

from synthetic_data.damages import DAMAGES, draw_plan, parse
from synthetic_data.damages.plan import Scene
from synthetic_data.damages.runs import place_run
from synthetic_data.presets import PRESETS
from synthetic_data.recipe import UsageError

LOSSES = ("random_loss:0.4", "server_day_lost:2", "total_outage", "rotated_away:5", "size_dependent_loss")
COUNTERS_WHOLE = [name for name in DAMAGES if name != "total_outage"]
UNDECLARED = [name for name in DAMAGES if name not in ("server_day_lost", "total_outage")]


# What every damage keeps to


@pytest.mark.parametrize("name", DAMAGES)
def test_a_case_damaged_twice_from_one_seed_is_damaged_alike(name: str):
    assert_frame_equal(damaged(name), damaged(name))
    first, second = (planned(name).register(made_people(), 0, np.random.default_rng(3)) for _ in range(2))
    assert_frame_equal(first, second)


@pytest.mark.parametrize("name", ["random_loss", "size_dependent_loss", "torn_lines", "duplicates"])
def test_another_seed_damages_other_lines(name: str):
    assert not damaged(name, seed=2).equals(damaged(name, seed=4))


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_leaves_the_other_lines_as_they_were_in_their_order(name: str):
    after = damaged(name)
    assert 0 < len(after) < LINES
    assert_frame_equal(after, made_lines().join(after.select("row"), on="row", how="semi", maintain_order="left"))


@pytest.mark.parametrize("name", COUNTERS_WHOLE)
def test_the_gateway_still_counts_every_request(name: str):
    assert_frame_equal(planned(name).counters(made_windows(), 0), made_windows())


@pytest.mark.parametrize("name", UNDECLARED)
def test_what_the_victim_does_not_know_is_not_declared(name: str):
    assert planned(name).outages() == []


@pytest.mark.parametrize("name", [name for name in DAMAGES if name != "register_defects"])
def test_a_damaged_log_leaves_the_register_as_it_was(name: str):
    assert_frame_equal(planned(name).register(made_people(), 0, np.random.default_rng(3)), made_people())


@pytest.mark.parametrize("name", DAMAGES)
def test_an_empty_piece_and_an_empty_block_stay_empty_with_their_columns(name: str):
    plan, rng = planned(name), np.random.default_rng(3)
    assert_frame_equal(plan.log(made_lines(lines=0), 0, rng), made_lines(lines=0))
    assert_frame_equal(plan.register(made_people(0), 0, rng), made_people(0))


@pytest.mark.parametrize("name", DAMAGES)
def test_columns_keep_their_names_order_and_types_also_where_texts_are_categories(name: str):
    texts = [column for column, dtype in made_lines().schema.items() if dtype == pl.String]
    lines = made_lines().with_columns(pl.col(texts).cast(pl.Categorical))
    after = planned(name).log(lines, 0, np.random.default_rng(2))
    assert after.schema == lines.schema
    assert_frame_equal(after.with_columns(pl.col(texts).cast(pl.String)), damaged(name))


@pytest.mark.parametrize("name", DAMAGES)
def test_every_damage_happens_in_every_preset_at_its_least_and_most(name: str):
    damage = DAMAGES[name]
    for preset in PRESETS.values():
        lines = made_lines(lines=1_000).with_columns(
            requested_at=preset.calendar.start + (pl.col("requested_at") - START) * (preset.calendar.days / 21)
        )
        scene = Scene(calendar=preset.calendar, operators=SCENE.operators, servers=SERVERS, robot_days={})
        for strength in (damage.least, damage.default, damage.most):
            plan = draw_plan([(damage, strength)], scene, np.random.default_rng(5))
            assert len(plan.log(lines, 1, np.random.default_rng(6))) > 0
            for outage in plan.outages():
                assert preset.calendar.start <= outage.start < outage.end <= preset.calendar.end


# One by one


def test_random_loss_takes_its_share_whoever_answered_and_whatever_was_asked():
    kept = damaged("random_loss:0.3")
    for part in (pl.lit(value=True), pl.col("server") == "verdanne-web-1", pl.col("subject").is_not_null()):
        before = len(made_lines().filter(part))
        assert within_binomial_error(before - len(kept.filter(part)), before, 0.3)


def test_size_dependent_loss_takes_big_answers_in_proportion_to_their_size_and_its_share_on_average():
    kept = damaged("size_dependent_loss:0.2")
    assert within_binomial_error(LINES - len(kept), LINES, 0.2)
    before, after = (
        dict(frame.group_by("response_bytes").len().iter_rows()) for frame in (made_lines(), kept)
    )  # fmt: skip
    mean = made_lines()["response_bytes"].to_numpy().mean()
    for size, lines in before.items():
        assert within_binomial_error(lines - after[size], lines, 0.2 * size / mean)


def test_size_dependent_loss_keeps_some_of_the_biggest_answers_and_all_lines_without_a_size():
    lines = made_lines().with_columns(
        response_bytes=pl.when(pl.col("row") % 3 == 0)
        .then(None)
        .when(pl.col("row") % 3 == 1)
        .then(100)
        .otherwise(10**6)
    )
    kept = planned("size_dependent_loss:0.4").log(lines, 0, np.random.default_rng(2))
    third = LINES // 3
    assert len(kept.filter(pl.col("response_bytes").is_null())) == third
    lost_big = third - len(kept.filter(response_bytes=10**6))
    lost_small = third - len(kept.filter(response_bytes=100))
    assert within_binomial_error(lost_big, third, 0.95)
    assert within_binomial_error(lost_small, third, 0.25)


def test_a_lost_server_day_is_one_servers_lines_of_one_day_of_the_robot_and_is_declared():
    for seed in range(20):
        plan = planned("server_day_lost", seed=seed)
        declared = plan.outages()
        assert [outage.operator for outage in declared] == ["Verdanne", "Ostrelis"]
        for operator, outage in enumerate(declared):
            first, last = SCENE.robot_days[outage.operator]
            day = (outage.start - START) / timedelta(days=1)
            assert day.is_integer()
            assert first <= day <= last
            assert outage.end - outage.start == timedelta(days=1)
            gone = made_lines(operator).join(
                plan.log(made_lines(operator), operator, np.random.default_rng(2)), on="row", how="anti"
            )
            assert_frame_equal(
                gone,
                made_lines(operator).filter(
                    pl.col("server") == outage.server, pl.col("requested_at").dt.date() == outage.start.date()
                ),
                check_row_order=False,
            )


def test_without_a_robot_a_server_day_is_lost_where_a_robot_could_have_come():
    days = {
        (outage.start - START).days
        for seed in range(60)
        for outage in planned("server_day_lost", NOBODY_CAME, seed).outages()
    }
    assert days == set(range(10, 21))


def test_more_days_lost_than_the_robot_was_there_hold_all_its_days():
    for outage in planned("server_day_lost:9").outages():
        first, last = SCENE.robot_days[outage.operator]
        assert outage.start <= START + timedelta(days=first)
        assert START + timedelta(days=last + 1) <= outage.end


def test_lines_that_name_no_server_survive_the_loss_of_a_servers_day():
    lines = made_lines().with_columns(server=pl.lit(None, dtype=pl.String))
    assert_frame_equal(planned("server_day_lost").log(lines, 0, np.random.default_rng(2)), lines)


def test_a_total_outage_leaves_neither_lines_nor_windows_in_the_hours_declared():
    plan = planned("total_outage:8")
    for operator, outage in enumerate(plan.outages()):
        assert outage.server is None
        assert outage.end - outage.start == timedelta(hours=8)
        kept = plan.log(made_lines(operator), operator, np.random.default_rng(2))
        silent = pl.col("requested_at").is_between(outage.start, outage.end, closed="left")
        assert_frame_equal(kept, made_lines(operator).filter(~silent))
        assert made_windows(operator).join(
            plan.counters(made_windows(operator), operator), on=["window_start", "server"], how="anti"
        ).height == 2 * 8  # fmt: skip
        first, last = SCENE.robot_days[outage.operator]
        assert START + timedelta(days=first) <= outage.start
        assert outage.end <= START + timedelta(days=last + 1)


def test_the_windows_that_a_total_outage_leaves_are_those_of_other_hours():
    plan = planned("total_outage:8")
    outage = plan.outages()[0]
    silent = pl.col("window_start").is_between(outage.start, outage.end, closed="left")
    assert_frame_equal(plan.counters(made_windows(), 0), made_windows().filter(~silent))


def test_a_rotated_log_begins_late_at_every_operator():
    for operator in (0, 1):
        kept = damaged("rotated_away:5", operator)
        assert_frame_equal(kept, made_lines(operator).filter(pl.col("requested_at") >= START + timedelta(days=5)))


def test_rotation_always_leaves_the_last_day():
    kept = damaged("rotated_away:30")
    assert kept["requested_at"].dt.date().unique().to_list() == [date(2024, 1, 28)]


def test_a_portal_that_logs_no_keys_names_nobody_and_counts_as_before():
    after = damaged("keys_not_logged")
    assert after["subject"].null_count() == after["returned_people"].null_count() == LINES
    same_but(made_lines(), after, "subject", "returned_people")


def test_some_lines_without_keys_are_a_share_of_those_that_had_one():
    before, after = made_lines(), damaged("keys_not_logged:0.25")
    had = before["subject"].is_not_null()
    lost = had & after["subject"].is_null()
    assert within_binomial_error(lost.sum(), had.sum(), 0.25)
    assert (lost == (had & after["returned_people"].is_null())).all()
    same_but(before.filter(~lost), after.filter(~lost))


def test_duplicates_write_a_share_of_the_lines_again_to_the_byte():
    after = damaged("duplicates:0.1")
    again = len(after) - LINES
    assert abs(again - 0.1 * LINES) < 4.5 * sqrt(0.05 * 0.95 * LINES) + 21
    assert_frame_equal(after.unique("row", keep="first", maintain_order=True), made_lines())
    assert_frame_equal(after.unique(maintain_order=True), made_lines())


def test_half_of_the_duplicates_are_one_block_a_day_that_repeats_the_lines_just_written():
    rows = damaged("duplicates:0.1")["row"].to_numpy()
    back = np.flatnonzero(np.diff(rows) < 0)
    a_day = LINES // 21
    assert len(back) == 21
    assert [rows[at] - rows[at + 1] + 1 for at in back.tolist()] == [a_day // 20] * 21
    assert [rows[at] // a_day for at in back.tolist()] == list(range(21))


def test_a_day_of_few_lines_may_have_no_block():
    few = made_lines().head(3)
    assert_frame_equal(planned("duplicates:0.001").log(few, 0, np.random.default_rng(2)), few)


def test_a_skewed_clock_is_one_servers_and_off_by_the_seconds_asked_for_and_a_slow_drift():
    for operator in (0, 1):
        before, after = made_lines(operator), damaged("clock_skew:90", operator)
        same_but(before, after, "requested_at")
        off = (after["requested_at"] - before["requested_at"]).dt.total_microseconds().to_numpy() / 1e6
        wrong = off != 0
        assert before.filter(pl.Series(wrong))["server"].n_unique() == 1
        assert wrong.sum() == LINES / 2
        off = np.abs(off[wrong])
        assert off[0] == pytest.approx(90, abs=0.01)
        assert (np.diff(off) >= 0).all()
        assert 0.4 < (off[-1] - off[0]) / 21 < 2.2  # seconds a day


def test_some_clocks_are_fast_and_some_slow_and_either_server_may_be_wrong():
    seen = set()
    for seed in range(30):
        after = planned("clock_skew", seed=seed).log(made_lines(lines=42), 0, np.random.default_rng(2))
        off = after["requested_at"] - made_lines(lines=42)["requested_at"]
        server = after.filter(off != timedelta(0))["server"][0]
        seen.add((server, off.sum() > timedelta(0)))  # type: ignore[operator]
    assert len(seen) == 4


def test_lines_of_a_skewed_clock_stay_where_they_were_written():
    after = damaged("clock_skew:90")
    assert not after["requested_at"].is_sorted()
    assert after["row"].is_sorted()


def test_torn_lines_are_a_share_of_all_and_stay_in_their_place():
    after = damaged("torn_lines:0.05")
    assert within_binomial_error(after["torn"].sum(), LINES, 0.05)
    same_but(made_lines(), after, "torn")


def test_a_line_torn_before_stays_torn():
    lines = made_lines().with_columns(torn=pl.col("row") % 2 == 0)
    after = planned("torn_lines:0.05").log(lines, 0, np.random.default_rng(2))
    assert (after["torn"] | ~lines["torn"]).all()


def test_from_some_midnight_on_one_server_writes_local_time():
    for seed in range(10):
        plan = planned("mixed_timezones", seed=seed)
        for operator, name in enumerate(SCENE.operators):
            before = made_lines(operator)
            after = plan.log(before, operator, np.random.default_rng(2))
            same_but(before, after, "requested_at")
            moved = before.with_columns(off=after["requested_at"] - before["requested_at"]).filter(
                pl.col("off") != timedelta(0)
            )
            assert moved["off"].unique().to_list() == [timedelta(hours=1)]
            (server,) = moved["server"].unique()
            since = moved["requested_at"].min().replace(hour=0, minute=0, second=0, microsecond=0)  # type: ignore
            expected = before.filter(pl.col("server") == server, pl.col("requested_at") >= since)
            assert_frame_equal(moved.drop("off"), expected)
            assert timedelta(days=1) <= since - START <= timedelta(days=SCENE.robot_days[name][1])


def test_a_server_may_be_set_to_summer_time():
    off = damaged("mixed_timezones:2")["requested_at"] - made_lines()["requested_at"]
    assert set(off) == {timedelta(0), timedelta(hours=2)}


# Several at once


def test_damages_combine_in_the_order_given():
    torn_then_lost = damaged("torn_lines:0.2,random_loss:0.4")
    torn, lost = damaged("torn_lines:0.2"), damaged("random_loss:0.4")
    assert_frame_equal(torn_then_lost, torn.join(lost.select("row"), on="row", how="semi", maintain_order="left"))
    repeated_first, lost_first = damaged("duplicates:0.5,random_loss:0.5"), damaged("random_loss:0.5,duplicates:0.5")
    assert not repeated_first.equals(lost_first)
    assert repeated_first["row"].n_unique() > 1.2 * lost_first["row"].n_unique()


def test_a_damage_draws_the_same_whatever_stands_beside_it():
    alone = planned("server_day_lost").outages()
    assert planned("clock_skew,server_day_lost,register_defects").outages() == alone


def test_every_loss_declares_its_own_hours():
    declared = planned("server_day_lost,total_outage").outages()
    assert [(outage.operator, outage.server is None) for outage in declared] == [
        ("Verdanne", False), ("Ostrelis", False), ("Verdanne", True), ("Ostrelis", True),
    ]  # fmt: skip


def test_no_damage_leaves_everything_as_it_is():
    plan, rng = planned("none"), np.random.default_rng(2)
    assert plan.log(made_lines(), 0, rng) is not None
    assert_frame_equal(plan.log(made_lines(), 0, rng), made_lines())
    assert_frame_equal(plan.counters(made_windows(), 0), made_windows())
    assert_frame_equal(plan.register(made_people(), 0, rng), made_people())
    assert plan.outages() == []


def test_all_damages_at_once_leave_a_case():
    plan = planned(",".join(DAMAGES))
    for operator in (0, 1):
        assert len(plan.log(made_lines(operator), operator, np.random.default_rng(2))) > 0
        assert len(plan.register(made_people(), operator, np.random.default_rng(2))) > PEOPLE


@pytest.mark.parametrize(
    ("length", "first", "last"), [(1, 3, 6), (4, 3, 6), (9, 3, 6), (20, 3, 6), (2, 9, 9), (3, 0, 0)]
)
def test_a_run_lies_within_what_it_should_hit_or_holds_it_and_never_leaves_the_log(length: int, first: int, last: int):
    for seed in range(30):
        start = place_run(length, first, last, 10, np.random.default_rng(seed))
        hit = set(range(start, start + length))
        target = set(range(first, last + 1))
        assert start >= 0
        assert start + min(length, 10) <= 10
        assert hit <= target or target <= hit or start + length == 10 or start == 0
        assert hit & target


# What may be asked for


def test_damages_are_read_with_their_strength_or_their_default():
    asked = [(damage.name, strength) for damage, strength in parse("random_loss:0.2, torn_lines,total_outage:12")]
    assert asked == [("random_loss", 0.2), ("torn_lines", 0.01), ("total_outage", 12)]


@pytest.mark.parametrize("text", ["none", "", " none "])
def test_none_is_no_damage(text: str):
    assert parse(text) == []


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_every_default_may_be_asked_for_and_is_told_in_one_line(damage):
    assert parse(f"{damage.name}:{damage.default:g}") == parse(damage.name) == [(damage, damage.default)]
    assert damage.least <= damage.default <= damage.most
    assert "\n" not in damage.about + damage.unit


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("randomloss", "--damage randomloss: not offered; did you mean random_loss? choose from random_loss, server"),
        ("fire", "--damage fire: not offered; choose from random_loss, "),
        ("random_loss:much", "--damage random_loss:much: expected a number from 0.001 to 0.95 (share of lines lost)"),
        ("random_loss:", "--damage random_loss:: expected a number from 0.001 to 0.95 (share of lines lost)"),
        ("random_loss:nan", "--damage random_loss:nan: expected a number from 0.001 to 0.95 (share of lines lost)"),
        ("random_loss:1.2", "--damage random_loss:1.2: expected a number from 0.001 to 0.95 (share of lines lost)"),
        ("total_outage:0", "--damage total_outage:0: expected a whole number from 1 to 72 (hours)"),
        ("total_outage:2.5", "--damage total_outage:2.5: expected a whole number from 1 to 72 (hours)"),
        ("random_loss,torn_lines,random_loss:0.1", "random_loss is given twice; give each damage once"),
        ("none,random_loss", "--damage none: stands alone; leave it out beside other damages"),
        ("random_loss,", "--damage without a name: not offered; choose from random_loss"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_in_one_line(text: str, told: str):
    with pytest.raises(UsageError) as refused:
        parse(text)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)
