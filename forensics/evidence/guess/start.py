"""The beginning of a file of any size, copied into the private folder so that every reader may be tried on it."""

from __future__ import annotations

import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import polars as pl

from forensics.errors import CaseError, EvidenceError
from forensics.evidence.calendar import in_calendar
from forensics.evidence.formats.blocks import BLOCK_BYTES
from forensics.evidence.formats.lines import line_blocks
from forensics.evidence.formats.opening import is_archive, is_compressed, unpacked
from forensics.evidence.formats.parquet import parquet_columns

MOST_LINES = 5_000
MOST_BYTES = 8 * 2**20
PARQUET = b"PAR1"
BYTE_FOR_BYTE = "iso-8859-1"
"""The encoding in which every byte is one sign, and the same byte again."""
PACKED = {b"\xfd7zXZ": "xz", b"7z\xbc\xaf": "7z", b"Rar!": "rar"}
WIDE = (b"\xff\xfe", b"\xfe\xff")
MOST_ARCHIVE_BYTES = 2**28
"""Above this an archive takes longer to go through than one waits for a guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The beginning of a file.

    Attributes:
        path: its copy, in the private folder: plain text, or Parquet.
        lines: how many lines (Parquet: rows) the copy holds.
        total: how many the whole file has; about, where it is text; None where that cannot be told.
        is_whole: whether the copy is the whole file.
        is_parquet: whether it is Parquet.
        members: how many files the archive holds of which it is the largest one's beginning; 0 where it is no archive.
        hint: what the first bytes say of a file that no reader takes, empty where nothing.
    """

    path: Path
    lines: int
    total: int | None
    is_whole: bool
    is_parquet: bool
    members: int = 0
    hint: str = ""

    def content(self) -> bytes:
        """Return the bytes of the copy."""
        return self.path.read_bytes()


def start_of(path: Path, private: Path) -> Start:
    """Copy the beginning of a file into `evidence/` of the private folder.

    Raises:
        CaseError: there is no such file, or it is none that can be read twice.
        EvidenceError: it is torn, or its lines go on and on.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        raise CaseError("there is no such file", where=str(path), expected="forensics init --guess FILE") from None
    if not stat.S_ISREG(mode):
        raise CaseError("this is no file", where=str(path), expected="one file of the evidence")
    with path.open("rb") as file:
        head = file.read(len(PARQUET) + 4)
    copy = private / "evidence" / "start"
    copy.parent.mkdir(exist_ok=True)
    if head.startswith(PARQUET):
        return _parquet(path, copy)
    return _member(path, copy, private) if is_archive(path) else _lines(path, copy, head)


def _member(path: Path, copy: Path, private: Path) -> Start:
    """Copy the beginning of the largest file of an archive."""
    if path.stat().st_size > MOST_ARCHIVE_BYTES:
        copy.write_bytes(b"")
        hint = f"it is an archive of more than {MOST_ARCHIVE_BYTES // 2**20} MiB: unpack one of its files"
        return Start(path=copy, lines=0, total=None, is_whole=False, is_parquet=False, hint=hint)
    files = unpacked(path, "archive", private / "archives", "*", BLOCK_BYTES)
    largest = max(files, key=lambda file: (file.stat().st_size, file.name))
    with largest.open("rb") as file:
        start = _lines(largest, copy, file.read(len(PARQUET) + 4))
    is_cut = largest.stat().st_size >= BLOCK_BYTES
    is_whole = start.is_whole and not is_cut
    return replace(start, members=len(files), is_whole=is_whole, total=start.total if is_whole else None)


def _lines(path: Path, copy: Path, head: bytes) -> Start:
    texts: list[str] = []
    size, is_whole = 0, True
    for block in line_blocks(path, BYTE_FOR_BYTE):
        for text in block["text"]:
            if text is None or len(texts) == MOST_LINES or size + len(text) > MOST_BYTES:
                is_whole = False
                break
            texts.append(text)
            size += len(text) + 1
        if not is_whole:
            break
    copy.write_bytes("".join(f"{text}\n" for text in texts).encode(BYTE_FOR_BYTE))
    total = len(texts) if is_whole else None
    if total is None and texts and not is_compressed(head):
        total = path.stat().st_size * len(texts) // size
    return Start(path=copy, lines=len(texts), total=total, is_whole=is_whole, is_parquet=False, hint=_hint(head, texts))


def _hint(head: bytes, texts: list[str]) -> str:
    """Return what can be said of a file that is none of ours, without a word of what it holds."""
    packed = next((name for magic, name in PACKED.items() if head.startswith(magic)), "")
    if packed:
        return f"it is packed ({packed}): unpack it first"
    if head.startswith(WIDE):
        return "it is in UTF-16: write it anew (iconv -f UTF-16 -t UTF-8)"
    if not texts:
        return f"its first line is longer than {MOST_BYTES // 2**20} MiB" if head else "it is empty"
    if texts[0].lstrip()[:1] in ("[", "{") and len(texts[0].strip()) <= 2:
        return "it is one JSON document over several lines: write one a line (jq -c '.[]')"
    if sum(' {"' in text for text in texts) * 2 > len(texts):
        return "something stands before the JSON document of each line: take it away (sed 's/^[^{]*//')"
    return ""


def _parquet(path: Path, copy: Path) -> Start:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = parquet_columns(path)
    try:
        with pq.ParquetFile(path) as file:
            total = file.metadata.num_rows
            batches = [next(file.iter_batches(MOST_LINES, columns=columns), None)] if columns else []
            schema = pa.schema([file.schema_arrow.field(name) for name in columns])
            rows = pa.Table.from_batches([batch for batch in batches if batch is not None], schema)
        rows.validate(full=True)  # text that is none would break what trusts it to be
        _told_apart(cast("pl.DataFrame", pl.from_arrow(rows))).write_parquet(copy)
    except (pa.ArrowException, OSError, pl.exceptions.PolarsError):
        raise EvidenceError(
            "this Parquet file is damaged", where=path.name, remedy="get the file again; nothing was guessed"
        ) from None
    return Start(path=copy, lines=rows.num_rows, total=total, is_whole=rows.num_rows == total, is_parquet=True)


def _told_apart(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows without the days and times of no calendar, which a damaged file may hold."""
    return rows.with_columns(in_calendar(pl.col(name), dtype).alias(name) for name, dtype in rows.schema.items())
