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
CUT = (
    "host", "identity", "user", "time", "before_request", "method", "url", "protocol", "after_request", "status",
    "bytes", "referer", "user_agent", "forwarded_for", "rest",
)  # fmt: skip
QUOTES = (6, 8)
"""How many quotes a line has, without and with what nginx adds after the agent."""


def plain_lines(block: Block) -> tuple[pl.DataFrame, np.ndarray]:
    """Cut the plain lines of a block.

    Returns:
        (rows, is_plain): `rows` has `line`, `byte_offset` and the columns of `forensics.evidence.formats.combined` as
        texts, a dash where the log writes one; `is_plain` tells for each line of the block whether it is among them.
    """
    nothing = np.zeros(block.height, dtype=bool)
    if block.data is None:
        return _cut(block, b"", nothing), nothing
    data = np.frombuffer(block.data, dtype=np.uint8)
    seems, quotes = _seem_plain(block, data)
    written = _as_table(block, data, seems, quotes)
    rows = _cut(block, written, seems)
    if rows.height != np.count_nonzero(seems):
        return rows.clear(), nothing
    holds = rows.select(_is_as_expected().fill_null(value=False)).to_series()
    is_plain = seems.copy()
    is_plain[np.flatnonzero(seems)] = holds.to_numpy()
    return rows.filter(holds) if not holds.all() else rows, is_plain


def _seem_plain(block: Block, data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tell which lines have their quotes and brackets where a plain line has them, and where their quotes are."""
    starts = block.starts
    ends = np.append(starts[1:] - 1, len(data) if data[-1] != LINE_END else len(data) - 1)
    ends = ends - ((data[ends - 1] == RETURN) & (ends > starts))
    at = np.flatnonzero(data == QUOTE)
    first = np.searchsorted(at, starts)
    count = np.searchsorted(at, ends) - first
    quotes_a_line = max(QUOTES, key=lambda number: np.count_nonzero(count == number))
    seems = count == quotes_a_line
    for odd in (BACKSLASH, RETURN):
        places = np.flatnonzero(data == odd)
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


def _as_table(block: Block, data: np.ndarray, seems: np.ndarray, quotes: np.ndarray) -> bytes:
    """Return the lines that seem plain as a table: quotes around the time, none around the request."""
    edited = data.copy()
    request = quotes[:, 0]
    edited[request] = edited[quotes[:, 1]] = SPACE
    edited[request - 2] = edited[request - TIME_BYTES - 3] = QUOTE
    table = Block(data=edited.tobytes(), first_line=block.first_line, offset=block.offset)
    chosen = table.data if seems.all() else table.bytes_of(seems)
    return chosen if chosen.isascii() else chosen.decode("utf-8", errors="replace").encode()


def _cut(block: Block, table: bytes, chosen: np.ndarray) -> pl.DataFrame:
    rows = pl.read_csv(
        table,
        separator=" ",
        has_header=False,
        schema=dict.fromkeys(CUT, pl.String),
        truncate_ragged_lines=True,
        missing_columns="insert",
        extra_columns="ignore",
        raise_if_empty=False,
    )
    absent = pl.lit(None, dtype=pl.String).alias("virtual_host")
    if rows.height != np.count_nonzero(chosen):
        return rows.with_columns(absent)
    return block.places().filter(pl.Series(chosen)).hstack(rows).with_columns(absent)


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
        pl.col("referer", "user_agent").is_not_null(),
    )
