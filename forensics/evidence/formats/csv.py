"""Tables as text (CSV, TSV): a header, then a row a record; a quoted field may hold delimiters, quotes and line ends.

A row's `line` is its number, from 1 after the header, as in Parquet; its byte offset says where in the file it begins.
A row whose number of fields is not the header's is set aside. A quote that nobody closes costs the line it opens in,
not those after it.

Grammar: RFC 4180, section 2, https://www.rfc-editor.org/rfc/rfc4180; a quote inside a field that does not begin with
one is an ordinary character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from forensics.errors import EvidenceError
from forensics.evidence.formats.blocks import place_of
from forensics.evidence.formats.lines import TOO_LONG, Batch, line_blocks

DELIMITERS = (";", ",", "\t", "|")
"""Those that are tried on a header where `case.toml` names none: the one that cuts it into most fields."""
MOST_LINES_A_RECORD = 1_000
MOST_CHARACTERS_A_RECORD = 2**20
"""Beyond these a quoted field is one that somebody forgot to close."""
UNCLOSED = "a quote opens and does not close"
MISPLACED = "a quote closes before its field ends"
NOT_HELD = '"\0 a line too long to be held \0"'
"""Stands for such a line: a record by itself, and nothing that a quoted field can go on over."""
REPLACED = "\N{REPLACEMENT CHARACTER}"


def read_csv(
    path: Path, columns: list[str], *, encoding: str | None = None, delimiter: str | None = None
) -> Iterator[Batch]:
    """Read some columns of a CSV file, plain or compressed, in blocks of bounded size; every value is given as text.

    Raises:
        EvidenceError: as for `csv_columns`, or the file is not in UTF-8 and no encoding is declared.
    """
    header, delimiter = _header(path, encoding, delimiter)
    row = 0  # the header's
    for gathered in _records(path, encoding, delimiter):
        numbered = gathered.with_columns(line=pl.int_range(row, row + gathered.height, dtype=pl.Int64))
        row += gathered.height
        records = numbered.filter(pl.col("line") > 0)
        rows, unreadable = _parse(records, header, delimiter)
        yield Batch(
            places=rows.select("line", "byte_offset"),
            rows=rows.select(_field(header.index(name)).alias(name) for name in columns),
            unreadable=unreadable,
            lines=records.height,
        )


def csv_columns(path: Path, encoding: str | None = None, delimiter: str | None = None) -> list[str]:
    """Return the names that the header of a CSV file gives to its columns; a column without a name is not offered.

    Raises:
        EvidenceError: two columns have the same name, or the header is not text in the encoding.
    """
    return [name for name in _header(path, encoding, delimiter)[0] if name]


def _header(path: Path, encoding: str | None, delimiter: str | None) -> tuple[list[str], str]:
    """Return the names of all columns, and what stands between two fields."""
    tried = {one: _first_fields(path, encoding, one) for one in ([delimiter] if delimiter else DELIMITERS)}
    delimiter, names = max(tried.items(), key=lambda one: len(one[1]))
    named = [name for name in names if name]
    if len(set(named)) < len(named):
        raise EvidenceError(
            "two columns of this file have the same name",
            where=place_of(path),
            expected="a header whose names differ",
            remedy="correct format or delimiter in case.toml; a file without a header cannot be read",
        )
    return names, delimiter


def _first_fields(path: Path, encoding: str | None, delimiter: str) -> list[str]:
    for records in _records(path, encoding, delimiter, MOST_LINES_A_RECORD):
        fields = records.head(1).select(parts=_split(delimiter)).explode("parts").select(_unquoted(pl.col("parts")))
        return fields.to_series().fill_null("").str.strip_chars().to_list()
    return []


def _records(path: Path, encoding: str | None, delimiter: str, most_lines: int | None = None) -> Iterator[pl.DataFrame]:
    """Give a file's records in blocks: `byte_offset`, `text`, `reason` (null where it can be cut into fields).

    With `most_lines`, of each block only the first lines: enough to read a header.
    """
    carried = None
    for block in line_blocks(path, encoding or "utf-8"):
        if encoding is None and block["text"].str.contains(REPLACED, literal=True).any():
            raise EvidenceError(
                "this table is not in UTF-8",
                where=place_of(path),
                expected="UTF-8, where case.toml declares no encoding",
                remedy='declare encoding = "windows-1252" (or "utf-8", to take bytes that are no text for �)',
            )
        begun = block.select("byte_offset", pl.col("text").fill_null(NOT_HELD)).head(most_lines or block.height)
        lines = begun if carried is None else pl.concat([carried, begun])
        records, carried = _gathered(lines, delimiter, more=True)
        if records.height:
            yield records
    if carried is not None and carried.height:
        yield _gathered(carried, delimiter, more=False)[0]


def _gathered(lines: pl.DataFrame, delimiter: str, *, more: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Join the lines of each record; return the records, and the last lines where their record goes on after them.

    Only lines that are no record by themselves are looked at one by one.
    """
    text = pl.col("text")
    is_whole = ~text.str.contains('"', literal=True) | text.str.contains(f"^{_any_fields(delimiter)}$")
    odd = lines.select((~is_whole).arg_true()).to_series().to_list()
    records = lines.with_columns(reason=pl.lit(None, dtype=pl.String))
    if not odd:
        return records, lines.clear()
    texts, reasons, after = lines["text"].to_list(), dict[int, str](), 0
    gone: set[int] = set()
    end = lines.height
    for start in odd:
        if start < after:
            continue
        after, reason = _closed(texts, start, delimiter)
        if reason == UNCLOSED and more and after == lines.height and _may_go_on(texts, start):
            end = start
            break
        if reason:
            reasons[start], after = reason, start + 1
        else:
            texts[start] = "\n".join(texts[start:after])
            gone.update(range(start + 1, after))
    records = lines.with_columns(
        text=pl.Series(texts, dtype=pl.String),
        reason=pl.Series([reasons.get(at) for at in range(lines.height)], dtype=pl.String),
    )
    kept = [at for at in range(end) if at not in gone]
    return records[kept], lines.slice(end)


