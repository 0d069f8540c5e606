"""The study of `benchmarks/study`, small: one tiny incident through everything, and its parts on small tables."""

from __future__ import annotations

import json
import sys
from datetime import datetime, timedelta
from types import ModuleType, SimpleNamespace

import numpy as np
import polars as pl
import pytest

from benchmarks.baselines import BASELINES
from benchmarks.baselines.buckets import highest_levels
from benchmarks.baselines.forest import isolation_forest
from benchmarks.baselines.hindsight import curve, found, found_at_equal_accusations
from benchmarks.baselines.lookups import lookups, with_sessions
from benchmarks.baselines.rate import lookups_a_day
from benchmarks.baselines.sequences import session_model
from benchmarks.study import __main__ as study_command
from benchmarks.study import against, tables
from benchmarks.study.__main__ import main
from benchmarks.study.incidents import FailedError, place_of_work
from benchmarks.study.plans import PLANS
from synthetic_data.robots import SCENARIOS

NOON = datetime(2024, 1, 10, 12)
TINY = ("--plan", "undamaged", "--preset", "tiny", "--seeds", "900", "--scenarios", "list_walk")
WITHOUT_MSTICPY = [name for name in BASELINES if name != "msticpy"]


def requests(*rows: tuple[float, str, str, int | None]) -> pl.DataFrame:
    """Requests at one operator: seconds after noon, account, address, subject (null where nobody was asked for)."""
    return pl.DataFrame(
        {
            "request_id": range(1, len(rows) + 1),
            "requested_at": [NOON + timedelta(seconds=row[0]) for row in rows],
            "operator": "A",
            "account_id": [row[1] for row in rows],
            "client_ip": [row[2] for row in rows],
            "user_agent": "agent",
            "method": "GET",
            "path": ["/home" if row[3] is None else "/rights" for row in rows],
            "action": ["other" if row[3] is None else "rights" for row in rows],
            "status": 200,
            "subject_key": [row[3] for row in rows],
            "records_returned": 1,
        },
        schema_overrides={"subject_key": pl.Int64, "request_id": pl.Int64},
    )


NOBODY_NAMED = pl.DataFrame(schema={"request_id": pl.Int64, "person_key": pl.Int64})


def scores(scored: pl.DataFrame) -> list[float]:
    return scored.sort("request_id")["score"].to_list()


def test_a_lookup_asks_for_somebody_or_is_answered_with_people():
    asked = requests((0, "u1", "1", 7), (1, "u1", "1", None), (2, "u1", "1", None))
    named = pl.DataFrame({"request_id": [3, 3], "person_key": [11, 12]})
    assert lookups(asked, named).select("request_id", "item").rows() == [(1, 7), (3, -4)]


def test_a_session_ends_after_thirty_minutes_of_silence_and_is_one_client_s():
    rows = requests((0, "u1", "1", 7), (1800, "u1", "1", 8), (3601, "u1", "1", 9), (0, "u1", "2", 7))
    assert with_sessions(rows).select("request_id", "session").rows() == [(1, 0), (2, 0), (3, 1), (4, 2)]


def test_a_lookup_scores_the_lookups_or_the_people_of_its_account_on_its_day():
    day = 86_400
    asked = requests((0, "u1", "1", 7), (9, "u1", "2", 7), (day, "u1", "1", 8), (0, "u2", "1", 7))
    scored = lookups_a_day(asked, NOBODY_NAMED)
    assert scores(scored["lookups"]) == [2, 2, 1, 1]
    assert scores(scored["distinct"]) == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("moments", "highest"),
    [
        ([(0, 1), (0, 2), (0, 3)], 3.0),
        ([(0, 1), (0, 1), (0, 1)], 1.0),  # the same item is poured once
        ([(0, 1), (0, 2), (0.5, 3)], 2.0),  # one has leaked meanwhile
        ([(0, 1), (0, 2), (9, 1), (9, 2), (9, 3)], 3.0),  # emptied, it forgets what it saw
        ([(0, 1), (0, 2), (0, 3), (0.5, 1), (1.0, 2)], 3.0),  # not empty, it remembers
    ],
)
def test_a_bucket_of_distinct_items_leaks_one_every_half_second(moments, highest):
    rows = pl.DataFrame(
        {
            "owner": 1,
            "requested_at": [NOON + timedelta(seconds=second) for second, _ in moments],
            "item": [item for _, item in moments],
        }
    )
    assert highest_levels(rows, 0.5) == {1: highest}


