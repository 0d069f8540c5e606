"""The blocks of `case.toml`: unknown names are refused, times become UTC, patterns must compile."""

from __future__ import annotations

import codecs
import difflib
import ipaddress
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from forensics.settings import Settings
from forensics.usual_fields import USUAL_FIELDS
from forensics.vocabulary import ACTIONS, SUBJECT_KINDS, TIERS

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

FORMATS = (
    "alb", "caddy", "combined", "common", "csv", "ecs", "fhir_audit", "haproxy", "iis", "ndjson", "nginx_json",
    "ocsf", "parquet", "splunk", "timesketch", "traefik",
)  # fmt: skip
TABLES = frozenset({"csv", "splunk", "timesketch"})
"""The formats that may be in another encoding than UTF-8, and of which the delimiter may be said."""
DOCUMENTS = frozenset({"caddy", "ecs", "fhir_audit", "ndjson", "nginx_json", "ocsf", "traefik"})
"""The formats of a JSON document a line, whose names may be paths."""
RAW_FORMATS = ("alb", "combined", "common", "haproxy", *sorted(DOCUMENTS))
"""The formats that a line inside another export may have: those in which a line tells all of itself."""
EXPORTED = "export."
"""What stands before the name of an export's own column where the lines inside it have names of their own."""
ENCODINGS = {
    "ascii": "utf-8", "utf-8": "utf-8", "utf-8-sig": "utf-8", "cp1252": "windows-1252", "iso8859-1": "iso-8859-1",
    "iso8859-15": "iso-8859-15", "cp850": "cp850",
}  # fmt: skip
"""Python's name of each encoding that can be read, and ours; in all of them a line ends with the byte 0x0A."""
EPOCHS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}
"""Values of `date_format` for a count since 1970-01-01 in UTC, and their unit in microseconds."""
NO_ZONES = frozenset({"Factory", "localtime"})
"""Names that the zone files have and that mean something else on each machine."""
MOST_HOPS = 16
DECADE_S = 10 * 365 * 86_400

Name = Annotated[str, Field(min_length=1)]
Reference = (
    Name
    | Annotated[list[Name], Field(min_length=1)]
    | Annotated[dict[Literal["const"], str | int | float | bool], Field(min_length=1)]
)
"""Where a field comes from: a column, several joined, `url.path`, `url.query.X`, `json:$.a.b`, or a constant."""

JSON_PATH = re.compile(r'json:\$(\.[\w@$-]+|\."[^"\\]+"|\[[0-9]+\])+')
JSON_NAME = re.compile(r'[^".\\\x00-\x1f]+(\.[^".\\\x00-\x1f]+)*')


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a suggestion to add to a message, empty where nothing known is near."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _to_utc(moment: datetime) -> datetime:
    """Return an instant as naive UTC; one without a zone is taken as UTC."""
    if moment.tzinfo is None:
        return moment
    try:
        return moment.astimezone(UTC).replace(tzinfo=None)
    except OverflowError as error:
        raise ValueError("expected a time between the years 1 and 9999 in UTC") from error


def _known_zone(name: str) -> str:
    zones = available_timezones() - NO_ZONES
    if name not in zones:
        raise ValueError(f"expected a time zone such as Europe/Paris{nearest(name, zones)}")
    return name


def _regular_expression(text: str) -> str:
    """Hold a pattern against both engines that use it: Rust's on the evidence, Python's on the results."""
    import polars as pl

    try:
        re.compile(text)
        pl.Series([""]).str.contains(text)
    except re.error as error:
        raise ValueError(f"expected a regular expression: {error}") from error
    except pl.exceptions.ComputeError as error:
        raise ValueError("expected a regular expression without look-around or back-references") from error
    return text


