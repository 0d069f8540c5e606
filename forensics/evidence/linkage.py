"""The residue: keys that no number joins and that are probably one human being, found by splink (extra `linkage`).

Second numbers, birth dates mistyped, names misspelt: what is one person stands under two keys there. Splink weighs how
far two entries of the register agree, field by field (Fellegi and Sunter 1969, A theory for record linkage, Journal of
the American Statistical Association 64, 1183-1210), and learns the weights from the register itself: how often two
people agree by chance, from pairs drawn at random; how often one person's entries differ, by expectation-maximisation.

It never sees a name, a number or a date. Each value is a pseudonym of its own field (HMAC under the case key, the
field's name in the message), numbered in the order of its digest. So that one slip in a name still leaves something
equal, a name also stands under the pseudonyms of what is left when one of its letters is dropped; a birth date under
those of its parts. All of that lives in a database in memory, which may spill into the private folder alone, and both
are gone when the links are found.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.engine import connect, query
from forensics.errors import CaseError
from forensics.evidence.dependants import plain_name
from forensics.evidence.matching import Found, matched
from forensics.evidence.persons import several_people
from forensics.evidence.pseudonyms import digests, message
from forensics.settings import Settings

if TYPE_CHECKING:
    import duckdb
    from splink import Linker
    from splink.comparison_library import CustomComparison

SEED = 1
"""Of the random pairs; any would do, and the same gives the same bytes."""

RANDOM_PAIRS = 1e6
"""Pairs drawn to learn how often two people agree by chance: what one pair in a thousand shares is met 1,000 times, and
what agrees more seldom is known well enough to weigh much."""

TRAINING_PAIRS = 1e7
"""Pairs at most from which to learn how often one person's entries differ."""

NAMES = ("last_name", "first_name")
Columns = tuple[str, ...]

SHORTEST_SLIPPED = 4
"""Names with fewer letters are left alone: with one letter less, too many of them are alike."""

SURE = (("own", "born"), ("last_name", "first_name", "born"))
SURE_SHARE = 0.95
"""Entries that agree in one of SURE are taken for one person's, to learn how many pairs are; such are this share of all
pairs that are (an estimate: slips are rarer than one in twenty)."""

TOGETHER: tuple[tuple[Columns, ...], ...] = ((("last_name", "first_name"),), (("born", "department"), ("born",)))
"""Pairs that agree in these teach how the other fields differ: in the first of each that suffices. Twins do not teach,
who agree in all but the first name."""

LEAST_PAIRS = 100
"""With fewer pairs to learn from splink is not asked: the error of a share of so few is a twentieth."""

BLOCKS = (
    ("own", "born"), ("own", "first_name"), ("born", "first_name"), ("born", "last_name"),
    ("last_name", "first_name", "year"), ("last_name", "first_name", "day_month"),
)  # fmt: skip
"""Two entries are compared where they agree in one of these: whoever differs in one of name, birth date and number."""

NUMBERED = {
    "last_name": ("last_name",),
    "first_name": ("first_name",),
    "born": ("born",),
    "year": ("year",),
    "month": ("month",),
    "day": ("day",),
    "day_month": ("day_month", "month_day"),
    "sex": ("sex",),
    "department": ("department",),
    "number": ("own", "holder"),
}
"""Fields with a pseudonym of their own, and the columns that hold them: one value is one pseudonym in both columns."""


def refuse_without_splink(settings: Settings) -> None:
    """Refuse what only splink can do where it is not installed.

    Raises:
        CaseError: `linkage = "splink"`, and the extra is missing.
    """
    if settings.linkage == "splink" and find_spec("splink") is None:
        raise CaseError(
            "the links between keys of one person are to be found by splink, which is not installed",
            where='case.toml, [settings], linkage = "splink"',
            remedy="pip install 'forensics[linkage]', or leave linkage out for the exact links alone",
        )


def linked_by_splink(
    key: bytes, entries: pl.DataFrame, persons: pl.DataFrame, settings: Settings, private: Path
) -> Found | None:
    """Link the keys that no number joins.

    Args:
        key: the case key.
        entries: the clear register with its keys (`Identities.entries`).
        persons: which keys the numbers join already (`forensics.schemas.Persons`).
        settings: threshold and memory; threads are one, for sums of fractions depend on their order.
        private: the private folder; nothing is left in it.

    Returns:
        What was found; None where too few pairs of entries agree to learn from.
    """
    people = entries.join(persons.select("person_key", person="person_id"), on="person_key")
    records = _pseudonymised(key, people)
    teaching = [_teaching(records, choices) for choices in TOGETHER]
    if not all(teaching):
        return None
    spill = private / "linkage"
    spill.mkdir()
    with connect(settings.model_copy(update={"threads": 1}), spill) as connection:
        pairs, model = _weighed(connection, records, [columns for columns in teaching if columns])
    shutil.rmtree(spill)
    return matched(pairs, people, settings.link_probability, _never_compared(model))


