"""The beginning of a file of any size, copied into the private folder so that every reader may be tried on it."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

from forensics.errors import CaseError, EvidenceError
from forensics.evidence.formats.lines import line_blocks
from forensics.evidence.formats.parquet import parquet_columns

MOST_LINES = 5_000
MOST_BYTES = 8 * 2**20
PARQUET = b"PAR1"
BYTE_FOR_BYTE = "iso-8859-1"
"""The encoding in which every byte is one sign, and the same byte again."""
PACKED = {
    b"BZh": "bzip2", b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip", b"\xfd7zXZ": "xz", b"7z\xbc\xaf": "7z",
    b"Rar!": "rar",
}  # fmt: skip
WIDE = (b"\xff\xfe", b"\xfe\xff")
GZIP = b"\x1f\x8b"
TAR, TAR_AT = b"ustar", 257


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The beginning of a file.

    Attributes:
        path: its copy, in the private folder: plain text, or Parquet.
        lines: how many lines (Parquet: rows) the copy holds.
        total: how many the whole file has; about, where it is text; None where that cannot be told.
        is_whole: whether the copy is the whole file.
        is_parquet: whether it is Parquet.
        hint: what the first bytes say of a file that no reader takes, empty where nothing.
    """

    path: Path
    lines: int
    total: int | None
    is_whole: bool
    is_parquet: bool
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
        head = file.read(TAR_AT + len(TAR))
    copy = private / "evidence" / "start"
    copy.parent.mkdir(exist_ok=True)
    return _parquet(path, copy) if head.startswith(PARQUET) else _lines(path, copy, head)


def _lines(path: Path, copy: Path, head: bytes) -> Start:
    texts: list[str] = []
    size, is_whole = 0, True
    for block in line_blocks(path, BYTE_FOR_BYTE):
        for text in block["text"]:
            if len(texts) == MOST_LINES or size + len(text) > MOST_BYTES:
                is_whole = False
                break
            texts.append(text)
            size += len(text) + 1
        if not is_whole:
            break
    copy.write_bytes("".join(f"{text}\n" for text in texts).encode(BYTE_FOR_BYTE))
    total = len(texts) if is_whole else None
    if total is None and texts and not head.startswith((GZIP, *PACKED)):
        total = path.stat().st_size * len(texts) // size
    return Start(path=copy, lines=len(texts), total=total, is_whole=is_whole, is_parquet=False, hint=_hint(head, texts))


def _hint(head: bytes, texts: list[str]) -> str:
    """Return what can be said of a file that is none of ours, without a word of what it holds."""
    packed = next((name for magic, name in PACKED.items() if head.startswith(magic)), "")
    if head[TAR_AT:].startswith(TAR):
        packed = "tar"
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
        pq.write_table(rows, copy)
    except (pa.ArrowException, OSError):
        raise EvidenceError(
            "this Parquet file is damaged", where=path.name, remedy="get the file again; nothing was guessed"
        ) from None
    return Start(path=copy, lines=rows.num_rows, total=total, is_whole=rows.num_rows == total, is_parquet=True)
