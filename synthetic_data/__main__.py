"""The command line: generate an invented case, score an analysis against its truth, list what there is."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter, Token

from synthetic_data import VERSION

app = App(
    name="python -m synthetic_data",
    help="Invented cases with a known truth: no real person, company or address.",
    version=VERSION,
    version_flags=["--version"],
    suppress_keyboard_interrupt=False,  # main gives the exit code
)


def say(line: str) -> None:
    """One line of progress."""
    print(line, file=sys.stderr, flush=True)


def whole_number(_: type, tokens: Sequence[Token]) -> int:
    """Read a whole number; a fraction is refused, not cut off. Raises UsageError."""
    from synthetic_data.recipe import UsageError

    try:
        return int(tokens[0].value)
    except ValueError:
        raise UsageError(f"--seed {tokens[0].value}: expected a whole number from 0") from None


@app.command(name="generate")
def generate_command(
    *,
    out: Path,
    preset: str = "demo",
    scenario: str = "list_walk",
    damage: str = "none",
    seed: Annotated[int, Parameter(converter=whole_number)] = 2024,
    form: Annotated[str, Parameter(name="--format")] = "parquet",
    force: bool = False,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Write an invented case to OUT/case, its key to OUT/case.key and its truth to OUT/truth.

    Parameters
    ----------
    out
        Folder to write; a case made earlier by this command is replaced, anything else is refused.
    preset
        How large: see `list`.
    scenario
        Which robot: see `list`.
    damage
        What happened to the evidence, with its strength after a colon, several with commas: see `list`.
    seed
        Whole number; the same seed gives the same bytes.
    form
        Format of the access logs: see `list`.
    force
        Make it again even if it is there already.
    as_json
        Print the truth's summary for machines.

    """
    from synthetic_data.generate import check, generate
    from synthetic_data.recipe import Recipe, already_made

    recipe = Recipe(preset=preset, scenario=scenario, damage=damage, seed=seed, format=form)
    check(recipe)
    if already_made(out, recipe) and not force:
        say(f"{out}: this case is there already (--force makes it again)")
    else:
        generate(recipe, out, say)
    summary = json.loads((out / "truth" / "summary.json").read_text(encoding="utf-8"))
    if as_json:
        print(json.dumps(summary, sort_keys=True))
    else:
        print(f"{out / 'case'}: an invented case; what really happened is in {out / 'truth'}, which no analysis reads")
    return 0


@app.command(name="score")
def score_command(directory: Path, *, as_json: Annotated[bool, Parameter(name="--json", negative="")] = False) -> int:
    """Compare DIRECTORY/case/results with DIRECTORY/truth and write DIRECTORY/score.json.

    Parameters
    ----------
    directory
        Folder that `generate` wrote and `forensics run DIRECTORY/case` analysed.
    as_json
        Print the score for machines.

    """
    from synthetic_data.score import print_score, write_score

    score = write_score(directory)
    if as_json:
        print(json.dumps(score, sort_keys=True))
    else:
        print_score(score)
    return 0


@app.command(name="list")
def list_command() -> int:
    """Name the presets, scenarios, damages and formats."""
    from synthetic_data.damages import DAMAGES
    from synthetic_data.formats import FORMATS
    from synthetic_data.presets import PRESETS
    from synthetic_data.robots import SCENARIOS

    offers = {
        "presets (--preset)": {name: preset.about for name, preset in PRESETS.items()},
        "scenarios (--scenario)": {name: scenario.about for name, scenario in SCENARIOS.items()},
        "damages (--damage name[:strength][,name[:strength]...])": {
            name: f"{one.about}; strength: {one.unit}, {one.least:g} to {one.most:g}, {one.default:g} if not given"
            for name, one in DAMAGES.items()
        },
        "formats of the access logs (--format)": {name: form.about for name, form in FORMATS.items()},
    }
    width = max(len(name) for offered in offers.values() for name in offered)
    for title, offered in offers.items():
        print(title)
        for name, about in offered.items():
            print(f"  {name:{width}}  {about}")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return its exit code (0 done, 2 wrong usage, 5 cannot now, 130 interrupted)."""
    from synthetic_data.identifiers import CapacityError
    from synthetic_data.recipe import UsageError

    try:
        return app(arguments, exit_on_error=False, print_error=False, result_action="return_value") or 0
    except (CycloptsError, UsageError, CapacityError) as error:
        say(" ".join(str(error).split()))
        return 2
    except (OSError, MemoryError) as error:
        say(f"cannot now: {type(error).__name__}: {error}; nothing was left half-written, run it again")
        return 5
    except KeyboardInterrupt:
        say("interrupted; nothing was left half-written")
        return 130


if __name__ == "__main__":
    sys.exit(main())
