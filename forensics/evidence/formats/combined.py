"""Apache and nginx combined logs, also with the virtual host before the client: one request a line.

Layout: Apache HTTP Server 2.4, Log Files, https://httpd.apache.org/docs/2.4/logs.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from forensics.evidence.formats.lines import Batch, Parsed, batches, why_not

COMMON = (
    r"^(?P<host>\S+) (?P<identity>\S+) (?P<user>.*?) \[(?P<time>[^\]]+)\] "
    r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>[0-9]{3}) (?P<bytes>[0-9]+|-)'
)
COMBINED = (
    COMMON
    + r' "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<user_agent>(?:[^"\\]|\\.)*)"'
    + r'(?: "(?P<forwarded_for>(?:[^"\\]|\\.)*)")?'
)
"""What nginx's own `main` format adds, a quoted field after the agent, is the header X-Forwarded-For."""
REQUEST = r"^(?P<method>[A-Za-z_-]+) (?P<url>\S.*?)(?: (?P<protocol>HTTP/[0-9.]+))?$"
COMBINED_COLUMNS = (
    "host", "identity", "user", "time", "method", "url", "protocol", "status", "bytes", "referer", "user_agent",
    "virtual_host", "forwarded_for",
)  # fmt: skip
MAY_BE_ABSENT = ("virtual_host", "identity", "user", "bytes", "referer", "user_agent", "forwarded_for")
ADDRESS = r"^(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]+)$"
NAMED = r"^[A-Za-z0-9._*\[\]:-]+$"
"""What can be a virtual host, with or without its port; a list of addresses from a header is none."""


def read_combined(path: Path, columns: list[str]) -> Iterator[Batch]:
    """Read a combined log, plain or compressed, in blocks of bounded size; `host` is the client."""
    return batches(path, columns, parse_combined)


def parse_combined(lines: pl.DataFrame) -> Parsed:
    """Part the lines of a combined log into parsed ones and unreadable ones, as `parse_apache` does, but sooner.

    Most lines are plain: no escapes, no spaces in names. They are cut at their quotes; the grammar reads the others.
    """
    cut = _cut(lines)
    plain = cut.filter("is_plain")
    others = lines.filter(~cut["is_plain"])
    names = ["line", "byte_offset", *COMBINED_COLUMNS]
    rows = plain.select(names)
    if not others.height:
        return rows, lines.clear().select("line", "byte_offset", reason=pl.lit(None, dtype=pl.String))
    odd, unreadable = parse_apache(others, COMBINED, "combined")
    return (pl.concat([rows, odd.select(names)]).sort("line") if odd.height else rows), unreadable


def _cut(lines: pl.DataFrame) -> pl.DataFrame:
    """Cut each line at its quotes and spaces; `is_plain` tells whether that gave what the grammar would."""
    quoted = (
        lines.lazy()
        .with_columns(pl.col("text").str.splitn('"', 7).alias("parts"))
        .unnest("parts")
        .rename({"field_3": "referer", "field_5": "user_agent"})
        .with_columns(
            pl.col("field_0")
            .str.split_exact(" ", 5)
            .struct.rename_fields([f"head_{n}" for n in range(6)])
            .alias("head"),
            pl.col("field_1").str.splitn(" ", 3).struct.rename_fields(["method", "url", "protocol"]).alias("request"),
            pl.col("field_2")
            .str.split_exact(" ", 3)
            .struct.rename_fields([f"sum_{n}" for n in range(4)])
            .alias("sums"),
        )
        .unnest("head", "request", "sums")
    )
    after = pl.col("field_6")
    is_plain = pl.all_horizontal(
        ~pl.col("text").str.contains("\\", literal=True),
        pl.col("head_0").str.contains(r"^[!-~]+$"),
        pl.col("head_1") == "-",
        pl.col("head_2").str.contains(r"^[!-~]+$"),
        pl.col("head_3").str.contains(r"^\[[0-9]{2}/[A-Za-z]{3}/[0-9]{4}:[0-9:]{8}$"),
        pl.col("head_4").str.contains(r"^[+-][0-9]{4}\]$"),
        pl.col("head_5") == "",
        pl.col("method").str.contains(r"^[A-Za-z_-]+$"),
        pl.col("url").str.contains(r"^\S"),
        pl.col("protocol").str.contains(r"^HTTP/[0-9.]+$"),
        pl.col("field_2").str.contains(r"^ [0-9]{3} (?:[0-9]+|-) $"),
        pl.col("field_4") == " ",
        after.is_not_null(),
    )
    time = pl.concat_str([pl.col("head_3").str.slice(1), pl.col("head_4").str.head(5)], separator=" ")
    return quoted.select(
        "line",
        "byte_offset",
        "method",
        "url",
        "protocol",
        is_plain=is_plain.fill_null(value=False),
        host="head_0",
        identity=pl.lit(None, dtype=pl.String),
        user=_said("head_2"),
        time=time,
        status="sum_1",
        bytes=_said("sum_2"),
        referer=_said("referer"),
        user_agent=_said("user_agent"),
        forwarded_for=_said_of(after.str.extract(r'^ "([^"]*)"')),
        virtual_host=pl.lit(None, dtype=pl.String),
    ).collect()


