"""The trial: the beginning of the file is read as a run would, and what refuses its lines is not proposed."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from forensics.case import Case
from forensics.declaration import Declaration
from forensics.errors import ForensicsError
from forensics.evidence.formats.lines import DIRECTIVE
from forensics.evidence.reading import read_source
from forensics.vocabulary import EVIDENCE_FIELDS

INSTANT = {
    **dict.fromkeys(("access_log", "audit_trail", "authentication"), "requested_at"),
    "claims": "submitted_at", "counters": "window_start",
}  # fmt: skip
FIELD = re.compile(r"^([a-z_]+): (.*)$", re.DOTALL)
TOLERATED = 0.02
"""A field that refuses more lines than this is left to be decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What became of the lines.

    Attributes:
        lines: how many there were, headings left out.
        accepted: how many were admitted.
        reasons: why the others were not, the commonest first, with how often.
        first, last: the instants that the lines span, in UTC, where the kind has instants.
    """

    lines: int
    accepted: int
    reasons: tuple[tuple[str, int], ...]
    first: datetime | None = None
    last: datetime | None = None


def tried(block: dict[str, Any], private: Path) -> tuple[dict[str, Any], Trial, list[str]]:
    """Read the beginning of the file under a block.

    Args:
        block: a `[[source]]` with its `fields`, of which the path is that of the copy.
        private: the private folder with the copy.

    Returns:
        (block, trial, decide): the block without the fields that refuse lines, what became of the lines then, and what
        is to be decided of the fields that were left out.
    """
    decide: list[str] = []
    while True:
        trial = _read(block, private)
        worst = _worst(trial, block)
        if worst is None:
            return block, trial, decide
        name, reason, n = worst
        decide.append(f"{name} = {_told(block['fields'][name])} would refuse {n:,} of {trial.lines:,} lines: {reason}")
        rest = {ours: theirs for ours, theirs in block["fields"].items() if ours != name}
        block = {**block, "fields": rest}
        if name == "subject":
            block.pop("subject_kind", None)


def _told(reference: object) -> str:
    return repr(reference)


def _worst(trial: Trial, block: dict[str, Any]) -> tuple[str, str, int] | None:
    """Return the optional field that refuses most lines, why, and how many, where they are too many."""
    for reason, n in trial.reasons:
        told = FIELD.match(reason)
        if not told or n <= TOLERATED * trial.lines:
            continue
        name = told.group(1)
        if name in block["fields"] and not EVIDENCE_FIELDS[block["kind"]].get(name, True):
            return name, told.group(2), n
    return None


def _read(block: dict[str, Any], private: Path) -> Trial:
    case = Case(folder=private, declared=_declared(block))
    source = case.declared.source[0]
    try:
        read = read_source(case, 1, source, private)
    except ForensicsError as error:
        return Trial(lines=0, accepted=0, reasons=((f"{error.what}", 1),))
    aside = read.rejected.filter(pl.col("reason") != DIRECTIVE)
    directives = read.rejected.height - aside.height
    first = last = None
    instant = INSTANT.get(source.kind)
    if instant and read.parts:
        spans = pl.scan_parquet(read.parts, glob=False)
        first, last = spans.select(pl.min(instant).alias("a"), pl.max(instant).alias("b")).collect().row(0)
    for part in (*read.parts, *read.named):
        part.unlink(missing_ok=True)
    reasons = Counter(aside["reason"].to_list())
    return Trial(
        lines=read.read - directives,
        accepted=read.read - read.rejected.height,
        reasons=tuple(sorted(reasons.items(), key=lambda one: (-one[1], one[0]))[:8]),
        first=first,
        last=last,
    )


def _declared(block: dict[str, Any]) -> Declaration:
    return Declaration.model_validate(
        {
            "case": {"id": "guess", "timezone": "Europe/Paris"},
            "operator": [{"name": block["operator"]}],
            "source": [block],
            "settings": {"most_rejected_share": 1.0},
        }
    )
