"""From probable pairs to links: which of them are taken, and which cannot both be true."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from forensics.evidence.dependants import plain_name
from forensics.evidence.persons import GROUPS

WEIGHED = pl.Schema(
    {"kind": pl.String(), "operator": pl.String(), "other_operator": pl.String(), "probability": pl.Float64()}
)
"""One row a pair of persons: what kind of link it is or would be (`forensics.schemas.Links`), and how probable."""

MILLION = 1_000_000
"""Probabilities are rounded to millionths, so that sums of them are whole numbers."""

Entry = dict[str, object]
Marks = dict[tuple[Hashable, ...], frozenset[Hashable]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was linked.

    Attributes:
        groups: the keys of each link (`forensics.evidence.persons.GROUPS`).
        taken: the links (WEIGHED).
        left_out: the pairs below the threshold that nothing else rules out (WEIGHED).
        never_compared: the share of links that agree in nothing by which pairs are looked up, were the model right: of
            people with one number, and of people with two.
    """

    groups: pl.DataFrame
    taken: pl.DataFrame
    left_out: pl.DataFrame
    never_compared: tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Known:
    """What the register says of one person, or of several taken for one.

    people: `person` of each. keys, operators, numbers (own and holder's): of all of them. is_child: every entry is a
    child's. marks: what tells two people apart, by the place where it does.
    """

    people: frozenset[int]
    keys: frozenset[int]
    operators: frozenset[str]
    numbers: frozenset[str]
    is_child: bool
    marks: Marks

    def is_someone_else(self, other: _Known) -> bool:
        """Tell whether the two are two people for sure.

        A card lists each of its people once: two of its entries are two people, unless both bear one first name and
        birth date (a second number). Under one number and birth date two ranks are twins.
        """
        return any(len(self.marks[place] | other.marks[place]) > 1 for place in self.marks.keys() & other.marks.keys())

    def with_(self, other: _Known) -> _Known:
        """Take the two for one."""
        marks = {
            place: self.marks.get(place, frozenset()) | other.marks.get(place, frozenset())
            for place in self.marks.keys() | other.marks.keys()
        }
        return _Known(
            self.people | other.people,
            self.keys | other.keys,
            self.operators | other.operators,
            self.numbers | other.numbers,
            self.is_child and other.is_child,
            marks,
        )


def matched(pairs: pl.DataFrame, people: pl.DataFrame, level: float, never_compared: tuple[float, float]) -> Found:
    """Take the probable pairs, the surest first.

    At least one of the two has a single key at a single operator, and such a key is linked to one other. Across
    operators people are matched one to one: nobody is linked to two people of another operator. Whoever is two people
    for sure is not linked at all.

    Args:
        pairs: one row a pair of persons: `person`, `other_person`, `probability`.
        people: the clear register with its keys, and `person`.
        level: the probability from which a pair is taken.
        never_compared: passed on.
    """
    known = {person: _known(person, entries) for person, entries in _entries(pairs, people)}
    group = dict(known)
    free = {person for person, one in known.items() if len(one.keys) == len(one.operators) == 1}
    taken, left_out, joined = [], [], []
    for left, right, probability in pairs.sort(-pl.col("probability"), "person", "other_person").iter_rows():
        here, there, one, other = known[left], known[right], group[left], group[right]
        if one is other or not free & {left, right} or one.is_someone_else(other):
            continue
        if not here.operators & there.operators and one.operators & other.operators:
            continue
        kind = (*_kind(here, there), probability)
        if probability < level:
            left_out.append(kind)
            continue
        taken.append(kind)
        joined += [
            (key, len(taken), probability if person in free else 1.0)
            for person in (left, right)
            for key in sorted(known[person].keys)
        ]
        both = one.with_(other)
        group |= dict.fromkeys(both.people, both)
        free -= {left, right}
    return Found(
        groups=pl.DataFrame(joined, schema=GROUPS, orient="row"),
        taken=pl.DataFrame(taken, schema=WEIGHED, orient="row"),
        left_out=pl.DataFrame(left_out, schema=WEIGHED, orient="row"),
        never_compared=never_compared,
    )


def _entries(pairs: pl.DataFrame, people: pl.DataFrame) -> Iterator[tuple[int, list[Entry]]]:
    """Give the register's entries of each person in a pair, in the order of persons."""
    rank = pl.col("birth_rank").cast(pl.String).str.strip_chars()
    paired = pl.concat([pairs["person"], pairs["other_person"]]).unique()
    entries = (
        people.filter(pl.col("person").is_in(paired.implode()))
        .select("person", "person_key", "operator", "card_key", "holder", "own", "birth_date", "role",
                plain_name("first_name"), rank=pl.when(rank != "").then(rank))
        .unique()
        .sort(pl.all(), nulls_last=True)
    )  # fmt: skip
    for (person,), of_one in entries.group_by("person", maintain_order=True):
        yield int(person), of_one.to_dicts()  # type: ignore[arg-type]


def _known(person: int, entries: list[Entry]) -> _Known:
    """Sum up what the register says of one person."""
    marks: dict[tuple[Hashable, ...], set[Hashable]] = {}
    for entry in entries:
        for place, mark in _marks(entry):
            marks.setdefault(place, set()).add(mark)
    return _Known(
        people=frozenset({person}),
        keys=frozenset(_all(entries, "person_key")),
        operators=frozenset(_all(entries, "operator")),
        numbers=frozenset(_all(entries, "holder", "own")),
        is_child=all(entry["role"] == "child" for entry in entries),
        marks={place: frozenset(those) for place, those in marks.items()},
    )


def _all(entries: Iterable[Entry], *names: str) -> Iterator:
    return (entry[name] for entry in entries for name in names if entry[name] is not None)


def _marks(entry: Entry) -> Iterator[tuple[tuple[Hashable, ...], Hashable]]:
    """Give what tells the person of an entry from others, and where it does; without a name nobody is the same."""
    born, name = entry["birth_date"], entry["first_name"]
    yield ("card", entry["card_key"]), (name, born) if name and born else (None, entry["person_key"])
    if entry["rank"] and born:
        for number in {entry["holder"], entry["own"]} - {None}:
            yield ("rank", number, born), entry["rank"]


def _kind(here: _Known, there: _Known) -> tuple[str, str | None, str | None]:
    """Say what kind of link joins two persons, and at which operators."""
    if here.is_child and there.is_child and not here.numbers & there.numbers:
        return "children", None, None
    if both := here.operators & there.operators:
        return "within", min(both), None
    first, second = sorted((min(here.operators), min(there.operators)))
    return "operators", first, second
