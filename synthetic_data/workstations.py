"""Where accounts are used from: computers, addresses, browsers and their updates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data.professions import PATTERNS

# Browsers of January 2024: text before and after the update of that month, share of workstations.
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{0}.0.0.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{0}.0) Gecko/20100101 Firefox/{0}.0"
BROWSERS = (
    (f"{WINDOWS} {CHROME}", ("120", "121"), 0.42),
    (f"{WINDOWS} {CHROME} Edg/{{0}}.0.0.0", ("120", "121"), 0.22),
    (FIREFOX, ("121", "122"), 0.16),
    (f"{WINDOWS} {CHROME}", ("109", "109"), 0.06),  # the last Chrome for Windows 7 and 8
    (f"{MAC} {CHROME}", ("120", "121"), 0.06),
    (f"{MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/{{0}} Safari/605.1.15", ("17.2", "17.3"), 0.05),
    (FIREFOX, ("115", "115"), 0.03),
    ("okhttp/{0}", ("4.11.0", "4.12.0"), 0.0),  # what programs call themselves
    ("Apache-HttpClient/{0} (Java/17.0.9)", ("4.5.13", "4.5.14"), 0.0),
)
AGENTS = [text.format(version) for text, versions, _ in BROWSERS for version in versions]
PROGRAMS = (7, 8)
UPDATED_SHARE = 0.6
UPDATED_FROM_SHARE = 0.75  # of the log's days: updates fall between there and near its end

SAME_ROUTER_SHARE = 0.05  # UE: practices behind the address of another one
ELSEWHERE_SHARE = 0.5  # UE: of second and third workstations


@dataclass(frozen=True, slots=True)
class Workstations:
    """One row a place that an account works from, sorted by account.

    account, address: rows. browser: index in BROWSERS; update_day: of the log, past its end when never.
    start: shape (accounts + 1,), where each account's workstations start.
    """

    account: NDArray[np.int32]
    address: NDArray[np.int32]
    browser: NDArray[np.int16]
    update_day: NDArray[np.int32]
    start: NDArray[np.int32]


def draw_agents(count: int, rng: Generator) -> NDArray[np.int16]:
    """Draw people's browsers as they are used, before or after their update: indices in AGENTS."""
    browser = rng.choice(len(BROWSERS), size=count, p=[share for *_, share in BROWSERS])
    return (browser * 2 + (rng.random(count) < UPDATED_SHARE / 2)).astype(np.int16)


def draw_workstations(
    accounts: pl.DataFrame, practice: NDArray[np.int64], days: int, rng: Generator
) -> tuple[Workstations, int]:
    """Draw the workstations, and how many addresses they use.

    A practice's accounts share its address; some practices share that of another (offices behind one
    router); a second or third workstation is elsewhere in half the cases, a chain's shops always, the
    desks of one hospital never.
    """
    practices = int(practice.max()) + 1
    routed = rng.random(practices) < SAME_ROUTER_SHARE
    home = np.where(routed, rng.integers(0, practices, practices), np.arange(practices))
    count = accounts["stations"].to_numpy()
    account = np.repeat(np.arange(len(count)), count)
    first = np.diff(account, prepend=-1) != 0
    pattern = accounts["pattern"].to_numpy()[account]
    elsewhere = ~first & (rng.random(len(account)) < ELSEWHERE_SHARE) & (pattern != "billing_desk")
    elsewhere |= ~first & (pattern == "multi_shop")
    address = np.where(elsewhere, practices + np.cumsum(elsewhere) - 1, home[practice[account]])
    browser = rng.choice(len(BROWSERS), size=len(account), p=[share for *_, share in BROWSERS])
    software = [entry.name for entry in PATTERNS if entry.kind in ("software", "concentrator")]
    program = np.isin(pattern, software)
    browser[program] = rng.choice(PROGRAMS, size=int(program.sum()))
    updated = rng.random(len(account)) < UPDATED_SHARE
    day = rng.integers(round(days * UPDATED_FROM_SHARE), days - 1, size=len(account), endpoint=True)
    start = np.zeros(len(count) + 1, dtype=np.int32)
    np.cumsum(count, out=start[1:])
    stations = Workstations(
        account=account.astype(np.int32),
        address=address.astype(np.int32),
        browser=browser.astype(np.int16),
        update_day=np.where(updated, day, 10**4).astype(np.int32),
        start=start,
    )
    return stations, practices + int(elsewhere.sum())
