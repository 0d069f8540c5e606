"""Made-up lines, counters and people for the tests of damages, and the plans that happen to them."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from math import sqrt

import numpy as np
import polars as pl
from polars.testing import assert_frame_equal

from synthetic_data.damages import draw_plan, parse
from synthetic_data.damages.plan import Plan, Scene
from synthetic_data.damages.second_keys import check_digits
from synthetic_data.presets import Calendar

START = datetime(2024, 1, 8)
CALENDAR = Calendar(start=START, days=21, clean_days=7, robot_from=10)
SERVERS = {"Verdanne": ("verdanne-web-1", "verdanne-web-2"), "Ostrelis": ("ostrelis-web-1", "ostrelis-web-2")}
SCENE = Scene(
    calendar=CALENDAR,
    operators=("Verdanne", "Ostrelis"),
    servers=SERVERS,
    robot_days={"Verdanne": (12, 15), "Ostrelis": (17, 18)},
)
NOBODY_CAME = Scene(calendar=CALENDAR, operators=SCENE.operators, servers=SERVERS, robot_days={})
LINES = 42_000
PEOPLE = 20_000


@cache
def made_lines(operator: int = 0, lines: int = LINES) -> pl.DataFrame:
    """A piece: lines spread evenly over the log, two servers in turn, every third asks for somebody."""
    row = np.arange(lines)
    asks, five = row % 3 == 0, row % 5
    server = np.array(SERVERS[SCENE.operators[operator]])[row % 2]
    step = CALENDAR.days * 86_400_000_000 // max(lines, 1)
    return pl.DataFrame(
        {
            "row": row,
            "requested_at": pl.Series(CALENDAR.start_us + row * step).cast(pl.Datetime("us")),
            "account_id": [f"pro-{n}" for n in row % 97],
            "path": np.where(asks, "/droits", "/accueil"),
            "status": pl.Series(np.full(lines, 200)).cast(pl.Int16),
            "response_bytes": np.where(asks, 1_850 + 640 * five, 9_600),
            "server": server,
            "request_ref": [f"{n:016x}" for n in row],
            "subject": pl.Series(1800100000000 + row).cast(pl.String),
            "records_returned": pl.Series(five).cast(pl.Int32),
            "returned_people": pl.Series([f"FIC-A-{n}" for n in row], dtype=pl.String),
            "torn": np.zeros(lines, dtype=bool),
        }
    ).with_columns(
        pl.when(pl.Series(asks)).then(pl.col(name)).alias(name)
        for name in ("subject", "records_returned", "returned_people")
    )  # fmt: skip


@cache
def made_windows(operator: int = 0) -> pl.DataFrame:
    """The gateway's count of the same lines, an hour and server at a time."""
    hour = pl.col("requested_at").dt.truncate("1h").alias("window_start")
    return (
        made_lines(operator)
        .group_by(hour, "server")
        .agg(pl.len().alias("requests"), pl.col("response_bytes").sum())
        .sort("window_start", "server")
    )


@cache
def made_people(people: int = PEOPLE) -> pl.DataFrame:
    """A block of a register: two people a card, the second one under the first one's number."""
    row = np.arange(people)
    card, child = row // 2, row % 2 == 1
    born = (np.datetime64("1950-01-15") + row % 20_000).astype("datetime64[D]")
    number = 1_500_100_000_000 + card % 985 + 1 + card // 985 * 10**8
    digits = pl.Series(number).cast(pl.String)
    keys = pl.select(check_digits(pl.lit(digits))).to_series()
    joined = np.where(row % 7 == 0, np.datetime64("2024-01-10"), np.datetime64("2015-06-01"))
    return pl.DataFrame(
        {
            "beneficiary_number": digits + keys,
            "holder_number": digits,
            "birth_date": born,
            "birth_rank": pl.Series(np.where(row % 50 == 0, 2, 1)).cast(pl.String),
            "last_name": pl.Series(["BELANTOU", "CARDELINE", "ANNA"]).gather(card % 3),
            "first_name": pl.Series(["Manela", "Tou", "Elodar", "Anne"]).gather(row % 4),
            "card_number": [f"FIC-C-{n:09}" for n in card],
            "member_number": [f"FIC-A-{n:09}" for n in row],
            "role": np.where(child, "child", "holder"),
            "covered_from": joined.astype("datetime64[D]"),
            "covered_until": np.where(
                (row % 11 == 0) & (row % 7 > 0), np.datetime64("2022-03-31"), np.datetime64("NaT")
            ).astype("datetime64[D]"),
        }
    )


def planned(text: str, scene: Scene = SCENE, seed: int = 1) -> Plan:
    return draw_plan(parse(text), scene, np.random.default_rng(seed))


def damaged(text: str, operator: int = 0, scene: Scene = SCENE, seed: int = 2) -> pl.DataFrame:
    return planned(text, scene).log(made_lines(operator), operator, np.random.default_rng(seed))


def within_binomial_error(found: int, of: int, share: float) -> bool:
    return abs(found - of * share) < 4.5 * sqrt(of * share * (1 - share)) + 1e-9


def same_but(before: pl.DataFrame, after: pl.DataFrame, *changed: str) -> None:
    assert_frame_equal(before.drop(changed), after.drop(changed))
