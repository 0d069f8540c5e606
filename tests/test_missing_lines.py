"""Where a log is silent and should not be: found from the log itself, and never against what a counter witnesses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from forensics.case import load
from forensics.estimate import is_complete
from forensics.evidence.log_coverage import log_coverage
from forensics.evidence.rotations import gaps_in_series
from forensics.schemas import LogCoverage
from forensics.vocabulary import LINES_A_SOURCE, UNSEEN
from tests.synthetic_cases import generate

MONDAY = datetime(2024, 1, 8)
COUNTERS = {"operator": pl.String, "server": pl.String, "window_start": pl.Datetime("us"),
            "window_end": pl.Datetime("us"), "requests": pl.Int64, "response_bytes": pl.Int64}  # fmt: skip
OUTAGES = {"operator": pl.String, "server": pl.String, "start": pl.Datetime("us"), "end": pl.Datetime("us")}
FILES = {"source": pl.String, "path": pl.String, "first_line": pl.Int64, "lines": pl.Int64}
CASE = """
[case]
id = "made"
timezone = "UTC"
{more}
[[operator]]
name = "V"
[[source]]
id = "web"
operator = "V"
kind = "access_log"
path = "evidence/*"
format = "parquet"
[source.fields]
requested_at = "time"
"""
Keep = Callable[[datetime], bool]


def day(number: int, hour: float = 0) -> datetime:
    """Midnight of a day of the log, counted from 0, or so many hours later."""
    return MONDAY + timedelta(days=number, hours=hour)


def lines(server: str | None, days: int = 28, a_day: int = 1500, weekend: float = 0.3, seed: int = 7) -> pl.DataFrame:
    """Lines of working days, mostly from 8 to 19, in sessions of a few lines each; fewer on Saturday and Sunday."""
    rng = np.random.default_rng([seed, *(server or "").encode()])
    starts = []
    for number in range(days):
        n = rng.poisson(a_day / 4 * (1.0 if number % 7 < 5 else weekend))
        hours = np.where(rng.random(n) < 0.93, 8 + 11 * rng.beta(2, 2, n), 24 * rng.random(n))
        starts.append(number * 86400 + 3600 * hours)
    session = np.concatenate(starts)
    times = np.repeat(session, 4) + np.cumsum(rng.exponential(40, (len(session), 4)), axis=1).ravel()
    return pl.DataFrame(
        {"server": pl.Series([server] * len(times), dtype=pl.String),
         "requested_at": [MONDAY + timedelta(seconds=float(second)) for second in np.sort(times)]},
    )  # fmt: skip


def without(frame: pl.DataFrame, start: datetime, end: datetime, server: str | None = None) -> pl.DataFrame:
    """Lose the lines of a stretch, of one server or of all."""
    lost = pl.col("requested_at").is_between(start, end, closed="left")
    return frame.filter(~(lost & (pl.lit(server is None) | pl.col("server").eq_missing(pl.lit(server)))))


def hourly(frame: pl.DataFrame, since: datetime, until: datetime) -> list[tuple[Any, ...]]:
    """Windows of a counter that saw what the log holds, each server's every hour."""
    hours = [since + timedelta(hours=n) for n in range(int((until - since) / timedelta(hours=1)))]
    counted = dict(
        frame.group_by("server", pl.col("requested_at").dt.truncate("1h"))
        .len()
        .select(pl.struct("server", "requested_at").map_elements(lambda key: (key["server"], key["requested_at"]),
                return_dtype=pl.Object), "len")
        .iter_rows()
    )  # fmt: skip
    servers = frame["server"].unique().sort()
    return [
        ("V", s, hour, hour + timedelta(hours=1), counted.get((s, hour), 0), None) for s in servers for hour in hours
    ]


def covered(
    folder: Path,
    frame: pl.DataFrame,
    *,
    counters: list[tuple[Any, ...]] | None = None,
    outages: list[tuple[Any, ...]] | None = None,
    files: dict[str, tuple[datetime, datetime]] | None = None,
    more: str = "",
) -> pl.DataFrame:
    """The coverage of a case of one operator and one source; files hold the lines of a stretch each."""
    (folder / "case.toml").write_text(CASE.format(more=more))
    frame = frame.sort("requested_at").with_columns(operator=pl.lit("V"))
    spans = files or {"evidence/log.parquet": (datetime.min, datetime.max)}
    parts, rows, first = [], [], 1
    for path, (start, end) in spans.items():
        own = frame.filter(pl.col("requested_at").is_between(start, end, closed="left"))
        parts.append(own.with_columns(request_id=pl.int_range(pl.len(), dtype=pl.Int64) + LINES_A_SOURCE + first))
        rows.append(("web", path, first, own.height))
        first += own.height
    with duckdb.connect() as connection:
        connection.register("requests", pl.concat(parts))
        connection.register("counters", pl.DataFrame(counters or [], schema=COUNTERS, orient="row"))
        connection.register("outages", pl.DataFrame(outages or [], schema=OUTAGES, orient="row"))
        return log_coverage(connection, load(folder), pl.DataFrame(rows, schema=FILES, orient="row"))


