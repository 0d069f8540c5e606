"""The command line: what each command prints, how it ends, and that it says nothing it should not."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from forensics import cli
from forensics.errors import EvidenceError, UnavailableError, VerificationError

README = Path(__file__).parents[1] / "README.md"
COMMANDS = ("init", "check", "run", "ingest", "analyse", "report", "verify", "export", "lab")
Command = Callable[..., Any]
Declare = Callable[[str, str], None]
HEAVY = ("matplotlib", "pandera", "scipy", "sklearn")


def test_every_command_is_in_the_help(command: Command):
    ended = command("--help")
    assert ended.code == 0
    assert [name for name in COMMANDS if not re.search(rf"^\W*{name}\b", ended.out, re.M)] == []
    for name in COMMANDS:
        told = command(name, "--help")
        assert told.code == 0
        assert len(told.out.splitlines()) > 4


@pytest.mark.parametrize("name", [f"forensics {name}" for name in COMMANDS])
def test_every_command_is_in_the_readme(name: str):
    assert name in README.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["generate", "score", "list"])
def test_every_command_of_the_generator_is_in_the_readme(name: str):
    assert f"-m synthetic_data {name}" in README.read_text(encoding="utf-8")


def test_a_new_case_can_be_read_and_is_not_written_over(tmp_path: Path, command: Command):
    folder = tmp_path / 'a "case"'
    assert command("init", folder).code == 0
    ended = command("check", folder)
    assert (ended.code, "no file matches 'evidence/*.log*'" in ended.err) == (2, True)
    (folder / "evidence" / "a.log").write_text("x\n")
    assert command("check", folder).code == 3
    line = '192.0.2.1 - - [20/Feb/2016:00:00:45 -0500] "GET / HTTP/1.1" 200 187 "-" "-"'
    (folder / "evidence" / "a.log").write_text(f"{line}\n")
    assert command("check", folder).code == 0
    assert command("init", folder).code == 2


def test_a_dry_run_tells_what_is_there_and_what_it_takes(small: Path, command: Command):
    ended = command("check", small)
    assert ended.code == 0
    assert "log: access_log, 1 combined file(s)" in ended.out
    assert "missing: clean_until" in ended.out
    assert "space: about" in ended.out
    found = json.loads(command("check", small, "--json").out)
    assert [source["id"] for source in found["sources"]] == ["log", "register", "accounts", "claims", "counters"]
    assert not (small / "work").exists()


def test_a_run_prints_the_three_numbers_and_for_machines_the_summary(finished: Path, command: Command):
    ended = command("run", finished)
    assert ended.code == 0
    for word in ("certain", "estimate", "perimeter", "report-fr.html", "forensics lab"):
        assert word in ended.out
    summary = json.loads(command("run", finished, "--json").out)
    assert summary == json.loads((finished / "results" / "summary.json").read_text())
    assert json.loads(command("ingest", finished, "--json").out) == summary["rows"]
    assert json.loads(command("analyse", finished, "--json").out) == summary
    pages = json.loads(command("report", finished, "--lang", "fr", "--json").out)
    assert [Path(page).name for page in pages] == ["report-fr.html"]
    assert (finished / "results" / "report-en.html").is_file()
    compared = json.loads(command("verify", finished, "--json").out)
    assert compared["inputs"] == 5


def test_one_language_only(finished: Path, command: Command):
    ended = command("report", finished, "--lang", "en")
    assert ended.out.split() == [str(finished / "results" / "report-en.html")]


@pytest.mark.parametrize(
    "arguments",
    [
        ["rnu"],
        ["run"],
        ["run", "a", "b"],
        ["run", ".", "--kye", "x"],
        ["report", ".", "--lang", "de"],
        ["run", "nowhere"],
    ],
)
def test_wrong_usage_ends_with_two(
    command: Command, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    ended = command(*arguments)
    assert ended.code == 2
    assert ended.err.startswith("forensics: ")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (EvidenceError("refused"), 3),
        (VerificationError("otherwise"), 4),
        (UnavailableError("locked"), 5),
        (KeyboardInterrupt(), 130),
        (MemoryError(), 5),
        (OSError(28, "No space left on device"), 5),
        (PermissionError(13, "Permission denied"), 5),
        (RuntimeError("parquet: No space left on device (os error 28)"), 5),
        (ValueError("1850575000123 is not valid"), 1),
    ],
)
def test_each_way_to_end_has_its_code_and_no_message_carries_a_value(
    small: Path, command: Command, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int
):
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("forensics.pipeline.ingest", fail)
    ended = command("ingest", small)
    assert ended.code == code
    assert "1850575000123" not in ended.err
    if code == 1:
        assert "a defect of this program (ValueError)" in ended.err
        assert "cli.py:" in ended.err


def test_file_names_cannot_write_to_the_terminal(small: Path, command: Command):
    (small / "evidence" / "\x1b[2Jx.log").write_text("nonsense\n")
    ended = command("run", small)
    assert ended.code == 3
    assert "\x1b" not in ended.err


def test_an_unreadable_disk_says_so(small: Path, command: Command):
    (small / "work").write_text("in the way")
    ended = command("run", small)
    assert (ended.code, "cannot be written" in ended.err) == (5, True)


def python(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, **more)


def test_the_library_and_the_help_start_without_the_heavy_libraries():
    told = f"import sys; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    assert python("-c", f"import forensics; {told}").stdout.strip() == ""
    helped = "from forensics.cli import _run\ntry: _run(['--help'])\nexcept SystemExit: pass\n"
    assert python("-c", helped + told).stdout.splitlines()[-1].strip() == ""


@pytest.mark.parametrize("stopping", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_that_a_library_turns_into_its_own_error_is_still_an_interruption(
    small: Path, stopping: signal.Signals
):
    script = (
        "import forensics.pipeline as m, os, forensics.cli as c\n"
        "def swallowed(*a, **k):\n"
        "    try: os.kill(os.getpid(), %d)\n"
        "    except KeyboardInterrupt: raise RuntimeError('interrupted inside a query') from None\n"
        "m.run = swallowed\n"
        f"c.main(['run', {str(small)!r}])\n"
    ) % stopping
    ended = python("-c", script)
    assert (ended.returncode, "the same command resumes" in ended.stderr) == (cli.INTERRUPTED, True)


def test_a_terminated_run_says_so_and_leaves_nothing_in_clear(small: Path, tmp_path: Path):
    private = tmp_path / "private"
    private.mkdir()
    script = (
        "import forensics.evidence.ingest as m, time, forensics.cli as c\n"
        "m.identities = lambda *a: (print('now', flush=True), time.sleep(30))\n"
        f"c.main(['run', {str(small)!r}])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(private)},
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    assert any(private.glob("forensics-*/*.parquet"))
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    assert process.returncode == cli.INTERRUPTED
    assert "the same command resumes where it stopped" in err
    assert list(private.iterdir()) == []
