"""The desk: a sheet is looked at and labelled row by row, is whole at any time, and shows nobody."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

import forensics as fx
from forensics import desk
from forensics.case import load
from forensics.pipeline import run
from forensics.report.table import as_html
from synthetic_data.__main__ import main as generator


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("desk") / "made"
    made = ["--preset", "tiny", "--scenario", "list_walk", "--seed", "9", "--format", "parquet"]
    assert generator(["generate", *made, "--out", str(out)]) == 0
    run(load(out / "case"))
    return out / "case"


@pytest.fixture
def sheet(case: Path) -> desk.Sheet:
    return desk.open_sheet(case, n=60, name="test.csv", anew=True)


def test_labels_are_written_one_by_one_or_several_at_once_and_the_last_one_stands(sheet: desk.Sheet):
    n = desk.rows(sheet).height
    assert desk.label(sheet, 3, "robot", note="fast") == f"1 / {n}"
    assert desk.label(sheet, [3, 4, 5], "care") == f"3 / {n}"
    assert desk.label(sheet, 4, "cannot tell") == f"3 / {n}"
    there = desk.rows(sheet)
    assert there["label"][:6].to_list() == [None, None, "person", "unsure", "person", None]
    assert pl.read_csv(sheet.file)["note"][2] == "fast"


def test_a_label_changes_nothing_else_on_the_sheet(sheet: desk.Sheet):
    before = pl.read_csv(sheet.file).drop("label")
    desk.label(sheet, range(1, 20), "care")
    assert pl.read_csv(sheet.file).drop("label").equals(before)
    assert [path.name for path in sheet.file.parent.iterdir() if path.name.startswith(".")] == []


def test_labels_stay_when_the_sheet_is_opened_again_and_go_when_it_is_drawn_anew(sheet: desk.Sheet, case: Path):
    desk.label(sheet, 1, "robot")
    assert desk.rows(desk.open_sheet(case, n=60, name="test.csv"))["label"].null_count() == desk.rows(sheet).height - 1
    assert desk.rows(desk.open_sheet(case, n=60, name="test.csv", anew=True))["label"].is_null().all()


def test_a_row_or_a_label_that_is_none_is_refused(sheet: desk.Sheet):
    before = sheet.file.read_bytes()
    with pytest.raises(fx.CaseError, match="no row 999"):
        desk.label(sheet, [1, 999], "care")
    with pytest.raises(fx.CaseError, match="label is none"):
        desk.label(sheet, 1, "guilty")  # type: ignore[arg-type]
    with pytest.raises(fx.CaseError, match="no row 0"):
        desk.look_at(sheet, 0)
    assert sheet.file.read_bytes() == before


def test_what_the_desk_shows_names_no_account_address_or_path(sheet: desk.Sheet):
    there = pl.read_csv(sheet.file, infer_schema=False)
    html = as_html(desk.to_label(sheet, most=100)) + "".join(as_html(desk.look_at(sheet, row)) for row in (1, 2, 3))
    assert html.count("<tr") > 50
    for name in ("account_id", "client_ip", "user_agent", "path"):
        assert not any(value in html for value in there[name].drop_nulls().unique() if len(value) > 3)


def test_findings_are_the_labels_limits_and_nothing_is_kept_of_them(sheet: desk.Sheet, case: Path):
    desk.label(sheet, desk.rows(sheet)["row"], "care")
    before = (case / "journal.jsonl").read_bytes()
    table = desk.findings(sheet)
    accused = next(row for row in table.rows if row[0] == "accused")
    assert accused[3] == "0"  # not one robot among them: the labels contradict the verdicts
    assert table.rows[-2][0] == "Accused wrongly"
    assert table.rows[-2][1].endswith(accused[1])  # all of them may be wrong
    assert (case / "journal.jsonl").read_bytes() == before


def test_the_desk_speaks_french(case: Path):
    sheet = desk.open_sheet(case, n=60, name="fr.csv", language="fr")
    assert desk.so_far(sheet).caption == "Étiquettes posées"
    assert "soins" in [row[0] for row in desk.so_far(sheet).rows]
