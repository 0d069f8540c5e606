"""Cases for the tests: a small one written as text tables, and generated ones of 6,000 people."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from declared_sources import COUNTERS_SOURCE, LOG_SOURCE

from forensics import cli
from forensics.case import load
from forensics.pipeline import run as run_case
from synthetic_data.__main__ import main as generator

REGISTER = """
beneficiary        holder         born        rank  last      first    card      insurer
185057500012345    1850575000123  1985-05-12  1     DURANDOT  Maelys   C0001     M01
185057500012345    1850575000123  2015-02-01  1     DURANDOT  Anatole  C0001     M01
285067500045678    2850675000456  1985-06-20  1     KERVADEC  Solenn   C0002     M01
190017500078901    1900175000789  1990-01-30  1     PLOUGAST  Ewen     C0003     M02
"""

ACCOUNTS = """
account     profession  company      siret
opt-0417    opticien    LUNETTOR     81234567800017
opt-0552    opticien    VISIOBEL     81234567800025
"""

CLAIMS = """
account   at                   holder         born        rank
opt-0417  2024-01-18T12:00:00  1850575000123  1985-05-12  1
"""

COUNTERS = """
start                minutes  requests
2024-01-18T10:00:00  60       5
"""

LOG = """\
203.0.113.9 - opt-0417 [18/Jan/2024:10:00:05 +0000] "GET /droits?numero=1850575000123 HTTP/1.1" 200 900 "-" "Firefox"
203.0.113.9 - opt-0417 [18/Jan/2024:10:01:05 +0000] "GET /droits?numero=2850675000456 HTTP/1.1" 200 850 "-" "Firefox"
203.0.113.9 - opt-0417 [18/Jan/2024:10:01:06 +0000] "GET /statique/a.css HTTP/1.1" 200 120 "-" "Firefox"
198.51.100.7 - opt-0552 [18/Jan/2024:10:30:00 +0000] "GET /droits?numero=1900175000789 HTTP/1.1" 200 870 "-" "Safari"
198.51.100.7 - opt-0552 [18/Jan/2024:10:30:00 +0000] "GET /droits?numero=1900175000789 HTTP/1.1" 200 870 "-" "Safari"
"""

DECLARED = f"""
[case]
id = "small"
timezone = "Europe/Paris"

[[operator]]
name = "Viareso"

[[screen]]
match = "^/statique/"
action = "static"

[[screen]]
match = "^/droits"
action = "rights"
tier = "displayed"
fields = ["civil_status"]

{LOG_SOURCE}
[[source]]
id = "register"
operator = "Viareso"
kind = "register"
path = "evidence/register.parquet"
format = "parquet"
[source.fields]
beneficiary_number = "beneficiary"
holder_number = "holder"
birth_date = "born"
birth_rank = "rank"
last_name = "last"
first_name = "first"
card_number = "card"
insurer_id = "insurer"

[[source]]
id = "accounts"
operator = "Viareso"
kind = "accounts"
path = "evidence/accounts.parquet"
format = "parquet"
[source.fields]
account_id = "account"
profession = "profession"
company_name = "company"
siret = "siret"

[[source]]
id = "claims"
operator = "Viareso"
kind = "claims"
path = "evidence/claims.parquet"
format = "parquet"
timezone = "UTC"
[source.fields]
account_id = "account"
submitted_at = "at"
holder_number = "holder"
birth_date = "born"
birth_rank = "rank"

{COUNTERS_SOURCE}"""


def table(text: str) -> pl.DataFrame:
    """Read a small text table: names, then rows; dates and times are typed, a lone '.' is nothing."""
    names, *rows = [line.split() for line in text.strip().splitlines()]
    typed = [
        [None if cell == "." else _typed(name, cell) for name, cell in zip(names, row, strict=True)] for row in rows
    ]
    return pl.DataFrame(typed, schema=names, orient="row")


def _typed(name: str, cell: str) -> Any:
    if name == "born":
        return date.fromisoformat(cell)
    if name in ("at", "start"):
        return datetime.fromisoformat(cell)
    return int(cell) if name in ("minutes", "requests") else cell


def file_digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def made_small(folder: Path) -> Path:
    case = folder / "case"
    evidence = case / "evidence"
    evidence.mkdir(parents=True)
    (case / "case.toml").write_text(DECLARED, encoding="utf-8")
    (evidence / "access.log").write_text(LOG, encoding="utf-8")
    for name, text in (("register", REGISTER), ("accounts", ACCOUNTS), ("claims", CLAIMS), ("counters", COUNTERS)):
        table(text).write_parquet(evidence / f"{name}.parquet")
    (folder / "case.key").write_text("ab" * 32 + "\n")
    (folder / "case.key").chmod(0o600)
    return case


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A case of four people, two accounts and five requests, beside a key; nothing has run yet."""
    return made_small(tmp_path / "small")


@pytest.fixture(scope="session")
def run_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    case = made_small(tmp_path_factory.mktemp("finished"))
    run_case(load(case), case.with_name("case.key"), lambda _: None)
    return case


@pytest.fixture
def finished(small: Path, run_once: Path) -> Path:
    """The small case after a run."""
    shutil.rmtree(small)
    shutil.copytree(run_once, small)
    return small


@pytest.fixture
def declare(small: Path) -> Callable[..., None]:
    """Replace a piece of the small case's case.toml."""

    def replaced(old: str, new: str) -> None:
        text = (small / "case.toml").read_text(encoding="utf-8")
        assert text.count(old) >= 1
        (small / "case.toml").write_text(text.replace(old, new, 1), encoding="utf-8")

    return replaced


class Ended:
    """How a command ended, and what it said."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """Run `forensics ...` in this process."""
    monkeypatch.delenv("FORENSICS_KEY_FILE", raising=False)

    def run(*arguments: object) -> Ended:
        capfd.readouterr()
        try:
            code = cli._run([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return Ended(code, out, err)

    return run


@pytest.fixture
def digests() -> Callable[[Path], dict[str, str]]:
    return file_digests


@pytest.fixture(scope="session")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    """Give a folder with case/, case.key and truth/ in a format; made once, to be copied and never written."""
    made: dict[str, Path] = {}

    def give(form: str) -> Path:
        if form not in made:
            out = tmp_path_factory.mktemp("generated") / form
            assert generator(["generate", "--preset", "tiny", "--seed", "7", "--format", form, "--out", str(out)]) == 0
            made[form] = out
        return made[form]

    yield give
    for folder in made.values():
        shutil.rmtree(folder)


@pytest.fixture
def copied(generated: Callable[[str], Path], tmp_path: Path) -> Callable[..., Path]:
    """Copy a generated case (without its truth) and return the case folder."""

    def copy(form: str, name: str = "copy") -> Path:
        target = tmp_path / name
        shutil.copytree(generated(form) / "case", target / "case")
        shutil.copy(generated(form) / "case.key", target / "case.key")
        return target / "case"

    return copy
