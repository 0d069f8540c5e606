"""Exposure: who was shown to a scraping session, through which card, on which screen; and who could have been."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import polars as pl
import pytest
import reference
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tables import case, frame, load, rebuilt

from forensics import sessions
from forensics.case import Case
from forensics.engine import create, query
from forensics.estimate import count
from forensics.exposure import Exposed, expose, perimeter, screen_of_path
from forensics.settings import Settings

# Card 10: Ada (holder), Ben (spouse), Cid (child, insured from 20 January). Card 20: Dan, insured until 2023.
# Dan also holds card 21, at another insurer. Card 30 is Ada's at operator B.
REGISTER = """
    operator | insurer_id | card_key | person_key | role   | covered_from | covered_until
    A        | M1         | 10       | 1          | holder | -            | -
    A        | M1         | 10       | 2          | spouse | 2023-05-01   | -
    A        | M1         | 10       | 3          | child  | 2024-01-20   | -
    A        | M1         | 20       | 4          | holder | 2020-01-01   | 2023-06-30
    A        | M2         | 21       | 4          | holder | 2023-07-01   | -
    B        | M2         | 30       | 5          | holder | -            | -
"""
SUBJECTS = """
    operator | subject_kind       | subject_key | card_key | person_key
    A        | holder_number      | 100         | 10       | -
    A        | beneficiary_number | 102         | 10       | 2
    A        | holder_number      | 200         | 20       | -
    A        | holder_number      | 200         | 21       | -
    B        | holder_number      | 100         | 30       | -
"""
PERSONS = """
    person_key | person_id
    1          | 1
    2          | 2
    3          | 3
    4          | 4
    5          | 1
