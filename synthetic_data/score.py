"""Hold an analysis against the truth: `DIR/case/results` and `DIR/truth` -> `DIR/score.json`.

A measure that nothing can be said about (a share of nothing, an interval that was not given) is null.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy.special import betaincinv

from synthetic_data.clustering import bcubed, pairwise
from synthetic_data.recipe import UsageError

LINES_A_SOURCE = 2**40  # request_id = number of the source * 2**40 + line
CONFIDENCE = 0.95

Row = dict[str, Any]
Score = dict[str, Any]


def read_inputs(directory: Path, results: Path | None = None) -> dict[str, Any]:
    """Read the results and the truth. Raises UsageError naming the first file missing.

    results: where they are, if they are not published in `case/results`.
    """
    results, truth = results or directory / "case" / "results", directory / "truth"
    files = {
        "estimates": results / "summary.json",
        "sessions": results / "sessions.parquet",
        "request_sessions": results / "request_sessions.parquet",
        "campaigns": results / "campaigns.parquet",
        "truth": truth / "summary.json",
        "requests": truth / "requests.parquet",
        "people": truth / "people.parquet",
        "accounts": truth / "accounts.parquet",
    }
    for path in files.values():
        if not path.is_file():
            remedy = f"forensics run {directory / 'case'}" if results in path.parents else "generate the case"
            raise UsageError(f"{path}: expected a file, found none; first {remedy}")
    read = {
        name: json.loads(path.read_text(encoding="utf-8")) if path.suffix == ".json" else pl.read_parquet(path)
        for name, path in files.items()
    }
    return {**read, "logs": access_log_numbers(directory / "case" / "case.toml")}


def access_log_numbers(case_file: Path) -> dict[str, int]:
    """Operator -> number of its access log among the [[source]] blocks of case.toml, from 1."""
    declared = tomllib.loads(case_file.read_text(encoding="utf-8"))
    return {
        source["operator"]: number
        for number, source in enumerate(declared["source"], start=1)
        if source["kind"] == "access_log"
    }


def judged_requests(
    requests: pl.DataFrame, found: pl.DataFrame, sessions: pl.DataFrame, logs: dict[str, int]
) -> pl.DataFrame:
    """Join what was found of each request to what is true of it.

    found: request_id, request_ref, session_id; joined by request_ref where the results have it, else by
    request_id. Adds found_session, found_campaign (null unless scraping), judged (True: scraping) and suspected
    (True: scraping or unclear).
    """
    verdicts = sessions.select(
        "session_id",
        (pl.col("verdict") == "scraping").alias("judged"),
        (pl.col("verdict") != "honest").alias("suspected"),
        pl.when(pl.col("verdict") == "scraping").then("campaign_id").alias("found_campaign"),
    )
    number = pl.col("operator").replace_strict(logs, default=None, return_dtype=pl.Int64)
    true = requests.with_columns((number * LINES_A_SOURCE + pl.col("source_line")).alias("request_id"))
    judged = found.sort("request_id").join(verdicts, on="session_id", how="left", maintain_order="left")
    by_ref = (
        judged.filter(pl.col("request_ref").is_not_null())
        .unique("request_ref", keep="first", maintain_order=True)
        .drop("request_id")
    )
    by_line = judged.filter(pl.col("request_ref").is_null()).drop("request_ref")
    first = true.join(by_ref, on="request_ref", how="left", maintain_order="left")
    second = true.join(by_line, on="request_id", how="left", maintain_order="left")
    return true.with_columns(
        pl.coalesce(first["session_id"], second["session_id"]).alias("found_session"),
        pl.coalesce(first["judged"], second["judged"]).fill_null(False).alias("judged"),
        pl.coalesce(first["suspected"], second["suspected"]).fill_null(False).alias("suspected"),
        pl.coalesce(first["found_campaign"], second["found_campaign"]).alias("found_campaign"),
    )


def share(part: int, whole: int) -> float | None:
    """Divide; null when there is nothing to divide by."""
    return part / whole if whole else None


def score_requests(judged: pl.DataFrame, verdict: str = "judged") -> Row:
    """Precision and recall of requests judged scraping, plain and weighted by the people shown.

    verdict: the column that calls a request: judged, or suspected for those judged scraping or unclear.
    """
    right = judged.filter(verdict, "is_scraping")
    called, true = judged.filter(verdict), judged.filter("is_scraping")
    people = [int(table["n_people_shown"].sum()) for table in (right, called, true)]
    return {
        "precision": share(len(right), len(called)),
        "recall": share(len(right), len(true)),
        "precision_people": share(people[0], people[1]),
        "recall_people": share(people[0], people[2]),
    }


def groups(table: pl.DataFrame, column: str) -> np.ndarray:
    """Label each row by its group; a row without one is a group of its own (labels below 0)."""
    labels = table[column].rank("dense").cast(pl.Int64)
    return labels.fill_null(-pl.int_range(1, len(table) + 1, eager=True)).to_numpy()


def score_groups(judged: pl.DataFrame) -> tuple[Row, Row]:
    """Compare sessions and campaigns with the true ones, over the logged requests of a robot.

    Compared are the requests that are scraping in truth or by verdict; one that was given no session,
    or that belongs to no campaign, stands alone.
    """
    compared = judged.filter("logged", pl.col("is_scraping") | pl.col("judged"))
    true, found = groups(compared, "session"), groups(compared, "found_session")
    sessions = {"bcubed_f1": bcubed(true, found).f1, "pairwise_f1": pairwise(true, found).f1}
    walk = bcubed(groups(compared, "campaign"), groups(compared, "found_campaign"))
    return sessions, {"bcubed_f1": walk.f1}


def score_accounts(accounts: pl.DataFrame, sessions: pl.DataFrame) -> Row:
    """Count the accounts no robot used, those accused all the same, and what that allows at worst.

    per_100k_upper: one-sided 95 % upper limit (Clopper and Pearson, 1934) of the share accused. unclear: those with a
    session judged unclear and none judged scraping. patterns: the same counts by way of working, where it is known.
    """
    honest = honest_accounts(accounts, sessions)
    accused = int(honest["accused"].sum())
    patterns = honest.group_by("pattern").agg(pl.len().alias("honest"), pl.col("accused", "unclear").sum())
    return {
        "honest": len(honest),
        "accused": accused,
        "per_100k_upper": upper_limit(accused, len(honest)),
        "unclear": int(honest["unclear"].sum()),
        "patterns": {row.pop("pattern"): row for row in patterns.sort("pattern").to_dicts()},
    }


def honest_accounts(accounts: pl.DataFrame, sessions: pl.DataFrame) -> pl.DataFrame:
    """One account that no robot used: operator, account_id, pattern, accused, unclear (and not accused)."""
    verdicts = sessions.group_by("operator", "account_id").agg(
        (pl.col("verdict") == "scraping").any().alias("accused"),
        ((pl.col("verdict") == "unclear").any() & (pl.col("verdict") != "scraping").all()).alias("unclear"),
    )
    return (
        accounts.filter(~pl.col("used_by_robot"))
        .select("operator", "account_id", "pattern")
        .join(verdicts, on=["operator", "account_id"], how="left", maintain_order="left")
        .with_columns(pl.col("accused", "unclear").fill_null(False))
    )


def upper_limit(found: int, of: int) -> float | None:
    """One-sided 95 % upper limit of a proportion, per 100,000."""
    if of == 0:
        return None
    limit = 1.0 if found == of else float(betaincinv(found + 1, of - found, CONFIDENCE))
    return round(limit * 100_000, 6)


def interval_score(low: float, high: float, level: float, truth: float) -> float:
    """Width plus 2 / (1 - level) for each unit by which the truth is missed.

    Gneiting and Raftery, 2007, "Strictly proper scoring rules", equation 43.
    """
    missed = max(low - truth, 0.0) + max(truth - high, 0.0)
    return round(high - low + 2 / (1 - level) * missed, 6)


def score_estimate(row: Row, people: pl.DataFrame) -> Row:
    """Hold one row of the summary's estimates against the people really shown."""
    shown = people.filter("shown")
    for column in ("operator", "insurer"):
        if row.get(column) is not None:
            shown = shown.filter(pl.col(column) == row[column])
    truth = shown["person"].n_unique()
    low, high, level = row.get("low"), row.get("high"), row.get("level")
    covered = missed = None
    if low is not None and high is not None:
        covered = low <= truth <= high
        missed = interval_score(low, high, level, truth) if level is not None else None
    return {
        **{name: row.get(name) for name in ("scope", "operator", "insurer")},
        "truth": truth,
        **{name: row.get(name) for name in ("estimate", "low", "high")},
        "covered": covered,
        "envelope_covered": envelope_covered(row, truth),
        "interval_score": missed,
    }