def unseen(table: pl.DataFrame) -> list[tuple[Any, ...]]:
    """What the log itself gave away: server, start and end to the hour nearest, kind."""
    found = table.filter(pl.col("kind").is_in(UNSEEN))
    hours = pl.col("start", "end").dt.round("1h")
    return found.select("server", hours, "kind").select("server", "start", "end", "kind").rows()


TWO = pl.concat([lines("a"), lines("b")])


def test_a_log_that_lost_nothing_has_no_silence(tmp_path):
    assert unseen(covered(tmp_path, TWO)) == []
    assert unseen(covered(tmp_path, lines(None))) == []


def test_a_day_that_one_of_two_servers_lacks_is_a_missing_server(tmp_path):
    ((server, start, end, kind),) = unseen(covered(tmp_path, without(TWO, day(16), day(17), "b")))
    assert (server, kind) == ("b", "missing_server")
    assert day(15, 12) < start <= day(16)
    assert day(17) <= end < day(17, 12)


def test_working_hours_that_all_servers_lack_are_missing_hours_told_once(tmp_path):
    found = unseen(covered(tmp_path, without(TWO, day(16, 9), day(16, 15))))
    assert found == [(None, day(16, 9), day(16, 15), "missing_hour")]


def test_forty_minutes_without_a_line_of_one_server_are_a_silence_because_the_other_went_on(tmp_path):
    busy = pl.concat([lines("a", a_day=12_000), lines("b", a_day=12_000)])
    table = covered(tmp_path, without(busy, day(16, 12.1), day(16, 12.8), "a"))
    ((server, start, end, kind),) = table.filter(pl.col("kind").is_in(UNSEEN)).select(
        "server", "start", "end", "kind"
    ).rows()  # fmt: skip
    assert (server, kind) == ("a", "silence")
    assert day(16, 12) < start < day(16, 12.1)
    assert day(16, 12.8) < end < day(16, 12.9)


def test_what_was_not_seen_is_unknown_and_never_zero(tmp_path):
    table = covered(tmp_path, without(TWO, day(16, 9), day(16, 15)))
    LogCoverage.validate(table)
    told = table.filter(kind="missing_hour").select("share_kept", "share_low", "share_high", "windows_checked")
    assert told.row(0) == (None, 0.0, 1.0, 0)


def test_nights_and_weekends_without_a_line_are_no_silence(tmp_path):
    office = pl.concat([lines("a", weekend=0.0), lines("b", weekend=0.0)])
    at = pl.col("requested_at").dt.hour()
    assert unseen(covered(tmp_path, office.filter(at.is_between(7, 19)))) == []


def test_a_holiday_as_quiet_as_a_sunday_is_no_silence_and_no_fall(tmp_path):
    noise = pl.Series(np.random.default_rng(1).random(TWO.height))
    holiday = pl.col("requested_at").is_between(day(16), day(17))
    assert unseen(covered(tmp_path, TWO.filter(~holiday | (noise < 0.3)))) == []


def test_an_office_that_is_shut_on_weekends_may_be_shut_on_a_holiday(tmp_path):
    office = pl.concat([lines("a", weekend=0.0), lines("b", weekend=0.0)])
    assert unseen(covered(tmp_path, without(office, day(16), day(17)))) == []


def test_a_robot_at_night_does_not_make_other_nights_silent(tmp_path):
    rng = np.random.default_rng(2)
    seconds = [n * 86400 + 3600 * (1 + 3 * rng.random()) for n in range(14, 28) for _ in range(4000)]
    robot = pl.DataFrame(
        {"server": ["a", "b"] * 28_000, "requested_at": [MONDAY + timedelta(seconds=s) for s in seconds]}
    )
    assert unseen(covered(tmp_path, pl.concat([TWO, robot]))) == []


def test_where_a_counter_says_complete_a_silence_is_real(tmp_path):
    quiet = without(TWO, day(16, 9), day(16, 15))
    table = covered(tmp_path, quiet, counters=hourly(quiet, day(0), day(29)))
    assert unseen(table) == []
    assert is_complete(table)


