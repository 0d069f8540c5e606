"""Opening what a file keeps: archives, compressed streams, pages, notebooks, pictures, text that was encoded."""

from __future__ import annotations

import base64
import binascii
import bz2
import gzip
import html
import io
import json
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any
from urllib.parse import unquote_to_bytes

import pyarrow as pa
from leaks_parquet import MAGIC, Pieces, parquet_pieces

DEEPEST = 6
LEAST_BASE64 = 24
BASE64 = re.compile(rf"[A-Za-z0-9+/_-]{{{LEAST_BASE64},}}={{0,2}}")
PNG = b"\x89PNG\r\n\x1a\n"


def pieces(raw: bytes, depth: int = 0) -> Pieces:
    """Give the bytes as they stand, and everything that can be decoded from them, each with its place."""
    yield "as it stands", raw
    if depth > DEEPEST:
        return
    for begins, name, opened in OPENERS:
        if raw.startswith(begins):
            try:
                yield from _named(name, opened(raw, depth))
            except (ValueError, OSError, EOFError, zlib.error, lzma.LZMAError, pa.ArrowException, IndexError) as error:
                yield f"{name} ({type(error).__name__})", b""
            return
    if b"ustar" in raw[257:263]:
        yield from _named("tar", _tar(raw, depth))
        return
    yield from _text(raw, depth)


def _named(name: str, inside: Pieces) -> Pieces:
    for place, piece in inside:
        yield f"{name}: {place}", piece


def _stream(unpack: Callable[[bytes], bytes]) -> Callable[[bytes, int], Pieces]:
    def opened(raw: bytes, depth: int) -> Pieces:
        yield from pieces(unpack(raw), depth + 1)

    return opened


def _by_arrow(codec: str) -> Callable[[bytes], bytes]:
    return lambda raw: pa.CompressedInputStream(pa.BufferReader(raw), codec).read()


def _zip(raw: bytes, depth: int) -> Pieces:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        yield "comment", archive.comment
        for entry in archive.infolist():
            yield "entry", entry.filename.encode() + b"\n" + entry.comment + b"\n" + entry.extra
            yield from _named(f"file {archive.infolist().index(entry)}", pieces(archive.read(entry), depth + 1))


def _tar(raw: bytes, depth: int) -> Pieces:
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        for number, entry in enumerate(archive):
            content = archive.extractfile(entry)
            if content is not None:
                yield from _named(f"file {number}", pieces(content.read(), depth + 1))


def _png(raw: bytes, depth: int) -> Pieces:
    at = len(PNG)
    while at < len(raw):
        size, kind = struct.unpack(">I4s", raw[at : at + 8])
        body = raw[at + 8 : at + 8 + size]
        at += 12 + size
        if kind == b"zTXt":
            keyword, packed = body.split(b"\0", 1)
            yield "zTXt", keyword + b"\n" + zlib.decompress(packed[1:])
        elif kind == b"iTXt":
            keyword, rest = body.split(b"\0", 1)
            text = rest[2:].split(b"\0", 2)[-1]
            yield "iTXt", keyword + b"\n" + (zlib.decompress(text) if rest[0] else text)
        elif kind != b"IDAT":
            yield kind.decode("latin-1"), body
        else:
            yield "IDAT", b""  # pixels show no more than the page that drew them says in text


def _parquet(raw: bytes, depth: int) -> Pieces:
    if raw.endswith(MAGIC):
        for place, piece in parquet_pieces(raw):
            yield place, piece
            if place.startswith(("column", "key-value")):
                yield from _named(place, _text(piece, depth + 1))


OPENERS: tuple[tuple[bytes, str, Callable[[bytes, int], Pieces]], ...] = (
    (MAGIC, "Parquet", _parquet),
    (b"\x1f\x8b", "gzip", _stream(gzip.decompress)),
    (b"BZh", "bzip2", _stream(bz2.decompress)),
    (b"\xfd7zXZ", "xz", _stream(lzma.decompress)),
    (b"\x28\xb5\x2f\xfd", "zstd", _stream(_by_arrow("zstd"))),
    (b"\x04\x22\x4d\x18", "lz4", _stream(_by_arrow("lz4"))),
    (b"PK\x03\x04", "zip", _zip),
    (PNG, "PNG", _png),
)


def _text(raw: bytes, depth: int) -> Pieces:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        if b"%" in raw:
            yield "percent decoded", unquote_to_bytes(raw)
        return
    begins = text.lstrip("\ufeff \r\n\t")[:1]
    if begins in ("{", "["):
        yield from _json(text, depth)
    elif begins == "<":
        yield from _named("HTML", _html(text, depth))
    if "%" in text:
        yield "percent decoded", unquote_to_bytes(text)
        yield "percent decoded twice", unquote_to_bytes(unquote_to_bytes(text))
    if "&" in text:
        yield "entities decoded", html.unescape(text).encode()
    yield from _base64(text, depth)


def _json(text: str, depth: int) -> Pieces:
    """Give the strings and numbers of a JSON document, or of one a line."""
    for number, line in enumerate([text] if _is_json(text) else text.splitlines(), start=1):
        if _is_json(line):
            document = json.loads(line)
            told: list[str] = []
            for value in _leaves(document):
                told.append(value)
                yield from _named("JSON string", _base64(value, depth))
                if value.lstrip()[:1] == "<":
                    yield from _named("JSON string: HTML", _html(value, depth))
            yield f"JSON {number}", "\n".join(told).encode("utf-8", "replace")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for key, inside in value.items() for leaf in (str(key), *_leaves(inside))]
    if isinstance(value, list):
        whole = ["".join(value)] if value and all(isinstance(one, str) for one in value) else []
        return [leaf for inside in value for leaf in _leaves(inside)] + whole
    return [] if value is None else [str(value)]


def _base64(text: str, depth: int) -> Pieces:
    for found in BASE64.findall(text.replace("\n", "") if len(text) > 200 and " " not in text[:200] else text):
        bare = found.rstrip("=").translate(str.maketrans("-_", "+/"))
        try:
            decoded = base64.b64decode(bare + "=" * (-len(bare) % 4))
        except (binascii.Error, ValueError):
            continue
        yield from _named("base64", pieces(decoded, depth + 1))


class _Page(HTMLParser):
    """Gathers the text of a page, without the tags that may cut a word in two, and its attributes and comments."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text: list[str] = []
        self.attributes: list[str] = []
        self.comments: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [value for _, value in attrs if value]

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def _html(text: str, depth: int) -> Pieces:
    page = _Page()
    page.feed(text)
    page.close()
    yield "text", "".join(page.text).encode()
    yield "text, tags as spaces", " ".join(" ".join(page.text).split()).encode()
    yield "attributes", "\n".join(page.attributes).encode()
    yield "comments", "\n".join(page.comments).encode()
    for value in page.attributes:
        if value.startswith("data:"):
            about, _, body = value.partition(",")
            raw = base64.b64decode(body) if about.endswith(";base64") else unquote_to_bytes(body)
            yield from _named("data URI", pieces(raw, depth + 1))
