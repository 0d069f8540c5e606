"""Analysis: from canonical tables to results tables and `summary.json`, in the order of the flow."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import polars.selectors as cs

from forensics import campaigns, lots, reasons, sessions
from forensics.case import Case
from forensics.detection.baseline import baseline
from forensics.detection.care_check import care_check
from forensics.detection.verdicts import Verdicts, judge, subjects_are_people
from forensics.engine import connect, private_folder, query, view, write_table, write_text
from forensics.estimate import Scope, estimates, is_complete, level_of_labels, unexplained_people
from forensics.estimation.labelled import Checked, Labelled
from forensics.exposure import Exposed, expose, perimeter
from forensics.labels import agreement, errors, read_kept
from forensics.vocabulary import UNSEEN

if TYPE_CHECKING:
    import duckdb

CANONICAL = ("requests", "register", "subjects", "persons", "links", "accounts", "claims", "returned_people")
SECOND_US = 1_000_000


def analyse(case: Case, evidence_digest: str, say: Callable[[str], None]) -> list[Path]:
    """Analyse the canonical tables of a case.

    Args:
        case: the case, ingested.
        evidence_digest: the digest of its inputs, for the summary.
        say: is told what is being done, counts only.

    Returns:
        The results tables and `summary.json`, in `work/analysis/`.
    """
    folder = case.work / "analysis"
    with private_folder() as spill, connect(case.settings, spill) as connection:
        for name in CANONICAL:
            view(connection, name, case.work / f"{name}.parquet")
        sessions.build(connection, case.settings, case.work / "requests.parquet")
        strands = sessions.strands(connection)
        say(f"rebuilt {connection.table('session_keys').shape[0]:,} sessions of {strands.height:,} clients")
        resolution_us = clock_step_us(connection)
        verdicts = judge(connection, case, strands, resolution_us)
        accused = verdicts.strands.filter(pl.col("verdict") == "scraping")
        say(f"judged {verdicts.strands.height:,} clients: {accused.height:,} scraping")
        linked = campaigns.link(
            connection, case.settings, verdicts.strands, resolution_us, people=subjects_are_people(case)
        )
        judged = _judged_sessions(connection, case, verdicts, linked.of_strand)
        keys = pl.read_parquet(case.work / "keys.parquet", glob=False)
        exposed = expose(connection, case, judged.select("session_id", "verdict", "campaign_id"), keys)
        unit = "people" if subjects_are_people(case) else "pages"
        say(f"found {exposed.exposure['person_id'].n_unique():,} {unit} shown")
        audited = _audited(connection, case, verdicts, evidence_digest)
        tables = _tables(connection, case, verdicts, judged, exposed, audited)
        tables |= {"campaign_ties": linked.ties, "campaign_pairs": linked.pairs}
    summary = _summary(case, tables, exposed, verdicts, audited, evidence_digest)
    for name, frame in tables.items():
        write_table(frame, folder / f"{name}.parquet")
    write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", folder / "summary.json")
    return [*(folder / f"{name}.parquet" for name in tables), folder / "summary.json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """The labels that were read back.

    Attributes:
        strata: what they say of each stratum; none where there are none of the present verdicts.
        told: the same for the summary, None where there are none.
        outdated: whether there are labels, of other verdicts.
    """

    strata: list[Labelled]
    told: dict[str, Any] | None
    outdated: bool


def _audited(connection: duckdb.DuckDBPyConnection, case: Case, verdicts: Verdicts, evidence_digest: str) -> Audited:
    """Read the labels of the case, and count them in the strata of the present verdicts."""
    if case.labels is None:
        return Audited(strata=[], told=None, outdated=False)
    n, rows = read_kept(case.labels)
    lots.lay_out(connection, case, verdicts.strands)
    strata = lots.labelled(connection, evidence_digest, n, rows)
    if strata is None:
        return Audited(strata=[], told=None, outdated=True)
    told = errors(strata, case.settings.interval_level) | {"agreement": agreement(rows)}
    return Audited(strata=strata, told=told, outdated=False)


def _scopes_of(
    connection: duckdb.DuckDBPyConnection, case: Case, reach: pl.DataFrame, audited: Audited
) -> dict[Scope, Checked]:
    """Return what the labels say of each scope of the perimeter."""
    if not audited.strata:
        return {}
    each = reach.select("scope", "operator", "insurer_id").unique().iter_rows()
    wanted = [Scope(scope=scope, operator=operator, insurer=insurer) for scope, operator, insurer in each]
    return lots.scopes(connection, audited.strata, level_of_labels(case.settings.interval_level), wanted)


def clock_step_us(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the step of the logs' clock: a second where no time has a fraction, else a thousandth."""
    return SECOND_US if query(connection, "clock_step").item() else SECOND_US // 1000


