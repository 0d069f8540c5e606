"""Answers that name whom they held: whoever is named was shown, on the tier of the screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from tables import case, rebuilt

from forensics.case import load
from forensics.engine import query
from forensics.estimate import count
from forensics.evidence.ingest import ingest
from forensics.exposure import Exposed, expose
from forensics.schemas import ReturnedPeople

KEY = bytes.fromhex("ab" * 32)
REGISTER = """
    beneficiary   | holder        | born       | last     | first   | card | member | role   | sex
    1850575000123 | 1850575000123 | 1985-05-12 | DURANDOT | Maelys  | C1   | A-1    | holder | 2
    1850575000123 | 1850575000123 | 2015-02-01 | DURANDOT | Anatole | C1   | A-2    | child  | 1
    2850675000456 | 2850675000456 | 1985-06-20 | KERVADEC | Solenn  | C2   | A-3    | holder | 2
    2850675000456 | 2850675000456 | 2015-02-01 | Durandot | Anatole | C2   | A-2    | child  | 1
    1900175000789 | 1900175000789 | 1990-01-30 | PLOUGAST | Ewen    | C3   | A-9    | holder | 1
    2900175000111 | 2900175000111 | 1990-01-30 | PLOUGAST | Mona    | C4   | A-9    | holder | 2
"""
LOG = """
    ref | path           | status | named
    r1  | /liste?page=1  | 200    | a-1; A-2 ;;A-3
    r2  | /liste?page=2  | 200    | ["A-1"]
    r3  | /droits        | 200    | A-3
    r4  | /liste?page=3  | 200    | A-9;A-77
    r5  | /accueil       | 200    | -
    r1  | /liste?page=1  | 200    | A-3
"""
DECLARED = """
[case]
id = "named"
[[operator]]
name = "V"
[[screen]]
match = "^/liste"
action = "search"
tier = "listed"
[[source]]
id = "log"
operator = "V"
kind = "access_log"
path = "evidence/log.parquet"
format = "parquet"
[source.fields]
requested_at = "at"
path = "path"
status = "status"
request_ref = "ref"
returned_people = "named"
[[source]]
id = "register"
operator = "V"
kind = "register"
path = "evidence/register.parquet"
format = "parquet"
[source.fields]
beneficiary_number = "beneficiary"
holder_number = "holder"
birth_date = "born"
last_name = "last"
first_name = "first"
card_number = "card"
member_number = "member"
role = "role"
sex = "sex"
"""


def frame(text: str) -> pl.DataFrame:
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    cells = [[None if cell == "-" else cell for cell in line] for line in lines[1:]]
    return pl.DataFrame(cells, schema=dict.fromkeys(lines[0], pl.String), orient="row")


@pytest.fixture
def named(tmp_path: Path) -> Path:
    """A case whose log says who was in each answer."""
    (tmp_path / "evidence").mkdir()
    (tmp_path / "case.toml").write_text(DECLARED)
    log = frame(LOG).with_columns(pl.col("status").cast(pl.Int64), at=pl.lit("2024-01-22T09:00:00Z"))
    log.write_parquet(tmp_path / "evidence" / "log.parquet")
    frame(REGISTER).write_parquet(tmp_path / "evidence" / "register.parquet")
    ingest(load(tmp_path), KEY, lambda _: None)
    return tmp_path


def people(folder: Path) -> list[tuple[str, str | None, str]]:
    """Whom each answer named, by the order of the register's people, and the tier."""
    work = {name: pl.read_parquet(folder / "work" / f"{name}.parquet") for name in ("requests", "returned_people")}
    found = ReturnedPeople.validate(work["returned_people"]).join(work["requests"], on="request_id")
    holders = pl.read_parquet(folder / "work" / "register.parquet").select("person_key", "birth_year", "role", "sex")
    told = found.join(holders, on="person_key", how="left").select(
        "request_ref",
        who=pl.when(pl.col("person_key").is_not_null()).then(pl.format("{} {}", "role", "birth_year")),
        tier="tier",
    )
    return sorted(told.rows(), key=lambda row: (row[0], row[1] or ""))


def test_everyone_an_answer_names_is_found_by_member_number_on_the_tier_of_its_screen(named: Path):
    assert people(named) == [
        ("r1", "child 2015", "listed"),
        ("r1", "child 2015", "listed"),
        ("r1", "holder 1985", "listed"),
        ("r1", "holder 1985", "listed"),
        ("r2", "holder 1985", "listed"),
        ("r3", "holder 1985", "displayed"),
        ("r4", None, "listed"),
    ]


