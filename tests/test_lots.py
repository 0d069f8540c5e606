"""Lots: one person shown by one answer is drawn; labels are taken as far as they go in the order drawn."""

from __future__ import annotations

from pathlib import Path

import duckdb
import polars as pl
import pytest

from forensics import lots
from forensics.audit import draw
from forensics.case import load
from forensics.pipeline import run
from synthetic_data.__main__ import main as generator

SEED = "ab" * 32


@pytest.fixture
def laid_out() -> duckdb.DuckDBPyConnection:
    """200 answers to honest clients that show 1 to 4 people each, 20 to a robot that show 20 each."""
    units = [(n, "honest", person) for n in range(200) for person in range(4 * n, 4 * n + 1 + n % 4)]
    units += [(1_000 + n, "scraping", 10_000 + 20 * n + person) for n in range(20) for person in range(20)]
    rows = [(request, request, "O", stratum, "M", person, True) for request, stratum, person in units]
    names = ["request_id", "session_id", "operator", "stratum", "insurer_id", "person_id", "is_drawable"]
    connection = duckdb.connect()
    connection.register("audit_units", pl.DataFrame(rows, schema=names, orient="row"))
    return connection


def sheet_of(drawn: pl.DataFrame) -> pl.DataFrame:
    """Every drawn answer once, in turn, without labels."""
    ordered = lots.with_turns(drawn).with_row_index("row", offset=1)
    return ordered.select(pl.col("row").cast(pl.Int64), "request_id", label=pl.lit(None, dtype=pl.String))


def labels(rows: pl.DataFrame, given: pl.Expr) -> pl.DataFrame:
    return rows.with_columns(label=given)


def truth() -> pl.Expr:
    return pl.when(pl.col("request_id") >= 1_000).then(pl.lit("robot")).otherwise(pl.lit("person"))


def test_an_answer_that_shows_more_people_is_drawn_more_often(laid_out):
    drawn = lots.draw(laid_out, SEED, 250)
    honest = drawn.filter(pl.col("stratum") == "honest")
    shows = 1 + honest["request_id"] % 4
    assert honest["n_units"].unique().to_list() == [500]
    # Of four answers that show 1, 2, 3 and 4 people the mean is 2.5; of four units drawn it is (1 + 4 + 9 + 16) / 10.
    assert shows.mean() == pytest.approx(3.0, abs=0.25)


def test_labels_of_a_whole_sheet_are_counted_by_the_person_shown(laid_out):
    drawn = lots.draw(laid_out, SEED, 150)
    found = lots.labelled(laid_out, SEED, 150, labels(sheet_of(drawn), truth()))
    assert found is not None
    honest, scraping = found
    assert (honest.units, scraping.units) == (500, 400)
    assert honest.labelled == honest.person == drawn.filter(pl.col("stratum") == "honest").height
    assert scraping.labelled == scraping.robot == drawn.filter(pl.col("stratum") == "scraping").height


def test_whoever_stops_half_way_has_looked_at_a_part_of_every_stratum(laid_out):
    rows = sheet_of(lots.draw(laid_out, SEED, 150))
    half = labels(rows, pl.when(pl.col("row") <= rows.height // 2).then(truth()))
    whole, part = (lots.labelled(laid_out, SEED, 150, given) for given in (labels(rows, truth()), half))
    assert whole is not None
    assert part is not None
    for all_of_it, some in zip(whole, part, strict=True):
        assert 0.25 * all_of_it.labelled < some.labelled < all_of_it.labelled
        assert some.unsure == 0


def test_a_blank_before_the_last_label_and_two_labels_that_differ_are_unsure(laid_out):
    rows = sheet_of(lots.draw(laid_out, SEED, 150))
    first = rows["request_id"][0]
    blank = labels(rows, pl.when(pl.col("request_id") != first).then(truth()))
    twice = pl.concat([labels(rows, truth()), pl.DataFrame({"row": [999], "request_id": [first], "label": ["unsure"]})])
    for given in (blank, twice):
        found = lots.labelled(laid_out, SEED, 150, given)
        assert found is not None
        assert sum(one.unsure for one in found) >= 1


def test_a_sheet_of_other_verdicts_is_known_as_such(laid_out):
    rows = labels(sheet_of(lots.draw(laid_out, SEED, 150)), truth())
    assert lots.labelled(laid_out, "cd" * 32, 150, rows) is None
    assert lots.labelled(laid_out, SEED, 100, rows) is None
    assert lots.labelled(laid_out, SEED, 150, rows[1:]) is None
    assert lots.labelled(laid_out, SEED, 150, rows.with_columns(pl.col("request_id") + 5_000)) is None


def test_answers_that_name_people_who_were_not_asked_for_are_drawn_too(tmp_path: Path):
    made = ["--preset", "tiny", "--scenario", "listing_pages", "--seed", "8", "--format", "parquet"]
    assert generator(["generate", *made, "--out", str(tmp_path / "made")]) == 0
    case = load(tmp_path / "made" / "case")
    run(case, languages=())
    draw(case, tmp_path / "lookups.csv", 120)
    rows = pl.read_csv(tmp_path / "lookups.csv")
    assert set(rows["what"]) == {"list", "lookup"}
    requests = pl.read_parquet(case.work / "requests.parquet").join(rows, on="request_id", how="semi")
    lists = rows.filter(pl.col("what") == "list")["request_id"].unique().to_list()
    asked = dict(requests.select("request_id", pl.col("subject_key").is_not_null()).iter_rows())
    assert not any(asked[request] for request in lists)
    assert all(asked[request] for request in rows.filter(pl.col("what") == "lookup")["request_id"])
