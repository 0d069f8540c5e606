"""What really happened: written beside the case, never inside it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from synthetic_data.evidence import write_table
from synthetic_data.operators import INSURERS, OPERATORS
from synthetic_data.population import Population
from synthetic_data.portal import MICROSECONDS_A_DAY

Counts = dict[str, int | dict[str, int]]

OPERATOR_NAMES = dict(enumerate(OPERATORS))
INSURER_IDS = {index: code for index, (code, _) in enumerate(INSURERS)}


def requests_table(requests: pl.DataFrame) -> pl.DataFrame:
    """Every request that happened, lost ones too, in the order of operators and lines.

    Columns: request_ref, operator, account_id, source_line (1-based line of that operator's log; null
    where lost), is_scraping, campaign (null when honest), session, n_people_shown, logged.
    """
    return requests.sort("operator", "source_line").select(
        "request_ref",
        _operator_name(),
        "account_id",
        "source_line",
        (pl.col("campaign") > 0).alias("is_scraping"),
        pl.when(pl.col("campaign") > 0).then(pl.format("campaign-{}", "campaign")).alias("campaign"),
        "session",
        pl.col("records_returned").fill_null(0).alias("n_people_shown"),
        pl.col("source_line").is_not_null().alias("logged"),
    )


def people_table(population: Population, requests: pl.DataFrame, shown: pl.DataFrame) -> pl.DataFrame:
    """One person at one operator and insurer, and whether a robot was shown them there.

    Columns: operator, insurer, beneficiary_number, person, shown, shown_logged.
    """
    seen = shown.join(requests.filter(pl.col("campaign") > 0).select("row", "source_line"), on="row")
    key = ["operator", "insurer", "person"]
    flags = seen.group_by(key).agg(
        pl.lit(True).alias("shown"), pl.col("source_line").is_not_null().any().alias("shown_logged")
    )
    return (
        population.register.select(key)
        .unique()
        .join(flags, on=key, how="left")
        .join(population.persons.select("person", "beneficiary_number"), on="person")
        .sort(key)
        .select(
            _operator_name(),
            pl.col("insurer").replace_strict(INSURER_IDS, return_dtype=pl.String),
            pl.col("beneficiary_number").cast(pl.String),
            "person",
            pl.col("shown", "shown_logged").fill_null(False),
        )
    )


def _operator_name() -> pl.Expr:
    """Give the operator's name in place of its number."""
    return pl.col("operator").replace_strict(OPERATOR_NAMES, return_dtype=pl.String)


def count_people(people: pl.DataFrame, every: pl.DataFrame) -> Counts:
    """Distinct persons of `people`, for all, each operator and each insurer found in `every`."""
    counts: Counts = {"all": people["person"].n_unique()}
    for column in ("operator", "insurer"):
        counts[column] = {
            name: people.filter(pl.col(column) == name)["person"].n_unique()
            for name in every[column].unique().sort().to_list()
        }
    return counts


def perimeter_people(population: Population, requests: pl.DataFrame) -> pl.DataFrame:
    """Who the portals could show to the accounts used: persons, operators and insurers.

    The people in the register of each operator with an account the robot used, covered or kept when
    its campaign ended; without a robot, everyone at both operators. Columns: operator, insurer, person.
    """
    robot = requests.filter(pl.col("campaign") > 0)
    reachable = population.register
    if len(robot):
        last_day = robot.select((pl.col("time") // MICROSECONDS_A_DAY).max().cast(pl.Int32)).item()
        reachable = reachable.filter(
            pl.col("operator").is_in(robot["operator"].unique().to_list()),
            pl.col("covered_from").cast(pl.Int32) <= last_day,
        )
    return reachable.select(
        _operator_name(), pl.col("insurer").replace_strict(INSURER_IDS, return_dtype=pl.String), "person"
    )


def write_truth(
    folder: Path, population: Population, accounts: pl.DataFrame, requests: pl.DataFrame, shown: pl.DataFrame
) -> Counts:
    """Write requests, people, accounts and summary; return the people shown."""
    people = people_table(population, requests, shown)
    used = requests.filter(pl.col("campaign") > 0)["account"].unique()
    write_table(requests_table(requests), folder / "requests.parquet")
    write_table(people, folder / "people.parquet")
    write_table(
        accounts.sort("operator", "account_id").select(
            _operator_name(),
            "account_id",
            pl.col("account").is_in(used.to_list()).alias("used_by_robot"),
        ),
        folder / "accounts.parquet",
    )
    shown_counts = count_people(people.filter("shown"), people)
    summary = {
        "people_shown": shown_counts,
        "people_shown_logged": count_people(people.filter("shown_logged"), people),
        "perimeter": count_people(perimeter_people(population, requests), people),
        "accounts": {"total": len(accounts), "used_by_robot": len(used)},
        "requests": {"total": len(requests), "scraping": len(requests.filter(pl.col("campaign") > 0))},
    }
    text = json.dumps(summary, indent=2, ensure_ascii=False, sort_keys=True)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")
    return shown_counts
