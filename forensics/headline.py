"""The three numbers, in the words that the command line prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl


def lines(summary: Mapping[str, Any]) -> list[str]:
    """Return the headline of a case, a line each."""
    row = next(row for row in summary["estimates"] if row["scope"] == "all")
    unit = summary["subject"]
    sessions, accounts = summary["sessions"], summary["accounts"]
    whose = "clients accused" if unit == "pages" else "accounts used"
    told = ["SYNTHETIC CASE: nobody in it exists."] if summary["case"]["synthetic"] else []
    told += [
        f"{sessions['scraping']:,} of {sessions['total']:,} sessions judged scraping "
        f"({sessions['unclear']:,} unclear), {summary['campaigns']:,} campaign(s), "
        f"{accounts['used_by_robot']:,} of {accounts['total']:,} {whose}",
        "",
        f"  certain    {row['certain']:>12,} {unit} in retained lines of sessions judged scraping",
    ]
    if unit == "people":
        named, inferred = row["certain_logged"], row["certain_inferred"]
        told.append(f"  {'':>23} {named:,} named by the log, {inferred:,} on their cards by the register")
    if row["estimate"] is None:
        told.append(f"  estimate   {'none':>12} {row['method']}")
    else:
        told.append(
            f"  estimate   {row['estimate']:>12,} [{row['low']:,}; {row['high']:,}] at {row['level']:.0%}, "
            f"evidence level {row['evidence_level']}"
        )
    known = "people who could have been shown"
    if "no_register" in summary["limits"]:
        known = "pages that the log shows" if unit == "pages" else "numbers that the log shows"
    told += [
        f"  envelope   {'':>12} [{row['envelope_low']:,}; {row['envelope_high']:,}], bounds without a level",
        f"  perimeter  {row['perimeter']:>12,} {known}",
        "",
        f"Lines: {_lines_accounted(summary['rows'])}",
        *(_lines_joined(row) for row in summary.get("joins", [])),
    ]
    return told


def journal_line(trials: pl.DataFrame, runs: int) -> str:
    """Return how many runs the journal keeps, how many different analyses they were, and how far these lie apart."""
    told = f"{runs:,} run(s) of {trials.height:,} different {'analysis' if trials.height == 1 else 'analyses'}"
    low, high = trials["certain"].min(), trials["certain"].max()
    return f"Journal: {told}" + ("" if low == high else f", certain from {low:,} to {high:,}")


def _lines_joined(row: Mapping[str, Any]) -> str:
    shares = {name: row[name] / max(1, row["lines"]) for name in ("by_request", "by_time", "by_session", "alone")}
    return (
        f"Joined: {row['source']}, {shares['by_request']:.1%} of its lines by request, {shares['by_time']:.1%} "
        f"by time, {shares['by_session']:.1%} by session, {shares['alone']:.1%} alone"
    )


def _lines_accounted(rows: list[Mapping[str, int]]) -> str:
    total = {name: sum(row[name] for row in rows) for name in ("read", "accepted", "rejected", "duplicates")}
    return (
        f"{total['read']:,} read = {total['accepted']:,} accepted + {total['rejected']:,} rejected "
        f"+ {total['duplicates']:,} duplicates"
    )
