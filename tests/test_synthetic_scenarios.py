"""Every scenario makes a case on the smallest preset, and the case keeps what the scenario promises."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from synthetic_cases import OPERATORS, evidence, generate, near, operators, share, summary, truth

from synthetic_data.robots import SCENARIOS

NATIONAL = ("national_2024", "national_2024:perimeter_only", "national_2024:lines_not_people")
ATTACKS = [name for name in SCENARIOS if name != "quiet"]
FIRST_POSSIBLE = date(2024, 1, 18)
ASKING = ["/droits", "/assures", "/assures/liste"]
ACCOUNT = ["operator", "compte"]
Give = Callable[[str], Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give a scenario's case, made once."""
    folder, cases = tmp_path_factory.mktemp("scenarios"), {}

    def give(name: str) -> Path:
        if name not in cases:
            cases[name] = generate(folder / name.replace(":", "-"), "--scenario", name)
        return cases[name]

    return give


@pytest.fixture(scope="module")
def lines(made: Callable[[str], Path]) -> Callable[[str], pl.DataFrame]:
    """Give a scenario's log in the order of time, with what is true of each line; `asked` is the number asked for."""
    read: dict[str, pl.DataFrame] = {}

    def give(name: str) -> pl.DataFrame:
        if name not in read:
            case = made(name)
            true = truth(case, "requests").select("request_ref", "is_scraping", "n_people_shown")
            access = evidence(case, "access", tuple(operators(case)))
            number = "carte" if "carte" in access.columns else "numero"
            both = access.rename({number: "asked"}).join(true, left_on="reference", right_on="request_ref")
            read[name] = both.with_columns(local=pl.col("heure") + pl.duration(hours=1)).sort("heure")
        return read[name]

    return give


@pytest.fixture
def robot(lines: Callable[[str], pl.DataFrame]) -> Give:
    """Give the robot's lines."""
    return lambda name: lines(name).filter("is_scraping")


@pytest.fixture
def asked(robot: Give) -> Give:
    """Give the robot's lookups."""
    return lambda name: robot(name).filter(pl.col("chemin").is_in(ASKING))


def declared(case: Path) -> dict[str, Any]:
    return tomllib.loads((case / "case" / "case.toml").read_text(encoding="utf-8"))


def days(rows: pl.DataFrame) -> list[date]:
    return sorted(set(rows["heure"].dt.date()))


def gap_s(rows: pl.DataFrame) -> float:
    gaps = rows.select(pl.col("heure").diff().over(ACCOUNT).dt.total_milliseconds() / 1000).to_series()
    return float(gaps.median())  # type: ignore[arg-type]


def missed(rows: pl.DataFrame) -> float:
    return share(rows["statut"] == 404)


# What all of them promise


@pytest.mark.parametrize("name", ATTACKS)
def test_a_robot_uses_a_few_ordinary_accounts_of_small_practices_whose_owners_go_on_working(
    name: str, made: Callable[[str], Path], lines: Give
):
    used = truth(made(name), "accounts").filter("used_by_robot")
    assert len(used) == (4 if name == "slow_many_accounts" else 3)
    assert set(used["pattern"]) == {"ordinary"}
    listed = evidence(made(name), "accounts").join(
        used, left_on=ACCOUNT, right_on=["operator", "account_id"], how="semi"
    )
    assert set(listed["profession"]) <= {"optician", "hearing_aid", "dentist"}
    owners = lines(name).filter(~pl.col("is_scraping")).join(listed, on=ACCOUNT, how="semi")
    assert owners.select(ACCOUNT).n_unique() == len(used)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_robot_comes_when_it_may_and_the_case_says_since_when_somebody_suspected_it(
    name: str, made: Callable[[str], Path], robot: Give
):
    first, case = days(robot(name))[0], declared(made(name))["case"]
    assert case["suspected_from"] == datetime(first.year, first.month, first.day, tzinfo=UTC)
    if name == "active_from_day_one":
        assert "clean_until" not in case
    else:
        assert first >= FIRST_POSSIBLE
        assert case["clean_until"] == datetime(2024, 1, 15, tzinfo=UTC)


@pytest.mark.parametrize("name", ATTACKS)
def test_a_robot_shares_browsers_servers_and_answers_with_people_but_no_address(name: str, lines: Give, robot: Give):
    honest = lines(name).filter(~pl.col("is_scraping"))
    for column in ("navigateur", "serveur", "methode", "chemin", "statut"):
        assert set(robot(name)[column]) <= set(honest[column])
    assert not set(robot(name)["adresse_ip"]) & set(honest["adresse_ip"])