def _may_go_on(texts: list[str], start: int) -> bool:
    held = texts[start:]
    return len(held) < MOST_LINES_A_RECORD and sum(map(len, held)) < MOST_CHARACTERS_A_RECORD


def _closed(texts: list[str], start: int, delimiter: str) -> tuple[int, str | None]:
    """Return after which line the record that begins at `start` ends, and why it is none, if so."""
    d, text = re.escape(delimiter), '(?:[^"]|"")*+'
    quoted_end = rf'{text}"(?:{d}{_one_field(d)})*+'
    opens = rf'(?:{_one_field(d)}{d})*"{text}'
    size = len(texts[start])
    if size > MOST_CHARACTERS_A_RECORD:
        return start + 1, UNCLOSED
    if not re.fullmatch(opens, texts[start]):
        return start + 1, MISPLACED
    for at in range(start + 1, min(len(texts), start + MOST_LINES_A_RECORD)):
        line = texts[at]
        size += len(line)
        if size > MOST_CHARACTERS_A_RECORD:
            return at, UNCLOSED
        if re.fullmatch(text, line):
            continue
        if re.fullmatch(quoted_end, line):
            return at + 1, None
        if not re.fullmatch(rf'{text}"{d}{opens}', line):
            return at, MISPLACED
    return min(len(texts), start + MOST_LINES_A_RECORD), UNCLOSED


def _one_field(d: str) -> str:
    return rf'(?:"(?:[^"]|"")*"|[^"{d}][^{d}]*|)'


def _any_fields(delimiter: str) -> str:
    d = _escaped(delimiter)
    return f"{_one_field(d)}(?:{d}{_one_field(d)})*"


def _escaped(delimiter: str) -> str:
    return f"\\x{ord(delimiter):02x}"


def _split(delimiter: str) -> pl.Expr:
    """Return a record's fields as they stand in it, quotes included."""
    d = _escaped(delimiter)
    parts = (pl.lit(delimiter) + pl.col("text")).str.extract_all(rf'{d}(?:"(?:[^"]|"")*"|[^{d}]*)')
    return parts.list.eval(pl.element().str.slice(1))


def _unquoted(value: pl.Expr) -> pl.Expr:
    bare = value.str.strip_prefix('"').str.strip_suffix('"').str.replace_all('""', '"', literal=True)
    return pl.when(value.str.starts_with('"')).then(bare).otherwise(value)


def _field(number: int) -> pl.Expr:
    return _unquoted(pl.col("parts").list.get(number, null_on_oob=True))


def _parse(records: pl.DataFrame, header: list[str], delimiter: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the records into those with as many fields as the header, and unreadable ones."""
    has_quotes = records["text"].str.contains('"', literal=True).any()
    parts = _split(delimiter) if has_quotes else pl.col("text").str.split(delimiter)
    cut = records.with_columns(parts=parts)
    count = pl.col("parts").list.len()
    reason = (
        pl.when(pl.col("reason").is_not_null())
        .then(pl.col("reason"))
        .when(pl.col("text") == NOT_HELD)
        .then(pl.lit(TOO_LONG))
        .when(pl.col("text").str.strip_chars() == "")
        .then(pl.lit("empty line"))
        .when(count != len(header))
        .then(pl.format(f"{{}} fields where the header has {len(header)}", count))
    )
    judged = cut.with_columns(reason=reason)
    unreadable = judged.filter(pl.col("reason").is_not_null()).select("line", "byte_offset", "reason")
    return judged.filter(pl.col("reason").is_null()), unreadable