def envelope_covered(row: Row, truth: int) -> bool | None:
    """Whether the envelope of a row holds the truth; null without one."""
    low, high = row.get("envelope_low"), row.get("envelope_high")
    return None if low is None or high is None else low <= truth <= high


def score_case(inputs: dict[str, Any]) -> Score:
    """Every measure of score.json.

    logged, suspected, suspected_logged: as requests, of the requests that were logged, with unclear sessions taken for
    scraping, and both.
    """
    sessions = inputs["sessions"]
    judged = judged_requests(inputs["requests"], inputs["request_sessions"], sessions, inputs["logs"])
    of_sessions, of_campaigns = score_groups(judged)
    rows = inputs["estimates"]["estimates"]
    certain = next((row["certain"] for row in rows if row["scope"] == "all"), None)
    logged = inputs["truth"]["people_shown_logged"]["all"]
    return {
        "requests": score_requests(judged),
        "sessions": of_sessions,
        "campaigns": of_campaigns,
        "accounts": score_accounts(inputs["accounts"], sessions),
        "certain_error": None if certain is None else certain - logged,
        "estimates": [score_estimate(row, inputs["people"]) for row in rows],
        "logged": score_requests(judged.filter("logged")),
        "suspected": score_requests(judged, "suspected"),
        "suspected_logged": score_requests(judged.filter("logged"), "suspected"),
    }


def write_score(directory: Path) -> Score:
    """Score a folder that `generate` wrote and the analysis filled; write score.json there."""
    score = score_case(read_inputs(directory))
    partial = directory / "score.json.partial"
    partial.write_text(json.dumps(score, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(directory / "score.json")
    return score


def print_score(score: Score) -> None:
    """Print a short table of measures and one line an estimate."""
    from rich.console import Console
    from rich.table import Table

    measures = Table("measure", "value", title="Against the truth")
    for group in ("requests", "suspected", "sessions", "campaigns", "accounts"):
        for name, value in score[group].items():
            if name != "patterns":
                measures.add_row(f"{group} {name}", _shown(value))
    measures.add_row("certain - people shown and logged", _shown(score["certain_error"]))
    estimates = Table("scope", "truth", "estimate", "low", "high", "covered", "envelope", title="Estimates")
    for row in score["estimates"]:
        scope = row["insurer"] or row["operator"] or row["scope"]
        values = (row[name] for name in ("truth", "estimate", "low", "high", "covered", "envelope_covered"))
        estimates.add_row(scope, *(_shown(value) for value in values))
    console = Console()
    console.print(measures)
    console.print(estimates)


def _shown(value: float | bool | None) -> str:
    """Write a measure for a reader."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4f}"
