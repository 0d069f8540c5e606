"""Custody: the key, the lock, the seals on evidence, the stage cache, and runs that are killed."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics import cli, custody, journal
from forensics.case import load
from forensics.case_key import key_check, key_file, open_key
from forensics.errors import UnavailableError
from forensics.pipeline import analyse, ingest, run
from forensics.settings import Settings

Declare = Callable[[str, str], None]
Command = Callable[..., Any]
Digests = Callable[[Path], dict[str, str]]
KEY = bytes.fromhex("ab" * 32)


def quiet(_: str) -> None:
    """Say nothing."""


def test_the_key_is_the_named_one_else_the_variables_else_the_siblings(small: Path, monkeypatch: pytest.MonkeyPatch):
    case = load(small)
    monkeypatch.delenv("FORENSICS_KEY_FILE", raising=False)
    assert key_file(case, None) == small.parent / "case.key"
    monkeypatch.setenv("FORENSICS_KEY_FILE", "/elsewhere/a.key")
    assert key_file(case, None) == Path("/elsewhere/a.key")
    assert key_file(case, Path("given.key")) == Path("given.key")
    monkeypatch.setenv("FORENSICS_KEY_FILE", "")
    assert key_file(case, None) == small.parent / "case.key"
    (small.parent / "case.key").unlink()
    assert len(open_key(case, None)) == 32


def test_a_key_is_made_at_first_use_for_its_owner_alone(small: Path, command: Command):
    key = small.parent / "case.key"
    key.unlink()
    umask = os.umask(0)
    try:
        assert command("ingest", small).code == 0
    finally:
        os.umask(umask)
    assert key.stat().st_mode & 0o777 == 0o600
    assert len(bytes.fromhex(key.read_text())) == 32
    assert [path.name for path in small.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("cd" * 32, "not the one that the results were made with"),
        ("cd" * 31, "64 hexadecimal digits"),
        ("zz" * 32, "64 hexadecimal digits"),
        ("", "64 hexadecimal digits"),
        (None, "the key of this case is missing"),
    ],
)
def test_a_wrong_key_is_refused_before_any_work(
    finished: Path, command: Command, digests: Digests, tmp_path: Path, content: str | None, told: str
):
    before = digests(finished)
    key = tmp_path / "other.key"
    if content is not None:
        key.write_text(content)
    ended = command("run", finished, "--key", key)
    assert ended.code == 3
    assert told in ended.err
    assert "hashed" not in ended.err
    assert content is None or len(content) < 60 or content not in ended.err
    assert digests(finished) == before
    assert key.exists() is (content is not None)


def test_the_key_of_the_results_must_not_be_made_anew(finished: Path, command: Command):
    key = finished.parent / "case.key"
    key.rename(key.with_name("kept"))
    ended = command("run", finished)
    assert ended.code == 3
    assert "put it back or name it with --key" in ended.err
    assert not key.exists()
    assert command("run", finished, "--key", key.with_name("kept")).code == 0


def test_the_check_value_tells_nothing_of_the_key():
    assert len(key_check(KEY)) == 16
    assert key_check(KEY) != key_check(bytes(32))
    assert key_check(KEY) not in KEY.hex()


def test_evidence_that_changed_since_the_last_run_is_refused_by_name(
    finished: Path, command: Command, digests: Digests
):
    with (finished / "evidence" / "access.log").open("a") as log:
        log.write("\n")
    before = digests(finished)
    ended = command("run", finished)
    assert (ended.code, "where: evidence/access.log" in ended.err) == (3, True)
    assert digests(finished) == before


def test_a_damaged_manifest_is_no_licence_to_go_on(finished: Path, command: Command):
    (finished / "results" / "manifest.json").write_text('{"inputs": [')
    ended = command("run", finished)
    assert (ended.code, "manifest of the last run is damaged" in ended.err) == (3, True)


def test_a_file_that_is_not_the_seized_one_is_refused(small: Path, declare: Declare, command: Command):
    declare('kind = "access_log"', f'kind = "access_log"\nsha256_at_seizure = "{"0" * 64}"')
    ended = command("run", small)
    assert (ended.code, "not the one that was seized" in ended.err) == (3, True)
    digest = custody.sha256_of(small / "evidence" / "access.log")
    declare("0" * 64, digest.upper())
    assert command("ingest", small).code == 0


def test_a_seized_file_that_is_missing_is_missed(small: Path, declare: Declare, command: Command):
    digest = custody.sha256_of(small / "evidence" / "access.log")
    declare(
        'kind = "access_log"',
        f'kind = "access_log"\nsha256_at_seizure = {{"access.log" = "{digest}", "b.log" = "{digest}"}}',
    )
    ended = command("run", small)
    assert (ended.code, "expected: b.log" in ended.err) == (2, True)


def test_one_file_is_not_named_twice(small: Path, declare: Declare, command: Command):
    declare('path = "evidence/claims.parquet"', 'path = "evidence/register.parquet"')
    declare('kind = "claims"', 'kind = "register"')
    declare('account_id = "account"\nsubmitted_at = "at"\n', 'beneficiary_number = "holder"\n')
    ended = command("run", small)
    assert (ended.code, "name the same file" in ended.err) == (2, True)


@pytest.mark.parametrize(
    ("make", "code", "told"),
    [
        (lambda case, out: (case / "evidence" / "b.log").symlink_to(out / "secret.log"), 2, "leaves the case folder"),
        (lambda case, out: (case / "evidence" / "b.log").symlink_to(out / "gone.log"), 5, "leads nowhere"),
        (lambda case, _: (case / "evidence" / "access.log").unlink(), 2, "no file matches"),
    ],
)
def test_links_that_leave_the_case_and_files_that_are_not_there(
    small: Path, command: Command, tmp_path: Path, make: Callable[[Path, Path], Any], code: int, told: str
):
    (tmp_path / "secret.log").write_text("x\n")
    make(small, tmp_path)
    ended = command("check", small)
    assert (ended.code, told in ended.err) == (code, True)


def test_what_the_analysis_writes_is_no_evidence(finished: Path, declare: Declare, command: Command):
    declare('"evidence/register.parquet"', '"**/register.parquet"')
    ended = command("run", finished)
    assert (ended.code, "also matches what the analysis writes" in ended.err) == (2, True)


def test_two_runs_at_once_are_one_too_many(small: Path, command: Command):
    case = load(small)
    with custody.one_run_at_a_time(case):
        ended = command("run", small)
        assert (ended.code, "another run is working on this case" in ended.err) == (5, True)
        with pytest.raises(UnavailableError), custody.no_run_meanwhile(case):
            pass
    assert command("ingest", small).code == 0


def entry(case: Path, event: str) -> None:
    journal.append(load(case), KEY, {"command": event}, journal.found_broken(load(case), KEY))


def test_the_journal_is_a_chain_that_ends_in_a_seal(small: Path):
    for event in ("one", "two", "three"):
        entry(small, event)
    assert journal.check(load(small), KEY) == (3, [])
    assert journal.check(load(small), bytes(32))[1] == ["journal.jsonl: its end is not the one that journal.seal seals"]
    lines = [json.loads(line) for line in (small / "journal.jsonl").read_text().splitlines()]
    assert [line["command"] for line in lines] == ["one", "two", "three"]
    assert lines[0]["previous"] is None


@pytest.mark.parametrize("cut", [b"", b'{"at": "torn'])
def test_an_entry_that_was_cut_off_before_its_seal_is_taken_up(small: Path, cut: bytes):
    entry(small, "one")
    seal = (small / "journal.seal").read_bytes()
    if cut:
        with (small / "journal.jsonl").open("ab") as file:
            file.write(cut)
    else:
        entry(small, "two")
        (small / "journal.seal").write_bytes(seal)
    assert journal.check(load(small), KEY)[1] != []
    entry(small, "three")
    assert journal.check(load(small), KEY) == (2 if cut else 3, [])


def test_a_new_seal_does_not_hide_that_an_entry_was_removed(small: Path):
    for event in ("one", "two", "three"):
        entry(small, event)
    path = small / "journal.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    entry(small, "four")
    assert journal.check(load(small), KEY)[1] == ["journal.jsonl:3: the journal was found broken when this was written"]


def test_a_command_that_was_stopped_before_its_first_entry_leaves_no_finding(small: Path):
    (small / "journal.jsonl").touch()
    entry(small, "one")
    assert journal.check(load(small), KEY) == (1, [])


def test_a_journal_that_was_taken_away_beside_its_seal_is_missed(small: Path):
    entry(small, "one")
    (small / "journal.jsonl").unlink()
    entry(small, "two")
    (finding,) = journal.check(load(small), KEY)[1]
    assert finding == "journal.jsonl:1: the journal was found broken when this was written"


def test_whoever_takes_data_out_of_a_case_enters_it_with_one_call(small: Path):
    journal.append(load(small), KEY, {"command": "lookup", "found_people": 0})
    (told,) = journal.entries(load(small))
    assert told.keys() == {"at", "by", "command", "found_people", "previous"}
    assert journal.check(load(small), KEY) == (1, [])


APPENDING = """
import sys
from forensics import journal
from forensics.case import load
for number in range(25):
    journal.append(load(sys.argv[1]), bytes.fromhex("ab" * 32), {"command": sys.argv[2], "number": number})
