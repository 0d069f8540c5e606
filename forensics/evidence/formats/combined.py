"""Apache and nginx combined logs, also with the virtual host before the client: one request a line.

Layout: Apache HTTP Server 2.4, Log Files, https://httpd.apache.org/docs/2.4/logs.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from forensics.evidence.formats.blocks import blocks_of
from forensics.evidence.formats.lines import Batch, Parsed, why_not
from forensics.evidence.formats.plain_lines import plain_lines

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
    """Read a combined log, plain or compressed, in blocks of bounded size; `host` is the client.

    Most lines are plain, and are cut sooner (`forensics.evidence.formats.plain_lines`); the grammar reads the others.
    """
    for block in blocks_of(path):
        rows, is_plain = plain_lines(block, columns)
        places = rows.select("line", "byte_offset")
        rows = rows.select(_said(column) if column in MAY_BE_ABSENT else column for column in columns)
        unreadable = places.clear().with_columns(reason=pl.lit(None, dtype=pl.String))
        if not is_plain.all():
            odd, unreadable = parse_combined(block.lines(chosen=~is_plain))
            both = pl.concat([places.hstack(rows), odd.select("line", "byte_offset", *columns)]).sort("line")
            places, rows = both.select("line", "byte_offset"), both.select(columns)
        yield Batch(places=places, rows=rows, unreadable=unreadable, lines=block.height)


def parse_combined(lines: pl.DataFrame) -> Parsed:
    """Part the lines of a combined log into parsed ones and unreadable ones."""
    return parse_apache(lines, COMBINED, "combined")


def _said(name: str) -> pl.Expr:
    """Return a column, null where the log writes a dash for nothing."""
    return pl.when(pl.col(name) != "-").then(name)


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
