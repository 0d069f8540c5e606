"""Links between keys of one person: a rank that is missing, what two people can never be, and what the table says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st
from made_registers import humans, keyed, register
from tables import rows

from forensics import schemas
from forensics.evidence import linkage
from forensics.evidence.links import links_table
from forensics.evidence.matching import Found, matched
from forensics.evidence.persons import missing_ranks
from forensics.results import Results

OWN = "2850675000456"


def listed(text: str) -> pl.DataFrame:
    """A register of people under one holder's number, born on one day."""
    usual = {"own": OWN, "holder": OWN, "birth_date": "2019-09-09", "role": "child"}
    return register([usual | {name.replace("rank", "birth_rank"): value or None for name, value in row.items()}
                     for row in rows(text)])  # fmt: skip


def test_a_rank_that_one_operator_lacks_is_the_one_that_the_other_gives():
    both = listed("""
        operator | card_number | rank | first_name
        A        | C1          | 1    | Leo
        B        | C9          |      | Leo
    """)
    assert humans(both) == [[0, 1]]


def test_nobody_is_joined_to_twins_of_two_ranks():
    twins = listed("""
        operator | card_number | rank | first_name
        A        | C1          | 1    | Leo
        A        | C1          | 2    | Tom
        B        | C9          |      | Leo
    """)
    assert humans(twins) == [[0], [1], [2]]


def test_two_that_one_card_lists_side_by_side_are_two_although_one_lacks_its_rank():
    twins = listed("""
        operator | card_number | rank | first_name
        A        | C1          | 1    | Leo
        A        | C1          |      | Tom
        B        | C9          | 1    | Leo
    """)
    assert humans(twins) == [[0, 2], [1]]


def test_a_key_that_one_card_lists_under_two_first_names_is_two_people_and_is_joined_to_neither():
    twins = listed("""
        operator | card_number | rank | first_name
        A        | C1          | 1    | Leo
        B        | C9          |      | Leo
        B        | C9          |      | Tom
    """)
    assert humans(twins) == [[0], [1, 2]]


def test_one_first_name_in_two_spellings_is_one():
    spelled = listed("""
        operator | card_number | rank | first_name
        A        | C1          | 1    | Leo
        B        | C9          |      | LÉO
        B        | C9          |      | Leo
    """)
    assert humans(spelled) == [[0, 1, 2]]


def test_ones_own_number_finds_the_rank_under_another_holders():
    child = listed("""
        operator | card_number | holder        | own           | rank | first_name
        A        | C1          | 2850675000456 | 2190975000111 | 1    | Leo
        B        | C9          | 1830175000789 | 2190975000111 |      | Leo
    """)
    assert humans(child) == [[0, 1]]


def test_other_birth_dates_and_missing_ones_are_other_people():
    people = listed("""
        operator | card_number | birth_date | rank | first_name
        A        | C1          | 2019-09-09 | 1    | Leo
        B        | C9          | 2019-09-08 |      | Leo
        B        | C8          |            |      | Leo
    """)
    assert humans(people) == [[0], [1], [2]]


def test_the_three_exact_links_at_once_make_one_human_being():
    """At both operators, under both parents' numbers, with the rank at one of them."""
    child = {"birth_date": "2015-02-01", "last_name": "PLOUGAST", "first_name": "Mia", "role": "child", "sex": "2"}
    mother, father = {"own": OWN, "holder": OWN}, {"own": "1830175000789", "holder": "1830175000789"}
    parents = [one | {"birth_date": "1985-01-01", "birth_rank": "1", "role": "holder"} for one in (mother, father)]
    places = [
        mother | {"operator": "A", "birth_rank": "1"},
        mother | {"operator": "B", "birth_rank": None},
        father | {"operator": "B", "birth_rank": None},
    ]
    assert humans(register([*parents, *(child | place for place in places)])) == [[0], [1], [2, 3, 4]]


ENTRIES = st.lists(
    st.fixed_dictionaries(
        {
            "holder": st.sampled_from(["H1", "H2"]),
            "own": st.sampled_from(["H1", "H2", "O1", "O2"]),
            "born": st.sampled_from([date(2019, 9, 9), date(2019, 9, 8)]),
            "rank": st.sampled_from([None, "", "1", "2"]),
            "card": st.integers(1, 3),
            "first_name": st.sampled_from(["Leo", "LEO", "Tom", None]),
        }
    ),
    max_size=7,
)


