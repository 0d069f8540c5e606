"""Trials: every different analysis that the journal tells of, so that nobody can try settings until one pleases.

An analysis is another one where evidence, declaration (with its settings), code or versions are others. The same one
run again, or after an interruption, is the same trial, so that a run can be repeated to the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from forensics import custody, journal
from forensics.case import Case
from forensics.errors import EvidenceError
from forensics.manifest import NAME as MANIFEST
from forensics.results import Results

IDENTITY = ("evidence_digest", "labels", "declaration", "settings", "code", "versions")
"""What makes an analysis another one. The declaration covers the settings, which are kept so that they can be read."""
NUMBERS = ("certain", "estimate", "low", "high", "envelope_low", "envelope_high", "perimeter")
SCHEMA = {
    "trial": pl.Int64,
    "is_this": pl.Boolean,
    "journal_broken": pl.Boolean,
    **dict.fromkeys(IDENTITY, pl.String),
    **dict.fromkeys(NUMBERS, pl.Int64),
}


def identity(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what tells an analysis from others, of the values of its manifest."""
    return {name: manifest[name] for name in IDENTITY}


def entry(command: str, analysis: Results) -> dict[str, Any]:
    """Return what the journal keeps of an analysis: what tells it from others, and the three numbers it gave."""
    headline = analysis.headline
    return {
        "command": command,
        **identity(analysis.manifest),
        "headline": {name: headline[name] for name in NUMBERS},
    }


def tried(entries: Iterable[Mapping[str, Any]], this: Mapping[str, Any]) -> pl.DataFrame:
    """Return each different analysis once, in the order in which the journal first tells of it.

    Args:
        entries: of the journal; those without a headline gave no numbers.
        this: the entry of the analysis that the report is made of, last where the journal does not have it yet.

    Returns:
        The table `forensics.schemas.Trials`.
    """
    told = [*entries, this]
    broken = any(entry.get("found") for entry in told)
    rows: dict[str, dict[str, Any]] = {}
    for one in told:
        if isinstance(one.get("headline"), dict):
            rows.setdefault(_which(one), _row(one))
    return pl.DataFrame(
        [
            {"trial": number, "is_this": which == _which(this), "journal_broken": broken, **row}
            for number, (which, row) in enumerate(rows.items(), start=1)
        ],
        schema=SCHEMA,
    )


def _which(entry: Mapping[str, Any]) -> str:
    return custody.digest_of([entry.get(name) for name in IDENTITY])


def _row(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return one entry as a row; entries of earlier versions lack some values, and a forged one may hold anything."""

    def text(value: object) -> str | None:
        return value if value is None or isinstance(value, str) else json.dumps(value, sort_keys=True)

    def count(value: object) -> int | None:
        return value if isinstance(value, int) and abs(value) < 2**63 else None

    numbers = {name: count(entry["headline"].get(name)) for name in NUMBERS}
    return {name: text(entry.get(name)) for name in IDENTITY} | numbers


def owed(case: Case) -> dict[str, Any] | None:
    """Return what a command that was cut off did not enter: its analysis is whole and can be read, so it counts."""
    folder = case.work / "analysis"
    try:
        tables = json.loads((case.work / "analysis.json").read_bytes())["tables"]
        if any(custody.sha256_of(folder / name) != tables[f"analysis/{name}"] for name in (MANIFEST, "summary.json")):
            return None
        told = entry("interrupted", Results(folder=folder))
    except (OSError, ValueError, KeyError, TypeError, EvidenceError):
        return None
    entered = {_which(one) for one in journal.entries(case) if "headline" in one}
    return None if _which(told) in entered else told
