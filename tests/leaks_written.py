"""One leak of each kind, written into a finished case: what the searcher must find, and where."""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import html
import io
import json
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from leaks_planted import ALONE, CORSICAN, FATHER, MOTHER, PEOPLE, grouped, numbered
from leaks_spellings import EPOCH, without_accents

NUMBER = str(FATHER.number)
SHORT = NUMBER[:13]
NAME = f"{MOTHER.last} {MOTHER.first}"
BORN = [person.born for person in PEOPLE if person.born]
DAYS = [(day - EPOCH).days for day in BORN]
NOBODY = numbered("1500000000001")


@dataclass(frozen=True, kw_only=True)
class Leak:
    """A file of the case, what is written there, and what must be told of it."""

    file: str
    content: bytes | Callable[[Path], None]
    place: str
    """Part of the place where it is found."""
    what: str
    """The beginning of what is found there."""


def _parquet(columns: dict[str, object], *, bare: bool = False, **options: object) -> bytes:
    table = pa.table(columns)
    if bare:
        table = table.replace_schema_metadata({"about": NAME})
    file = io.BytesIO()
    pq.write_table(table, file, **{"compression": "zstd", **options})
    return file.getvalue()


def _unused_entry() -> bytes:
    """Return a column whose dictionary holds a name that no row bears."""
    entries = pa.DictionaryArray.from_arrays(pa.array([0, 0], pa.int32()), pa.array(["nobody", NAME]))
    return _parquet({"who": entries})


def _statistics() -> bytes:
    """Return a column whose values were written over, so that the number is in its statistics alone."""
    whole = _parquet({"who": pa.array([SHORT] * 3)}, compression="none", use_dictionary=False)
    values, others = (3 * (struct.pack("<I", 13) + one.encode()) for one in (SHORT, NOBODY[:13]))
    assert whole.count(values) == 1
    return whole.replace(values, others)


def _bloom(path: Path) -> None:
    """Write a column of everybody's number twenty times: DuckDB gives it a dictionary and a Bloom filter."""
    numbers = pl.DataFrame({"who": [str(person.number)[:13] for person in PEOPLE] * 50})
    with duckdb.connect() as connection:
        connection.register("numbers", numbers)
        connection.sql("SELECT * FROM numbers").write_parquet(str(path), compression="zstd")


def _png(*chunks: tuple[bytes, bytes]) -> bytes:
    made = b"\x89PNG\r\n\x1a\n"
    for kind, body in ((b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), *chunks, (b"IEND", b"")):
        made += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return made


def _zip(content: bytes, name: str = "a") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return file.getvalue()


