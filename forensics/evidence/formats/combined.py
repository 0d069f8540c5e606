"""Apache combined logs: one request a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from forensics.evidence.formats.lines import Batch, line_blocks

COMBINED = (
    r"^(?P<host>\S+) (?P<identity>\S+) (?P<user>.*?) \[(?P<time>[^\]]+)\] "
    r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>[0-9]{3}) (?P<bytes>[0-9]+|-) '
    r'"(?P<referer>(?:[^"\\]|\\.)*)" "(?P<user_agent>(?:[^"\\]|\\.)*)"'
)
REQUEST = r"^(?P<method>[A-Za-z_-]+) (?P<url>\S.*?)(?: (?P<protocol>HTTP/[0-9.]+))?$"
COMBINED_COLUMNS = (
    "host", "identity", "user", "time", "method", "url", "protocol", "status", "bytes", "referer", "user_agent",
)  # fmt: skip
MAY_BE_ABSENT = ("identity", "user", "bytes", "referer", "user_agent")


def read_combined(path: Path, columns: list[str]) -> Iterator[Batch]:
    """Read an Apache combined log, plain or gzip, in blocks of bounded size."""
    for lines in line_blocks(path):
        rows, unreadable = _parse(lines)
        yield Batch(
            places=rows.select("line", "byte_offset"),
            rows=rows.select(columns),
            unreadable=unreadable,
            lines=lines.height,
        )


def _parse(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the lines into parsed ones and unreadable ones."""
    parsed = lines.with_columns(raw=pl.col("text").str.extract_groups(COMBINED)).unnest("raw")
    # A virtual host before the client shifts every field: the "user" then begins with the client's dash.
    shifted = pl.col("user").str.starts_with("- ").fill_null(value=False)
    readable = pl.col("time").is_not_null() & ~shifted
    reason = (
        pl.when(pl.col("text") == "")
        .then(pl.lit("empty line"))
        .when(shifted)
        .then(pl.lit("not Apache combined: something stands before the client"))
        .otherwise(pl.lit("not Apache combined"))
    )
    unreadable = parsed.filter(~readable).select("line", "byte_offset", reason=reason)
    absent = [pl.col(name).replace({"-": None}) for name in MAY_BE_ABSENT]
    rows = (
        parsed.filter(readable)
        .with_columns(*absent, pl.col("request").str.extract_groups(REQUEST).alias("parts"))
        .unnest("parts")
        .select("line", "byte_offset", *COMBINED_COLUMNS)
    )
    return rows, unreadable
