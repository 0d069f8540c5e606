"""Times: what a file writes of when becomes an instant in UTC, or a day, by the declared form, zone and clock."""

from __future__ import annotations

import polars as pl

from forensics.declaration import EPOCHS, EXPORTED, Source
from forensics.evidence.calendar import LAST_S, in_calendar
from forensics.evidence.texts import each_once, text_of

LOCAL_LOG_TIME = "%d/%b/%Y:%H:%M:%S"
LOG_TIME = f"{LOCAL_LOG_TIME} %z"
LOCAL_CHARACTERS = len("20/Feb/2016:00:00:45")
USUAL_LOG_TIME = r"^[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}(?::[0-9]{2}){2}:[0-5][0-9] [+-](?:[01][0-9]|2[0-3])[0-5][0-9]$"
ISO_TIMES = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
ISO_APART = "%Y-%m-%d %H:%M:%S%.f%#z"
USUAL_TIMES = {
    "combined": [LOG_TIME],
    "common": [LOG_TIME],
    "haproxy": ["%d/%b/%Y:%H:%M:%S%.f"],
    "caddy": ["epoch_s", *ISO_TIMES],
    "nginx_json": [*ISO_TIMES, LOG_TIME, "epoch_s"],
    "ocsf": ["epoch_ms", *ISO_TIMES],
    "splunk": [*ISO_TIMES, ISO_APART, "epoch_s"],
    "timesketch": [*ISO_TIMES, ISO_APART, "epoch_us"],
}
"""How each format writes its times, where `case.toml` does not say; the others in ISO 8601."""


def _declared(source: Source) -> list[str]:
    return [source.date_format] if isinstance(source.date_format, str) else source.date_format or []


def instants(values: pl.Series, source: Source, zone: str) -> pl.Series:
    """Return a field's instants as naive UTC: zones in the values count, local times are read in the source's zone."""
    name, dtype, column = values.name, values.dtype, in_calendar(pl.col(values.name), values.dtype)
    if isinstance(dtype, pl.Datetime):
        aware = column.dt.convert_time_zone("UTC") if dtype.time_zone else _from_local(column, zone)
    elif dtype == pl.Date:
        aware = _from_local(column.cast(pl.Datetime("us")), zone)
    else:
        texts = values.to_frame().select(text_of(name, dtype)).to_series()
        return _corrected(_parsed(texts, source, zone), source)
    return _corrected(values.to_frame().select(aware).to_series(), source)


def _parsed(texts: pl.Series, source: Source, zone: str) -> pl.Series:
    """Return the instants that texts tell; the first form that reads a text decides."""
    written = forms(texts.name, source)
    if written[0] == LOG_TIME and (usual := _usual_log_times(texts)) is not None:
        return usual

    def parse(text: pl.Expr) -> pl.Expr:
        return pl.coalesce([_parse(text.str.strip_chars(), form, zone) for form in written])

    return each_once(texts, parse).alias(texts.name)


def _usual_log_times(texts: pl.Series) -> pl.Series | None:
    """Read `LOG_TIME` without its zone, which goes five times as fast, where all are written as servers write them."""
    if not texts.str.contains(USUAL_LOG_TIME).all():
        return None
    local = pl.col("text").str.head(LOCAL_CHARACTERS).str.to_datetime(LOCAL_LOG_TIME, time_unit="us", strict=False)
    zone = pl.col("text").str.slice(LOCAL_CHARACTERS + 1).cast(pl.Int32)  # -0530 as -530
    apart = texts.to_frame("text").select(local=local, zone=zone)
    minutes = pl.col("zone").sign() * (pl.col("zone").abs() // 100 * 60 + pl.col("zone").abs() % 100)
    utc = (pl.col("local") - minutes * pl.duration(minutes=1)).dt.replace_time_zone("UTC")
    return apart.select(utc.alias(texts.name)).to_series()


def _corrected(aware: pl.Series, source: Source) -> pl.Series:
    """Return instants as naive UTC by the right clock; null where that leaves the calendar."""
    told = aware.dt.replace_time_zone(None).cast(pl.Datetime("us")).to_frame()
    right = told.with_columns(pl.col(aware.name) + source.clock_offset)
    return right.select(in_calendar(pl.col(aware.name), pl.Datetime("us"))).to_series()


def forms(field: str, source: Source) -> list[str]:
    """Return how a field's times may be written, as declared, else as the format writes them."""
    return _declared(source) or USUAL_TIMES.get(format_of(source, field), ISO_TIMES)


def forms_without_zone(field: str, source: Source) -> list[str]:
    """Return the forms of a field's times that name no zone."""
    return [form for form in forms(field, source) if form not in EPOCHS and "%z" not in form and "%#z" not in form]


def format_of(source: Source, field: str) -> str:
    """Return the format whose ways a field is written in: an export's own columns are not in that of its lines."""
    is_exported = source.raw_format and str(source.fields[field]).startswith(EXPORTED)
    return source.format if is_exported else source.line_format


def _parse(text: pl.Expr, form: str, zone: str) -> pl.Expr:
    if form in EPOCHS:
        return _since_1970(text, EPOCHS[form])
    if "%z" in form or "%#z" in form:
        return text.str.to_datetime(form, time_zone="UTC", time_unit="us", strict=False)
    return _from_local(text.str.to_datetime(form, time_unit="us", strict=False), zone)


def _since_1970(text: pl.Expr, unit_us: int) -> pl.Expr:
    """Return the instant that a count of units since 1970 in UTC stands for; what is finer than a microsecond goes."""
    finest = len(str(unit_us)) - 1
    whole = text.str.extract(r"^([0-9]{1,17})(?:\.[0-9]*)?$").cast(pl.Int64, strict=False)
    part = text.str.extract(r"\.([0-9]+)$").fill_null("").str.slice(0, finest).str.pad_end(finest, "0")
    micros = whole * unit_us + (part.cast(pl.Int64, strict=False) if finest else 0)
    held = pl.when(whole <= LAST_S * 1_000_000 // unit_us).then(micros)
    return held.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _from_local(column: pl.Expr, zone: str) -> pl.Expr:
    local = column.cast(pl.Datetime("us")).dt.replace_time_zone(zone, ambiguous="null", non_existent="null")
    return local.dt.convert_time_zone("UTC")


def day(name: str, dtype: pl.DataType, source: Source) -> pl.Expr:
    """Return a day; of an instant, the one that the file's own zone shows."""
    column = in_calendar(pl.col(name), dtype)
    if dtype == pl.Date:
        return column
    if dtype == pl.Datetime:
        return column.dt.date()
    text = text_of(name, dtype).str.strip_chars()
    written = [form for form in _declared(source) if form not in EPOCHS]
    return pl.coalesce([text.str.to_date(form, strict=False) for form in (*written, "%Y-%m-%d")])
