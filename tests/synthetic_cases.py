"""What the tests of the generator share: cases as tables, and shares with the error that chance allows."""

from __future__ import annotations

import json
from math import sqrt
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from synthetic_data.__main__ import main

OPERATORS = ("verdanne", "ostrelis")
SIGMAS = 4.5  # one true share in 150,000 is further off


def generate(out: Path, *options: str, preset: str = "tiny", seed: int = 7) -> Path:
    """Make a case through the command line."""
    assert main(["generate", "--preset", preset, "--seed", str(seed), *options, "--out", str(out)]) == 0
    return out


def near(share: float, *, of: int) -> Any:
    """A share that was drawn for `of` things on their own, give or take chance."""
    return pytest.approx(share, abs=SIGMAS * sqrt(share * (1 - share) / of))


def share(marked: pl.Series) -> float:
    return float(marked.to_numpy().mean())


def operators(case: Path) -> list[str]:
    return sorted(path.name for path in (case / "case" / "evidence").iterdir())


def evidence(case: Path, name: str, among: tuple[str, ...] = OPERATORS) -> pl.DataFrame:
    """All operators' files of one kind, with the operator's folder name."""
    tables = [
        pl.read_parquet(case / "case" / "evidence" / o / f"{name}.parquet").with_columns(operator=pl.lit(o))
        for o in among
    ]
    return pl.concat(tables)


def truth(case: Path, name: str) -> pl.DataFrame:
    """A table of the truth, operators named as the folders of evidence are."""
    return pl.read_parquet(case / "truth" / f"{name}.parquet").with_columns(pl.col("operator").str.to_lowercase())


def summary(case: Path) -> dict[str, Any]:
    return json.loads((case / "truth" / "summary.json").read_text(encoding="utf-8"))


def accounts(case: Path) -> pl.DataFrame:
    """Every account listed, with the pattern that only the truth knows."""
    known = truth(case, "accounts").rename({"account_id": "compte"})
    return evidence(case, "accounts").join(known, on=["operator", "compte"])


def pages(case: Path) -> pl.DataFrame:
    """Every line of an undamaged Parquet log in the order of time, with its truth and its account; local is Paris."""
    known = accounts(case).select("operator", "compte", "profession", "pattern", "cabinet", "ouvert_le")
    true = truth(case, "requests").select("request_ref", "is_scraping", "session", "n_people_shown")
    return (
        evidence(case, "access")
        .join(true, left_on="reference", right_on="request_ref")
        .join(known, on=["operator", "compte"], how="left")
        .with_columns(local=pl.col("heure") + pl.duration(hours=1))
        .sort("heure", "reference")
    )


def lookups(rows: pl.DataFrame) -> pl.DataFrame:
    """Those of `pages` that ask for somebody's rights."""
    return rows.filter(pl.col("chemin") == "/droits")
