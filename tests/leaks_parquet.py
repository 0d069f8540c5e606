"""Everything that a Parquet file keeps: values, and pages, dictionaries, statistics, indexes and metadata beside them.

The file's own structures are read from its bytes, so that nothing hides behind what a reader chooses to show.

Format: Apache Parquet, https://parquet.apache.org/docs/file-format/; its headers are in Thrift's compact protocol,
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Iterator
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

MAGIC = b"PAR1"
CODECS = {1: "snappy", 2: "gzip", 4: "brotli", 5: "lz4_raw", 6: "zstd", 7: "lz4_raw"}
DICTIONARY_PAGE = 2
TRUE, FALSE, BYTE, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12

Pieces = Iterator[tuple[str, bytes]]
"""Places and the bytes that stand there."""


def parquet_pieces(raw: bytes) -> Pieces:
    """Give each column's values as text, and all that the file keeps beside them."""
    yield from _values(raw)
    size = struct.unpack("<I", raw[-8:-4])[0]
    footer, _ = _struct(raw, len(raw) - 8 - size)
    for entry in footer.get(5, []):
        yield "key-value metadata", b"=".join(_binaries(entry))
    yield "schema", b"\n".join(_binaries(footer[2]))
    for number, group in enumerate(footer[4]):
        for chunk in group[1]:
            about = chunk[3]
            where = f"row group {number}, column {'.'.join(part.decode() for part in about[3])}"
            yield f"{where}, statistics", b"\n".join(_binaries(about.get(12, {})))
            for entry in about.get(8, []):
                yield f"{where}, key-value metadata", b"=".join(_binaries(entry))
            if 6 in chunk:
                yield f"{where}, page index", b"\n".join(_binaries(_struct(raw, chunk[6])[0]))
            yield from _pages(raw, about, where)


def _values(raw: bytes) -> Pieces:
    frame = pq.ParquetFile(io.BytesIO(raw)).read()
    for name, column in zip(frame.column_names, frame.columns, strict=True):
        values = column.to_pylist()
        yield f"column {name}", json.dumps(values, ensure_ascii=False, default=_shown).encode("utf-8", "replace")


def _shown(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def date_columns(raw: bytes) -> dict[str, set[Any]]:
    """Return the days of every column of dates or instants, and of whole numbers that may be days since 1970."""
    frame = pl.read_parquet(io.BytesIO(raw))
    days: dict[str, set[Any]] = {}
    for name, dtype in frame.schema.items():
        if dtype in (pl.Date, pl.Datetime):
            days[name] = set(frame[name].cast(pl.Date).to_list())
        elif dtype.is_integer():
            near = frame[name].cast(pl.Int64, strict=False)
            days[name] = set(near.filter(near.is_between(-20_000, 20_000)).cast(pl.Int32).cast(pl.Date).to_list())
    return days


def _pages(raw: bytes, about: dict[int, Any], where: str) -> Pieces:
    at = min(about[name] for name in (9, 11) if about.get(name))
    end = at + about[7]
    while at < end:
        header, after = _struct(raw, at)
        at = after + header[3]
        body = raw[after:at]
        kind = "dictionary" if header[1] == DICTIONARY_PAGE else "page"
        levels = header.get(8, {}).get(5, 0) + header.get(8, {}).get(6, 0)
        if about[4] in CODECS and header.get(8, {}).get(7, True):
            body = _unpacked(CODECS[about[4]], body[levels:], header[2] - levels)
        yield f"{where}, {kind}", body
        yield f"{where}, statistics of a page", b"\n".join(_binaries(header))


def _unpacked(codec: str, body: bytes, size: int) -> bytes:
    return pa.Codec(codec).decompress(body, decompressed_size=size).to_pybytes() if size else b""


def _binaries(value: Any) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield value
    for inside in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _binaries(inside)


def _struct(raw: bytes, at: int) -> tuple[dict[int, Any], int]:
    """Read one Thrift struct: its fields by number, and where it ends."""
    fields: dict[int, Any] = {}
    number = 0
    while raw[at]:
        kind, step = raw[at] & 15, raw[at] >> 4
        at += 1
        if step:
            number += step
        else:
            number, at = _zigzag(raw, at)
        fields[number], at = (kind == TRUE, at) if kind in (TRUE, FALSE) else _value(raw, at, kind)
    return fields, at + 1


def _value(raw: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in (TRUE, FALSE, BYTE):
        return raw[at], at + 1
    if kind == DOUBLE:
        return struct.unpack_from("<d", raw, at)[0], at + 8
    if kind == BINARY:
        size, at = _varint(raw, at)
        return raw[at : at + size], at + size
    if kind in (LIST, SET):
        return _list(raw, at)
    if kind == STRUCT:
        return _struct(raw, at)
    if kind == MAP:
        raise ValueError("Parquet has no maps")
    return _zigzag(raw, at)


def _list(raw: bytes, at: int) -> tuple[list[Any], int]:
    size, kind = raw[at] >> 4, raw[at] & 15
    at += 1
    if size == 15:
        size, at = _varint(raw, at)
    values = []
    for _ in range(size):
        value, at = _value(raw, at, kind)
        values.append(value)
    return values, at


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _zigzag(raw: bytes, at: int) -> tuple[int, int]:
    value, at = _varint(raw, at)
    return (value >> 1) ^ -(value & 1), at


def filters_that_know(path: str, spellings: dict[str, list[str]]) -> list[tuple[str, str]]:
    """Return the columns whose Bloom filter answers "perhaps" for most values of one spelling.

    A filter errs for about one value in a hundred, so that one answer says nothing.

    Args:
        path: a Parquet file.
        spellings: values of everybody, by how they are spelled.
    """
    found = []
    with duckdb.connect() as connection:
        metadata = connection.execute("SELECT DISTINCT path_in_schema, type FROM parquet_metadata(?) "
                                      "WHERE bloom_filter_offset IS NOT NULL ORDER BY ALL", [path])  # fmt: skip
        for column, kind in metadata.fetchall():
            for spelling, values in spellings.items():
                known = [_may_hold(connection, path, column, value) for value in _typed(values, kind)]
                if len(known) > 3 and sum(known) > len(known) / 2:
                    found.append((column, spelling))
    return found


def _typed(values: list[str], kind: str) -> list[Any]:
    return (
        [int(value) for value in values if value.isdigit()]
        if kind == "INT64"
        else values
        if kind == "BYTE_ARRAY"
        else []
    )


def _may_hold(connection: duckdb.DuckDBPyConnection, path: str, column: str, value: Any) -> bool:
    probed = connection.execute("SELECT bool_and(bloom_filter_excludes) FROM parquet_bloom_probe(?, ?, ?)",
                                [path, column, value])  # fmt: skip
    return probed.fetchone() != (True,)
