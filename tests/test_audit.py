"""Audit: a sheet drawn by lot, labelled by hand, read back; what it says of the verdicts is held against the truth."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.stats import beta

from forensics.audit import draw, read_back
from forensics.case import load
from forensics.errors import CaseError, VerificationError
from forensics.estimation.labelled import Labelled
from forensics.estimation.shares import exact_limits, neyman
from forensics.labels import agreement, errors, labels_in, sheet
from forensics.pipeline import run
from forensics.results import Results
from forensics.verification import verify
from synthetic_data.__main__ import main as generator

Command = Callable[..., Any]
CASE_ROWS = 120


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generated incident that was run: case/ and truth/."""
    out = tmp_path_factory.mktemp("audit") / "made"
    made = ["--preset", "tiny", "--scenario", "list_walk", "--seed", "8", "--format", "parquet"]
    assert generator(["generate", *made, "--out", str(out)]) == 0
    run(load(out / "case"))
    return out


@pytest.fixture
def audited(attacked: Path, tmp_path: Path) -> Path:
    shutil.copytree(attacked, tmp_path / "made")
    return tmp_path / "made"


def shown_by(made: Path) -> dict[int, int]:
    """The robot's requests by number, and how many people each showed, as the truth has them."""
    requests = pl.read_parquet(made / "case" / "work" / "requests.parquet", columns=["request_id", "request_ref"])
    scraped = pl.read_parquet(made / "truth" / "requests.parquet").filter("is_scraping")
    return dict(requests.join(scraped, on="request_ref").select("request_id", "n_people_shown").iter_rows())


def robots(made: Path) -> set[int]:
    return set(shown_by(made))