def test_the_forest_sets_the_busy_client_apart_and_twice_alike():
    quiet = [(60.0 * n, f"u{n % 20}", f"{n % 20}", n) for n in range(200)]
    busy = [(float(n), "robot", "99", 1000 + n) for n in range(300)]
    asked = requests(*quiet, *busy)
    first, second = isolation_forest(asked, NOBODY_NAMED), isolation_forest(asked, NOBODY_NAMED)
    for variant, scored in first.items():
        assert scored.sort("request_id").equals(second[variant].sort("request_id"))
        assert min(scores(scored)[200:]) > max(scores(scored)[:200])


def test_msticpy_is_given_the_commands_of_each_session_and_its_likelihoods_turn_into_scores(monkeypatch):
    given = []

    class Model:
        def __init__(self, sessions):
            given.extend(sessions)
            self.rare_window_likelihoods = {2: [0.5, 0.25], 3: [np.nan, 0.125]}
            self.session_geomean_likelihoods = [0.0, 1.0]

        def train(self): ...

        def compute_scores(self, use_start_end_tokens): ...

    module = ModuleType("model")
    module.__dict__["Model"] = Model
    monkeypatch.setitem(sys.modules, "msticpy.analysis.anomalous_sequence.model", module)
    asked = requests((0, "u1", "1", None), (1, "u1", "1", 7), (9999, "u1", "1", 8))
    scored = session_model(asked, NOBODY_NAMED)
    assert given == [["GET /home 200", "GET /rights 200"], ["GET /rights 200"]]
    assert scores(scored["rarest 2"]) == pytest.approx([np.log(2), np.log(4)])
    assert scores(scored["rarest 3"]) == pytest.approx([0, np.log(8)])
    assert scores(scored["whole session"]) == pytest.approx([708.4, 0], abs=0.1)


TRUE = pl.DataFrame(
    {
        "request_id": [1, 2, 3, 4, 5],
        "operator": "A",
        "account_id": ["victim", "victim", "victim", "h1", "h2"],
        "used_by_robot": [True, True, True, False, False],
        "people": [5, 3, 0, 0, 0],
    }
)


def test_in_hindsight_the_threshold_is_the_lowest_that_accuses_as_few_as_ours():
    of = curve(pl.DataFrame({"request_id": [1, 2, 3, 4, 5], "score": [9.0, 4.0, 8.0, 6.0, 4.0]}), TRUE)
    assert of == {"honest": [6.0, 4.0], "scraped": [[9.0, 5], [4.0, 3]]}
    assert found_at_equal_accusations(of, 0) == 5
    assert found_at_equal_accusations(of, 1) == 5  # the second robot's score ties with an honest one
    assert found_at_equal_accusations(of, 2) == 8
    assert found(of, 5.0) == (5, 1)


def made_incident(ours: float, theirs: list[list[float]], seed: int = 1) -> dict:
    score = {"requests": {"recall_people": ours}, "accounts": {"accused": 0, "honest": 10}}
    variants = {"any": {"honest": [5.0], "scraped": theirs}}
    return {
        "incident": {"preset": "demo", "scenario": f"s{seed}", "damage": "none", "seed": seed},
        "score": score,
        "people_shown": 10,
        "baselines": {"IsolationForest": {"variants": variants}},
    }


def test_the_table_says_where_a_baseline_is_ahead_of_ours_and_what_it_left_out():
    rows = [made_incident(0.5, [[9.0, 7]]), made_incident(0.9, [[4.0, 7]], 2), made_incident(0.7, [[9.0, 7]], 3)]
    text = "\n".join(against.beside(rows))
    assert "| s1 | 0.500 | 0.700 **ahead of ours** | - |" in text
    assert "| s2 | 0.900 | 0.000 | - |" in text
    assert "- IsolationForest: ahead in 1, level in 1, behind in 1." in text
    assert "Left out" in text
    assert "msticpy" in text


@pytest.mark.parametrize(
    ("values", "target", "least", "text"),
    [
        ([0.995, 1.0, 0.98], 0.99, True, "0.9950 / **0.9800**"),
        ([0.01, 0.03, 0.01], 0.02, False, "0.0100 / **0.0300**"),
        ([None, 0.5], None, True, "0.5000 / 0.5000"),
        ([None], 0.99, True, "-"),
    ],
)
def test_median_and_worst_are_bold_where_they_miss_the_target(values, target, least, text):
    assert tables.spread(values, target, least=least) == text


