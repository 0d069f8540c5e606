"""What does a request cost the generator, from a million to a whole country? One row a size.

    python -m benchmarks.generator --millions 1 10 50 200

Each size is the national preset made smaller in every respect (people, accounts, requests), with its
incident, in a process of its own: wall time, largest memory, bytes of evidence and truth. The ratio is
of the cost of a request, start-up left out, to that of the first row; start-up is a case of 20,000 requests.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from synthetic_data.generate import generate
from synthetic_data.presets import PRESETS
from synthetic_data.recipe import Recipe

HEAD = ("requests", "people", "wall s", "µs a request", "ratio", "memory GB", "disk GB", "bytes a request")
NATIONAL = PRESETS["national"]
START_UP = 0.02  # millions of requests


def made(millions: float, folder: Path) -> dict[str, float]:
    """Generate one size in this process and measure it."""
    share = millions * 1e6 / NATIONAL.requests
    preset = replace(
        NATIONAL,
        name="scaled",
        people=round(NATIONAL.people * share),
        accounts=round(NATIONAL.accounts * share),
        requests=round(NATIONAL.requests * share),
        phished=max(2, round(NATIONAL.phished * share)),
    )
    PRESETS["scaled"] = preset
    started = time.perf_counter()
    recipe = Recipe(preset="scaled", scenario="national_2024", damage="none", seed=1, format="parquet")
    generate(recipe, folder / "case", lambda line: print(line, file=sys.stderr, flush=True))
    wall = time.perf_counter() - started
    sizes = [path.stat().st_size for path in (folder / "case").rglob("*") if path.is_file()]
    counted = json.loads((folder / "case" / "truth" / "summary.json").read_text(encoding="utf-8"))
    return {
        "requests": counted["requests"]["total"],
        "people": preset.people,
        "wall": wall,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9,
        "disk": sum(sizes) / 1e9,
    }


def measured(millions: float) -> dict[str, float]:
    """Generate one size in a process of its own; what it wrote is deleted again."""
    folder = Path(tempfile.mkdtemp(prefix="forensics-generator-"))
    try:
        command = [sys.executable, "-m", "benchmarks.generator", "--one", str(millions), "--folder", str(folder)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603 (our own command)
        return json.loads(done.stdout)
    finally:
        shutil.rmtree(folder)


def main() -> None:
    """Print the table, in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millions", nargs="+", type=float, default=[1, 10])
    parser.add_argument("--one", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(made(options.one, options.folder)))
        return
    print(f"| {' | '.join(HEAD)} |\n|{'---:|' * len(HEAD)}")
    start_up, first = measured(START_UP)["wall"], None
    for millions in options.millions:
        found = measured(millions)
        cost = (found["wall"] - start_up) / found["requests"] * 1e6
        first = first or cost
        row = (
            f"{found['requests']:,.0f}", f"{found['people']:,.0f}", f"{found['wall']:.0f}", f"{cost:.2f}",
            f"{cost / first:.2f}", f"{found['memory']:.1f}", f"{found['disk']:.2f}",
            f"{found['disk'] * 1e9 / found['requests']:.0f}",
        )  # fmt: skip
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
