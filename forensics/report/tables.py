"""Tables in words, for the report and for notebooks: what each row says and which results table it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from forensics.reasons import Language, sentences, small_cell, visible
from forensics.report.campaign_tables import campaign_pairs, campaign_ties, campaigns, requisitions
from forensics.report.detection_tables import baseline, care_check
from forensics.report.evidence_tables import coverage, inputs, limit_sentences, limits, lines, settings
from forensics.report.language import Voice
from forensics.report.table import Cell, Table, made_table
from forensics.results import Results
from forensics.settings import Settings

__all__ = [
    "baseline",
    "campaign_pairs",
    "campaign_ties",
    "campaigns",
    "care_check",
    "clients",
    "coverage",
    "estimates",
    "exposed",
    "inputs",
    "labels",
    "limit_sentences",
    "limits",
    "lines",
    "overlaps",
    "perimeter",
    "requisitions",
    "sensitivity",
    "settings",
    "width",
]

MOST_CLIENTS = 100
"""More rows than this are in the results table that the caption names."""


def estimates(results: Results, language: Language = "fr") -> Table:
    """Return the three numbers of every scope; counts of 1 to 10 people at an insurer are not told."""
    summary, voice = results.summary, Voice.of(results, language)
    keys = (
        "scope",
        "certain",
        "logged",
        "inferred",
        "doubt",
        "estimate",
        "interval",
        "envelope",
        "perimeter",
    )
    return made_table(
        voice,
        caption="estimates_caption",
        source="estimates.parquet",
        head=[voice.say(key) for key in (*keys, "evidence_level")],
        rows=[_estimate(row, summary.get("insurers", {}), voice) for row in summary["estimates"]],
        figures=frozenset(range(1, 9)),
    )


def _estimate(row: Mapping[str, Any], insurers: Mapping[str, str], voice: Voice) -> list[Cell]:
    def write(key: str) -> str:
        count = row[key]
        return small_cell(count, voice.language) if row["scope"] == "insurer" and count else voice.count(count)

    scope = "whole" if row["scope"] == "all" else row["scope"]
    return [
        voice.say(scope, name=visible(insurers.get(row["insurer"], row.get(row["scope"])), 40)),
        *(write(key) for key in ("certain", "certain_logged", "certain_inferred", "certain_doubt", "estimate")),
        "—" if row["low"] is None else f"{write('low')} – {write('high')}",
        f"{write('envelope_low')} – {write('envelope_high')}",
        write("perimeter"),
        row["evidence_level"],
    ]


def overlaps(results: Results, language: Language = "fr") -> list[str]:
    """Return how the certain numbers of operators, and of insurers, add up to that of the whole case."""
    summary, voice = results.summary, Voice.of(results, language)
    whole = next(row["certain"] for row in summary["estimates"] if row["scope"] == "all")
    written = []
    for scope in ("operator", "insurer"):
        counts = [row["certain"] for row in summary["estimates"] if row["scope"] == scope]
        if len(counts) > 1:
            terms = {"sum": sum(counts), "overlap": sum(counts) - whole, "whole": whole}
            written.append(voice.say(f"overlap_{scope}", **{key: voice.count(n) for key, n in terms.items()}))
    return written


def clients(results: Results, verdict: str = "scraping", language: Language = "fr") -> Table:
    """Return the clients of one verdict, the most active first, each with the sentences behind it."""
    voice = Voice.of(results, language)
    window_minutes = Settings.model_validate(results.manifest["settings"]).pace_window_minutes
    strands = results.table("strands").filter(pl.col("verdict") == verdict)
    strands = strands.sort(["n_lookups", "strand_id"], descending=[True, False])
    left_out = strands.height - MOST_CLIENTS
    keys = ("account", "address", "agent", "first", "last", "lookups", "asked")
    return made_table(
        voice,
        caption="accused_caption" if verdict == "scraping" else "unclear_caption",
        source=f"strands.parquet, verdict = {verdict}",
        head=[voice.say(key) for key in keys],
        rows=[_client(row, voice, window_minutes) for row in strands.head(MOST_CLIENTS).iter_rows(named=True)],
        figures=frozenset({5, 6}),
        note=voice.say("clients_left_out", n=voice.count(left_out)) if left_out > 0 else "",
    )


def _client(row: Mapping[str, Any], voice: Voice, window_minutes: int) -> list[Cell]:
    return [
        f"{visible(row['account_id'], 80) or '—'} ({visible(row['operator'], 40)})",
        "—" if row["client_ip"] is None else visible(row["client_ip"], 45),
        "—" if row["user_agent"] is None else visible(row["user_agent"], 60),
        voice.instant(row["first_seen_at"]),
        voice.instant(row["last_seen_at"]),
        voice.count(row["n_lookups"]),
        voice.count(row["n_subjects"]),
        sentences(row, voice.subject, voice.language, window_minutes),
    ]


def exposed(results: Results, language: Language = "fr") -> Table:
    """Return how many people each operator's screens showed, named by the log or inferred through the card."""
    voice = Voice.of(results, language)
    people = (
        results.table("exposure")
        .group_by("operator", "tier", "certainty")
        .agg(
            people=pl.col("person_id").n_unique(),
            views=pl.col("n_views").sum(),
            fields=pl.col("fields").explode().unique().sort(),
        )
    )
    return made_table(
        voice,
        caption="exposed_caption",
        source="exposure.parquet",
        head=[voice.say(key) for key in ("operator_name", "tier", "known_by", "shown", "views", "shown_fields")],
        rows=[
            [
                visible(row["operator"], 40),
                voice.say(f"tier_{row['tier']}"),
                voice.say(f"certainty_{row['certainty']}"),
                voice.count(row["people"]),
                voice.count(row["views"]),
                ", ".join(visible(field, 40) for field in row["fields"]) or "—",
            ]
            for row in people.sort("operator", "tier", "certainty", descending=[False, False, True]).iter_rows(
                named=True
            )
        ],
        figures=frozenset({3, 4}),
    )


