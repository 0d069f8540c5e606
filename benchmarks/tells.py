"""Does any one column of the evidence give the robot away? Prints how well each tells its lookups from honest ones.

    python -m benchmarks.tells --tuning 21-23 --judging 2001-2004

A robot's lookups are held against the honest ones of the same operator on the same days. AUC is the chance
that a robot's lookup ranks above an honest one: 0.5 tells nothing, 1 everything. Each column ranks in the two
ways of `auc_by_value` and `auc_learnt`, and the better one counts. A case that is there already is not made
again, so that a study that was stopped goes on.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from synthetic_data.formats.parquet import FIELDS
from synthetic_data.portal import PAGES, SHOWING
from synthetic_data.registers import ACCOUNTS
from synthetic_data.robots import SCENARIOS
from synthetic_data.targets import LOCAL_OFFSET_HOURS

LOOKUP_PATHS = [PAGES[page].path for page in SHOWING]
SHOWN = 0.6  # AUC from which a number is printed in bold
BINS = 64  # of a column of numbers, when how they rank is learnt
Counts = dict[str, pl.DataFrame]
"""Of one case and operator. Column -> one row a value: value, robots, honest (lookups that have it)."""
LOCAL = pl.col("requested_at") + pl.duration(hours=LOCAL_OFFSET_HOURS)
DIGITS = pl.col("subject").str.replace_all(r"\D", "")

# Column -> what one lookup shows in it. Numbers rank as they are; texts only in the order that is learnt.
COLUMNS: dict[str, pl.Expr] = {
    "hour of the day": LOCAL.dt.hour(),
    "weekday": LOCAL.dt.weekday(),
    "second of the hour": LOCAL.dt.minute().cast(pl.Int32) * 60 + LOCAL.dt.second(),
    "microsecond": LOCAL.dt.microsecond(),
    "account number": pl.col("account_id").str.extract(r"(\d+)$").cast(pl.Int64),
    "account kind": pl.col("account_kind"),
    "profession": pl.col("profession"),
    "department": pl.col("department"),
    "year opened": pl.col("opened_at").dt.year(),
    "practice number": pl.col("practice_id").str.extract(r"(\d+)$").cast(pl.Int64),
    "address family": pl.col("client_ip").str.contains(":"),
    "address first part": pl.col("client_ip").str.extract(r"^(\w+)"),
    "address last part": pl.col("client_ip").str.extract(r"(\w+)$").str.to_integer(base=16, strict=False),
    "port": pl.col("client_port"),
    "agent": pl.col("user_agent"),
    "browser": pl.col("user_agent").str.replace_all(r"[\d.]+", ""),
    "server": pl.col("server").str.slice(-1),
    "method": pl.col("method"),
    "path": pl.col("path"),
    "status": pl.col("status").cast(pl.String),
    "bytes": pl.col("response_bytes"),
    "duration": pl.col("duration_ms"),
    "records returned": pl.col("records_returned"),
    "token first digit": pl.col("session_token").str.slice(0, 1),
    "reference first digit": pl.col("request_ref").str.slice(0, 1),
    "subject first digit": DIGITS.str.slice(0, 1),
    "subject digits 2 to 5": DIGITS.str.slice(1, 4).cast(pl.Int64, strict=False),
    "subject last digits": DIGITS.str.slice(-3).cast(pl.Int64, strict=False),
}


# What is drawn anew for every request, for every robot, for every account; and when the robot asks.
REQUEST = (
    "second of the hour", "microsecond", "port", "server", "method", "path", "status", "bytes", "duration",
    "records returned", "reference first digit", "subject first digit", "subject digits 2 to 5",
    "subject last digits",
)  # fmt: skip
LOGIN = ("address family", "address first part", "address last part", "token first digit")
AGENT = ("agent", "browser")
OWNER = ("profession", "account kind")
TIME = ("hour of the day", "weekday")
TOGETHER = "all together"


@dataclass(frozen=True, slots=True)
class Bound:
    """The most that `columns` may tell in `scenarios` (any where empty), and why it may be so much."""

    most: float
    columns: tuple[str, ...]
    scenarios: tuple[str, ...]
    why: str


BOUNDS = (
    Bound(1.00, REQUEST, ("listing_pages",), "it asks for pages of the list, which people seldom do"),
    Bound(0.97, ("status", "bytes", "records returned"), ("nir_guessing",), "most of its lookups find nobody"),
    Bound(0.75, ("subject digits 2 to 5",), ("contract_walk",), "card numbers are dense, and it walks one stretch"),
    Bound(0.58, REQUEST, (), "drawn like an honest request's; lists miss less than people do"),
    Bound(0.65, LOGIN, (), "drawn like an honest account's, but few: what is left is chance"),
    Bound(0.60, AGENT, (TOGETHER,), "robots pass for people's browsers, and some honest clients are programs"),
    Bound(0.85, AGENT, (), "two browsers a robot: in four cases chance does much"),
    Bound(0.90, OWNER, (), "small practices are phished, and large ones do most of the honest lookups"),
    Bound(0.80, TIME, (), "robots ask by night and on Sundays too, or at the hours of small practices alone"),
    Bound(0.60, (), (TOGETHER,), "drawn like any account's"),
    Bound(0.72, (), (), "six accounts a case: what is left is chance"),
)


def bound(scenario: str, column: str) -> Bound:
    """Give the bound of one column in one scenario: the first that fits both."""
    return next(
        one for one in BOUNDS if column in (one.columns or (column,)) and scenario in (one.scenarios or (scenario,))
    )


def counted(folder: Path) -> list[Counts]:
    """Read one case: how often robot and honest people had each value in their lookups, by operator and column.

    Lookups of the days (UTC) on which the robot looked up too; operators that it never came to are left out.
    """
    truth = pl.scan_parquet(folder / "truth" / "requests.parquet").filter("logged")
    return [
        {
            column: lookups.group_by(pl.col(column).alias("value")).agg(
                pl.col("robot").sum().alias("robots"), (1 - pl.col("robot")).sum().alias("honest")
            )
            for column in COLUMNS
        }
        for lookups in (_lookups(evidence, truth) for evidence in sorted((folder / "case" / "evidence").iterdir()))
        if len(lookups)
    ]


def _lookups(evidence: Path, truth: pl.LazyFrame) -> pl.DataFrame:
    """One lookup of one operator on a day with a robot; columns robot (0.0 or 1.0) and COLUMNS."""
    log = pl.scan_parquet(evidence / "access.parquet", row_index_name="row", row_index_offset=1)
    theirs = log.collect_schema().names()
    subject = next(name for name in ("numero", "carte") if name in theirs)
    accounts = pl.scan_parquet(evidence / "accounts.parquet").rename({v: k for k, v in ACCOUNTS.items()})
    true = truth.filter(pl.col("operator").str.to_lowercase() == evidence.name)
    return (
        log.rename({**{v: k for k, v in FIELDS.items()}, subject: "subject"})
        .filter(pl.col("path").is_in(LOOKUP_PATHS))
        .join(true.select(pl.col("source_line").cast(pl.UInt32).alias("row"), "is_scraping"), on="row")
        .filter(pl.col("is_scraping").any().over(pl.col("requested_at").dt.date()))
        .join(accounts, on="account_id")
        .select(
            pl.col("is_scraping").cast(pl.Float64).alias("robot"),
            *(read.alias(name) for name, read in COLUMNS.items()),
        )
        .collect()
    )


def auc(counts: pl.DataFrame, score: str) -> float:
    """Give the chance that a robot's lookup scores above an honest one, ties counted half; columns robots, honest."""
    ranked = counts.group_by(score).agg(pl.col("robots", "honest").sum()).sort(score)
    robots, honest = ranked["robots"].to_numpy(), ranked["honest"].to_numpy()
    below = np.cumsum(honest) - honest
    return float((robots * (below + honest / 2)).sum() / (robots.sum() * honest.sum()))