def _inside_the_case(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or "\0" in path or path.startswith(("/", "~")) or ".." in parts:
        raise ValueError("expected a path inside the case folder, without '..'")
    if any("**" in part and part != "**" for part in parts):
        raise ValueError("expected '**' only as a whole part of a path, as in evidence/**/*.log")
    return path


def _known_encoding(name: str) -> str:
    try:
        python_name = codecs.lookup(name).name
    except (LookupError, ValueError):
        python_name = ""
    if python_name not in ENCODINGS:
        raise ValueError(f"expected one of {', '.join(sorted(set(ENCODINGS.values())))}")
    return ENCODINGS[python_name]


def _delimiter(text: str) -> str:
    if len(text) != 1 or not (text == "\t" or "!" <= text <= "~") or text.isalnum() or text in "\"'\\":
        raise ValueError('expected one sign, such as ";", "," or "\\t"')
    return text


def _trusted_hops(value: object) -> object:
    """Hold trusted hops against what they may be: how many proxies are our own, or in which networks they stand."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_HOPS):
        return value
    try:
        if isinstance(value, list) and value and all(ipaddress.ip_network(str(one)).prefixlen for one in value):
            return value
    except ValueError:
        pass
    raise ValueError(f'expected how many proxies are your own (1 to {MOST_HOPS}), or networks such as ["10.0.0.0/8"]')


def _date_format(form: str) -> str:
    """Hold a format of dates against a day: written in it and read again, it must be the same."""
    import polars as pl

    if form in EPOCHS:
        return form
    day = pl.Series([datetime(2001, 2, 3, 14, 5, 6, tzinfo=UTC)])
    try:
        if day.dt.strftime(form.replace("%#z", "%z")).str.to_date(form, strict=False)[0] == day.dt.date()[0]:
            return form
    except pl.exceptions.PolarsError:
        pass
    raise ValueError(f"expected a format with day, month and year, such as %d/%m/%Y %H:%M:%S, or {', '.join(EPOCHS)}")


DateFormat = Annotated[Name, AfterValidator(_date_format)]
TrustedHops = Annotated[int | list[str], BeforeValidator(_trusted_hops)]
Moment = Annotated[datetime, AfterValidator(_to_utc)]
Zone = Annotated[str, AfterValidator(_known_zone)]
Digest = Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{64}$")]


class Block(BaseModel):
    """A block of `case.toml`: unknown names are refused, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class About(Block):
    """`[case]`: what the case is, and what is known of when."""

    id: Name
    title: str = ""
    timezone: Zone = "UTC"
    capacity: Literal["operator", "insurer", "judicial", "regulator", "expert", "training"] = "expert"
    suspected_from: Moment | None = None
    clean_until: Moment | None = None
    synthetic: bool = False


class Operator(Block):
    """`[[operator]]`: a portal's operator and the fields its screens show."""

    name: Name
    aware_at: Moment | None = None
    exposed_fields: dict[Literal["detail", "search"], list[str]] = {}


class Insurer(Block):
    """`[[insurer]]`: one insurer whose people the operator holds."""

    id: Name
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

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end <= self.start:
            raise ValueError("expected an end after its start")
        return self


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

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise ValueError("expected valid_until after valid_from")
        return self


class Source(Block):
    """`[[source]]`: files of one kind and format, and where each field is found in them."""

    id: Name
    operator: str
    kind: Literal[
        "access_log", "audit_trail", "authentication", "register", "accounts", "claims", "counters"
    ]  # fmt: skip
    path: Annotated[str, AfterValidator(_inside_the_case)]
    members: Name = "*"
    """Which files of an archive are meant, where `path` is a zip or a tar."""
    format: Literal[FORMATS]  # type: ignore[valid-type]
    raw_format: Literal[RAW_FORMATS] | None = None  # type: ignore[valid-type]
    encoding: Annotated[str, AfterValidator(_known_encoding)] | None = None
    delimiter: Annotated[str, AfterValidator(_delimiter)] | None = None
    date_format: DateFormat | list[DateFormat] | None = None
    timezone: Zone | None = None
    clock_offset_s: float = Field(0.0, ge=-DECADE_S, le=DECADE_S, allow_inf_nan=False)
    subject_kind: Literal[SUBJECT_KINDS] | None = None  # type: ignore[valid-type]
    trusted_hops: TrustedHops | None = None
    exhibit: str | None = None
    obtained_from: str | None = None
    sha256_at_seizure: Digest | dict[str, Digest] | None = None
    fields: dict[str, Reference] = {}

    @model_validator(mode="before")
    @classmethod
    def _usual_fields(cls, given: object) -> object:
        """Give a log in the words of a schema the fields of that schema, where it declares none.

        Its subject only where `subject_kind` says what that is.
        """
        if not isinstance(given, dict) or "fields" in given:
            return given
        usual = USUAL_FIELDS.get(str(given.get("raw_format") or given.get("format")))
        if not usual:
            return given
        fields = {field: name for field, name in usual.items() if field != "subject" or given.get("subject_kind")}
        return {**given, "fields": fields}

    @model_validator(mode="after")
    def _said_of_tables(self) -> Self:
        if self.format not in TABLES and (self.encoding or self.delimiter):
            raise ValueError(f"encoding and delimiter are for format {' or '.join(sorted(TABLES))}")
        if self.raw_format and self.format != "splunk":
            raise ValueError("raw_format is for format splunk")
        return self

    @model_validator(mode="after")
    def _names_of_documents(self) -> Self:
        for field, reference in self.fields.items() if self.line_format in {*DOCUMENTS, "timesketch"} else ():
            for name in () if isinstance(reference, dict) else [reference] if isinstance(reference, str) else reference:
                if self.raw_format and name.startswith(EXPORTED):
                    continue
                grammar = JSON_PATH if name.startswith("json:") else JSON_NAME
                if not grammar.fullmatch(name):
                    raise ValueError(f'{field}: expected a name such as source.ip, or json:$.a."b c"[0]')
        return self

    @model_validator(mode="after")
    def _who_is_believed(self) -> Self:
        if ("forwarded_for" in self.fields) != (self.trusted_hops is not None):
            raise ValueError("expected both trusted_hops and the field forwarded_for, or neither")
        if self.trusted_hops and "client_ip" not in self.fields:
            raise ValueError("forwarded_for needs client_ip too: the address that the server itself saw")
        account = self.fields.get("account_id")
        if self.trusted_hops and isinstance(account, list) and self.fields["client_ip"] in account[1:]:
            raise ValueError("account_id: expected the column of client_ip first, so that the client takes its place")
        return self

    @property
    def is_account_an_address(self) -> bool:
        """Tell whether an account is the client's address, or begins with it."""
        account = self.fields.get("account_id")
        return (account[0] if isinstance(account, list) else account) == self.fields.get("client_ip", "")

    @property
    def line_format(self) -> str:
        """Return the format that the fields of a line are in: that of the lines inside an export, or its own."""
        return self.raw_format or self.format

    @property
    def clock_offset(self) -> timedelta:
        """Return what is added to the logged time."""
        return timedelta(microseconds=round(self.clock_offset_s * 1e6))


class Declaration(Block):
    """The whole of `case.toml`."""

    case: About
    operator: list[Operator] = Field(min_length=1)
    insurer: list[Insurer] = []
    outage: list[Outage] = []
    screen: list[Screen] = []
    source: list[Source] = Field(min_length=1)
    settings: Settings = Settings()  # pyright: ignore[reportCallIssue]


BLOCKS: dict[str, type[BaseModel]] = {
    "case": About, "operator": Operator, "insurer": Insurer, "outage": Outage, "screen": Screen,
    "source": Source, "settings": Settings,
}  # fmt: skip


def told(error: ErrorDetails) -> str:
    """Say one of pydantic's errors in words, without the value that was found."""
    block, *rest = error["loc"] or ("case.toml",)
    number = ""
    if rest and isinstance(rest[0], int):
        number, rest = f" no. {rest[0] + 1}", rest[1:]
    place = ".".join([f"[{block}]{number}", *(str(part) for part in rest[:2])])
    if error["type"] == "extra_forbidden":
        known = BLOCKS[str(block)].model_fields if rest and block in BLOCKS else Declaration.model_fields
        return f"{place}: unknown name{nearest(str(error['loc'][-1]), known)}"
    return f"{place}: {error['msg'].removeprefix('Value error, ')}"
