"""Nobody is named: not in what a run writes, not in what a command says, not in what is left when it is killed."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from leaks import DAYS_THAT_ARE_NO_CHANCE, Finding, Searcher
from leaks_planted import ALONE, PEOPLE, PROFESSIONALS, made_planted
from leaks_scraped import DEPENDANTS, HOLDERS, exposed, flagged, people, professionals
from leaks_spellings import EIGHT_DIGITS
from leaks_written import LEAKS, SAID, write_all

from forensics import cli
from forensics.case import load
from forensics.engine import private_folder
from forensics.evidence.pseudonyms import pseudonym
from forensics.laboratory import copy_notebooks
from forensics.pipeline import ingest

COMMANDS = (
    "check", "ingest", "analyse", "run", "report", "verify",
    "check --json", "ingest --json", "analyse --json", "run --json", "report --json",
)  # fmt: skip

SCRAPED_COMMANDS = (
    "run",
    "export --to timesketch",
    "export --to ecs",
    "audit",
    "stress --accounts 1",
    "report",
    "verify",
)


@pytest.fixture(scope="module")
def searcher() -> Searcher:
    return Searcher([*PEOPLE, *PROFESSIONALS])


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    return made_planted(tmp_path / "planted")


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The planted case, run with every command, beside what each said."""
    folder = tmp_path_factory.mktemp("executed")
    case = made_planted(folder)
    texts = {command: said(*command.split(), case)[1] for command in COMMANDS}
    (folder / "said").mkdir()
    for name, text in texts.items():
        (folder / "said" / name).write_text(text, encoding="utf-8")
    return case


@dataclass(frozen=True)
class Scraped:
    """A generated case in which a robot is judged, what the commands wrote and said of it, and who is looked for."""

    case: Path
    said: dict[str, str]
    rows: list[dict[str, Any]]
    """Some of the people exposed, as the clear register has them."""
    searcher: Searcher