@settings(max_examples=200, deadline=None)
@given(ENTRIES)
def test_missing_ranks_are_found_as_the_slow_rule_finds_them(entries: list[dict[str, Any]]):
    numbers: dict[tuple[Any, ...], int] = {}
    for entry in entries:
        entry["person_key"] = numbers.setdefault((entry["holder"], entry["born"], entry["rank"] or ""), len(numbers))
    schema = {"person_key": pl.Int64, "card": pl.Int64, "holder": pl.String, "own": pl.String, "born": pl.Date,
              "rank": pl.String, "first_name": pl.String}  # fmt: skip
    frame = pl.DataFrame([[entry[name] for name in schema] for entry in entries], schema=schema, orient="row")
    found = missing_ranks(frame.rename({"card": "card_key", "born": "birth_date", "rank": "birth_rank"}))
    groups = {key: set(of["person_key"]) for (key,), of in found.partition_by("group", as_dict=True).items()}
    assert groups == reference.ranks_found(entries)


# What two people can never be.

SURE = 0.999


def taken(text: str, *pairs: tuple[int, int, float]) -> tuple[list[set[int]], Found]:
    """Match persons, one a row of a register; return those linked, and everything found."""
    usual = {"own": OWN, "birth_date": "2019-09-09", "rank": "", "role": "holder", "first_name": "Leo"}
    people = [usual | row for row in rows(text)]
    frame = pl.DataFrame(
        [
            {
                "person": int(row["person"]), "person_key": int(row.get("key", row["person"])),
                "operator": row["operator"], "card_key": int(row["card"]), "holder": row["own"], "own": row["own"],
                "birth_date": date.fromisoformat(row["birth_date"]), "birth_rank": row["rank"] or None,
                "role": row["role"], "first_name": row["first_name"],
            }
            for row in people
        ]
    )  # fmt: skip
    schema = {"person": pl.Int64, "other_person": pl.Int64, "probability": pl.Float64}
    found = matched(pl.DataFrame(list(pairs), schema=schema, orient="row"), frame, 0.9, (0.0, 0.0))
    groups = found.groups.partition_by("group", maintain_order=True)
    return [set(of["person_key"]) for of in groups], found


def test_a_probable_pair_is_linked_and_one_below_the_threshold_is_left_out():
    linked, found = taken("""
        person | operator | card
        1      | A        | 1
        2      | B        | 2
        3      | A        | 3
        4      | B        | 4
    """, (1, 2, SURE), (3, 4, 0.4))  # fmt: skip
    assert linked == [{1, 2}]
    assert found.taken.rows() == [("operators", "A", "B", SURE)]
    assert found.left_out.rows() == [("operators", "A", "B", 0.4)]


def test_two_entries_of_one_card_are_two_people_unless_they_bear_one_name_and_birth_date():
    text = """
        person | operator | card | own | first_name
        1      | A        | 1    | N1  | Leo
        2      | A        | 1    | N2  | Tom
        3      | A        | 2    | N3  | Mia
        4      | A        | 2    | N4  | Mïa
    """
    linked, found = taken(text, (1, 2, SURE), (3, 4, SURE))
    assert linked == [{3, 4}]
    assert found.taken.rows() == [("within", "A", None, SURE)]
    assert found.left_out.height == 0


def test_two_ranks_under_one_number_and_birth_date_are_twins():
    text = """
        person | operator | card | rank
        1      | A        | 1    | 1
        2      | B        | 2    | 2
    """
    assert taken(text, (1, 2, SURE))[0] == []


def test_across_operators_people_are_matched_one_to_one():
    text = """
        person | operator | card | own
        1      | A        | 1    | N1
        2      | B        | 2    | N2
        3      | B        | 3    | N3
    """
    assert taken(text, (1, 2, 0.95), (1, 3, SURE))[0] == [{1, 3}]


@pytest.mark.parametrize("pairs", [((1, 2, SURE), (1, 3, SURE)), ((1, 3, SURE), (1, 2, SURE))])
def test_of_two_equally_probable_pairs_the_first_persons_is_taken_in_whatever_order_they_come(pairs: Any):
    text = """
        person | operator | card | own
        1      | A        | 1    | N1
        2      | B        | 2    | N2
        3      | B        | 3    | N3
    """
    assert taken(text, *pairs)[0] == [{1, 2}]


