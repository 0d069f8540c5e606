"""A stage's tables, kept under a digest of what they were made from: unchanged, a second run takes them as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from forensics.custody import code_digest, digest_of, sha256_of, versions
from forensics.engine import write_text

Maker = tuple[str, dict[str, str]]
"""The digest of the code that made a table, and the versions it ran with."""


def keep(work: Path, name: str, made_from: object, make: Callable[[], list[Path]]) -> str:
    """Make a stage's tables unless they are there, whole and made from the same.

    Args:
        work: the folder of derived tables.
        name: the stage.
        made_from: everything its tables depend on beside the code: digests of inputs, settings, declaration.
        make: writes the tables, each whole or not at all, and returns their paths.

    Returns:
        The digest of the stage's tables, for the stages that read them.
    """
    if not is_kept(work, name, made_from):
        record(work, name, made_from, make())
    return digest_of({"stage": name, "tables": json.loads((work / f"{name}.json").read_text())["tables"]})


def record(work: Path, name: str, made_from: object, tables: list[Path]) -> None:
    """Record that a stage's tables are made, and from what."""
    digests = {path.relative_to(work).as_posix(): sha256_of(path) for path in tables}
    text = json.dumps({"made_from": _expected(name, made_from), "tables": digests}, indent=1, sort_keys=True)
    write_text(text, work / f"{name}.json")


def is_kept(work: Path, name: str, made_from: object, made_by: Maker | None = None) -> bool:
    """Tell whether a stage's tables are there, whole and made from the same, by this code or by another that is named.

    Args:
        work: the folder of derived tables.
        name: the stage.
        made_from: as for `keep`.
        made_by: the digest of the code and the versions it ran with; None for those that run now.
    """
    return _is_whole(work / f"{name}.json", _expected(name, made_from, made_by), work)


def _expected(name: str, made_from: object, made_by: Maker | None = None) -> str:
    code, ran_with = made_by or (code_digest(), versions())
    return digest_of({"stage": name, "made_from": made_from, "code": code, "versions": ran_with})


def _is_whole(record: Path, expected: str, work: Path) -> bool:
    """Tell whether a stage's record is of the same making and every table it names is as it was written."""
    try:
        kept = json.loads(record.read_text())
        return kept["made_from"] == expected and all(
            sha256_of(work / table) == digest for table, digest in kept["tables"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
