"""What a case was made from, and the safe place it is made in."""

from __future__ import annotations

import hashlib
import json
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from synthetic_data import VERSION
from synthetic_data.presets import Preset

UNFINISHED = "UNFINISHED"  # stands in a folder until it is whole


class UsageError(ValueError):
    """What was asked for cannot be: one line says why and what is offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Everything a case's bytes depend on."""

    preset: str
    scenario: str
    damage: str
    seed: int
    format: str

    def name(self) -> str:
        """Give a name for the case that does not tell the scenario: SYN-DEMO-7."""
        return f"SYN-{self.preset}-{self.seed}".upper()


def code_digest() -> str:
    """SHA-256 over this package's source files, in the order of their names."""
    digest = hashlib.sha256()
    root = Path(__file__).parent
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def described(recipe: Recipe) -> dict[str, str | int]:
    """Give the recipe with the generator's version and code."""
    return {**asdict(recipe), "generator_version": VERSION, "generator_sha256": code_digest()}


def write_recipe(folder: Path, recipe: Recipe) -> None:
    """Write truth/recipe.json: the recipe and the names of all other files."""
    names = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.name != UNFINISHED
    )
    text = json.dumps({**described(recipe), "files": names}, indent=2, sort_keys=True)
    (folder / "truth" / "recipe.json").write_text(text + "\n", encoding="utf-8")


def already_made(folder: Path, recipe: Recipe) -> bool:
    """Whether `folder` holds exactly this case with all its files."""
    try:
        found = json.loads((folder / "truth" / "recipe.json").read_text(encoding="utf-8"))
        names = found.pop("files")
        return found == described(recipe) and all((folder / name).is_file() for name in names)
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return False


def made_by_generator(folder: Path) -> bool:
    """Whether `folder` is a case of ours: a case declared synthetic with its truth beside it."""
    try:
        declared = tomllib.loads((folder / "case" / "case.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return declared.get("case", {}).get("synthetic") is True and (folder / "truth").is_dir()


def room_for(preset: Preset, bytes_a_line: int, out: Path) -> None:
    """Raise OSError when the disk of `out` has not the room that a case of a preset takes.

    bytes_a_line: of the logs, in their format.
    """
    place = out.resolve()
    while not place.exists():
        place = place.parent
    # Measured and rounded up: beside the logs 25 bytes a request and 75 a person, truth included.
    needed = (bytes_a_line + 25) * preset.requests + 75 * preset.people
    free = shutil.disk_usage(place).free
    if free < needed:
        raise OSError(
            f"--out {out}: expected {needed / 1e9:,.1f} GB free on its disk, found {free / 1e9:,.1f} GB; "
            "make room or choose another disk"
        )


@contextmanager
def replaced_at_end(folder: Path) -> Iterator[Path]:
    """Yield an empty sibling folder that takes `folder`'s place if the block succeeds.

    Raises UsageError when `folder` holds something the generator did not make.
    """
    folder = folder.resolve()
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--out {folder}: expected a folder, found a file; choose another folder")
    if folder.is_dir() and any(folder.iterdir()) and not made_by_generator(folder):
        raise UsageError(
            f"--out {folder}: the folder is not empty and holds no case made by this generator; "
            "choose another folder or empty it"
        )
    partial, old = (folder.with_name(folder.name + ending) for ending in (".partial", ".replaced"))
    for leftover in (partial, old):
        if leftover.exists() and not ((leftover / UNFINISHED).is_file() or made_by_generator(leftover)):
            raise UsageError(f"--out {folder}: {leftover} is in the way and was not made here; move it away")
        shutil.rmtree(leftover, ignore_errors=True)
    partial.mkdir(parents=True)
    (partial / UNFINISHED).touch()
    try:
        yield partial
        (partial / UNFINISHED).unlink()
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    if folder.exists():
        folder.rename(old)
    partial.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
