"""The portals' accounts, and the addresses and browsers they are used from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import ndtri

from synthetic_data import targets
from synthetic_data.identifiers import addresses, iban, invented_names, siret
from synthetic_data.operators import FIRST_OPERATOR_ACCOUNTS
from synthetic_data.population import department_weights
from synthetic_data.presets import Preset

# Browsers of January 2024: text before and after the update of 23 January, share of workstations.
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{0}.0.0.0 Safari/537.36"
BROWSERS = (
    (f"{WINDOWS} {CHROME}", ("120", "121"), 0.42),
    (f"{WINDOWS} {CHROME} Edg/{{0}}.0.0.0", ("120", "121"), 0.22),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0",
        ("121", "122"),
        0.16,
    ),
    (f"{WINDOWS} {CHROME}", ("109", "109"), 0.06),  # the last Chrome for Windows 7 and 8
    (f"{MAC} {CHROME}", ("120", "121"), 0.06),
    (f"{MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{{0}} Safari/605.1.15", ("17.2", "17.3"), 0.05),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0",
        ("115", "115"),
        0.03,
    ),
)
AGENTS = [text.format(version) for text, versions, _ in BROWSERS for version in versions]
UPDATE_DAYS = (16, 20)  # day of the log on which an updating browser changes, both included
UPDATED_SHARE = 0.6
SPARE_ADDRESSES = 200  # kept for whoever is not a professional


@dataclass(frozen=True, slots=True)
class Professionals:
    """Who may log in, and from where.

    accounts: one login; columns account (row number), operator, account_id, account_kind, practice_id,
    profession (index), department, opened_at, company_name, siret, bank_identity, lookups_a_day,
    claim_share. workstations: one place an account works from; columns workstation, account, address
    (index), browser (index in BROWSERS), update_day (past the log's end when never).
    """

    accounts: pl.DataFrame
    workstations: pl.DataFrame
    addresses: list[str]
    spare_addresses: NDArray[np.int64]


def shares_to_counts(shares: list[float], total: int) -> NDArray[np.int64]:
    """Whole numbers in proportion to `shares` that sum to `total` (largest remainders)."""
    exact = np.array(shares) / sum(shares) * total
    counts = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - counts), kind="stable")
    counts[order[: total - counts.sum()]] += 1
    return counts


def draw_accounts(preset: Preset, rng: Generator) -> pl.DataFrame:
    """One row a login; see Professionals.accounts."""
    share = [p.share for p in targets.PROFESSIONS]
    by_operator = shares_to_counts([FIRST_OPERATOR_ACCOUNTS, 1 - FIRST_OPERATOR_ACCOUNTS], preset.accounts)
    operator = np.repeat([0, 1], by_operator)
    profession = np.concatenate([np.repeat(np.arange(len(share)), shares_to_counts(share, n)) for n in by_operator])
    count = len(operator)
    kinds_change = np.diff(operator * 100 + profession, prepend=-1) != 0
    new_practice = kinds_change | (rng.random(count) < 0.6)
    practice = np.cumsum(new_practice) - 1
    practices = int(practice[-1]) + 1
    names, weights = department_weights(preset.departments)
    department = np.array(names)[rng.choice(len(names), size=practices, p=weights)][practice]
    company, site, branch = _company_numbers(practices, rng)
    words = np.array([p.company for p in targets.PROFESSIONS])[profession]
    invented = invented_names(practices, rng, 3)[practice]
    logins = np.concatenate([rng.choice(10**6, size=n, replace=False) for n in by_operator])
    opened = rng.integers(400, 12 * 365, count)
    return pl.DataFrame(
        {
            "account": np.arange(count),
            "operator": operator,
            "account_id": [f"ps-{login:06}" for login in logins.tolist()],
            "account_kind": np.where((profession == 5) | (rng.random(count) < 0.55), "practice", "person"),
            "practice_id": [f"cab-{number:06}" for number in (100_000 + practice * 7).tolist()],
            "profession": profession,
            "department": department,
            "opened_at": [targets.LOG_START - timedelta(days=d, hours=-9) for d in opened.tolist()],
            "company_name": np.char.add(np.char.add(words, " "), invented),
            "siret": np.array([siret(c, s) for c, s in zip(company, site, strict=True)])[practice],
            "bank_identity": np.array([iban(b, c) for b, c in zip(branch, company, strict=True)])[practice],
            "lookups_a_day": account_levels(profession, rng) * preset.activity,
            "claim_share": _claim_shares(profession, rng),
        }
    )


def _company_numbers(practices: int, rng: Generator) -> tuple[list[int], list[int], list[int]]:
    """SIREN body, site number and bank branch of each practice."""
    company = rng.choice(10**5, size=practices, replace=False)
    return (
        company.tolist(),
        rng.integers(1, 60, practices).tolist(),
        rng.integers(1, 10**5, practices).tolist(),
    )


def account_levels(profession: NDArray[np.int64], rng: Generator) -> NDArray[np.float64]:
    """Usual lookups on a working day: lognormal between the accounts of a profession.

    Quantiles are spread evenly, so that the medians and the 99th percentiles of `targets` are met with
    few accounts too; part of the spread is left to the days (see `daily_sigma`).
    """
    levels = np.empty(len(profession))
    for index, figures in enumerate(targets.PROFESSIONS):
        rows = np.flatnonzero(profession == index)
        sigma = np.sqrt(total_sigma(figures) ** 2 - daily_sigma(figures) ** 2)
        quantiles = ndtri((rng.permutation(len(rows)) + 0.5) / max(1, len(rows)))
        levels[rows] = figures.lookups_median * np.exp(sigma * quantiles)
    return levels


def total_sigma(figures: targets.Profession) -> float:
    """Give the standard deviation of the log of a day's lookups, from the median and the 99th percentile."""
    return float(np.log(figures.lookups_p99 / figures.lookups_median) / ndtri(0.99))


def daily_sigma(figures: targets.Profession) -> float:
    """Give the part of it between one account's days."""
    return min(targets.DAILY_SIGMA_MOST, total_sigma(figures) / 2)


def _claim_shares(profession: NDArray[np.int64], rng: Generator) -> NDArray[np.float64]:
    """Each account's share of lookups followed by a claim: beta around its profession's."""
    mean = np.array([p.claim_share for p in targets.PROFESSIONS])[profession]
    weight = targets.CLAIM_SHARE_CONCENTRATION
    return rng.beta(mean * weight, (1 - mean) * weight)


def draw_workstations(accounts: pl.DataFrame, rng: Generator) -> tuple[pl.DataFrame, int]:
    """One to three workstations an account, and how many addresses they use.

    A practice's accounts share its address; one practice in twenty shares that of another (offices
    behind one router); a second or third workstation is elsewhere in half the cases.
    """
    codes = accounts["practice_id"].rank("dense").to_numpy().astype(np.int64) - 1
    practices = int(codes.max()) + 1
    home = np.where(rng.random(practices) < 0.05, rng.integers(0, practices, practices), np.arange(practices))
    busy = accounts["lookups_a_day"].to_numpy() > 60
    extra = np.where(busy, 2, rng.choice(3, size=len(codes), p=[0.62, 0.30, 0.08]))
    account = np.repeat(np.arange(len(codes)), extra + 1)
    first = np.diff(account, prepend=-1) != 0
    elsewhere = ~first & (rng.random(len(account)) < 0.5)
    address = np.where(elsewhere, practices + np.cumsum(elsewhere) - 1, home[codes[account]])
    browser = rng.choice(len(BROWSERS), size=len(account), p=[share for *_, share in BROWSERS])
    updated = rng.random(len(account)) < UPDATED_SHARE
    day = rng.integers(*UPDATE_DAYS, size=len(account), endpoint=True)
    stations = pl.DataFrame(
        {
            "workstation": np.arange(len(account)),
            "account": account,
            "address": address,
            "browser": browser,
            "update_day": np.where(updated, day, 10**4),
        }
    )
    return stations, practices + int(elsewhere.sum())


def draw_professionals(preset: Preset, rng: Generator) -> Professionals:
    """Draw the accounts of both operators and their workstations."""
    accounts = draw_accounts(preset, rng)
    stations, used = draw_workstations(accounts, rng)
    texts = addresses(used + SPARE_ADDRESSES, rng)
    return Professionals(accounts, stations, texts, np.arange(used, used + SPARE_ADDRESSES))
