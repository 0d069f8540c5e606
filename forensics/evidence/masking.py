"""Masking: what a path says of a person is taken out before anything is written into the case."""

from __future__ import annotations

import re
from urllib.parse import unquote

import polars as pl

from forensics.evidence.texts import each_once

LONG_NUMBER = r"[0-9][0-9ABab .+_-]{11,}[0-9]"
"""Thirteen characters or more that look like a social-security number, also in groups and from Corsica (2A, 2B)."""


SPELLING = re.compile(r"[\s+._-]+")


def masked_paths(rows: pl.DataFrame, subject_kind: str | None) -> pl.Series:
    """Return the paths of requests with `{subject}` and `{number}` in the place of whoever was asked for.

    A path is decoded where only its decoded form gives somebody away (`1%2085%2005...`). Most paths hold nobody, and
    that shows at once: then the few others alone are looked at line by line.

    Args:
        rows: `path`, `subject`, in clear.
        subject_kind: what the subject is; a page is what the path says, and stays.
    """
    paths = rows["path"]
    alone = each_once(paths, _masked_alone).alias("path")
    if subject_kind in (None, "page") or rows["subject"].null_count() == rows.height:
        return alone
    has_digit = each_once(paths, lambda path: path.str.contains("[0-9%]")).fill_null(value=False)
    needs_digit = rows["subject"].str.contains("[0-9]").fill_null(value=True)
    may_hold = rows["subject"].is_not_null() & (has_digit | ~needs_digit)
    if not may_hold.any():
        return alone
    of_lines = _masked_of_lines(rows.filter(may_hold).select("path", "subject"))
    places = may_hold.arg_true()
    return alone.scatter(places, of_lines) if len(places) < len(alone) else of_lines


def _masked_alone(path: pl.Expr) -> pl.Expr:
    """Return a path without long numbers, decoded where only that shows them."""
    nobody = pl.lit(None, dtype=pl.String).alias("subject")
    return path.map_batches(lambda paths: _masked_of_lines(paths.to_frame("path").with_columns(nobody)), pl.String)


def _masked_of_lines(rows: pl.DataFrame) -> pl.Series:
    """Return the paths of some requests, each with its own subject, masked."""
    subject = pl.col("subject")
    encoded = rows["path"].filter(rows["path"].str.contains("%", literal=True)).unique()
    decoded = rows["path"]
    if len(encoded):
        clear = pl.Series([unquote(path) for path in encoded], dtype=pl.String)
        decoded = decoded.replace(encoded, clear)
    both = rows.select("path", "subject", decoded=decoded).with_columns(
        masked=_masked(pl.col("path"), subject), unveiled=_masked(pl.col("decoded"), subject)
    )
    given_away = pl.col("unveiled") != pl.col("decoded")
    masked = both.select(
        "decoded",
        "subject",
        path=pl.when(given_away).then("unveiled").otherwise("masked"),
    )
    bare = _bare(pl.col("subject"))
    still_there = _bare(pl.col("decoded")).str.contains(bare, literal=True) & (bare != "")
    untouched = ~pl.col("path").str.contains("{subject}", literal=True)
    segments = pl.struct("decoded", "subject").map_elements(_masked_segments, return_dtype=pl.String)
    return masked.select(
        path=pl.when((still_there & untouched).fill_null(value=False)).then(segments).otherwise("path")
    )["path"]


def _bare(text: pl.Expr) -> pl.Expr:
    """Return a text without what spellings differ in: case, and what stands between the parts of a name or number."""
    return text.str.to_lowercase().str.replace_all(r"[\s+._-]+", "")


def _masked_segments(row: dict[str, str | None]) -> str | None:
    """Mask the segments of a path that hold the subject in another spelling: `/c/ab123`, `/p/DUPONT-JEAN`."""
    path, bare = row["decoded"], SPELLING.sub("", (row["subject"] or "").lower())
    if path is None or not bare:
        return path
    segments = path.split("/")
    return "/".join("{subject}" if bare in SPELLING.sub("", segment.lower()) else segment for segment in segments)


def _masked(path: pl.Expr, subject: pl.Expr) -> pl.Expr:
    named = path.str.contains(subject, literal=True).fill_null(value=False)
    without = pl.when(named).then(path.str.split(subject).list.join("{subject}")).otherwise(path)
    return without.str.replace_all(LONG_NUMBER, "{number}")