"""
NAMES = ["Ada", "Ben", "Cid", "Dan"]
KEYS = pl.DataFrame({"kind": ["person"] * 4, "key": [1, 2, 3, 4], "digest": NAMES})


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def exposed(engine, requests: str, *, honest: set[str] = frozenset(), declared: Case | None = None) -> Exposed:  # type: ignore[assignment]
    """Find who was shown; every session scrapes but those of the accounts that are honest."""
    rebuilt(engine, requests=requests, register=REGISTER, subjects=SUBJECTS, persons=PERSONS)
    of = engine.sql(
        "SELECT session_id, coalesce(account_id, '') AS account_id FROM session_keys JOIN strand_keys USING (strand_id)"
    ).pl()
    judged = of.select(
        "session_id",
        verdict=pl.when(pl.col("account_id").is_in(list(honest))).then(pl.lit("honest")).otherwise(pl.lit("scraping")),
        campaign_id=pl.lit(1, dtype=pl.Int64),
    )
    return expose(engine, declared or case(), judged, KEYS)


def people(found: Exposed) -> dict[str, str]:
    """Return who was shown, each `logged` or `inferred`."""
    return dict(found.exposure.select("person_id", "certainty").iter_rows())


def test_the_number_of_a_card_shows_everyone_on_it_and_names_the_holder(engine):
    assert people(exposed(engine, "requested_at | subject_key\n22 09:00 | 100")) == {
        "Ada": "logged", "Ben": "inferred", "Cid": "inferred",
    }  # fmt: skip


def test_whose_cover_begins_after_the_day_was_not_shown(engine):
    found = exposed(engine, "requested_at | subject_key\n19 23:59:59 | 100")
    assert set(people(found)) == {"Ada", "Ben"}
    assert count(found.shown).broad == 3
    assert "Cid" in people(exposed(engine, "requested_at | subject_key\n20 00:00 | 100"))


def test_a_former_insured_whom_the_portal_still_holds_was_shown(engine):
    found = exposed(engine, "requested_at | subject_key\n22 09:00 | 200").exposure
    assert found.select("person_id", "insurer_id").rows() == [("Dan", "M1"), ("Dan", "M2")]


def test_the_holder_of_two_cards_is_one_person_of_two_insurers(engine):
    counts = count(exposed(engine, "requested_at | subject_key\n22 09:00 | 200").shown)
    assert (counts.strict, counts.named, counts.broad) == (1, 1, 1)


def test_who_is_on_a_card_at_two_operators_is_one_person(engine):
    asked = """
        requested_at | operator | subject_key
        22 09:00     | A        | 100
        22 09:00     | B        | 100
    """
    found = exposed(engine, asked)
    assert count(found.shown).strict == 3
    assert found.exposure.filter(pl.col("person_id") == "Ada")["operator"].to_list() == ["A", "B"]


def test_the_number_of_one_beneficiary_shows_and_names_that_one(engine):
    asked = "requested_at | subject_kind | subject_key\n22 09:00 | beneficiary_number | 102"
    assert people(exposed(engine, asked)) == {"Ben": "logged"}


@pytest.mark.parametrize(
    "answer", ["HEAD | 200 | -", "GET | 404 | -", "GET | 500 | -", "GET | 304 | -", "GET | 206 | -", "GET | 200 | 0"]
)
def test_an_answer_that_is_not_in_full_shows_nobody_but_counts_in_the_broad_definition(engine, answer):
    asked = f"requested_at | subject_key | method | status | records_returned\n22 09:00 | 100 | {answer}"
    found = exposed(engine, asked)
    assert people(found) == {}
    assert (count(found.shown).strict, count(found.shown).broad) == (0, 3)


def test_a_number_that_is_on_no_card_shows_nobody(engine):
    found = exposed(engine, "requested_at | subject_key\n22 09:00 | 999")
    assert people(found) == {}
    assert found.agreement == {"hits": 1, "without_card": 1, "compared": 0, "agree": 0}


def test_an_honest_session_exposes_nobody(engine):
    asked = """
        requested_at | subject_key | account_id
        22 09:00     | 100         | owner
        22 09:00     | 200         | stolen
    """
    assert set(people(exposed(engine, asked, honest={"owner"}))) == {"Dan"}


def test_the_logged_count_of_records_is_held_against_the_register_of_that_day(engine):
    asked = """
        requested_at | subject_key | records_returned
        19 09:00     | 100         | 2
        22 09:00     | 100         | 3
        22 09:01     | 100         | 4
        22 09:02     | 200         | 1
        22 09:03     | 100         | -
    """
    found = exposed(engine, asked)
    assert found.agreement == {"hits": 5, "without_card": 0, "compared": 4, "agree": 3}


def test_views_are_counted_and_the_first_is_the_earliest_not_the_lowest_number(engine):
    asked = """
        request_id | requested_at | subject_key
        1          | 23 09:00     | 200
        2          | 22 09:00     | 200
        3          | 22 09:00     | 200
    """
    (first, _) = exposed(engine, asked).exposure.to_dicts()
    seen = {name: first[name] for name in ("first_seen_at", "last_seen_at", "n_views", "first_request_id")}
    assert seen == {
        "first_seen_at": datetime(2024, 1, 22, 9), "last_seen_at": datetime(2024, 1, 23, 9),
        "n_views": 3, "first_request_id": 2,
    }  # fmt: skip


def test_people_of_one_account_alone_are_the_doubt(engine):
    asked = """
        requested_at | subject_key | account_id
        22 09:00     | 100         | optic-1
        22 09:00     | 200         | optic-1
        22 09:00     | 100         | optic-2
    """
    assert count(exposed(engine, asked).shown).doubt == 1  # Dan; the others were shown to both


SCREENS = """
    [[screen]]
    match = "^/search"
    action = "search"
    tier = "listed"
    [[screen]]
    operator = "A"
    match = "^/rights"
    action = "rights"
    tier = "displayed"
    fields = ["civil_status", "guarantees"]
    valid_until = 2024-01-22T00:00:00Z
    [[screen]]
    match = "^/rights"
    action = "rights"
    fields = ["civil_status", "birth_date", "nir"]
    [[screen]]
    match = "^/account"
    action = "other"
    fields = ["login", "siret"]
