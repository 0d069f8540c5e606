"""What the pictures are drawn from: a generated case and its truth, counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from synthetic_data.formats.parquet import FIELDS
from synthetic_data.operators import OPERATORS
from synthetic_data.portal import PAGES, SHOWING, Portal
from synthetic_data.presets import PRESETS, Preset
from synthetic_data.recipe import UsageError
from synthetic_data.registers import ACCOUNTS, CLAIMS, REGISTER
from synthetic_data.robots import SCENARIOS
from synthetic_data.shown import member_number
from synthetic_data.targets import LOCAL_OFFSET_HOURS

AGES_ON = date(2024, 1, 1)
CLAIM_DAYS = 30
LOOKUP_PATHS = [PAGES[page].path for page in SHOWING]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Counts of one case; no row is a person's name or number.

    people: one human being; age (years on 1 January 2024), sex ("1" man, "2" woman), department.
    cards: cards that still cover, by operator, insurer and people on them; column cards.
    accounts: one login; operator, account, profession, pattern, opened (date).
    hours: lookups by operator, account, robot, day (local date), hour (local); column lookups.
    days: by operator, account, robot, day; columns lookups, asked (different numbers, or pages of a list).
    clients: by operator, account, robot; columns lookups, misses, found, followed (by a claim for the
    same card from the same account within CLAIM_DAYS), addresses, gap_s (median seconds from one lookup
    to the next from one address).
    """

    preset: Preset
    people: pl.DataFrame
    cards: pl.DataFrame
    accounts: pl.DataFrame
    hours: pl.DataFrame
    days: pl.DataFrame
    clients: pl.DataFrame


WHO = ["operator", "account", "robot"]


def load(case: str | Path) -> Incident:
    """Read a case folder whose truth is beside it (`OUT/case`, `OUT/truth`, as `generate` writes them).

    Raises:
        UsageError: there is no truth beside it, or its logs are not in the parquet format.
    """
    case = Path(case)
    truth = case.parent / "truth"
    if not (truth / "recipe.json").is_file():
        raise UsageError(f"{truth}: no recipe.json; only an invented case can be held against what it aims at")
    recipe = json.loads((truth / "recipe.json").read_text(encoding="utf-8"))
    if recipe["format"] != "parquet":
        raise UsageError(f"{case}: its logs are {recipe['format']}; generate it with --format parquet")
    portal = SCENARIOS[recipe["scenario"]].portal
    registers = pl.concat(_register(case, truth, operator) for operator in _operators(case))
    lookups = pl.concat(_lookups(case, truth, operator, portal) for operator in _operators(case)).collect()
    claims = pl.concat(_claims(case, operator) for operator in _operators(case))
    return Incident(
        preset=PRESETS[recipe["preset"]],
        people=_people(registers),
        cards=_cards(registers),
        accounts=pl.concat(_accounts(case, truth, operator) for operator in _operators(case)).collect(),
        hours=lookups.group_by(*WHO, "day", "hour").agg(pl.len().alias("lookups")).sort(*WHO, "day", "hour"),
        days=lookups.group_by(*WHO, "day")
        .agg(pl.len().alias("lookups"), pl.col("asked").n_unique())
        .sort(*WHO, "day"),
        clients=_clients(lookups, _with_holder(lookups, registers, portal), claims),
    )  # fmt: skip


def _operators(case: Path) -> Iterator[str]:
    """Names of the operators there are, in their own order."""
    return (name for name in OPERATORS if (case / "evidence" / name.lower()).is_dir())


def _ours(path: Path, *names: dict[str, str]) -> pl.LazyFrame:
    """Read a file of the evidence under our names for its columns, only those named."""
    table = pl.scan_parquet(path)
    return table.select(pl.col(theirs).alias(ours) for part in names for ours, theirs in part.items())


def _register(case: Path, truth: Path, operator: str) -> pl.LazyFrame:
    """One row of a register, and who it is."""
    known = (
        pl.scan_parquet(truth / "people.parquet")
        .filter(pl.col("operator") == operator)
        .select(pl.col("person").unique())
        .with_columns(member_number(pl.col("person"), OPERATORS.index(operator)).alias("member_number"))
    )
    register = _ours(case / "evidence" / operator.lower() / "register.parquet", REGISTER)
    return register.join(known, on="member_number").with_columns(pl.lit(operator).alias("operator"))


def _people(registers: pl.LazyFrame) -> pl.DataFrame:
    """One human being, whatever cards they are on."""
    age = (pl.lit(AGES_ON) - pl.col("birth_date")).dt.total_days() / 365.25
    return registers.unique("person").select(age.alias("age"), "sex", "department").collect()