def labelled(file: Path, label: Callable[[int], str]) -> list[dict[str, str]]:
    rows = list(csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig"))))
    for row in rows:
        row["label"] = label(int(row["request_id"]))
    return rows


def written(rows: list[dict[str, str]], file: Path, *, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    file.write_bytes(text.getvalue().encode(encoding))
    return file


def drawn(made: Path, name: str = "lookups.csv", n: int = CASE_ROWS) -> Path:
    draw(load(made / "case"), made / name, n)
    return made / name


def test_labels_that_are_the_truth_find_the_verdicts_right(audited: Path):
    truth = robots(audited)
    rows = labelled(drawn(audited), lambda request: "robot" if request in truth else "person")
    found = read_back(load(audited / "case"), written(rows, audited / "labelled.csv"))
    by_name = {one["stratum"]: one for one in found["strata"]}
    assert by_name["scraping"]["person"] == by_name["honest"]["robot"] == found["unlabelled"] == 0
    assert found["accused_wrongly"][0] == 0
    of_request = pl.read_parquet(audited / "case" / "results" / "request_sessions.parquet")
    accused = pl.read_parquet(audited / "case" / "results" / "sessions.parquet").filter(pl.col("verdict") == "scraping")
    not_found = truth - set(of_request.join(accused, on="session_id", how="semi")["request_id"])
    shown = sum(n for request, n in shown_by(audited).items() if request in not_found)
    assert found["missed"][0] <= shown <= found["missed"][1] * 1.05  # a few of them care explains
    assert (by_name["unclear"]["robot"] > 0) == bool(not_found)
    assert 0 < found["accused_wrongly"][1] < 0.3 * by_name["scraping"]["shown"]
    assert found["agreement"][0] == found["agreement"][1] > 0


def test_labels_that_contradict_the_verdicts_are_told_as_errors(audited: Path):
    truth = robots(audited)
    rows = labelled(drawn(audited), lambda request: "person" if request in truth else "robot")
    found = read_back(load(audited / "case"), written(rows, audited / "labelled.csv"))
    scraping = next(one for one in found["strata"] if one["stratum"] == "scraping")
    assert scraping["robot"] == 0
    assert found["accused_wrongly"][1] == scraping["shown"]
    assert found["missed"][0] > 0


def test_the_sheet_tells_neither_verdict_nor_stratum_nor_any_pseudonym(audited: Path):
    text = drawn(audited).read_text(encoding="utf-8-sig")
    head = text.splitlines()[0].split(",")
    assert head[:4] == ["row", "request_id", "label", "note"]
    assert not {"verdict", "score", "stratum", "subject", "subject_key", "session_token", "strand_id"} & set(head)
    assert not any(word in text for word in ("scraping", "unclear", "honest"))


def test_the_same_case_gives_the_same_sheet_and_the_journal_has_both_draws(audited: Path):
    assert drawn(audited, "a.csv").read_bytes() == drawn(audited, "b.csv").read_bytes()
    journal = (audited / "case" / "journal.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in journal]
    assert [entry["file"] for entry in entries if entry["command"] == "audit"] == ["a.csv", "b.csv"]
    strata = entries[-1]["strata"]
    assert sum(taken for _, taken in strata.values()) == pytest.approx(CASE_ROWS, abs=len(strata))
    assert all(0 < taken <= size for size, taken in strata.values())


def test_what_care_explains_is_not_drawn(audited: Path):
    """Whoever draws all has every full answer that care does not explain, and no other."""
    draw(load(audited / "case"), audited / "all.csv", 10**6)
    entry = json.loads((audited / "case" / "journal.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    rows = list(csv.DictReader(io.StringIO((audited / "all.csv").read_bytes().decode("utf-8-sig"))))
    requests = {int(row["request_id"]) for row in rows}
    assert all(size == taken for size, taken in entry["strata"].values())
    assert sum(size for size, _ in entry["strata"].values()) > len(requests)  # a card has more than one person
    sessions = pl.read_parquet(audited / "case" / "results" / "sessions.parquet")
    assert 0.05 * sessions["n_hits"].sum() < len(requests) < 0.9 * sessions["n_hits"].sum()
    scraped = robots(audited) & requests
    assert len(scraped) > 0.8 * len(robots(audited))  # a robot's lookups are seldom followed by a claim


def by_truth(made: Path, n: int = CASE_ROWS) -> Path:
    """A sheet labelled as the truth has it."""
    truth = robots(made)
    rows = labelled(drawn(made, n=n), lambda request: "robot" if request in truth else "care")
    return written(rows, made / "labelled.csv")


def test_labels_read_back_are_an_input_that_narrows_the_interval_and_changes_no_verdict(audited: Path):
    case = load(audited / "case")
    before = Results(folder=Path(shutil.copytree(case.results, audited / "before")))
    sheet_there = by_truth(audited, 600)
    assert before.manifest["labels"] is None
    assert "no_labels" in before.summary["limits"]
    read_back(case, sheet_there)
    assert verify(case)["runs"] == 1  # the results are still those that the manifest tells of
    after = run(case)
    assert after.manifest["labels"] == hashlib.sha256((case.folder / "labels.csv").read_bytes()).hexdigest()
    assert not {"no_labels", "labels_outdated"} & set(after.summary["limits"])
    assert after.table("sessions").equals(before.table("sessions"))
    assert after.table("trials")["labels"].to_list() == [None, after.manifest["labels"]]
    assert after.headline["low"] == before.headline["low"] == after.headline["certain"]
    assert after.headline["high"] < before.headline["high"]
    shown = json.loads((audited / "truth" / "summary.json").read_text())["people_shown"]["all"]
    assert shown <= after.headline["high"]
    assert verify(case)["analyses"] == 2
    pages = [(case.results / f"report-{language}.html").read_text(encoding="utf-8") for language in ("fr", "en")]
    assert "La relecture à la main" in pages[0]
    assert "Labels by hand" in pages[1]


def test_no_scope_has_a_wider_interval_by_labels_that_agree_with_the_verdicts(audited: Path):
    case = load(audited / "case")
    before = run(case, languages=()).table("estimates")
    sheet_there = drawn(audited, n=400)
    accused = pl.read_parquet(case.results / "sessions.parquet").filter(pl.col("verdict") == "scraping")
    of_request = pl.read_parquet(case.results / "request_sessions.parquet")
    theirs = set(of_request.join(accused, on="session_id", how="semi")["request_id"])
    rows = labelled(sheet_there, lambda request: "robot" if request in theirs else "care")
    read_back(case, written(rows, audited / "labelled.csv"))
    after = run(case, languages=()).table("estimates")
    assert after.select("scope", "operator", "insurer").equals(before.select("scope", "operator", "insurer"))
    assert (after["high"] <= before["high"]).all()
    assert (after["low"] == before["low"]).all()
    assert (after["certain_doubt"] <= before["certain_doubt"]).all()


def test_labels_that_find_people_among_the_accused_take_the_low_end_down_with_the_doubt(audited: Path):
    case = load(audited / "case")
    rows = labelled(drawn(audited), lambda _: "care")
    read_back(case, written(rows, audited / "labelled.csv"))
    headline = run(case, languages=()).headline
    assert headline["low"] == headline["certain"] - headline["certain_doubt"] == headline["envelope_low"] == 0


def test_labels_of_other_verdicts_are_left_out_and_the_report_says_so(audited: Path):
    read_back(load(audited / "case"), by_truth(audited))
    toml = audited / "case" / "case.toml"
    text = toml.read_text(encoding="utf-8")
    assert "[settings]" not in text
    toml.write_text(text + "\n[settings]\nleast_subjects = 100000\n", encoding="utf-8")
    results = run(load(audited / "case"))
    assert results.summary["labels"] is None
    assert "labels_outdated" in results.summary["limits"]
    assert "Draw anew" in (results.folder / "report-en.html").read_text(encoding="utf-8")


def test_labels_that_were_changed_or_taken_away_since_are_found_and_damaged_ones_refused(audited: Path):
    case = load(audited / "case")
    read_back(case, by_truth(audited))
    run(case, languages=())
    file = case.folder / "labels.csv"
    content = file.read_text(encoding="utf-8")
    for other in (content.replace("robot", "person", 1), None):
        file.unlink() if other is None else file.write_text(other, encoding="utf-8")
        with pytest.raises(VerificationError, match=r"labels\.csv: not the labels"):
            verify(case)
    for damaged in ("n,row\n1,2\n", content.replace("robot", "MARTIN", 1), ""):
        file.write_text(damaged, encoding="utf-8")
        with pytest.raises(CaseError, match="not labels that were read back") as refused:
            run(case, languages=())
        assert "MARTIN" not in str(refused.value)


def test_what_a_case_keeps_of_a_sheet_is_numbers_and_labels(audited: Path):
    read_back(load(audited / "case"), by_truth(audited))
    kept = pl.read_csv(audited / "case" / "labels.csv")
    assert kept.columns == ["n", "row", "request_id", "label"]
    assert kept["n"].unique().to_list() == [CASE_ROWS]


def test_a_sheet_without_a_label_is_not_read_back(audited: Path):
    with pytest.raises(CaseError, match="no row of this sheet has a label"):
        read_back(load(audited / "case"), drawn(audited))
    assert not (audited / "case" / "labels.csv").exists()


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "cp1252"), ("\t", "utf-8"), (",", "utf-8-sig")])
def test_a_sheet_saved_by_a_spreadsheet_is_read(audited: Path, delimiter: str, encoding: str):
    rows = labelled(drawn(audited), lambda _: " Personne ")
    rows[0] |= {"note": "vérifié ; à revoir", "label": ""}
    file = written(rows, audited / "saved.csv", delimiter=delimiter, encoding=encoding)
    assert read_back(load(audited / "case"), file)["unlabelled"] == 1


def test_a_sheet_of_another_draw_or_with_a_row_lost_is_refused(audited: Path):
    rows = labelled(drawn(audited), lambda _: "robot")
    for wrong in (rows[1:], [rows[0] | {"request_id": "7"}, *rows[1:]]):
        with pytest.raises(CaseError, match="not one that was drawn from this case"):
            read_back(load(audited / "case"), written(wrong, audited / "wrong.csv"))


def test_a_word_that_is_no_label_is_refused_with_its_line_alone(audited: Path):
    rows = labelled(drawn(audited), lambda _: "robot")
    rows[4]["label"] = "MARTIN Jeanne"
    with pytest.raises(CaseError, match=r"wrong.csv:6") as refused:
        read_back(load(audited / "case"), written(rows, audited / "wrong.csv"))
    assert "MARTIN" not in str(refused.value)


def test_a_sheet_whose_numbers_a_spreadsheet_rounded_is_refused(audited: Path):
    rows = labelled(drawn(audited), lambda _: "robot")
    rows[0]["request_id"] = "1,09951E+12"
    with pytest.raises(CaseError, match="lost its number"):
        read_back(load(audited / "case"), written(rows, audited / "wrong.csv"))


def test_the_command_draws_and_reads_back(audited: Path, command: Command):
    case = audited / "case"
    assert command("audit", case, "--n", "40").code == 0
    assert command("audit", case, "--n", "40").code == 2  # there is a sheet already
    sheet_there = case / "audit" / "lookups.csv"
    rows = labelled(sheet_there, lambda _: "robot")
    ended = command("audit", case, "--labels", written(rows, sheet_there))
    assert ended.code == 0
    assert "people shown, accused wrongly: 0 to" in ended.out
    assert command("verify", case).code == 0


def test_cells_that_a_spreadsheet_would_run_stay_texts():
    rows = pl.DataFrame({"row": [1], "request_id": [2], "user_agent": ["=HYPERLINK(1)"], "path": ['/a"b,c']})
    cells = list(csv.reader(io.StringIO(sheet(rows).decode("utf-8-sig"))))
    assert cells[1] == ["1", "2", "", "", "'=HYPERLINK(1)", '/a"b,c']


def test_what_is_no_sheet_is_refused(tmp_path: Path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(CaseError, match="not a sheet of labels"):
        labels_in(tmp_path / "x.csv")


def test_limits_are_those_of_clopper_and_pearson():
    # Clopper and Pearson 1934, read off in many texts: 0 of 10 leaves .3085, 2 of 10 .0252 to .5561.
    assert exact_limits(0, 10, 0.95) == (0.0, pytest.approx(0.3085, abs=5e-5))
    assert exact_limits(2, 10, 0.95) == (pytest.approx(0.0252, abs=5e-5), pytest.approx(0.5561, abs=5e-5))
    assert exact_limits(10, 10, 0.95) == (pytest.approx(0.6915, abs=5e-5), 1.0)
    assert exact_limits(0, 0, 0.95) == (0.0, 1.0)
    assert exact_limits(7, 40, 0.9) == pytest.approx((beta.ppf(0.05, 7, 34), beta.ppf(0.95, 8, 33)))


@pytest.mark.parametrize("n", [0, 7, 100, 1_000, 10**6])
def test_an_allocation_takes_no_more_than_there_is_and_the_least_of_each(n: int):
    sizes, guessed = np.array([50_000, 300, 4, 0]), np.array([0.005, 0.5, 0.1, 0.9])
    taken = neyman(sizes, guessed, n, 5)
    assert np.all(taken <= sizes)
    assert np.all(taken >= np.minimum(sizes, 5))
    assert taken.sum() <= max(n, 14)
    assert taken.sum() >= min(n, sizes.sum()) - len(sizes)


def test_more_are_looked_at_where_members_differ_more():
    one, other = neyman(np.array([1_000, 1_000]), np.array([0.5, 0.01]), 200, 5)
    assert one / other == pytest.approx(0.5 / 0.0995, rel=0.05)  # Neyman 1934: as the standard deviations


def test_an_unsure_label_counts_against_the_verdicts_both_ways():
    strata = [
        Labelled(stratum="scraping", units=100, labelled=2, robot=1, person=0, unsure=1),
        Labelled(stratum="honest", units=1_000, labelled=3, robot=0, person=2, unsure=1),
    ]
    told = errors(strata, 0.95)
    honest, scraping = told["strata"]
    assert (scraping["low"], scraping["high"]) == (round(exact_limits(1, 2, 0.95)[0], 6), 1.0)
    assert (honest["low"], honest["high"]) == (0.0, round(exact_limits(1, 3, 0.95)[1], 6))


def test_an_answer_with_two_labels_that_differ_does_not_agree():
    rows = pl.DataFrame(
        {"row": [1, 2, 3, 4], "request_id": [1, 1, 3, 3], "label": ["robot", "robot", "person", "robot"]}
    )
    assert agreement(rows) == [1, 2]


def test_limits_hold_what_is_true_as_often_as_they_say():
    rng = np.random.default_rng(2_000)
    sizes, shares = {"honest": 5_000, "unclear": 300}, {"honest": 0.01, "unclear": 0.4}
    held, runs = 0, 300
    for _ in range(runs):
        kinds = {name: rng.random(size) < shares[name] for name, size in sizes.items()}
        strata = [looked_at(name, kind, rng.choice(kind, size=100, replace=False)) for name, kind in kinds.items()]
        low, high = errors(strata, 0.95)["missed"]
        held += low <= sum(int(kind.sum()) for kind in kinds.values()) <= high
    assert held >= 0.95 * runs


def looked_at(name: str, everyone: np.ndarray, drawn: np.ndarray) -> Labelled:
    """A stratum whose labels tell robots (true) from people."""
    robots = int(drawn.sum())
    return Labelled(
        stratum=name, units=len(everyone), labelled=len(drawn), robot=robots, person=len(drawn) - robots, unsure=0
    )
