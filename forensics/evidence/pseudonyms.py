"""Pseudonyms: HMAC-SHA256 under the case key, its first 16 bytes, in hex. The only door from names to keys."""

from __future__ import annotations

import hmac

import polars as pl

from forensics.engine import connect_unspilled, query

SEPARATOR = "\x1f"
BLOCK_BYTES = 64
"""SHA-256's block (FIPS 180-4, section 1); the case key is shorter."""


def pseudonym(key: bytes, *parts: str) -> str:
    """Return the pseudonym of an identity.

    Args:
        key: the 32 bytes of the case key.
        parts: what is hashed, joined by U+001F. A person: ('person', holder's 13 characters without check
            digits, birth date as YYYY-MM-DD, birth rank or empty). A subject: ('holder_number', value), or
            (kind, operator, value). A card: ('card', operator, insurer, card number).

    Returns:
        32 hex digits: the first 16 bytes of the HMAC-SHA256 (RFC 2104).
    """
    return hmac.digest(key, SEPARATOR.join(parts).encode(), "sha256")[:16].hex()


def normal_number(column: str) -> pl.Expr:
    """Return a social-security number as its 13 characters: no spaces, dots or hyphens, upper case, no check digits."""
    return pl.col(column).str.replace_all(r"[\s.\-]", "").str.to_uppercase().str.slice(0, 13)


def normal_subject(kind: str | None, column: str = "subject") -> pl.Expr:
    """Return what a log asked for, in the one spelling that is hashed."""
    if kind in ("holder_number", "beneficiary_number"):
        return normal_number(column)
    return pl.col(column) if kind == "page" else pl.col(column).str.strip_chars().str.to_uppercase()


def subject_message(operator: str, kind: str, value: pl.Expr) -> pl.Expr:
    """Return what is hashed for a subject: a holder's number is one person's at every operator, all else is not."""
    whose = (kind,) if kind == "holder_number" else (kind, operator)
    return pl.when(value.is_not_null()).then(message(*whose, value))


def message(*parts: str | pl.Expr) -> pl.Expr:
    """Return the message to hash, from literals and columns; a null part counts as empty."""
    columns = [pl.lit(p) if isinstance(p, str) else p.cast(pl.String).fill_null("") for p in parts]
    return pl.concat_str(columns, separator=SEPARATOR)


def digests(key: bytes, messages: pl.Series) -> pl.DataFrame:
    """Hash each distinct message once, as `pseudonym` does.

    Returns:
        One row a distinct message: `message`, `digest` (32 hex digits).
    """
    block = key.ljust(BLOCK_BYTES, b"\0")
    pads = {name: bytes(byte ^ pad for byte in block) for name, pad in (("inner", 0x36), ("outer", 0x5C))}
    distinct = messages.drop_nulls().unique().to_frame("message")
    with connect_unspilled() as connection:
        connection.register("messages", distinct)
        return query(connection, "digests", pads).match_to_schema({"message": pl.String, "digest": pl.String})


def dense_keys(kind: str, digest: pl.Series) -> pl.DataFrame:
    """Number the distinct digests of one kind in their own order, so that no number tells where it came from.

    Returns:
        One row a digest: `kind`, `key` (from 0), `digest`.
    """
    distinct = digest.drop_nulls().unique().sort()
    return pl.DataFrame(
        {
            "kind": pl.repeat(kind, len(distinct), dtype=pl.String, eager=True),
            "key": pl.int_range(len(distinct), dtype=pl.Int64, eager=True),
            "digest": distinct,
        }
    )