def _teaching(records: pl.DataFrame, choices: tuple[Columns, ...]) -> Columns | None:
    """Return the first columns in which enough pairs of entries agree to learn from them."""
    for columns in choices:
        alike = records.filter(~pl.col("twin")).drop_nulls(columns).group_by(columns).len()["len"].cast(pl.Int64)
        if (alike * (alike - 1)).sum() >= 2 * LEAST_PAIRS:
            return columns
    return None


def _pseudonymised(key: bytes, people: pl.DataFrame) -> pl.DataFrame:
    """Return one row an entry of the register, nothing of it in clear.

    `unique_id`, `person`, a number for each column of NUMBERED, `last_name_slips`, `first_name_slips`, and `twin`.
    """
    born = pl.col("birth_date")
    twins = several_people(people, "holder", "birth_date").select("holder", "birth_date", twin=True)
    marked = people.join(twins, on=["holder", "birth_date"], how="left").with_columns(pl.col("twin").fill_null(False))
    clear = marked.with_columns(
        *(plain_name(name) for name in NAMES),
        born=born.cast(pl.String),
        year=born.dt.to_string("%Y"),
        month=born.dt.to_string("%m"),
        day=born.dt.to_string("%d"),
        day_month=born.dt.to_string("%d-%m"),
        month_day=born.dt.to_string("%m-%d"),
    )
    every = [column for columns in NUMBERED.values() for column in columns]
    records = clear.select("person", "twin", *(pl.col(column).cast(pl.String) for column in every))
    for field in NUMBERED:
        records = _field_pseudonymised(key, records, field)
    return records.sort(pl.all(), nulls_last=True).with_row_index("unique_id")


def _field_pseudonymised(key: bytes, records: pl.DataFrame, field: str) -> pl.DataFrame:
    """Put numbers in the place of one field's values; names get the numbers of their slips too."""
    columns = NUMBERED[field]
    values = pl.concat([records[column].rename("value") for column in columns]).drop_nulls().unique()
    if field not in NAMES:
        numbers = _numbers(key, field, values)
    else:
        slips = _slips(values)
        numbers = _numbers(key, field, slips["slip"])
        of_slips = slips.join(numbers, left_on="slip", right_on="value").group_by("value")
        lists = of_slips.agg(pl.col("number").unique().sort().alias(f"{field}_slips"))
        records = records.join(lists, left_on=field, right_on="value", how="left")
    for column in columns:
        numbered = numbers.select(pl.col("value").alias(column), pl.col("number").alias("its number"))
        records = records.join(numbered, on=column, how="left").drop(column).rename({"its number": column})
    return records


def _numbers(key: bytes, field: str, values: pl.Series) -> pl.DataFrame:
    """Return `value`, `number`: the rank of the value's pseudonym among those of its field."""
    frame = pl.DataFrame({"value": values.unique()}).with_columns(message=message("linkage", field, pl.col("value")))
    hashed = digests(key, frame["message"])
    return frame.join(hashed, on="message").select("value", number=pl.col("digest").rank("dense").cast(pl.Int64))


def _slips(names: pl.Series) -> pl.DataFrame:
    """Return `value`, `slip`: each name, and what is left of it when one letter is dropped.

    Two names that differ by one letter added, dropped or changed, or by two neighbours swapped, share one of these
    (Garbe 2012, the symmetric delete algorithm).
    """
    rows = [
        (name, slip)
        for name in names
        for slip in {name, *(name[:at] + name[at + 1 :] for at in range(len(name) * (len(name) >= SHORTEST_SLIPPED)))}
    ]
    return pl.DataFrame(rows, schema={"value": pl.String, "slip": pl.String}, orient="row")


