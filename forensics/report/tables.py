"""Tables in words, for the report and for notebooks: what each row says and which results table it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from forensics.reasons import Language, sentences, small_cell, visible
from forensics.report.language import Voice
from forensics.report.method import LIMITS
from forensics.report.table import Cell, Table
from forensics.results import Results
from forensics.settings import Settings
from forensics.vocabulary import UNSEEN, WITNESSED

MOST_CLIENTS = 100
MOST_ADDRESSES = 50
MOST_STRETCHES = 60
MOST_PAIRS = 20
"""More rows than this are in the results table that the caption names."""


def made_table(
    voice: Voice,
    *,
    caption: str,
    source: str,
    head: list[str],
    rows: list[list[Cell]],
    figures: frozenset[int] = frozenset(),
    note: str = "",
) -> Table:
    """Return a table whose caption is a word of the report and whose source is one of the results."""
    return Table(
        caption=voice.say(caption),
        source=voice.say("source", table=source),
        head=head,
        rows=rows,
        figures=figures,
        note=note,
        stamp=voice.stamp,
        none=voice.say("none"),
    )


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


def campaigns(results: Results, language: Language = "fr") -> Table:
    """Return one row a campaign."""
    voice = Voice.of(results, language)
    columns = ("n_strands", "n_accounts", "n_sessions", "n_lookups", "n_hits")
    keys = ("campaign", "clients", "accounts", "n_sessions", "lookups", "hits", "first", "last")
    return made_table(
        voice,
        caption="campaigns_caption",
        source="campaigns.parquet",
        head=[voice.say(key) for key in keys],
        rows=[
            [
                str(row["campaign_id"]),
                *(voice.count(row[column]) for column in columns),
                voice.instant(row["started_at"]),
                voice.instant(row["ended_at"]),
            ]
            for row in results.table("campaigns").sort("campaign_id").iter_rows(named=True)
        ],
        figures=frozenset(range(1, 6)),
    )


def campaign_ties(results: Results, language: Language = "fr") -> Table:
    """Return one row a kind of tie: how many accused pairs it links, and how many honest ones it would link."""
    voice = Voice.of(results, language)
    keys = ("tie", "n_links", "n_pairs", "honest_linked", "honest_upper", "is_used")
    return made_table(
        voice,
        caption="ties_caption",
        source="campaign_ties.parquet",
        head=[voice.say(key) for key in keys],
        rows=[
            [
                voice.say(f"tie_{row['tie']}"),
                voice.count(row["n_links"]),
                voice.count(row["n_pairs"]),
                "—"
                if row["honest_pairs"] is None
                else voice.say("of_pairs", n=voice.count(row["honest_linked"]), of=voice.count(row["honest_pairs"])),
                "—" if row["honest_upper"] is None else f"{row['honest_upper']:.1e}",
                voice.say("tie_is_used" if row["is_used"] else "tie_not_used"),
            ]
            for row in results.table("campaign_ties").iter_rows(named=True)
        ],
        figures=frozenset({1, 2, 3, 4}),
        note=voice.say("ties_note"),
    )


def campaign_pairs(results: Results, language: Language = "fr") -> Table:
    """Return one row for each two attacked operators, and for the campaigns that are closest: had they one actor?"""
    voice = Voice.of(results, language)
    found = results.table("campaign_pairs").sort(
        pl.col("scope") == "campaigns", pl.col("chance").fill_null(1.0), maintain_order=True
    )
    left_out = found.height - MOST_PAIRS
    keys = ("compared_two", "n_pairs", "linked_by", "chance_at_most", "pair_answer")
    return made_table(
        voice,
        caption="pairs_caption",
        source="campaign_pairs.parquet",
        head=[voice.say(key) for key in keys],
        rows=[
            [
                voice.say(f"two_{row['scope']}", a=visible(row["a"], 40), b=visible(row["b"], 40)),
                voice.count(row["n_pairs"]),
                _linked_by(row, voice),
                "—" if row["chance"] is None else f"{row['chance']:.1e}",
                voice.say(f"answer_{row['answer']}"),
            ]
            for row in found.head(MOST_PAIRS).iter_rows(named=True)
        ],
        figures=frozenset({1, 3}),
        note=" ".join(
            [voice.say("pairs_note"), *([voice.say("pairs_left_out", n=voice.count(left_out))] if left_out > 0 else [])]
        ),
    )


def _linked_by(row: Mapping[str, Any], voice: Voice) -> str:
    """Return the kinds that link two groups; others, where they are joined but not directly."""
    direct = ", ".join(voice.say(f"tie_{kind}") for kind in row["ties"])
    return direct or (voice.say("through_others") if row["answer"] == "compatible" else "—")


def requisitions(results: Results, language: Language = "fr") -> Table:
    """Return one row a campaign and address: what an access provider is asked for; the ports are in the table."""
    voice = Voice.of(results, language)
    of_address = (
        results.table("requisitions")
        .group_by("campaign_id", "operator", "client_ip")
        .agg(
            pl.col("client_port").n_unique() - pl.col("client_port").is_null().any().cast(pl.UInt32),
            pl.col("started_at").min(),
            pl.col("ended_at").max(),
            pl.col("n_requests").sum(),
        )
        .sort("campaign_id", "started_at", "operator", "client_ip")
    )
    left_out = of_address.height - MOST_ADDRESSES
    keys = ("campaign", "operator_name", "address", "n_ports", "first", "last", "requests_sent")
    return made_table(
        voice,
        caption="requisitions_caption",
        source="requisitions.parquet",
        head=[voice.say(key) for key in keys],
        rows=[
            [
                str(row["campaign_id"]),
                visible(row["operator"]),
                visible(row["client_ip"] or ""),
                voice.count(row["client_port"]),
                voice.instant(row["started_at"]),
                voice.instant(row["ended_at"]),
                voice.count(row["n_requests"]),
            ]
            for row in of_address.head(MOST_ADDRESSES).iter_rows(named=True)
        ],
        figures=frozenset({3, 6}),
        note=voice.say("addresses_left_out", n=voice.count(left_out)) if left_out > 0 else voice.say("ports_note"),
    )


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
        figures=frozenset({0, 1}),
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