def test_a_member_number_of_two_people_names_neither_but_one_child_under_two_keys_is_one(named: Path):
    persons = pl.read_parquet(named / "work" / "persons.parquet")
    returned = pl.read_parquet(named / "work" / "returned_people.parquet").join(persons, on="person_key")
    assert returned.filter(pl.col("link_probability") < 1).select("person_id").n_unique() == 1
    assert people(named)[-1] == ("r4", None, "listed")


def test_nobody_is_named_in_the_case_by_number(named: Path):
    written = b"".join(path.read_bytes() for path in (named / "work").rglob("*") if path.is_file())
    assert b"A-77" not in written
    assert "returned_people" not in pl.read_parquet(named / "work" / "requests.parquet").columns


CARDS = """
    operator | insurer_id | card_key | person_key | role   | covered_from
    A        | M1         | 10       | 1          | holder | -
    A        | M1         | 10       | 2          | child  | 2024-03-01
    A        | M2         | 20       | 3          | holder | -
"""
PERSONS = "person_key | person_id\n1 | 1\n2 | 2\n3 | 3"
SUBJECTS = "subject_key | card_key | person_key\n100 | 10 | -"
KEYS = pl.DataFrame({"kind": ["person"] * 3, "key": [1, 2, 3], "digest": ["Ada", "Ben", "Cyd"]})


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def exposed(engine: Any, requests: str, returned: str, verdict: str = "scraping") -> Exposed:
    """Find who was shown, every session of one verdict."""
    rebuilt(engine, requests=requests, register=CARDS, subjects=SUBJECTS, persons=PERSONS, returned_people=returned)
    judged = engine.sql("SELECT session_id FROM session_keys ORDER BY ALL").pl()
    judged = judged.with_columns(verdict=pl.lit(verdict), campaign_id=pl.lit(1, dtype=pl.Int64))
    return expose(engine, case(), judged, KEYS)


LISTED = "requested_at | subject_kind | subject_key | action | status\n22 09:00 | - | - | search | 200"


def test_whoever_is_named_was_shown_and_the_log_says_so(engine: Any):
    found = exposed(engine, LISTED, "request_id | person_key\n1 | 1\n1 | 3").exposure
    assert found.select("person_id", "insurer_id", "tier", "certainty").rows() == [
        ("Ada", "M1", "listed", "logged"),
        ("Cyd", "M2", "listed", "logged"),
    ]


def test_whom_the_log_names_was_shown_whatever_the_register_says_of_the_day(engine: Any):
    assert exposed(engine, LISTED, "request_id | person_key\n1 | 2").exposure["person_id"].to_list() == ["Ben"]


def test_whoever_is_on_the_card_and_named_is_logged_not_inferred(engine: Any):
    asked = "requested_at | subject_key\n22 09:00 | 100"
    found = exposed(engine, asked, "request_id | person_key | tier\n1 | 2 | displayed")
    assert dict(found.exposure.select("person_id", "certainty").iter_rows()) == {"Ada": "logged", "Ben": "logged"}
    counts = count(found.shown)
    assert (counts.strict, counts.named, counts.broad) == (2, 2, 2)


@pytest.mark.parametrize("status", ["404", "499", "304"])
def test_an_answer_that_is_no_full_success_showed_nobody_it_names(engine: Any, status: str):
    found = exposed(engine, LISTED.replace("200", status), "request_id | person_key\n1 | 1")
    assert found.exposure.height == 0
    assert count(found.shown).broad == 1


def test_an_honest_answer_exposes_nobody_and_an_unclear_one_is_held_apart(engine: Any):
    assert exposed(engine, LISTED, "request_id | person_key\n1 | 1", "honest").shown.height == 0
    unclear = exposed(engine, LISTED, "request_id | person_key\n1 | 1", "unclear")
    assert (unclear.exposure.height, count(unclear.shown).unclear) == (0, 1)


def test_whom_answers_named_is_in_reach_of_the_widest_bound(engine: Any):
    exposed(engine, LISTED, "request_id | person_key\n1 | 3")
    assert query(engine, "looked_up_people", {"clean_until": None})["person_id"].to_list() == [3]