def auc_by_value(judging: Sequence[Counts], column: str) -> float:
    """Rank by the column's own numbers, from either end; the mean over cases and operators."""
    if not judging[0][column].schema["value"].is_numeric():
        return 0.5
    mean = float(np.mean([auc(case[column].fill_null(-1), "value") for case in judging]))
    return max(mean, 1 - mean)


def auc_learnt(tuning: Sequence[Counts], judging: Sequence[Counts], column: str) -> float:
    """Rank by how much more often robots than honest people had the value in the tuning cases; the mean.

    Numbers are cut into BINS of equal weight first. A value never met tells nothing.
    """
    known = pl.concat([case[column] for case in tuning], how="vertical_relaxed")
    edges = bin_edges(known) if known.schema["value"].is_numeric() else None
    met = binned(known, edges).group_by("value").agg(pl.col("robots", "honest").sum())
    ratio = ((pl.col("robots") + 1) / known["robots"].sum() / (pl.col("honest") + 1) * known["honest"].sum()).log()
    learnt = met.select("value", ratio.alias("score"))
    scored = [
        binned(case[column], edges).join(learnt, on="value", how="left", nulls_equal=True).with_columns(
            pl.col("score").fill_null(0.0)
        )
        for case in judging
    ]  # fmt: skip
    return float(np.mean([auc(case, "score") for case in scored]))


