"""Every damage happens to a whole case: the evidence is what a victim would hold, the truth keeps what was lost."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from synthetic_cases import OPERATORS, evidence, generate, near, share, summary, truth

from synthetic_data.damages import DAMAGES

Cases = Callable[[str], Path]
IDENTITY = ("nom", "prenom", "date_naissance", "sexe")
ALL = ",".join(DAMAGES)
EVERY = pytest.mark.parametrize("name", [*DAMAGES, ALL], ids=[*DAMAGES, "all together"])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, generated: Callable[[str], Path]) -> Cases:
    """Give the tiny list walk after a damage of its default strength, made once; "none" is undamaged."""
    folder, cases = tmp_path_factory.mktemp("losses"), {"none": generated("parquet")}

    def give(name: str) -> Path:
        if name not in cases:
            cases[name] = generate(folder / str(len(cases)), "--damage", name)
        return cases[name]

    return give


def outages(case: Path) -> list[dict[str, Any]]:
    declared = tomllib.loads((case / "case" / "case.toml").read_text(encoding="utf-8"))
    return declared.get("outage", [])


def naive(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def both(made: Cases, name: str) -> pl.DataFrame:
    """Every line kept, with the time, server and size that the same request had before the damage."""
    before = evidence(made("none"), "access").select("operator", "reference", time="heure", by="serveur", size="octets")
    return evidence(made(name), "access").join(before, on=["operator", "reference"])


def lost(made: Cases, name: str) -> pl.DataFrame:
    """Lines of the undamaged log whose request is in no line of the damaged one."""
    kept = evidence(made(name), "access").select("operator", "reference")
    return evidence(made("none"), "access").join(kept, on=["operator", "reference"], how="anti")


# What every damage keeps to


@EVERY
def test_what_really_happened_is_the_same_whatever_became_of_the_evidence(name: str, made: Cases):
    before, after = made("none"), made(name)
    told = ["source_line", "logged"]
    assert truth(after, "requests").drop(told).equals(truth(before, "requests").drop(told))
    assert truth(after, "accounts").equals(truth(before, "accounts"))
    assert truth(after, "people").drop("shown_logged").equals(truth(before, "people").drop("shown_logged"))
    unchanged = {key: value for key, value in summary(before).items() if key != "people_shown_logged"}
    assert {key: summary(after)[key] for key in unchanged} == unchanged


@EVERY
def test_accounts_and_claims_are_never_damaged_and_the_register_by_its_own_defects_alone(name: str, made: Cases):
    for kind in ("accounts", "claims"):
        assert evidence(made(name), kind).equals(evidence(made("none"), kind))
    same = evidence(made(name), "register").equals(evidence(made("none"), "register"))
    assert same == ("register_defects" not in name)


@EVERY
def test_the_gateway_counted_what_happened_unless_it_was_out_itself(name: str, made: Cases):
    before, after = evidence(made("none"), "counters"), evidence(made(name), "counters")
    if "total_outage" not in name:
        assert after.equals(before)
    else:
        assert len(before) - len(after) == 2 * 2 * 8
        assert after.equals(before.join(after, on=["operator", "serveur", "debut"], how="semi", maintain_order="left"))


@EVERY
def test_a_request_is_logged_where_a_whole_line_says_so_and_its_line_is_the_first_that_does(name: str, made: Cases):
    rows = truth(made(name), "requests")
    for operator in OPERATORS:
        log = pl.read_parquet(made(name) / "case" / "evidence" / operator / "access.parquet").with_row_index("line", 1)
        whole = log.filter(pl.col("heure").is_not_null())
        first = dict(whole.group_by("reference").agg(pl.col("line").min()).iter_rows())
        mine = rows.filter(pl.col("operator") == operator)
        assert dict(mine.filter("logged").select("request_ref", "source_line").iter_rows()) == first
        assert mine.filter(~pl.col("logged"))["source_line"].null_count() == len(mine) - len(first)


@EVERY
def test_people_shown_and_logged_are_those_of_the_robots_lines_that_were_kept(name: str, made: Cases):
    """Read slowly off the undamaged register and log; whoever was shown in a lost line too stays logged."""
    rows = truth(made(name), "requests").filter("is_scraping", "logged").select("request_ref", "operator")
    asked = evidence(made("none"), "access").join(
        rows, left_on=["operator", "reference"], right_on=["operator", "request_ref"]
    )
    hits = asked.filter(pl.col("statut") == 200, pl.col("numero").is_not_null())
    cards = evidence(made("none"), "register").select("operator", "debut_droits", *IDENTITY, numero="numero_assure")
    shown = hits.join(cards, on=["operator", "numero"]).filter(pl.col("debut_droits") <= pl.col("heure").dt.date())
    counted = summary(made(name))
    assert counted["people_shown_logged"]["all"] == shown.select(IDENTITY).n_unique()
    by_operator = dict(shown.group_by("operator").agg(pl.struct(IDENTITY).n_unique()).iter_rows())
    assert {place.lower(): count for place, count in counted["people_shown_logged"]["operator"].items()} == by_operator
    assert truth(made(name), "people").filter("shown_logged")["shown"].all()


@pytest.mark.parametrize("name", DAMAGES)
def test_the_lines_that_stay_are_as_they_were_but_for_what_the_damage_touches(name: str, made: Cases):
    touched = {
        "keys_not_logged": ["numero"], "clock_skew": ["heure"], "mixed_timezones": ["heure"],
    }.get(name, [])  # fmt: skip
    after = evidence(made(name), "access").filter(pl.col("heure").is_not_null())
    before = evidence(made("none"), "access")
    kept = before.join(after, on=["operator", "reference"], how="semi", maintain_order="left")
    once = after.unique(["operator", "reference"], keep="first", maintain_order=True)
    assert once.drop(touched).equals(kept.drop(touched))


@pytest.mark.parametrize("name", [name for name in DAMAGES if name not in ("server_day_lost", "total_outage")])
def test_what_the_victim_does_not_know_is_not_declared(name: str, made: Cases):
    assert outages(made(name)) == []


# One by one


def test_random_loss_takes_three_lines_in_ten_whoever_they_are(made: Cases):
    rows = truth(made("random_loss"), "requests")
    assert share(~rows["logged"]) == near(0.3, of=len(rows))
    robot = rows.filter("is_scraping")
    assert share(~robot["logged"]) == near(0.3, of=len(robot))
    shown, logged = (summary(made("random_loss"))[name]["all"] for name in ("people_shown", "people_shown_logged"))
    assert 0.6 < logged / shown < 0.8


def test_a_lost_server_day_is_declared_and_falls_between_the_robots_first_and_last(made: Cases):
    gone, declared = lost(made, "server_day_lost"), outages(made("server_day_lost"))
    robot = truth(made("none"), "requests").filter("is_scraping")
    asked = evidence(made("none"), "access").join(robot, left_on="reference", right_on="request_ref", how="semi")
    assert [entry["operator"] for entry in declared] == ["Verdanne", "Ostrelis"]
    for entry in declared:
        mine = gone.filter(pl.col("operator") == entry["operator"].lower())
        start, end = naive(entry["start"]), naive(entry["end"])
        assert end - start == timedelta(days=1)
        assert set(mine["serveur"]) == {entry["server"]}
        assert mine["heure"].is_between(start, end, closed="left").all()
        there = evidence(made("server_day_lost"), "access").filter(
            pl.col("serveur") == entry["server"], pl.col("heure").is_between(start, end, closed="left")
        )
        assert len(there) == 0
        of_robot = asked.filter(pl.col("operator") == entry["operator"].lower())["heure"].dt.date()
        assert of_robot.min() <= start.date() <= of_robot.max()  # type: ignore[operator]


def test_a_total_outage_is_eight_hours_without_lines_and_windows_and_declared(made: Cases):
    gone = lost(made, "total_outage")
    for entry in outages(made("total_outage")):
        start, end = naive(entry["start"]), naive(entry["end"])
        assert end - start == timedelta(hours=8)
        assert "server" not in entry
        mine = gone.filter(pl.col("operator") == entry["operator"].lower())
        assert mine["heure"].is_between(start, end, closed="left").all()
        windows = evidence(made("total_outage"), "counters").filter(pl.col("operator") == entry["operator"].lower())
        assert not windows["debut"].is_between(start, end, closed="left").any()


def test_rotation_took_the_first_four_days_of_the_log_and_not_of_the_counters(made: Cases):
    first = evidence(made("rotated_away"), "access")["heure"].min()
    assert datetime(2024, 1, 12) <= first < datetime(2024, 1, 12, 6)  # type: ignore[operator]
    assert lost(made, "rotated_away")["heure"].max() < datetime(2024, 1, 12)  # type: ignore[operator]
    assert evidence(made("rotated_away"), "counters")["debut"].min() == datetime(2024, 1, 8)


def test_size_dependent_loss_takes_one_line_in_five_and_big_answers_most(made: Cases):
    rows = truth(made("size_dependent_loss"), "requests")
    assert share(~rows["logged"]) == near(0.2, of=len(rows))
    before, gone = evidence(made("none"), "access"), lost(made, "size_dependent_loss")
    assert gone["octets"].mean() > 2 * before["octets"].mean()  # type: ignore[operator]


def test_where_keys_were_not_logged_nobody_is_named_and_counts_stay(made: Cases):
    log = evidence(made("keys_not_logged"), "access")
    assert log["numero"].null_count() == len(log)
    assert log["nb_assures"].sum() == evidence(made("none"), "access")["nb_assures"].sum()
    assert truth(made("keys_not_logged"), "requests")["logged"].all()


def test_duplicates_are_one_line_in_twenty_written_again(made: Cases):
    before, after = evidence(made("none"), "access"), evidence(made("duplicates"), "access")
    assert (len(after) - len(before)) / len(before) == near(0.05, of=len(before))
    assert after.unique(maintain_order=True).equals(before)


def test_a_skewed_clock_is_one_servers_at_each_operator_by_90_seconds_and_a_drift(made: Cases):
    rows = both(made, "clock_skew").with_columns(off=(pl.col("heure") - pl.col("time")).dt.total_milliseconds().abs())
    for operator in OPERATORS:
        wrong = rows.filter(pl.col("operator") == operator, pl.col("off") > 0)
        assert wrong["by"].n_unique() == 1
        assert 90_000 <= wrong["off"].min() <= wrong["off"].max() < 90_000 + 21 * 2_200  # type: ignore[operator]


def test_one_line_in_a_hundred_is_torn_and_its_request_not_logged(made: Cases):
    log = evidence(made("torn_lines"), "access")
    assert len(log) == len(evidence(made("none"), "access"))
    torn = log["heure"].is_null()
    assert share(torn) == near(0.01, of=len(log))
    assert (~truth(made("torn_lines"), "requests")["logged"]).sum() == torn.sum()


def test_one_server_writes_local_time_from_some_midnight_on(made: Cases):
    rows = both(made, "mixed_timezones").with_columns(off=pl.col("heure") - pl.col("time"))
    for operator in OPERATORS:
        mine = rows.filter(pl.col("operator") == operator)
        wrong = mine.filter(pl.col("off") != timedelta(0))
        assert set(wrong["off"]) == {timedelta(hours=1)}
        (server,) = set(wrong["by"])
        since = wrong["time"].min().replace(hour=0, minute=0, second=0, microsecond=0)  # type: ignore[union-attr]
        assert len(wrong) == len(mine.filter(pl.col("by") == server, pl.col("time") >= since))


def test_register_defects_spoil_two_rows_in_a_hundred_and_all_ranks_of_one_operator(made: Cases):
    before, after = evidence(made("none"), "register"), evidence(made("register_defects"), "register")
    ranks = after.group_by("operator").agg(pl.col("rang_naissance").null_count() / pl.len())
    missing = sorted(ranks["rang_naissance"])
    assert missing[1] == 1
    assert missing[0] < 0.01
    added = len(after) - len(before)
    assert 0 < added < 0.01 * len(before)
    own = ["operator", "numero_adherent", "numero_carte"]
    columns = [name for name in before.columns if name not in (*own, "rang_naissance")]
    first = after.unique(own, keep="first", maintain_order=True)
    spoilt = before.join(first, on=[*own, *columns], how="anti", nulls_equal=True)
    assert 0.01 < (len(spoilt) + added) / len(before) < 0.03
    assert truth(made("register_defects"), "requests")["logged"].all()


def test_damages_in_another_order_leave_other_evidence_of_the_same_truth(made: Cases):
    one, other = made("duplicates,random_loss:0.5"), made("random_loss:0.5,duplicates")
    assert not evidence(one, "access").equals(evidence(other, "access"))
    assert truth(one, "people")["shown"].equals(truth(other, "people")["shown"])


def test_a_quiet_case_may_be_damaged_too(tmp_path: Path):
    case = generate(tmp_path / "quiet", "--scenario", "quiet", "--damage", ALL)
    assert summary(case)["people_shown"]["all"] == 0
    assert len(evidence(case, "access")) > 10_000
