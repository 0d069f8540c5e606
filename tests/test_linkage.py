"""Splink on pseudonyms: it finds what slips part, says what it misses, gives the same bytes, and sees nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

pytest.importorskip("splink", reason="the extra `linkage` is not installed")

from benchmarks.linkage import KEY, keyed, linked, made, score
from forensics.engine import private_folder, write_table
from forensics.evidence import linkage
from forensics.evidence.identities import Identities
from forensics.evidence.links import link
from forensics.results import Results
from forensics.schemas import Persons
from forensics.settings import Settings

DEFECTS = 0.1
SPLINK = Settings.model_validate({"linkage": "splink"})


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Identities:
    """The registers of 6,000 people at two operators, a tenth of their rows with a defect."""
    return keyed(made("tiny", DEFECTS, 7, tmp_path_factory.mktemp("registers")))


@dataclass
class Run:
    """One run of splink: what it gave and learnt, on how many threads, what it held meanwhile, and what was left."""

    persons: pl.DataFrame
    links: pl.DataFrame
    model: dict[str, Any]
    threads: int
    values: set[str]
    files: list[bytes]
    left: list[Path]


def looked_into(known: Identities, settings: Settings) -> Run:
    """Link by splink, and look into its database and the private folder when all of it is there."""
    models: list[dict[str, Any]] = []
    threads: list[int] = []
    values: set[str] = set()
    files: list[bytes] = []
    learnt, asked = linkage._never_compared, linkage.query

    def looked(connection: Any, name: str) -> pl.DataFrame:
        names = connection.execute("SELECT table_name FROM duckdb_tables() UNION ALL FROM duckdb_views() "
                                   "SELECT view_name WHERE NOT internal").fetchall()  # fmt: skip
        assert ("entries",) in names
        ((used,),) = connection.execute("SELECT current_setting('threads')").fetchall()
        threads.append(used)
        values.update(seen(connection.table(f'"{table}"').pl() for (table,) in names))
        files.extend(path.read_bytes() for path in private.rglob("*") if path.is_file())
        return asked(connection, name)

    def taught(model: dict[str, Any]) -> tuple[float, float]:
        models.append({name: value for name, value in model.items() if name != "linker_uid"})  # random, of no weight
        return learnt(model)

    with pytest.MonkeyPatch.context() as patch, private_folder() as private:
        patch.setattr(linkage, "query", looked)
        patch.setattr(linkage, "_never_compared", taught)
        persons, links = link(known, KEY, settings, private)
        left = [path for path in private.iterdir() if not path.name.startswith(".")]
    return Run(persons, links, models[0], threads[0], values, files, left)


@pytest.fixture(scope="module")
def run(known: Identities) -> Run:
    return looked_into(known, SPLINK)


def test_splink_finds_what_slips_and_second_numbers_part_and_joins_nobody_else(known: Identities, run: Run):
    core, splink = score(known, *linked(known, "core")), score(known, run.persons, run.links)
    assert core.recall < 0.91
    assert splink.recall > 0.99
    assert splink.precision > 0.99
    assert splink.hidden <= core.hidden
    assert abs(splink.counted - splink.people) < 20 < core.counted - core.people


def test_what_the_table_says_is_missed_is_missed_give_or_take_chance(known: Identities, run: Run):
    low, high = (sum(run.links[name].drop_nulls()) for name in ("missed_low", "missed_high"))
    assert low <= score(known, run.persons, run.links).twice <= high
    assert run.links["measured"].all()


def test_a_link_is_as_probable_as_splink_says_and_exact_ones_are_sure(known: Identities, run: Run):
    Persons.validate(run.persons)
    changed = run.persons.join(known.persons, on="person_key", suffix="_before")
    joined = changed.filter(pl.col("person_id") != pl.col("person_id_before"))
    assert 0 < joined.height < 200
    assert joined["link_probability"].min() >= SPLINK.link_probability  # type: ignore[operator]
    assert (joined["link_probability"] < 1).any()


def test_the_planted_shares_of_slips_come_back(run: Run):
    same = {one["output_column_name"]: [level["m_probability"] for level in one["comparison_levels"][1:]]
            for one in run.model["comparisons"]}  # fmt: skip
    with_ranks, without = DEFECTS * 0.2, DEFECTS * 0.2 / 0.9  # of rows, in each of these fields
    for field in ("last_name", "first_name", "born"):
        assert same[field][0] == pytest.approx((1 - with_ranks) * (1 - without), abs=0.02)
    for name in ("last_name", "first_name"):  # a slip leaves a name one letter away
        assert same[name][1] == pytest.approx(1 - same[name][0], abs=0.01)


def written(run: Run, folder: Path) -> list[bytes]:
    """The tables of a run as the files that a case keeps."""
    write_table(run.persons, folder / "persons")
    write_table(run.links, folder / "links")
    return [(folder / name).read_bytes() for name in ("persons", "links")]


@pytest.mark.parametrize("threads", [1, 2])
def test_the_same_register_gives_the_same_bytes_on_any_number_of_threads(
    known: Identities, run: Run, tmp_path: Path, threads: int
):
    """The tables are rounded: only the model shows in its last digits in which order fractions were summed."""
    again = looked_into(known, SPLINK.model_copy(update={"threads": threads}))
    assert again.threads == run.threads == 1
    assert again.model == run.model
    assert written(again, tmp_path) == written(run, tmp_path)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_order_of_the_registers_rows_changes_no_byte(known: Identities, run: Run, tmp_path: Path, seed: int):
    entries = known.entries.sample(fraction=1, shuffle=True, seed=seed)
    assert not entries.equals(known.entries)
    again = looked_into(replace(known, entries=entries), SPLINK)
    assert again.model == run.model
    assert written(again, tmp_path) == written(run, tmp_path)


def clear_values(known: Identities) -> set[str]:
    """Everything of the register that names somebody, in the spellings that a table could hold."""
    entries = known.entries.with_columns(
        day=pl.col("birth_date").dt.to_string("%Y-%m-%d"), french=pl.col("birth_date").dt.to_string("%d/%m/%Y"),
        digits=pl.col("birth_date").dt.to_string("%Y%m%d"), upper=pl.col("first_name").str.to_uppercase(),
    )  # fmt: skip
    names = ("own", "holder", "beneficiary_number", "member_number", "card_number", "last_name", "first_name", "upper",
             "day", "french", "digits", "person_message", "own_message")  # fmt: skip
    return {value for name in names for value in entries[name].drop_nulls().unique()}


def seen(tables: Iterator[pl.DataFrame]) -> set[str]:
    """Every value of some tables, as text."""
    found: set[str] = set()
    for table in tables:
        for column in table.iter_columns():
            flat = column.explode() if isinstance(column.dtype, pl.List) else column
            found |= set(flat.cast(pl.String).drop_nulls().unique().str.to_uppercase())
    return found


def test_no_clear_value_is_in_splinks_tables_nor_on_a_disk_and_nothing_is_left(known: Identities, run: Run):
    clear = {value.upper() for value in clear_values(known)}
    assert len(run.values) > 10_000
    assert run.values & clear == set()
    assert not [value for value in clear for content in run.files if len(value) > 5 and value.encode() in content]
    assert run.left == []


def test_a_field_pseudonym_is_of_the_key_and_of_the_field():
    values = pl.Series([f"{n:03d}" for n in range(200)])
    order = {
        (key, field): linkage._numbers(key, field, values).sort("value")["number"].to_list()
        for key in (KEY, KEY[::-1])
        for field in ("year", "day")
    }
    assert len({tuple(numbers) for numbers in order.values()}) == 4
    assert all(sorted(numbers) == list(range(1, 201)) for numbers in order.values())


@pytest.mark.parametrize(("one", "other"), [("KERVADEC", "KERVDAEC"), ("KERVADEC", "KERVADE"), ("LEON", "LEOON"),
                                            ("KERVADEC", "KERVAREC")])  # fmt: skip
def test_one_slip_leaves_something_equal(one: str, other: str):
    slips = linkage._slips(pl.Series([one, other]))
    left = slips.filter(pl.col("value") == one)["slip"], slips.filter(pl.col("value") == other)["slip"]
    assert set(left[0]) & set(left[1])


def test_two_slips_and_short_names_leave_nothing_equal():
    for one, other in (("KERVADEC", "KERVERAC"), ("LEO", "LEA")):
        slips = linkage._slips(pl.Series([one, other]))
        assert slips["slip"].is_unique().all()


def test_a_register_too_small_to_learn_from_is_not_measured(small: Path, declare: Callable[..., None], command: Any):
    declare("[[operator]]", '[settings]\nlinkage = "splink"\n[[operator]]')
    assert command("run", small).code == 0
    summary = Results(folder=small / "results").summary
    assert "links_not_measured" in summary["limits"]
    assert "splink" in summary["versions"]
