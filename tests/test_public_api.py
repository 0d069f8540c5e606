"""The library as an analyst imports it: a short list of names, frozen, light to import, with an example that runs."""

from __future__ import annotations

import doctest
import subprocess
import sys

import polars as pl
import pytest

import forensics as fx
from forensics.laboratory import case_folder

DEMO_IS_THERE = "the demo case is made by `make demo`, which `make test` runs first"


def test_the_public_names_are_these_and_no_others():
    assert fx.__all__ == [
        "Case", "CaseError", "EvidenceError", "ForensicsError", "Interval", "Results", "UnavailableError",
        "VerificationError", "case_folder", "desk", "figures", "load", "open_case", "pseudonym", "run", "sentences",
        "tables", "three_numbers", "timeline", "verify",
    ]  # fmt: skip


def test_every_public_name_says_what_it_is():
    assert [name for name in fx.__all__ if not getattr(fx, name).__doc__] == []


def test_the_example_of_the_package_runs():
    assert (case_folder() / "results" / "manifest.json").is_file(), DEMO_IS_THERE
    assert doctest.testmod(fx) == doctest.TestResults(failed=0, attempted=4)


def test_importing_the_library_loads_nothing_heavy():
    heavy = "{'matplotlib', 'pandera', 'scipy', 'duckdb', 'pandas', 'jupyterlab'}"
    code = f"import sys, forensics; print(sorted({heavy} & set(sys.modules)))"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert told.stdout == "[]\n"


def test_a_person_counted_walks_back_to_a_line_of_a_file():
    results = fx.load(case_folder())
    first = results.table("exposure").sort("first_seen_at", "first_request_id").row(0, named=True)
    traced = results.trace(first["first_request_id"])
    evidence = case_folder() / traced["path"]
    row = pl.scan_parquet(evidence).slice(traced["line"] - 1, 1).collect()
    assert row.height == 1
    assert row["heure"][0] == first["first_seen_at"]


def test_a_request_of_no_source_cannot_be_walked_back():
    with pytest.raises(fx.CaseError, match="in no file of the manifest"):
        fx.load(case_folder()).trace(99 * 2**40 + 1)


def test_a_table_that_does_not_exist_is_refused_by_name():
    with pytest.raises(fx.CaseError, match="there is no results table 'people'"):
        fx.load(case_folder()).table("people")


def test_a_case_without_results_says_how_to_get_them(tmp_path):
    with pytest.raises(fx.CaseError, match="forensics run"):
        fx.load(tmp_path)
