"""The study of `benchmarks/recovery.py`, small: one judging seed of the demo, three of the tiny incident."""

from __future__ import annotations

import pytest

from benchmarks.recovery import study


def test_a_demo_of_the_study_is_found_whole_nobody_accused_wrongly_and_certain_is_the_truth(tmp_path):
    score = study("demo", "list_walk", 1020, tmp_path)["score"]
    assert score["requests"] == {"precision": 1.0, "recall": 1.0, "precision_people": 1.0, "recall_people": 1.0}
    assert score["accounts"]["accused"] == 0
    assert score["certain_error"] == 0
    assert [row for row in score["estimates"] if not (row["covered"] and row["envelope_covered"])] == []


@pytest.mark.parametrize("seed", [1000, 1001, 1002])
def test_with_few_peers_nobody_is_accused_wrongly_and_what_was_not_found_is_in_the_interval(seed, tmp_path):
    """150 accounts are too few for the rule to accuse every client; the three numbers must hold all the same."""
    found = study("tiny", "list_walk", seed, tmp_path)
    score = found["score"]
    assert score["requests"]["precision"] == 1.0
    assert score["accounts"]["accused"] == 0
    assert score["certain_error"] <= 0
    assert [row for row in score["estimates"] if not (row["covered"] and row["envelope_covered"])] == []


def test_nobody_is_accused_where_there_was_no_robot(tmp_path):
    found = study("tiny", "quiet", 1000, tmp_path)
    assert found["score"]["accounts"]["accused"] == 0
    whole = found["summary"]["estimates"][0]
    assert (whole["certain"], whole["estimate"], whole["low"]) == (0, 0, 0)