"""


def fields_shown(engine, asked: str) -> list[tuple[str, list[str]]]:
    found = exposed(engine, asked, declared=case(screens=SCREENS)).exposure.filter(pl.col("person_id") == "Ada")
    return found.select("tier", "fields").rows()


def test_a_result_list_shows_the_fields_of_a_search(engine):
    asked = "requested_at | subject_key | path\n21 09:00 | 100 | /search?n={subject}"
    assert fields_shown(engine, asked) == [("listed", ["civil_status"])]


def test_a_screen_shows_what_it_showed_on_that_day(engine):
    asked = "requested_at | subject_key\n21 23:59:59 | 100"
    assert fields_shown(engine, asked) == [("displayed", ["civil_status", "guarantees"])]
    asked = "requested_at | subject_key\n22 00:00 | 100"
    assert fields_shown(engine, asked) == [("displayed", ["civil_status", "birth_date", "nir"])]


def test_who_was_on_two_screens_was_shown_the_fields_of_both(engine):
    asked = """
        requested_at | subject_key | path
        21 09:00     | 100         | /search?n={subject}
        21 09:01     | 100         | /rights/{subject}
    """
    assert fields_shown(engine, asked) == [("displayed", ["civil_status", "guarantees"])]
    asked = asked.replace("21 09:01", "23 09:01")
    assert fields_shown(engine, asked) == [("displayed", ["civil_status", "birth_date", "nir"])]


def test_a_path_that_no_screen_is_declared_for_shows_the_operators_detail(engine):
    asked = "requested_at | subject_key | path\n21 09:00 | 100 | /else/{subject}"
    assert fields_shown(engine, asked) == [("displayed", ["civil_status", "birth_date"])]


def test_the_first_screen_that_matches_and_was_valid_then_is_the_one():
    paths = pl.DataFrame({"operator": ["A", "B"], "path": ["/rights/1", "/rights/1"]})
    found = screen_of_path(case(screens=SCREENS).declared.screen, paths)
    always = (datetime(1990, 1, 1), datetime(2100, 1, 1))
    change = datetime(2024, 1, 22)
    assert found.rows() == [
        ("A", "/rights/1", 1, "displayed", always[0], change),
        ("A", "/rights/1", 2, None, change, always[1]),
        ("B", "/rights/1", 2, None, *always),
    ]


def test_a_professional_whose_account_page_was_displayed_is_exposed_too(engine):
    asked = """
        request_id | requested_at | path     | account_id | status | subject_key | method
        5          | 22 09:10     | /account | stolen     | 200    | -           | GET
        9          | 22 09:05     | /account | stolen     | 200    | -           | GET
        6          | 22 09:00     | /account | stolen     | 403    | -           | GET
        7          | 22 09:00     | /account | owner      | 200    | -           | GET
        8          | 22 09:00     | /account | other      | 200    | -           | HEAD
    """
    found = exposed(engine, asked, honest={"owner"}, declared=case(screens=SCREENS)).professionals
    assert found.rows() == [("A", "stolen", ["login", "siret"], datetime(2024, 1, 22, 9, 5), 9)]


# Perimeter


def perimeters(engine, attacked: list[str], first: date, last: date) -> dict[tuple, int]:
    load(engine, register=REGISTER, persons=PERSONS)
    found = perimeter(engine, attacked, first, last)
    return {(row["operator"] or row["insurer_id"] or "all", row["definition"]): row["n"] for row in found.to_dicts()}


def test_the_perimeter_under_each_definition(engine):
    found = perimeters(engine, ["A"], date(2024, 1, 18), date(2024, 1, 25))
    assert {name: n for (scope, name), n in found.items() if scope == "all"} == {
        "lines": 5, "contracts": 3, "people": 4, "people_covered": 4,
    }  # fmt: skip
    assert {name: n for (scope, name), n in found.items() if scope == "M1"} == {
        "lines": 4, "contracts": 2, "people": 4, "people_covered": 3,
    }  # fmt: skip


def test_who_joins_after_the_campaign_is_outside_the_perimeter(engine):
    assert perimeters(engine, ["A"], date(2024, 1, 18), date(2024, 1, 19))["all", "people"] == 3


def test_an_operator_none_of_whose_accounts_was_used_is_outside_the_perimeter(engine):
    both = perimeters(engine, ["A", "B"], date(2024, 1, 18), date(2024, 1, 25))
    assert (both["A", "people"], both["B", "people"], both["all", "people"]) == (4, 1, 4)
    assert ("B", "people") not in perimeters(engine, ["A"], date(2024, 1, 18), date(2024, 1, 25))


# Held equal to the slow twins

DAY = datetime(2024, 1, 18, 12)
COVERS = st.sampled_from([None, date(2023, 1, 1), date(2024, 1, 18), date(2024, 1, 19)])
CARDS = st.fixed_dictionaries(
    {
        "operator": st.sampled_from("AB"),
        "card_key": st.integers(1, 3),
        "person_key": st.integers(1, 4),
        "role": st.sampled_from(["holder", "spouse", None]),
        "covered_from": COVERS,
        "covered_until": st.sampled_from([None, date(2023, 12, 31), date(2024, 1, 18)]),
    }
)
ASKED = st.fixed_dictionaries(
    {
        "operator": st.sampled_from("AB"),
        "account_id": st.sampled_from(["x", None]),
        "client_ip": st.just("192.0.2.1"),
        "user_agent": st.none(),
        "method": st.sampled_from(["GET", "HEAD", None]),
        "action": st.sampled_from(["rights", "static"]),
        "status": st.sampled_from([200, 404, None]),
        "records_returned": st.sampled_from([None, 0, 2]),
        "subject_key": st.sampled_from([None, 1, 2]),
        "requested_at": st.sampled_from(
            [DAY, DAY + timedelta(hours=12), DAY - timedelta(days=30), DAY + timedelta(days=8)]
        ),
    }
)
OPENS = st.lists(
    st.tuples(st.sampled_from("AB"), st.sampled_from([1, 2]), st.integers(1, 3), st.sampled_from([None, 1])),
    min_size=1,
    max_size=5,
    unique_by=lambda opened: opened[:3],
)


def _numbered(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row | {"request_id": number} for number, row in enumerate(asked, start=1)]


@given(st.lists(CARDS, max_size=8), st.lists(ASKED, min_size=1, max_size=8), OPENS, st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_engine_finds_who_was_shown_and_explained_as_the_slow_twins_do(engine, lines, asked, opened, data):
    requests = _numbered(asked)
    columns = ("operator", "subject_key", "card_key", "person_key")
    subjects: list[dict[str, Any]] = [dict(zip(columns, one, strict=True)) for one in opened]
    claimed = st.fixed_dictionaries(
        {
            "operator": st.just("A"),
            "account_id": st.sampled_from(["x", "y"]),
            "person_key": st.integers(1, 4),
            "submitted_at": st.sampled_from(
                [DAY - timedelta(days=60), DAY - timedelta(days=61), DAY + timedelta(days=30)]
            ),
        }
    )
    claims = data.draw(st.lists(claimed, max_size=4))
    persons = [{"person_key": key, "person_id": key} for key in range(1, 5)]
    load(
        engine,
        requests=frame("requests", requests),
        register=frame("register", lines),
        claims=frame("claims", claims),
        subjects=frame("subjects", subjects),
        persons=frame("persons", persons),
    )
    sessions.build(engine, Settings())  # type: ignore[call-arg]

    judged = engine.sql(
        "SELECT session_id, 'scraping' AS verdict, CAST(1 AS BIGINT) AS campaign_id FROM session_keys"
    ).pl()
    engine.register("verdict_of_session", judged)
    engine.register(
        "screen_of_path", screen_of_path([], pl.DataFrame(schema={"operator": pl.String, "path": pl.String}))
    )
    shown = query(engine, "shown")
    expected = reference.shown(requests, subjects, lines)
    assert set(shown["person_id"]) == expected["broad"]
    assert set(shown.filter("is_strict")["person_id"]) == expected["strict"]
    assert set(shown.filter("is_named")["person_id"]) == expected["named"]

    engine.register("followed", pl.DataFrame({"operator": ["A"], "days": [30]}))
    create(engine, "patients", {"relation_days": 60})
    mine = engine.sql("SELECT operator, account_id, subject_key, week, is_explained FROM patients").fetchall()
    at_a = [row for row in requests if row["operator"] == "A"]
    cards_of_subject: dict[int, set[int]] = {}
    cards_of_person: dict[int, set[int]] = {}
    for row in subjects:
        if row["operator"] == "A":
            cards_of_subject.setdefault(row["subject_key"], set()).add(row["card_key"])
    for row in lines:
        if row["operator"] == "A":
            cards_of_person.setdefault(row["person_key"], set()).add(row["card_key"])
    twin = reference.patients(at_a, cards_of_subject, cards_of_person, claims, timedelta(days=60), timedelta(days=30))
    assert {(a, s, _day(w)): e for o, a, s, w, e in mine if o == "A"} == {
        (who[1], s, w): e for (who, s, w), e in twin.items()
    }
    assert {e for o, *_, e in mine if o == "B"} <= {None}  # no claims to follow anyone with


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


@given(st.lists(CARDS, max_size=10), st.sampled_from([["A"], ["B"], ["A", "B"]]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_engine_counts_the_perimeter_as_the_slow_twin_does(engine, lines, attacked):
    persons = [{"person_key": key, "person_id": key} for key in range(1, 5)]
    load(engine, register=frame("register", lines), persons=frame("persons", persons))
    found = perimeter(engine, attacked, date(2024, 1, 18), date(2024, 1, 18)).filter(pl.col("scope") == "all")
    expected = reference.perimeter(lines, attacked, date(2024, 1, 18), date(2024, 1, 18))
    mine = dict(found.select("definition", "n").iter_rows())
    assert mine == (expected if mine else {})
    assert mine or expected["lines"] == 0


def test_answers_that_return_people_nobody_asked_for_or_named_are_told_by_operator(engine):
    load(
        engine,
        requests="""
            request_id | requested_at | action | status | subject_key | records_returned
            1          | 10 09:00     | search | 200    | -           | 20
            2          | 20 09:00     | search | 200    | -           | 20
            4          | 20 09:02     | rights | 200    | 100         | 3
            5          | 20 09:03     | search | 404    | -           | 20
            6          | 20 09:04     | other  | 200    | -           | -
        """,
        returned_people="""
            request_id | person_key
            2          | 1
            2          | 2
        """,
    )
    assert query(engine, "unnamed_answers", {"clean_until": datetime(2024, 1, 15)}).rows() == []
    assert query(engine, "unnamed_answers", {"clean_until": None}).rows() == [("A",)]
