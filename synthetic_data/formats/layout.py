"""What a format of access logs is: files in the portals' own words, and how case.toml declares them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

import polars as pl

if TYPE_CHECKING:
    from synthetic_data.portal import Portal

ROWS_AT_ONCE = 131_072
"""Rows of a piece that are turned into text at once, which bounds memory."""


class Writer(Protocol):
    """Takes an operator's lines, piece after piece, in the order they are to stand in its log."""

    def write(self, lines: pl.DataFrame) -> None:
        """Append lines; columns as in `damages.plan.Plan.log`, without row. A torn line was cut while written."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """One [[source]] of one operator's logs. path: below evidence/<operator>/; fields: ours = theirs."""

    id: str
    kind: str
    path: str
    format: str
    timezone: str
    fields: dict[str, str]
    subject_kind: str | None = None
    more: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A format on offer.

    has_server: whether its lines say which server answered. bytes_a_line: on disk, measured and rounded up. open:
    takes evidence/<operator>/.
    """

    name: str
    about: str
    has_server: bool
    bytes_a_line: int
    files: Callable[[Portal], list[LogFile]]
    open: Callable[[Path, Portal], AbstractContextManager[Writer]]


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """Give the name a file has until it is whole; it bears its own name afterwards, or goes if the block fails."""
    hidden = path.with_name(f".{path.name}.unfinished")
    try:
        yield hidden
        hidden.replace(path)
    finally:
        hidden.unlink(missing_ok=True)


class TextLog:
    """Appends lines to a text file; equal pieces give equal bytes.

    A torn line keeps at least `shortest` characters and loses at least its last, without which no part of
    a line of the format can be read.
    """

    def __init__(self, file: IO[bytes], written: Callable[[pl.DataFrame], pl.Series], shortest: int) -> None:
        """Take an open file, what turns rows into lines, and how much of a torn line is left at least."""
        self._file, self._written, self._shortest = file, written, shortest

    def write(self, lines: pl.DataFrame) -> None:
        """Append lines, some at a time."""
        for rows in lines.iter_slices(ROWS_AT_ONCE):
            text = self._written(rows.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))).alias("line")
            lost = pl.col("line").str.len_chars().cast(pl.Int64) - self._shortest
            cut = pl.col("line").str.slice(0, self._shortest + pl.col("torn_at") % lost)
            both = rows.select("torn", torn_at=where_torn()).with_columns(text)
            both.select(pl.when("torn").then(cut).otherwise("line")).write_csv(
                self._file, include_header=False, quote_style="never", line_terminator="\n"
            )


@contextmanager
def text_log(path: Path, written: Callable[[pl.DataFrame], pl.Series], shortest: int) -> Iterator[TextLog]:
    """Write a text file that is there under its name only once it is whole."""
    with unfinished(path) as hidden, hidden.open("wb") as file:
        yield TextLog(file, written, shortest)


def where_torn() -> pl.Expr:
    """Give a number that differs from row to row, for where a torn one breaks off; it needs no chance."""
    return pl.col("requested_at").to_physical() // 1000 + pl.col("response_bytes").fill_null(0)
