"""The portals' accounts: ordinary ones, and the hard negatives among them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.special import ndtri

from synthetic_data import professions
from synthetic_data.contracts import department_weights
from synthetic_data.identifiers import addresses, iban, rpps, siret
from synthetic_data.operators import ACCOUNT_SHARES
from synthetic_data.presets import Preset
from synthetic_data.professions import NAMES, ORDINARY, PATTERNS, PROFESSIONS, Pattern, Profession
from synthetic_data.streams import RandomStreams
from synthetic_data.texts import drawn_words, invented_words
from synthetic_data.workstations import Workstations, draw_workstations

OPENS_AT_UTC = 7  # eight by local clocks: before anybody works
SPARE_ADDRESSES = 20_000  # kept for whoever is not a professional


@dataclass(frozen=True, slots=True)
class Professionals:
    """Who may log in, and from where.

    accounts: one login, sorted by operator; columns account (row number), operator, account_id,
    account_kind, practice_id, profession (index in PROFESSIONS), department, opened_at, opened_day (of
    the log; negative before it), company_name, siret, bank_identity, rpps, lookups_a_day, claim_share,
    pattern, stations, queue_gap_s, batch_gap_s (null unless a batch). start: shape (operators + 1,), where
    each operator's accounts start. addresses: texts; spare_addresses: rows that no professional uses.
    """

    accounts: pl.DataFrame
    start: tuple[int, ...]
    workstations: Workstations
    addresses: pl.Series
    spare_addresses: NDArray[np.int64]


def shares_to_counts(shares: list[float], total: int) -> NDArray[np.int64]:
    """Whole numbers in proportion to `shares` that sum to `total` (largest remainders)."""
    exact = np.array(shares) / sum(shares) * total
    counts = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - counts), kind="stable")
    counts[order[: total - counts.sum()]] += 1
    return counts


def total_sigma(figures: Profession) -> float:
    """Give the standard deviation of the log of a day's lookups, from the median and the 99th percentile."""
    return float(np.log(figures.lookups_p99 / figures.lookups_median) / ndtri(0.99))


def daily_sigma(figures: Profession) -> float:
    """Give the part of it between one account's days."""
    return min(professions.DAILY_SIGMA_MOST, total_sigma(figures) / 2) if total_sigma(figures) else 0.15


def account_levels(profession: NDArray[np.int64], rng: Generator) -> NDArray[np.float64]:
    """Usual lookups on a working day: lognormal between the accounts of a profession.

    Quantiles are spread evenly, so that the medians and the 99th percentiles of `professions` are met
    with few accounts too; part of the spread is left to the days (see `daily_sigma`).
    """
    levels = np.empty(len(profession))
    for index, figures in enumerate(PROFESSIONS):
        rows = np.flatnonzero(profession == index)
        sigma = np.sqrt(max(0.0, total_sigma(figures) ** 2 - daily_sigma(figures) ** 2))
        quantiles = ndtri((rng.permutation(len(rows)) + 0.5) / max(1, len(rows)))
        levels[rows] = figures.lookups_median * np.exp(sigma * quantiles)
    return levels


def _ordinary(count: int, activity: float, rng: Generator) -> pl.DataFrame:
    """Draw the ordinary accounts of one operator, profession after profession."""
    shares = [figures.share for figures in PROFESSIONS]
    profession = np.repeat(np.arange(len(shares)), shares_to_counts(shares, count))
    weight = professions.CLAIM_SHARE_CONCENTRATION
    mean = np.array([figures.claim_share for figures in PROFESSIONS])[profession]
    practice = rng.random(count) < 0.55
    stations = 1 + rng.choice(3, size=count, p=[0.62, 0.30, 0.08])
    level = account_levels(profession, rng)
    return pl.DataFrame(
        {
            "profession": profession,
            "account_kind": np.where((profession == NAMES.index("hospital")) | practice, "practice", "person"),
            "lookups_a_day": level * activity,
            "claim_share": rng.beta(mean * weight, (1 - mean) * weight),
            "pattern": ORDINARY,
            "stations": np.where(level > 60, 3, stations),
            "queue_gap_s": 180.0,
            "batch_gap_s": None,
            "opened_day": -rng.integers(400, 12 * 365, count),
        },
        schema_overrides={"batch_gap_s": pl.Float64},
    )


