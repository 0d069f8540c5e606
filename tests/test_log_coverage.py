"""Log coverage: what an independent counter says of the log, held against a slow count window by window."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics.engine import create, query
from forensics.evidence.log_coverage import bin_steps, with_shares
from forensics.vocabulary import LINES_A_SOURCE
from tests import reference

START = datetime(2024, 1, 1)
COUNTERS = {"operator": pl.String, "server": pl.String, "window_start": pl.Datetime("us"),
            "window_end": pl.Datetime("us"), "requests": pl.Int64}  # fmt: skip
REQUESTS = {"operator": pl.String, "server": pl.String, "requested_at": pl.Datetime("us")}
OUTAGES = {"operator": pl.String, "server": pl.String, "start": pl.Datetime("us"), "end": pl.Datetime("us")}
CONNECTION = duckdb.connect()
MINUTE_US = 60_000_000
Window = tuple[str | None, int, int, int | None]
Request = tuple[str | None, int]


def at(microseconds: int) -> datetime:
    return START + timedelta(microseconds=microseconds)


def told(windows: list[Window], requests: list[Request], outages: list[tuple[str | None, int, int]]) -> pl.DataFrame:
    """What `sql/log_coverage.sql` says of one operator, times in microseconds."""
    out = [("V", server, at(start), at(end)) for server, start, end in outages]
    CONNECTION.register("outages", pl.DataFrame(out, schema=OUTAGES, orient="row"))
    counters = pl.DataFrame(
        [("V", server, at(start), at(end), counted) for server, start, end, counted in windows],
        schema=COUNTERS,
        orient="row",
    )
    CONNECTION.register("counters", counters)
    rows = [("V", server, at(when)) for server, when in requests]
    frame = pl.DataFrame(rows, schema=REQUESTS, orient="row").with_row_index("request_id")
    CONNECTION.register("requests", frame)
    CONNECTION.register("bin_steps", bin_steps(counters, ["V"]))
    create(CONNECTION, "log_bins", {"lines_a_source": LINES_A_SOURCE})
    since = (pl.col("start", "end") - START).dt.total_microseconds()
    return query(CONNECTION, "log_coverage").with_columns(since).drop("operator")


def covered(
    windows: list[Window], requests: list[Request], outages: list[tuple[str | None, int, int]] | None = None
) -> list[tuple[Any, ...]]:
    """The same with times in minutes, and the share kept in the place of the counts."""
    found = told(
        [(server, start * MINUTE_US, end * MINUTE_US, counted) for server, start, end, counted in windows],
        [(server, when * MINUTE_US) for server, when in requests],
        [(server, start * MINUTE_US, end * MINUTE_US) for server, start, end in outages or []],
    )
    minutes = pl.col("start", "end") // MINUTE_US
    shown = ("server", "start", "end", "kind", "windows_checked", "share_kept")
    return with_shares(found, 0.95).with_columns(minutes).select(shown).rows()


@pytest.mark.parametrize(
    ("windows", "requests", "expected"),
    [
        ([("a", 0, 60, 2)], [("a", 0), ("a", 59)], [("a", 0, 60, "complete", 1, 1.0)]),
        ([("a", 0, 60, 1), ("a", 60, 120, 1)], [("a", 5), ("a", 60)], [("a", 0, 120, "complete", 2, 1.0)]),
        ([("a", 0, 60, 4)], [("a", 5)], [("a", 0, 60, "gap", 1, 0.25)]),
        ([("a", 0, 60, 1)], [("a", 5), ("a", 6)], [("a", 0, 60, "surplus", 1, 1.0)]),
        ([("a", 0, 60, 0)], [("b", 7)],
         [(None, 7, 7, "unwitnessed", 0, None), ("a", 0, 60, "complete", 0, None)]),
        ([(None, 0, 60, 2)], [("a", 5), (None, 6)], [(None, 0, 60, "complete", 1, 1.0)]),
        ([("a", 0, 60, 1), ("a", 120, 180, 1)], [("a", 5), ("a", 120)],
         [("a", 0, 60, "complete", 1, 1.0), ("a", 120, 180, "complete", 1, 1.0)]),
        ([("a", 0, 60, None)], [("a", 5)], [(None, 5, 5, "unwitnessed", 0, None)]),
        ([], [("a", 5), ("a", 9)], [(None, 5, 9, "unwitnessed", 0, None)]),
        ([("a", 0, 60, 1), ("a", 0, 60, 1)], [("a", 5)], [("a", 0, 60, "complete", 1, 1.0)]),
    ],
)  # fmt: skip
def test_windows_become_stretches(windows: list[Window], requests: list[Request], expected: list[tuple[Any, ...]]):
    assert covered(windows, requests) == expected


def test_a_declared_outage_is_a_gap_although_the_counters_agree():
    found = covered([("a", 0, 60, 1)], [("a", 5)], [("a", 10, 50)])
    assert found == [("a", 0, 60, "complete", 1, 1.0), ("a", 10, 50, "gap", 0, None)]


@pytest.mark.parametrize(
    ("edges_min", "step_min"),
    [
        ([(0, 60), (60, 120)], 10),
        ([(0, 15), (15, 30)], 5),
        ([(7, 67)], 1),
        ([], 10),
    ],
)
def test_bins_are_as_long_as_ten_minutes_and_the_windows_allow(edges_min: list[tuple[int, int]], step_min: int):
    rows = [("V", "a", at(start * MINUTE_US), at(end * MINUTE_US), 1) for start, end in edges_min]
    steps = bin_steps(pl.DataFrame(rows, schema=COUNTERS, orient="row"), ["V", "W"])
    assert steps.rows() == [("V", step_min * MINUTE_US), ("W", 10 * MINUTE_US)]


SERVERS = st.sampled_from(["a", "b", None])
UNITS = st.sampled_from([3600 * 1_000_000, 15 * MINUTE_US, 90 * 1_000_000, 7_000_003])
"""Hours, quarters, a minute and a half, and seven seconds and three microseconds."""


@settings(max_examples=150, deadline=None)
@given(
    UNITS,
    st.lists(st.tuples(SERVERS, st.integers(0, 20), st.integers(1, 9), st.integers(0, 4) | st.none()), max_size=6),
    st.lists(
        st.tuples(st.sampled_from(["a", "b", "c", None]), st.integers(0, 25), st.sampled_from([-1, 0, 0, 1])),
        max_size=15,
    ),
)
@example(60 * MINUTE_US, [("a", 1, 1, 1), ("a", 1, 1, 1), (None, 1, 2, 2)], [("a", 1, 0), ("a", 2, -1), ("b", 2, 0)])
def test_windows_sum_their_bins_to_what_a_slow_count_finds(
    unit: int, windows: list[tuple[Any, ...]], requests: list[tuple[Any, ...]]
):
    """Windows may overlap, repeat and lack a server; requests stand on their edges or a microsecond beside them."""
    counted = [(server, start * unit, (start + length) * unit, n) for server, start, length, n in windows]
    lines = [(server, when * unit + beside) for server, when, beside in requests]
    found = told(counted, lines, [])
    assert sorted(found.rows(), key=repr) == sorted(reference.witnessed_stretches(counted, lines), key=repr)


@pytest.mark.parametrize(
    ("kind", "kept", "counted", "expected"),
    [
        # R 4.3: binom.test(682, 925)$conf.int, the example of its manual page (Conover 1971, p. 97)
        ("gap", 682, 925, (682 / 925, 0.707668, 0.765407)),
        ("gap", 0, 10, (0.0, 0.0, 0.308497)),
        ("complete", 10, 10, (1.0, 1.0, 1.0)),
        ("complete", 0, 0, (None, 0.0, 1.0)),
        ("surplus", 12, 10, (1.0, 0.0, 1.0)),
        ("gap", None, None, (None, 0.0, 1.0)),
        ("unwitnessed", None, None, (None, 0.0, 1.0)),
    ],
)
def test_the_share_kept_has_an_interval_and_what_is_unknown_is_anything(
    kind: str, kept: int | None, counted: int | None, expected: tuple[Any, ...]
):
    schema = {"kind": pl.String, "kept": pl.Int64, "counted": pl.Int64}
    found = with_shares(pl.DataFrame([(kind, kept, counted)], schema=schema, orient="row"), 0.95)
    assert found.select("share_kept", "share_low", "share_high").row(0) == expected


def test_the_interval_holds_the_share_as_often_as_it_says():
    """2,000 logs of 50 lines each lost with chance 0.3: Clopper and Pearson cover at least 95 %, error 0.5 %."""
    kept = np.random.default_rng(7).binomial(50, 0.7, 2_000)
    frame = pl.DataFrame({"kind": "gap", "kept": np.minimum(kept, 49), "counted": 50})
    inside = with_shares(frame, 0.95).select(pl.lit(0.7).is_between("share_low", "share_high").mean()).item()
    assert inside >= 0.95 - 3 * 0.005