def test_where_the_counter_stood_still_too_the_silence_is_unknown_and_the_log_not_complete(tmp_path):
    quiet = without(TWO, day(16, 9), day(16, 15))
    counters = [row for row in hourly(quiet, day(0), day(29)) if not day(16, 9) <= row[2] < day(16, 15)]
    table = covered(tmp_path, quiet, counters=counters)
    assert unseen(table) == [(None, day(16, 9), day(16, 15), "missing_hour")]
    assert not is_complete(table)


def test_a_declared_outage_is_not_found_again(tmp_path):
    quiet = without(TWO, day(16, 9), day(16, 15))
    table = covered(tmp_path, quiet, outages=[("V", None, day(16, 9), day(16, 15))])
    assert unseen(table) == []
    assert table["kind"].to_list().count("gap") == 1


def test_a_server_that_is_named_and_never_logs_is_missing(tmp_path):
    table = covered(tmp_path, TWO, outages=[("V", "c", day(3), day(4))])
    assert [(server, kind) for server, *_, kind in unseen(table)] == [("c", "missing_server")] * 2


def test_a_server_whose_share_falls_and_stays_low_has_a_fallen_rate_and_its_fellow_has_not(tmp_path):
    noise = pl.Series(np.random.default_rng(3).random(TWO.height))
    fallen = (pl.col("server") == "b") & (pl.col("requested_at") >= day(17))
    found = unseen(covered(tmp_path, TWO.filter(~fallen | (noise < 0.4))))
    assert [(server, kind) for server, *_, kind in found] == [("b", "rate_change")]
    assert day(16) <= found[0][1] <= day(18)
    assert found[0][2] >= day(27)


def test_a_rate_that_is_low_before_it_rises_has_fallen_then(tmp_path):
    noise = pl.Series(np.random.default_rng(3).random(TWO.height))
    low = (pl.col("server") == "b") & (pl.col("requested_at") < day(9))
    found = unseen(covered(tmp_path, TWO.filter(~low | (noise < 0.4))))
    assert [(server, kind) for server, *_, kind in found] == [("b", "rate_change")]
    assert found[0][1] < day(0, 6)
    assert day(8) <= found[0][2] <= day(10)


def test_a_single_log_that_falls_below_half_of_every_other_weekday_for_a_week_has_a_fallen_rate(tmp_path):
    alone = lines(None)
    noise = pl.Series(np.random.default_rng(3).random(alone.height))
    low = pl.col("requested_at").is_between(day(10), day(20))
    found = unseen(covered(tmp_path, alone.filter(~low | (noise < 0.3))))
    assert found == [(None, day(10), day(20), "rate_change")]


def test_a_robot_at_both_servers_is_no_change_of_rate(tmp_path):
    rng = np.random.default_rng(2)
    seconds = [n * 86400 + 86400 * rng.random() for n in range(10, 15) for _ in range(10_000)]
    robot = pl.DataFrame(
        {"server": ["a", "b"] * 25_000, "requested_at": [MONDAY + timedelta(seconds=s) for s in seconds]}
    )
    assert unseen(covered(tmp_path, pl.concat([TWO, robot]))) == []


def test_a_silence_between_two_files_of_a_source_is_a_missing_file(tmp_path):
    holed = without(TWO, day(16), day(17))
    files = {"evidence/access-1.parquet": (day(0), day(16)), "evidence/access-2.parquet": (day(17), day(30))}
    ((server, *_, kind),) = unseen(covered(tmp_path, holed, files=files))
    assert (server, kind) == (None, "rotation")


def test_a_number_that_a_series_lacks_is_a_missing_file_however_short_its_hole(tmp_path):
    holed = without(TWO, day(16, 2), day(16, 4))
    files = {"evidence/access.log.3": (day(0), day(16, 2)), "evidence/access.log.1": (day(16, 4), day(30))}
    ((server, start, end, kind),) = unseen(covered(tmp_path, holed, files=files))
    assert (server, kind) == (None, "rotation")
    assert start < day(16, 3) < end


def test_a_log_that_begins_after_the_suspected_time_lacks_its_first_files(tmp_path):
    late = TWO.filter(pl.col("requested_at") >= day(10))
    ((server, start, _, kind),) = unseen(covered(tmp_path, late, more=f"suspected_from = {day(4).isoformat()}Z"))
    assert (server, start, kind) == (None, day(4), "rotation")
    assert unseen(covered(tmp_path, late, more=f"suspected_from = {day(12).isoformat()}Z")) == []


