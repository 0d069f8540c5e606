"""The people whom a run must not name, and every spelling in which it could name them all the same."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import struct
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from html.entities import codepoint2name
from urllib.parse import quote, quote_plus

EPOCH = date(1970, 1, 1)
HASH_BYTES = 16
"""So many bytes of a digest are looked for: whoever keeps more of it keeps these too."""
ENCODINGS = ("utf-8", "cp1252", "utf-16-le", "utf-16-be")
BETWEEN = {"spaces": " ", "no-break spaces": "\xa0", "thin spaces": "\u202f", "dots": ".", "hyphens": "-",
           "low lines": "_", "slashes": "/", "tabs": "\t", "commas": ","}  # fmt: skip
ENCODED = ("utf-8", "cp1252")
"""Of these base64 is looked for as it stands; long pieces of base64 are decoded too."""
EIGHT_DIGITS = "birth date in eight digits"
"""What is found of a birth date without anything between its parts: among millions of digits chance writes one too."""
HASHES = ("md5", "sha1", "sha256", "sha512", "blake2b", "blake2s", "sha3_256")


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody of the register; whoever is named nowhere but in a log has no birth date."""

    number: str | None
    """15 characters: with the two check digits; None of a professional."""
    last: str
    first: str
    born: date | None = None
    also: tuple[str, ...] = ()
    """Card and member numbers."""


Patterns = dict[bytes, str]
"""What to look for, and what it is: never the value itself, so that a failing test names nobody either."""


def patterns(people: list[Person]) -> Patterns:
    """Return every spelling of everything that names one of these people."""
    found: Patterns = {}
    for number, person in enumerate(people, start=1):
        for pattern, what in _spelled(person):
            found.setdefault(pattern, f"{what} of person {number}")
    return found


def _spelled(person: Person) -> Iterator[tuple[bytes, str]]:
    if person.number:
        yield from _number(person.number[:13])
        yield from _number(person.number)
    for spelling, text in _names(person.last, person.first):
        yield from _texts(text, f"name, {spelling},")
    for text in person.also:
        yield from _texts(text, "card or member number,")
    if person.born:
        for shape in ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"):
            yield from _texts(f"{person.born:{shape}}", "birth date,")
        for shape in ("%Y%m%d", "%d%m%Y"):
            yield from _texts(f"{person.born:{shape}}", f"{EIGHT_DIGITS},")
    for what, message in _messages(person):
        for spelling, digest in _digests(message):
            yield digest, f"unkeyed {spelling} of {what},"


def _number(digits: str) -> Iterator[tuple[bytes, str]]:
    for spelling, text in _numbers(digits):
        yield from _texts(text, f"number of {len(digits)} characters, {spelling},")
    for spelling, raw in _packed(digits):
        yield raw, f"number of {len(digits)} characters, {spelling},"


def _numbers(digits: str) -> Iterator[tuple[str, str]]:
    """Return a social-security number as people and programs write it."""
    groups = [digits[a:b] for a, b in ((0, 1), (1, 3), (3, 5), (5, 7), (7, 10), (10, 13), (13, 15)) if digits[a:b]]
    yield "plain", digits
    for name, between in BETWEEN.items():
        yield f"in groups with {name}", between.join(groups)
        yield f"check digits apart with {name}", f"{digits[:13]}{between}{digits[13:]}".strip(between)
    yield "spaced out", " ".join(digits)
    if not digits.isdigit():
        yield "as an integer with Corsica's letters replaced", _digits_only(digits)
    yield "with thousands apart", f"{int(_digits_only(digits)):,}"
    yield "as a float", f"{float(_digits_only(digits))}"
    yield "as a float in exponents", f"{float(_digits_only(digits)):e}".replace("e+", "e")


def _digits_only(digits: str) -> str:
    return digits.upper().replace("2A", "19").replace("2B", "18")


def _packed(digits: str) -> Iterator[tuple[str, bytes]]:
    number = int(_digits_only(digits))
    for order, sign in (("little-endian", "<"), ("big-endian", ">")):
        yield f"64 bits {order}", struct.pack(f"{sign}q", number)
        yield f"a float of 64 bits {order}", struct.pack(f"{sign}d", number)


def _names(last: str, first: str) -> Iterator[tuple[str, str]]:
    """Return a last name alone, and beside the first name; a first name alone is nobody's."""
    both = {
        "last": last,
        "last first": f"{last} {first}",
        "first last": f"{first} {last}",
        "last,first": f"{last},{first}",
        "last;first": f"{last};{first}",
        "last_first": f"{last}_{first}",
        "last-first": f"{last}-{first}",
        "last.first": f"{last}.{first}",
        "first.last": f"{first}.{last}",
        "run together": f"{last}{first}",
    }
    for spelling, text in both.items():
        yield spelling, text
        yield f"{spelling} without accents", without_accents(text)
        bare = "".join(c for c in without_accents(text) if c.isalnum() or c in " ,;_.")
        yield f"{spelling} without accents, hyphens and apostrophes", bare
        yield f"{spelling} decomposed", unicodedata.normalize("NFKD", text)


