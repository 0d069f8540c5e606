"""Clocks go back once a year: of two equal local times the order of the lines tells which came first."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.case import load
from forensics.evidence.formats import Batch
from forensics.evidence.ingest import ingest
from forensics.evidence.repeated_hour import passes_of_hour, settled

PARIS = ZoneInfo("Europe/Paris")
HOUR = datetime(2024, 10, 27, 2)  # 02:00 to 03:00 occurs twice in Paris; until 01:00 UTC in summer time


def clock(*times: str) -> list[datetime]:
    return [datetime.fromisoformat(f"2024-10-27T{at}") for at in times]


@pytest.mark.parametrize(
    ("times", "told"),
    [
        (("02:10:00", "02:50:00", "02:05:00", "02:55:00"), ["earliest", "earliest", "latest", "latest"]),
        (("02:10:00", "02:50:00", "02:45:00"), [None, None, None]),  # nothing fell far enough: who knows
        (("02:58:00", "02:00:10", "02:59:30", "02:01:00"), ["earliest", "latest", "earliest", "latest"]),
        (("02:58:00", "02:01:00", "02:59:30"), ["earliest", "latest", "latest"]),
        ((), []),
    ],
)
def test_the_order_of_the_lines_tells_the_pass(times: tuple[str, ...], told: list[str | None]):
    assert passes_of_hour(clock(*times)) == told


def local(instants: list[datetime]) -> list[datetime]:
    return [at.replace(tzinfo=ZoneInfo("UTC")).astimezone(PARIS).replace(tzinfo=None) for at in instants]


def batches_of(times: list[datetime], size: int) -> list[Batch]:
    rows = pl.DataFrame({"at": times}, schema={"at": pl.Datetime("us")})
    none = pl.DataFrame(schema={"line": pl.Int64, "byte_offset": pl.Int64, "reason": pl.String})
    parts = [rows.slice(start, size) for start in range(0, max(1, len(times)), size)]
    places = pl.DataFrame({"line": [1]})
    return [Batch(places=places, rows=part, unreadable=none, lines=part.height) for part in parts]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-90 * 60, 150 * 60), max_size=40).map(sorted),
    st.integers(1, 7),
)
def test_a_log_that_crosses_the_change_gets_back_the_instants_it_was_written_at(seconds: list[int], size: int):
    instants = [datetime(2024, 10, 27, 0, 30) + timedelta(seconds=s) for s in seconds]
    times = local(instants)
    found: list[datetime | None] = []
    for batch, told in settled(iter(batches_of(times, size)), lambda b: b.rows["at"], PARIS):
        found += [None] * batch.rows.height if told is None else told.to_list()
    twice = [HOUR <= at < HOUR + timedelta(hours=1) for at in times]
    hour = [at for at, again in zip(times, twice, strict=True) if again]
    fell = any(earlier - later > timedelta(minutes=20) for i, earlier in enumerate(hour) for later in hour[i:])
    for at, again, told in zip(instants, twice, found, strict=True):
        assert told == (at if again and fell else None)


def test_a_log_in_local_time_without_a_zone_loses_no_line_in_the_night_of_the_change(tmp_path: Path):
    (tmp_path / "evidence").mkdir()
    (tmp_path / "case.toml").write_text("""
[case]
id = "night"
timezone = "Europe/Paris"
[[operator]]
name = "site"
[[source]]
id = "web"
operator = "site"
kind = "access_log"
path = "evidence/log.csv"
format = "csv"
date_format = "%d/%m/%Y %H:%M:%S"
[source.fields]
requested_at = "heure"
""")
    times = ["01:30:00", "02:15:00", "02:45:00", "02:10:00", "02:50:00", "03:00:01"]
    rows = "".join(f"27/10/2024 {at};x\n" for at in times)
    (tmp_path / "evidence" / "log.csv").write_text("heure;autre\n" + rows)
    ingest(load(tmp_path), b"k" * 32, lambda _: None)
    requests = pl.read_parquet(tmp_path / "work" / "requests.parquet")
    assert [f"{at:%H:%M}" for at in requests["requested_at"]] == ["23:30", "00:15", "00:45", "01:10", "01:50", "02:00"]
