"""Plain lines: what nearly all of a combined log is, cut by Polars's own reader of tables instead of by the grammar.

A plain line has one space between its fields, no escapes, and no quotes but those that Apache and nginx write. Once its
brackets are made quotes and its request is bare, it is a row of a table whose columns stand between spaces. Whether a
line is plain is told by where its quotes stand; whatever is not as expected is left to the grammar.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from forensics.evidence.formats.blocks import LINE_END, RETURN, Block

QUOTE, SPACE, BACKSLASH, OPENING, CLOSING = (ord(mark) for mark in '" \\[]')
TIME_BYTES = len("20/Feb/2016:00:00:45 -0500")
LEAST_HEAD = len("h - - [") + TIME_BYTES + len("] ")
LEAST_NUMBERS = len('" 200 - "') - 1
USUAL_METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")
USUAL_PROTOCOLS = ("HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/2", "HTTP/3.0", "HTTP/3")
COMBINED_FIELDS = (
    "host", "identity", "user", "time", "before_request", "method", "url", "protocol", "after_request", "status",
    "bytes", "referer", "user_agent",
)  # fmt: skip
FIELDS = {6: (*COMBINED_FIELDS, "rest"), 8: (*COMBINED_FIELDS, "forwarded_for", "rest")}
"""What stands between the spaces of a line with so many quotes: without and with what nginx adds after the agent."""
CHECKED = (
    "host", "identity", "user", "time", "before_request", "method", "url", "protocol", "after_request", "status",
    "bytes", "rest",
)  # fmt: skip


def plain_lines(block: Block, columns: list[str]) -> tuple[pl.DataFrame, np.ndarray]:
    """Cut the plain lines of a block.

    Args:
        block: some lines of a combined log.
        columns: which of the columns of `forensics.evidence.formats.combined` are wanted.

    Returns:
        (rows, is_plain): `rows` has `line`, `byte_offset` and the columns as texts, a dash where the log writes one;
        `is_plain` tells for each line of the block whether it is among them.
    """
    nothing = np.zeros(block.height, dtype=bool)
    if block.data is None:
        return _rows(block, pl.DataFrame(), nothing, columns), nothing
    data = np.frombuffer(block.data, dtype=np.uint8)
    seems, quotes = _seem_plain(block, data)
    cut = _cut(_as_table(block, seems, quotes), FIELDS[quotes.shape[1]], columns)
    if cut.height != np.count_nonzero(seems):
        return _rows(block, pl.DataFrame(), nothing, columns), nothing
    rows = _rows(block, cut, seems, [*cut.columns, *(name for name in columns if name not in cut.columns)])
    holds = rows.select(_is_as_expected().fill_null(value=False)).to_series()
    is_plain = seems.copy()
    is_plain[np.flatnonzero(seems)] = holds.to_numpy()
    return (rows if holds.all() else rows.filter(holds)).select("line", "byte_offset", *columns), is_plain


def _seem_plain(block: Block, data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tell which lines have their quotes and brackets where a plain line has them, and where their quotes are."""
    starts = block.starts
    ends = np.append(starts[1:] - 1, len(data) if data[-1] != LINE_END else len(data) - 1)
    if (returns := np.flatnonzero(data == RETURN)).size:
        ends = ends - ((data[ends - 1] == RETURN) & (ends > starts))
    at = np.flatnonzero(data == QUOTE)
    first = np.searchsorted(at, starts)
    count = np.searchsorted(at, ends) - first
    quotes_a_line = max(FIELDS, key=lambda number: np.count_nonzero(count == number))
    seems = count == quotes_a_line
    for places in (np.flatnonzero(data == BACKSLASH), returns):
        lines = np.searchsorted(starts, places, side="right") - 1
        seems[lines[places < ends[lines]]] = False
    seems &= at[np.minimum(first, len(at) - 1)] - starts >= LEAST_HEAD if len(at) else False
    quotes = at[first[seems][:, None] + np.arange(quotes_a_line)]
    request, after = quotes[:, 0], quotes[:, 1]
    fits = (data[request - 1] == SPACE) & (data[request - 2] == CLOSING)
    fits &= (data[request - TIME_BYTES - 3] == OPENING) & (data[request - TIME_BYTES - 4] == SPACE)
    numbers = quotes[:, 2] - after
    fits &= (numbers >= LEAST_NUMBERS) & (data[after + 1] == SPACE) & (data[quotes[:, 2] - 1] == SPACE)
    fits &= data[np.minimum(after + 5, len(data) - 1)] == SPACE
    for closing in range(3, quotes_a_line - 1, 2):
        fits &= (quotes[:, closing + 1] - quotes[:, closing] == 2) & (data[quotes[:, closing] + 1] == SPACE)
    fits &= quotes[:, -1] + 1 == ends[seems]
    seems[np.flatnonzero(seems)] = fits
    return seems, quotes[fits]


def _as_table(block: Block, seems: np.ndarray, quotes: np.ndarray) -> bytes:
    """Return the lines that seem plain as a table: quotes around the time, none around the request."""
    changed = bytearray(block.data or b"")
    edited = np.frombuffer(changed, dtype=np.uint8)
    request = quotes[:, 0]
    edited[request] = edited[quotes[:, 1]] = SPACE
    edited[request - 2] = edited[request - TIME_BYTES - 3] = QUOTE
    table = block.bytes_of(seems, memoryview(changed))
    return table if table.isascii() else table.decode("utf-8", errors="replace").encode()


def _cut(table: bytes, fields: tuple[str, ...], columns: list[str]) -> pl.DataFrame:
    """Return the columns that are wanted or checked."""
    return pl.read_csv(
        table,
        columns=[at for at, name in enumerate(fields) if name in columns or name in CHECKED],
        separator=" ",
        has_header=False,
        schema=dict.fromkeys(fields, pl.String),
        truncate_ragged_lines=True,
        missing_columns="insert",
        extra_columns="ignore",
        raise_if_empty=False,
    )


def _rows(block: Block, cut: pl.DataFrame, chosen: np.ndarray, columns: list[str]) -> pl.DataFrame:
    """Return the chosen lines' places beside what was cut, with nothing in the columns that no such line has."""
    absent = [pl.lit(None, dtype=pl.String).alias(name) for name in columns if name not in cut.columns]
    places = block.places().filter(pl.Series(chosen))
    return (
        pl.concat([places, cut.head(places.height)], how="horizontal")
        .with_columns(absent)
        .select("line", "byte_offset", *columns)
    )


def _is_as_expected() -> pl.Expr:
    """Tell whether what stands between the spaces is what the columns say."""
    return pl.all_horizontal(
        pl.col("identity") == "-",
        pl.col("host").str.contains(r"^\S+$"),
        pl.col("user") != "",
        ~pl.col("time").str.contains("]", literal=True),
        pl.col("before_request", "after_request", "rest").is_null(),
        pl.col("method").is_in(USUAL_METHODS),
        pl.col("protocol").is_in(USUAL_PROTOCOLS),
        pl.col("url").str.starts_with("/") | pl.col("url").str.starts_with("http"),
        pl.col("status").str.contains("^[0-9]{3}$"),
        pl.col("bytes").str.contains("^(?:[0-9]+|-)$"),
    )
