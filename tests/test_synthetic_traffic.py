"""Honest traffic, read off the log of a case without a robot: who asks when, how often, and what follows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from synthetic_cases import evidence, generate, lookups, pages, share

from synthetic_data.professions import PROFESSIONS, Profession

ORDINARY_PROFESSIONS = PROFESSIONS[:7]
FIRST = date(2024, 1, 8)
BY_NAME = pytest.mark.parametrize("figures", ORDINARY_PROFESSIONS, ids=lambda figures: figures.name)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A million requests of 1,000 accounts without a robot."""
    out = tmp_path_factory.mktemp("traffic") / "demo"
    yield generate(out, "--scenario", "quiet", preset="demo", seed=5)
    shutil.rmtree(out)


@pytest.fixture(scope="module")
def every_page(demo: Path) -> pl.DataFrame:
    return pages(demo)


@pytest.fixture(scope="module")
def asked(every_page: pl.DataFrame) -> pl.DataFrame:
    return lookups(every_page)


@pytest.fixture(scope="module")
def ordinary(asked: pl.DataFrame) -> pl.DataFrame:
    return asked.filter(pl.col("pattern") == "ordinary")


@pytest.fixture(scope="module")
def followed(demo: Path, asked: pl.DataFrame) -> pl.DataFrame:
    """Every lookup that found somebody; `ok` where a claim of that account for that holder came within 30 days."""
    by = ["operator", "compte", "numero"]
    claims = evidence(demo, "claims").select("operator", "compte", "recue_le", numero="numero_assure").sort("recue_le")
    found = asked.filter(pl.col("statut") == 200).sort("heure")
    both = found.join_asof(
        claims, left_on="heure", right_on="recue_le", by=by, strategy="forward", check_sortedness=False
    )
    return both.with_columns(ok=(pl.col("recue_le") - pl.col("heure") <= timedelta(days=30)).fill_null(value=False))


def gaps_s(rows: pl.DataFrame) -> pl.Series:
    """Seconds between the lookups of one account."""
    return rows.select(pl.col("heure").diff().over("operator", "compte").dt.total_milliseconds() / 1000).to_series()


