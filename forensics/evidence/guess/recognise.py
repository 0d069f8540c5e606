"""Which format reads most lines of the beginning of a file, and which columns it offers."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

from forensics.declaration import EXPORTED, FORMATS, JSON_NAME, RAW_FORMATS, Source
from forensics.errors import ForensicsError
from forensics.evidence.formats import COLUMNS, READERS, TABLES
from forensics.evidence.formats.lines import DIRECTIVE, Batch
from forensics.evidence.formats.parquet import parquet_columns
from forensics.evidence.formats.splunk import RAW, read_splunk
from forensics.evidence.guess.header import DATA, EVENT, OWN_NAME, Table, table_of
from forensics.evidence.guess.names import is_known
from forensics.evidence.guess.start import Start
from forensics.usual_fields import USUAL_FIELDS

PARTICULAR = (
    "parquet", "alb", "haproxy", "iis", "ocsf", "fhir_audit", "caddy", "traefik", "nginx_json", "ecs", "splunk",
    "timesketch", "combined", "common", "ndjson", "csv",
)  # fmt: skip
"""The formats, those first that read fewest lines of another one."""
ASKED: dict[str, tuple[list[str], list[str]]] = {
    "caddy": (["ts"], ["url", "request.client_ip"]),
    "ecs": (["@timestamp"], ["url", "source.ip", "http.request.method", "user.name", "client.ip", "event.action"]),
    "fhir_audit": (["recorded"], ["agent.address", "account", "interaction"]),
    "nginx_json": (["time_iso8601"], ["url", "remote_addr", "http_user_agent", "request_method"]),
    "ocsf": (["time"], ["url", "src_endpoint.ip", "actor.user.name"]),
    "timesketch": (["datetime", "timestamp_desc", "message"], []),
    "traefik": (["RequestMethod"], ["url", "ClientHost"]),
}
"""Of a document in the words of a schema: the names that all have, and those of which each has one at least."""
AS_GOOD = 0.99
"""A format that reads this share of what another does is as good, and is taken where it is the more particular."""
HALF, SURELY_CUT = 0.5, 0.95
DOCUMENTS = 1_000
MOST_NAMES = 100
MOST_DEPTH = 8
COMMON_NAME = 0.05
"""A member that fewer documents have, or only one, is not named where we do not know it: it may be a person's."""
PLAIN = re.compile(r"[A-Za-z_][\w:$/-]*")
DATE_TIME = "date_time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What the beginning of a file is.

    Attributes:
        format: one of `declaration.FORMATS`.
        read: how many of its lines the format reads.
        table: as what it is cut, where it is a table.
        columns: the names that it offers.
        hidden: how many names are not among them, as they look like values, few documents have them, or they are too
            many.
        raw_format: the format of the lines inside an export, None where there are none or they are of no known one.
    """

    format: str
    read: int
    table: Table | None
    columns: list[str]
    hidden: int = 0
    raw_format: str | None = None

    @property
    def line_format(self) -> str:
        """Return the format whose names the lines have: that of the lines inside an export, where they are read."""
        return self.raw_format or self.format


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Why a file is of no format we know."""

    reasons: tuple[str, ...]


def recognise(start: Start) -> Recognised | Unknown:
    """Try every format on the beginning of a file; the one that reads most lines is its own, if it reads half."""
    if start.is_parquet:
        columns, hidden = _shown(parquet_columns(start.path))
        return Recognised(format="parquet", read=start.lines, table=None, columns=columns, hidden=hidden)
    table = table_of(start.content())
    if table and table.header and RAW in table.header and not table.refusal:
        return _export(start, table)
    read: dict[str, int] = {}
    for form in _worth_trying(start, table):
        read[form] = _lines_read(start, form, table)
        if read[form] >= AS_GOOD * start.lines:
            break  # no other can read more than all, and those left are less particular
    best = max(read.values())
    if best and best >= HALF * (start.lines - _said_apart(start, read)):
        form = next(form for form in PARTICULAR if read.get(form, 0) >= AS_GOOD * best)
        return _offering(start, form, read[form], table)
    return _as_table(start, table)


