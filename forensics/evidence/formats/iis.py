"""W3C extended logs, as IIS and others write them: `#Fields` says what the lines after it hold, also in mid-file.

Besides the names in `#Fields` a line has `date_time` (`date` and `time`, in UTC by the definition of both; a log
without dates has the day of the last `#Date`) and `url` (`cs-uri`, else `cs-uri-stem` and `cs-uri-query`). In
`cs(User-Agent)` a plus stands for a space; a lone dash is nothing, in every column.

Layout: W3C working draft WD-logfile-960323, https://www.w3.org/TR/WD-logfile.html
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from forensics.evidence.formats.lines import DIRECTIVE, Batch, Parsed, batches, why_not

FIELDS, DATE = r"^#Fields:[ \t]*(.*?)[ \t]*$", r"^#Date:[ \t]*([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ \t]|$)"
VALUE = r'("(?:[^"]|"")*"|[^ \t]+)'
UNKNOWN = "-"
"""The day of a `#Date` that is written in another way."""
AGENT = "cs(User-Agent)"
URL = ("cs-uri", "cs-uri-stem", "cs-uri-query")
MOST_FIELDS = 200
"""Above this `#Fields` describes no log; the widest one that we know of has 44."""
MOST_LAYOUTS = 100
"""How many different `#Fields` one block of lines may have; a server writes a new one when it is set up anew."""
TIME = r"^([0-9]{1,2}):([0-9]{2}):([0-9]{2})"
OVER_S = 10 * 86_400
LONGEST_FALL_S = 3600
"""A time of day that falls by more than this is of another day than the times above it."""


@dataclass(slots=True)
class _Heading:
    """What the directives above a block say of its first lines.

    Attributes:
        fields: the last `#Fields`.
        day: the day of the last `#Date`.
        latest: the latest time of day since that `#Date`, in seconds; above a day's length once its day is over.
    """

    fields: str | None = None
    day: str | None = None
    latest: int = 0


def read_iis(path: Path, columns: list[str]) -> Iterator[Batch]:
    """Read a W3C extended log, plain or compressed, in blocks of bounded size; directives are set aside as such."""
    heading = _Heading()
    return batches(path, columns, lambda lines: _parse(lines, columns, heading))


def _parse(lines: pl.DataFrame, columns: list[str], heading: _Heading) -> Parsed:
    """Part the lines into requests, with the columns that are asked for, and unreadable ones; carry the heading on."""
    text = pl.col("text")
    dates = text.str.starts_with("#Date:").fill_null(value=False)
    day = pl.when(dates).then(text.str.extract(DATE).fill_null(UNKNOWN))
    headed = lines.with_columns(
        fields=text.str.extract(FIELDS).forward_fill().fill_null(pl.lit(heading.fields, dtype=pl.String)),
        is_directive=text.str.starts_with("#").fill_null(value=False),
        **{
            "*day": day.forward_fill().fill_null(pl.lit(heading.day, dtype=pl.String)),
            "*section": dates.cum_sum().cast(pl.Int64),
        },
    )
    layouts = headed["fields"].drop_nulls().unique(maintain_order=True).head(MOST_LAYOUTS)
    empty = headed.head(0).select("line", "byte_offset", "*section", "*day", *_columns([], columns))
    parts = [empty] + [_rows(headed, layout, columns) for layout in layouts]
    found = pl.concat(parts).sort("line")
    found, heading.latest = _with_days(found, heading.latest, sections=headed["*section"][-1])
    heading.fields, heading.day = headed.select("fields", "*day").row(-1)
    rows = found.filter("*is_dated") if "date_time" in columns else found
    reason = why_not(
        pl.when("is_directive")
        .then(pl.lit(DIRECTIVE))
        .when(pl.col("fields").is_null())
        .then(pl.lit("no #Fields stands before it"))
        .when(pl.col("line").is_in(found["line"].implode()))
        .then(pl.lit("its day is not known: no date, and it is not of the day of the #Date before it"))
        .otherwise(pl.lit("not as many values as #Fields names"))
    )
    left = headed.join(rows.select("line"), on="line", how="anti", maintain_order="left")
    return rows, left.select("line", "byte_offset", reason=reason)


def _rows(headed: pl.DataFrame, layout: str, columns: list[str]) -> pl.DataFrame:
    """Return the lines under one `#Fields` that have as many values as it names."""
    names = layout.split()
    lines = headed.filter((pl.col("fields") == layout) & ~pl.col("is_directive"))
    if not 0 < len(names) <= MOST_FIELDS:
        lines = lines.head(0)
        names = names[:1] or ["-"]
    pattern = "^[ \t]*" + "[ \t]+".join([VALUE] * len(names)) + "[ \t]*$"
    return (
        lines.with_columns(values=pl.col("text").str.extract_groups(pattern))
        .filter(pl.col("values").struct.field("1").is_not_null())
        .select("line", "byte_offset", "*section", "*day", *_columns(names, columns))
    )


def _columns(names: list[str], columns: list[str]) -> list[pl.Expr]:
    """Return the columns that are asked for, and `*date` and `*time`, of lines that have the values of these names."""

    def value(name: str) -> pl.Expr:
        if name not in names:
            return pl.lit(None, dtype=pl.String)
        raw = pl.col("values").struct.field(str(names.index(name) + 1))
        bare = raw.str.strip_prefix('"').str.strip_suffix('"').str.replace_all('""', '"', literal=True)
        clear = pl.when(raw.str.contains('^".*"$')).then(bare).otherwise(raw).replace({"-": None})
        return clear.str.replace_all("+", " ", literal=True) if name == AGENT else clear

    whole, stem, query = (value(name) for name in URL)
    asked = pl.when(query.is_not_null()).then(pl.concat_str([pl.lit("?"), query])).otherwise(pl.lit(""))
    made = {"url": pl.coalesce(whole, pl.concat_str([stem, asked])), "date_time": pl.lit(None, dtype=pl.String)}
    wanted = [(made[name] if name in made else value(name)).alias(name) for name in columns]
    return [*wanted, value("date").alias("*date"), value("time").alias("*time")]


def _with_days(rows: pl.DataFrame, latest: int, *, sections: int) -> tuple[pl.DataFrame, int]:
    """Join date and time; a line without a date has the day of the `#Date` before it while the times do not fall.

    Args:
        rows: the lines read, with `*day` and `*section` (how many `#Date` of this block stand before them).
        latest: the latest time of day above the block, in seconds.
        sections: how many `#Date` the block has.

    Returns:
        (rows, latest): the rows with `*is_dated` and, where it is asked for, `date_time`; what to hand on.
    """
    part = [pl.col("*time").str.extract(TIME, number).cast(pl.Int64) for number in (1, 2, 3)]
    second = pl.when(pl.col("*date").is_null()).then(part[0] * 3600 + part[1] * 60 + part[2]).fill_null(0)
    above = pl.when(pl.col("*section") == 0).then(latest).otherwise(0)
    peak = pl.max_horizontal(second.cum_max().over("*section"), above)
    fallen = pl.col("*date").is_null() & (peak - second > LONGEST_FALL_S)
    timed = rows.with_columns(peak.alias("*peak"), fallen.cum_max().over("*section").alias("*is_over"))
    day = pl.when(~pl.col("*is_over") & (pl.col("*day") != UNKNOWN)).then("*day")
    moment = pl.concat_str([pl.coalesce("*date", day), "*time"], separator=" ")
    last = timed.filter(pl.col("*section") == sections).tail(1)
    handed = 0 if sections else latest
    if last.height:
        handed = OVER_S if last["*is_over"][0] else last["*peak"][0]
    dated = timed.with_columns(moment.is_not_null().alias("*is_dated"))
    return dated.with_columns(moment.alias("date_time")) if "date_time" in rows.columns else dated, handed
