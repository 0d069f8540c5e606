"""HAProxy's HTTP log, bare or as syslog writes it: one request a line, in the server's local time.

Captured headers stand in braces, the request's before the answer's; where a line has one pair, it is taken for the
request's. Which headers they are only HAProxy's configuration says: `request_header_1` is the first.

Layout: HAProxy Configuration Manual, 8.2.3 HTTP log format, https://docs.haproxy.org/3.0/configuration.html#8.2.3
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from forensics.evidence.formats.combined import REQUEST
from forensics.evidence.formats.lines import Batch, Parsed, batches, why_not

HAPROXY = (
    r'^(?:[^"{}]*? )??(?P<client>[^ "{}\[\]]+|\[[0-9A-Fa-f:.]+\]):(?P<client_port>[0-9]+) '
    r"\[(?P<time>[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:.]+)\] (?P<frontend>\S+) (?P<backend>[^ /]+)/(?P<server>\S+) "
    r"(?P<request_ms>-?[0-9]+)/(?P<queue_ms>-?[0-9]+)/(?P<connect_ms>-?[0-9]+)/(?P<response_ms>-?[0-9]+)/"
    r"\+?(?P<duration_ms>-?[0-9]+) (?P<status>-?[0-9]+) \+?(?P<bytes>[0-9]+) "
    r"(?P<request_cookie>\S+) (?P<response_cookie>\S+) (?P<termination_state>\S{4}) "
    r"[0-9]+/[0-9]+/[0-9]+/[0-9]+/\+?[0-9]+ [0-9]+/[0-9]+ "
    r'(?:\{(?P<request_headers>[^{}]*)\} )?(?:\{(?P<response_headers>[^{}]*)\} )?"(?P<request>[^"]*)"'
)
MOST_HEADERS = 8
HEADERS = tuple(f"request_header_{number}" for number in range(1, MOST_HEADERS + 1))
HAPROXY_COLUMNS = (
    "client", "client_port", "time", "frontend", "backend", "server", "request_ms", "queue_ms", "connect_ms",
    "response_ms", "duration_ms", "status", "bytes", "request_cookie", "response_cookie", "termination_state",
    "request_headers", "response_headers", *HEADERS, "method", "url", "protocol",
)  # fmt: skip
MAY_BE_ABSENT = (
    "request_ms", "queue_ms", "connect_ms", "response_ms", "duration_ms", "status", "request_cookie",
    "response_cookie", "server", "backend",
)  # fmt: skip
NOTHING = {"-": None, "-1": None, "<NOSRV>": None}


def read_haproxy(path: Path, columns: list[str]) -> Iterator[Batch]:
    """Read an HAProxy log, plain or compressed, in blocks of bounded size; what HAProxy says of itself is set aside."""
    return batches(path, columns, parse_haproxy)


def parse_haproxy(lines: pl.DataFrame) -> Parsed:
    """Part the lines into parsed ones and unreadable ones."""
    parsed = lines.with_columns(raw=pl.col("text").str.extract_groups(HAPROXY)).unnest("raw")
    readable = pl.col("time").is_not_null()
    reason = why_not("not a request as HAProxy's HTTP log writes it")
    unreadable = parsed.filter(~readable).select("line", "byte_offset", reason=reason)
    captured = pl.col("request_headers").str.split("|")
    header = [captured.list.get(number, null_on_oob=True) for number in range(MOST_HEADERS)]
    rows = (
        parsed.filter(readable)
        .with_columns(
            pl.col("request").str.extract_groups(REQUEST).alias("parts"),
            pl.col("client").str.strip_chars("[]"),
            *(pl.col(name).replace(NOTHING) for name in MAY_BE_ABSENT),
            *(pl.when(text != "").then(text).alias(name) for name, text in zip(HEADERS, header, strict=True)),
        )
        .unnest("parts")
    )
    return rows, unreadable