def _export(start: Start, table: Table) -> Recognised:
    """Return an export of Splunk, with the format of the lines inside it where it is a known one."""
    names, hidden = _shown(list(table.header or ()))
    raws = [part.rows[RAW] for part in batches(start, "csv", [RAW], table)]
    texts = pl.concat([*raws, pl.Series(RAW, [], dtype=pl.String)]).fill_null("").str.replace_all(r"[\r\n]+", " ")
    inside = replace(start, path=start.path.with_name("raw"), lines=texts.len(), hint="")
    inside.path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    found = recognise(inside) if texts.len() and RAW not in texts[0] else Unknown(reasons=())
    inside.path.unlink()
    export = Recognised(format="splunk", read=texts.len(), table=table, columns=names, hidden=hidden)
    if isinstance(found, Unknown) or found.format not in RAW_FORMATS:
        return export
    columns = [*found.columns, *(f"{EXPORTED}{name}" for name in names if name != RAW)]
    return replace(export, columns=columns, raw_format=found.format, hidden=hidden + found.hidden)


def _worth_trying(start: Start, table: Table | None) -> list[str]:
    """Return the formats that can read any line, the most particular first."""
    lines = start.content().split(b"\n")
    has_documents = any(line.lstrip().startswith(b"{") for line in lines)
    is_event = lines[0].lstrip().startswith(b"{") or bool(table and table.header and {*EVENT} <= {*table.header})
    tried = [form for form in PARTICULAR if form in FORMATS and form not in ("parquet", "csv", "splunk")]
    left_out = set() if has_documents else {form for form in tried if form not in (*COLUMNS, "iis", "timesketch")}
    return [form for form in tried if form not in left_out and (is_event or form != "timesketch")]


def _as_table(start: Start, table: Table | None) -> Recognised | Unknown:
    if start.hint or table is None or (table.header is None and table.share < SURELY_CUT):
        return Unknown(reasons=(start.hint or "no reader takes half of its lines, and it is no table",))
    if table.header is None:
        cut = f"{table.columns} columns with {table.delimiter!r} between them"
        told = f"if it is a table ({cut}) it has no header: its first row is data; put names above it in a copy"
        return Unknown(reasons=("no reader takes half of its lines", told))
    if table.refusal:
        return Unknown(reasons=(table.refusal,))
    columns, hidden = _shown(list(table.header))
    read = round(table.share * (start.lines - 1))
    return Recognised(format="csv", read=read, table=table, columns=columns, hidden=hidden)


def _shown(names: list[str]) -> tuple[list[str], int]:
    """Return the names of columns that do not look like values, and how many are left out."""
    named = [name for name in names if name]
    shown = [name for name in named if not DATA.fullmatch(name)]
    shown = _likely(shown)
    return shown, len(named) - len(shown)


def _likely(names: list[str]) -> list[str]:
    """Return names, those that we know alone where there are too many."""
    if len(names) <= MOST_NAMES:
        return names
    known = {name for name in names if is_known(name)}
    return sorted(names, key=lambda name: name not in known)[:MOST_NAMES]


def batches(
    start: Start, form: str, columns: list[str], table: Table | None, raw_format: str | None = None
) -> Iterator[Batch]:
    """Read some columns of the beginning of a file."""
    if form == "splunk" and table:
        given = {"encoding": table.encoding, "delimiter": table.delimiter, "raw_format": raw_format}
        said = {"id": "guess", "operator": "guess", "kind": "access_log", "path": "start", "format": form, **given}
        return read_splunk(start.path, columns, Source.model_validate(said))
    if form in TABLES:
        said = {"encoding": table.encoding, "delimiter": table.delimiter} if table and table.header else {}
        return TABLES[form][1](start.path, columns, **said)
    return READERS[form](start.path, columns)