def without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _texts(text: str, what: str) -> Iterator[tuple[bytes, str]]:
    """Return a text in both cases (the search itself takes A for a) and in every encoding and escape."""
    for cased in dict.fromkeys((text, text.upper(), text.lower())):
        for encoding in ENCODINGS:
            raw = cased.encode(encoding, errors="ignore")
            yield raw, f"{what} {encoding},"
            for inside in _base64_inside(raw) if encoding in ENCODED else ():
                yield inside, f"{what} base64 of {encoding},"
        escaped = {
            "JSON": json.dumps(cased)[1:-1],
            "HTML": html.escape(cased),
            "HTML entities": "".join(c if ord(c) < 128 else f"&#{ord(c)};" for c in cased),
            "HTML hexadecimal entities": "".join(c if ord(c) < 128 else f"&#x{ord(c):x};" for c in cased),
            "named HTML entities": "".join(f"&{codepoint2name.get(ord(c))};" if ord(c) > 127 else c for c in cased),
            "percent": quote(cased, safe=""),
            "percent of cp1252": quote(cased, safe="", encoding="cp1252", errors="ignore"),
            "percent twice": quote(quote(cased, safe=""), safe=""),
            "percent with plus": quote_plus(cased),
            "backslashes": cased.encode("unicode_escape").decode(),
            "hexadecimal": cased.encode().hex(),
        }
        for name, one in escaped.items():
            yield one.encode(), f"{what} {name},"


def _base64_inside(raw: bytes) -> Iterator[bytes]:
    """Return what base64 shows of these bytes wherever they stand in what is encoded."""
    for before in range(3):
        whole = base64.b64encode(b"\0" * before + raw)
        first = -(-before * 8 // 6)
        last = (before + len(raw)) * 8 // 6
        for inside in {whole[first:last], whole[first:last].translate(bytes.maketrans(b"+/", b"-_"))}:
            if len(inside) >= 10:
                yield inside


def _messages(person: Person) -> Iterator[tuple[str, str]]:
    """Return what a program could have hashed without the case key."""
    if person.number:
        yield from _numbers_hashed(person.number, person.born)
    for last, first in ((person.last, person.first), (person.first, person.last)):
        for text in dict.fromkeys((f"{last} {first}", f"{last}{first}", f"{last}|{first}", f"{last};{first}")):
            for cased in dict.fromkeys((text, text.upper(), text.lower(), without_accents(text).upper())):
                yield "name", cased
    for text in person.also:
        yield "card or member number", text


def _numbers_hashed(long: str, born: date | None) -> Iterator[tuple[str, str]]:
    short = long[:13]
    spaced = dict(_numbers(long))["in groups with spaces"]
    for what, digits in (("number", short), ("number with check digits", long), ("number in groups", spaced)):
        yield what, digits
        yield what, digits.lower()
    yield "number as an integer", _digits_only(short)
    if born:
        for digits in (short, long):
            for between in ("", "|", " ", ";", "\x1f"):
                for day in (f"{born:%Y-%m-%d}", f"{born:%Y%m%d}", f"{born:%d/%m/%Y}"):
                    yield "number and birth date", f"{digits}{between}{day}"
        for rank in ("", "1", "2"):
            yield "the product's own message", f"person\x1f{short}\x1f{born}\x1f{rank}"
            yield "the product's own message", f"own\x1f{short}\x1f{born}\x1f{rank}"
    yield "the product's own message", f"holder_number\x1f{short}"


def _digests(message: str) -> Iterator[tuple[str, bytes]]:
    raw = message.encode()
    made = {name: hashlib.new(name, raw).digest() for name in HASHES}
    made["HMAC-SHA256 with an empty key"] = hmac.digest(b"", raw, "sha256")
    for name, whole in made.items():
        digest = whole[:HASH_BYTES]
        yield f"{name} as bytes", digest
        yield f"{name} in hexadecimal", digest.hex().encode()
        grouped = "-".join(digest.hex()[a:b] for a, b in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))
        yield f"{name} as a UUID", grouped.encode()
        yield f"{name} in base64", base64.b64encode(whole)[:20]
        yield f"{name} in base64 for URLs", base64.urlsafe_b64encode(whole)[:20]


def birth_days(people: list[Person]) -> set[date]:
    return {person.born for person in people if person.born}