def _comparisons() -> list[Any]:
    """Return how two entries are compared: every level is equality of pseudonyms.

    Two chances a level, among entries of one person and of two people. Learning begins with them, and leaves them
    where no pair shows the level: orders of magnitude, by the number of days, departments and holders.
    """
    slipped = "list_has_any({0}_slips_l, {0}_slips_r)"
    names = [_compared(name, {slipped.format(name): (0.02, 0.004)}, (0.97, 0.001), by_frequency=True) for name in NAMES]
    born = {
        "year_l = year_r AND day_month_l = month_day_r": (0.01, 3e-5),
        "day_month_l = day_month_r": (0.01, 3e-3),
        "year_l = year_r AND (month_l = month_r OR day_l = day_r)": (0.009, 1e-3),
    }
    return [
        *names,
        _compared("born", born, (0.97, 4e-5)),
        _compared("own", {"holder_l = holder_r": (0.01, 1e-6)}, (0.95, 1e-6)),
        _compared("sex", {}, (0.999, 0.5)),
        _compared("department", {}, (0.99, 0.02), by_frequency=True),
    ]


def _compared(
    column: str, between: dict[str, tuple[float, float]], equal: tuple[float, float], by_frequency: bool = False
) -> CustomComparison:
    """Compare one column: equal, then what lies between, else different; each with its two chances."""
    from splink import comparison_level_library as levels
    from splink.comparison_library import CustomComparison

    exact = levels.ExactMatchLevel(column, term_frequency_adjustments=by_frequency)
    every = [levels.NullLevel(column), exact, *(levels.CustomLevel(rule) for rule in between), levels.ElseLevel()]
    chances = [[given[side] for given in (equal, *between.values())] for side in (0, 1)]
    one, two = ([*given, round(1 - sum(given), 9)] for given in chances)
    comparison = CustomComparison(output_column_name=column, comparison_levels=every)
    return comparison.configure(m_probabilities=one, u_probabilities=two)  # type: ignore[return-value]


def _weighed(
    connection: duckdb.DuckDBPyConnection, records: pl.DataFrame, teaching: list[Columns]
) -> tuple[pl.DataFrame, dict[str, Any]]:
    """Return the pairs of persons who could be one, how probable that is, and the model that says so.

    Returns:
        `person`, `other_person` (the larger), `probability` (of their two entries that agree best, rounded to six
        places); the model in splink's own words.
    """
    from splink import DuckDBAPI, Linker, SettingsCreator
    from splink.blocking_rule_library import CustomRule

    connection.register("pseudonyms", records)
    connection.execute("CREATE TEMP TABLE entries AS SELECT * FROM pseudonyms ORDER BY unique_id")
    connection.unregister("pseudonyms")
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=_comparisons(),
        blocking_rules_to_generate_predictions=[CustomRule(_agreeing(columns)) for columns in BLOCKS],
        additional_columns_to_retain=["person"],
        retain_matching_columns=False,
    )
    with _in_silence():
        linker = Linker(DuckDBAPI(connection).register("entries"), settings, log_level=None)
        _learn(linker, teaching)
        connection.register("weighed", linker.inference.predict().as_duckdbpyrelation())
    return query(connection, "linked_pairs"), linker.misc.save_model_to_json()


@contextmanager
def _in_silence() -> Iterator[None]:
    """Keep splink from telling of its training: it speaks of levels, never of people, but nobody asked."""
    log = logging.getLogger("splink")
    before = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(before)


def _agreeing(columns: Columns) -> str:
    return " AND ".join([*(f"l.{column} = r.{column}" for column in columns), "l.person <> r.person"])


def _learn(linker: Linker, teaching: list[Columns]) -> None:
    """Learn how often two people agree by chance, and how often one person's entries differ."""
    from splink import block_on

    training = linker.training
    training.estimate_probability_two_random_records_match([block_on(*columns) for columns in SURE], recall=SURE_SHARE)
    training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=SEED)
    for columns in teaching:
        alike = [*(f"l.{column} = r.{column}" for column in columns), "NOT (l.twin OR r.twin)"]
        training.estimate_parameters_using_expectation_maximisation(" AND ".join(alike), max_pairs=TRAINING_PAIRS)


def _never_compared(model: dict[str, Any]) -> tuple[float, float]:
    """Return the share of links that no block compares, from the learnt chances that one person's fields agree.

    Returns:
        Of people whose entries bear one number, and of those whose entries bear two.
    """
    chances = {
        one["output_column_name"]: [level["m_probability"] for level in one["comparison_levels"][1:]]
        for one in model["comparisons"]
    }
    last, first, born = (chances[name][0] for name in ("last_name", "first_name", "born"))
    nearly = sum(chances["born"][1:-1])
    one_number = born + first - born * first
    two_numbers = born * (first + last - first * last) + nearly * first * last
    return 1 - one_number, 1 - two_numbers