"""


def test_two_that_append_at_once_keep_one_chain(small: Path):
    """Without the lock on the journal entries are lost from the chain, or a seal is found that is not of its end."""
    writers = [subprocess.Popen([sys.executable, "-c", APPENDING, str(small), name]) for name in ("export", "lookup")]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    assert journal.check(load(small), KEY) == (50, [])
    numbers = {"export": [], "lookup": []}
    for told in journal.entries(load(small)):
        numbers[told["command"]].append(told["number"])
    assert numbers == {"export": list(range(25)), "lookup": list(range(25))}


def test_who_reads_the_journal_waits_for_an_entry_to_be_sealed(small: Path, monkeypatch: pytest.MonkeyPatch):
    entry(small, "one")
    seen: list[tuple[int, list[str]]] = []
    reader = threading.Thread(target=lambda: seen.append(journal.check(load(small), KEY)))

    def slowly(text: str, path: Path) -> None:
        reader.start()
        time.sleep(0.3)
        path.write_text(text)

    monkeypatch.setattr("forensics.journal.write_text", slowly)
    journal.append(load(small), KEY, {"command": "two"})
    reader.join()
    assert seen == [(2, [])]


ENTERS = {
    "run": "run", "report": "run", "ingest": "ingest", "analyse": "analyse", "export": "export",
    "audit": "audit", "stress": "stress",
    # These read no person's data, or write nothing into the case.
    "init": None, "check": None, "verify": None, "lab": None,
}  # fmt: skip


def test_every_command_is_known_to_enter_itself_or_not_to():
    assert {name for name in cli.app if not name.startswith("-")} == ENTERS.keys()


@pytest.mark.parametrize("name", ["run", "report", "ingest", "analyse", "check", "verify"])
def test_a_command_that_reads_peoples_data_enters_itself_with_what_it_gave(finished: Path, command: Command, name: str):
    before = len(journal.entries(load(finished)))
    assert command(name, finished).code == 0
    added = journal.entries(load(finished))[before:]
    assert [told["command"] for told in added] == ([ENTERS[name]] if ENTERS[name] else [])
    for told in added:
        assert told.keys() >= {"at", "by", "evidence_digest", "previous"}
        if name != "ingest":
            assert told.keys() >= {"settings", "declaration", "code", "versions", "headline"}
            assert told["headline"]["certain"] == 0


def work_said(case: Path) -> list[str]:
    said: list[str] = []
    run(load(case), None, said.append)
    return [text.split()[0] for text in said if not text.startswith("hashed")]


def test_a_second_run_does_no_work_and_one_setting_or_byte_brings_back_what_depends_on_it(
    finished: Path, declare: Declare, digests: Digests
):
    before = digests(finished / "results")
    assert work_said(finished) == []
    table = finished / "work" / "register.parquet"
    content = bytearray(table.read_bytes())
    content[len(content) // 2] ^= 1
    table.write_bytes(bytes(content))
    assert "read" in work_said(finished)
    assert digests(finished / "results") == before
    (finished / "results" / "sessions.parquet").write_bytes(b"")
    (finished / "results" / "stray.txt").write_text("x")
    assert work_said(finished) == []
    (finished / "results" / "stray.txt").unlink()  # nobody's but the investigator's: a run lets it be
    assert digests(finished / "results") == before
    declare("[[operator]]", "[settings]\nsession_gap_minutes = 31\n[[operator]]")
    said = work_said(finished)
    assert "read" not in said
    assert "judged" in said


@pytest.mark.parametrize("broken", ["[]", "{", '{"made_from": 1}', "null"])
def test_a_stage_record_that_makes_no_sense_is_made_again(finished: Path, broken: str, digests: Digests):
    before = digests(finished / "results")
    (finished / "work" / "analysis.json").write_text(broken)
    assert "judged" in work_said(finished)
    assert digests(finished / "results") == before


def test_a_table_that_no_stage_made_is_not_published(finished: Path, digests: Digests):
    before = digests(finished / "results")
    (finished / "work" / "analysis" / "planted.parquet").write_bytes(b"x")
    run(load(finished), None, quiet)
    assert digests(finished / "results") == before


def test_steps_and_one_run_give_the_same_bytes(small: Path, command: Command, digests: Digests, tmp_path: Path):
    other = tmp_path / "other" / "case"
    shutil.copytree(small.parent, other.parent)
    ingest(load(small), None, quiet)
    analyse(load(small), None, quiet)
    assert command("report", small).code == 0
    run(load(other), None, quiet)
    assert digests(small / "results") == digests(other / "results")


def test_killed_runs_resume_to_the_same_bytes(small: Path, finished: Path, digests: Digests, tmp_path: Path):
    other = tmp_path / "killed" / "case"
    shutil.copytree(small / "evidence", other / "evidence")
    shutil.copy(small / "case.toml", other)
    shutil.copy(small.parent / "case.key", other.parent)
    command = [sys.executable, "-m", "forensics", "run", str(other)]
    private = tmp_path / "private"
    private.mkdir()
    environment = {**os.environ, "TMPDIR": str(private)}
    moments = random.Random(5)  # noqa: S311
    for _ in range(2):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
        assert process.stderr is not None
        process.stderr.readline()
        time.sleep(moments.uniform(0, 0.4))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    assert digests(other / "results") == digests(finished / "results")
    assert list(private.iterdir()) == []


def test_every_setting_that_ingest_reads_is_one_that_makes_it_read_anew():
    evidence = Path(__file__).parents[1] / "forensics" / "evidence"
    texts = "".join(path.read_text(encoding="utf-8") for path in evidence.rglob("*.py"))
    read = {name for name in Settings.model_fields if re.search(rf"settings\.{name}\b", texts)}
    assert "most_rejected_share" in read
    assert read - {"memory_limit", "threads"} <= Settings(linkage="splink").of_ingest().keys()