def of_pattern(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    return rows.filter(pl.col("pattern") == name)


# How much


def test_the_log_has_its_million_requests_give_or_take_five_percent(every_page: pl.DataFrame):
    assert len(every_page) == pytest.approx(1_000_000, rel=0.05)


@pytest.mark.parametrize("figures", ORDINARY_PROFESSIONS[:6], ids=lambda figures: figures.name)
def test_lookups_on_a_working_day_have_the_median_and_99th_percentile_of_the_profession(
    demo: Path, ordinary: pl.DataFrame, figures: Profession
):
    working = [FIRST + timedelta(days=day) for day in range(21) if figures.weekdays[day % 7] > 5]
    by = ["operator", "compte", "day"]
    counts = ordinary.with_columns(day=pl.col("local").dt.date()).group_by(by).len()
    logins = ordinary.filter(pl.col("profession") == figures.name).select("operator", "compte").unique()
    days = logins.join(pl.DataFrame({"day": working}), how="cross").join(counts, on=by, how="left")["len"].fill_null(0)
    assert days.median() == pytest.approx(figures.lookups_median, rel=0.15)
    # The 40 laboratories and hospitals have eight days above it.
    few = figures.name in ("laboratory", "hospital")
    assert days.quantile(0.99) == pytest.approx(figures.lookups_p99, rel=0.45 if few else 0.30)


def test_a_nurse_looks_nobody_up_on_most_days(ordinary: pl.DataFrame):
    nurses = ordinary.filter(pl.col("profession") == "nurse")
    assert 0.6 < len(nurses) / (40 * 21) < 1.8


# When


@BY_NAME
def test_each_profession_has_its_weekdays(ordinary: pl.DataFrame, figures: Profession):
    mine = ordinary.filter(pl.col("profession") == figures.name)["local"].dt.weekday()
    found = [share(mine == day) for day in range(1, 8)]
    expected = np.array(figures.weekdays) / sum(figures.weekdays)
    # Days come in whole accounts, some of them busy: three points, six where accounts are few.
    few = figures.name in ("hospital", "laboratory", "nurse")
    assert found == pytest.approx(expected.tolist(), abs=0.06 if few else 0.03)


@BY_NAME
def test_each_profession_has_its_hours(ordinary: pl.DataFrame, figures: Profession):
    mine = ordinary.filter(pl.col("profession") == figures.name)["local"].dt.hour()
    found = [share(mine == hour) for hour in range(24)]
    expected = np.array(figures.hours) / sum(figures.hours)
    # Queues carry on into the next hour: two points, six where lookups are few.
    assert found == pytest.approx(expected.tolist(), abs=0.06 if figures.name == "nurse" else 0.02)


def test_opticians_are_shut_at_night_and_on_sunday_but_not_on_saturday(ordinary: pl.DataFrame):
    mine = ordinary.filter(pl.col("profession") == "optician")["local"]
    assert share(mine.dt.hour() < 9) == 0
    assert share(mine.dt.hour() >= 20) < 0.002
    assert share(mine.dt.weekday() == 6) == pytest.approx(0.21, abs=0.02)
    assert 0.005 < share(mine.dt.weekday() == 7) < 0.015


def test_one_or_two_lookups_in_a_hundred_of_pharmacies_are_at_night(ordinary: pl.DataFrame):
    mine = ordinary.filter(pl.col("profession") == "pharmacy")["local"].dt.hour()
    assert 0.003 < share((mine < 8) | (mine >= 20)) < 0.035
    peaks = share(mine.is_in([10, 11, 17, 18]))
    assert peaks == pytest.approx(16 / 30, abs=0.03)


def test_the_last_hour_of_the_log_is_as_busy_as_the_same_hour_of_other_nights(every_page: pl.DataFrame):
    late = every_page.filter(pl.col("heure").dt.hour() == 23).group_by(pl.col("heure").dt.date()).len().sort("heure")
    assert late["len"][-1] > late["len"].median() / 4  # type: ignore[operator]


# Whom, and with what success


def test_people_miss_five_to_ten_percent_of_their_lookups_in_every_profession(ordinary: pl.DataFrame):
    missed = ordinary.group_by("profession").agg((pl.col("statut") == 404).mean().alias("share"))
    assert len(missed) == 7
    assert missed["share"].is_between(0.05, 0.10).all()


def test_a_mistyped_number_is_corrected_within_a_minute_and_looks_like_the_right_one(asked: pl.DataFrame):
    near_miss = pl.col("numero").str.head(10).alias("looks")
    place = ["operator", "compte", "adresse_ip"]
    missed = asked.filter(pl.col("statut") == 404).select(*place, "heure", near_miss, "reference")
    right = asked.filter(pl.col("statut") == 200).select(*place, near_miss, later="heure")
    corrected = missed.join(right, on=[*place, "looks"]).filter(
        (pl.col("later") - pl.col("heure")).is_between(timedelta(seconds=12), timedelta(seconds=50))
    )
    # 5 mistyped visits in 100, and 11 lookups more than visits in 100.
    assert corrected["reference"].n_unique() / len(asked) == pytest.approx(0.05 / 1.11, abs=0.003)


def test_the_same_patient_is_looked_up_again_some_minutes_later_in_six_visits_of_a_hundred(asked: pl.DataFrame):
    again = asked.select(pl.col("heure").diff().over("operator", "compte", "numero").dt.total_seconds()).to_series()
    assert share(again.is_between(20, 1400).fill_null(value=False)) == pytest.approx(0.06 / 1.11, abs=0.012)


def retries(asked: pl.DataFrame, *same: str) -> float:
    """Share of lookups that timed out after which the same browser asks again within 33 to 50 seconds."""
    place = ["operator", "compte", "adresse_ip", "navigateur", *same]
    late = asked.filter(pl.col("statut") == 504).select(*place, "heure", "reference")
    again = late.join(asked.select(*place, after="heure"), on=place)
    soon = (pl.col("after") - pl.col("heure")).is_between(timedelta(seconds=33), timedelta(seconds=51))
    return again.filter(soon)["reference"].n_unique() / len(late)


def test_what_timed_out_is_tried_again_some_seconds_later(asked: pl.DataFrame):
    assert retries(asked) > 0.99


def test_what_is_tried_again_is_the_same_number(asked: pl.DataFrame):
    assert retries(asked, "numero") > 0.99


def test_dentists_patients_live_around_the_corner_in_85_cases_of_100(demo: Path, followed: pl.DataFrame):
    homes = evidence(demo, "register").filter(pl.col("role") == "holder")
    homes = homes.select("operator", numero="numero_assure", home="departement").unique(["operator", "numero"])
    practices = evidence(demo, "accounts").select("operator", "compte", "departement")
    dentists = followed.filter(pl.col("pattern") == "ordinary", pl.col("profession") == "dentist")
    known = dentists.join(homes, on=["operator", "numero"]).join(practices, on=["operator", "compte"])
    near_by = known.group_by("operator", "compte").agg((pl.col("home") == pl.col("departement")).mean())["home"]
    assert near_by.mean() == pytest.approx(0.85, abs=0.04)


@BY_NAME
def test_lookups_are_followed_by_claims_within_30_days_as_often_as_each_profession_claims(
    followed: pl.DataFrame, figures: Profession
):
    mine = of_pattern(followed, "ordinary").filter(pl.col("profession") == figures.name)
    by_account = mine.group_by("operator", "compte").agg(pl.col("ok").mean())["ok"]
    many = figures.name in ("optician", "hearing_aid", "dentist")
    assert by_account.mean() == pytest.approx(figures.claim_share, abs=0.06 if many else 0.10)


def test_claims_run_from_60_days_before_the_log_to_30_days_after_it(demo: Path):
    received = evidence(demo, "claims")["recue_le"]
    assert datetime(2023, 11, 9) <= received.min() < datetime(2023, 11, 10)  # type: ignore[operator]
    assert datetime(2024, 2, 27) <= received.max() < datetime(2024, 2, 28)  # type: ignore[operator]


def test_the_first_week_of_claims_is_as_full_as_the_next(demo: Path):
    weeks = evidence(demo, "claims").sort("recue_le").group_by_dynamic("recue_le", every="7d", start_by="datapoint")
    counts = weeks.agg(pl.len())["len"]
    assert counts[0] > 0.9 * counts[4]


def test_a_claim_is_sent_through_the_portal_by_an_account_that_has_a_session(demo: Path, every_page: pl.DataFrame):
    sent = every_page.filter(pl.col("chemin") == "/factures").select("operator", "compte", "heure")
    received = evidence(demo, "claims").select("operator", "compte", heure="recue_le")
    during = received.filter(pl.col("heure").is_between(datetime(2024, 1, 8), datetime(2024, 1, 28, 23), closed="left"))
    assert len(sent) >= len(during) > 100_000
    assert len(during.join(sent, on=["operator", "compte", "heure"], how="anti")) == 0


# Hard negatives


def test_a_nightly_batch_asks_around_the_clocks_small_hours_at_a_machines_pace_every_day(asked: pl.DataFrame):
    batch = of_pattern(asked, "nightly_batch")
    assert set(batch["local"].dt.weekday()) == {1, 2, 3, 4, 5, 6, 7}
    assert share(batch["local"].dt.hour().is_between(1, 5)) == 1
    median = gaps_s(batch).median()
    assert 0.4 <= median <= 1.6  # type: ignore[operator]
    assert batch.group_by("operator", "compte").agg(pl.col("adresse_ip").n_unique())["adresse_ip"].to_list() == [1, 1]


@pytest.mark.parametrize(
    ("name", "expected", "within"),
    [
        # Two or three accounts each, a tenth of their usual share apart.
        ("nightly_batch", 0.75, 0.2), ("concentrator", 0.80, 0.2), ("billing_desk", 0.70, 0.2),
        ("multi_shop", 0.55, 0.15), ("new_practice", 0.55, 0.12), ("seldom_bills", 0.04, 0.04), ("auditor", 0, 0),
    ],
)  # fmt: skip
def test_what_hard_negatives_look_up_is_followed_by_claims_or_not(
    followed: pl.DataFrame, name: str, expected: float, within: float
):
    assert share(of_pattern(followed, name)["ok"]) == pytest.approx(expected, abs=within)


def test_a_billing_desk_takes_patient_after_patient_at_one_address_in_several_browsers(asked: pl.DataFrame):
    desk = of_pattern(asked, "billing_desk")
    seen = desk.group_by("operator", "compte").agg(
        pl.col("adresse_ip").n_unique(), pl.col("navigateur").n_unique(), pl.len() / 21
    )
    assert set(seen["adresse_ip"]) == {1}
    assert seen["navigateur"].min() >= 2  # type: ignore[operator]
    assert seen["len"].min() > 50  # type: ignore[operator]
    assert 25 < gaps_s(desk).median() < 150  # type: ignore[operator]


def test_a_chain_works_under_one_login_from_a_dozen_addresses(asked: pl.DataFrame):
    chain = of_pattern(asked, "multi_shop").group_by("operator", "compte")
    assert set(chain.agg(pl.col("adresse_ip").n_unique())["adresse_ip"]) == {12}


def test_a_concentrator_is_a_program_that_asks_all_day_for_people_of_the_whole_country(
    demo: Path, followed: pl.DataFrame
):
    rows = of_pattern(followed, "concentrator")
    assert len(rows) / (2 * 21) > 150
    assert not any("Mozilla" in agent for agent in rows["navigateur"].unique())
    assert rows["local"].dt.hour().n_unique() > 18
    homes = evidence(demo, "register").select("operator", numero="numero_assure", home="departement")
    assert rows.join(homes.unique(["operator", "numero"]), on=["operator", "numero"])["home"].n_unique() == 101


def test_a_new_practice_has_no_history(demo: Path, every_page: pl.DataFrame):
    rows = of_pattern(every_page, "new_practice")
    first = rows.group_by("operator", "compte").agg(pl.col("heure").min(), pl.col("ouvert_le").first())
    assert len(first) == 8
    assert first["heure"].min() > datetime(2024, 1, 16)  # type: ignore[operator]
    assert (first["heure"].dt.date() >= first["ouvert_le"].dt.date()).all()
    mine = evidence(demo, "claims").join(first, on=["operator", "compte"])
    assert len(mine) > 100
    assert (mine["recue_le"].dt.date() >= mine["ouvert_le"].dt.date()).all()


def test_a_new_practice_does_nothing_before_the_hour_it_opened(every_page: pl.DataFrame):
    rows = of_pattern(every_page, "new_practice")
    assert (rows["heure"] >= rows["ouvert_le"]).all()


def test_an_auditor_looks_at_sixty_people_a_working_day_anywhere_and_sends_no_claim(demo: Path, asked: pl.DataFrame):
    rows = of_pattern(asked, "auditor")
    days = rows.group_by("operator", "compte", pl.col("local").dt.date()).len()
    assert 30 < days["len"].median() < 120  # type: ignore[operator]
    assert set(rows["local"].dt.weekday()) == {1, 2, 3, 4, 5}
    claims = evidence(demo, "claims").select("operator", "compte")
    assert len(claims.join(rows.select("operator", "compte").unique(), on=["operator", "compte"])) == 0


def test_people_never_take_a_machines_pace_but_the_hard_negatives_come_near(asked: pl.DataFrame):
    median = {name: gaps_s(of_pattern(asked, name)).median() for name in ("ordinary", "concentrator", "nightly_batch")}
    assert median["ordinary"] > 120  # type: ignore[operator]
    assert 10 < median["concentrator"] < 60  # type: ignore[operator]
    assert median["nightly_batch"] < 2  # type: ignore[operator]
