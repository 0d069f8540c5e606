"""How well are robots told from people? A study that resumes, and what a user would take instead beside it.

    python -m benchmarks.study --folder cases/study --plan all
    python -m benchmarks.study --folder cases/study --plan undamaged --seeds 1100-1109 --part 1/2
    python -m benchmarks.study --folder cases/study --plan all --print

Every incident is made, analysed (without the report), scored and deleted; a small JSON of what was found of it stays
in the folder, whole or not at all, so that a study that was stopped goes on where it was. One that was made by other
code is made again. --part K/N shares the incidents between N studies that run at once. Printed are Markdown tables
of everything in the plan that is there. Exit code 1: an incident could not be studied, and which one is said.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.baselines import BASELINES
from benchmarks.study import tables
from benchmarks.study.incidents import FailedError, available, codes, place_of_work, read, study
from benchmarks.study.plans import PLANS, Incident


def main(arguments: list[str] | None = None) -> int:
    """Study what is missing, then print the tables; return the exit code."""
    options = _options(arguments)
    seeds = None if options.seeds is None else _range(options.seeds)
    planned = {
        name: PLANS[name].incidents(seeds, options.preset, options.scenarios, options.damages)
        for name in (PLANS if options.plan == "all" else [options.plan])
    }
    failed = 0 if options.print else _study_missing(planned, options.folder, options.part, options.baselines)
    there = {
        name: [found for incident in incidents if (found := read(options.folder, incident)) is not None]
        for name, incidents in planned.items()
    }
    for line in tables.every(there, planned):
        print(line)
    return 1 if failed else 0


def _study_missing(planned: dict[str, list[Incident]], folder: Path, part: str, baselines: list[str]) -> int:
    """Study the incidents that are not there, each once; give how many could not be."""
    code, failed = codes(), 0
    number, of = (int(word) for word in part.split("/"))
    every = list(dict.fromkeys(incident for incidents in planned.values() for incident in incidents))
    with place_of_work(folder, part) as place:
        for incident in every[number - 1 :: of]:
            there = read(folder, incident)
            if there is not None and there["code"] == code and set(available(baselines)) <= _given(there):
                continue
            try:
                found = study(incident, folder, place, baselines)
            except FailedError as error:
                failed += 1
                print(f"{incident.name()}: {error}", file=sys.stderr, flush=True)
                continue
            seconds = sum(used["seconds"] for used in found["used"].values())
            print(f"{incident.name()}: {seconds:.0f} s", file=sys.stderr, flush=True)
    return failed


def _given(there: dict) -> set[str]:
    """Baselines an incident was given to; all of them where there was nobody to find."""
    return set(there["baselines"]) if there["people_shown"] else set(BASELINES)


def _range(text: str) -> list[int]:
    """Whole numbers from first to last, both included; or one alone."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.study", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, required=True, help="where what was found is kept")
    parser.add_argument("--plan", choices=[*PLANS, "all"], default="all")
    parser.add_argument("--seeds", help="first-last, both included, in place of the plan's; judging seeds are 1000 up")
    parser.add_argument("--preset", help="in place of the plan's")
    parser.add_argument("--scenarios", nargs="+", help="in place of the plan's")
    parser.add_argument("--damages", nargs="+", help="in place of the plan's; none: undamaged")
    parser.add_argument("--baselines", nargs="*", choices=list(BASELINES), default=list(BASELINES))
    parser.add_argument("--part", default="1/1", help="K/N: the Kth of N parts of the incidents")
    parser.add_argument("--print", action="store_true", help="study nothing; print the tables of what is there")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