def _judged_sessions(
    connection: duckdb.DuckDBPyConnection, case: Case, verdicts: Verdicts, campaign_of: pl.DataFrame
) -> pl.DataFrame:
    """Give each session its client's verdict, with the reasons (`forensics.schemas.Sessions`)."""
    subject = "people" if subjects_are_people(case) else "pages"
    told = [
        (
            row["strand_id"],
            row["verdict"],
            row["p_combined"],
            reasons.sentences(row, subject, "en", case.settings.pace_window_minutes),
        )
        for row in verdicts.strands.filter(pl.col("verdict") != "honest").iter_rows(named=True)
    ]
    schema = {"strand_id": pl.Int64, "verdict": pl.String, "p": pl.Float64, "reasons": pl.List(pl.String)}
    of_strand = pl.DataFrame(told, schema=schema, orient="row").join(campaign_of, on="strand_id", how="left")
    frame = query(connection, "sessions", {"care_known": verdicts.care_known}).join(
        of_strand, on="strand_id", how="left"
    )
    return frame.select(
        "session_id", "operator", "account_id", "client_ip", "user_agent", "started_at", "ended_at",
        pl.col("n_requests", "n_lookups", "n_hits", "n_subjects", "n_people").cast(pl.Int64),
        pl.col("explained_share").cast(pl.Float64).round(6),
        score=(-pl.col("p").log10()).round(3).clip(0.0),
        verdict=pl.col("verdict").fill_null("honest"),
        reasons=pl.col("reasons").fill_null([]),
        campaign_id="campaign_id",
        strand_id="strand_id",
    ).sort("session_id")  # fmt: skip


def _tables(
    connection: duckdb.DuckDBPyConnection,
    case: Case,
    verdicts: Verdicts,
    judged: pl.DataFrame,
    exposed: Exposed,
    audited: Audited,
) -> dict[str, pl.DataFrame]:
    """Make every results table but those of the report."""
    suspect = judged.filter(pl.col("verdict") != "honest")  # an unclear session may have reached its operator's people
    attacked = suspect["operator"].unique().sort().to_list() or [o.name for o in case.declared.operator]
    span = query(connection, "log_span").row(0, named=True)
    first = suspect["started_at"].min() or span["first_at"]
    last = suspect["ended_at"].max() or span["last_at"]
    reach = perimeter(connection, attacked, first.date(), last.date())  # type: ignore[union-attr]
    coverage = pl.read_parquet(case.work / "log_coverage.parquet", glob=False).filter(
        pl.col("operator").is_in(attacked)
    )
    asked = query(connection, "looked_up_people", {"clean_until": case.declared.case.clean_until})
    unnamed = query(connection, "unnamed_answers", {"clean_until": case.declared.case.clean_until})[
        "operator"
    ].to_list()
    elsewhere = unexplained_people(connection, case, suspect.select("strand_id").unique(), attacked, unnamed)
    return {
        "sessions": judged,
        "request_sessions": sessions.request_sessions(connection),
        "session_sensitivity": sessions.sensitivity(connection),
        "strands": _strands_table(verdicts.strands),
        "baseline": baseline(connection, case, verdicts.strands),
        "care_check": care_check(connection, case, verdicts.strands),
        "campaigns": campaigns.campaigns(judged),
        "requisitions": campaigns.requisitions(connection, judged),
        "exposure": exposed.exposure,
        "professionals": exposed.professionals,
        "perimeter": reach,
        "estimates": estimates(
            exposed.shown,
            reach,
            coverage,
            elsewhere,
            asked,
            unnamed,
            case.settings.interval_level,
            _scopes_of(connection, case, reach, audited),
        ),
        "timeline": query(connection, "timeline"),
    }


def _strands_table(strands: pl.DataFrame) -> pl.DataFrame:
    """Return the judged strands as `forensics.schemas.Strands`, chances rounded so that they are the same bytes."""
    from forensics.schemas import Strands

    shares = cs.by_name("peers_share_followed", "peers_share_listed", "honest_expected")
    chances = [(cs.starts_with("p_") | shares).round_sig_figs(6)]
    return strands.with_columns(*chances, pl.col("gap_median_s").round(3)).select(list(Strands.to_schema().columns))


