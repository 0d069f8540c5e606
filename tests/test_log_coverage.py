"""Log coverage: what an independent counter says of the log, held against a slow count window by window."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.engine import sql

START = datetime(2024, 1, 1)
COUNTERS = {"operator": pl.String, "server": pl.String, "window_start": pl.Datetime("us"),
            "window_end": pl.Datetime("us"), "requests": pl.Int64}  # fmt: skip
REQUESTS = {"operator": pl.String, "server": pl.String, "requested_at": pl.Datetime("us")}
CONNECTION = duckdb.connect()
Window = tuple[str | None, int, int, int | None]
Request = tuple[str | None, int]


def minute(number: int) -> datetime:
    return START + timedelta(minutes=number)


OUTAGES = {"operator": pl.String, "server": pl.String, "start": pl.Datetime("us"), "end": pl.Datetime("us")}


def covered(
    windows: list[Window], requests: list[Request], outages: list[tuple[str | None, int, int]] | None = None
) -> list[tuple[Any, ...]]:
    out = [("V", server, minute(start), minute(end)) for server, start, end in outages or []]
    CONNECTION.register("outages", pl.DataFrame(out, schema=OUTAGES, orient="row"))
    counters = [("V", server, minute(start), minute(end), counted) for server, start, end, counted in windows]
    rows = [("V", server, minute(at)) for server, at in requests]
    CONNECTION.register("counters", pl.DataFrame(counters, schema=COUNTERS, orient="row"))
    frame = pl.DataFrame(rows, schema=REQUESTS, orient="row").with_row_index("request_id")
    CONNECTION.register("requests", frame)
    found = CONNECTION.sql(sql("log_coverage")).pl()
    minutes = (pl.col("start", "end") - START).dt.total_minutes()
    return found.with_columns(minutes).drop("operator").rows()


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


def slow(windows: list[Window], requests: list[Request]) -> tuple[dict[str | None, list[int]], set[int]]:
    """Count window by window: for each server how many windows of each kind, and which requests none covers."""
    kinds: dict[str | None, list[int]] = {}
    seen: set[int] = set()
    for server, start, end, counted in {w for w in windows if w[3] is not None}:
        inside = [n for n, (s, at) in enumerate(requests) if start <= at < end and server in (None, s)]
        seen |= set(inside)
        tally = kinds.setdefault(server, [0, 0, 0])
        tally[0 if len(inside) == counted else 1 if len(inside) < counted else 2] += counted > 0
    return kinds, set(range(len(requests))) - seen


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", None]), st.integers(0, 20), st.integers(1, 9), st.integers(0, 4) | st.none()
        ),
        max_size=6,
    ),
    st.lists(st.tuples(st.sampled_from(["a", "b", "c", None]), st.integers(0, 25)), max_size=15),
)
def test_the_walk_through_time_counts_what_a_slow_count_does(windows: list[Window], requests: list[Request]):
    ended = [(server, start, start + length, counted) for server, start, length, counted in windows]
    kinds, unseen = slow(ended, requests)
    found = covered(ended, requests)
    for server, tally in kinds.items():
        of_server = [row for row in found if row[0] == server and row[3] != "unwitnessed"]
        assert [sum(row[4] for row in of_server if row[3] == kind) for kind in ("complete", "gap", "surplus")] == tally
    outside = [row for row in found if row[3] == "unwitnessed"]
    times = [requests[n][1] for n in unseen]
    assert [(row[1], row[2]) for row in outside] == ([(min(times), max(times))] if times else [])
