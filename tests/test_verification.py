"""Verification: one byte, one line, one file that is not as it was is named, and the case stays as it is."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics import custody, journal, manifest, trials
from forensics.case import load
from forensics.pipeline import run
from forensics.results import Results
from forensics.verification import verify

Declare = Callable[[str, str], None]
Command = Callable[..., Any]
Digests = Callable[[Path], dict[str, str]]


def flip(path: Path, where: float = 0.5) -> None:
    content = bytearray(path.read_bytes())
    content[int(len(content) * where)] ^= 1
    path.write_bytes(bytes(content))


def test_a_case_as_it_was_is_verified_and_left_alone(finished: Path, command: Command, digests: Digests):
    before = digests(finished)
    times = {path: path.stat().st_mtime_ns for path in finished.rglob("*")}
    ended = command("verify", finished)
    assert ended.code == 0
    assert "1 journal entries in order" in ended.out
    assert digests(finished) == before
    assert {path: path.stat().st_mtime_ns for path in finished.rglob("*")} == times


def test_a_case_that_cannot_be_written_is_verified_too(finished: Path, command: Command):
    for path in (*finished.rglob("*"), finished):
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        assert command("verify", finished).code == 0
    finally:
        for path in (finished, *finished.rglob("*")):
            path.chmod(0o700 if path.is_dir() else 0o600)


def refused(command: Command, case: Path, told: str) -> None:
    ended = command("verify", case)
    assert ended.code == 4, ended.err
    assert told in ended.err
    assert "what to do: " in ended.err


@pytest.mark.parametrize("name", ["access.log", "register.parquet", "counters.parquet"])
def test_a_flipped_byte_in_evidence_is_found(finished: Path, command: Command, name: str):
    flip(finished / "evidence" / name)
    refused(command, finished, f"evidence/{name}: evidence changed or missing")


@pytest.mark.parametrize("name", ["sessions.parquet", "summary.json", "report-fr.html"])
def test_a_flipped_byte_in_a_result_is_found(finished: Path, command: Command, name: str):
    flip(finished / "results" / name)
    refused(command, finished, f"results/{name}: changed or missing")


@pytest.mark.parametrize("where", [0.0, 0.2, 0.4, 0.6, 0.8, 0.999])
def test_a_flipped_byte_in_the_manifest_is_found(finished: Path, command: Command, where: float):
    flip(finished / "results" / "manifest.json", where)
    ended = command("verify", finished)
    # A flip in the key's check value reads as a wrong key: that is refused too, one door earlier.
    assert ended.code in (3, 4)
    assert "manifest" in ended.err or "key" in ended.err or "changed" in ended.err


def test_removed_planted_and_new_files_are_found(finished: Path, command: Command):
    (finished / "results" / "forged.parquet").write_bytes(b"x")
    refused(command, finished, "results/forged.parquet: not one of the outputs")
    (finished / "results" / "forged.parquet").unlink()
    (finished / "results" / "campaigns.parquet").rename(finished / "campaigns.parquet")
    refused(command, finished, "results/campaigns.parquet: changed or missing")
    (finished / "campaigns.parquet").rename(finished / "results" / "campaigns.parquet")
    (finished / "evidence" / "new.log").write_text("x\n")
    refused(command, finished, "evidence/new.log: evidence that was not there")


def test_a_case_toml_that_says_something_else_is_found(finished: Path, command: Command, declare: Declare):
    declare('id = "small"', 'id = "small"\ntitle = "another"')
    refused(command, finished, "case.toml: does not say what it said")


def test_threads_and_memory_may_differ(finished: Path, command: Command, declare: Declare):
    declare("[[operator]]", '[settings]\nthreads = 1\nmemory_limit = "1GB"\n[[operator]]')
    assert command("verify", finished).code == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda lines: lines[:-1], "journal.seal seals"),
        (lambda lines: lines[1:], "journal.jsonl:1: the entry before it"),
        (lambda lines: [lines[0], lines[2]], "journal.jsonl:2: the entry before it"),
        (lambda lines: [lines[1], lines[0], lines[2]], "journal.jsonl:1: the entry before it"),
        (lambda lines: [lines[0].replace(b'"run"', b'"ran"'), *lines[1:]], "journal.jsonl:2: the entry before it"),
        (lambda lines: [*lines[:2], lines[2].replace(b'"run"', b'"ran"')], "journal.seal seals"),
        (lambda lines: [*lines, lines[-1]], "journal.jsonl:4: the entry before it"),
        (lambda lines: [lines[0], b"3\n", *lines[2:]], "journal.jsonl:2: not an entry"),
        (lambda lines: [lines[0], b"{\n", *lines[2:]], "journal.jsonl:2: not an entry"),
        (lambda _: [], "journal.seal seals"),
    ],
)  # fmt: skip
def test_a_journal_that_was_touched_is_found(
    finished: Path, command: Command, change: Callable[[list[bytes]], list[bytes]], told: str
):
    for _ in range(2):
        command("run", finished)
    path = finished / "journal.jsonl"
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
    refused(command, finished, told)


@pytest.mark.parametrize("name", ["journal.jsonl", "journal.seal"])
def test_a_journal_without_end_or_at_all_is_found(finished: Path, command: Command, name: str):
    (finished / name).unlink()
    refused(command, finished, "journal.jsonl")


def test_results_forged_with_their_manifest_and_journal_are_found_by_deriving_again(finished: Path, command: Command):
    """Whoever has the key can seal a forgery; the evidence still says otherwise."""
    summary = finished / "results" / "summary.json"
    summary.write_text(summary.read_text().replace('"certain": 0', '"certain": 9'))
    path = finished / "results" / "manifest.json"
    told = manifest.read(path)
    told["outputs"]["summary.json"]["sha256"] = custody.sha256_of(summary)
    path.write_text(manifest.document(told))
    shutil.copy(path, path.with_name(manifest.CRATE))
    event = {**trials.entry("run", Results(folder=finished / "results")), "manifest_sha256": custody.sha256_of(path)}
    journal.append(load(finished), bytes.fromhex("ab" * 32), event)
    refused(command, finished, "results/summary.json: a fresh derivation gives other bytes")


def test_the_copy_that_public_tools_open_must_be_the_manifest(finished: Path, command: Command):
    copy = finished / "results" / "ro-crate-metadata.json"
    copy.write_text(copy.read_text().replace("Not for publication", "Not for Publication"))
    refused(command, finished, "results/ro-crate-metadata.json: changed or missing")
    copy.unlink()
    refused(command, finished, "results/ro-crate-metadata.json: changed or missing")


def test_a_sealed_entry_that_tells_other_numbers_than_the_results_is_found(finished: Path, command: Command):
    told = trials.entry("run", Results(folder=finished / "results"))
    told |= {"manifest_sha256": custody.sha256_of(finished / "results" / "manifest.json")}
    told["headline"] = {**told["headline"], "certain": 7}
    journal.append(load(finished), bytes.fromhex("ab" * 32), told)
    refused(command, finished, "journal.jsonl: the last run entered other numbers than the results hold")


def test_evidence_that_is_not_the_seized_one_is_found_though_it_is_the_analysed_one(
    finished: Path, command: Command, declare: Declare
):
    declare('kind = "access_log"', f'kind = "access_log"\nsha256_at_seizure = "{"0" * 64}"')
    refused(command, finished, "case.toml: does not say what it said")


def test_there_must_be_something_to_verify(small: Path, command: Command):
    ended = command("verify", small)
    assert (ended.code, f"forensics run {small}" in ended.err) == (2, True)
    assert sorted(path.name for path in small.iterdir()) == ["case.toml", "evidence"]


def test_a_first_run_that_could_not_enter_the_journal_is_not_finished_and_the_next_one_verifies(
    small: Path, monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("forensics.pipeline.journal.append", full)
        with pytest.raises(OSError, match="No space"):
            run(load(small))
    assert not (small / "results" / "manifest.json").exists()
    run(load(small))
    compared = verify(load(small))
    # What could not enter itself is entered first: its numbers were there to be read.
    assert (compared["journal_entries"], compared["analyses"]) == (2, 1)