def _cards(registers: pl.LazyFrame) -> pl.DataFrame:
    """Cards that still cover, by operator, insurer and people on them."""
    return (
        registers.filter(pl.col("covered_until").is_null())
        .group_by("operator", "insurer_id", "card_number")
        .agg(pl.len().alias("people"))
        .group_by("operator", pl.col("insurer_id").alias("insurer"), "people")
        .agg(pl.len().alias("cards"))
        .sort("operator", "insurer", "people")
        .collect()
    )


def _accounts(case: Path, truth: Path, operator: str) -> pl.LazyFrame:
    """One login, and what is true of it."""
    true = pl.scan_parquet(truth / "accounts.parquet").filter(pl.col("operator") == operator)
    declared = _ours(case / "evidence" / operator.lower() / "accounts.parquet", ACCOUNTS)
    return declared.join(true, on="account_id").select(
        "operator", pl.col("account_id").alias("account"), "profession", "pattern", pl.col("opened_at").dt.date()
        .alias("opened"),
    )  # fmt: skip


def _lookups(case: Path, truth: Path, operator: str, portal: Portal) -> pl.LazyFrame:
    """One lookup of the log: WHO, at (local), day, hour, address, status, subject, asked."""
    log = pl.scan_parquet(
        case / "evidence" / operator.lower() / "access.parquet", row_index_name="source_line", row_index_offset=1
    )
    true = pl.scan_parquet(truth / "requests.parquet").filter(pl.col("operator") == operator)
    local = pl.col(FIELDS["requested_at"]) + pl.duration(hours=LOCAL_OFFSET_HOURS)
    subject = pl.col(portal.parameter)
    return (
        log.filter(pl.col(FIELDS["path"]).is_in(LOOKUP_PATHS))
        .with_columns(pl.col("source_line").cast(pl.Int64))
        .join(true.select("source_line", "is_scraping"), on="source_line")
        .select(
            pl.lit(operator).alias("operator"),
            pl.col(FIELDS["account_id"]).alias("account"),
            pl.col("is_scraping").alias("robot"),
            local.alias("at"),
            local.dt.date().alias("day"),
            local.dt.hour().alias("hour"),
            pl.col(FIELDS["client_ip"]).alias("address"),
            pl.col(FIELDS["status"]).alias("status"),
            subject.alias("subject"),
            (pl.coalesce(subject, "assures") if portal.searchable else subject).alias("asked"),
        )
    )


def _claims(case: Path, operator: str) -> pl.LazyFrame:
    """One claim: operator, account, holder, at (local)."""
    return _ours(case / "evidence" / operator.lower() / "claims.parquet", CLAIMS).select(
        pl.lit(operator).alias("operator"),
        pl.col("account_id").alias("account"),
        pl.col("holder_number").alias("holder"),
        (pl.col("submitted_at") + pl.duration(hours=LOCAL_OFFSET_HOURS)).alias("claimed_at"),
    )


def _with_holder(lookups: pl.DataFrame, registers: pl.LazyFrame, portal: Portal) -> pl.DataFrame:
    """Lookups that found someone, with the holder whose card was asked for; lists name none."""
    found = lookups.filter(pl.col("status") == 200, pl.col("subject").is_not_null())
    if portal.subject_kind == "holder_number":
        return found.with_columns(pl.col("subject").alias("holder"))
    holders = registers.select(
        "operator", pl.col("card_number").alias("subject"), pl.col("holder_number").alias("holder")
    )
    return found.join(holders.unique(["operator", "subject"]).collect(), on=["operator", "subject"])


def _clients(lookups: pl.DataFrame, found: pl.DataFrame, claims: pl.LazyFrame) -> pl.DataFrame:
    """Count by account, the robot's lookups apart from its owner's."""
    seen = [*WHO, "address"]
    gap = (pl.col("at").diff().over(seen).dt.total_microseconds() / 1e6).alias("gap_s")
    counted = (
        lookups.sort(*seen, "at")
        .with_columns(gap)
        .group_by(WHO)
        .agg(
            pl.len().alias("lookups"),
            (pl.col("status") == 404).sum().alias("misses"),
            pl.col("address").n_unique().alias("addresses"),
            pl.col("gap_s").median(),
        )
    )
    by = ["operator", "account", "holder"]
    followed = (
        found.sort("at")
        .join_asof(
            claims.sort("claimed_at").with_columns(pl.col("claimed_at").alias("claim")).collect(),
            left_on="at", right_on="claimed_at", by=by, strategy="forward", tolerance=f"{CLAIM_DAYS}d",
            check_sortedness=False,
        )
        .group_by(WHO)
        .agg(pl.len().alias("found"), pl.col("claim").is_not_null().sum().alias("followed"))
    )  # fmt: skip
    return counted.join(followed, on=WHO, how="left").with_columns(pl.col("found", "followed").fill_null(0)).sort(WHO)
