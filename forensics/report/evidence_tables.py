"""Tables of the evidence: its lines, what the logs cover, what it cannot say, its files and the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from forensics.reasons import Language, visible
from forensics.report.language import Voice
from forensics.report.method import LIMITS
from forensics.report.table import Cell, Table, made_table
from forensics.results import Results
from forensics.vocabulary import UNSEEN, WITNESSED

MOST_STRETCHES = 60
"""More rows than this are in the results table that the caption names."""


def lines(results: Results, language: Language = "fr") -> Table:
    """Return what became of every line read, source by source, and whether it adds up."""
    summary, voice = results.summary, Voice.of(results, language)
    parts = ("accepted", "rejected", "duplicates")
    return made_table(
        voice,
        caption="rows_caption",
        source="summary.json, rows",
        head=[voice.say(key) for key in ("source_name", "read", *parts, "balance")],
        rows=[
            [
                visible(row["source"]),
                *(voice.count(row[key]) for key in ("read", *parts)),
                voice.say("yes" if row["read"] == sum(row[key] for key in parts) else "no"),
            ]
            for row in summary["rows"]
        ],
        figures=frozenset(range(1, 5)),
    )


def coverage(results: Results, language: Language = "fr") -> Table:
    """Return each server's stretches of log: added up by kind."""
    summary, voice = results.summary, Voice.of(results, language)
    groups: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for row in summary["coverage"]:
        groups.setdefault((row["operator"], row["server"] or "—", row["kind"]), []).append(row)
    keys = ("operator_name", "server", "kind", "stretches", "hours", "share_kept", "first", "last")
    return made_table(
        voice,
        caption="coverage_caption",
        source="summary.json, coverage",
        head=[voice.say(key) for key in keys],
        rows=[_stretches(group, rows, voice) for group, rows in sorted(groups.items())][:MOST_STRETCHES],
        figures=frozenset({3, 4, 5}),
        note=" ".join(
            [voice.say(f"meaning_{kind}") for kind in (*WITNESSED, *UNSEEN) if any(kind == of for _, _, of in groups)]
            + [voice.say("unknown_not_zero")]
        ),
    )


def _stretches(group: tuple[str, str, str], rows: Sequence[Mapping[str, Any]], voice: Voice) -> list[Cell]:
    spans = [(datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"])) for row in rows]
    hours = sum(((end - start).total_seconds() for start, end in spans), 0.0) / 3600
    operator, server, kind = group
    return [
        visible(operator),
        visible(server),
        voice.say(f"kind_{kind}"),
        voice.count(len(rows)),
        voice.count(round(hours)),
        _share_kept(rows, voice),
        voice.instant(min(start for start, _ in spans)),
        voice.instant(max(end for _, end in spans)),
    ]


def _share_kept(rows: Sequence[Mapping[str, Any]], voice: Voice) -> str:
    """Return the shares kept of some stretches, least and most, and between them all the limits of their intervals."""
    kept = sorted(row["share_kept"] for row in rows if row["share_kept"] is not None)
    low, high = min(row["share_low"] for row in rows), max(row["share_high"] for row in rows)
    if not kept:
        return "—" if rows[0]["kind"] == "complete" else voice.say("unknown")
    told, limits = (
        " – ".join(dict.fromkeys(voice.share(part) for part in ends)) for ends in ((kept[0], kept[-1]), (low, high))
    )
    return told if told == limits else f"{told} [{limits}]"


def limits(results: Results, language: Language = "fr") -> Table:
    """Return what this evidence cannot say."""
    voice = Voice.of(results, language)
    return made_table(
        voice,
        caption="limits",
        source="summary.json, limits",
        head=[voice.say("limits")],
        rows=[[sentence] for sentence in limit_sentences(results, voice)],
    )


def limit_sentences(results: Results, voice: Voice) -> list[str]:
    """Return the limits in words; one without words is told by its code."""
    joins = results.summary.get("joins", [])
    counts = {"alone": "alone", "lines": "lines", "unnamed": "unnamed_lookups"}
    values = {name: voice.count(sum(row[column] for row in joins)) for name, column in counts.items()}
    return [
        voice.pair(LIMITS[code], **values) if code in LIMITS else voice.say("limit_other", code=visible(code))
        for code in results.summary["limits"]
    ]


def inputs(results: Results, language: Language = "fr") -> Table:
    """Return each input file with its size and its SHA-256."""
    manifest, voice = results.manifest, Voice.of(results, language)
    return made_table(
        voice,
        caption="inputs_caption",
        source="manifest.json, inputs",
        head=[voice.say("file"), voice.say("source_name"), voice.say("bytes"), "SHA-256"],
        rows=[
            [visible(row["path"]), visible(row["source"]), voice.count(row["bytes"]), visible(row["sha256"])]
            for row in manifest["inputs"]
        ],
        figures=frozenset({2}),
    )


def settings(results: Results, language: Language = "fr") -> Table:
    """Return every threshold the analysis used."""
    manifest, voice = results.manifest, Voice.of(results, language)
    return made_table(
        voice,
        caption="settings_caption",
        source="manifest.json, settings",
        head=[voice.say("setting"), voice.say("value")],
        rows=[[visible(name), visible(value)] for name, value in sorted(manifest["settings"].items())],
        figures=frozenset({1}),
    )
