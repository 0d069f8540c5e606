"""A stage's tables, kept under a digest of what they were made from: unchanged, a second run takes them as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from forensics.custody import code_digest, digest_of, sha256_of, versions
from forensics.engine import write_text


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
    record = work / f"{name}.json"
    expected = digest_of({"stage": name, "made_from": made_from, "code": code_digest(), "versions": versions()})
    if not _is_whole(record, expected, work):
        tables = {path.relative_to(work).as_posix(): sha256_of(path) for path in make()}
        write_text(json.dumps({"made_from": expected, "tables": tables}, indent=1, sort_keys=True), record)
    return digest_of({"stage": name, "tables": json.loads(record.read_text())["tables"]})


def _is_whole(record: Path, expected: str, work: Path) -> bool:
    """Tell whether a stage's record is of the same making and every table it names is as it was written."""
    try:
        kept = json.loads(record.read_text())
        return kept["made_from"] == expected and all(
            sha256_of(work / table) == digest for table, digest in kept["tables"].items()
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