def _patterned(pattern: Pattern, count: int, scale: float, preset: Preset, rng: Generator) -> pl.DataFrame:
    """Draw the accounts of one hard negative at one operator; scale: of lookups, beside the preset's activity."""
    index = NAMES.index(pattern.profession)
    figures = PROFESSIONS[index]
    median = pattern.lookups_a_day or figures.lookups_median
    share = figures.claim_share if pattern.claim_share is None else pattern.claim_share
    calendar = preset.calendar
    opens = rng.integers(calendar.clean_days + 1, calendar.days - 4, count)
    return pl.DataFrame(
        {
            "profession": np.full(count, index),
            "account_kind": [pattern.kind] * count,
            "lookups_a_day": median * preset.activity * scale * np.exp(0.25 * rng.standard_normal(count)),
            "claim_share": np.clip(share * np.exp(0.1 * rng.standard_normal(count)), 0, 0.95),
            "pattern": [pattern.name] * count,
            "stations": np.full(count, pattern.stations),
            "queue_gap_s": np.full(count, pattern.queue_gap_s),
            "batch_gap_s": [
                float(rng.uniform(*professions.BATCH_GAP_S)) if pattern.name == "nightly_batch" else None
                for _ in range(count)
            ],
            "opened_day": opens if pattern.name == "new_practice" else -rng.integers(400, 12 * 365, count),
        },
        schema_overrides={"batch_gap_s": pl.Float64},
    )


def _of_operator(operator: int, preset: Preset, rng: Generator) -> pl.DataFrame:
    """Draw one operator's accounts."""
    count = round(ACCOUNT_SHARES[operator] * preset.accounts)
    scale = min(1.0, preset.accounts / professions.FULL_SIZE_ACCOUNTS)
    parts = [_ordinary(count, preset.activity, rng)]
    for pattern in PATTERNS:
        wanted = round(pattern.per_thousand * count / 1000)
        # One by one they are as rare as a small case allows; levels of their own shrink with it.
        size = scale if pattern.lookups_a_day or pattern.profession in ("software", "concentrator", "auditor") else 1.0
        parts.append(_patterned(pattern, max(int(pattern.at_least_one), wanted), size, preset, rng))
    return pl.concat(parts, how="vertical_relaxed").with_columns(pl.lit(operator, dtype=pl.UInt8).alias("operator"))


def draw_professionals(preset: Preset, operators: int, streams: RandomStreams) -> Professionals:
    """Draw the accounts of all operators and their workstations."""
    rng = streams("professionals")
    accounts = pl.concat([_of_operator(operator, preset, rng) for operator in range(operators)])
    operator = accounts["operator"].to_numpy()
    changes = (np.diff(accounts["profession"].to_numpy(), prepend=-1) != 0) | (np.diff(operator, prepend=255) != 0)
    alone = accounts["pattern"].to_numpy() != ORDINARY
    practice = np.cumsum(changes | alone | (rng.random(len(accounts)) < 0.6)) - 1
    accounts = _with_identities(accounts, practice, preset, rng)
    stations, used = draw_workstations(accounts, practice, preset.calendar.days, rng)
    texts = pl.Series(addresses(used + SPARE_ADDRESSES, rng))
    start = np.searchsorted(operator, range(operators + 1))
    return Professionals(
        accounts,
        tuple(int(row) for row in start),
        stations,
        texts,
        np.arange(used, used + SPARE_ADDRESSES),
    )


def _with_identities(
    accounts: pl.DataFrame, practice: NDArray[np.int64], preset: Preset, rng: Generator
) -> pl.DataFrame:
    """Add logins, practices, companies, numbers and places; a practice's accounts share what is the practice's."""
    practices, count = int(practice[-1]) + 1, len(accounts)
    names, weights = department_weights(preset.departments)
    words = invented_words(3)
    named = words.gather(drawn_words(np.arange(practices), int(rng.integers(2**31)), len(words)))
    company = rng.permutation(10**5)[np.arange(practices) % 10**5]
    site = 1 + np.arange(practices) // 10**5 * 60 + rng.integers(0, 60, practices)
    branch = rng.integers(1, 10**5, practices)
    login = np.concatenate(
        [
            rng.choice(10**6, size=n, replace=False)
            for n in np.bincount(accounts["operator"].to_numpy())
        ]
    )  # fmt: skip
    number = 100_000 + rng.permutation(practices) * 7
    kind = pl.Series([figures.company for figures in PROFESSIONS]).gather(accounts["profession"])
    start: datetime = preset.calendar.start
    sirets = pl.Series([siret(c, s) for c, s in zip(company.tolist(), site.tolist(), strict=True)])
    banks = pl.Series([iban(b, c) for b, c in zip(branch.tolist(), company.tolist(), strict=True)])
    return accounts.with_columns(
        pl.int_range(count, dtype=pl.Int32).alias("account"),
        pl.Series("account_id", [f"ps-{number:06}" for number in login.tolist()]),
        pl.Series("practice_id", [f"cab-{own:06}" for own in number[practice].tolist()]),
        pl.Series("department", np.array(names)[rng.choice(len(names), size=practices, p=weights)][practice]),
        pl.Series(
            "opened_at",
            [start + timedelta(days=day, hours=OPENS_AT_UTC) for day in accounts["opened_day"].to_list()],
            dtype=pl.Datetime("us"),
        ),
        (kind + " " + named.gather(practice)).alias("company_name"),
        sirets.gather(practice).alias("siret"),
        banks.gather(practice).alias("bank_identity"),
        pl.Series("rpps", [rpps(number) for number in rng.choice(10**8, size=count, replace=False).tolist()]),
    )
