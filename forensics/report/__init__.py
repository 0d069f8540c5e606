"""The page a magistrate opens: one HTML file a language, complete in itself, without script or link.

The same results give the same bytes. Whatever comes from evidence passes through `visible`, and the template
escapes everything it is given.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from itertools import count
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics import figures
from forensics.reasons import Language, visible
from forensics.report import tables
from forensics.report.language import Voice
from forensics.report.method import ALTERNATIVES, METHOD
from forensics.report.several_logs import log_tables
from forensics.report.table import Table, template
from forensics.report.trials import in_short, sealing, sentence, trials, warning
from forensics.results import Results
from forensics.settings import Settings
from forensics.vocabulary import UNSEEN

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def render(results: Results, language: Language) -> str:
    """Return the report as one self-contained HTML page."""
    from markupsafe import Markup

    voice, numbers = Voice.of(results, language), count(1)
    here = files("forensics.report")
    style = here.joinpath("style.css").read_text(encoding="utf-8")
    return template("template.html").render(
        language=language,
        say=voice.say,
        numbered=lambda table: voice.say("numbered", n=next(numbers), caption=table.caption),
        # The style sheet is ours and holds nothing of the case; its digest is all the policy lets through.
        style=Markup(style),  # noqa: S704
        style_digest=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        headline=_headline(results.headline, voice, bool(results.summary.get("labels"))),
        pictures=_pictures(results, voice),
        **_body(results, voice),
    )


def _headline(row: dict[str, Any], voice: Voice, labelled: bool) -> dict[str, Any]:
    """Return the three numbers in large figures, each with its sentence, and what tempers them."""
    bounds = voice.between(voice.count(row["envelope_low"]), voice.count(row["envelope_high"]))
    if row["estimate"] is None:
        middle = {
            "label": voice.say("bounds"),
            "number": bounds,
            "range": "",
            "text": voice.say("bounds_text"),
        }
    else:
        middle = {
            "label": voice.say("estimate"),
            "number": voice.count(row["estimate"]),
            "range": voice.between(voice.count(row["low"]), voice.count(row["high"])),
            "text": voice.say("estimate_text", level=voice.share(row["level"])),
        }
    outer = {
        key: {
            "label": voice.say(key),
            "number": voice.count(row[key]),
            "range": "",
            "text": voice.say(f"{key}_text"),
        }
        for key in ("certain", "perimeter")
    }
    if voice.subject == "people":
        logged, inferred = voice.count(row["certain_logged"]), voice.count(row["certain_inferred"])
        outer["certain"]["range"] = voice.say("split", logged=logged, inferred=inferred)
    low, high = voice.count(row["envelope_low"]), voice.count(row["envelope_high"])
    doubt, doubt_text = row["certain_doubt"], "doubt_by_labels" if labelled else "doubt_text"
    return {
        "cards": [outer["certain"], middle, outer["perimeter"]],
        "source": voice.say("source", table="estimates.parquet, scope = all"),
        "envelope": voice.say(
            "envelope_to_perimeter" if row["evidence_level"] == "B" else "envelope_text", low=low, high=high
        ),
        "doubt": voice.say(doubt_text, n=voice.counted(doubt)),
    }


def _pictures(results: Results, voice: Voice) -> list[dict[str, str]]:
    """Return the figures of the first screen as data addresses, with what they show in words."""
    row = results.headline
    bounds = voice.between(voice.count(row["envelope_low"]), voice.count(row["envelope_high"]))
    middle = bounds if row["estimate"] is None else f"{voice.say('estimate').lower()} {voice.count(row['estimate'])}"
    lookups = {
        name: int(n) for name, n in results.table("timeline").group_by("verdict").agg(pl.col("lookups").sum()).rows()
    }
    scraping = lookups.pop("scraping", 0)
    drawn = (
        (
            figures.three_numbers(results, language=voice.language),
            voice.say("figure_numbers"),
            voice.say(
                "figure_numbers_alt",
                certain=voice.count(row["certain"]),
                middle=middle,
                perimeter=voice.count(row["perimeter"]),
            ),
            "estimates.parquet",
        ),
        (
            figures.timeline(results, language=voice.language),
            voice.say("figure_time"),
            voice.say("figure_time_alt", scraping=voice.count(scraping), others=voice.count(sum(lookups.values()))),
            "timeline.parquet",
        ),
    )
    return [_picture(*each, voice) for each in drawn]


def _coverage_picture(results: Results, voice: Voice) -> dict[str, str]:
    """Return the figure of what the logs cover, with what it shows in words."""
    kinds = [row["kind"] for row in results.summary["coverage"]]
    alt = voice.say(
        "figure_coverage_alt",
        complete=voice.count(kinds.count("complete")),
        unknown=voice.count(sum(kind == "gap" or kind in UNSEEN for kind in kinds)),
    )
    axes = figures.coverage(results, language=voice.language)
    return _picture(axes, voice.say("figure_coverage"), alt, "summary.json, coverage", voice)


def _picture(axes: Axes, caption: str, alt: str, table: str, voice: Voice) -> dict[str, str]:
    return {
        "address": "data:image/svg+xml;base64," + base64.b64encode(figures.to_svg(axes).encode()).decode(),
        "caption": caption,
        "alt": alt,
        "source": voice.say("source", table=table),
    }


def _body(results: Results, voice: Voice) -> dict[str, Any]:
    """Return what the page says beneath the three numbers."""
    summary, manifest, language = results.summary, results.manifest, voice.language
    settings = Settings.model_validate(manifest["settings"])
    versions = {**summary["versions"], **manifest["versions"]}
    unsaid = "_pages" if voice.subject == "people" else "_people"
    thresholds = {
        "gap": settings.session_gap_minutes,
        "cap": settings.session_cap_hours,
        "window": settings.pace_window_minutes,
        "fastest": voice.share(1 - settings.crowd_quantile),
        "one_in": voice.count(round(1 / settings.accusation_level)),
        "beside": voice.share(settings.accused_account_rate),
    }
    return {
        "synthetic": summary["case"]["synthetic"],
        "title": visible(summary["case"]["title"] or summary["case"]["id"]),
        "case": voice.say("case", id=visible(summary["case"]["id"])),
        "estimates": tables.estimates(results, language),
        "overlaps": tables.overlaps(results, language),
        "sessions": voice.say("sessions_text", **_totals(results, voice)),
        "sensitivity": tables.sensitivity(results, language),
        "exposed": tables.exposed(results, language),
        "width": tables.width(results, language),
        "labels": tables.labels(results, language) if summary.get("labels") else None,
        "perimeter": tables.perimeter(results, language),
        "campaigns": tables.campaigns(results, language),
        "campaign_ties": tables.campaign_ties(results, language),
        "campaign_pairs": tables.campaign_pairs(results, language),
        "requisitions": tables.requisitions(results, language),
        "records": _records(summary, voice),
        "accused": tables.clients(results, "scraping", language),
        "checks": _checks(results, voice),
        "unclear": tables.clients(results, "unclear", language),
        "professionals": voice.say("professionals_text", n=voice.count(summary["professionals"]["shown"])),
        "covered": _coverage_picture(results, voice),
        "evidence": [
            tables.lines(results, language),
            *log_tables(results, language),
            tables.coverage(results, language),
            tables.inputs(results, language),
        ],
        "method": [voice.pair(words, **thresholds) for key, words in METHOD.items() if not key.endswith(unsaid)],
        "limits": tables.limit_sentences(results, voice),
        "alternatives": [voice.pair(words) for words in ALTERNATIVES],
        "trials_in_short": in_short(results, voice),
        "trials": sentence(results, voice),
        "trials_warning": warning(results, voice),
        "all_trials": trials(results, language),
        "sealing": sealing(visible(summary["evidence_digest"])),
        "digest": voice.say("digest", digest=visible(summary["evidence_digest"])),
        "versions": voice.say(
            "versions",
            versions=", ".join(f"{visible(name)} {visible(versions[name])}" for name in sorted(versions)),
        ),
        "settings": tables.settings(results, language),
    }


def _checks(results: Results, voice: Voice) -> list[Table]:
    """Return what checks the verdicts, where subjects are people."""
    if voice.subject == "pages":
        return []
    return [check(results, voice.language) for check in (tables.care_check, tables.baseline)]


def _records(summary: dict[str, Any], voice: Voice) -> str:
    """Say how far the register explains the logged record counts; nothing where none is logged."""
    records = summary.get("records", {})
    if not records.get("compared"):
        return ""
    return voice.say("records_text", agree=voice.count(records["agree"]), compared=voice.count(records["compared"]))


def _totals(results: Results, voice: Voice) -> dict[str, str]:
    summary, strands = results.summary, results.table("strands")
    sessions, accounts = summary["sessions"], summary["accounts"]
    return {
        "clients": voice.count(strands.height),
        "few": voice.count(strands.filter(pl.col("why_not") == "too_few_subjects").height),
        "total": voice.count(sessions["total"]),
        "scraping": voice.count(sessions["scraping"]),
        "unclear": voice.count(sessions["unclear"]),
        "accounts": voice.count(accounts["total"]),
        "used": voice.count(accounts["used_by_robot"]),
        "campaigns": voice.count(summary["campaigns"]),
    }
