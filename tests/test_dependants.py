"""Children under a parent's number: one child under both parents is one human being, two homonyms are two."""

from __future__ import annotations

import random
from datetime import date, timedelta

import polars as pl
import pytest
from made_registers import humans, register
from tables import rows

from forensics.evidence.dependants import UNDER_BOTH_PARENTS, dependants
from forensics.evidence.persons import persons_of

# Mia is on her mother's card and on her father's, under their numbers; Leo and Tom are twins on the mother's.
FAMILY = """
    own           | holder        | birth_date | last_name | first_name | role   | sex
    2850675000456 | 2850675000456 | 1985-06-20 | KERVADEC  | Solenn     | holder | 2
    1830175000789 | 1830175000789 | 1983-01-30 | PLOUGAST  | Ewen       | holder | 1
    2850675000456 | 2850675000456 | 2015-02-01 | PLOUGAST  | Mia        | child  | 2
    1830175000789 | 1830175000789 | 2015-02-01 | Plougast  | Mïa        | child  | 2
    2850675000456 | 2850675000456 | 2019-09-09 | PLOUGAST  | Leo        | child  | 1
    2850675000456 | 2850675000456 | 2019-09-09 | PLOUGAST  | Tom        | child  | 1
"""
SHARED = 3
"""The place of Mia under her father's number."""


def changed(place: int, **to: str | None) -> list[dict[str, str | None]]:
    return [row | (to if number == place else {}) for number, row in enumerate(rows(FAMILY))]


def test_a_child_under_both_parents_numbers_is_one_and_twins_are_two():
    assert humans(register(FAMILY)) == [[0], [1], [2, 3], [4], [5]]


@pytest.mark.parametrize(
    "other",
    [
        {"first_name": "Lea"},
        {"last_name": "KERVADEC"},
        {"birth_date": "2015-02-02"},
        {"sex": "1"},
        {"sex": None},
        {"first_name": None},
        {"first_name": " - "},
        {"role": "spouse"},
        {"role": None},
        {"own": "2150275000111"},
    ],
)
def test_what_differs_in_a_trait_or_lacks_one_is_not_joined(other: dict[str, str | None]):
    assert humans(register(changed(SHARED, **other))) == [[0], [1], [2], [3], [4], [5]]


@pytest.mark.parametrize("spelled", ["PLOUGÂST", "plou-gast", "PLOU GAST", "Plou'gast"])
def test_accents_capitals_and_hyphens_make_no_other_name(spelled: str):
    assert [2, 3] in humans(register(changed(SHARED, last_name=spelled)))


def test_a_child_with_a_number_of_its_own_is_joined_by_that_alone():
    own = {"own": "2150275000111", "birth_rank": "1"}
    mother, father = (row | own for row in rows(FAMILY)[2:4])
    known = register([*rows(FAMILY)[:2], mother, father])
    assert dependants(known).height == 0
    assert humans(known) == [[0], [1], [2, 3]]


def test_exact_links_are_sure_and_traits_are_as_sure_as_the_names_are_rare():
    children = pl.DataFrame({"person_key": [1, 2], "group": [1, 1], "probability": [0.99, 0.99]})
    keys = pl.DataFrame({"person_key": [0, 1, 2, 3], "own_message": ["a", "a", "b", None]})
    assert persons_of(keys, children).rows() == [(0, 0, 1.0), (1, 0, 0.99), (2, 0, 0.99), (3, 3, 1.0)]


def crowd(children: int, names: list[tuple[str, str]], days: int, seed: int = 1) -> list[dict[str, str | None]]:
    """Children of different parents, each under the parent's number, born within so many days."""
    draw = random.Random(seed)  # noqa: S311
    people: list[dict[str, str | None]] = []
    for number in range(children):
        holder = f"1{number:012d}"
        last, first = draw.choice(names)
        born = (date(2010, 1, 1) + timedelta(draw.randrange(days))).isoformat()
        people.append({"own": holder, "holder": holder, "birth_date": born, "last_name": last, "first_name": first,
                       "role": "child", "sex": "1"})  # fmt: skip
    return people


def test_homonyms_of_a_crowded_day_are_not_taken_for_one_child():
    alike = crowd(400, [("MARTIN", "Lucas"), ("BERNARD", "Hugo")], days=1)
    assert dependants(register(alike)).height == 0


def test_the_chance_of_a_homonym_is_that_of_the_names_and_the_births_of_a_day():
    names = [(f"{a}{b}", c * 3) for a in "ABCD" for b in "EFGH" for c in "IJKLM"]
    people = crowd(2_000, names, days=1_000)
    rare = {"birth_date": "2011-05-05", "last_name": "UNIQUE", "first_name": "Zoe", "role": "child", "sex": "1"}
    twice = [rare | {"own": f"2{n:012d}", "holder": f"2{n:012d}"} for n in range(2)]
    known = register([*people, *twice])
    found = dependants(known).join(known.select("person_message", "last_name"), on="person_message")
    unique = found.filter(pl.col("last_name") == "UNIQUE")["probability"]
    homonyms = 2_002 / 1_000 * (2 / 2_002) * (2 / 2_002)
    assert unique.to_list() == pytest.approx([UNDER_BOTH_PARENTS / (UNDER_BOTH_PARENTS + homonyms)] * 2, rel=0.01)
    assert all(found.filter(pl.col("last_name") != "UNIQUE")["probability"] < unique.max())


def test_no_register_and_no_children_link_nothing():
    assert dependants(register([])).height == 0
    assert dependants(register(rows(FAMILY)[:2])).height == 0