def _summary(
    case: Case,
    tables: dict[str, pl.DataFrame],
    exposed: Exposed,
    verdicts: Verdicts,
    audited: Audited,
    evidence_digest: str,
) -> dict[str, Any]:
    """Sum up the case as `summary.json` says it."""
    from forensics.custody import versions

    coverage, links = (pl.read_parquet(case.work / f"{name}.parquet", glob=False) for name in ("log_coverage", "links"))
    judged, about = tables["sessions"], case.declared.case
    of_verdict = dict(judged.group_by("verdict").len().iter_rows())
    accused = judged.filter(pl.col("verdict") == "scraping")
    wanted = [name for name in tables["estimates"].columns if not name.startswith(("width_from", "envelope_from"))]
    return {
        "schema": 1,
        "case": {
            **about.model_dump(include={"id", "title", "synthetic", "capacity", "timezone"}),
            "suspected_from": about.suspected_from.isoformat() if about.suspected_from else None,
            "clean_until": about.clean_until.isoformat() if about.clean_until else None,
        },
        "subject": "people" if subjects_are_people(case) else "pages",
        "operators": [operator.name for operator in case.declared.operator],
        "rows": pl.read_parquet(case.work / "sources.parquet", glob=False).to_dicts(),
        "joins": pl.read_parquet(case.work / "joins.parquet", glob=False).to_dicts(),
        "clocks": [
            {**row, "measured_at": row["measured_at"].isoformat() if row["measured_at"] else None}
            for row in pl.read_parquet(case.work / "clocks.parquet", glob=False).iter_rows(named=True)
        ],
        "coverage": [
            {**row, "start": row["start"].isoformat(), "end": row["end"].isoformat()}
            for row in coverage.iter_rows(named=True)
        ],
        "sessions": {
            "total": judged.height,
            "scraping": of_verdict.get("scraping", 0),
            "unclear": of_verdict.get("unclear", 0),
        },
        "campaigns": tables["campaigns"].height,
        "insurers": {insurer.id: insurer.name for insurer in case.declared.insurer if insurer.name},
        "accounts": {
            "total": _accounts_known(case, judged),
            "used_by_robot": accused.select("operator", "account_id").unique().height,
        },
        "professionals": {"shown": tables["professionals"].height},
        "records": exposed.agreement,
        "links": links.to_dicts(),
        "labels": audited.told,
        "limits": limits(case, coverage, links, exposed, verdicts, audited),
        "estimates": tables["estimates"].select(wanted).to_dicts(),
        "overlap": overlap(tables["exposure"]),
        "evidence_digest": evidence_digest,
        "versions": versions(*case.settings.extras()),
    }


def _accounts_known(case: Case, judged: pl.DataFrame) -> int:
    """Count the accounts that the operators list or the logs name."""
    listed = pl.read_parquet(case.work / "accounts.parquet", glob=False).select("operator", "account_id")
    return pl.concat([listed, judged.select("operator", "account_id")]).unique().height


def limits(
    case: Case,
    coverage: pl.DataFrame,
    links: pl.DataFrame,
    exposed: Exposed,
    verdicts: Verdicts,
    audited: Audited,
) -> list[str]:
    """Return the codes of what this evidence cannot say, for the report to put in words."""
    people = subjects_are_people(case)
    checks = {
        "no_labels": case.labels is None,
        "labels_outdated": audited.outdated,
        "no_claims": people and len(verdicts.followed) < len(case.declared.operator),
        "no_accounts": people and not case.sources("accounts"),
        "no_register": not case.sources("register"),
        "no_counters": not case.sources("counters"),
        "no_clean_weeks": case.declared.case.clean_until is None,
        "lines_missing": bool((coverage["kind"] == "gap").any()),
        "not_witnessed": not is_complete(coverage) and not bool((coverage["kind"] == "gap").any()),
        "lines_unseen": bool(coverage["kind"].is_in(UNSEEN).any()),
        "hits_without_card": exposed.agreement["without_card"] > 0,
        "lines_alone": bool((pl.read_parquet(case.work / "joins.parquet", glob=False)["alone"] > 0).any()),
        "links_not_measured": people and bool(case.sources("register")) and not links["measured"].all(),
        "people_under_one_key": people and bool((links.filter(pl.col("kind") == "one_key")["n_links"] > 0).any()),
        "records_disagree": exposed.agreement["agree"] < exposed.agreement["compared"],
    }
    return [code for code, applies in checks.items() if applies]


def overlap(exposure: pl.DataFrame) -> dict[str, int]:
    """Return what makes the insurers' and operators' counts add up to more than the whole."""
    people = exposure["person_id"].n_unique()
    sums = {f"{scope}s": exposure.select("person_id", column).drop_nulls().unique().height
            for scope, column in (("insurer", "insurer_id"), ("operator", "operator"))}  # fmt: skip
    return {"people": people, **{f"sum_over_{name}": total for name, total in sums.items()}}
