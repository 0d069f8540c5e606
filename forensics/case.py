"""`case.toml`: what the investigator declares, read and checked before any evidence is opened."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, ValidationError

from forensics.declaration import Declaration, Reference, Screen, Source, nearest, told
from forensics.errors import CaseError, UnavailableError
from forensics.manifest import LABELS
from forensics.settings import Settings
from forensics.vocabulary import EVIDENCE_FIELDS, LOG_KINDS, SUBJECT_KINDS

__all__ = ["Case", "Reference", "Screen", "Source", "load"]

ZONES = {"ecs": "UTC", "iis": "UTC", "timesketch": "UTC"}
"""The zone that a format's definition, or the program it is for, gives times that name none."""


class Case(BaseModel):
    """A case folder and its declaration."""

    model_config = ConfigDict(frozen=True)

    folder: Path
    declared: Declaration
    derived: Path | None = None
    """Where `work/` and `results/` go instead of the case folder, when it is derived again to verify it."""

    with_labels: bool = True
    """Whether labels that were read back count; results that were made without them are verified without them."""

    @property
    def labels(self) -> Path | None:
        """Return the labels of the last audit that was read back, which are an input beside the evidence."""
        file = self.folder / LABELS
        return file if self.with_labels and file.is_file() else None

    @property
    def work(self) -> Path:
        """Return the folder of derived tables, which may be deleted at any time."""
        return (self.derived or self.folder) / "work"

    @property
    def results(self) -> Path:
        """Return the folder of results."""
        return (self.derived or self.folder) / "results"

    @property
    def settings(self) -> Settings:
        """Return the thresholds of this case."""
        return self.declared.settings

    def sources(self, kind: str) -> list[tuple[int, Source]]:
        """Return the sources of one kind, each with its number (from 1, in the order of `case.toml`)."""
        return [(number, s) for number, s in enumerate(self.declared.source, start=1) if s.kind == kind]

    def logs(self) -> list[tuple[int, Source]]:
        """Return the sources whose lines tell of requests, each with its number."""
        return sorted((one for kind in LOG_KINDS for one in self.sources(kind)), key=lambda one: one[0])

    def zone(self, source: Source) -> ZoneInfo:
        """Return the time zone of a source's local times: its own, that of its format, or the case's."""
        return ZoneInfo(source.timezone or ZONES.get(source.line_format) or self.declared.case.timezone)


def _check_references(declared: Declaration, where: str) -> None:
    """Hold operators and fields that blocks name against those that exist."""
    operators = {operator.name for operator in declared.operator}
    named = [(f"source {s.id!r}", s.operator) for s in declared.source]
    named += [(f"screen {s.match!r}", s.operator) for s in declared.screen if s.operator]
    named += [(f"insurer {i.id!r}", i.operator) for i in declared.insurer if i.operator]
    named += [(f"outage no. {n}", outage.operator) for n, outage in enumerate(declared.outage, start=1)]
    for what, operator in named:
        if operator not in operators:
            raise CaseError(
                f"{what} names an operator that no [[operator]] block declares",
                where=where,
                expected=f"one of {', '.join(sorted(operators))}{nearest(operator, operators)}",
            )
    identifiers = [source.id for source in declared.source]
    if len(set(identifiers)) < len(identifiers):
        raise CaseError("two [[source]] blocks have the same id", where=where, remedy="give each its own id")
    if len(operators) < len(declared.operator):
        raise CaseError("two [[operator]] blocks have the same name", where=where, remedy="make them one")
    for source in declared.source:
        _check_fields(source, where)


def _check_fields(source: Source, where: str) -> None:
    known = EVIDENCE_FIELDS[source.kind]
    for field in source.fields:
        if field not in known:
            raise CaseError(
                f"source {source.id!r}: kind {source.kind} has no field {field!r}{nearest(field, known)}",
                where=where,
                expected=", ".join(known),
            )
    missing = [field for field, required in known.items() if required and field not in source.fields]
    if missing:
        raise CaseError(
            f"source {source.id!r}: kind {source.kind} needs {', '.join(missing)}",
            where=where,
            remedy=f'say in [source.fields] which column holds it: {missing[0]} = "its name in the file"',
        )
    if "subject" in source.fields and source.subject_kind is None:
        raise CaseError(
            f"source {source.id!r} maps a subject but does not say what it is",
            where=where,
            expected=f"subject_kind = one of {', '.join(SUBJECT_KINDS)}",
        )


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        raise CaseError(
            "there is no case here",
            where=str(file),
            expected="a folder with a case.toml",
            remedy=f"forensics init {file.parent}",
        ) from None
    except IsADirectoryError:
        raise CaseError("case.toml is a folder", where=str(file), expected="a text file") from None
    except UnicodeDecodeError:
        raise CaseError("case.toml is not UTF-8 text", where=str(file), remedy="save it as UTF-8") from None
    except OSError as error:
        raise UnavailableError(
            "case.toml cannot be read", where=str(file), found=os.strerror(error.errno or 0)
        ) from error


def load(folder: Path | str) -> Case:
    """Read and check `case.toml`.

    Raises:
        CaseError: the folder or the file is missing, or the file says something that cannot be.
        UnavailableError: the file cannot be read now.
    """
    folder = Path(folder)
    where = str(folder / "case.toml")
    try:
        declared = Declaration.model_validate(tomllib.loads(_text(folder / "case.toml")))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise CaseError(f"case.toml is not valid TOML: {error}", where=where) from None
    except ValidationError as error:
        lines = "; ".join(dict.fromkeys(told(one) for one in error.errors()[:5]))
        raise CaseError(f"case.toml: {lines}", where=where, remedy="correct it and run again") from None
    _check_references(declared, where)
    return Case(folder=folder, declared=declared)
