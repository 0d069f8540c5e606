"""Invented cases: the same bytes every time, declared as they are, telling nobody what the truth is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from synthetic_cases import OPERATORS, accounts, evidence, generate, pages, truth

from forensics.vocabulary import EVIDENCE_FIELDS
from synthetic_data.__main__ import main

Digests = Callable[[Path], dict[str, str]]
FORMATS = ("parquet", "combined", "ecs", "partial")
EVERYTHING = "torn_lines,duplicates,random_loss:0.1,clock_skew,mixed_timezones,register_defects"


@pytest.fixture(scope="module")
def tiny(generated: Callable[[str], Path]) -> Path:
    return generated("parquet")


def generate_elsewhere(out: Path, *options: str, threads: int) -> Path:
    """Make a case in another process, with another hash seed, time zone and number of threads."""
    command = [sys.executable, "-m", "synthetic_data", "generate", "--preset", "tiny", "--seed", "7", *options]
    settings = {"POLARS_MAX_THREADS": str(threads), "PYTHONHASHSEED": str(threads), "TZ": "Asia/Tokyo"}
    done = subprocess.run(
        [*command, "--out", str(out)], check=False, env={**os.environ, **settings}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return out


def test_the_same_seed_gives_the_same_bytes_whatever_the_threads_the_hash_seed_and_the_time_zone(
    tiny: Path, tmp_path: Path, digests: Digests
):
    again = generate_elsewhere(tmp_path / "again", threads=1)
    assert digests(again) == digests(tiny)


def test_damages_and_other_formats_give_the_same_bytes_with_one_and_two_threads(tmp_path: Path, digests: Digests):
    options = ("--scenario", "national_2024", "--format", "partial", "--damage", EVERYTHING)
    one, two = (generate_elsewhere(tmp_path / str(n), *options, threads=n) for n in (1, 2))
    assert digests(one) == digests(two)


def test_another_seed_gives_another_case(tiny: Path, tmp_path: Path, digests: Digests):
    before, after = digests(tiny), digests(generate(tmp_path / "other", seed=12))
    assert set(before) == set(after)
    assert [name for name in before if before[name] == after[name]] == []


def test_a_case_holds_evidence_declaration_key_and_truth_and_nothing_else(tiny: Path, digests: Digests):
    names = ("access", "accounts", "claims", "counters", "register")
    assert set(digests(tiny)) == {
        "case.key", "case/case.toml",
        *(f"case/evidence/{operator}/{name}.parquet" for operator in OPERATORS for name in names),
        *(f"truth/{name}.parquet" for name in ("accounts", "people", "requests")),
        "truth/recipe.json", "truth/summary.json",
    }  # fmt: skip


# What is declared


@pytest.mark.parametrize("form", FORMATS)
def test_the_case_file_maps_fields_that_exist_to_columns_that_exist_and_seals_every_file(
    form: str, generated: Callable[[str], Path], digests: Digests
):
    folder = generated(form) / "case"
    declared = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
    logs = 3 if form == "partial" else 1
    assert len(declared["source"]) == 2 * (logs + 4)
    assert {source["path"]: source["sha256_at_seizure"] for source in declared["source"]} == {
        name: digest for name, digest in digests(folder).items() if name != "case.toml"
    }
    assert len({source["exhibit"] for source in declared["source"]}) == len(declared["source"])
    for source in declared["source"]:
        known = EVIDENCE_FIELDS[source["kind"]]
        assert set(source["fields"]) <= set(known)
        assert {name for name, required in known.items() if required} <= set(source["fields"])
        if source["format"] == "parquet":
            assert set(source["fields"].values()) <= set(pl.read_parquet_schema(folder / source["path"]))


def test_the_case_says_that_it_is_synthetic_when_it_was_clean_and_when_somebody_suspected_something(tiny: Path):
    declared = tomllib.loads((tiny / "case" / "case.toml").read_text(encoding="utf-8"))["case"]
    first = pages(tiny).filter("is_scraping")["heure"].min()
    assert declared["synthetic"] is True
    assert "personne n'existe" in declared["title"]
    assert declared["clean_until"] == datetime(2024, 1, 15, tzinfo=UTC)
    assert declared["suspected_from"] == first.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)  # type: ignore[union-attr]
    assert declared["id"] == "SYN-TINY-7"


def test_insurers_are_declared_with_their_people_at_each_operator(tiny: Path):
    declared = tomllib.loads((tiny / "case" / "case.toml").read_text(encoding="utf-8"))["insurer"]
    found = truth(tiny, "people").group_by("operator", "insurer").len()
    assert {(entry["operator"].lower(), entry["id"]): entry["members"] for entry in declared} == {
        (operator, insurer): count for operator, insurer, count in found.iter_rows()
    }
    assert all(re.fullmatch(r"00\d{6}", entry["id"]) for entry in declared)


def test_screens_name_every_address_of_the_log(tiny: Path):
    declared = tomllib.loads((tiny / "case" / "case.toml").read_text(encoding="utf-8"))
    for operator in OPERATORS:
        patterns = [s["match"] for s in declared["screen"] if s["operator"].lower() == operator]
        paths = evidence(tiny, "access").filter(pl.col("operator") == operator)["chemin"].unique()
        assert all(sum(bool(re.search(p, path)) for p in patterns) == 1 for path in paths)


def test_accounts_listed_are_all_those_opened_before_the_end_of_the_log(tiny: Path):
    listed = accounts(tiny)
    assert len(listed) == len(truth(tiny, "accounts")) == 150 + 2 * 7
    assert listed["ouvert_le"].max() < datetime(2024, 1, 29)  # type: ignore[operator]
    asked = evidence(tiny, "access").select("operator", "compte").unique()
    assert len(asked.join(listed, on=["operator", "compte"], how="anti")) == 0


# What is not


def test_nothing_in_the_case_tells_which_requests_are_the_robots(tiny: Path, tmp_path: Path):
    quiet = generate(tmp_path / "quiet", "--scenario", "quiet")
    assert evidence(tiny, "access").columns == evidence(quiet, "access").columns
    assert evidence(tiny, "accounts").columns == evidence(quiet, "accounts").columns
    words = ("scrap", "robot", "truth", "list_walk", "campaign-", "phish", "pattern", "batch")
    for case in (tiny, quiet):
        assert not any(word in (case / "case" / "case.toml").read_text().lower() for word in words)
    rows = pages(tiny)
    for column in ("statut", "serveur", "methode", "chemin", "navigateur"):
        honest = set(rows.filter(~pl.col("is_scraping"))[column])
        assert set(rows.filter("is_scraping")[column]) <= honest


def test_the_name_of_a_case_does_not_tell_its_scenario(tmp_path: Path):
    made = generate(tmp_path / "made", "--scenario", "burst", "--damage", "random_loss")
    declared = (made / "case" / "case.toml").read_text(encoding="utf-8").lower()
    assert 'id = "syn-tiny-7"' in declared
    assert not any(word in declared for word in ("burst", "random", "loss", "[[outage]]"))


def test_the_key_is_64_hexadecimal_digits_for_its_owner_alone(tiny: Path):
    key = tiny / "case.key"
    assert re.fullmatch(r"[0-9a-f]{64}\n", key.read_text())
    assert key.stat().st_mode & 0o777 == 0o600


def test_the_list_describes_presets_scenarios_damages_and_formats_in_a_line_each(capsys):
    assert main(["list"]) == 0
    told = capsys.readouterr().out
    lines = {line.split()[0]: line for line in told.splitlines() if line.startswith("  ")}
    assert {
        "tiny", "demo", "regional", "national",
        "quiet", "list_walk", "nir_guessing", "contract_walk", "listing_pages", "burst", "slow_many_accounts",
        "rotating_addresses", "shared_account", "restarted_walk", "picks_real_patients", "active_from_day_one",
        "two_operators", "national_2024", "national_2024:perimeter_only", "national_2024:lines_not_people",
        "random_loss", "server_day_lost", "total_outage", "rotated_away", "size_dependent_loss", "keys_not_logged",
        "duplicates", "clock_skew", "torn_lines", "mixed_timezones", "register_defects",
        "parquet", "combined", "ecs", "partial",
    } == set(lines)  # fmt: skip
    assert all(len(line.split()) >= 5 for line in lines.values())
