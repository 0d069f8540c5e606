"""What honest people do around their lookups: logins, files, lists, failures, browsers, addresses."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest
from synthetic_cases import generate, lookups, near, pages, share

TOKEN = ["operator", "jeton"]
ACCOUNT = ["operator", "compte"]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """Every page of a case of 150 accounts without a robot."""
    return pages(generate(tmp_path_factory.mktemp("browsing") / "quiet", "--scenario", "quiet", seed=5))


def at(rows: pl.DataFrame, path: str) -> pl.DataFrame:
    return rows.filter(pl.col("chemin") == path)


def test_many_requests_are_for_the_five_files_of_the_pages(rows: pl.DataFrame):
    files = rows.filter(pl.col("chemin").str.starts_with("/statique/"))
    assert 0.3 < len(files) / len(rows) < 0.8
    assert files["chemin"].n_unique() == 5
    assert set(files["statut"]) == {200, 304}


def test_seven_files_in_ten_are_answered_from_the_browsers_store_in_190_bytes(rows: pl.DataFrame):
    files = rows.filter(pl.col("chemin").str.starts_with("/statique/"))
    cached = files.filter(pl.col("statut") == 304)
    assert len(cached) / len(files) == near(0.7, of=len(files))
    assert set(cached["octets"]) == {190}
    assert files.filter(pl.col("statut") == 200)["octets"].min() > 5_000  # type: ignore[operator]


def test_only_files_are_answered_with_not_modified(rows: pl.DataFrame):
    assert rows.filter(pl.col("statut") == 304)["chemin"].str.starts_with("/statique/").all()


def test_a_login_is_one_account_at_one_address_in_one_browser_and_begins_with_the_login_page(rows: pl.DataFrame):
    logins = rows.group_by(TOKEN).agg(
        pl.col("compte", "adresse_ip", "navigateur").n_unique(), pl.col("chemin").first().alias("first")
    )
    assert logins.select("compte", "adresse_ip", "navigateur").max().row(0) == (1, 1, 1)
    assert set(logins["first"]) == {"/connexion"}


def test_three_logins_in_a_hundred_are_abandoned_and_tried_again_later(rows: pl.DataFrame):
    logins, homes = at(rows, "/connexion"), at(rows, "/accueil")
    assert (len(logins) - len(homes)) / len(homes) == near(0.03, of=len(homes))
    opened = rows.group_by(TOKEN).agg((pl.col("chemin") == "/connexion").sum().alias("logins"), pl.col("chemin"))
    assert set(opened["logins"]) == {1, 2}
    seen = opened.with_columns(home=pl.col("chemin").list.contains("/accueil"))
    assert seen["home"].all()


def test_three_logins_in_ten_end_with_a_logout_and_two_in_a_hundred_look_at_the_account(rows: pl.DataFrame):
    logins = len(at(rows, "/accueil"))
    assert len(at(rows, "/deconnexion")) / logins == near(0.30, of=logins)
    assert len(at(rows, "/compte")) / logins == near(0.02, of=logins)
    assert rows.group_by(TOKEN).agg((pl.col("chemin") == "/deconnexion").sum())["chemin"].max() == 1


def test_the_list_of_claims_is_paged_through_under_six_logins_in_a_hundred(rows: pl.DataFrame):
    logins = len(at(rows, "/accueil"))
    turned = at(rows, "/factures/liste").group_by(TOKEN).agg(pl.len(), pl.col("heure").diff().alias("gap"))
    assert len(turned) / logins == near(0.06, of=logins)
    assert set(turned["len"]) == {1, 2, 3, 4}
    gaps = turned["gap"].explode().drop_nulls()
    assert timedelta(seconds=3) <= gaps.min() <= gaps.max() <= timedelta(seconds=25)  # type: ignore[operator]


def test_nobody_is_silent_for_more_than_half_an_hour_under_one_login_unless_it_was_abandoned(rows: pl.DataFrame):
    worked = rows.filter(~pl.col("chemin").is_in(["/connexion"]))
    silence = worked.select(pl.col("heure").diff().over(TOKEN).dt.total_seconds()).to_series()
    assert silence.max() <= 31 * 60  # type: ignore[operator]  # a file may come within a second of its page


def test_a_lookup_is_left_before_the_answer_four_times_in_a_thousand_and_then_shows_nobody(rows: pl.DataFrame):
    asked = lookups(rows)
    left = asked.filter(pl.col("statut") == 499)
    assert len(left) / len(asked) == near(0.004, of=len(asked))
    assert left["nb_assures"].null_count() == len(left)
    assert set(left["octets"]) == {0}
    assert set(left["n_people_shown"]) == {0}


def test_a_lookup_times_out_three_times_in_a_thousand_after_thirty_seconds_and_shows_nobody(rows: pl.DataFrame):
    late = lookups(rows).filter(pl.col("statut") == 504)
    assert len(late) / len(lookups(rows)) == near(0.003, of=len(lookups(rows)))
    assert 30_000 <= late["duree_ms"].min() <= late["duree_ms"].max() < 31_000  # type: ignore[operator]
    assert late["nb_assures"].null_count() == len(late)
    assert set(late["n_people_shown"]) == {0}


def test_only_lookups_are_left_or_time_out(rows: pl.DataFrame):
    failed = rows.filter(pl.col("statut").is_in([499, 504]))
    assert set(failed["chemin"]) == {"/droits"}


NEXT_VERSIONS = r"Chrome/121\.|Firefox/122\.|Version/17\.3|okhttp/4\.12|HttpClient/4\.5\.14"


def test_browsers_are_updated_from_24_january_on_and_a_few_are_too_old_for_it(rows: pl.DataFrame):
    logins = at(rows, "/accueil").with_columns(new=pl.col("navigateur").str.contains(NEXT_VERSIONS))
    assert logins.filter("new")["heure"].min() >= datetime(2024, 1, 24)  # type: ignore[operator]
    last_day = logins.filter(pl.col("heure") >= datetime(2024, 1, 28))
    assert share(last_day["new"]) == pytest.approx(0.6 * 0.91, abs=0.2)
    old = last_day["navigateur"].str.contains(r"Chrome/109\.|Firefox/115\.")
    assert 0.01 < share(old) < 0.25


def test_colleagues_are_seen_behind_one_address(rows: pl.DataFrame):
    behind = rows.group_by("adresse_ip").agg(pl.struct(ACCOUNT).n_unique().alias("accounts"))
    assert 0.2 < share(behind["accounts"] > 1) < 0.5


def test_every_answer_takes_time_and_has_a_port_and_one_of_two_servers(rows: pl.DataFrame):
    assert rows["duree_ms"].min() >= 1  # type: ignore[operator]
    assert rows["port"].is_between(1024, 65535).all()
    for operator in ("verdanne", "ostrelis"):
        mine = rows.filter(pl.col("operator") == operator)["serveur"]
        assert share(mine == f"{operator}-web-1") == near(0.5, of=len(mine))
        assert set(mine) == {f"{operator}-web-1", f"{operator}-web-2"}


def test_references_and_tokens_are_drawn_and_tell_nothing(rows: pl.DataFrame):
    assert not rows["reference"].is_duplicated().any()
    for column in ("reference", "jeton"):
        assert rows[column].str.contains(r"^[0-9a-f]{16}$").all()
        first = rows.unique(column)[column].str.head(1)
        for digit in "0123456789abcdef":
            assert share(first == digit) == near(1 / 16, of=len(first))
