"""What the report says of all analyses that the journal tells of, and how their evidence is sealed elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import polars as pl

from forensics.reasons import Language, visible
from forensics.report.language import Voice
from forensics.report.table import Cell, Table
from forensics.results import Results

MOST_TRIALS = 60
"""More rows than this are in trials.parquet."""
TOLD = ("certain", "estimate", "low", "high")


def in_short(results: Results, voice: Voice) -> str:
    """Say how many different analyses there were, for the first screen."""
    tried = results.table("trials")
    if tried.height == 1:
        return voice.say("trials_one")
    return voice.say("trials_in_short", n=voice.count(tried.height), certain=_range(tried["certain"], voice))


def sentence(results: Results, voice: Voice) -> str:
    """Say how many different analyses there were, and between what each of their numbers lies."""
    tried = results.table("trials")
    if tried.height == 1:
        return voice.say("trials_one")
    ranges = {name: _range(tried[name], voice) for name in TOLD}
    bounds = tried["estimate"].null_count()
    return voice.say("trials_many", n=voice.count(tried.height), bounds=voice.count(bounds), **ranges)


def warning(results: Results, voice: Voice) -> str:
    """Say that there may have been more analyses, where the journal was once found broken."""
    return voice.say("trials_broken") if results.table("trials")["journal_broken"].any() else ""


def _range(numbers: pl.Series, voice: Voice) -> str:
    """Return the lowest and the highest of some numbers, or the one that they all are."""
    written = [voice.count(number) for number in sorted(numbers.drop_nulls().unique())]
    if len(written) < 2:
        return voice.say("in_each", n=written[0]) if written and not numbers.null_count() else (written or ["—"])[0]
    return voice.between(written[0], written[-1])


def trials(results: Results, language: Language = "fr") -> Table:
    """Return each different analysis, with what it does otherwise than this one and the numbers it gave."""
    voice, tried = Voice.of(results, language), results.table("trials")
    this = tried.filter("is_this").row(0, named=True)
    shown = tried.filter(pl.col("is_this") | (pl.col("trial") < MOST_TRIALS))
    left_out = tried.height - shown.height
    return Table(
        caption=voice.say("trials_caption"),
        source=voice.say("source", table="trials.parquet"),
        head=[voice.say(key) for key in ("trial", "otherwise", "certain", "estimate", "interval", "envelope")],
        rows=[_trial(row, this, voice) for row in shown.iter_rows(named=True)],
        figures=frozenset({2, 3, 4, 5}),
        note=voice.say("trials_left_out", n=voice.count(left_out)) if left_out else "",
        stamp=voice.stamp,
        none=voice.say("none"),
    )


def _trial(row: Mapping[str, Any], this: Mapping[str, Any], voice: Voice) -> list[Cell]:
    def pair(low: str, high: str) -> str:
        return "—" if row[low] is None or row[high] is None else f"{voice.count(row[low])} – {voice.count(row[high])}"

    return [
        str(row["trial"]),
        voice.say("this_trial") if row["is_this"] else "; ".join(_differences(row, this, voice)),
        voice.count(row["certain"]),
        voice.count(row["estimate"]),
        pair("low", "high"),
        pair("envelope_low", "envelope_high"),
    ]


def _differences(row: Mapping[str, Any], this: Mapping[str, Any], voice: Voice) -> list[str]:
    """Name what an analysis was made from that this one was not; settings with their values."""
    before, now = _settings(row), _settings(this)
    changed = [
        voice.say(
            "instead",
            name=visible(name, 60),
            value=visible(before.get(name, "—"), 60),
            here=visible(now.get(name, "—"), 60),
        )
        for name in sorted(before.keys() | now.keys())
        if before.get(name) != now.get(name)
    ]
    found = [voice.say("other_evidence")] if row["evidence_digest"] != this["evidence_digest"] else []
    found += [voice.say("other_labels")] if row["labels"] != this["labels"] else []
    found += changed
    if row["declaration"] != this["declaration"] and not changed:
        found.append(voice.say("other_declaration"))
    if row["code"] != this["code"] or row["versions"] != this["versions"]:
        found.append(voice.say("other_program"))
    return found


def _settings(row: Mapping[str, Any]) -> dict[str, Any]:
    try:
        settings = json.loads(row["settings"] or "{}")
    except ValueError:
        return {}
    return settings if isinstance(settings, dict) else {}


def sealing(digest: str) -> list[str]:
    """Return the commands that ask for a time stamp of evidence and results (RFC 3161), or sign the results."""
    return [
        f"openssl ts -query -sha256 -digest {digest} -cert -out evidence.tsq",
        "openssl ts -query -sha256 -data CASE/results/manifest.json -cert -out results.tsq",
        "openssl cms -sign -binary -in CASE/results/manifest.json -signer CERT.pem -inkey KEY.pem -outform DER "
        "-out results.p7s",
    ]
