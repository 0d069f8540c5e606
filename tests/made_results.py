"""Results folders made by hand, so that figures and reports can be tested without an analysis."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from forensics import schemas
from forensics.manifest import document
from forensics.results import Results

FIRST_HOUR = datetime(2024, 1, 15)

STRAND: dict[str, Any] = {
    "strand_id": 1,
    "operator": "Viareso",
    "account_id": "opt-0417",
    "client_ip": "203.0.113.9",
    "user_agent": "python-requests/2.31",
    "profession": "opticien",
    "first_seen_at": datetime(2024, 1, 18, 2, 0, 5),
    "last_seen_at": datetime(2024, 1, 20, 4, 59, 58),
    "n_sessions": 4,
    "n_lookups": 2400,
    "n_subjects": 2350,
    "busiest_subjects": 1240,
    "crowd_busiest": 22,
    "crowd_strands": 18300,
    "p_pace": 2.6e-9,
    "gap_median_s": 1.2,
    "p_regularity": 1e-40,
    "n_patients": 1190,
    "n_followed": 3,
    "peers_share_followed": 0.41,
    "peers": 312,
    "follow_up_days": 30,
    "p_care": 1e-30,
    "p_combined": 1e-60,
    "verdict": "scraping",
    "why_not": None,
}

ESTIMATE: dict[str, Any] = {
    "scope": "all",
    "operator": None,
    "insurer": None,
    "perimeter": 100_000,
    "certain": 41_236,
    "certain_logged": 30_000,
    "certain_inferred": 11_236,
    "certain_doubt": 120,
    "estimate": 43_900,
    "low": 42_800,
    "high": 45_100,
    "level": 0.95,
    "envelope_low": 41_116,
    "envelope_high": 52_000,
    "evidence_level": "B",
    "method": "capture of sequence gaps",
    "width_from_definitions": 500,
    "width_from_unclear": 900,
    "width_from_unexplained": 300,
    "width_from_lost_lines": 600,
    "width_from_accused": 0,
    "envelope_from_others": 6_900,
}

ESTIMATES = [
    ESTIMATE,
    {**ESTIMATE, "scope": "operator", "operator": "Viareso", "certain": 30_000, "perimeter": 61_000},
    {**ESTIMATE, "scope": "operator", "operator": "Tiersa", "certain": 11_500, "perimeter": 44_000,
     "estimate": 12_000, "low": 11_700, "high": 12_400, "envelope_low": 11_400, "envelope_high": 14_000},
    {**ESTIMATE, "scope": "insurer", "insurer": "M01", "certain": 41_300, "perimeter": 99_000},
    {**ESTIMATE, "scope": "insurer", "insurer": "M02", "certain": 7, "perimeter": 2_000, "certain_logged": 7,
     "certain_inferred": 0, "estimate": 9, "low": 7, "high": 15, "envelope_low": 7, "envelope_high": 40},
]  # fmt: skip

BOUNDS_ONLY = {"estimate": None, "low": None, "high": None, "level": None}

SUMMARY: dict[str, Any] = {
    "schema": 1,
    "case": {
        "id": "training-1",
        "title": "Portail de tiers payant",
        "synthetic": True,
        "capacity": "training",
        "timezone": "Europe/Paris",
        "suspected_from": "2024-01-18T00:00:00",
        "clean_until": "2024-01-17T00:00:00",
    },
    "subject": "people",
    "limits": ["no_counters"],
    "rows": [{"source": "portal", "read": 1010, "accepted": 1000, "rejected": 7, "duplicates": 3}],
    "coverage": [
        {"operator": "Viareso", "server": "web-1", "start": "2024-01-15T00:00:00",
         "end": "2024-01-16T06:00:00", "kind": "complete", "share_kept": 1.0,
         "share_low": 1.0, "share_high": 1.0},
        {"operator": "Viareso", "server": "web-1", "start": "2024-01-16T06:00:00",
         "end": "2024-01-16T09:00:00", "kind": "gap", "share_kept": 0.0,
         "share_low": 0.0, "share_high": 0.012},
    ],
    "sessions": {"total": 5021, "scraping": 4, "unclear": 17},
    "campaigns": 1,
    "accounts": {"total": 1000, "used_by_robot": 1},
    "professionals": {"shown": 1},
    "operators": ["Viareso", "Tiersa"],
    "versions": {"forensics": "0.1.0"},
    "evidence_digest": "ab" * 32,
    "estimates": ESTIMATES,
}  # fmt: skip

MANIFEST: dict[str, Any] = {
    "case": "training-1",
    "last_day": "2024-01-20",
    "evidence_digest": "ab" * 32,
    "declaration": "cd" * 32,
    "key_check": "0" * 16,
    "code": "ef" * 32,
    "inputs": [
        {"path": "evidence/portal.csv", "sha256": "0123456789abcdef" * 4, "bytes": 1234, "source": "portal",
         "source_number": 1, "first_line": 1, "lines": 1010}
    ],
    "settings": {"session_gap_minutes": 30},
    "versions": {"forensics": "0.1.0", "polars": "2.1.0"},
    "sql": {},
    "outputs": {},
}  # fmt: skip

TRIAL: dict[str, Any] = {
    "trial": 1,
    "is_this": True,
    "journal_broken": False,
    "evidence_digest": "ab" * 32,
    "declaration": "cd" * 32,
    "settings": '{"session_gap_minutes": 30}',
    "code": "ef" * 32,
    "versions": '{"forensics": "0.1.0"}',
    **{name: ESTIMATE[name] for name in ("certain", "estimate", "low", "high", "envelope_low", "envelope_high")},
    "perimeter": ESTIMATE["perimeter"],
}

CAMPAIGN: dict[str, Any] = {
    "campaign_id": 1,
    "n_strands": 1,
    "n_accounts": 1,
    "n_sessions": 4,
    "n_lookups": 2400,
    "n_hits": 1900,
    "started_at": datetime(2024, 1, 18, 2, 0, 5),
    "ended_at": datetime(2024, 1, 20, 4, 59, 58),
}

CAMPAIGN_TIES: list[dict[str, Any]] = [
    {"tie": "account", "n_units": 3, "n_pairs": None, "n_links": 2, "honest_pairs": None, "honest_linked": None,
     "honest_upper": None, "cut": None, "is_used": True},
    {"tie": "network", "n_units": 3, "n_pairs": 3, "n_links": 1, "honest_pairs": 499_500, "honest_linked": 136,
     "honest_upper": 0.000314, "cut": 1.0, "is_used": True},
    {"tie": "tempo", "n_units": 3, "n_pairs": 3, "n_links": 0, "honest_pairs": 406, "honest_linked": 0,
     "honest_upper": 0.00735, "cut": None, "is_used": False},
]  # fmt: skip

CAMPAIGN_PAIRS: list[dict[str, Any]] = [
    {"scope": "operators", "a": "Tiersa", "b": "Viareso", "n_pairs": 2, "n_linked": 1, "ties": ["network"],
     "closest": "network", "chance": 0.0006, "answer": "compatible"},
    {"scope": "campaigns", "a": "1", "b": "2", "n_pairs": 2, "n_linked": 0, "ties": [], "closest": None,
     "chance": 1.0, "answer": "nothing_found"},
]  # fmt: skip


def hour(number: int, verdict: str, lookups: int, operator: str = "Viareso") -> dict[str, Any]:
    """One row of the timeline, `number` hours after the first."""
    when = FIRST_HOUR + timedelta(hours=number)
    return {"operator": operator, "hour": when, "verdict": verdict, "lookups": lookups}


TIMELINE = [hour(0, "honest", 40), hour(2, "honest", 25), hour(2, "unclear", 5), hour(74, "scraping", 2400)]


REQUISITIONS = [
    {
        "campaign_id": 1, "operator": "Viareso", "client_ip": "203.0.113.9", "client_port": port, "session_id": 1,
        "started_at": STRAND["first_seen_at"], "ended_at": STRAND["last_seen_at"], "n_requests": 620,
    }
    for port in (50_001, 50_002)
]  # fmt: skip
EXPOSURE = [
    {
        "person_id": f"{person:032x}", "operator": "Viareso", "insurer_id": "M01", "tier": "displayed",
        "certainty": certainty, "fields": ["birth_date", "civil_status"], "first_seen_at": FIRST_HOUR,
        "last_seen_at": FIRST_HOUR, "n_views": 2, "campaign_id": 1, "first_request_id": 2**40 + person,
    }
    for person, certainty in enumerate(["logged", "logged", "inferred"], start=1)
]  # fmt: skip

PERIMETER = [
    {"scope": "all", "operator": None, "insurer_id": None, "definition": definition, "n": n}
    for definition, n in (
        ("lines", 118_000),
        ("contracts", 61_000),
        ("people", 101_234),
        ("people_covered", 90_000),
    )
]


BASELINE: list[dict[str, Any]] = [
    {
        "operator": "Verdanne", "n_days": 21, "raised_from": date(2024, 1, 22), "raised_until": date(2024, 1, 25),
        "p_raised": 0.0015, "n_accused": 3, "n_accused_in_clean_weeks": 0, "finding": "raised_later",
    }
]  # fmt: skip
CARE_CHECK: list[dict[str, Any]] = [
    {
        "operator": "Verdanne", "n_accounts": 2, "n_patients": 13_745, "n_explained": 99, "usual_share_low": 0.436,
        "scraped_at_least": 13_105, "n_by_accused": 13_554,
    }
]  # fmt: skip
SENSITIVITY = [{"gap_minutes": n, "n_sessions": count} for n, count in ((10, 5_210), (30, 4_120), (60, 3_940))]


def made_results(
    folder: Path,
    *,
    summary: dict[str, Any] | None = None,
    strands: list[dict[str, Any]] | None = None,
    timeline: list[dict[str, Any]] | None = None,
    trials: list[dict[str, Any]] | None = None,
) -> Results:
    """Write a results folder; what is given replaces the default of the same name (summary: key by key)."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = {**SUMMARY, **(summary or {})}
    (folder / "summary.json").write_text(json.dumps(whole, ensure_ascii=True), encoding="utf-8")
    (folder / "manifest.json").write_text(document(MANIFEST), encoding="utf-8")
    rows: dict[str, tuple[Any, list[dict[str, Any]]]] = {
        "strands": (schemas.Strands, [STRAND] if strands is None else strands),
        "timeline": (schemas.Timeline, TIMELINE if timeline is None else timeline),
        "trials": (schemas.Trials, [TRIAL] if trials is None else trials),
        "campaigns": (schemas.Campaigns, [CAMPAIGN]),
        "campaign_ties": (schemas.CampaignTies, CAMPAIGN_TIES),
        "campaign_pairs": (schemas.CampaignPairs, CAMPAIGN_PAIRS),
        "baseline": (schemas.Baseline, BASELINE),
        "care_check": (schemas.CareCheck, CARE_CHECK),
        "requisitions": (schemas.Requisitions, REQUISITIONS),
        "estimates": (schemas.Estimates, whole["estimates"]),
        "exposure": (schemas.Exposure, EXPOSURE),
        "perimeter": (schemas.Perimeter, PERIMETER),
        "session_sensitivity": (schemas.SessionSensitivity, SENSITIVITY),
    }
    for name, (model, content) in rows.items():
        types = {column: field.dtype.type for column, field in model.to_schema().columns.items()}
        model.validate(pl.DataFrame(content, schema=types)).write_parquet(folder / f"{name}.parquet")
    return Results(folder=folder)
