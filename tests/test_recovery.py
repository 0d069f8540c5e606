"""The study of `benchmarks/recovery.py`, small: judging seeds on the tiny incident. The whole table is in docs/."""

from __future__ import annotations

import pytest

from benchmarks.recovery import study


@pytest.mark.parametrize("seed", [1000, 1001, 1002])
def test_every_scraping_request_is_found_no_honest_account_accused_and_certain_is_the_truth(seed, tmp_path):
    score = study("tiny", "list_walk", seed, tmp_path)["score"]
    assert score["requests"] == {"precision": 1.0, "recall": 1.0, "precision_people": 1.0, "recall_people": 1.0}
    assert score["accounts"]["accused"] == 0
    assert score["certain_error"] == 0
    assert [row["scope"] for row in score["estimates"] if not (row["covered"] and row["envelope_covered"])] == []


def test_nobody_is_accused_where_there_was_no_robot(tmp_path):
    found = study("tiny", "quiet", 1000, tmp_path)
    assert found["score"]["accounts"]["accused"] == 0
    whole = found["summary"]["estimates"][0]
    assert (whole["certain"], whole["estimate"], whole["low"]) == (0, 0, 0)
