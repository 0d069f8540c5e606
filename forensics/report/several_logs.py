"""Tables of how several logs fit together: which lines are one request, and how far the clocks are apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forensics.reasons import Language, decimal, visible
from forensics.report.language import Voice
from forensics.report.table import Cell, Table, made_table
from forensics.results import Results

DIGITS = 2


def log_tables(results: Results, language: Language = "fr") -> list[Table]:
    """Return the tables of a case's logs that have something to say."""
    made = {"joins": joins, "clocks": clocks}
    return [table(results, language) for key, table in made.items() if results.summary.get(key)]


def joins(results: Results, language: Language = "fr") -> Table:
    """Return what joined the lines of each log with those of another."""
    voice = Voice.of(results, language)
    counts = ("lines", "by_request", "by_time", "by_session", "alone", "unnamed_lookups")
    return made_table(
        voice,
        caption="joins_caption",
        source="summary.json, joins",
        head=[voice.say(key) for key in ("source_name", "log_lines", *counts[1:])],
        rows=[[visible(row["source"]), *(voice.count(row[key]) for key in counts)] for row in results.summary["joins"]],
        figures=frozenset(range(1, 7)),
        note=voice.say("joins_note"),
    )


def clocks(results: Results, language: Language = "fr") -> Table:
    """Return how far each clock is from its reference, and what follows."""
    voice = Voice.of(results, language)
    keys = ("operator_name", "clock", "reference_clock", "skew", "interval", "drift", "compared", "to_do")
    return made_table(
        voice,
        caption="clocks_caption",
        source="summary.json, clocks",
        head=[voice.say(key) for key in keys],
        rows=[_clock(row, voice) for row in results.summary["clocks"]],
        figures=frozenset({3, 4, 5, 6}),
        note=voice.say("clocks_note"),
    )


def _clock(row: Mapping[str, Any], voice: Voice) -> list[Cell]:
    def seconds(key: str) -> str:
        return "—" if row[key] is None else decimal(row[key], DIGITS, voice.language)

    return [
        visible(row["operator"], 40),
        visible(row["server"], 60),
        visible(row["reference"], 60),
        seconds("skew_s"),
        "—" if row["skew_s"] is None else voice.between(seconds("low_s"), seconds("high_s")),
        seconds("drift_s_a_day"),
        voice.count(row["n_sessions"]),
        _to_do(row, voice),
    ]


def _to_do(row: Mapping[str, Any], voice: Voice) -> str:
    """Say what to declare; `case.toml` is written with a point in every language."""
    if row["skew_s"] is None:
        return voice.say("clock_unmeasured")
    if row["method"] != "shared_sessions":
        return voice.say("clock_source")
    if row["low_s"] <= 0 <= row["high_s"]:
        return voice.say("clock_agrees")
    return voice.say("clock_declare", offset=decimal(-row["skew_s"], DIGITS, "en"))
