"""The score of an analysis, on tables small enough to check by hand."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from synthetic_data.__main__ import main
from synthetic_data.clustering import adjusted_rand_index, bcubed, pairwise
from synthetic_data.score import interval_score, score_case, upper_limit, write_score

# Bagga and Baldwin, 1998, "Algorithms for scoring coreference chains", the worked example: three
# chains of 5, 2 and 5 mentions, and two answers that each join two of them.
CHAINS = [0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2]
JOINS_SMALL = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]
JOINS_LARGE = [0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(("found", "precision"), [(JOINS_SMALL, 0.7619047619047619), (JOINS_LARGE, 0.5833333333333334)])
def test_bcubed_gives_the_worked_example_of_bagga_and_baldwin(found: list[int], precision: float):
    result = bcubed(CHAINS, found)
    assert result.precision == pytest.approx(precision, abs=1e-12)
    assert result.recall == pytest.approx(1.0, abs=1e-12)
    assert result.f1 == pytest.approx(2 * precision / (precision + 1), abs=1e-12)


def test_the_adjusted_rand_index_gives_the_value_printed_by_scikit_learn():
    assert adjusted_rand_index([0, 0, 1, 1], [0, 0, 1, 2]) == pytest.approx(0.5714285714, abs=1e-9)


def test_the_adjusted_rand_index_of_equal_groups_is_one_whatever_their_names():
    assert adjusted_rand_index(["a", "a", "b"], [7, 7, 1]) == 1.0


def test_pairwise_counts_pairs_put_together():
    # True pairs: 1-2 and 3-4. Found pair: 1-2 only. Precision 1, recall 1/2, F1 2/3.
    result = pairwise([0, 0, 1, 1], [0, 0, 1, 2])
    assert (result.precision, result.recall, result.f1) == (1.0, 0.5, pytest.approx(2 / 3))


def test_groups_that_hold_nothing_have_no_score():
    assert bcubed([], []).f1 is None
    assert pairwise([0, 1], [0, 1]).f1 is None


@pytest.mark.parametrize(
    ("truth", "expected"),
    [(100, 20.0), (85, 20.0 + 2 / 0.05 * 5), (113, 20.0 + 2 / 0.05 * 3)],
)
def test_an_interval_scores_its_width_and_pays_forty_times_what_it_misses_at_95_percent(truth: int, expected: float):
    assert interval_score(90, 110, 0.95, truth) == expected


def test_no_accusation_among_994_honest_accounts_allows_301_in_100000():
    # 1 - 0.05 ** (1 / 994) = 0.0030093
    assert upper_limit(0, 994) == pytest.approx(100_000 * (1 - 0.05 ** (1 / 994)), abs=1e-5)
    assert upper_limit(3, 3) == 100_000
    assert upper_limit(0, 0) is None


ESTIMATES = [
    {"scope": "all", "operator": None, "insurer": None, "certain": 4, "estimate": 5, "low": 4, "high": 6,
     "level": 0.95, "envelope_low": 4, "envelope_high": 9},
    {"scope": "operator", "operator": "A", "insurer": None, "certain": 4, "estimate": None, "low": None,
     "high": None, "level": None, "envelope_low": 6, "envelope_high": 9},
    {"scope": "insurer", "operator": None, "insurer": "01", "certain": 1, "estimate": 3, "low": 3, "high": 4,
     "level": 0.9, "envelope_low": 1, "envelope_high": 4},
]  # fmt: skip


def made_inputs(by_reference: bool) -> dict:
    """Six requests at A, source 1: lines 1-3 are a robot's session, line 4 another, 5-6 honest.

    The analysis calls lines 2-5 scraping: 2-3 and 4 in their sessions, 5 in a third.
    """
    requests = pl.DataFrame(
        {
            "request_ref": ["r1", "r2", "r3", "r4", "r5", "r6"],
            "operator": ["A"] * 6,
            "account_id": ["u1", "u1", "u1", "u1", "u2", "u3"],
            "source_line": [1, 2, 3, 4, 5, 6],
            "is_scraping": [True, True, True, True, False, False],
            "campaign": ["campaign-1"] * 4 + [None, None],
            "session": ["s1", "s1", "s1", "s2", "s3", "s4"],
            "n_people_shown": [0, 2, 1, 2, 1, 4],
            "logged": [True] * 6,
        }
    )
    found = pl.DataFrame(
        {
            "request_id": [2**40 + line for line in range(1, 7)],
            "request_ref": pl.Series(requests["request_ref"] if by_reference else [None] * 6, dtype=pl.String),
            "session_id": [10, 11, 11, 12, 13, 14],
        }
    )
    sessions = pl.DataFrame(
        {
            "session_id": [10, 11, 12, 13, 14],
            "operator": ["A"] * 5,
            "account_id": ["u1", "u1", "u1", "u2", "u3"],
            "verdict": ["honest", "scraping", "scraping", "scraping", "unclear"],
            "campaign_id": [None, 1, 1, None, None],
        }
    )
    people = pl.DataFrame(
        {
            "operator": ["A"] * 6,
            "insurer": ["01", "01", "02", "02", "02", "01"],
            "person": [1, 2, 3, 4, 5, 6],
            "shown": [True, True, True, True, True, False],
        }
    )
    accounts = pl.DataFrame(
        {
            "operator": ["A"] * 3,
            "account_id": ["u1", "u2", "u3"],
            "used_by_robot": [True, False, False],
            "pattern": ["ordinary", "ordinary", "auditor"],
        }
    )
    return {
        "requests": requests,
        "request_sessions": found,
        "sessions": sessions,
        "people": people,
        "accounts": accounts,
        "truth": {"people_shown_logged": {"all": 5}},
        "estimates": {"estimates": ESTIMATES},
        "logs": {"A": 1},
    }


@pytest.mark.parametrize("by_reference", [True, False])
def test_requests_are_scored_alike_by_reference_and_by_line(by_reference: bool):
    # Called: 2, 3, 4, 5 (people 2 + 1 + 2 + 1 = 6); true: 1, 2, 3, 4 (people 5); right: 2, 3, 4 (people 5).
    assert score_case(made_inputs(by_reference))["requests"] == {
        "precision": 0.75,
        "recall": 0.75,
        "precision_people": 5 / 6,
        "recall_people": 1.0,
    }


def test_sessions_and_campaigns_are_scored_over_requests_that_are_or_are_called_scraping():
    score = score_case(made_inputs(by_reference=True))
    # Lines 1-5. True: {1 2 3} {4} {5}; found: {1} {2 3} {4} {5}. Precision 1;
    # recall (1/3 + 2/3 + 2/3 + 1 + 1) / 5 = 11/15. Pairs: 1 of 3 found, none wrong.
    assert score["sessions"]["bcubed_f1"] == pytest.approx(2 * (11 / 15) / (1 + 11 / 15))
    assert score["sessions"]["pairwise_f1"] == pytest.approx(2 * (1 / 3) / (1 + 1 / 3))
    # True campaigns: {1 2 3 4} and 5 alone; found: 1 alone, {2 3 4}, 5 alone.
    # Recall (1/4 + 3 * 3/4 + 1) / 5 = 0.7.
    assert score["campaigns"]["bcubed_f1"] == pytest.approx(2 * 0.7 / 1.7)


def test_an_honest_account_with_a_session_called_scraping_is_accused():
    accounts = score_case(made_inputs(by_reference=True))["accounts"]
    # One of two: the upper limit p solves P(at most 1 of 2) = 1 - p ** 2 = 0.05.
    assert (accounts["honest"], accounts["accused"]) == (2, 1)
    assert accounts["per_100k_upper"] == pytest.approx(100_000 * 0.95**0.5, abs=1e-5)


def test_an_honest_account_is_unclear_where_a_session_is_and_counted_by_its_way_of_working():
    accounts = score_case(made_inputs(by_reference=True))["accounts"]
    assert accounts["unclear"] == 1
    assert accounts["patterns"] == {
        "auditor": {"honest": 1, "accused": 0, "unclear": 1},
        "ordinary": {"honest": 1, "accused": 1, "unclear": 0},
    }


def test_a_suspected_request_is_one_judged_scraping_or_unclear():
    # Suspected: 2, 3, 4, 5, 6 (people 2 + 1 + 2 + 1 + 4 = 10); right: 2, 3, 4 of 1, 2, 3, 4 (people 5 of 5).
    expected = {"precision": 0.6, "recall": 0.75, "precision_people": 0.5, "recall_people": 1.0}
    assert score_case(made_inputs(by_reference=True))["suspected"] == expected


def test_estimates_are_held_against_the_people_really_shown():
    score = score_case(made_inputs(by_reference=True))
    assert score["certain_error"] == -1
    assert score["estimates"] == [
        {"scope": "all", "operator": None, "insurer": None, "truth": 5, "estimate": 5, "low": 4, "high": 6,
         "covered": True, "envelope_covered": True, "interval_score": 2.0},
        {"scope": "operator", "operator": "A", "insurer": None, "truth": 5, "estimate": None, "low": None,
         "high": None, "covered": None, "envelope_covered": False, "interval_score": None},
        {"scope": "insurer", "operator": None, "insurer": "01", "truth": 2, "estimate": 3, "low": 3,
         "high": 4, "covered": False, "envelope_covered": True, "interval_score": 21.0},
    ]  # fmt: skip


def test_a_lost_request_counts_against_recall_and_is_left_out_of_the_grouping():
    inputs = made_inputs(by_reference=True)
    lost = pl.col("request_ref") == "r1"
    inputs["requests"] = inputs["requests"].with_columns(
        pl.when(~lost).then("source_line").alias("source_line"), (~lost).alias("logged")
    )
    inputs["request_sessions"] = inputs["request_sessions"].filter(~lost)
    score = score_case(inputs)
    assert score["requests"]["recall"] == 0.75
    assert score["logged"]["recall"] == 1.0
    assert score["sessions"]["bcubed_f1"] == 1.0


def test_a_case_without_a_robot_and_without_accusation_has_nothing_to_divide_by():
    inputs = made_inputs(by_reference=True)
    inputs["requests"] = inputs["requests"].with_columns(
        pl.lit(False).alias("is_scraping"), pl.lit(None, dtype=pl.String).alias("campaign")
    )
    inputs["sessions"] = inputs["sessions"].with_columns(pl.lit("honest").alias("verdict"))
    score = score_case(inputs)
    assert set(score["requests"].values()) == {None}
    assert score["sessions"] == {"bcubed_f1": None, "pairwise_f1": None}
    assert score["campaigns"] == {"bcubed_f1": None}


def write_inputs(folder: Path) -> None:
    inputs = made_inputs(by_reference=True)
    results, truth = folder / "case" / "results", folder / "truth"
    results.mkdir(parents=True)
    truth.mkdir()
    (folder / "case" / "case.toml").write_text('[[source]]\noperator = "A"\nkind = "access_log"\n')
    (results / "summary.json").write_text(json.dumps(inputs["estimates"]))
    (truth / "summary.json").write_text(json.dumps(inputs["truth"]))
    for name in ("sessions", "request_sessions"):
        inputs[name].write_parquet(results / f"{name}.parquet")
    pl.DataFrame({"campaign_id": [1]}).write_parquet(results / "campaigns.parquet")
    for name in ("requests", "people", "accounts"):
        inputs[name].write_parquet(truth / f"{name}.parquet")


def test_the_score_is_written_as_json_and_printed_as_a_table(tmp_path: Path, capsys):
    write_inputs(tmp_path)
    assert main(["score", str(tmp_path)]) == 0
    written = json.loads((tmp_path / "score.json").read_text())
    assert written == write_score(tmp_path)
    contract = ["requests", "sessions", "campaigns", "accounts", "certain_error", "estimates"]
    assert list(written) == [*contract, "logged", "suspected", "suspected_logged"]
    assert "requests precision" in capsys.readouterr().out


def test_a_case_that_was_not_analysed_is_refused_with_the_command_to_run(tmp_path: Path, capsys):
    write_inputs(tmp_path)
    (tmp_path / "case" / "results" / "sessions.parquet").unlink()
    assert main(["score", str(tmp_path)]) == 2
    assert "first forensics run" in capsys.readouterr().err
    assert not (tmp_path / "score.json").exists()