def sensitivity(results: Results, language: Language = "fr") -> Table:
    """Return how many sessions there would be at other silences."""
    voice = Voice.of(results, language)
    return made_table(
        voice,
        caption="sensitivity_caption",
        source="session_sensitivity.parquet",
        head=[voice.say("silence_minutes"), voice.say("n_sessions")],
        rows=[[voice.count(gap), voice.count(n)] for gap, n in results.table("session_sensitivity").iter_rows()],
        figures=frozenset({1}),
        note=voice.say("sensitivity_note"),
    )


def perimeter(results: Results, language: Language = "fr") -> Table:
    """Return what could have been shown in the whole case, under each definition."""
    voice = Voice.of(results, language)
    whole = results.table("perimeter").filter(pl.col("scope") == "all")
    if voice.subject == "pages":  # a page is its own line and its own contract
        whole = whole.filter(pl.col("definition") == "people")
    whole = whole.sort("n", "definition", descending=[True, False])
    return made_table(
        voice,
        caption="perimeter_caption",
        source="perimeter.parquet, scope = all",
        head=[voice.say("counted_as"), voice.say("count")],
        rows=[
            [voice.say(f"definition_{name}"), voice.count(n)] for name, n in whole.select("definition", "n").iter_rows()
        ],
        figures=frozenset({1}),
    )


def labels(results: Results, language: Language = "fr") -> Table:
    """Return what labels by hand say of each group that they were drawn from; no row where none were read back."""
    voice, told = Voice.of(results, language), results.summary.get("labels")
    same, twice = told["agreement"] if told else (0, 0)
    keys = ("drawn_among", "shown_each_time", "looked_at", "a_robots", "a_persons", "not_told", "robots_share")
    rows: list[list[Cell]] = [
        [
            voice.say(f"stratum_{one['stratum']}"),
            *(voice.count(one[name]) for name in ("shown", "labelled", "robot", "person", "unsure")),
            f"{voice.share(one['low'])} – {voice.share(one['high'])}",
        ]
        for one in (told["strata"] if told else [])
    ]
    level = voice.share(told["level"] if told else None)
    return made_table(
        voice,
        caption="labels_caption",
        source="summary.json, labels",
        head=[voice.say(key) for key in keys],
        rows=rows,
        figures=frozenset(range(1, len(keys))),
        note=voice.say("labels_note", level=level, same=voice.count(same), twice=voice.count(twice)) if told else "",
    )


def width(results: Results, language: Language = "fr") -> Table:
    """Return how far interval and envelope of the whole case lie above the certain number, cause by cause."""
    voice = Voice.of(results, language)
    whole = results.table("estimates").filter(pl.col("scope") == "all").row(0, named=True)
    causes = [name for name in whole if name.startswith(("width_from_", "envelope_from_"))]
    if not whole["width_from_accused"]:
        causes.remove("width_from_accused")
    if whole["estimate"] is None:  # there is no interval to account for
        causes = []
    return made_table(
        voice,
        caption="width_caption",
        source="estimates.parquet, scope = all",
        head=[voice.say("cause"), voice.say("count")],
        rows=[[voice.say(name), voice.count(whole[name])] for name in causes],
        figures=frozenset({1}),
    )
