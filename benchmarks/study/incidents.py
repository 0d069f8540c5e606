"""One incident: made, analysed, scored, given to the baselines, and deleted; only what was found of it stays."""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.baselines import BASELINES, NEEDS
from benchmarks.baselines.hindsight import curve, true_lookups
from benchmarks.study.plans import QUIET, Incident
from forensics.custody import code_digest
from synthetic_data.recipe import code_digest as generator_digest
from synthetic_data.score import read_inputs, score_case

Found = dict[str, Any]


class FailedError(RuntimeError):
    """A command of an incident failed; says which, and its last words."""


def codes() -> dict[str, str]:
    """SHA-256 of the code that what was found depends on."""
    return {"forensics": code_digest(), "synthetic_data": generator_digest()}


def read(folder: Path, incident: Incident) -> Found | None:
    """Read what was found of an incident; None where it was not studied yet."""
    kept = folder / f"{incident.name()}.json"
    return json.loads(kept.read_text(encoding="utf-8")) if kept.is_file() else None


@contextmanager
def place_of_work(folder: Path, part: str) -> Iterator[Path]:
    """Give an empty place to make incidents in, which nobody else uses; what a killed study left there goes.

    Raises:
        FailedError: another study makes the same part in the same folder.
    """
    place = folder / f"making-{part.replace('/', '-of-')}"
    place.mkdir(parents=True, exist_ok=True)
    with (folder / f"{place.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FailedError(f"{folder}: another study makes part {part} here; give this one another --part") from None
        shutil.rmtree(place)
        place.mkdir()
        try:
            yield place
        finally:
            shutil.rmtree(place, ignore_errors=True)


def study(incident: Incident, folder: Path, place: Path, baselines: Sequence[str]) -> Found:
    """Make, analyse and score one incident below `place`, and keep what was found in `folder`: whole or not at all.

    Raises:
        FailedError: a command failed.
    """
    with tempfile.TemporaryDirectory(dir=place) as made:
        outcome = _outcome(incident, Path(made) / "incident", baselines)
    kept = folder / f"{incident.name()}.json"
    partial = kept.with_suffix(".partial")
    partial.write_text(json.dumps(outcome, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(kept)
    return outcome


def _outcome(incident: Incident, made: Path, baselines: Sequence[str]) -> Found:
    what = ["--preset", incident.preset, "--scenario", incident.scenario, "--damage", incident.damage]
    generate = ["synthetic_data", "generate", *what, "--seed", str(incident.seed), "--out", str(made)]
    used = {
        "generate": run(generate, made),
        "analyse": run(["forensics", "analyse", str(made / "case")], made),  # ingests first: one start, one hashing
    }
    results = made / "case" / "work" / "analysis"
    began = time.perf_counter()
    inputs = read_inputs(made, results)
    score = score_case(inputs)
    used["score"] = {"seconds": round(time.perf_counter() - began, 2)}
    return {
        "incident": asdict(incident),
        "code": codes(),
        "used": used,
        "score": score,
        "summary": inputs["estimates"],
        "people_shown": int(inputs["requests"].filter("is_scraping")["n_people_shown"].sum()),
        "baselines": {} if incident.scenario == QUIET else _baselines(made, inputs, baselines),
    }


def run(command: Sequence[str], made: Path) -> dict[str, float]:
    """Run one of our own modules; give its wall and processor seconds and its peak memory.

    Raises:
        FailedError: it failed.
    """
    with made.with_name("told.txt").open("w+", encoding="utf-8") as told:
        began = time.perf_counter()
        running = subprocess.Popen(  # noqa: S603 (our own commands)
            [sys.executable, "-m", *command], stdout=subprocess.DEVNULL, stderr=told
        )
        try:
            _, status, usage = os.wait4(running.pid, 0)
        except BaseException:
            running.kill()
            running.wait()
            raise
        running.returncode = os.waitstatus_to_exitcode(status)
        if running.returncode:
            told.seek(0)
            last = " / ".join(told.read().splitlines()[-3:])
            raise FailedError(f"{command[0]} {command[1]} ended with {running.returncode}: {last}")
    return {
        "seconds": round(time.perf_counter() - began, 2),
        "processor_seconds": round(usage.ru_utime + usage.ru_stime, 2),
        "peak_mb": round(usage.ru_maxrss / 1024),
    }


def available(names: Sequence[str]) -> list[str]:
    """Those of the baselines whose package is installed."""
    return [name for name in names if name not in NEEDS or importlib.util.find_spec(NEEDS[name])]


def _baselines(made: Path, inputs: dict[str, Any], names: Sequence[str]) -> Found:
    """Each baseline's variants, `curve` of each, and the seconds that it took."""
    work = made / "case" / "work"
    requests, returned = (pl.read_parquet(work / f"{name}.parquet") for name in ("requests", "returned_people"))
    true = true_lookups(requests, inputs["requests"], inputs["accounts"])
    given = {}
    for name in available(names):
        began = time.perf_counter()
        curves = {variant: curve(scored, true) for variant, scored in BASELINES[name](requests, returned).items()}
        given[name] = {"seconds": round(time.perf_counter() - began, 2), "variants": curves}
    return given
