"""Tables of the robots: campaigns, what links accused accounts, and what access providers are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from forensics.reasons import Language, chance, visible
from forensics.report.language import Voice
from forensics.report.table import Table, made_table
from forensics.results import Results

MOST_ADDRESSES = 50
MOST_PAIRS = 20
"""More rows than this are in the results table that the caption names."""


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
                "—" if row["honest_upper"] is None else chance(row["honest_upper"], language),
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
                "—" if row["chance"] is None else chance(row["chance"], language),
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