def _lines_read(start: Start, form: str, table: Table | None) -> int:
    """Return how many lines a format reads; of documents, those that also have the names of its schema."""
    every, some = ASKED.get(form, ([], []))
    try:
        parts = list(batches(start, form, [*every, *some], table))
    except ForensicsError:
        return 0
    if not every:
        return sum(part.places.height for part in parts)
    filled = [part.rows.select(pl.all().cast(pl.String).str.strip_chars().fill_null("") != "") for part in parts]
    wanted = pl.all_horizontal(*every)
    if some:
        wanted &= pl.any_horizontal(*some)
    return sum(rows.filter(wanted).height for rows in filled)


def _said_apart(start: Start, read: dict[str, int]) -> int:
    """Return how many lines are a log's own heading, or empty: they count against no format."""
    form = "iis" if read.get("iis") else "common"
    parts = READERS[form](start.path, [])
    return sum(part.unreadable.filter(pl.col("reason").is_in([DIRECTIVE, "empty line"])).height for part in parts)


def _offering(start: Start, form: str, read: int, table: Table | None) -> Recognised:
    hidden = 0
    if form in COLUMNS:
        columns = list(COLUMNS[form])
    elif form == "iis":
        columns = _fields_of_w3c(start)
    elif form == "timesketch" and table and table.header:
        columns, hidden = _shown(list(table.header))
        columns = list(dict.fromkeys([*columns, "datetime"]))
    else:
        columns, hidden = names_of_documents(start)
        made = ["url"] if form != "timesketch" else []
        columns = list(dict.fromkeys([*USUAL_FIELDS.get(form, {}).values(), *made, *columns]))
        columns = [name for name in columns if not name.startswith("url.path")]
    is_cut = form == "timesketch" and table is not None and table.header is not None
    return Recognised(format=form, read=read, table=table if is_cut else None, columns=columns, hidden=hidden)


def _fields_of_w3c(start: Start) -> list[str]:
    dated = sum(part.places.height for part in READERS["iis"](start.path, [DATE_TIME]))
    names: dict[str, None] = dict.fromkeys([DATE_TIME, "url"] if dated else ["url"])
    for line in start.content().split(b"\n"):
        if line.startswith(b"#Fields:"):
            names |= dict.fromkeys(line.decode("utf-8", errors="replace").removeprefix("#Fields:").split())
    return list(names)[:MOST_NAMES]


def names_of_documents(start: Start) -> tuple[list[str], int]:
    """Return the members that JSON documents have, nested ones with dots, and how many are not named."""
    counts: Counter[str] = Counter()
    documents = 0
    for line in start.content().split(b"\n"):
        if documents == DOCUMENTS:
            break
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict):
            documents += 1
            inner = document.get("_source")
            counts.update(dict.fromkeys(_leaves(inner if isinstance(inner, dict) else document, MOST_DEPTH), 1))
    often = max(2, COMMON_NAME * documents)
    shown = [name for name, n in counts.items() if _is_name(name) and (n >= often or is_known(name, OWN_NAME))]
    shown = _likely(shown)
    return shown, len(counts) - len(shown)


def _leaves(value: dict[str, object], depth: int) -> Iterator[str]:
    for name, inner in value.items():
        if isinstance(inner, dict) and inner and depth > 1:
            yield from (f"{name}.{leaf}" for leaf in _leaves(inner, depth - 1))
        else:
            yield name


def _is_name(name: str) -> bool:
    """Return whether a member's name can be written in `case.toml` and does not look like a value."""
    parts = [part.lstrip("@:") for part in name.split(".")]
    return bool(JSON_NAME.fullmatch(name)) and all(PLAIN.fullmatch(part) and not DATA.fullmatch(part) for part in parts)


__all__ = ["Recognised", "Unknown", "batches", "names_of_documents", "recognise"]
