"""Pseudonyms: keyed, spelled in one way, dense inside, and joined into human beings only where that is sure."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics.evidence.identities import claimed_persons, clear_register, identities, subject_rows
from forensics.evidence.interning import SubjectKeys
from forensics.evidence.persons import persons_of
from forensics.evidence.pseudonyms import dense_keys, digests, normal_number, normal_subject, pseudonym

KEY = bytes(range(32))
COLUMNS = ("operator", "beneficiary_number", "holder_number", "birth_date", "birth_rank", "card_number", "insurer_id")


def register(*rows: tuple[str | None, ...]) -> pl.DataFrame:
    blank = dict.fromkeys(("last_name", "first_name", "member_number", "role", "sex", "department"))
    dated = [
        [date.fromisoformat(v) if n == "birth_date" and v else v for n, v in zip(COLUMNS, row, strict=True)]
        for row in rows
    ]
    schema = {name: pl.Date if name == "birth_date" else pl.String for name in COLUMNS}
    frame = pl.DataFrame(dated, schema=schema, orient="row")
    frame = frame.with_columns(pl.lit(None, dtype=pl.String).alias(n) for n in blank)
    days = [pl.lit(None, dtype=pl.Date).alias(name) for name in ("covered_from", "covered_until")]
    return clear_register(frame.with_columns(days).lazy())


def test_a_pseudonym_is_the_first_half_of_an_hmac_of_the_parts():
    text = "person\x1f1850575000123\x1f1985-05-12\x1f1"
    expected = hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()[:32]
    assert pseudonym(KEY, "person", "1850575000123", "1985-05-12", "1") == expected


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"]))), st.binary(min_size=32, max_size=32))
@example(["card\x1fa\0b", "é", "", "x" * 200, "card\x1fa\0b", None], KEY)
def test_messages_hashed_in_bulk_are_the_same_pseudonyms(messages: list[str | None], key: bytes):
    bulk = digests(key, pl.Series(messages, dtype=pl.String))
    assert bulk.height == len({text for text in messages if text is not None})
    assert all(digest == pseudonym(key, text) for text, digest in bulk.iter_rows())


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("1 85 05 75 000 123 45", "1850575000123"),
        ("1.85.05.75.000.123", "1850575000123"),
        ("2 85 05 2a 000 123", "285052A000123"),
        ("1850575000123", "1850575000123"),
    ],
)
def test_a_number_has_one_spelling(written: str, normal: str):
    assert pl.DataFrame({"n": [written]}).select(normal_number("n")).item() == normal


def test_other_subjects_are_trimmed_and_upper_case_but_a_page_is_left_as_it_is():
    frame = pl.DataFrame({"subject": [" aB "]})
    assert frame.select(normal_subject("card_number")).item() == "AB"
    assert frame.select(normal_subject("page")).item() == " aB "


@given(st.lists(st.text("0123456789abcdef", min_size=4, max_size=4), max_size=20))
def test_dense_keys_follow_the_order_of_the_digests_and_nothing_else(found: list[str]):
    keyed = dense_keys("person", pl.Series(found, dtype=pl.String))
    assert keyed["digest"].to_list() == sorted(set(found))
    assert keyed["key"].to_list() == list(range(len(set(found))))
    assert dense_keys("person", pl.Series(found[::-1], dtype=pl.String)).equals(keyed)


def test_a_child_under_both_parents_is_one_human_being_where_its_own_number_says_so():
    own = pl.DataFrame({"person_key": [0, 1, 2, 3, 4], "own_message": ["child", "child", "x", None, None]})
    found = persons_of(own)
    assert found.rows() == [(0, 0, 1.0), (1, 0, 1.0), (2, 2, 1.0), (3, 3, 1.0), (4, 4, 1.0)]


def test_nobody_is_nobody():
    assert persons_of(pl.DataFrame(schema={"person_key": pl.Int64, "own_message": pl.String})).height == 0


def test_people_without_a_number_are_not_taken_for_one_another():
    known = register(
        ("V", "1850575000123", None, "1990-01-01", None, "C1", "M1"),
        ("V", "2850675000456", None, "1990-01-01", None, "C2", "M1"),
    )
    assert known["person_message"].n_unique() == 2


def test_a_holders_number_opens_the_card_and_an_own_number_with_a_birth_date_one_person():
    known = register(
        ("V", "1850575000123", "1850575000123", "1985-05-12", "1", "C1", "M1"),
        ("V", "1850575000123", "1850575000123", "2015-02-01", "1", "C1", "M1"),
    )
    cards = subject_rows(known, ["holder_number"])
    assert cards["person_message"].to_list() == [None]
    people = subject_rows(known, ["beneficiary_number"]).drop_nulls("person_message")
    assert people.filter(pl.col("subject_message").str.contains("2015-02-01"))["person_message"].n_unique() == 1


def test_a_subject_that_no_register_could_explain_stands_for_itself_only_where_it_was_shown():
    logged = pl.DataFrame(
        {
            "operator": ["V"] * 2,
            "subject_kind": ["page"] * 2,
            "subject_message": ["page\x1fV\x1f/a", "page\x1fV\x1f/missing"],
            "shown": [True, False],
            "has_register": [False, False],
        }
    )
    nobody = register()
    subject_keys = SubjectKeys(KEY, logged["subject_message"])
    found = identities(KEY, nobody, subject_rows(nobody, ["page"]), logged, subject_keys)
    assert found.persons.height == 1
    assert found.subject_keys.height == 2
    digest = found.keys.filter(pl.col("kind") == "subject")["digest"].to_list()
    assert pseudonym(KEY, "page", "V", "/a") in digest


def claims(*rows: tuple[str | None, ...]) -> pl.LazyFrame:
    names = ("holder_number", "birth_date", "birth_rank", "beneficiary_number")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    return frame.with_columns(
        pl.col("birth_date").str.to_date(), operator=pl.lit("V"), account_id=pl.lit("a"),
        submitted_at=pl.date_range(date(2024, 1, 1), date(2024, 1, len(rows))),
    ).lazy()  # fmt: skip


def test_a_claim_is_its_persons_by_holder_then_by_own_number_with_birth_date_then_by_number():
    known = register(
        ("V", "1850575000123", "1850575000123", "1985-05-12", "1", "C1", "M1"),
        ("V", "2850675000456", "2850675000456", "1985-06-20", "1", "C2", "M1"),
    )
    people = known.select("person_message").with_columns(person_key=pl.Series([10, 20], dtype=pl.Int64))
    found = claimed_persons(
        claims(
            ("1 85 05 75 000 123", "1985-05-12", "1", None),
            ("9999999999999", "1985-06-20", "1", "2850675000456"),
            (None, None, None, "2850675000456 78"),
            ("9999999999999", None, None, None),
        ),
        known,
        people,
    )
    assert found["person_key"].to_list() == [10, 20, 20, None]