def _tar(content: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        about = tarfile.TarInfo("a")
        about.size = len(content)
        archive.addfile(about, io.BytesIO(content))
    return file.getvalue()


def _zstd(content: bytes) -> bytes:
    packed = pa.BufferOutputStream()
    with pa.CompressedOutputStream(packed, "zstd") as stream:
        stream.write(content)
    return packed.getvalue().to_pybytes()


def _notebook(output: dict[str, object]) -> bytes:
    cell = {"cell_type": "code", "source": [], "outputs": [{"output_type": "display_data", "data": output}]}
    return json.dumps({"cells": [cell], "nbformat": 4}).encode()


def _appended(text: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(path.read_bytes() + text)


def _hashed(name: str, message: str) -> bytes:
    return hashlib.new(name, message.encode()).digest()


SAID = f"Traceback (most recent call last):\nValueError: could not convert string to float: '{grouped(NUMBER)}'\n"
"""What Python says of a value where nobody keeps it from it."""

LEAKS: dict[str, Leak] = {
    "a number in a column of text": Leak(
        file="work/l01.parquet", content=_parquet({"who": pa.array([NOBODY, NUMBER])}),
        place="column who", what="number of 15 characters, plain"),
    "a number in a column of whole numbers": Leak(
        file="work/l02.parquet", content=_parquet({"n": pa.array([1, int(SHORT)])}, use_dictionary=False,
                                                  column_encoding="DELTA_BINARY_PACKED", write_statistics=False),
        place="column n", what="number of 13 characters, plain"),
    "a number in a column of floats": Leak(
        file="work/l03.parquet", content=_parquet({"n": pa.array([0.5, float(NUMBER)])}),
        place="column n", what="number of 15 characters, "),
    "a number in a column of floats, as its page holds it": Leak(
        file="work/l03.parquet", content=_parquet({"n": pa.array([0.5, float(NUMBER)])}),
        place="row group 0, column n, dictionary", what="number of 15 characters, a float of 64 bits little-endian"),
    "a name in a list inside a struct": Leak(
        file="work/l04.parquet", content=_parquet({"x": pa.array([{"reasons": ["seen", NAME]}])}),
        place="column x", what="name, last first"),
    "a name in a dictionary that no row bears": Leak(
        file="work/l05.parquet", content=_unused_entry(), place="column who, dictionary", what="name, last first"),
    "a number in statistics alone": Leak(
        file="work/l06.parquet", content=_statistics(), place="column who, statistics",
        what="number of 13 characters, plain"),
    "a number in a page index": Leak(
        file="work/l07.parquet", content=_parquet({"who": pa.array([SHORT])}, write_page_index=True),
        place="column who, page index", what="number of 13 characters, plain"),
    "a name in key-value metadata": Leak(
        file="work/l08.parquet", content=_parquet({"n": pa.array([1])}, bare=True),
        place="key-value metadata", what="name, last first"),
    "a name as a column": Leak(
        file="work/l09.parquet", content=_parquet({NAME: pa.array([1])}), place="schema", what="name, last first"),
    "numbers in a Bloom filter": Leak(
        file="work/l10.parquet", content=_bloom, place="column who, Bloom filter", what="numbers of 13 characters"),
    "birth dates in a column of dates": Leak(
        file="work/l11.parquet", content=_parquet({"since": pa.array(BORN)}), place="column since", what="birth dates"),
    "birth dates as days since 1970": Leak(
        file="work/l12.parquet", content=_parquet({"n": pa.array(DAYS, pa.int32())}),
        place="column n", what="birth dates"),
    "an unkeyed hash among keyed ones": Leak(
        file="work/l13.parquet", content=_parquet({"digest": pa.array([_hashed("sha256", SHORT).hex()[:32]])}),
        place="column digest", what="unkeyed sha256 in hexadecimal of number"),
    "an unkeyed hash as bytes": Leak(
        file="work/l14.bin", content=b"\x00" + _hashed("md5", NUMBER), place="as it stands",
        what="unkeyed md5 as bytes of number with check digits"),
    "an unkeyed hash in base64": Leak(
        file="work/l15.txt", content=b"x " + base64.b64encode(_hashed("sha1", f"{SHORT}|{FATHER.born}")),
        place="as it stands", what="unkeyed sha1 in base64 of number and birth date"),
    "an unkeyed hash of a name": Leak(
        file="work/l16.json", content=json.dumps({"k": _hashed("blake2b", NAME).hex()}).encode(), place="JSON",
        what="unkeyed blake2b in hexadecimal of name"),
    "the product's own message hashed without the key": Leak(
        file="work/l17.txt", content=_hashed("sha512", f"person\x1f{SHORT}\x1f{FATHER.born}\x1f1").hex().encode(),
        place="as it stands", what="unkeyed sha512 in hexadecimal of the product's own message"),
    "a number as 64 bits in a spill file": Leak(
        file="work/duckdb_temp_storage.tmp", content=b"\xff" * 9 + struct.pack("<q", int(SHORT)), place="as it stands",
        what="number of 13 characters, 64 bits little-endian"),
    "a Corsican number as an integer": Leak(
        file="work/l18.txt", content=str(CORSICAN.number).replace("2B", "18").encode(), place="as it stands",
        what="number of 15 characters, as an integer with Corsica's letters replaced"),
    "a Corsican number in small letters": Leak(
        file="work/l19.txt", content=str(MOTHER.number).lower().encode(), place="as it stands",
        what="number of 15 characters, plain"),
    "a number in groups in a log": Leak(
        file="work/l20.log", content=f"read {grouped(NUMBER)}".encode(), place="as it stands",
        what="number of 15 characters, in groups with spaces"),
    "a number in groups between tags": Leak(
        file="results/l21.html", content=b"<td>1 85 05 <b>00</b> 000 123</td>", place="HTML: text",
        what="number of 13 characters, in groups with spaces"),
    "a name in Windows' own encoding": Leak(
        file="work/l22.log", content=b"\xe9 " + NAME.encode("cp1252"), place="as it stands",
        what="name, last first, cp1252"),
    "a name in UTF-16": Leak(
        file="work/l23.log", content=NAME.lower().encode("utf-16"), place="as it stands",
        what="name, last first, utf-16-le"),
    "a name without its accents": Leak(
        file="work/l24.log", content=without_accents(NAME).encode(), place="as it stands",
        what="name, last first without accents"),
    "a name in an attribute": Leak(
        file="results/l25.html", content=f'<p title="{html.escape(ALONE.last)}">'.encode(), place="HTML: attributes",
        what="name, last, utf-8"),
    "a name in the report": Leak(
        file="results/report-fr.html", content=_appended(f"<!-- {ALONE.last} -->".encode()), place="HTML: comments",
        what="name, last, utf-8"),
    "a name in the text of a picture on a page": Leak(
        file="results/l26.html",
        content=b'<img src="data:image/png;base64,%b">' % base64.b64encode(_png((b"tEXt", b"Title\0" + NAME.encode()))),
        place="HTML: data URI: PNG: tEXt", what="name, last first"),
    "a name in the packed text of a picture": Leak(
        file="results/l27.png", content=_png((b"zTXt", b"Title\0\0" + zlib.compress(NAME.encode()))), place="PNG: zTXt",
        what="name, last first"),
    "a name in a drawing": Leak(
        file="results/l28.svg", content=f"<svg><title>{NAME}</title></svg>".encode(), place="HTML: text",
        what="name, last first"),
    "a name escaped in JSON": Leak(
        file="results/l29.json", content=json.dumps({"a": [NAME]}).encode(), place="JSON",
        what="name, last first, utf-8"),
    "a birth date and a number in the journal": Leak(
        file="journal.jsonl", content=_appended(json.dumps({"n": int(SHORT)}).encode() + b"\n"), place="JSON",
        what="number of 13 characters, plain"),
    "a number in a notebook's output": Leak(
        file="notebooks/l30.ipynb", content=_notebook({"text/plain": ["people\n", grouped(SHORT)]}), place="JSON",
        what="number of 13 characters, in groups with spaces"),
    "a name in a picture in a notebook": Leak(
        file="notebooks/l31.ipynb",
        content=_notebook({"image/png": base64.b64encode(_png((b"iTXt", b"a\0\0\0\0\0" + NAME.encode()))).decode()}),
        place="base64: PNG: iTXt", what="name, last first"),
    "a name in a table in a notebook": Leak(
        file="notebooks/l32.ipynb", content=_notebook({"text/html": f"<td>{html.escape(NAME)}</td>"}),
        place="HTML: text", what="name, last first"),
    "a name in percent escapes": Leak(
        file="work/l33.log", content=quote(quote(NAME, safe=""), safe="").encode(), place="percent decoded twice",
        what="name, last first, utf-8"),
    "a name in base64": Leak(
        file="work/l34.log", content=b"token " + base64.b64encode(f"who={NAME};".encode()), place="base64",
        what="name, last first, utf-8"),
    "a member number": Leak(
        file="work/l35.log", content=ALONE.also[-1].lower().encode(), place="as it stands",
        what="card or member number"),
    "a birth date in French": Leak(
        file="work/l36.log", content=f"{ALONE.born:%d/%m/%Y}".encode(), place="as it stands", what="birth date"),
    "a name as a file": Leak(
        file=f"work/{without_accents(ALONE.last).lower()}.log", content=b"", place="name of the file",
        what="name, last"),
    "a name in gzip": Leak(
        file="work/l37.gz", content=gzip.compress(NAME.encode()), place="gzip", what="name, last first"),
    "a name in bzip2": Leak(
        file="work/l38.bz2", content=bz2.compress(NAME.encode()), place="bzip2", what="name, last first"),
    "a name in xz": Leak(
        file="work/l39.xz", content=lzma.compress(NAME.encode()), place="xz", what="name, last first"),
    "a name in zstd": Leak(
        file="work/l40.zst", content=_zstd(NAME.encode()), place="zstd", what="name, last first"),
    "a name in tar in zip in gzip": Leak(
        file="work/l41.gz", content=gzip.compress(_zip(_tar(NAME.encode()))), place="gzip: zip: file 0: tar: file 0",
        what="name, last first"),
    "a number in a traceback": Leak(
        file="work/l42.err", content=SAID.encode(), place="as it stands",
        what="number of 15 characters, in groups with spaces"),
}  # fmt: skip


def write_all(case: Path) -> None:
    """Write every leak into a case."""
    for leak in LEAKS.values():
        path = case / leak.file
        path.parent.mkdir(exist_ok=True)
        if isinstance(leak.content, bytes):
            path.write_bytes(leak.content)
        else:
            leak.content(path)
