"""What cannot be made is refused in a line, and what was not finished is never taken for whole."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest
from synthetic_cases import generate

from synthetic_data import damages, identifiers, incident
from synthetic_data.__main__ import main
from synthetic_data.formats import FORMATS
from synthetic_data.formats.parquet import ParquetLog
from synthetic_data.presets import PRESETS
from synthetic_data.recipe import room_for

Digests = Callable[[Path], dict[str, str]]
PROGRESS = ("people:", "accounts:", "the robot's requests:", "requests:", "truth", "people shown to the robot:")
COMMAND = [sys.executable, "-m", "synthetic_data", "generate", "--preset", "tiny", "--seed", "7"]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder asked for, in one that is empty."""
    return tmp_path / "out"


@pytest.fixture
def refused(out: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Ask for a case that cannot be: it ends with the code given, in one line, and leaves nothing."""

    def run(*options: str, code: int = 2) -> str:
        assert main(["generate", *options, "--out", str(out)]) == code
        told = capsys.readouterr()
        assert told.out == ""
        assert list(out.parent.iterdir()) == []
        *progress, last = told.err.splitlines()
        assert all(line.startswith(PROGRESS) for line in progress)
        if code == 2:
            assert progress in ([], ["people: 6,000"])
        return last

    return run


# Bad parameters


@pytest.mark.parametrize(
    ("option", "value", "offered"),
    [
        ("--preset", "huge", "--preset huge: not offered; choose from demo, regional, national, tiny"),
        ("--scenario", "guessing", "--scenario guessing: not offered; choose from quiet, list_walk, nir_guessing"),
        ("--scenario", "national_2024:all", "national_2024, national_2024:perimeter_only"),
        ("--damage", "gaps:0.2", "--damage gaps: not offered; choose from random_loss"),
        ("--damage", "random_los", "did you mean random_loss?"),
        ("--damage", "random_loss:2", "expected a number from 0.001 to 0.95 (share of lines lost)"),
        ("--damage", "torn_lines,torn_lines", "give each damage once"),
        ("--format", "xml", "--format xml: not offered; choose from parquet, combined, ecs, partial"),
        ("--seed", "-3", "--seed -3: expected a whole number from 0"),
        ("--seed", "three", "seed"),
        ("--seed", "2.5", "--seed 2.5: expected a whole number from 0"),
        ("--sed", "3", "--sed"),
    ],
)
def test_a_wrong_option_ends_with_2_names_what_is_offered_and_writes_nothing(
    refused: Callable[..., str], option: str, value: str, offered: str
):
    smallest = () if option == "--preset" else ("--preset", "tiny")
    assert offered in refused(*smallest, option, value)


def test_a_country_is_written_as_parquet_alone(refused: Callable[..., str]):
    told = refused("--preset", "national", "--format", "ecs")
    assert told == "--format ecs: not offered with --preset national; choose from parquet"


def test_a_case_needs_a_folder_to_go_to(capsys: pytest.CaptureFixture[str]):
    assert main(["generate", "--preset", "tiny"]) == 2
    told = capsys.readouterr().err
    assert "--out" in told
    assert told.count("\n") == 1


def test_more_people_than_there_are_fictitious_numbers_are_refused_before_anything_is_written(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(identifiers, "ORDERS_ASSIGNED", 1)
    monkeypatch.setattr("synthetic_data.population.MOVES", 3)
    assert "at most 1 people per sex, month of birth and birthplace" in refused("--preset", "tiny")


def test_the_command_itself_ends_with_2_in_one_line(tmp_path: Path):
    done = subprocess.run(
        [*COMMAND, "--scenario", "nobody", "--out", str(tmp_path / "out")], check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("--scenario nobody: not offered")
    assert (done.stderr.count("\n"), done.stdout, list(tmp_path.iterdir())) == (1, "", [])


# Folders that are somebody else's


def test_a_folder_that_is_not_ours_is_refused_and_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    assert main(["generate", "--preset", "tiny", "--out", str(tmp_path / "mine")]) == 2
    assert "holds no case made by this generator" in capsys.readouterr().err
    assert (tmp_path / "mine" / "letter.txt").read_text() == "keep me"
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["out", "out.partial", "out.replaced"])
def test_a_file_or_folder_in_the_way_is_refused_and_left_alone(out: Path, name: str):
    there = out.with_name(name)
    if name == "out":
        there.write_text("keep me")
    else:
        there.mkdir()
        (there / "letter.txt").write_text("keep me")
    assert main(["generate", "--preset", "tiny", "--out", str(out)]) == 2
    assert [path.name for path in out.parent.iterdir()] == [name]
    assert "keep me" in (there if there.is_file() else there / "letter.txt").read_text()


# Cases that are there already


def test_a_case_that_is_there_is_kept_unless_a_file_is_missing_or_another_is_asked_for(
    out: Path, capsys: pytest.CaptureFixture[str], digests: Digests
):
    made = generate(out)
    kept = made / "case" / "results" / "summary.json"
    kept.parent.mkdir()
    kept.touch()
    before = digests(made / "truth")
    capsys.readouterr()
    generate(out)
    assert "there already" in capsys.readouterr().err
    assert kept.exists()
    (made / "case" / "evidence" / "verdanne" / "claims.parquet").unlink()
    generate(out)
    assert not kept.exists()
    assert digests(made / "truth") == before
    generate(out, "--scenario", "quiet")
    assert digests(made / "truth") != before
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_force_makes_a_case_again(out: Path, digests: Digests):
    made = generate(out)
    before = digests(made)
    (made / "case" / "notes.txt").touch()
    generate(out, "--force")
    assert digests(made) == before


def test_a_case_is_replaced_only_once_the_new_one_is_whole(
    out: Path, monkeypatch: pytest.MonkeyPatch, digests: Digests
):
    before = digests(generate(out))
    monkeypatch.setattr("synthetic_data.generate.write_case_file", stop(KeyboardInterrupt()))
    assert main(["generate", "--preset", "tiny", "--seed", "8", "--out", str(out)]) == 130
    assert digests(out) == before
    assert [path.name for path in out.parent.iterdir()] == ["out"]


# Disks and interrupts


def stop(error: BaseException) -> Callable[..., None]:
    """A function that fails whenever it is called."""

    def called(*_: object, **__: object) -> None:
        raise error

    return called


Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize("preset", ["tiny", "regional", "national"])
def test_a_disk_that_is_too_small_is_told_before_anything_is_drawn(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch, preset: str
):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9 - 10**6, 10**6))
    monkeypatch.setattr("synthetic_data.generate.draw_population", stop(AssertionError()))
    told = refused("--preset", preset, code=5)
    assert "GB free on its disk, found 0.0 GB; make room or choose another disk" in told


@pytest.mark.parametrize("form", ["parquet", "combined", "ecs", "partial"])
def test_the_room_asked_for_is_more_than_a_case_takes(
    generated: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
):
    taken = sum(path.stat().st_size for path in generated(form).rglob("*") if path.is_file())
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(taken, 0, taken))
    with pytest.raises(OSError, match="make room"):
        room_for(PRESETS["tiny"], FORMATS[form].bytes_a_line, tmp_path)


@pytest.mark.parametrize(
    "where",
    [
        "synthetic_data.generate.draw_population",
        "synthetic_data.generate.register_blocks",
        "synthetic_data.incident.written",
        "synthetic_data.generate.write_case_file",
        "synthetic_data.generate.write_recipe",
    ],
)
@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (OSError(28, "No space left on device"), 5)])
def test_wherever_it_stops_nothing_is_left(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch, where: str, error: BaseException, code: int
):
    monkeypatch.setattr(where, stop(error))
    told = refused("--preset", "tiny", code=code)
    assert "nothing was left half-written" in told
    assert ("No space left" in told) == (code == 5)


def test_a_disk_that_fills_up_while_the_log_is_written_beside_the_drawing_leaves_nothing(
    refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ParquetLog, "write", stop(OSError(28, "No space left on device")))
    assert "No space left" in refused("--preset", "tiny", code=5)


def test_memory_that_runs_out_is_told_like_a_full_disk(refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(incident, "draw_visits", stop(MemoryError()))
    assert "cannot now: MemoryError" in refused("--preset", "tiny", code=5)


def test_a_bug_is_not_taken_for_a_refusal_and_leaves_nothing_either(out: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(damages, "draw_plan", stop(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        main(["generate", "--preset", "tiny", "--out", str(out)])
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize("form", ["parquet", "combined"])
def test_files_that_may_not_grow_end_the_command_with_5_and_leave_nothing(tmp_path: Path, form: str):
    """The system itself refuses to write more than 200 kB to a file, as a full disk does."""

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    done = subprocess.run(
        [*COMMAND, "--format", form, "--out", str(tmp_path / "out")],
        check=False, capture_output=True, text=True, preexec_fn=small_files,
    )  # fmt: skip
    assert done.returncode == 5, done.stderr
    assert done.stderr.splitlines()[-1].startswith("cannot now:")
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def writing(out: Path, *options: str) -> subprocess.Popen[str]:
    """A command that has begun to write."""
    command = subprocess.Popen(
        [*COMMAND, *options, "--out", str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    assert command.stderr is not None
    for line in command.stderr:
        if line.startswith("the robot's requests"):
            return command
    raise AssertionError(command.wait())


def test_control_c_while_writing_ends_with_130_and_leaves_nothing(tmp_path: Path):
    with writing(tmp_path / "out") as command:
        command.send_signal(signal.SIGINT)
        _, told = command.communicate()
    assert command.returncode == 130
    assert told.splitlines()[-1] == "interrupted; nothing was left half-written"
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_is_never_taken_for_a_case_and_goes_with_the_next_run(
    out: Path, generated: Callable[[str], Path], digests: Digests
):
    with writing(out) as command:
        command.kill()
    assert [path.name for path in out.parent.iterdir()] == ["out.partial"]
    assert (out.parent / "out.partial" / "UNFINISHED").is_file()
    assert digests(generate(out)) == digests(generated("parquet"))
    assert [path.name for path in out.parent.iterdir()] == ["out"]