def test_who_is_linked_already_takes_in_a_lone_key_but_two_such_people_stay_apart():
    text = """
        person | key | operator | card | own
        1      | 1   | A        | 1    | N1
        1      | 1   | B        | 2    | N1
        4      | 4   | A        | 3    | N2
        4      | 4   | B        | 4    | N2
        7      | 7   | A        | 5    | N3
    """
    linked, found = taken(text, (1, 4, SURE), (1, 7, SURE))
    assert linked == [{1, 7}]
    assert found.groups.sort("person_key")["probability"].to_list() == [1.0, SURE]


def test_children_under_two_numbers_are_links_of_their_own_kind():
    text = """
        person | operator | card | own | role
        1      | A        | 1    | N1  | child
        2      | B        | 2    | N2  | child
    """
    assert taken(text, (1, 2, SURE))[1].taken["kind"].to_list() == ["children"]


# The table.


def test_each_kind_of_link_is_counted_and_what_was_missed_is_unknown_without_splink():
    child = {"birth_date": "2015-02-01", "last_name": "PLOUGAST", "first_name": "Mia", "role": "child", "sex": "2"}
    mother, father = {"own": OWN, "holder": OWN}, {"own": "1830175000789", "holder": "1830175000789"}
    adult = {"birth_date": "1985-01-01", "birth_rank": "1", "role": "holder"}
    twins = [mother | {"birth_date": "2019-09-09", "birth_rank": None, "first_name": name} for name in ("Leo", "Tom")]
    table = links_table(
        keyed(
            register(
                [
                    mother | adult, mother | adult | {"operator": "B"}, father | adult | {"operator": "B"},
                    mother | child | {"birth_rank": "1"}, father | child | {"birth_rank": "1", "operator": "B"}, *twins,
                ]
            )
        ), None, 0.95,
    )  # fmt: skip
    schemas.Links.validate(table)
    assert table.select("kind", "operator", "other_operator", "n_links", "measured").rows() == [
        ("children", None, None, 1, False),
        ("one_key", None, None, 1, True),
        ("operators", "A", "B", 1, False),
        ("within", "A", None, 0, False),
        ("within", "B", None, 0, False),
    ]
    assert table["expected_false"].round(2).to_list() == [
        0.05,
        1.0,
        0.0,
        0.0,
        0.0,
    ]  # 1 - 0.1 / (0.1 + 2 / 365)
    assert table["expected_missed"].null_count() == 5


def test_what_splink_left_out_and_never_saw_is_expected_to_be_missed():
    people = [{"own": f"N{n}", "holder": f"N{n}", "operator": operator, "birth_date": f"1985-01-{n:02d}",
               "birth_rank": "1"} for n in range(1, 11) for operator in "AB"]  # fmt: skip
    weighed = {"kind": "operators", "operator": "A", "other_operator": "B"}
    found = Found(
        groups=pl.DataFrame(),
        taken=pl.DataFrame([weighed | {"probability": 0.96}, weighed | {"probability": 0.99}]),
        left_out=pl.DataFrame([weighed | {"probability": 0.5}, weighed | {"probability": 0.3}]),
        never_compared=(0.5, 0.75),
    )
    table = schemas.Links.validate(links_table(keyed(register(people)), found, 0.95))
    row = table.filter(pl.col("kind") == "operators").row(0, named=True)
    assert (row["n_links"], row["expected_false"], row["measured"]) == (12, 0.05, True)
    assert row["expected_missed"] == 10 * 1 + 2 * 3 + 0.8
    assert (row["missed_low"], row["missed_high"]) == (9, 25)  # of mean 16.8: below in 1.4 %, above in 2.2 %


def test_the_links_of_a_case_are_in_its_summary_and_their_missing_errors_are_declared(finished: Path):
    summary = Results(folder=finished / "results").summary
    assert [row["kind"] for row in summary["links"]] == ["children", "one_key", "within"]
    assert "links_not_measured" in summary["limits"]
    schemas.Links.validate(pl.read_parquet(finished / "work" / "links.parquet"))


def test_splink_asked_for_and_not_installed_is_wrong_usage(
    small: Path, declare: Callable[..., None], command: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
):
    declare("[[operator]]", '[settings]\nlinkage = "splink"\n[[operator]]')
    monkeypatch.setattr(linkage, "find_spec", lambda _: None)
    for asked in ("check", "run"):
        ended = command(asked, small)
        assert ended.code == 2
        assert "pip install 'forensics[linkage]'" in ended.err
    assert not (small / "work" / "persons.parquet").exists()