def bin_edges(known: pl.DataFrame) -> np.ndarray:
    """Values that cut all lookups into BINS of equal weight; shape (at most BINS - 1,)."""
    values = known.drop_nulls("value").sort("value")
    weight = (values["robots"] + values["honest"]).to_numpy().cumsum()
    if len(weight) == 0:
        return weight
    places = np.searchsorted(weight, weight[-1] * np.arange(1, BINS) / BINS)
    return np.unique(values["value"].to_numpy()[places])


def binned(counts: pl.DataFrame, edges: np.ndarray | None) -> pl.DataFrame:
    """Replace numbers by the bin they fall into, from 0; what is not there stays nothing."""
    if edges is None:
        return counts
    places = np.searchsorted(edges, counts["value"].fill_null(0).to_numpy(), side="right")
    return counts.with_columns(pl.when(pl.col("value").is_not_null()).then(pl.Series(places)).alias("value"))


def tells(tuning: Sequence[Counts], judging: Sequence[Counts]) -> dict[str, float]:
    """Column -> AUC over the judging cases."""
    return {column: max(auc_by_value(judging, column), auc_learnt(tuning, judging, column)) for column in COLUMNS}


def made(preset: str, scenario: str, seed: int, folder: Path) -> Path:
    """Generate one incident, unless it is there; return its folder."""
    place = folder / f"{preset}-{scenario.replace(':', '-')}-{seed}"
    if not (place / "truth" / "recipe.json").is_file():
        what = ["--preset", preset, "--scenario", scenario, "--seed", str(seed), "--out", str(place)]
        subprocess.run(  # noqa: S603 (our own command)
            [sys.executable, "-m", "synthetic_data", "generate", *what], check=True, capture_output=True
        )
    return place


def table(found: dict[str, dict[str, float]]) -> Iterator[str]:
    """Lines of two Markdown tables: columns by scenarios, then what tells more than SHOWN, its bound, and why."""
    yield f"| column | {' | '.join(found)} |"
    yield f"|---|{'---|' * len(found)}"
    for column in COLUMNS:
        values = [one[column] for one in found.values()]
        yield f"| {column} | {' | '.join(f'**{x:.2f}**' if x > SHOWN else f'{x:.2f}' for x in values)} |"
    yield ""
    yield "| columns | scenarios | AUC at most | bound | why |"
    yield "|---|---|---|---|---|"
    for one in BOUNDS:
        held = {
            value: (column, scenario)
            for scenario, values in found.items()
            for column, value in values.items()
            if bound(scenario, column) is one
        }
        if held:
            columns, scenarios = ", ".join(one.columns) or "the others", ", ".join(one.scenarios) or "the others"
            above = ", **above**" if max(held) > one.most else ""
            worst = f"{max(held):.2f} ({' in '.join(held[max(held)])}){above}"
            yield f"| {columns} | {scenarios} | {worst} | {one.most:.2f} | {one.why} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", default="demo")
    parser.add_argument("--scenarios", nargs="+", default=[name for name in SCENARIOS if name != "quiet"])
    parser.add_argument("--tuning", default="21-23", help="first-last seed, both included; below 1000")
    parser.add_argument("--judging", default="2001-2004", help="first-last seed, both included; 1000 and up")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "forensics-tells")
    options = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    every: tuple[list[Counts], list[Counts]] = ([], [])
    for scenario in options.scenarios:
        cases = []
        for seeds, kept in zip((options.tuning, options.judging), every, strict=True):
            first, last = (int(part) for part in seeds.split("-"))
            folders = [made(options.preset, scenario, seed, options.folder) for seed in range(first, last + 1)]
            cases.append([counts for folder in folders for counts in counted(folder)])
            kept.extend(cases[-1])
        found[scenario] = tells(*cases)
        print(f"{scenario}: done", file=sys.stderr, flush=True)
    found[TOGETHER] = tells(*every)
    for line in table(found):
        print(line)


if __name__ == "__main__":
    main()
