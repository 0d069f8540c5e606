"""Mapping: the columns a file has become the fields we know, typed, in UTC; what cannot be read says why."""

from __future__ import annotations

from functools import partial
from urllib.parse import unquote_plus

import polars as pl
import polars.selectors as cs

from forensics.case import Case
from forensics.declaration import TABLES, Reference, Source
from forensics.errors import EvidenceError
from forensics.evidence.formats import Batch
from forensics.evidence.texts import each_once, text_of, without_blanks
from forensics.evidence.times import day, format_of, forms_without_zone, instants
from forensics.usual_fields import MILLISECONDS_A_UNIT
from forensics.vocabulary import EVIDENCE_FIELDS

INSTANTS = frozenset({"requested_at", "submitted_at", "opened_at", "window_start", "window_end"})
DATES = frozenset({"birth_date", "subject_birth_date", "covered_from", "covered_until"})
NUMBERS: dict[str, type[pl.DataType]] = {
    "client_port": pl.Int32, "status": pl.Int16, "response_bytes": pl.Int64, "duration_ms": pl.Int64,
    "records_returned": pl.Int32, "requests": pl.Int64, "window_minutes": pl.Int64,
}  # fmt: skip
MINUTES_A_YEAR = 366 * 1440
THOUSANDS = r"([0-9])[ \u{a0}\u{202f}]"
JOINED_BY = " | "
HEIGHT = "line\n"
"""A column name that no file has."""


def columns_needed(source: Source, offered: list[str] | None, where: str) -> list[str]:
    """Return the raw columns that `[source.fields]` refers to.

    Args:
        source: says where each field is.
        offered: the columns the file has; None where each line has names of its own.
        where: the file, for the message.

    Raises:
        EvidenceError: the file lacks one of them.
    """
    needed: list[str] = []
    for reference in source.fields.values():
        needed += [_raw_column(one) for one in _parts(reference)]
    missing = [] if offered is None else sorted(set(needed) - set(offered))
    if offered is not None and missing:
        raise EvidenceError(
            f"source {source.id!r}: the file has no column {', '.join(map(repr, missing))}",
            where=where,
            expected="the columns that [source.fields] names",
            found=_told(offered, needed),
            remedy="correct [source.fields] in case.toml",
        )
    return sorted(set(needed))


def _told(offered: list[str], needed: list[str]) -> str:
    """Name the columns of a file; not where none is known, as in a table without a header they are a person's data."""
    if set(offered).isdisjoint(needed):
        return f"{len(offered)} columns, none of them under a name that [source.fields] gives"
    return ", ".join(offered[:40])


def _parts(reference: Reference) -> list[str]:
    if isinstance(reference, dict):
        return []
    return reference if isinstance(reference, list) else [reference]


def _raw_column(reference: str) -> str:
    return "url" if reference == "url.path" or reference.startswith("url.query.") else reference