@pytest.mark.parametrize("name", ATTACKS)
def test_the_summary_counts_the_people_records_and_requests_of_the_robot(
    name: str, made: Callable[[str], Path], robot: Give
):
    counted = summary(made(name))
    shown = truth(made(name), "people").filter("shown")
    assert 0 < counted["people_shown"]["all"] == shown["person"].n_unique() <= counted["perimeter"]["all"]
    assert counted["records"]["shown"] == robot(name)["n_people_shown"].sum() >= counted["people_shown"]["all"]
    assert counted["requests"]["scraping"] == len(robot(name))


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_case_has_the_requests_of_its_preset_give_or_take_two_percent(name: str, lines: Give):
    assert len(lines(name)) == pytest.approx(70_000, rel=0.02)


# What each promises


def test_in_a_quiet_case_nobody_comes_and_the_alert_is_after_the_clean_days(made: Callable[[str], Path], lines: Give):
    assert not lines("quiet")["is_scraping"].any()
    assert declared(made("quiet"))["case"]["suspected_from"] == datetime(2024, 1, 15, tzinfo=UTC)


def test_a_list_walk_asks_once_for_40_percent_of_the_people_and_seldom_in_vain(
    made: Callable[[str], Path], asked: Give, lines: Give
):
    rows = asked("list_walk")
    assert not rows.select("operator", "asked").is_duplicated().any()
    assert summary(made("list_walk"))["people_shown"]["all"] / 6000 == pytest.approx(0.40, abs=0.03)
    assert missed(rows) < 0.05
    honest = lines("list_walk").filter(~pl.col("is_scraping"), pl.col("chemin") == "/droits")
    assert 0.05 < missed(honest) < 0.10
    assert 1 / 1.5 < gap_s(rows) < 1 / 0.3
    assert gap_s(honest) > 60
    addresses = rows.group_by(ACCOUNT).agg(pl.col("adresse_ip").n_unique())["adresse_ip"]
    assert set(addresses) <= {2, 3}


def test_what_a_list_walk_asks_for_is_hardly_ever_followed_by_a_claim(made: Callable[[str], Path], asked: Give):
    claims = evidence(made("list_walk"), "claims").select(
        "operator", "compte", asked="numero_assure", claimed="recue_le"
    )
    hits = asked("list_walk").filter(pl.col("n_people_shown") > 0)
    after = hits.join(claims, on=[*ACCOUNT, "asked"])
    soon = (pl.col("claimed") - pl.col("heure")).is_between(timedelta(0), timedelta(days=30))
    assert after.filter(soon)["reference"].n_unique() / len(hits) < 0.05


def test_a_guesser_misses_20_to_99_percent_and_goes_through_the_months_of_birth_in_order(asked: Give):
    rows = asked("nir_guessing")
    assert 0.20 < missed(rows) < 0.99
    for _, mine in rows.group_by(ACCOUNT):
        assert mine["asked"].str.head(5).is_sorted()
    assert not rows.select("operator", "asked").is_duplicated().any()


def test_a_contract_walk_counts_card_numbers_over_the_holes(made: Callable[[str], Path], asked: Give, lines: Give):
    rows = asked("contract_walk").with_columns(number=pl.col("asked").str.slice(6).cast(pl.Int64))
    for _, mine in rows.group_by(ACCOUNT):
        assert set(mine["number"].diff().drop_nulls()) == {1}
    held = evidence(made("contract_walk"), "register").select("operator", asked="numero_carte")
    holes = rows.join(held, on=["operator", "asked"], how="anti")
    assert len(holes) / len(rows) == near(0.03, of=len(rows))
    assert set(holes["n_people_shown"]) == {0}
    sources = declared(made("contract_walk"))["source"]
    assert {entry["subject_kind"] for entry in sources if entry["kind"] == "access_log"} == {"card_number"}
    honest = lines("contract_walk").filter(~pl.col("is_scraping"), pl.col("asked").is_not_null())
    assert honest["asked"].str.starts_with("FIC-C-").all()
    assert 0.05 < missed(honest) < 0.10


