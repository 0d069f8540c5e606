"""Sessions beside what a user would take instead: python -m benchmarks.sessions CASE.

Each way cuts the requests of a case at the same silences and sums up each session (start, end, requests); the floor
reads the same columns once. One run, ratios to the floor: absolute times are those of one machine.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl

from forensics.case import Case, load
from forensics.engine import connect, create, view

ROUNDS = 3
STRAND = ["operator", "account_id", "client_ip", "user_agent"]


def floor(requests: Path) -> int:
    """Read the columns that sessions need, once."""
    return pl.read_parquet(requests, columns=["request_id", "requested_at", *STRAND]).height


def with_polars(requests: Path, minutes: int) -> int:
    """Cut and sum up with a Polars sort, a difference and a group-by."""
    gap = pl.duration(minutes=minutes)
    rows = pl.scan_parquet(requests).select("request_id", "requested_at", *STRAND)
    silence = pl.col("requested_at").diff().over(STRAND)
    ordered = rows.sort(*STRAND, "requested_at", "request_id").with_columns(begins=silence.is_null() | (silence > gap))
    numbered = ordered.with_columns(number=pl.col("begins").cum_sum().over(STRAND))
    sums = numbered.group_by(*STRAND, "number").agg(
        pl.len(), start=pl.col("requested_at").min(), end=pl.col("requested_at").max()
    )
    return sums.collect().height


def ours(case: Case, requests: Path) -> int:
    """Cut and sum up as the analysis does."""
    with tempfile.TemporaryDirectory() as spill, connect(case.settings, Path(spill)) as connection:
        view(connection, "requests", requests)
        create(connection, "strand_keys")
        create(connection, "request_sessions", {"gap_minutes": case.settings.session_gap_minutes})
        create(connection, "session_keys")
        return connection.table("session_keys").shape[0]


def best_of(way: Callable[[], int]) -> tuple[float, int]:
    """Return the shortest of a few rounds, in seconds, and what the way found."""
    times, found = [], 0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = way()
        times.append(time.perf_counter() - began)
    return min(times), found


def main() -> None:
    """Print the table, in Markdown."""
    case = load(Path(sys.argv[1]))
    requests, minutes = case.work / "requests.parquet", case.settings.session_gap_minutes
    reading, rows = best_of(lambda: floor(requests))
    ways = {"forensics": lambda: ours(case, requests), "Polars": lambda: with_polars(requests, minutes)}
    print(f"{rows:,} requests; reading the columns once is 1\n\n| way | times the floor | sessions |\n|---|---|---|")
    for name, way in ways.items():
        seconds, sessions = best_of(way)
        print(f"| {name} | {seconds / reading:.1f} | {sessions:,} |")


if __name__ == "__main__":
    main()