@pytest.mark.parametrize(
    ("names", "gaps"),
    [
        (["access.log", "access.log.1", "access.log.2.gz"], []),
        (["access.log.1", "access.log.3.gz"], [("access.log.1", "access.log.3.gz")]),
        (["access.log", "access.log.2"], [("access.log", "access.log.2")]),
        (["access-20160301.log", "access-20160302.log", "access-20160304.log.gz"],
         [("access-20160302.log", "access-20160304.log.gz")]),
        (["access-2016-03-01", "access-2016-03-02", "access-2016-03-03"], []),
        (["u_ex160301.log", "u_ex160302.log", "u_ex160303.log", "u_ex160305.log"],
         [("u_ex160303.log", "u_ex160305.log")]),
        # Mondays to Fridays, twice: nothing is written on weekends
        ([f"a-2016-03-{day:02}.log" for day in (7, 8, 9, 10, 11, 14, 15, 16, 17, 18)], []),
        ([f"a-20160301{hour:02}.log" for hour in (0, 1, 2, 4, 5)], [("a-2016030102.log", "a-2016030104.log")]),
        ([f"a-201603{day}.log" for day in ("01", "08", "15", "29")], [("a-20160315.log", "a-20160329.log")]),
        (["one.log", "two.log", "2016-13-45.log"], []),
    ],
)  # fmt: skip
def test_what_a_series_of_names_lacks(names: list[str], gaps: list[tuple[str, str]]):
    assert gaps_in_series(names) == gaps


SERVERS = st.sampled_from(["a", "b", None])


@settings(max_examples=40, deadline=None)
@example([("a", 144, 1), ("a", 192, 1)], [])
@example([("a", 0, 400), (None, 5000, 400), ("b", 0, 400), ("b", 4000, 60)], [("a", 0, 400, 0)])
@given(
    st.lists(st.tuples(SERVERS, st.integers(0, 40 * 144), st.sampled_from([1, 60, 400])), min_size=1, max_size=30),
    st.lists(st.tuples(SERVERS, st.integers(0, 40 * 24), st.integers(1, 400), st.integers(0, 900)), max_size=3),
)
def test_nothing_is_found_where_a_counter_speaks(
    tmp_path_factory, bursts: list[tuple[Any, ...]], windows: list[tuple[Any, ...]]
):
    """Any lines, any windows: the table keeps its model, and what is found lies outside the windows."""
    rows = [
        (server, MONDAY + timedelta(minutes=10 * start, seconds=7 * n))
        for server, start, many in bursts
        for n in range(many)
    ]
    frame = pl.DataFrame(rows, schema={"server": pl.String, "requested_at": pl.Datetime("us")}, orient="row")
    counters = [("V", s, day(0, start), day(0, start + hours), n, None) for s, start, hours, n in windows]
    table = covered(tmp_path_factory.mktemp("any"), frame, counters=counters)
    LogCoverage.validate(table)
    for server, start, end in table.filter(pl.col("kind").is_in(UNSEEN)).select("server", "start", "end").iter_rows():
        for _, of, since, until, *_ in counters:
            assert of not in (None, server) or until <= start or end <= since


def test_a_lost_day_of_an_invented_log_is_found_without_counters_and_nothing_else_is(tmp_path):
    """Seed 1001 of the laboratory, from the lines alone: what `server_day_lost` took, at both operators."""
    case = load(generate(tmp_path, "--damage", "server_day_lost", seed=1001) / "case")
    parts = [
        pl.read_parquet(case.folder / source.path).select(
            request_id=pl.int_range(pl.len(), dtype=pl.Int64) + number * LINES_A_SOURCE + 1,
            operator=pl.lit(source.operator),
            server=str(source.fields["server"]),
            requested_at=str(source.fields["requested_at"]),
        )
        for number, source in case.logs()
    ]
    with duckdb.connect() as connection:
        connection.register("requests", pl.concat(parts))
        connection.register("counters", pl.DataFrame(schema=COUNTERS))
        connection.register("outages", pl.DataFrame(schema=OUTAGES))
        table = log_coverage(connection, case, pl.DataFrame(schema=FILES)).filter(pl.col("kind") != "unwitnessed")
    planted = sorted((outage.operator, outage.server, outage.start, outage.end) for outage in case.declared.outage)
    found = table.select("operator", "server", "start", "end").rows()
    assert [row[:2] for row in found] == [row[:2] for row in planted]
    assert all(mine[2] <= lost[2] < lost[3] <= mine[3] for mine, lost in zip(found, planted, strict=True))
    assert table["kind"].to_list() == ["missing_server"] * 2
