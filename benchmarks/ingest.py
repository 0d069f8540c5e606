"""Ingest beside what a user would take instead, and beside reading the same once: python -m benchmarks.ingest.

    python -m benchmarks.ingest text LOG.gz --copies 10 100     # a real combined log, over and over with later days
    python -m benchmarks.ingest parquet --millions 2 20         # invented requests with a register

Text: GoAccess (Debian's package) sums the same file up into JSON; ingest hashes it, checks every line, puts keys in the
place of whoever is named and writes the canonical tables. Each way is a process of its own, one after the other; the
memory is the largest that the process ever held. Absolute times are those of one machine; the ratio is what counts.
"""

from __future__ import annotations

import argparse
import gzip
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from synthetic_data.generate import generate
from synthetic_data.presets import PRESETS
from synthetic_data.recipe import Recipe

ROOT = Path(__file__).parents[1]
DAY = re.compile(rb"\[(\d\d/\w{3}/\d{4}):")
MEASURE = """
import resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e9)
"""
"""Runs a command in a process of its own and prints its seconds and the largest memory, in GB, of any child."""


def measured(command: list[str]) -> tuple[float, float]:
    """Return the seconds and the largest memory, in GB, of a command."""
    told = subprocess.run([sys.executable, "-c", MEASURE, *command], check=True, capture_output=True, text=True)  # noqa: S603
    seconds, memory = map(float, told.stdout.split())
    return seconds, memory


def later(log: Path, copies: int, target: Path) -> int:
    """Write a log over and over, each time its own length of days later, and return how many lines."""
    text = gzip.decompress(log.read_bytes())
    days = {day: datetime.strptime(day.decode(), "%d/%b/%Y") for day in set(DAY.findall(text))}
    length = max(days.values()) - min(days.values()) + timedelta(days=1)
    with target.open("wb") as file:
        for copy in range(copies):
            shifted = {day: (at + copy * length).strftime("%d/%b/%Y").encode() for day, at in days.items()}
            file.write(DAY.sub(lambda found, shifted=shifted: b"[" + shifted[found.group(1)] + b":", text))
    return copies * text.count(b"\n")


def web_case(folder: Path) -> Path:
    """Make the case of a public web log, without evidence."""
    case = folder / "case"
    (case / "evidence").mkdir(parents=True)
    declared = (ROOT / "examples" / "own-log" / "case.toml").read_text(encoding="utf-8")
    (case / "case.toml").write_text(declared.replace("*.log.gz", "*.log"), encoding="utf-8")
    return case


def text(log: Path, copies: list[int]) -> None:
    """Print the table of a real log, in Markdown."""
    print("| lines | MB | ingest s | memory GB | GoAccess s | memory GB | GoAccess / ingest |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for times in copies:
        folder = Path(tempfile.mkdtemp(prefix="forensics-bench-"))
        try:
            case = web_case(folder)
            evidence = case / "evidence" / "web.log"
            lines = later(log, times, evidence)
            ours = measured([sys.executable, "-m", "forensics", "ingest", str(case)])
            peer = measured(
                ["goaccess", str(evidence), "--log-format=COMBINED", "--no-progress", "-o", str(folder / "out.json")]
            )
            size = evidence.stat().st_size / 1e6
            print(
                f"| {lines:,} | {size:,.0f} | {ours[0]:.1f} | {ours[1]:.2f} | {peer[0]:.1f} | {peer[1]:.2f} "
                f"| {peer[0] / ours[0]:.1f} |",
                flush=True,
            )
        finally:
            shutil.rmtree(folder)


def parquet(millions: list[float]) -> None:
    """Print the table of invented requests with a register of a tenth as many people, in Markdown."""
    print("| requests | people | ingest s | µs a request | memory GB | reading once s | ingest / reading |")
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for size in millions:
        folder = Path(tempfile.mkdtemp(prefix="forensics-bench-"))
        try:
            requests, people = invented(size, folder)
            ours = measured([sys.executable, "-m", "forensics", "ingest", str(folder / "case")])
            began = time.perf_counter()
            read_once(folder / "case")
            floor = time.perf_counter() - began
            print(
                f"| {requests:,} | {people:,} | {ours[0]:.1f} | {ours[0] / requests * 1e6:.2f} | {ours[1]:.1f} "
                f"| {floor:.1f} | {ours[0] / floor:.0f} |",
                flush=True,
            )
        finally:
            shutil.rmtree(folder)


def invented(millions: float, folder: Path) -> tuple[int, int]:
    """Generate requests and a register of a tenth as many people, without claims; return how many of each."""
    national = PRESETS["national"]
    people = round(millions * 1e5)
    PRESETS["scaled"] = replace(
        national,
        name="scaled",
        people=people,
        accounts=round(national.accounts * millions / 200),
        requests=round(millions * 1e6),
        phished=max(2, round(national.phished * millions / 200)),
    )
    recipe = Recipe(preset="scaled", scenario="national_2024", damage="none", seed=1, format="parquet")
    generate(recipe, folder, lambda _: None)
    declared = folder / "case" / "case.toml"
    blocks = re.split(r"(?m)^(?=\[\[)", declared.read_text(encoding="utf-8"))
    kept = "".join(block for block in blocks if 'kind = "claims"' not in block)
    declared.write_text(kept, encoding="utf-8")
    sources = tomllib.loads(kept)["source"]
    logs = [folder / "case" / source["path"] for source in sources if source["kind"] == "access_log"]
    registers = [folder / "case" / source["path"] for source in sources if source["kind"] == "register"]
    rows = [pl.scan_parquet(paths).select(pl.len()).collect().item() for paths in (logs, registers)]
    return rows[0], rows[1]


def read_once(case: Path) -> None:
    """Read every column of the evidence once, in pieces."""
    for path in sorted((case / "evidence").rglob("*.parquet")):
        with pq.ParquetFile(path) as file:
            for _ in file.iter_batches(batch_size=1_000_000):
                pass


def main() -> None:
    """Print the table that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(required=True, dest="what")
    of_text = what.add_parser("text")
    of_text.add_argument("log", type=Path)
    of_text.add_argument("--copies", nargs="+", type=int, default=[10])
    of_parquet = what.add_parser("parquet")
    of_parquet.add_argument("--millions", nargs="+", type=float, default=[2, 20])
    options = parser.parse_args()
    if options.what == "text":
        text(options.log, options.copies)
    else:
        parquet(options.millions)


if __name__ == "__main__":
    main()
