"""Trials: nobody tries settings until one pleases without the report saying so."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from forensics import journal, report, trials
from forensics.case import load
from forensics.pipeline import analyse, run
from forensics.report.language import Voice
from forensics.report.trials import in_short, sealing, sentence
from forensics.results import Results
from forensics.schemas import Trials
from tests.made_results import TRIAL, made_results
from tests.test_report import THIN, page

Declare = Callable[[str, str], None]
Command = Callable[..., Any]
Digests = Callable[[Path], dict[str, str]]
OTHER = "[settings]\nsession_gap_minutes = 31\n[[operator]]"
KEY = bytes.fromhex("ab" * 32)


def told(number: int | None, **other: Any) -> dict[str, Any]:
    """An entry of the journal whose certain number is given."""
    same = {"evidence_digest": "e", "declaration": "d", "settings": {}, "code": "c", "versions": {}}
    return {"command": "run", **same, "headline": {"certain": number}, **other}


def numbers(frame: pl.DataFrame) -> list[tuple[int, bool, int]]:
    return frame.select("trial", "is_this", "certain").rows()


@pytest.mark.parametrize(
    "other",
    [
        {"evidence_digest": "x"}, {"declaration": "x"}, {"settings": {"a": 1}}, {"code": "x"}, {"versions": {"a": "1"}},
    ],
)  # fmt: skip
def test_another_evidence_declaration_setting_code_or_version_is_another_analysis(other: dict[str, Any]):
    assert numbers(trials.tried([told(1), told(2, **other)], told(1))) == [(1, True, 1), (2, False, 2)]


def test_the_same_analysis_counts_once_however_often_and_by_whichever_command():
    again = [told(1), {"command": "ingest", "evidence_digest": "e"}, told(1, command="analyse", at="later"), told(1)]
    assert numbers(trials.tried(again, told(1))) == [(1, True, 1)]


def test_an_analysis_that_is_not_in_the_journal_yet_comes_last():
    assert numbers(trials.tried([told(5, code="x")], told(7))) == [(1, False, 5), (2, True, 7)]


def test_an_entry_may_hold_anything():
    odd = [told("5", code=7), told(2**80, settings=[1]), {"headline": 3}, told(None, versions="é"), told(True, code={})]
    frame = trials.tried(odd, told(1))
    Trials.validate(frame)
    assert frame["certain"].to_list() == [None, None, None, 1, 1]


def test_a_journal_that_was_found_broken_is_told_of():
    assert trials.tried([told(1, found=["journal.jsonl:2: ..."])], told(1))["journal_broken"].to_list() == [True]
    assert trials.tried([told(1)], told(1))["journal_broken"].to_list() == [False]


def test_a_trial_is_in_the_report_even_after_a_return_to_the_first_settings(
    finished: Path, declare: Declare, command: Command, digests: Digests
):
    before = digests(finished / "results")
    declare("[[operator]]", OTHER)
    analyse(load(finished), None, lambda _: None)
    declare(OTHER, "[[operator]]")
    refused = command("verify", finished)
    assert refused.code == 4
    assert "the journal tells of other analyses than the report does" in refused.err
    ended = command("run", finished)
    assert "Journal: 3 run(s) of 2 different analyses" in ended.out
    tried = Results(folder=finished / "results").table("trials")
    assert [json.loads(settings)["session_gap_minutes"] for settings in tried["settings"]] == [30, 31]
    assert tried["is_this"].to_list() == [True, False]
    after = digests(finished / "results")
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {
        "trials.parquet", "report-fr.html", "report-en.html", "manifest.json", "ro-crate-metadata.json",
    }  # fmt: skip
    verified = command("verify", finished)
    assert (verified.code, "3 run(s), 2 different analyses" in verified.out) == (0, True)
    assert command("run", finished).code == 0
    assert digests(finished / "results") == after


def test_an_analysis_that_was_cut_off_before_it_entered_itself_is_entered_by_the_next_command(
    finished: Path, declare: Declare, monkeypatch: pytest.MonkeyPatch
):
    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    declare("[[operator]]", OTHER)
    with monkeypatch.context() as patched:
        patched.setattr("forensics.pipeline.journal.append", cut_off)
        with pytest.raises(KeyboardInterrupt):
            analyse(load(finished), None, lambda _: None)
    declare(OTHER, "[[operator]]")
    run(load(finished))
    assert [entry["command"] for entry in journal.entries(load(finished))] == ["run", "interrupted", "run"]
    assert Results(folder=finished / "results").table("trials").height == 2


def test_one_analysis_is_said_to_be_the_only_one(tmp_path: Path):
    results = made_results(tmp_path)
    assert "The journal of the case tells of one analysis alone: this one." in page(results).text
    assert "Le journal du dossier ne fait état que d’une analyse" in page(results, "fr").text


def test_several_analyses_are_told_with_the_range_of_their_numbers(tmp_path: Path):
    other = {**TRIAL, "trial": 2, "is_this": False, "declaration": "x", "settings": '{"session_gap_minutes": 5}',
             "certain": 40_000, "estimate": None, "low": None, "high": None}  # fmt: skip
    third = {**TRIAL, "trial": 3, "is_this": False, "code": "x", "evidence_digest": "y", "high": 50_000}
    results = made_results(tmp_path, trials=[TRIAL, other, third])
    voice = Voice.of(results, "en")
    assert in_short(results, voice) == (
        "This analysis is one of 3 that the journal of the case keeps; certain number: 40,000 to 41,236."
    )
    assert (
        "Certain: 40,000 to 41,236; estimate: 43,900; low end of the interval: 42,800; high end: 45,100 to 50,000; "
        in (sentence(results, voice))
    )
    assert "without an interval, with bounds only: 1." in sentence(results, voice)
    text = page(results).text
    assert "1 this report 41,236 43,900 42,800 – 45,100" in text
    assert "2 session_gap_minutes = 5 (here 30) 40,000 — — 41,116 – 52,000" in text
    assert "3 other evidence; the program or its versions 41,236" in text


def test_a_number_that_is_the_same_in_every_analysis_is_said_once(tmp_path: Path):
    results = made_results(tmp_path, trials=[TRIAL, {**TRIAL, "trial": 2, "is_this": False, "code": "x"}])
    assert in_short(results, Voice.of(results, "fr")).endswith(f"41{THIN}236 dans chacune.")


def test_what_a_journal_slips_into_the_report_stays_text(tmp_path: Path):
    bad = {**TRIAL, "trial": 2, "is_this": False, "settings": '{"<script>": "\\u001b[31m\\u202e"}'}
    written = report.render(made_results(tmp_path, trials=[TRIAL, bad]), "en")
    assert "<script" not in written
    assert "\x1b" not in written
    assert "\u202e" not in written


def test_a_broken_journal_is_said_on_the_first_screen(tmp_path: Path):
    text = page(made_results(tmp_path, trials=[{**TRIAL, "journal_broken": True}])).text
    assert text.index("there may have been other analyses") < text.index("Figure 1")


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_the_printed_commands_ask_for_a_time_stamp_of_that_digest(finished: Path, tmp_path: Path):
    text = page(Results(folder=finished / "results")).text
    digest = Results(folder=finished / "results").summary["evidence_digest"]
    commands = sealing(digest)
    assert all(line in text for line in commands)
    for line, asked in zip(commands[:2], ("evidence.tsq", "results.tsq"), strict=True):
        subprocess.run(line.replace("CASE", str(finished)).split(), cwd=tmp_path, check=True, capture_output=True)
        shown = subprocess.run(
            ["openssl", "ts", "-query", "-in", asked, "-text"], cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout
        octets = "".join(re.findall(r"^ +\w{4} - ((?:[0-9a-f]{2}[ -]){16})", shown, re.M))
        expected = digest if asked == "evidence.tsq" else sha256(finished / "results" / "manifest.json")
        assert re.sub(r"[ -]", "", octets) == expected


def sha256(path: Path) -> str:
    from forensics.custody import sha256_of

    return sha256_of(path)