def _said(name: str) -> pl.Expr:
    return _said_of(pl.col(name)).alias(name)


def _said_of(value: pl.Expr) -> pl.Expr:
    """Return a value, null where the log writes a dash for nothing."""
    return pl.when(value != "-").then(value)


def parse_apache(lines: pl.DataFrame, pattern: str, name: str) -> Parsed:
    """Part the lines into parsed ones and unreadable ones, by the grammar.

    Args:
        lines: `line`, `byte_offset`, `text`.
        pattern: one of the layouts that begin as `COMMON` does.
        name: the layout, for the reasons.
    """
    parsed = lines.with_columns(raw=pl.col("text").str.extract_groups(pattern)).unnest("raw")
    parsed = _without_virtual_host(parsed)
    readable = pl.col("time").is_not_null() & ~pl.col("is_shifted")
    reason = why_not(
        pl.when("is_shifted")
        .then(pl.lit(f"not Apache {name}: something stands before the client"))
        .otherwise(pl.lit(f"not Apache {name}"))
    )
    unreadable = parsed.filter(~readable).select("line", "byte_offset", reason=reason)
    absent = [_said(column) for column in MAY_BE_ABSENT if column in parsed.columns]
    rows = (
        parsed.filter(readable)
        .with_columns(*absent, pl.col("request").str.extract_groups(REQUEST).alias("parts"))
        .unnest("parts")
    )
    return rows, unreadable


def _without_virtual_host(parsed: pl.DataFrame) -> pl.DataFrame:
    """Set a virtual host apart where one shifts every field: then the identity is the client.

    That is seen by an identity that is an address, or by a user that begins with the client's own dash. A user name
    cannot feign it: the identity before it is the server's to write.
    """
    identity, user = pl.col("identity"), pl.col("user")
    shifted = identity.str.contains(ADDRESS) | (user.str.starts_with("- ") & (identity != "-"))
    seen = parsed.with_columns(virtual_host=pl.lit(None, dtype=pl.String), is_shifted=shifted.fill_null(value=False))
    if not seen["is_shifted"].any():
        return seen
    fits = pl.col("is_shifted") & pl.col("host").str.contains(NAMED) & user.str.contains(r"^\S+ ")
    return seen.with_columns(
        virtual_host=pl.when(fits).then("host"),
        host=pl.when(fits).then("identity").otherwise("host"),
        identity=pl.when(fits).then(user.str.extract(r"^(\S+) ")).otherwise("identity"),
        user=pl.when(fits).then(user.str.replace(r"^\S+ ", "")).otherwise("user"),
        is_shifted=pl.col("is_shifted") & ~fits,
    )
