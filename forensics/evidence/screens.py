"""Screens: what a path of the portal does and shows, as `case.toml` declares it."""

from __future__ import annotations

import polars as pl

from forensics.case import Case
from forensics.declaration import Screen, Source
from forensics.errors import CaseError
from forensics.evidence.texts import each_once


def screens_of(case: Case, source: Source) -> list[Screen]:
    """Return the `[[screen]]` blocks that speak of a source's operator, in the order of `case.toml`."""
    return [screen for screen in case.declared.screen if screen.operator in (None, source.operator)]


def screen_of(case: Case, source: Source, of: pl.Expr | None = None) -> pl.Expr:
    """Return which of its operator's screens a request belongs to, from 0: the first that its path matches, or null."""
    path, at = (pl.col("path") if of is None else of).fill_null(""), pl.col("requested_at")
    matching = []
    for number, screen in enumerate(screens_of(case, source)):
        holds = path.str.contains(screen.match)
        if screen.valid_from:
            holds &= at >= screen.valid_from
        if screen.valid_until:
            holds &= at < screen.valid_until
        matching.append(pl.when(holds).then(pl.lit(number, dtype=pl.Int64)))
    return pl.coalesce(*matching, pl.lit(None, dtype=pl.Int64))


def tier_of(case: Case, source: Source) -> pl.Expr:
    """Return how a request's `screen` shows people, null where none says."""
    tiers = [screen.tier for screen in screens_of(case, source)]
    return pl.col("screen").replace_strict(range(len(tiers)), tiers, default=None, return_dtype=pl.String)


def action_of(case: Case, source: Source) -> pl.Expr:
    """Return what a request did: as logged, else by its `screen`, else by its subject."""
    actions = [screen.action for screen in screens_of(case, source)]
    by_screen = pl.col("screen").replace_strict(range(len(actions)), actions, default=None, return_dtype=pl.String)
    default = pl.when(pl.col("subject").is_not_null()).then(pl.lit("detail")).otherwise(pl.lit("other"))
    return pl.coalesce(pl.col("action"), by_screen, default)


def screens_within(case: Case, source: Source, rows: pl.DataFrame) -> pl.Series:
    """Return which screen each request belongs to, looked up once a path where that is all it depends on."""
    if any(screen.valid_from or screen.valid_until for screen in screens_of(case, source)):
        return rows.select(screen=screen_of(case, source)).to_series()
    return each_once(rows["path"], lambda path: screen_of(case, source, path)).alias("screen")


def refuse_screens_that_need_the_subject(case: Case, source: Source, rows: pl.DataFrame, masked: pl.Series) -> None:
    """Refuse a screen that only matches the number itself: later steps know paths with `{subject}` in its place.

    Raises:
        CaseError: names the screen.
    """
    changed = rows.with_columns(masked=masked).filter(~pl.col("path").eq_missing(pl.col("masked")))
    if not changed.height:
        return
    both = changed.select("screen", masked=screens_within(case, source, changed.with_columns(path="masked")))
    lost = both.filter(pl.col("screen").is_not_null() & ~pl.col("screen").eq_missing(pl.col("masked")))
    if lost.height:
        match = screens_of(case, source)[lost["screen"][0]].match
        raise CaseError(
            f"screen {match!r} matches only while the path holds the number that was asked for",
            where="case.toml",
            expected="an expression that also matches the path with {subject} in the number's place",
            remedy="match what stands before the number, for instance '^/rights/'",
        )
