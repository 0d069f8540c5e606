"""The people, their cards, and what each operator's register says of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data import targets
from synthetic_data.identifiers import assign_nirs, invented_names, nir_keys

DAYS_A_YEAR = 365.25
NEW_YEAR = np.datetime64("2024-01-01")
FIRST_DAY = np.datetime64(targets.LOG_START.date())
YOUNGEST_WITH_FORMER_CARD = 2.1  # years: nobody was born after a kept card ended


@dataclass(frozen=True, slots=True)
class Population:
    """Everyone the two portals can show.

    persons: one human being; columns person, household, role, sex, birth_date, birth_rank,
    holder_number (13 digits, integer), beneficiary_number (15 digits, integer), last_name, first_name,
    department.
    register: one person on one card at one operator; columns operator (0 or 1), insurer (index),
    card, household, person, covered_from, covered_until; sorted by operator, household, card, person.
    """

    persons: pl.DataFrame
    register: pl.DataFrame


def draw_households(people: int, departments: int, rng: Generator) -> pl.DataFrame:
    """One row a household (one contract's people) until exactly `people` are reached.

    Columns: household, size, spouse (bool), children, department.
    """
    sizes_possible = np.array(list(targets.PEOPLE_PER_CARD))
    shares = np.array(list(targets.PEOPLE_PER_CARD.values()))
    sizes = rng.choice(sizes_possible, size=people, p=shares)
    total = np.cumsum(sizes)
    last = int(np.searchsorted(total, people))
    sizes = sizes[: last + 1]
    sizes[-1] -= total[last] - people
    spouse_share = np.array([0.0, *targets.SPOUSE_SHARE_BY_SIZE.values()])
    spouse = rng.random(len(sizes)) < spouse_share[sizes]
    names, weights = department_weights(departments)
    return pl.DataFrame(
        {
            "household": np.arange(len(sizes)),
            "size": sizes,
            "spouse": spouse,
            "children": sizes - 1 - spouse,
            "department": np.array(names)[rng.choice(len(names), size=len(sizes), p=weights)],
        }
    )


def department_weights(count: int) -> tuple[list[str], NDArray[np.float64]]:
    """Give the `count` most populated departments and their shares, summing to 1."""
    rest = (100 - sum(targets.DEPARTMENT_PERCENT.values())) / (
        len(targets.DEPARTMENTS) - len(targets.DEPARTMENT_PERCENT)
    )
    percent = {name: targets.DEPARTMENT_PERCENT.get(name, rest) for name in targets.DEPARTMENTS}
    kept = sorted(percent, key=lambda name: (-percent[name], name))[:count]
    weights = np.array([percent[name] for name in kept])
    return kept, weights / weights.sum()


def draw_cards(households: pl.DataFrame, insurers: list[NDArray[np.float64]], rng: Generator) -> pl.DataFrame:
    """One row a card. `insurers`: for each operator, the share of each insurer there.

    Columns: card, household, operator, insurer, former (bool), covered_from, covered_until.
    """
    count = len(households)
    place = rng.random(count)
    only_first = place < targets.FIRST_OPERATOR_ONLY
    both = place >= 1 - targets.BOTH_OPERATORS
    one_former = both & (rng.random(count) < targets.FORMER_AMONG_BOTH)
    which_former = rng.integers(0, 2, count)
    changed = ~both & (rng.random(count) < targets.CHANGED_INSURER_SHARE)
    share_alone = _former_share_of_single_cards()
    alone_former = ~both & ~changed & (rng.random(count) < share_alone)
    parts = []
    for operator in (0, 1):
        here = np.flatnonzero(both | (only_first == (operator == 0)))
        former = (one_former & (which_former == operator) | alone_former)[here]
        insurer = rng.choice(len(insurers[operator]), size=len(here), p=insurers[operator])
        parts.append((here, operator, insurer, former))
        moved = changed[here]
        shift = rng.choice(len(insurers[operator]), size=int(moved.sum()), p=insurers[operator])
        other = shift != insurer[moved]
        parts.append((here[moved][other], operator, shift[other], np.ones(int(other.sum()), dtype=bool)))
    cards = pl.concat(
        pl.DataFrame({"household": h, "operator": np.full(len(h), o), "insurer": i, "former": f})
        for h, o, i, f in parts
    ).sort("operator", "household", "former", "insurer")
    return _with_cover(cards, rng).with_row_index("card").with_columns(pl.col("card").cast(pl.Int64))


def _former_share_of_single_cards() -> float:
    """Share of households with one card whose card is former, for FORMER_CARD_SHARE over all cards."""
    cards = 1 + targets.BOTH_OPERATORS + targets.CHANGED_INSURER_SHARE
    elsewhere = targets.BOTH_OPERATORS * targets.FORMER_AMONG_BOTH + targets.CHANGED_INSURER_SHARE
    alone = 1 - targets.BOTH_OPERATORS - targets.CHANGED_INSURER_SHARE
    return (targets.FORMER_CARD_SHARE * cards - elsewhere) / alone


def _with_cover(cards: pl.DataFrame, rng: Generator) -> pl.DataFrame:
    """Add covered_from and covered_until (null while covered)."""
    count = len(cards)
    former = cards["former"].to_numpy()
    since = rng.integers(*targets.FORMER_SINCE_DAYS, size=count, endpoint=True)
    length = rng.integers(365, 10 * 365, count)
    start = np.where(former, -since - length, -rng.integers(30, 12 * 365, count))
    starting = ~former & (rng.random(count) < targets.STARTING_CARD_SHARE)
    start[starting] = rng.integers(*targets.STARTING_DAYS, size=int(starting.sum()), endpoint=True)
    return cards.with_columns(
        pl.Series("covered_from", FIRST_DAY + start.astype("timedelta64[D]")).cast(pl.Date),
        pl.when("former")
        .then(pl.Series("until", FIRST_DAY - since.astype("timedelta64[D]")).cast(pl.Date))
        .alias("covered_until"),
    )


def draw_persons(households: pl.DataFrame, with_former_card: NDArray[np.bool_], rng: Generator) -> pl.DataFrame:
    """One row a human being, with numbers and names; see Population.persons."""
    size = households["size"].to_numpy()
    household = np.repeat(np.arange(len(size)), size)
    position = np.arange(len(household)) - np.repeat(np.cumsum(size) - size, size)
    spouse = households["spouse"].to_numpy()
    is_spouse = (position == 1) & spouse[household]
    is_child = (position > 0) & ~is_spouse
    child_no = np.where(is_child, position - spouse[household], 0)
    age, twin = _ages(
        households,
        household,
        child_no,
        is_spouse=is_spouse,
        with_former_card=with_former_card,
        rng=rng,
    )
    birth = NEW_YEAR - np.maximum(1, (age * DAYS_A_YEAR).astype(np.int64)).astype("timedelta64[D]")
    birth[1:][twin[1:]] = birth[:-1][twin[1:]]
    holder_birth = birth[position == 0][household]
    birth = birth - (is_spouse & (birth == holder_birth)).astype("timedelta64[D]")
    sex = _sexes(size, household, is_spouse, is_child, rng)
    role = np.select([is_spouse, is_child], ["spouse", "child"], "holder")
    numbers = np.zeros(len(household), dtype=np.int64)
    numbers[~is_child] = assign_nirs(sex[~is_child], birth[~is_child], rng)
    holder_number = numbers[position == 0][household]
    own = np.where(is_child, holder_number, numbers)
    return pl.DataFrame(
        {
            "person": np.arange(len(household)),
            "household": household,
            "role": role,
            "sex": sex,
            "birth_date": birth.astype("datetime64[D]"),
            "birth_rank": np.where(twin, 2, 1),
            "holder_number": holder_number,
            "beneficiary_number": own * 100 + nir_keys(own),
            "last_name": np.char.upper(invented_names(len(size), rng, 3))[household],
            "first_name": invented_names(len(household), rng, 2),
            "department": households["department"].to_numpy()[household],
        }
    )


def _ages(
    households: pl.DataFrame,
    household: NDArray[np.int64],
    child_no: NDArray[np.int64],
    *,
    is_spouse: NDArray[np.bool_],
    with_former_card: NDArray[np.bool_],
    rng: Generator,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Ages in years on 1 January 2024, and which children are a twin's second.

    Children come youngest first, 1.2 to 3.5 years apart; a holder with children is 20 to 38 years
    older than the eldest; the others follow the ages of INED.
    """
    children = households["children"].to_numpy()
    count = len(children)
    least = np.where(with_former_card, YOUNGEST_WITH_FORMER_CARD, 0.01)
    youngest = rng.uniform(least, np.maximum(least + 1, 27 - 3 * (children - 1)))
    spacing = rng.uniform(1.2, 3.5, len(household))
    twin = _second_twins(children, household, child_no, rng)
    spacing[(child_no <= 1) | twin] = 0.0
    added = np.cumsum(spacing)
    first_row = np.searchsorted(household, np.arange(count))
    child_age = youngest[household] + added - added[first_row][household]
    eldest = youngest + np.bincount(household, spacing, count)
    with_children = eldest + rng.uniform(20, 38, count)
    aged = rng.random(count) < targets.AGED_SHARE_OF_CHILDLESS
    without = np.where(aged, rng.triangular(65, 66, 95, count), rng.uniform(19, 65, count))
    holder_age = np.where(children > 0, np.minimum(with_children, 80), without)[household]
    spouse_age = np.clip(holder_age + rng.normal(0, 4, len(household)), 19, 95)
    return np.select([child_no > 0, is_spouse], [child_age, spouse_age], holder_age), twin


def _second_twins(
    children: NDArray[np.int64], household: NDArray[np.int64], child_no: NDArray[np.int64], rng: Generator
) -> NDArray[np.bool_]:
    """Mark the second child of the households that have twins (TWIN_SHARE_OF_CHILDREN of children)."""
    able = children >= 2
    chance = targets.TWIN_SHARE_OF_CHILDREN * children.sum() / max(1, 2 * int(able.sum()))
    has_twins = able & (rng.random(len(children)) < chance)
    return (child_no == 2) & has_twins[household]


def _sexes(
    size: NDArray[np.int64],
    household: NDArray[np.int64],
    is_spouse: NDArray[np.bool_],
    is_child: NDArray[np.bool_],
    rng: Generator,
) -> NDArray[np.int64]:
    """1 for men, 2 for women."""
    women = np.where(size == 1, targets.WOMEN_AMONG_SINGLES, 0.5)
    holder = np.where(rng.random(len(size)) < women, 2, 1)[household]
    child = np.where(rng.random(len(household)) < targets.WOMEN_AMONG_CHILDREN, 2, 1)
    same = rng.random(len(household)) < 0.03
    return np.select([is_child, is_spouse & ~same], [child, 3 - holder], holder)


def draw_population(people: int, departments: int, insurers: list[NDArray[np.float64]], rng: Generator) -> Population:
    """Draw exactly `people` human beings, each registered with at least one operator."""
    households = draw_households(people, departments, rng)
    cards = draw_cards(households, insurers, rng)
    with_former = np.zeros(len(households), dtype=bool)
    with_former[cards.filter("former")["household"].to_numpy()] = True
    persons = draw_persons(households, with_former, rng)
    register = (
        cards.join(persons.select("household", "person", "birth_date"), on="household")
        .with_columns(pl.max_horizontal("covered_from", "birth_date").alias("covered_from"))
        .select("operator", "insurer", "card", "household", "person", "covered_from", "covered_until")
        .sort("operator", "household", "card", "person")
    )
    return Population(persons=persons, register=register)
