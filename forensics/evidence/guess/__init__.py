"""What a file is that nobody described yet: its format, what its columns look like, a `[[source]]` to begin with."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from forensics.case import ZONES
from forensics.engine import private_folder
from forensics.errors import ForensicsError
from forensics.evidence.formats.blocks import place_of
from forensics.evidence.guess.fields import Mapping, mapping_of
from forensics.evidence.guess.names import normal
from forensics.evidence.guess.recognise import Recognised, Unknown, batches, recognise
from forensics.evidence.guess.shapes import Column, profile
from forensics.evidence.guess.start import Start, start_of
from forensics.evidence.guess.times import date_format_of, names_no_zone
from forensics.evidence.guess.trial import Trial, tried

HALF = 0.5
OPERATOR = "portal"
"""The operator of the `case.toml` that `forensics init` writes."""
WILD = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """What a file is.

    Attributes:
        file: its name.
        lines: how many lines (Parquet: rows) of its beginning were looked at.
        total: how many it has; about, where it is text; None where that cannot be told.
        is_whole: whether all of it was looked at.
        columns: what its columns look like.
        block: the `[[source]]`, empty where the file is of no format we know.
        is_proposed: whether a run accepts at least half of its lines under the block.
        trial: what became of the lines under the block.
        why: what each field was told by.
        decide: what the investigator has to decide.
        reasons: why nothing is proposed, where nothing is.
        hidden: how many of its names are not shown, as they look like values, few documents have them, or they are too
            many.
    """

    file: str
    lines: int
    total: int | None
    is_whole: bool
    columns: tuple[Column, ...] = ()
    block: dict[str, Any] = field(default_factory=dict)
    is_proposed: bool = False
    trial: Trial | None = None
    why: dict[str, str] = field(default_factory=dict)
    decide: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    hidden: int = 0


def guess(path: Path, *, examples: int = 0) -> Guess:
    """Look at the beginning of a file and propose its `[[source]]`.

    Args:
        path: any file.
        examples: how many values of each column to keep; they are people's data, for a terminal only.

    Raises:
        CaseError: there is no such file.
        EvidenceError: it is torn where it begins.
    """
    with private_folder() as private:
        start = start_of(path, private)
        found = recognise(start)
        seen = {"file": path.name, "lines": start.lines, "total": start.total, "is_whole": start.is_whole}
        if isinstance(found, Unknown):
            return Guess(**seen, reasons=found.reasons)
        try:
            rows = _rows(start, found)
        except ForensicsError as error:
            return Guess(**seen, reasons=(error.what,))
        told = f"members: the archive holds {start.members:,} files, and the largest was looked at; declare those meant"
        columns = [profile(name, rows[name], examples=examples) for name in rows.columns]
        mapping = mapping_of(found.line_format, columns, rows, path.stem)
        if isinstance(mapping.fields.get("subject"), str) and mapping.subject_kind is None:
            del mapping.fields["subject"]
        block = _block(path, found, mapping, columns)
        trial, refused = Trial(lines=start.lines, accepted=0, reasons=()), list[str]()
        if not mapping.missing:
            left, trial, refused = tried({**block, "path": "evidence/start"}, private)
            block = {**left, "path": block["path"]}
    decide = [told] if start.members > 1 else []
    decide += [*mapping.decide, *refused, *(f"{name}: no column was found for it" for name in mapping.missing)]
    is_proposed = not mapping.missing and trial.lines > 0 and trial.accepted >= HALF * trial.lines
    return Guess(
        **seen,
        columns=tuple(columns),
        block=block,
        is_proposed=is_proposed,
        trial=trial,
        why=mapping.why,
        decide=tuple(decide),
        reasons=() if is_proposed else _unfit(mapping, trial),
        hidden=found.hidden,
    )


def _unfit(mapping: Mapping, trial: Trial) -> tuple[str, ...]:
    if mapping.missing:
        return (f"it can be read, but {', '.join(mapping.missing)} of kind {mapping.kind} was not found in it",)
    return tuple(dict.fromkeys(f"lines are refused: {reason}" for reason, _ in trial.reasons[:3]))


def _rows(start: Start, found: Recognised) -> pl.DataFrame:
    """Return the beginning of a file in the columns that it offers."""
    parts = [part.rows for part in batches(start, found.format, found.columns, found.table, found.raw_format)]
    return pl.concat(parts) if parts else pl.DataFrame(schema=dict.fromkeys(found.columns, pl.String))


def _block(path: Path, found: Recognised, mapping: Mapping, columns: list[Column]) -> dict[str, Any]:
    """Return the `[[source]]` as `case.toml` would say it."""
    block: dict[str, Any] = {
        "id": normal(path.name.split(".")[0]).replace(" ", "-") or "source",
        "operator": OPERATOR,
        "kind": mapping.kind,
        "path": path_in_case(path),
        "format": found.format,
    }
    if found.table:
        block |= {"encoding": found.table.encoding} if found.table.encoding else {}
        block |= {"delimiter": found.table.delimiter} if found.table.delimiter else {}
        if found.table.is_ascii:
            mapping.decide.append(
                "encoding: only ASCII signs in what was read; declare it where a later line is refused"
            )
    block |= {"raw_format": found.raw_format} if found.raw_format else {}
    forms = date_format_of(found.line_format, mapping, columns)
    if forms:
        block["date_format"] = forms[0] if len(forms) == 1 else forms
    is_local = found.format not in ZONES or isinstance(mapping.fields.get("requested_at"), list)
    if is_local and names_no_zone(mapping, columns):
        mapping.decide.append(
            f"timezone: the times name none, so {ZONES.get(found.format, 'that of the case')} is taken; else declare it"
        )
    if mapping.subject_kind:
        block["subject_kind"] = mapping.subject_kind
    block["fields"] = mapping.fields
    return block


def path_in_case(path: Path) -> str:
    """Return where a file would stand in its case: below `evidence/`; signs that are no text match any sign."""
    place = place_of(path)
    inside = place if place.startswith("evidence/") else f"evidence/{path.name}"
    escaped = WILD.sub(lambda sign: f"[{sign.group()}]", inside)
    return "".join("?" if "\ud800" <= c <= "\udfff" else c for c in escaped)
