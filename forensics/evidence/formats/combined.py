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
USUAL_METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")
USUAL_PROTOCOLS = ("HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/2", "HTTP/3.0", "HTTP/3")
LEAST_TIME = 3
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
    cut = (
        lines.lazy()
        .with_columns(pl.col("text").str.splitn('"', 7).alias("parts"))
        .unnest("parts")
        .rename({"field_3": "referer", "field_5": "user_agent"})
        .with_columns(
            head=pl.col("field_0").str.splitn(" ", 4).struct.rename_fields(["host", "identity", "user", "time"]),
            request=pl.col("field_1").str.splitn(" ", 3).struct.rename_fields(["method", "url", "protocol"]),
        )
        .unnest("head", "request")
    )
    time, after, url = pl.col("time"), pl.col("field_6"), pl.col("url")
    bare_time = time.str.strip_prefix("[").str.strip_suffix("] ")
    is_plain = pl.all_horizontal(
        ~pl.col("text").str.contains("\\", literal=True),
        pl.col("identity") == "-",
        pl.col("host").str.contains(r"^\S+$"),
        pl.col("user") != "",
        time.str.starts_with("[") & time.str.ends_with("] ") & (time.str.len_bytes() > LEAST_TIME),
        ~bare_time.str.contains("]", literal=True),
        _is_one_of("method", USUAL_METHODS),
        _is_one_of("protocol", USUAL_PROTOCOLS),
        url.str.starts_with("/") | url.str.starts_with("http"),
        pl.col("field_2").str.contains(r"^ [0-9]{3} (?:[0-9]+|-) $"),
        pl.col("field_4") == " ",
        after.is_not_null(),
    )
    return cut.select(
        "line",
        "byte_offset",
        "method",
        "url",
        "protocol",
        "host",
        is_plain=is_plain.fill_null(value=False),
        identity=pl.lit(None, dtype=pl.String),
        user=_said("user"),
        time=bare_time,
        status=pl.col("field_2").str.slice(1, 3),
        bytes=_said_of(pl.col("field_2").str.slice(5).str.strip_suffix(" ")),
        referer=_said("referer"),
        user_agent=_said("user_agent"),
        forwarded_for=_said_of(after.str.extract(r'^ "([^"]*)"')),
        virtual_host=pl.lit(None, dtype=pl.String),
    ).collect()


def _is_one_of(name: str, values: tuple[str, ...]) -> pl.Expr:
    return pl.any_horizontal(pl.col(name) == value for value in values)


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