def _without_query(url: pl.Expr) -> pl.Expr:
    """Return the path of a URL, also of an absolute one as proxies log it."""
    return url.str.replace(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*", "").str.replace(r"[?#].*$", "")


def _cut_url(reference: str, url: pl.Expr) -> pl.Expr:
    """Return the path of a URL, or a parameter of its query."""
    if reference == "url.path":
        return _without_query(url)
    name = reference.removeprefix("url.query.")
    escaped = "".join(f"\\{c}" if not c.isalnum() and c != "_" else c for c in name)
    value = url.str.extract(rf"[?&]{escaped}=([^&#]*)")
    encoded = value.str.contains(r"[%+]")
    return pl.when(encoded).then(value.map_elements(unquote_plus, return_dtype=pl.String)).otherwise(value)


def _value(reference: Reference) -> pl.Expr:
    if isinstance(reference, dict):
        return pl.lit(reference["const"])
    if isinstance(reference, list):
        parts = [pl.col(one).cast(pl.String).fill_null("") for one in reference]
        return pl.concat_str(parts, separator=JOINED_BY)
    return pl.col(reference)


def _milliseconds(number: pl.Expr, times: int, divisor: int) -> pl.Expr:
    if divisor > 1:
        return (number.cast(pl.Int64, strict=False) + divisor // 2) // divisor
    return (number.cast(pl.Float64, strict=False) * times).round().cast(pl.Int64, strict=False)


def _whole_number(text: pl.Expr) -> pl.Expr:
    """Return a number as a table writes it without its thin spaces and a decimal part of nothing: `1 234,00` is 1234.

    `1,234` may be one or one thousand: it stays as it is, and is no whole number.
    """
    return text.str.replace_all(THOUSANDS, "$1").str.replace(r"^([+-]?[0-9]+)[,.]0{1,2}$", "$1")


def _typed(name: str, dtype: pl.DataType, source: Source) -> pl.Expr:
    if name in DATES:
        return day(name, dtype, source)
    if name in NUMBERS:
        number = text_of(name, dtype).str.strip_chars() if dtype == pl.String else pl.col(name)
        written_in = format_of(source, name)
        if written_in in TABLES and dtype == pl.String:
            number = _whole_number(number)
        unit = MILLISECONDS_A_UNIT.get((written_in, str(source.fields[name]))) if name == "duration_ms" else None
        if unit:
            number = _milliseconds(number, *unit)
        return number.cast(NUMBERS[name], strict=False)
    is_whole = name == "path" and source.fields[name] != "url.path"
    return _without_query(text_of(name, dtype)) if is_whole else text_of(name, dtype)


def _moment(source: Source) -> str:
    """Return the field that says when a line was written; registers and counters have none."""
    return "submitted_at" if source.kind == "claims" else "requested_at"


def local_times(source: Source, batch: Batch) -> pl.Series | None:
    """Return when the lines of a batch say that they were written, where they name no zone; None where they may not."""
    field = _moment(source)
    if field not in source.fields:
        return None
    values = batch.rows.with_columns(_value(source.fields[field]).alias(field))[field]
    if isinstance(values.dtype, pl.Datetime):
        return None if values.dtype.time_zone else values.cast(pl.Datetime("us"))
    local = forms_without_zone(field, source)
    if values.dtype != pl.String or not local:
        return None
    text = pl.col("value").str.strip_chars()
    parsed = pl.coalesce([text.str.to_datetime(form, time_unit="us", strict=False) for form in local])
    return each_once(values, lambda _: parsed)


def mapped(
    batch: Batch, source: Source, case: Case, told: pl.Series | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Turn raw columns into typed fields.

    Args:
        batch: places and raw columns of some lines.
        source: says where each field is.
        case: gives the zone of local times.
        told: the instants of local times that occur twice, as far as the order of the lines tells (`repeated_hour`).

    Returns:
        (fields, unreadable): `fields` has `line`, `byte_offset` and every field of the source's kind (null
        where unmapped); `unreadable` has `line`, `byte_offset`, `reason`, never a value.
    """
    zone = str(case.zone(source))
    known = EVIDENCE_FIELDS[source.kind]
    raw = _raw(batch, source)
    clear = raw.with_columns(without_blanks(column) for column in raw.select(cs.string()))
    typed = clear.select(
        instants(clear[field], source, zone)
        if field in INSTANTS
        else _typed(field, clear.schema[field], source).alias(field)
        for field in source.fields
    )
    if told is not None:
        field = _moment(source)
        typed = typed.with_columns(pl.coalesce(field, told + source.clock_offset).alias(field))
    absent = [pl.lit(None, dtype=field_type(field)).alias(field) for field in known if field not in source.fields]
    read = batch.places.hstack(typed).with_columns(absent).select("line", "byte_offset", *known)
    if not _may_be_lost(source, raw, typed):
        return read, batch.unreadable.clear()
    columns = batch.places.hstack(typed.select(pl.all().name.suffix("*"))).hstack(raw)
    reasons = columns.select("line", "byte_offset", reason=pl.coalesce(_reasons(source, raw.schema)))
    lost = reasons["reason"].is_not_null()
    return read.filter(~lost), reasons.filter(lost)


def _raw(batch: Batch, source: Source) -> pl.DataFrame:
    """Return the fields as the file has them; what a URL is cut into is cut once where URLs recur."""
    cut = {
        reference: each_once(batch.rows["url"], partial(_cut_url, reference)).alias(reference)
        for reference in dict.fromkeys(part for one in source.fields.values() for part in _parts(one))
        if _raw_column(reference) != reference
    }
    # A constant alone would be one row, whatever the height of the batch.
    rows = batch.rows.with_columns(batch.places["line"].alias(HEIGHT), *cut.values())
    values = [_value(reference).alias(field) for field, reference in source.fields.items()]
    return rows.select(HEIGHT, *values).drop(HEIGHT)


def _may_be_lost(source: Source, raw: pl.DataFrame, typed: pl.DataFrame) -> bool:
    """Tell whether some value was there and is no longer, or is required and missing; a blank one counts as there."""
    required = {field for field, needed in EVIDENCE_FIELDS[source.kind].items() if needed}
    return any(
        typed[field].null_count() > (0 if field in required else raw[field].null_count()) for field in source.fields
    )


def _reasons(source: Source, schema: pl.Schema) -> list[pl.Expr]:
    """Return why a line cannot be taken: a value that is not of its field's kind, a required one that is missing."""
    reasons = []
    for field in source.fields:
        there = pl.col(field).is_not_null()
        if schema[field] == pl.String:
            there &= pl.col(field).str.strip_chars() != ""
        lost = there & pl.col(f"{field}*").is_null()
        reasons.append(pl.when(lost).then(pl.lit(f"{field}: {_wanted(field)}")))
    required = [field for field, needed in EVIDENCE_FIELDS[source.kind].items() if needed]
    reasons += [pl.when(pl.col(f"{field}*").is_null()).then(pl.lit(f"{field}: missing")) for field in required]
    return reasons


def _wanted(field: str) -> str:
    if field in INSTANTS:
        return "not a time that exists in the declared format and zone"
    if field in DATES:
        return "not a date in the declared format"
    return "not a whole number" if field in NUMBERS else "not text"


def field_type(field: str) -> pl.DataType:
    """Return the Polars type of a field once mapped."""
    if field in INSTANTS:
        return pl.Datetime("us")
    if field in DATES:
        return pl.Date()
    return NUMBERS.get(field, pl.String)()


def with_ends(fields: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give each window of a counter its end, from its length where it has none.

    Returns:
        (windows, unended): `unended` has `line`, `byte_offset`, `reason`.
    """
    length = pl.duration(minutes=pl.col("window_minutes").clip(0, MINUTES_A_YEAR))
    windows = fields.with_columns(window_end=pl.coalesce("window_end", pl.col("window_start") + length))
    is_whole = (pl.col("window_end") > pl.col("window_start")).fill_null(value=False)
    reason = pl.lit("window_end: neither it nor window_minutes ends the window after its start")
    return windows.filter(is_whole), windows.filter(~is_whole).select("line", "byte_offset", reason=reason)
