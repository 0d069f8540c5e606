"""Does the method recover the truth? Generate, analyse and score whole incidents, and print one row each.

    python -m benchmarks.recovery --seeds 1020-1024 --scenarios list_walk quiet

A case whose score is there already is not made again, so that a study that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HEAD = (
    "scenario", "seed", "requests found", "requests accused wrongly", "honest accounts accused", "certain",
    "truth", "interval", "envelope", "intervals that hold", "campaigns B³ F1",
)  # fmt: skip


def study(preset: str, scenario: str, seed: int, folder: Path) -> dict[str, Any]:
    """Generate, analyse and score one incident; return its score, its summary and its truth."""
    place = folder / f"{preset}-{scenario}-{seed}"
    if not (place / "score.json").is_file():
        generator = [sys.executable, "-m", "synthetic_data"]
        what = ["--preset", preset, "--scenario", scenario, "--seed", str(seed), "--out", str(place)]
        for command in (
            [*generator, "generate", *what],
            [sys.executable, "-m", "forensics", "run", str(place / "case")],
            [*generator, "score", str(place)],
        ):
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603 (our own commands)
    found = {"score": place / "score.json", "summary": place / "case" / "results" / "summary.json"}
    return {name: json.loads(path.read_text(encoding="utf-8")) for name, path in found.items()}


def row(scenario: str, seed: int, found: dict[str, Any]) -> list[str]:
    """Return one row of the table."""
    score, whole = found["score"], found["summary"]["estimates"][0]
    requests, estimates = score["requests"], score["estimates"]
    held = sum(1 for one in estimates if one["covered"] is not False and one["envelope_covered"])
    return [
        scenario,
        str(seed),
        _share(requests["recall"]),
        _share(None if requests["precision"] is None else 1 - requests["precision"]),
        f"{score['accounts']['accused']} of {score['accounts']['honest']:,}",
        f"{whole['certain']:,}",
        f"{estimates[0]['truth']:,}",
        "bounds only" if whole["low"] is None else f"{whole['low']:,} to {whole['high']:,}",
        f"{whole['envelope_low']:,} to {whole['envelope_high']:,}",
        f"{held} of {len(estimates)}",
        "none" if score["campaigns"]["bcubed_f1"] is None else f"{score['campaigns']['bcubed_f1']:.3f}",
    ]


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.2%}"


def main() -> None:
    """Print the table, in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="demo")
    parser.add_argument("--scenarios", nargs="+", default=["list_walk"])
    parser.add_argument("--seeds", default="1020-1024", help="first-last, both included; judging seeds are 1000 and up")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "forensics-recovery")
    options = parser.parse_args()
    first, last = (int(part) for part in options.seeds.split("-"))
    print(f"| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}")
    for scenario in options.scenarios:
        for seed in range(first, last + 1):
            found = study(options.preset, scenario, seed, options.folder)
            print(f"| {' | '.join(row(scenario, seed, found))} |", flush=True)


if __name__ == "__main__":
    main()
