"""Planting: robots of known kinds, as requests in honest accounts, to see which of them would be found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

Rng = np.random.Generator
DAY_S = 86_400
OFFICE_S = (8 * 3600, 18 * 3600)
NETWORK = "198.18"
"""Addresses that nobody has: set apart for measurements (RFC 2544, appendix C.2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Robot:
    """A kind of robot.

    Attributes:
        people: how many people it asks for in each account.
        addresses: after how many lookups it changes its address; 0 never.
        moments: gives when it asks, in seconds from the start of the window, sorted: (people, days of the window, rng).
    """

    people: int
    addresses: int
    moments: Callable[[int, int, Rng], np.ndarray]


def _one_night(people: int, days: int, rng: Rng) -> np.ndarray:
    start = rng.integers(0, max(days - 1, 1)) * DAY_S + 22 * 3600
    return start + np.cumsum(rng.gamma(8.0, 2.0 / 8.0, size=people))


def _all_at_once(people: int, days: int, rng: Rng) -> np.ndarray:
    return rng.integers(0, days) * DAY_S + 12 * 3600 + np.cumsum(rng.gamma(2.0, 0.25, size=people))


def _office_hours(people: int, days: int, rng: Rng) -> np.ndarray:
    day = rng.integers(0, days, size=people) * DAY_S
    return np.sort(day + rng.uniform(*OFFICE_S, size=people))


ROBOTS: dict[str, Robot] = {
    "one_night": Robot(people=2_000, addresses=0, moments=_one_night),
    "burst": Robot(people=1_000, addresses=0, moments=_all_at_once),
    "rotating": Robot(people=2_000, addresses=50, moments=_one_night),
    "persons_pace": Robot(people=300, addresses=0, moments=_office_hours),
}
"""Two seconds a lookup through one night; several a second; the same night from an address every fifty lookups; and in
office hours, spread over the window, no faster than people."""


def plant(
    robot: Robot,
    accounts: pl.DataFrame,
    subjects: pl.DataFrame,
    usual: pl.DataFrame,
    window: tuple[datetime, datetime],
    first_id: int,
    rng: Rng,
) -> pl.DataFrame:
    """Return the requests of one robot that works through a list on several accounts, nobody twice.

    Args:
        robot: its kind.
        accounts: `operator`, `account_id` of those that it uses.
        subjects: `operator`, `subject_kind`, `subject_key`: whom it can ask for.
        usual: what lookups look like (`sql/usual_lookups.sql`).
        window: when it is at work.
        first_id: the `request_id` of its first request.
        rng: draws everything.

    Returns:
        One row a request: columns of `forensics.schemas.Requests`, as far as a robot's lookup has them.
    """
    days = max((window[1] - window[0]).days, 1)
    midnight = window[0].replace(hour=0, minute=0, second=0, microsecond=0)
    made = []
    for (operator,), of_operator in accounts.sort("operator", "account_id").group_by("operator", maintain_order=True):
        looks = usual.filter(pl.col("operator") == operator)
        kind = looks.sort("n_lookups", descending=True)["subject_kind"][0]
        known = subjects.filter((pl.col("operator") == operator) & (pl.col("subject_kind") == kind))
        keys = rng.permutation(known["subject_key"].unique().sort().to_numpy())
        for number, account in enumerate(of_operator["account_id"]):
            mine = keys[number * robot.people : (number + 1) * robot.people]
            if not len(mine):
                break
            at = robot.moments(len(mine), days, rng)
            agent = looks[int(rng.choice(looks.height, p=looks["n_lookups"].to_numpy() / looks["n_lookups"].sum()))]
            moved = np.arange(len(mine)) // robot.addresses if robot.addresses else np.zeros(len(mine), dtype=np.int64)
            host = rng.integers(1, 255, size=(int(moved.max()) + 1, 2))
            rows = agent.drop("n_lookups").select(pl.all().repeat_by(len(mine)).explode())
            made.append(
                rows.with_columns(
                    account_id=pl.lit(account),
                    subject_key=pl.Series(mine),
                    requested_at=pl.Series([midnight + timedelta(microseconds=int(s * 1e6)) for s in at]),
                    client_ip=pl.Series([f"{NETWORK}.{host[n, 0]}.{host[n, 1]}" for n in moved]),
                )
            )
    planted = pl.concat(made)
    return planted.with_columns(request_id=pl.int_range(first_id, first_id + planted.height, dtype=pl.Int64))


def lost(planted: pl.DataFrame, coverage: pl.DataFrame, rng: Rng) -> pl.DataFrame:
    """Return the planted requests that the case's own log would hold: its gaps take theirs too.

    A stretch of which the share kept is unknown keeps nothing.

    Args:
        planted: as `plant` gives them.
        coverage: `forensics.schemas.LogCoverage`.
        rng: draws which are lost.
    """
    gaps = coverage.filter(~pl.col("kind").is_in(["complete", "surplus", "unwitnessed"]))
    kept = pl.Series(np.ones(planted.height))
    for gap in gaps.sort(pl.all(), nulls_last=True).iter_rows(named=True):
        inside = (pl.col("operator") == gap["operator"]) & pl.col("requested_at").is_between(gap["start"], gap["end"])
        if gap["server"] is not None:
            inside &= (pl.col("server") == gap["server"]).fill_null(value=False)
        hit = planted.select(inside).to_series()
        kept = kept.zip_with(~hit, pl.Series(np.minimum(kept.to_numpy(), gap["share_kept"] or 0.0)))
    return planted.filter(pl.Series(rng.random(planted.height)) < kept)
