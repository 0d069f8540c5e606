"""Walls: what may import what, what the wheel holds, and what must not change a result."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from forensics.case import load
from forensics.pipeline import analyse, run

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
Copied = Callable[..., Path]
Digests = Callable[[Path], dict[str, str]]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / "lint-imports"), "--no-cache", "--no-logo"], cwd=folder, capture_output=True, text=True, check=False
    )


def test_every_wall_stands():
    ended = lint(ROOT)
    assert ended.returncode == 0, ended.stdout
    assert "4 kept, 0 broken" in ended.stdout


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("forensics/evidence/ingest.py", "import synthetic_data.truth", "The analysis cannot know the truth"),
        ("synthetic_data/portal.py", "import forensics.settings", "The generator knows the analysis's words"),
        ("forensics/sessions.py", "import forensics.exposure", "Stages import downwards only"),
        ("forensics/custody.py", "import forensics.pipeline", "Stages import downwards only"),
        ("forensics/estimation/complete.py", "import polars", "What computes chances and intervals"),
        ("forensics/detection/decision.py", "import duckdb", "What computes chances and intervals"),
        ("forensics/stray.py", "", "Stages import downwards only"),
    ],
)
def test_a_wall_that_is_broken_is_named(tmp_path: Path, module: str, line: str, broken: str):
    for package in ("forensics", "synthetic_data"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / module).open("a") as file:
        file.write(f"\n{line}\n")
    ended = lint(tmp_path)
    assert ended.returncode != 0
    told = " ".join(ended.stdout.split()) + ended.stderr
    assert f"{broken}" in told
    assert "BROKEN" in told or "stray" in told


def analysed(case: Path) -> Path:
    run(load(case), case.with_name("case.key"), lambda _: None)
    return case / "results"


def test_neither_truth_nor_folder_nor_threads_change_a_byte(
    generated: Callable[[str], Path], copied: Copied, tmp_path: Path, digests: Digests
):
    beside_truth = tmp_path / "beside" / "truth"
    case = copied("parquet", "beside")
    text = (case / "case.toml").read_text(encoding="utf-8")
    (case / "case.toml").write_text(text + "\n[settings]\nthreads = 2\n", encoding="utf-8")
    shutil.copytree(generated("parquet") / "truth", beside_truth)
    before = digests(analysed(case))
    shutil.rmtree(beside_truth)
    shutil.rmtree(case / "work")
    (case / "case.toml").write_text(text + "\n[settings]\nthreads = 1\n", encoding="utf-8")
    elsewhere = case.parent.rename(tmp_path / "another folder") / "case"
    assert digests(analysed(elsewhere)) == before


def judged(case: Path) -> Path:
    analyse(load(case), case.with_name("case.key"), lambda _: None)
    return case / "work" / "analysis"


def without_seals(case: Path) -> None:
    lines = (case / "case.toml").read_text(encoding="utf-8").splitlines(keepends=True)
    (case / "case.toml").write_text("".join(x for x in lines if not x.startswith("sha256_at_")), encoding="utf-8")


def renamed(account: pl.Expr) -> pl.Expr:
    return pl.when(account.is_not_null()).then(pl.concat_str(pl.lit("z-"), account.str.reverse()))


def verdicts(results: Path, *, rename: bool) -> pl.DataFrame:
    columns = [
        "operator",
        "account_id",
        "client_ip",
        "user_agent",
        "started_at",
        "ended_at",
        "n_requests",
        "n_hits",
        "verdict",
    ]
    frame = pl.read_parquet(results / "sessions.parquet").select(columns)
    account = pl.col("account_id")
    return frame.with_columns((renamed(account) if rename else account).alias("account_id")).sort(columns)


def three_numbers(results: Path) -> list[dict[str, Any]]:
    return json.loads((results / "summary.json").read_text(encoding="utf-8"))["estimates"]


def test_order_of_lines_names_of_accounts_and_references_say_nothing(copied: Copied):
    case, other = copied("parquet", "first"), copied("parquet", "second")
    without_seals(other)
    for operator in ("verdanne", "ostrelis"):
        evidence = other / "evidence" / operator
        for name in ("access", "accounts", "claims"):
            table = pl.read_parquet(evidence / f"{name}.parquet").with_columns(
                renamed(pl.col("compte")).alias("compte")
            )
            if name == "access":
                drawn = pl.Series([f"{n:x}" for n in range(table.height)]).shuffle(seed=3)
                table = table.with_columns(drawn.alias("reference"))
            table.sample(fraction=1, shuffle=True, seed=1).write_parquet(evidence / f"{name}.parquet")
    first, second = judged(case), judged(other)
    assert verdicts(first, rename=True).equals(verdicts(second, rename=False))
    assert three_numbers(first) == three_numbers(second)
    assert set(verdicts(first, rename=False)["verdict"]) >= {"scraping", "honest"}


def test_the_order_of_the_lines_of_a_text_log_says_nothing(copied: Copied):
    case, other = copied("combined", "first"), copied("combined", "second")
    without_seals(other)
    for log in other.glob("evidence/*/access.log"):
        lines = pl.Series(log.read_text(encoding="utf-8").splitlines(keepends=True)).shuffle(seed=2)
        log.write_text("".join(lines), encoding="utf-8")
    first, second = judged(case), judged(other)
    assert verdicts(first, rename=False).equals(verdicts(second, rename=False))
    assert three_numbers(first) == three_numbers(second)


def test_a_wheel_of_the_analysis_alone_gives_the_same_bytes(tmp_path: Path, small: Path, digests: Digests):
    expected = digests(analysed(small))
    shutil.rmtree(small / "work")
    shutil.rmtree(small / "results")
    built = subprocess.run(
        [str(BIN / "hatchling"), "build", "-t", "wheel", "-d", str(tmp_path / "dist")],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=False)
    (site,) = environment.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
        names = archive.namelist()
    (parent,) = {path for path in sys.path if path.endswith("site-packages")}
    (site / "parent.pth").write_text(f"{parent}\n")
    wanted = ("sql/joins.sql", "report/template.html", "report/style.css", "case_template.toml")
    assert {f"forensics/{name}" for name in wanted} <= set(names)
    notebooks = {f"forensics/_notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert notebooks <= set(names)
    assert not any(name.startswith(("synthetic_data", "tests")) for name in names)

    def python(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(environment / "bin" / "python"), "-P", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    alone = python("-c", "import forensics; print(forensics.__file__); import synthetic_data")
    assert str(site) in alone.stdout
    assert "No module named 'synthetic_data'" in alone.stderr
    ended = python("-m", "forensics", "run", str(small))
    assert ended.returncode == 0, ended.stderr
    assert digests(small / "results") == expected
