"""A table as text: its encoding, what stands between its fields, and whether its first row names them."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from itertools import islice

from forensics.declaration import ENCODINGS
from forensics.evidence.formats.csv import DELIMITERS
from forensics.evidence.guess.names import is_known

FRENCH = frozenset("éèêëàâçîïôûùüÉÈÊËÀÂÇÎÏÔÛÙÜœŒæÆ°€’‘“”«»–—…²\u00a0ñöäáíóúÑÖÄß")
PREFERRED = ("windows-1252", "iso-8859-15", "iso-8859-1", "cp850")
EVENT = frozenset({"message", "timestamp_desc"})
"""Names that only a header of Timesketch's events has."""
ROWS = 1_000
HALF = 0.5
OWN_NAME = 3
CONTROL = bytes(range(9)) + bytes(range(14, 32)) + b"\x0b\x0c\x7f"
DATA = re.compile(
    r"[+-]?[\d\s.,  ]*\d[\d\s.,  ]*[%€]?"  # a number
    r"|\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}.*|[0-2]?\d[:h][0-5]\d.*"  # a date, a time
    r"|.*(?:://|@).*|/.*|[\w-]+\.[\w-]+\.[\w.-]+|[0-9A-Fa-f:]*:[0-9A-Fa-f:]+"  # an address of any sort
    r"|.*(?<![0-9A-Za-z])[0-9][0-9 ._-]{7,}[0-9AB](?![A-Za-z]).*"  # a long number
    r"|[0-9A-Fa-f]{8}-[0-9A-Fa-f-]{27}|(?=.*\d)[0-9a-fA-F]{16,}|-",
    re.DOTALL,
)
"""What a header does not say of a column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What a text is, taken as a table.

    Attributes:
        encoding: ours, None for UTF-8.
        is_ascii: whether nothing tells one encoding from another.
        delimiter: what stands between fields, None where there is one column.
        header: the names, None where the first row is data.
        columns: how many.
        share: of the rows, those that have as many fields as the first.
        refusal: why it cannot be read in spite of a header, empty where it can.
    """

    encoding: str | None
    is_ascii: bool
    delimiter: str | None
    header: tuple[str, ...] | None
    columns: int
    share: float
    refusal: str = ""


def table_of(content: bytes) -> Table | None:
    """Return what a text is as a table, None where it is none."""
    if not content or len(content.translate(None, CONTROL)) < 0.99 * len(content):
        return None
    encoding = encoding_of(content)
    text = content.decode(encoding or "utf-8", errors="replace")
    cut = {delimiter: _rows(text, delimiter) for delimiter in DELIMITERS}
    delimiter = max(cut, key=lambda one: (round(_share(cut[one]), 1), len(cut[one][0]) if cut[one] else 0))
    rows = cut[delimiter]
    if not rows or (len(rows[0]) > 1 and _share(rows) < HALF):
        return None
    names = tuple(cell.strip() for cell in rows[0])
    if len(names) < 2:
        names, delimiter = (text.split("\n", 1)[0].strip().strip('"'),), None
        if not is_known(names[0], OWN_NAME) or DATA.fullmatch(names[0]) or not rows[1:]:
            return None
    named = [name for name in names if name]
    has_header = is_header(list(names), rows[1:])
    return Table(
        encoding=encoding,
        is_ascii=content.isascii(),
        delimiter=delimiter,
        header=names if has_header else None,
        columns=len(names),
        share=_share(rows),
        refusal="two of its columns have the same name" if has_header and len(set(named)) < len(named) else "",
    )


def encoding_of(content: bytes) -> str | None:
    """Return the encoding in which a text makes most sense in French, None for UTF-8."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        high = re.sub(rb"[\x00-\x7f]+", b"", content)
    else:
        return None

    def sense(encoding: str) -> int:
        text = high.decode(encoding, errors="replace")
        return sum(1 if c in FRENCH else -1 for c in text) - 10 * text.count("\N{REPLACEMENT CHARACTER}")

    known = [encoding for encoding in PREFERRED if encoding in ENCODINGS.values()]
    return max(known, key=lambda one: (sense(one), -known.index(one)))


def _rows(text: str, delimiter: str) -> list[list[str]]:
    try:
        return [row for row in islice(csv.reader(io.StringIO(text), delimiter=delimiter), ROWS) if row]
    except csv.Error:
        return []


def _share(rows: list[list[str]]) -> float:
    return sum(len(row) == len(rows[0]) for row in rows) / len(rows) if rows and len(rows[0]) > 1 else 0.0


def is_header(cells: list[str], rows: list[list[str]]) -> bool:
    """Return whether a first row names the columns; in doubt it does not, for then it is somebody's data.

    It does not where a cell looks like a value or comes back below. It does where half of its names are known, or one
    is known and another stands above numbers or dates, or half stand above numbers or dates.
    """
    below = [row for row in rows if row != cells and len(row) == len(cells)]
    if set(cells) >= EVENT:
        return True
    named = [at for at, cell in enumerate(cells) if cell]
    if not named or any(DATA.fullmatch(cells[at]) for at in named):
        return False
    known = sum(is_known(cells[at]) for at in named)
    if any(cells[at] == row[at].strip() for at in named for row in below):
        return False
    other = sum(_is_data([row[at].strip() for row in below]) for at in named)
    return known * 2 >= len(named) or (known >= 1 and other >= 1) or (other >= 1 and other * 2 >= len(named))


def _is_data(values: list[str]) -> bool:
    filled = [value for value in values if value]
    return bool(filled) and sum(bool(DATA.fullmatch(value)) for value in filled) > 0.9 * len(filled)