@pytest.fixture(scope="module")
def scraped(generated: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    folder = tmp_path_factory.mktemp("scraped")
    case = folder / "case"
    shutil.copytree(generated("parquet") / "case", case)
    shutil.copy(generated("parquet") / "case.key", folder / "case.key")
    (case / "exports").mkdir()
    texts: dict[str, str] = {}
    for command in SCRAPED_COMMANDS:
        name, *options = command.split()
        out = ("--out", case / "exports" / f"{options[-1]}.jsonl") if name == "export" else ()
        code, texts[command] = said(name, case, *options, *out)
        assert code == 0, (command, texts[command])
    rows = exposed(case)
    assert len(rows) == HOLDERS + DEPENDANTS, "a robot must be judged, else there is nobody to look for"
    yield Scraped(case, texts, rows, Searcher([*people(rows), *professionals(case)]))
    shutil.rmtree(folder)


def said(*arguments: object) -> tuple[int, str]:
    """Run a command in this process, and return its exit code and all that it said."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            code = cli._run([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
    return code, out.getvalue()


def test_the_evidence_names_everybody(planted: Path, searcher: Searcher):
    found = searcher.in_folder(planted / "evidence")
    everybody = {f"of person {number}" for number in range(1, len(PEOPLE) + len(PROFESSIONALS) + 1)}
    assert {person for person in everybody if any(finding.what.endswith(person) for finding in found)} == everybody


def test_nobody_is_named_in_a_case_after_a_run_or_by_what_a_command_said(executed: Path, searcher: Searcher):
    said_by = {command: (executed.parent / "said" / command).read_text(encoding="utf-8") for command in COMMANDS}
    assert [command for command, text in said_by.items() if not text] == []
    assert (executed / "results" / "manifest.json").is_file()
    assert searcher.in_folder(executed, but=["evidence"], said="\n".join(said_by.values())) == []


def test_in_the_case_of_a_robot_there_are_people_to_be_named(scraped: Scraped):
    results = scraped.case / "results"
    verdicts = pl.read_parquet(results / "sessions.parquet")["verdict"]
    written = {path.stem: path.read_text(encoding="utf-8").count("\n") for path in scraped.case.glob("exports/*")}
    assert (verdicts == "scraping").sum() >= 1
    assert pl.read_parquet(results / "exposure.parquet").height > 1_000
    assert written == dict.fromkeys(("timesketch", "ecs"), flagged(scraped.case).height)
    assert min(written.values()) > 400
    named = {found.what.rsplit(maxsplit=1)[-1] for found in scraped.searcher.in_bytes(registers(scraped.case))}
    assert named == {str(number + 1) for number in range(len(scraped.searcher.people))}
    assert len(scraped.searcher.people) > len(scraped.rows)


def registers(case: Path) -> dict[str, bytes]:
    """What names everybody: the registers, and the lists of accounts."""
    names = ("register", "accounts")
    return {str(path): path.read_bytes() for name in names for path in case.glob(f"evidence/*/{name}.parquet")}


def test_the_people_whom_a_robot_was_shown_are_named_in_no_table_report_or_export(scraped: Scraped):
    found = scraped.searcher.in_folder(scraped.case, but=["evidence"], said="\n".join(scraped.said.values()))
    assert [command for command, text in scraped.said.items() if not text] == []
    assert beyond_chance(found) == []


def test_the_people_whom_a_robot_was_shown_are_exposed_under_keyed_pseudonyms(scraped: Scraped):
    """The one trace of them that is meant to be there."""
    key = bytes.fromhex(scraped.case.with_name("case.key").read_text())
    names = ("numero_assure", "date_naissance", "rang_naissance")
    keyed = {pseudonym(key, "person", *(str(row[name] or "") for name in names)) for row in scraped.rows}
    assert keyed <= set(pl.read_parquet(scraped.case / "results" / "exposure.parquet")["person_id"])
    shown = {pseudonym(key, "holder_number", row["numero_assure"]) for row in scraped.rows}
    for path in scraped.case.glob("exports/*"):
        text = path.read_text(encoding="utf-8")
        assert [digest for digest in shown if digest not in text] == []


def beyond_chance(found: list[Finding]) -> list[Finding]:
    """Leave out birth dates in eight digits where there are too few to be more than chance."""
    in_digits = Counter((one.file, one.place) for one in found if one.what.startswith(EIGHT_DIGITS))
    return [
        one
        for one in found
        if not one.what.startswith(EIGHT_DIGITS) or in_digits[one.file, one.place] >= DAYS_THAT_ARE_NO_CHANCE
    ]


def test_a_birth_date_in_eight_digits_is_chance_and_a_column_of_them_is_not(scraped: Scraped):
    born = [f"{row['date_naissance']:%Y%m%d}" for row in scraped.rows]
    found = [scraped.searcher.in_text("x", f"n{'0 '.join(born[:number])}0") for number in (1, DAYS_THAT_ARE_NO_CHANCE)]
    assert [len(beyond_chance(one)) for one in found] == [0, DAYS_THAT_ARE_NO_CHANCE]


@pytest.fixture(scope="module")
def leaking(executed: Path, searcher: Searcher, tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    """What is found in a copy of the executed case into which one leak of each kind was written."""
    copy = tmp_path_factory.mktemp("leaking") / "case"
    shutil.copytree(executed, copy, ignore=shutil.ignore_patterns("evidence"))
    write_all(copy)
    return searcher.in_folder(copy)


@pytest.mark.parametrize("kind", LEAKS)
def test_one_leak_of_each_kind_is_found_where_it_is(leaking: list[Finding], kind: str):
    leak = LEAKS[kind]
    told = [(found.place, found.what) for found in leaking if found.file == leak.file]
    assert [what for place, what in told if leak.place in place and what.startswith(leak.what)], told


def test_statistics_and_dictionaries_leak_where_no_row_does(leaking: list[Finding]):
    places = {found.file: {one.place for one in leaking if one.file == found.file} for found in leaking}
    assert "Parquet: column who" not in places["work/l05.parquet"] | places["work/l06.parquet"]


def test_nothing_but_the_leaks_is_found(leaking: list[Finding]):
    assert {found.file for found in leaking} == {leak.file for leak in LEAKS.values()}


def test_a_finding_tells_the_place_and_names_nobody(leaking: list[Finding], searcher: Searcher):
    told = "\n".join(f"{found.place} {found.what}" for found in leaking if found.file != "work/l09.parquet")
    assert searcher.in_text("findings", told) == []
    assert searcher.in_text("findings", SAID) != []


# What provokes each kind of refusal: the end of `case.toml`'s line that is changed, or the evidence that is.
LATIN = 'encoding = "windows-1252"\n'
REFUSALS: dict[str, tuple[int, Callable[[Path], None]]] = {}


def refusal(code: int) -> Callable[[Callable[[Path], None]], Callable[[Path], None]]:
    def kept(provoke: Callable[[Path], None]) -> Callable[[Path], None]:
        REFUSALS[provoke.__name__.replace("_", " ")] = (code, provoke)
        return provoke

    return kept


def declare(case: Path, old: str, new: str) -> None:
    text = (case / "case.toml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    (case / "case.toml").write_text(text.replace(old, new), encoding="utf-8")


@refusal(3)
def a_name_where_a_number_should_be(case: Path) -> None:
    declare(case, 'response_bytes = "bytes"', 'response_bytes = "url"')


@refusal(3)
def another_format_of_log(case: Path) -> None:
    declare(case, 'format = "combined"', 'format = "haproxy"')


@refusal(3)
def a_register_whose_dates_are_written_otherwise(case: Path) -> None:
    declare(case, 'date_format = "%d/%m/%Y"', 'date_format = "%Y/%d/%m"')


@refusal(3)
def a_register_with_names_in_the_place_of_dates(case: Path) -> None:
    declare(case, 'birth_date = "ne_le"', 'birth_date = "nom"')


@refusal(3)
def a_register_with_names_in_the_place_of_roles(case: Path) -> None:
    declare(case, 'sex = "sexe"', 'sex = "sexe"\nrole = "prenom"')


@refusal(3)
def a_register_without_its_encoding(case: Path) -> None:
    declare(case, LATIN, "")


@refusal(3)
def a_register_without_its_header(case: Path) -> None:
    register = case / "evidence" / "register.csv"
    register.write_bytes(b"\r\n".join(register.read_bytes().split(b"\r\n")[1:]))


@refusal(3)
def a_register_whose_header_is_a_row_of_twins(case: Path) -> None:
    number = str(ALONE.number)
    (case / "evidence" / "register.csv").write_text(f"{number};{number};{ALONE.born}\n" * 3, encoding="cp1252")


@refusal(3)
def a_register_declared_as_parquet(case: Path) -> None:
    declare(case, f'format = "csv"\n{LATIN}delimiter = ";"\n', 'format = "parquet"\n')


@refusal(3)
def a_torn_audit_trail(case: Path) -> None:
    audit = case / "evidence" / "audit.parquet"
    content = audit.read_bytes()
    middle = len(content) // 3
    audit.write_bytes(content[:middle] + b"\xff" * 99 + content[middle + 99 :])


@refusal(3)
def a_torn_log(case: Path) -> None:
    log = case / "evidence" / "access.log"
    log.write_bytes(gzip.compress(log.read_bytes())[:-300])


@refusal(2)
def a_screen_that_needs_the_number(case: Path) -> None:
    declare(case, 'match = "^/"', 'match = "^/droits/[0-9]{13}/"')


@refusal(2)
def a_screen_that_needs_the_name(case: Path) -> None:
    declare(case, 'match = "^/"', 'match = "(?i)^/famille/[a-z%0-9]+"')


@refusal(3)
def a_wrong_key(case: Path) -> None:
    case.with_name("case.key").write_text("ef" * 32 + "\n")


@refusal(3)
def changed_evidence(case: Path) -> None:
    log = case / "evidence" / "access.log"
    log.write_bytes(log.read_bytes() + b"x\n")


@refusal(5)
def a_case_that_cannot_be_written(case: Path) -> None:
    shutil.rmtree(case / "work")
    (case / "work").write_text("in the way")


@pytest.fixture(scope="module")
def refused(executed: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One copy of the executed case for each refusal, and what the command said of it."""
    folder = tmp_path_factory.mktemp("refused")
    for name, (code, provoke) in REFUSALS.items():
        case = folder / name / "case"
        shutil.copytree(executed, case)
        shutil.copy(executed.with_name("case.key"), case.with_name("case.key"))
        if code == 3 and provoke not in (a_wrong_key, changed_evidence):
            shutil.rmtree(case / "results")  # else changed evidence alone is refused
        provoke(case)
        ended, text = said("run", case)
        assert ended == code, text
        (folder / name / "said").write_text(text, encoding="utf-8")
    return folder


def test_no_refusal_says_who(refused: Path, searcher: Searcher):
    texts = {name: (refused / name / "said").read_bytes() for name in REFUSALS}
    assert [name for name, text in texts.items() if b"forensics: " not in text or b"Traceback" in text] == []
    assert searcher.in_bytes(texts) == []


class Panic(BaseException):
    """How a library written in Rust ends: no Exception, so that a careless program prints it whole."""


@pytest.mark.parametrize("error", [ValueError, KeyError, pl.exceptions.ComputeError, Panic])
def test_a_defect_says_where_it_is_and_not_who(
    planted: Path, searcher: Searcher, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
):
    def fail(*_: object) -> None:
        raise error(SAID)

    monkeypatch.setattr("forensics.pipeline.custody.stamps", fail)
    code, text = said("run", planted)
    assert (code, "a defect of this program" in text) == (1, True)
    assert searcher.in_text("said", text) == []


def python(script: str, private: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TMPDIR": str(private)}
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment)


def test_what_a_library_writes_to_standard_error_as_it_fails_is_not_shown(planted: Path, tmp_path: Path):
    script = (
        "import os, forensics.pipeline as m, forensics.cli as c\n"
        "def panic(*a): os.write(2, b'thread panicked at 1850500000123'); raise BaseException('1850500000123')\n"
        "m.custody.stamps = panic\n"
        f"c.main(['run', {str(planted)!r}])\n"
    )
    ended = python(script, tmp_path)
    assert (ended.returncode, "a defect of this program (BaseException)" in ended.stderr) == (1, True)
    assert "1850500000123" not in ended.stderr + ended.stdout


@pytest.fixture
def private(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that temporary files go to, for this test alone."""
    folder = tmp_path / "private"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@contextlib.contextmanager
def files_of_at_most(most_bytes: int) -> Iterator[None]:
    """Let the system refuse to write more into any file, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("most_bytes", [500, 20_000])
def test_a_full_disk_says_so_and_not_who(planted: Path, private: Path, searcher: Searcher, most_bytes: int):
    """The first is met as the evidence is read, the second as the report is written."""
    with files_of_at_most(most_bytes):
        code, text = said("run", planted)
    assert (code, "forensics: the disk is full" in text) == (5, True), text
    assert searcher.in_folder(planted, but=["evidence"], said=text) == []
    assert list(private.iterdir()) == []


def test_what_is_in_clear_lies_where_only_its_owner_may_look_and_goes(planted: Path, private: Path, searcher: Searcher):
    modes, clear = set[int](), set[str]()

    def look(text: str) -> None:
        for folder in private.iterdir():
            modes.add(stat.S_IMODE(folder.stat().st_mode))
            if text.startswith("keyed"):
                clear.update(found.file for found in searcher.in_folder(folder))

    ingest(load(planted), None, look)
    assert modes == {0o700}
    assert len(clear) >= 4, "the searcher must see what is in clear there"
    assert not private.is_relative_to(planted)
    assert list(private.iterdir()) == []


def test_what_the_engine_spills_is_in_the_private_folder_and_goes(planted: Path, private: Path, searcher: Searcher):
    """So many lines for so little memory that the engine spills, and in the end gives up."""
    number = pl.int_range(100_000, eager=True).alias("n")
    lines = number.to_frame().select(
        at=pl.datetime(2024, 1, 18) + pl.duration(milliseconds=pl.col("n") * 7919 % 86_400_000),
        user=pl.lit("opt-0417"), token=pl.format("s{}", "n"), ref=pl.format("r{}", "n"), path=pl.lit("/nom"),
        name=pl.format("{} {}", pl.lit(ALONE.last), "n"), agent=pl.lit("Firefox"), shown=pl.lit(ALONE.also[-1]),
    )  # fmt: skip
    lines.write_parquet(planted / "evidence" / "audit.parquet")
    declare(planted, "most_rejected_share = 0.6", 'most_rejected_share = 0.6\nmemory_limit = "20MB"\nthreads = 1')
    ended: list[tuple[int, str]] = []
    at_work = threading.Thread(target=lambda: ended.append(said("run", planted)))
    at_work.start()
    spilled: set[str] = set()
    while at_work.is_alive():
        spilled |= {path.relative_to(private).parts[1] for path in private.glob("forensics-*/*/duckdb_temp*")}
        time.sleep(0.002)
    at_work.join()
    assert spilled == {"spill"}
    assert ended[0][0] == 5, ended
    assert searcher.in_folder(planted, but=["evidence"], said=ended[0][1]) == []
    assert list(private.iterdir()) == []


def test_a_run_that_is_interrupted_leaves_nothing_in_clear(
    planted: Path, private: Path, searcher: Searcher, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("forensics.evidence.ingest._counters", lambda *_: signal.raise_signal(signal.SIGINT))
    code, text = said("run", planted)
    assert code == cli.INTERRUPTED
    assert list(private.iterdir()) == []
    assert searcher.in_folder(planted, but=["evidence"], said=text) == []


def test_what_a_killed_run_leaves_in_clear_is_gone_when_the_next_one_begins(
    planted: Path, private: Path, searcher: Searcher
):
    script = (
        "import os, forensics.evidence.ingest as m, forensics.cli as c\n"
        f"m._counters = lambda *a: os.kill(os.getpid(), {int(signal.SIGKILL)})\n"
        f"c.main(['run', {str(planted)!r}])\n"
    )
    ended = python(script, private)
    assert ended.returncode == -signal.SIGKILL
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in private.iterdir()] == [0o700]
    assert searcher.in_folder(planted, but=["evidence"], said=ended.stdout + ended.stderr) == []
    with private_folder() as folder:
        assert list(private.iterdir()) == [folder]


def test_no_executed_notebook_names_anybody(executed: Path, searcher: Searcher, tmp_path: Path):
    folder = copy_notebooks(executed)
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--inplace"]
    environment = {**os.environ, "FORENSICS_CASE": str(executed), "JUPYTER_RUNTIME_DIR": str(tmp_path)}
    at_work = [
        subprocess.Popen([*command, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
        for path in sorted(folder.glob("*.ipynb"))
    ]
    told = [process.communicate()[0] for process in at_work]
    assert at_work
    assert not any(process.returncode for process in at_work), told
    assert searcher.in_folder(folder, said="\n".join(told)) == []
