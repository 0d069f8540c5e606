"""The truth beside a case agrees with its evidence, read again in the slowest and plainest way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from synthetic_cases import OPERATORS, evidence, generate, pages, summary, truth

from synthetic_data import presets
from synthetic_data.presets import PRESETS

IDENTITY = ("nom", "prenom", "date_naissance", "sexe")


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny incident drawn and written four days at a time, as large ones are."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(presets, "PIECE_REQUESTS", 14_000)
        assert PRESETS["tiny"].days_a_piece == 4
        return generate(tmp_path_factory.mktemp("truth") / "pieces", seed=23)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(tmp_path_factory.mktemp("truth") / "quiet", "--scenario", "quiet")


@pytest.fixture(params=["at once", "in pieces"])
def case(request: pytest.FixtureRequest, generated: Callable[[str], Path], pieces: Path) -> Path:
    return pieces if request.param == "in pieces" else generated("parquet")


def test_people_shown_are_those_a_slow_reading_of_the_log_finds(case: Path):
    """The portal's rule in plain Python: who is on the holder's cards begun by the day asked."""
    rows = truth(case, "requests")
    robot = dict(rows.select("request_ref", "is_scraping").iter_rows())
    told = dict(rows.select("request_ref", "n_people_shown").iter_rows())
    cards: dict[tuple, list] = defaultdict(list)
    columns = ("operator", "numero_assure", "organisme", "debut_droits", *IDENTITY)
    for operator, holder, insurer, start, *person in evidence(case, "register").select(columns).iter_rows():
        cards[operator, holder].append((tuple(person), insurer, start))
    everyone, by_operator, by_insurer = set(), defaultdict(set), defaultdict(set)
    asked = evidence(case, "access").select("operator", "heure", "numero", "statut", "nb_assures", "reference")
    seen: dict[int, int] = defaultdict(int)
    for operator, time, number, status, records, reference in asked.iter_rows():
        seen[status] += 1
        if number is None or status in (499, 504):
            assert (records, told[reference]) == (None, 0)
            continue
        shown = [(who, insurer) for who, insurer, start in cards.get((operator, number), ()) if start <= time.date()]
        people = {who for who, _ in shown}
        assert records == told[reference] == len(people)
        assert status == (200 if shown else 404)
        if robot[reference]:
            everyone |= people
            by_operator[operator.title()] |= people
            for who, insurer in shown:
                by_insurer[insurer].add(who)
    assert min(seen[status] for status in (200, 404, 499, 504)) > 10
    counted = summary(case)["people_shown"]
    assert counted["all"] == len(everyone)
    assert counted["operator"] == {name: len(people) for name, people in by_operator.items()}
    assert counted["insurer"] == {name: len(people) for name, people in by_insurer.items()}
    assert summary(case)["people_shown_logged"] == counted


def test_a_child_under_two_numbers_is_one_person_in_the_truth(case: Path):
    register = evidence(case, "register")
    known = register.group_by(IDENTITY).agg(pl.col("numero_assure").n_unique(), pl.col("role").first())
    assert len(known) == truth(case, "people")["person"].n_unique() == 6000
    twice = known.filter(pl.col("numero_assure") == 2)
    assert set(twice["role"]) == {"child"}
    assert len(twice) > 100
    keys = register.unique(["numero_assure", "date_naissance", "rang_naissance"])
    assert len(keys) == 6000 + len(twice)


def test_the_table_of_people_has_everyone_once_at_each_operator_and_insurer(case: Path):
    people = truth(case, "people")
    assert not people.select("operator", "insurer", "person").is_duplicated().any()
    found = people.group_by("operator", "insurer").agg(pl.col("person").n_unique().alias("people"))
    register = evidence(case, "register").group_by("operator", insurer="organisme")
    listed = register.agg(people=pl.struct(IDENTITY).n_unique())
    by = ["operator", "insurer"]
    assert found.sort(by).equals(listed.sort(by))


def test_the_table_of_people_gives_a_number_that_stands_in_that_insurers_rows(case: Path):
    rows = evidence(case, "register").select("operator", insurer="organisme", beneficiary_number="numero_beneficiaire")
    by = ["operator", "insurer", "beneficiary_number"]
    assert len(truth(case, "people").join(rows, on=by, how="anti")) == 0


def test_the_table_of_people_agrees_with_the_summary(case: Path):
    people, counted = truth(case, "people"), summary(case)
    for column, name in (("shown", "people_shown"), ("shown_logged", "people_shown_logged")):
        rows = people.filter(column)
        assert counted[name]["all"] == rows["person"].n_unique()
        for by, totals in (("operator", counted[name]["operator"]), ("insurer", counted[name]["insurer"])):
            each = rows.with_columns(pl.col("operator").str.to_titlecase()).group_by(by)
            assert dict(each.agg(pl.col("person").n_unique()).iter_rows()) == totals
    assert 0.37 < counted["people_shown"]["all"] / 6000 < 0.43


def test_the_perimeter_is_everyone_whose_cover_had_begun_when_the_robot_left(case: Path):
    last = truth(case, "requests").filter("is_scraping")["source_line"].len()
    assert last > 0
    robot = pages(case).filter("is_scraping")["heure"].max().date()  # type: ignore[union-attr]
    reachable = evidence(case, "register").filter(pl.col("debut_droits") <= robot)
    found = reachable.select(pl.struct(IDENTITY).n_unique()).item()
    assert summary(case)["perimeter"]["all"] == found
    each = reachable.group_by("operator").agg(pl.struct(IDENTITY).n_unique())
    assert summary(case)["perimeter"]["operator"] == {name.title(): count for name, count in each.iter_rows()}


def test_the_summary_counts_requests_records_and_accounts(case: Path):
    counted, rows, known = summary(case), truth(case, "requests"), truth(case, "accounts")
    robot = rows.filter("is_scraping")
    assert counted["requests"] == {"total": len(rows), "scraping": len(robot)}
    assert counted["records"] == {"shown": robot["n_people_shown"].sum()}
    assert counted["accounts"] == {"total": len(known), "used_by_robot": 3}
    assert known.filter("used_by_robot").select("operator", "account_id").sort("operator", "account_id").equals(
        robot.select("operator", "account_id").unique().sort("operator", "account_id")
    )  # fmt: skip


def test_source_lines_and_references_point_at_the_rows_of_the_log(case: Path):
    rows = truth(case, "requests")
    assert rows["logged"].all()
    for operator in OPERATORS:
        log = pl.read_parquet(case / "case" / "evidence" / operator / "access.parquet")
        mine = rows.filter(pl.col("operator") == operator)
        assert mine["source_line"].to_list() == list(range(1, len(log) + 1))
        assert mine["request_ref"].equals(log["reference"], check_names=False)
        assert mine["account_id"].equals(log["compte"], check_names=False)


def test_only_the_robots_requests_belong_to_a_campaign(case: Path):
    rows = truth(case, "requests")
    assert set(rows.filter("is_scraping")["campaign"]) == {"campaign-1"}
    assert set(rows.filter(~pl.col("is_scraping"))["campaign"]) == {None}


def sessions_read_slowly(case: Path) -> tuple[list[int], list[int]]:
    """The true session of every request, and the number of the request that its session began with."""
    actor_columns = ("operator", "compte", "adresse_ip", "navigateur")
    rows = pages(case).sort(*actor_columns, "heure").select(*actor_columns, "heure", "session").iter_rows()
    told, found = [], []
    last: tuple = ((), datetime(2000, 1, 1))
    for *actor, time, session in rows:
        same = last[0] == actor and time - last[1] <= timedelta(minutes=30)
        found.append(found[-1] if same else len(found))
        told.append(session)
        last = (actor, time)
    return told, found


def assert_same_groups(told: list[int], found: list[int]) -> None:
    pairs = set(zip(told, found, strict=True))
    assert len(pairs) == len(set(told)) == len(set(found))


def test_a_true_session_is_one_actor_never_silent_for_more_than_thirty_minutes(generated: Callable[[str], Path]):
    assert_same_groups(*sessions_read_slowly(generated("parquet")))


def test_a_true_session_goes_on_from_piece_to_piece(pieces: Path):
    assert_same_groups(*sessions_read_slowly(pieces))


def in_order(case: Path) -> list[bool]:
    return [evidence(case, "access", (operator,))["heure"].is_sorted() for operator in OPERATORS]


def test_a_log_is_written_in_the_order_of_time(generated: Callable[[str], Path]):
    assert in_order(generated("parquet")) == [True, True]


def test_a_log_written_in_pieces_is_in_the_order_of_time_too(pieces: Path):
    assert in_order(pieces) == [True, True]


def test_no_true_session_mixes_a_robot_with_honest_people(case: Path):
    mixed = truth(case, "requests").group_by("session").agg(pl.col("is_scraping").n_unique())
    assert set(mixed["is_scraping"]) == {1}


def test_counters_are_exact_sums_of_what_happened_empty_hours_included(case: Path):
    access, counted = evidence(case, "access"), evidence(case, "counters")
    assert len(counted) == 2 * 2 * 21 * 24
    hours = access.with_columns(debut=pl.col("heure").dt.truncate("1h"))
    sums = hours.group_by("operator", "serveur", "debut").agg(pl.len().alias("n"), pl.col("octets").sum().alias("size"))
    both = counted.join(sums, on=["operator", "serveur", "debut"], how="left")
    assert both["requetes"].equals(both["n"].fill_null(0).cast(pl.Int64), check_names=False)
    assert both["octets"].equals(both["size"].fill_null(0), check_names=False)
    assert both["requetes"].sum() == len(access)
    assert set(counted["minutes"]) == {60}


def test_days_drawn_in_pieces_hold_as_many_requests_and_every_hour(pieces: Path):
    requests = evidence(pieces, "access")
    assert len(requests) == pytest.approx(70_000, rel=0.05)
    hours = requests.filter(pl.col("heure") < datetime(2024, 1, 28, 23))["heure"].dt.truncate("1h").n_unique()
    assert hours > 0.9 * 21 * 24


def test_logins_of_different_pieces_have_different_tokens(pieces: Path):
    logins = pages(pieces).group_by("operator", "jeton")
    found = logins.agg(pl.col("compte", "adresse_ip", "navigateur").n_unique())
    assert found.select("compte", "adresse_ip", "navigateur").max().row(0) == (1, 1, 1)


def test_the_robot_does_not_change_what_honest_people_do(generated: Callable[[str], Path], quiet: Path):
    case = generated("parquet")
    for name in ("register", "accounts", "claims"):
        assert evidence(case, name).equals(evidence(quiet, name))
    asked = ("operator", "heure", "compte", "adresse_ip", "navigateur", "chemin", "numero")
    done = [rows.filter(~pl.col("is_scraping"), ~pl.col("chemin").str.starts_with("/statique/")).select(asked)
            for rows in (pages(case), pages(quiet))]  # fmt: skip
    assert len(done[0]) > 20_000
    assert done[0].sort(asked).equals(done[1].sort(asked))


def test_a_case_without_a_robot_shows_nobody_and_keeps_the_whole_perimeter(quiet: Path):
    counted = summary(quiet)
    assert counted["people_shown"]["all"] == counted["records"]["shown"] == counted["requests"]["scraping"] == 0
    assert set(counted["people_shown"]["insurer"].values()) == {0}
    assert set(counted["people_shown"]["operator"].values()) == {0}
    assert counted["perimeter"]["all"] == 6000
    assert not truth(quiet, "requests")["is_scraping"].any()
    assert not truth(quiet, "accounts")["used_by_robot"].any()
