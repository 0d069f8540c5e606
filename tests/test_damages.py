"""Damages: what each takes from the evidence, what it leaves as it was, and what the victim declares."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from math import sqrt

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from stdnum.fr import nir

from synthetic_data.damages import DAMAGES, draw_plan, parse
from synthetic_data.damages.plan import Plan, Scene
from synthetic_data.damages.runs import place_run
from synthetic_data.damages.second_keys import check_digits
from synthetic_data.presets import PRESETS, Calendar
from synthetic_data.recipe import UsageError

START = datetime(2024, 1, 8)
CALENDAR = Calendar(start=START, days=21, clean_days=7, robot_from=10)
SERVERS = {"Verdanne": ("verdanne-web-1", "verdanne-web-2"), "Ostrelis": ("ostrelis-web-1", "ostrelis-web-2")}
SCENE = Scene(
    calendar=CALENDAR,
    operators=("Verdanne", "Ostrelis"),
    servers=SERVERS,
    robot_days={"Verdanne": (12, 15), "Ostrelis": (17, 18)},
)
NOBODY_CAME = Scene(calendar=CALENDAR, operators=SCENE.operators, servers=SERVERS, robot_days={})
LINES = 42_000
PEOPLE = 20_000


@cache
def made_lines(operator: int = 0, lines: int = LINES) -> pl.DataFrame:
    """A piece: lines spread evenly over the log, two servers in turn, every third asks for somebody."""
    row = np.arange(lines)
    asks, five = row % 3 == 0, row % 5
    server = np.array(SERVERS[SCENE.operators[operator]])[row % 2]
    step = CALENDAR.days * 86_400_000_000 // max(lines, 1)
    return pl.DataFrame(
        {
            "row": row,
            "requested_at": pl.Series(CALENDAR.start_us + row * step).cast(pl.Datetime("us")),
            "account_id": [f"pro-{n}" for n in row % 97],
            "path": np.where(asks, "/droits", "/accueil"),
            "status": pl.Series(np.full(lines, 200)).cast(pl.Int16),
            "response_bytes": np.where(asks, 1_850 + 640 * five, 9_600),
            "server": server,
            "request_ref": [f"{n:016x}" for n in row],
            "subject": pl.Series(1800100000000 + row).cast(pl.String),
            "records_returned": pl.Series(five).cast(pl.Int32),
            "returned_people": pl.Series([f"FIC-A-{n}" for n in row], dtype=pl.String),
            "torn": np.zeros(lines, dtype=bool),
        }
    ).with_columns(
        pl.when(pl.Series(asks)).then(pl.col(name)).alias(name)
        for name in ("subject", "records_returned", "returned_people")
    )  # fmt: skip


@cache
def made_windows(operator: int = 0) -> pl.DataFrame:
    """The gateway's count of the same lines, an hour and server at a time."""
    hour = pl.col("requested_at").dt.truncate("1h").alias("window_start")
    return (
        made_lines(operator)
        .group_by(hour, "server")
        .agg(pl.len().alias("requests"), pl.col("response_bytes").sum())
        .sort("window_start", "server")
    )


@cache
def made_people(people: int = PEOPLE) -> pl.DataFrame:
    """A block of a register: two people a card, the second one under the first one's number."""
    row = np.arange(people)
    card, child = row // 2, row % 2 == 1
    born = (np.datetime64("1950-01-15") + row % 20_000).astype("datetime64[D]")
    number = 1_500_100_000_000 + card % 985 + 1 + card // 985 * 10**8
    digits = pl.Series(number).cast(pl.String)
    keys = pl.select(check_digits(pl.lit(digits))).to_series()
    joined = np.where(row % 7 == 0, np.datetime64("2024-01-10"), np.datetime64("2015-06-01"))
    return pl.DataFrame(
        {
            "beneficiary_number": digits + keys,
            "holder_number": digits,
            "birth_date": born,
            "birth_rank": pl.Series(np.where(row % 50 == 0, 2, 1)).cast(pl.String),
            "last_name": pl.Series(["BELANTOU", "CARDELINE", "ANNA"]).gather(card % 3),
            "first_name": pl.Series(["Manela", "Tou", "Elodar", "Anne"]).gather(row % 4),
            "card_number": [f"FIC-C-{n:09}" for n in card],
            "member_number": [f"FIC-A-{n:09}" for n in row],
            "role": np.where(child, "child", "holder"),
            "covered_from": joined.astype("datetime64[D]"),
            "covered_until": np.where(
                (row % 11 == 0) & (row % 7 > 0), np.datetime64("2022-03-31"), np.datetime64("NaT")
            ).astype("datetime64[D]"),
        }
    )


def planned(text: str, scene: Scene = SCENE, seed: int = 1) -> Plan:
    return draw_plan(parse(text), scene, np.random.default_rng(seed))


def damaged(text: str, operator: int = 0, scene: Scene = SCENE, seed: int = 2) -> pl.DataFrame:
    return planned(text, scene).log(made_lines(operator), operator, np.random.default_rng(seed))


def within_binomial_error(found: int, of: int, share: float) -> bool:
    return abs(found - of * share) < 4.5 * sqrt(of * share * (1 - share)) + 1e-9


def same_but(before: pl.DataFrame, after: pl.DataFrame, *changed: str) -> None:
    assert_frame_equal(before.drop(changed), after.drop(changed))


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


# The register


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