def test_a_damage_is_held_against_the_same_incident_undamaged():
    def one(damage: str, seed: int, recall: float) -> dict:
        logged = {"recall_people": recall}
        score = {"logged": logged, "suspected_logged": logged, "accounts": {"accused": 0, "honest": 5}}
        incident = {"preset": "demo", "scenario": "list_walk", "damage": damage, "seed": seed}
        return {"incident": incident, "score": score}

    rows = [one("none", 1, 1.0), one("none", 2, 0.9), one("random_loss:0.2", 1, 0.97), one("random_loss:0.2", 2, 0.89)]
    assert list(tables.damages(rows))[-1] == (
        "| list_walk | random_loss:0.2 | 2 | 0.9300 / 0.8900 | 0.0200 / **0.0300** | 0.9300 / 0.8900 | 0 of 10 |"
    )


def test_the_plans_hold_what_was_promised():
    incidents = {name: plan.incidents() for name, plan in PLANS.items()}
    assert {name: len(them) for name, them in incidents.items()}["quiet"] == 100
    assert {one.scenario for one in incidents["undamaged"]} == set(SCENARIOS) - {"quiet"}
    assert len(incidents["undamaged"]) == 20 * (len(SCENARIOS) - 1)
    assert len(incidents["regional"]) == 4 * 2
    assert all(one.seed >= 1000 for them in incidents.values() for one in them)


@pytest.fixture(scope="module")
def studied(tmp_path_factory):
    """A folder in which one tiny incident was studied, with every baseline that needs nothing more."""
    folder = tmp_path_factory.mktemp("study")
    assert main(["--folder", str(folder), *TINY, "--baselines", *WITHOUT_MSTICPY]) == 0
    return folder


def test_of_an_incident_a_small_file_stays_and_nothing_else(studied):
    files = {path.name: path.stat().st_size for path in studied.iterdir()}
    assert set(files) == {"tiny-list_walk-none-900.json", "making-1-of-1.lock"}
    assert files["tiny-list_walk-none-900.json"] < 100_000


def test_each_baseline_gives_a_curve_of_the_incident_and_finds_everybody_at_no_threshold(studied):
    kept = json.loads((studied / "tiny-list_walk-none-900.json").read_text())
    assert list(kept["baselines"]) == WITHOUT_MSTICPY
    for baseline in kept["baselines"].values():
        for of in baseline["variants"].values():
            assert found(of, float("-inf")) == (kept["people_shown"], 100)


def test_a_study_that_was_stopped_goes_on_without_making_anything_twice(studied, monkeypatch, capsys):
    monkeypatch.setattr(study_command, "study", lambda *_: pytest.fail("made again"))
    (studied / "tiny-list_walk-none-901.partial").write_text("cut off")
    assert main(["--folder", str(studied), *TINY, "--baselines", *WITHOUT_MSTICPY]) == 0
    (studied / "tiny-list_walk-none-901.partial").unlink()
    printed = capsys.readouterr().out
    assert "undamaged: 1 of 1 incidents" in printed
    assert "| list_walk | 1 |" in printed
    assert "| auditor | 2 | 0 |" in printed


def test_an_incident_made_by_other_code_is_made_again(studied, monkeypatch):
    made = []

    def study(incident, *_):
        made.append(incident.name())
        return {"used": {}}

    monkeypatch.setattr(study_command, "study", study)
    monkeypatch.setattr(study_command, "codes", lambda: {"forensics": "other", "synthetic_data": "other"})
    assert main(["--folder", str(studied), *TINY, "--baselines", *WITHOUT_MSTICPY]) == 0
    assert made == ["tiny-list_walk-none-900"]


def test_an_incident_that_cannot_be_made_is_named_and_the_study_ends_with_1(tmp_path, capsys):
    assert main(["--folder", str(tmp_path), *TINY, "--damages", "no_such_damage"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("tiny-list_walk-no_such_damage-900: synthetic_data generate ended with 2: ")
    assert [path.name for path in tmp_path.iterdir()] == ["making-1-of-1.lock"]


def test_two_studies_do_not_make_the_same_part_in_one_folder(tmp_path):
    with (
        place_of_work(tmp_path, "1/2"),
        place_of_work(tmp_path, "2/2"),
        pytest.raises(FailedError, match="another study makes part 1/2"),
        place_of_work(tmp_path, "1/2"),
    ):
        pass


def test_the_parts_of_a_study_share_its_incidents(tmp_path, monkeypatch):
    made = []
    monkeypatch.setattr(study_command, "study", lambda one, *_: made.append(one.seed) or {"used": {}})
    options = SimpleNamespace(planned={"undamaged": PLANS["undamaged"].incidents(range(900, 905), scenarios=["burst"])})
    for part in ("1/2", "2/2"):
        assert study_command._study_missing(options.planned, tmp_path, part, []) == 0
    assert made == [900, 902, 904, 901, 903]
