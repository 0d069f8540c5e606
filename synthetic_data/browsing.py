"""Honest traffic: what was done at workstations becomes pages, with the logins around them."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data import portal, professions, targets
from synthetic_data.claims import Claims
from synthetic_data.lookups import Actions
from synthetic_data.professionals import Professionals
from synthetic_data.traffic import NOTHING, TRAFFIC
from synthetic_data.visits import DAY, HOUR, SECOND
from synthetic_data.workstations import AGENTS as AGENTS

SILENCE = targets.SESSION_SILENCE_MINUTES * 60 * SECOND


def done(lookups: Actions, sent: Claims) -> pl.DataFrame:
    """Put lookups and claims sent in one list: columns workstation, account, time, page, subject, fate."""
    count = len(sent.time)
    claims = pl.DataFrame(
        {
            "workstation": sent.workstation,
            "account": sent.account,
            "time": sent.time,
            "page": np.full(count, portal.CLAIM, dtype=np.int8),
            "subject": np.full(count, NOTHING, dtype=np.int64),
            "fate": np.zeros(count, dtype=np.uint8),
        }
    )
    looked = pl.DataFrame({name: getattr(lookups, name) for name in claims.columns})
    return pl.concat([looked, claims])


def browse(
    actions: pl.DataFrame,
    professionals: Professionals,
    operator: int,
    start_us: int,
    first_login: int,
    rng: Generator,
) -> pl.DataFrame:
    """Put logins, home pages, lists, account pages and logouts around what was done: TRAFFIC columns.

    A workstation silent for more than 30 minutes, or whose browser was updated, logs in again. Logins
    are numbered from `first_login`. start_us: start of the log.
    """
    stations = professionals.workstations
    acted = actions.sort("workstation", "time", "page", "subject")
    station, time = acted["workstation"].to_numpy(), acted["time"].to_numpy()
    day = (time - start_us) // DAY
    agent = stations.browser[station] * 2 + (day >= stations.update_day[station])
    opens = (np.diff(time, prepend=0) > SILENCE) | (np.diff(station, prepend=-1) != 0)
    opens |= np.diff(agent, prepend=-1) != 0
    login = first_login + np.cumsum(opens) - 1
    acted = acted.with_columns(
        pl.lit(operator, dtype=pl.UInt8).alias("operator"),
        pl.Series("address", stations.address[station]),
        pl.Series("agent", agent.astype(np.int16)),
        pl.Series("login", login.astype(np.int32)),
        pl.lit(0, dtype=pl.UInt8).alias("campaign"),
    ).select(*TRAFFIC)
    starts = acted.filter(pl.Series(opens))
    closes = acted.filter(pl.Series(np.append(opens[1:], [True] if len(opens) else [])))
    return pl.concat([acted, *_around(starts, closes, rng)])


def _around(starts: pl.DataFrame, closes: pl.DataFrame, rng: Generator) -> list[pl.DataFrame]:
    """Draw the pages before the first and after the last thing done under each login."""
    count = len(starts)
    before = rng.integers(8 * SECOND, 40 * SECOND, count)
    reads = _some(starts, professions.ACCOUNT_PAGE_SHARE, rng)
    leaves = _some(closes, professions.LOGOUT_SHARE, rng)
    abandoned = _some(starts, professions.ABANDONED_LOGIN_SHARE, rng)
    lists = _some(closes, professions.CLAIMS_LIST_SHARE, rng)
    pages = rng.integers(1, professions.CLAIMS_LIST_PAGES, len(lists), endpoint=True)
    paged = lists[np.repeat(np.arange(len(lists)), pages)]
    turned = np.cumsum(rng.integers(3 * SECOND, 25 * SECOND, len(paged)))
    opening = np.cumsum(pages) - pages
    since = turned - np.repeat(turned[opening] if len(paged) else turned, pages) if len(paged) else turned
    return [
        _page(starts, -before, portal.LOGIN),
        _page(starts, -before + 900_000, portal.HOME),
        _page(reads, -rng.integers(SECOND, 5 * SECOND, len(reads)), portal.ACCOUNT),
        _page(leaves, rng.integers(20 * SECOND, 600 * SECOND, len(leaves)), portal.LOGOUT),
        # The login page was left: whoever it was came back later.
        _page(abandoned, -rng.integers(35 * 60 * SECOND, 3 * HOUR, len(abandoned)), portal.LOGIN),
        _page(paged, 5 * SECOND + since, portal.CLAIMS_LIST),
    ]


def _some(rows: pl.DataFrame, share: float, rng: Generator) -> pl.DataFrame:
    """Draw each row with the same chance."""
    return rows.filter(pl.Series(rng.random(len(rows)) < share))


def _page(rows: pl.DataFrame, shift: NDArray[np.int64], page: int) -> pl.DataFrame:
    """Make the same rows ask for another page, some time before or after."""
    return rows.with_columns(
        (pl.col("time") + pl.Series(shift, dtype=pl.Int64)).alias("time"),
        pl.lit(page, dtype=pl.Int8).alias("page"),
        pl.lit(NOTHING, dtype=pl.Int64).alias("subject"),
        pl.lit(portal.ANSWERED, dtype=pl.UInt8).alias("fate"),
    )


def static_files(pages: pl.DataFrame, wanted: int, rng: Generator) -> pl.DataFrame:
    """About `wanted` style sheets, scripts and images that honest pages fetch: TRAFFIC columns."""
    weight = np.array([page.static for page in portal.PAGES])[pages["page"].to_numpy()]
    mean = max(0, wanted) / max(1.0, weight.sum())
    fetched = rng.poisson(weight * mean)
    row = np.repeat(np.arange(len(pages), dtype=np.uint32), fetched)
    some = pages.select(pl.exclude("page", "subject", "fate", "time"))[row]
    count = len(row)
    return some.with_columns(
        (pages["time"].gather(row) + pl.Series(rng.integers(30_000, 900_000, count))).alias("time"),
        pl.Series("page", rng.integers(portal.STATIC[0], len(portal.PAGES), count, dtype=np.int8)),
        pl.lit(NOTHING, dtype=pl.Int64).alias("subject"),
        pl.lit(portal.ANSWERED, dtype=pl.UInt8).alias("fate"),
    ).select(*TRAFFIC)