def test_a_robot_that_leafs_takes_the_first_half_of_the_list_page_by_page(made: Callable[[str], Path], asked: Give):
    """Page k shows the rows of the register from 20 k on whose cover has begun, by their member numbers."""
    rows, everyone = asked("listing_pages"), set()
    assert set(rows["chemin"]) == {"/assures/liste"}
    for operator in OPERATORS:
        register = evidence(made("listing_pages"), "register").filter(pl.col("operator") == operator)
        person = dict(register.select("numero_adherent", pl.struct("nom", "prenom", "date_naissance")).iter_rows())
        place = {member: row // 20 for row, member in reversed(list(enumerate(register["numero_adherent"])))}
        turned: set[int] = set()
        for _, mine in rows.filter(pl.col("operator") == operator).group_by("compte"):
            names = [text.split(";") if text else None for text in mine["assures"]]
            first = min(place[one] for one in names[0] or names[1] or [])
            start = first if names[0] else first - 1
            for page, (listed, time) in enumerate(zip(names, mine["heure"], strict=True), start):
                turned.add(page)
                if listed is None:
                    continue
                shown = register.slice(20 * page, 20).filter(pl.col("debut_droits") <= time.date())
                assert sorted(listed) == sorted(set(shown["numero_adherent"]))
                everyone |= {tuple(person[one].values()) for one in listed}
        assert turned == set(range(ceil(ceil(len(register) / 20) / 2)))
    assert summary(made("listing_pages"))["people_shown"]["all"] == len(everyone)
    assert rows.filter(pl.col("statut") == 200)["nb_assures"].equals(
        rows.filter(pl.col("statut") == 200)["assures"].str.split(";").list.len().cast(pl.Int32), check_names=False
    )


def test_on_portals_with_a_list_people_search_by_name_now_and_then_and_the_case_says_what_is_listed(
    made: Callable[[str], Path], lines: Give
):
    honest = lines("listing_pages").filter(~pl.col("is_scraping"), pl.col("chemin").is_in(ASKING))
    assert share(honest["chemin"] != "/droits") == pytest.approx(0.15 * 0.93, abs=0.02)
    assert share(honest["chemin"] == "/assures/liste") == pytest.approx(0.03 * 0.93, abs=0.01)
    assert honest.filter(pl.col("chemin") == "/droits")["assures"].null_count() > 0
    screens = declared(made("listing_pages"))["screen"]
    assert {entry["match"] for entry in screens if entry.get("tier") == "listed"} == {"^/assures$", "^/assures/liste$"}
    others = declared(made("list_walk"))["screen"]
    assert not any(entry.get("tier") == "listed" for entry in others)


def test_a_burst_is_over_within_a_day_at_less_than_60_requests_a_second(robot: Give, asked: Give):
    assert len(days(robot("burst"))) == 1
    a_second = robot("burst").group_by(pl.col("heure").dt.truncate("1s")).len()["len"]
    assert 8 < a_second.max() <= 60  # type: ignore[operator]
    assert gap_s(asked("burst")) < 0.5


def test_a_slow_robot_asks_like_a_person_under_three_percent_of_the_logins(robot: Give, asked: Give):
    rows = asked("slow_many_accounts")
    assert set(rows["local"].dt.weekday()) <= {1, 2, 3, 4, 5}
    assert rows["local"].dt.hour().is_between(8, 19).all()
    assert 120 < gap_s(rows) < 420
    assert 0.03 < missed(rows) < 0.11
    a_day = rows.group_by(*ACCOUNT, pl.col("heure").dt.date()).len()["len"]
    assert a_day.mean() < 50  # type: ignore[operator]
    working = {date(2024, 1, day) for day in (18, 19, 22, 23, 24, 25, 26)}
    assert set(days(robot("slow_many_accounts"))) <= working
    assert len(days(robot("slow_many_accounts"))) >= 5


def test_rotating_addresses_serve_a_few_dozen_lookups_each(asked: Give):
    rows = asked("rotating_addresses").with_columns(run=pl.col("adresse_ip").rle_id().over(ACCOUNT))
    runs = rows.group_by(*ACCOUNT, "run").len()["len"]
    assert runs.max() <= 60  # type: ignore[operator]
    assert rows["adresse_ip"].n_unique() > 30
    carried = rows.group_by("operator", "jeton").agg(pl.col("adresse_ip").n_unique())["adresse_ip"]
    assert carried.max() >= 2  # type: ignore[operator]


def test_in_a_shared_account_the_robot_asks_while_the_owner_works(robot: Give, lines: Give):
    rows = robot("shared_account")
    assert set(rows["local"].dt.weekday()) <= {1, 2, 3, 4, 5}
    assert rows["local"].dt.hour().is_between(8, 19).all()
    stretch = rows.group_by(ACCOUNT).agg(begins=pl.col("heure").min(), ends=pl.col("heure").max())
    owners = lines("shared_account").filter(~pl.col("is_scraping")).join(stretch, on=ACCOUNT)
    meanwhile = owners.filter(pl.col("heure").is_between("begins", "ends"))
    assert len(meanwhile) > 0
    assert not set(meanwhile["adresse_ip"]) & set(rows["adresse_ip"])


def test_a_restarted_walk_returns_far_more_records_than_people(made: Callable[[str], Path], asked: Give):
    counted = summary(made("restarted_walk"))
    assert counted["records"]["shown"] > 1.3 * counted["people_shown"]["all"]
    rows = asked("restarted_walk").with_columns(again=pl.col("asked").shift(-1).over(ACCOUNT))
    late = rows.filter(pl.col("statut") == 504, pl.col("again").is_not_null())
    assert len(late) > 10
    assert share(late["again"] == late["asked"]) > 0.7


def treated_around(case: Path, rows: pl.DataFrame) -> float:
    """Share of hits for whose holder a practice of the account's department sent a claim, at any time."""
    places = evidence(case, "accounts").select("operator", "compte", "departement")
    claims = evidence(case, "claims").select("operator", "compte", asked="numero_assure").join(places, on=ACCOUNT)
    hits = rows.filter(pl.col("n_people_shown") > 0).join(places, on=ACCOUNT)
    return len(hits.join(claims, on=["operator", "departement", "asked"], how="semi")) / len(hits)


def test_a_robot_that_read_the_files_asks_for_people_whom_the_practice_and_its_neighbours_treat(
    made: Callable[[str], Path], asked: Give
):
    treated = treated_around(made("picks_real_patients"), asked("picks_real_patients"))
    assert treated > 1.4 * treated_around(made("list_walk"), asked("list_walk"))
    assert treated > 0.6


def test_a_robot_that_was_always_there_asks_on_each_of_the_21_days(robot: Give):
    assert days(robot("active_from_day_one")) == [date(2024, 1, 8) + timedelta(days=day) for day in range(21)]


def test_one_robot_at_two_operators_comes_days_apart_from_some_of_the_same_addresses_for_the_same_people(
    made: Callable[[str], Path], robot: Give
):
    rows = robot("two_operators")
    here, there = (rows.filter(pl.col("operator") == operator) for operator in OPERATORS)
    assert there["heure"].min() - here["heure"].max() > timedelta(days=1)  # type: ignore[operator]
    assert set(here["adresse_ip"]) & set(there["adresse_ip"])
    shown = truth(made("two_operators"), "people").filter("shown").group_by("person")
    assert (shown.agg(pl.col("operator").n_unique())["operator"] == 2).sum() > 50


def test_the_third_operator_was_closed_in_time_and_showed_nobody(made: Callable[[str], Path], lines: Give, robot: Give):
    case = made("two_operators")
    assert operators(case) == ["calvessac", "ostrelis", "verdanne"]
    assert [entry["name"] for entry in declared(case)["operator"]] == ["Verdanne", "Ostrelis", "Calvessac"]
    third = lines("two_operators").filter(pl.col("operator") == "calvessac")
    assert len(third) > 500
    assert not third["is_scraping"].any()
    closed = days(robot("two_operators"))[0] + timedelta(days=3)
    assert closed - timedelta(days=1) <= third["heure"].max().date() < closed  # type: ignore[union-attr]
    counted = evidence(case, "counters", ("calvessac",))
    assert counted.filter(pl.col("debut") >= closed)["requetes"].sum() == 0
    people = truth(case, "people").filter(pl.col("operator") == "calvessac")
    assert len(people) > 300
    assert not people["shown"].any()
    assert summary(case)["perimeter"]["operator"]["Calvessac"] == 0


def test_as_announced_33_of_39_people_were_shown(made: Callable[[str], Path]):
    counted = summary(made("national_2024"))
    assert counted["people_shown"]["all"] / counted["perimeter"]["all"] == pytest.approx(33 / 39, abs=0.02)
    assert counted["perimeter"]["all"] == pytest.approx(6000, abs=15)


def test_where_33_million_is_the_perimeter_seven_percent_of_it_were_shown(made: Callable[[str], Path]):
    counted = summary(made("national_2024:perimeter_only"))
    assert counted["perimeter"]["all"] == pytest.approx(6000 * 33 / 39, abs=15)
    assert counted["people_shown"]["all"] / counted["perimeter"]["all"] == pytest.approx(0.07, abs=0.02)


def test_where_33_million_is_lines_as_many_records_were_returned_of_a_quarter_of_the_people(
    made: Callable[[str], Path],
):
    counted = summary(made("national_2024:lines_not_people"))
    assert counted["records"]["shown"] / 6000 == pytest.approx(33 / 39, abs=0.03)
    assert counted["people_shown"]["all"] / 6000 == pytest.approx(0.22, abs=0.03)


@pytest.mark.parametrize("name", NATIONAL)
def test_the_three_worlds_look_alike_in_dates_accounts_and_pace(name: str, robot: Give, asked: Give):
    first, second = (days(robot(name).filter(pl.col("operator") == operator)) for operator in OPERATORS)
    assert FIRST_POSSIBLE <= first[0] <= date(2024, 1, 19)
    assert date(2024, 1, 19) <= first[-1] <= date(2024, 1, 22)
    assert date(2024, 1, 20) <= second[0] <= date(2024, 1, 23)
    assert date(2024, 1, 22) <= second[-1] <= date(2024, 1, 24)
    assert robot(name).select(ACCOUNT).n_unique() == 3
    assert 1 / 1.5 < gap_s(asked(name)) < 1 / 0.3
    assert missed(asked(name)) < 0.05
