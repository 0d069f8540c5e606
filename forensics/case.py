"""`case.toml`: what the investigator declares, read and checked before any evidence is opened."""

from __future__ import annotations

import difflib
import re
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from forensics.errors import CaseError
from forensics.vocabulary import ACTIONS, EVIDENCE_FIELDS, SUBJECT_KINDS, TIERS
from forensics.settings import Settings

FORMATS = ("combined", "parquet")
Reference = str | list[str] | dict[Literal["const"], str | int | float | bool]
"""Where a field comes from: a column, several joined, `url.path`, `url.query.X`, or a constant."""


def _to_utc(moment: object) -> object:
    """Return a date or instant of `case.toml` as naive UTC; one without a zone is taken as UTC."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    if isinstance(moment, date):
        return datetime(moment.year, moment.month, moment.day)
    return moment


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"expected a time zone such as Europe/Paris{_nearest(name, available_timezones())}")
    return name


def _regular_expression(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"expected a regular expression: {error}") from error
    return text


def _inside_the_case(path: str) -> str:
    if Path(path).is_absolute() or ".." in Path(path).parts:
        raise ValueError("expected a path inside the case folder, without '..'")
    return path


Moment = Annotated[datetime, BeforeValidator(_to_utc)]
Zone = Annotated[str, AfterValidator(_known_zone)]


class Block(BaseModel):
    """A block of `case.toml`: unknown names are refused, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class About(Block):
    """`[case]`: what the case is, and what is known of when."""

    id: str = Field(min_length=1)
    title: str = ""
    timezone: Zone = "UTC"
    capacity: Literal["operator", "insurer", "judicial", "regulator", "expert", "training"] = "expert"
    suspected_from: Moment | None = None
    clean_until: Moment | None = None
    synthetic: bool = False


class Operator(Block):
    """`[[operator]]`: a portal's operator and the fields its screens show."""

    name: str = Field(min_length=1)
    aware_at: Moment | None = None
    exposed_fields: dict[Literal["detail", "search"], list[str]] = {}


class Insurer(Block):
    """`[[insurer]]`: one insurer whose people the operator holds."""

    id: str = Field(min_length=1)
    name: str | None = None
    operator: str | None = None
    members: int | None = Field(None, ge=0)
    informed_at: Moment | None = None
    notified_at: Moment | None = None


class Outage(Block):
    """`[[outage]]`: a stretch for which a server is known to have logged nothing."""

    operator: str
    server: str | None = None
    start: Moment
    end: Moment


class Screen(Block):
    """`[[screen]]`: what a path of the portal does and shows."""

    operator: str | None = None
    match: Annotated[str, AfterValidator(_regular_expression)]
    action: Literal[ACTIONS]  # type: ignore[valid-type]
    tier: Literal[TIERS] | None = None  # type: ignore[valid-type]
    fields: list[str] = []
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    exhibit: str | None = None


class Source(Block):
    """`[[source]]`: files of one kind and format, and where each field is found in them."""

    id: str = Field(min_length=1)
    operator: str
    kind: Literal["access_log", "register", "accounts", "claims", "counters"]
    path: Annotated[str, AfterValidator(_inside_the_case)]
    format: Literal[FORMATS]  # type: ignore[valid-type]
    date_format: str | list[str] | None = None
    timezone: Zone | None = None
    clock_offset_s: float = 0.0
    subject_kind: Literal[SUBJECT_KINDS] | None = None  # type: ignore[valid-type]
    exhibit: str | None = None
    obtained_from: str | None = None
    sha256_at_seizure: str | dict[str, str] | None = None
    fields: dict[str, Reference] = {}


class Declaration(Block):
    """The whole of `case.toml`."""

    case: About
    operator: list[Operator] = Field(min_length=1)
    insurer: list[Insurer] = []
    outage: list[Outage] = []
    screen: list[Screen] = []
    source: list[Source] = Field(min_length=1)
    settings: Settings = Settings()  # pyright: ignore[reportCallIssue]


class Case(BaseModel):
    """A case folder and its declaration."""

    model_config = ConfigDict(frozen=True)

    folder: Path
    declared: Declaration
    derived: Path | None = None
    """Where `work/` and `results/` go instead of the case folder, when a case is derived again to verify it."""

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

    def zone(self, source: Source) -> ZoneInfo:
        """Return the time zone of a source's local times."""
        return ZoneInfo(source.timezone or self.declared.case.timezone)


def _nearest(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _explain(error: Any) -> str:
    """Say one validation error in words, without the value that was found."""
    place = ".".join(f"[{part}]" if isinstance(part, int) else str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        block = {"case": About, "source": Source, "operator": Operator, "insurer": Insurer, "screen": Screen}
        model: Any = {"settings": Settings, "outage": Outage, **block}.get(str(error["loc"][0]), Declaration)
        return f"{place}: unknown name{_nearest(str(error['loc'][-1]), model.model_fields)}"
    return f"{place}: {error['msg']}"


def _check_references(declared: Declaration, where: str) -> None:
    """Hold operators and fields that blocks name against those that exist."""
    operators = {operator.name for operator in declared.operator}
    named = [(f"source {s.id!r}", s.operator) for s in declared.source]
    named += [(f"screen {s.match!r}", s.operator) for s in declared.screen if s.operator]
    named += [(f"insurer {i.id!r}", i.operator) for i in declared.insurer if i.operator]
    for what, operator in named:
        if operator not in operators:
            raise CaseError(
                f"{what} names an operator that no [[operator]] block declares",
                where=where,
                expected=f"one of {', '.join(sorted(operators))}{_nearest(operator, operators)}",
            )
    identifiers = [source.id for source in declared.source]
    if len(set(identifiers)) < len(identifiers):
        raise CaseError("two [[source]] blocks have the same id", where=where, remedy="give each its own id")
    for source in declared.source:
        _check_fields(source, where)


def _check_fields(source: Source, where: str) -> None:
    known = EVIDENCE_FIELDS[source.kind]
    for field in source.fields:
        if field not in known:
            raise CaseError(
                f"source {source.id!r}: a {source.kind} has no field {field!r}{_nearest(field, known)}",
                where=where,
                expected=", ".join(known),
            )
    missing = [field for field, required in known.items() if required and field not in source.fields]
    if missing:
        raise CaseError(
            f"source {source.id!r}: a {source.kind} needs {', '.join(missing)}",
            where=where,
            remedy=f"say in [source.fields] which column holds it: {missing[0]} = \"its name in the file\"",
        )
    if "subject" in source.fields and source.subject_kind is None:
        raise CaseError(
            f"source {source.id!r} maps a subject but does not say what it is",
            where=where,
            expected=f"subject_kind = one of {', '.join(SUBJECT_KINDS)}",
        )


def load(folder: Path | str) -> Case:
    """Read and check `case.toml`.

    Raises:
        CaseError: the folder or the file is missing, or the file says something that cannot be.
    """
    folder = Path(folder)
    file = folder / "case.toml"
    where = str(file)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CaseError(
            "there is no case here", where=where, expected="a folder with a case.toml", remedy=f"forensics init {folder}"
        ) from None
    except UnicodeDecodeError:
        raise CaseError("case.toml is not UTF-8 text", where=where, remedy="save it as UTF-8") from None
    try:
        declared = Declaration.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise CaseError(f"case.toml is not valid TOML: {error}", where=where) from None
    except ValidationError as error:
        told = "; ".join(_explain(one) for one in error.errors()[:5])
        raise CaseError(f"case.toml: {told}", where=where, remedy="correct the line and run again") from None
    _check_references(declared, where)
    return Case(folder=folder, declared=declared)
