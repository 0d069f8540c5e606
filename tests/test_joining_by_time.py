"""Lines without a common reference: one request where sender, deed and time agree, and no guess where they do not."""

from __future__ import annotations

import re
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl
import pytest
import reference
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tables import rows

from forensics.case import load
from forensics.evidence.ingest import ingest
from forensics.evidence.joining import Joined, join_logs
from forensics.evidence.joining_by_time import MEASURED, measure, nearest
from forensics.schemas import Clocks, JoinedLines, Joins
from forensics.settings import Settings
from forensics.vocabulary import JOINED_BY, LINES_A_SOURCE

FIRST = datetime(2024, 1, 18)
PROXY, AUDIT, LOGINS = 1, 2, 3
KINDS = {"access": ("access_log", PROXY), "audit": ("audit_trail", AUDIT), "login": ("authentication", LOGINS)}
TEXTS = (
    "request_ref", "server", "account_id", "session_token", "client_ip", "user_agent", "method", "path", "action",
    "subject", "subject_kind", "subject_message", "tier",
)  # fmt: skip
NUMBERS = ("client_port", "status", "response_bytes", "duration_ms", "records_returned")
FEW = Settings(least_pairs_alone=6)  # type: ignore[call-arg]
SHORT = {"account": "account_id", "token": "session_token", "ip": "client_ip", "agent": "user_agent"}

# Ten minutes apart and alone: the audit trail writes 0.1 to 0.3 s after the proxy.
ALONE = "\n".join(
    f"{log} | {9 + n // 6:02d}:{n % 6}0:00{after} | rights | {sender}"
    for n in range(8)
    for log, after, sender in (("access", "", "a{0} | - | -"), ("audit", f".{1 + n % 3}", "a{0} | - | -"))
    for sender in [sender.format(n)]
)
HEAD = "log | at | action | account | token | ip\n"


def clear_lines(text: str) -> pl.DataFrame:
    """Admitted lines from a text table: which log, when on 18 January, and what the columns name."""
    counted = dict.fromkeys(KINDS, 0)
    made = []
    for row in rows(text):
        log, at = str(row.pop("log")), str(row.pop("at")).split(":")
        counted[log] += 1
        kind, number = KINDS[log]
        seconds = int(at[0]) * 3600 + int(at[1]) * 60 + float(at[2])
        named = {SHORT.get(name, name): value for name, value in row.items()}
        made.append({
            "source": log, "source_number": number, "line": counted[log], "kind": kind, "operator": "A",
            "requested_at": FIRST + timedelta(seconds=seconds), **dict.fromkeys((*TEXTS, *NUMBERS)), **named,
        })  # fmt: skip
    schema = {name: pl.String for name in ("source", "kind", "operator", *TEXTS)} | {
        **dict.fromkeys(("source_number", "line", *NUMBERS), pl.Int64), "requested_at": pl.Datetime("us"),
    }  # fmt: skip
    known = pl.col("action").is_not_null()
    return pl.DataFrame(made, schema=schema).with_columns(
        pl.col("action").fill_null("other"), pl.col("status").cast(pl.Int16), is_action_known=known
    )


def joined(tmp_path: Path, lines: pl.DataFrame | str, settings: Settings = FEW) -> Joined:
    lines = clear_lines(lines) if isinstance(lines, str) else lines
    repeated = pl.DataFrame(schema={"source_number": pl.Int64, "line": pl.Int64})
    with duckdb.connect() as connection:
        connection.register("clear_lines", lines)
        connection.register("repeated_lines", repeated)
        found = join_logs(connection, tmp_path, settings)
    JoinedLines.validate(found.lines)
    Joins.validate(found.shares)
    Clocks.validate(found.clocks)
    return found


def pairs(tmp_path: Path, lines: pl.DataFrame | str, settings: Settings = FEW) -> list[tuple[int, int, str]]:
    """The lines joined beyond the eight that are alone: number in the proxy's log, in the audit trail, and by what."""
    found = joined(tmp_path, lines, settings).lines.select(
        pl.col("request_id") % LINES_A_SOURCE, pl.col("line_id") % LINES_A_SOURCE, "joined_by"
    )
    return [pair for pair in found.rows() if pair[0] > 8 or pair[1] > 8]


def beside(text: str) -> str:
    return f"{HEAD}{ALONE}\n{text.strip()}"


def test_lines_that_are_alone_with_each_other_measure_how_the_logs_differ(tmp_path):
    found = joined(tmp_path, HEAD + ALONE)
    row = found.clocks.row(0, named=True)
    assert (row["server"], row["reference"], row["n_sessions"], row["method"]) == ("audit", "access", 8, "time")
    assert (row["skew_s"], row["low_s"], row["high_s"]) == (0.2, 0.1, 0.3)
    assert found.shares.select("source", "lines", "by_time", "alone").rows() == [
        ("access", 8, 8, 0),
        ("audit", 8, 8, 0),
    ]


@pytest.mark.parametrize("ahead", [-250, -90, 90, 250])
def test_a_clock_that_is_off_by_minutes_is_measured_and_taken_off(tmp_path, ahead):
    lines = clear_lines(HEAD + ALONE)
    is_audit = pl.col("kind") == "audit_trail"
    lines = lines.with_columns(
        pl.when(is_audit).then(pl.col("requested_at") + timedelta(seconds=ahead)).otherwise("requested_at")
    )
    found = joined(tmp_path, lines)
    assert found.clocks["skew_s"].to_list() == [pytest.approx(0.2 + ahead)]
    assert found.lines.height == 8


def test_a_burst_is_joined_line_by_line_in_its_order(tmp_path):
    text = """
        access | 12:00:00   | rights | a | - | -
        access | 12:00:01   | rights | a | - | -
        access | 12:00:02   | rights | a | - | -
        audit  | 12:00:00.2 | rights | a | - | -
        audit  | 12:00:01.3 | rights | a | - | -
        audit  | 12:00:02.1 | rights | a | - | -
    """
    assert pairs(tmp_path, beside(text)) == [(9, 9, "account"), (10, 10, "account"), (11, 11, "account")]


def test_a_line_whose_counterpart_is_lost_does_not_take_its_neighbours(tmp_path):
    text = """
        access | 12:00:00   | rights | a | - | -
        access | 12:00:01   | rights | a | - | -
        audit  | 12:00:01.2 | rights | a | - | -
    """
    assert pairs(tmp_path, beside(text)) == [(10, 9, "account")]


def test_of_equal_times_the_lines_are_taken_in_their_order(tmp_path):
    text = """
        access | 12:00:00   | rights | a | - | -
        access | 12:00:00   | rights | a | - | -
        audit  | 12:00:00.2 | rights | a | - | -
        audit  | 12:00:00.2 | rights | a | - | -
    """
    assert pairs(tmp_path, beside(text)) == [(9, 9, "account"), (10, 10, "account")]


def test_another_deed_another_account_or_another_time_is_another_request(tmp_path):
    text = """
        access | 12:00:00   | rights | a | - | -
        audit  | 12:00:00.2 | search | a | - | -
        audit  | 12:00:00.2 | rights | b | - | -
        audit  | 12:00:09   | rights | a | - | -
    """
    assert pairs(tmp_path, beside(text)) == []


def test_where_both_know_the_session_it_decides_and_not_the_account(tmp_path):
    text = """
        access | 12:00:00   | rights | - | s1 | 192.0.2.1
        access | 12:00:00.1 | rights | - | s2 | 192.0.2.2
        audit  | 12:00:00.2 | rights | a | s2 | -
        audit  | 12:00:00.3 | rights | a | s1 | -
    """
    assert pairs(tmp_path, beside(text)) == [(9, 10, "session"), (10, 9, "session")]


def test_the_login_lends_its_account_to_the_session_and_then_account_and_time_join(tmp_path):
    text = """
        login  | 11:59:00   | login  | a | s1 | 192.0.2.1
        access | 12:00:00   | rights | - | s1 | 192.0.2.1
        audit  | 12:00:00.2 | rights | a | -  | -
    """
    assert pairs(tmp_path, beside(text)) == [(9, 9, "account")]


def test_two_sessions_of_one_account_at_one_moment_are_not_guessed_apart(tmp_path):
    text = """
        login  | 11:58:00   | login  | a | s1 | 192.0.2.1
        login  | 11:59:00   | login  | a | s2 | 198.51.100.7
        access | 12:00:00   | rights | - | s1 | 192.0.2.1
        access | 12:00:00.1 | rights | - | s2 | 198.51.100.7
        audit  | 12:00:00.2 | rights | a | -  | -
    """
    assert pairs(tmp_path, beside(text)) == []


def test_without_sessions_the_last_login_from_an_address_says_whose_it_is(tmp_path):
    text = """
        login  | 11:00:00   | login  | a | - | 192.0.2.1
        login  | 11:30:00   | login  | b | - | 192.0.2.1
        access | 11:10:00   | rights | - | - | 192.0.2.1
        access | 12:00:00   | rights | - | - | 192.0.2.1
        audit  | 11:10:00.2 | rights | b | - | -
        audit  | 12:00:00.2 | rights | b | - | -
    """
    assert pairs(tmp_path, beside(text)) == [(10, 10, "login")]


def test_addresses_that_differ_are_never_one_request(tmp_path):
    text = """
        access | 12:00:00   | rights | a | - | 192.0.2.1
        audit  | 12:00:00.2 | rights | a | - | 192.0.2.2
        access | 13:00:00   | rights | a | - | 192.0.2.1
        audit  | 13:00:00.2 | rights | a | - | 192.0.2.1
    """
    assert pairs(tmp_path, beside(text)) == [(10, 10, "account_and_address")]


def test_an_audit_trail_without_accounts_is_joined_by_address(tmp_path):
    text = """
        access | 12:00:00   | rights | - | - | 192.0.2.1
        audit  | 12:00:00.2 | rights | - | - | 192.0.2.1
    """
    assert pairs(tmp_path, beside(text)) == [(9, 9, "address")]


def test_statuses_that_both_logs_tell_must_agree(tmp_path):
    text = re.sub(r"(?m)$", " | 200", ALONE)
    text = (
        "log | at | action | account | token | ip | status\n"
        + text
        + """
        access | 12:00:00   | rights | a | - | - | 200
        audit  | 12:00:00.2 | rights | a | - | - | 404
    """
    )
    assert pairs(tmp_path, text.rstrip()) == []


def test_what_no_reference_joins_is_joined_beside_what_a_reference_does(tmp_path):
    lines = clear_lines(
        beside("""
        access | 12:00:00   | rights | a | - | -
        audit  | 12:00:01.5 | rights | a | - | -
    """)
    )
    is_ninth = pl.col("line") == 9
    lines = lines.with_columns(request_ref=pl.when(is_ninth).then(pl.lit("r9")))
    assert pairs(tmp_path, lines) == [(9, 9, "request_ref")]
    assert joined(tmp_path, lines).lines.height == 9


def test_too_few_lines_that_are_alone_measure_nothing_and_nothing_is_joined(tmp_path):
    found = joined(tmp_path, HEAD + ALONE, Settings())
    assert found.lines.height == 0
    assert found.clocks.select("skew_s", "n_sessions", "method").rows() == [(None, 8, "time")]


def test_lines_that_chance_put_near_each_other_measure_nothing(tmp_path):
    """Two logs of other traffic: the lines are alone, and anything up to four minutes apart."""
    lines = clear_lines(HEAD + ALONE)
    apart = pl.when(pl.col("kind") == "audit_trail").then(pl.col("line") * 37 % 8 * 30).otherwise(0)
    found = joined(tmp_path, lines.with_columns(pl.col("requested_at") + pl.duration(seconds=apart)))
    assert found.lines.height == 0
    assert found.clocks["skew_s"].to_list() == [None]


def test_a_line_left_alone_stays_a_request_and_counts_as_naming_nobody(tmp_path):
    text = """
        access | 12:00:00 | rights | a | - | -
        access | 12:30:00 | other  | a | - | -
        access | 12:40:00 | static | a | - | -
    """
    found = joined(tmp_path, beside(text))
    assert found.shares.row(0, named=True) == {
        "source": "access", "kind": "access_log", "lines": 11, "by_request": 0, "by_time": 8, "by_session": 0,
        "alone": 3, "unnamed_lookups": 1,
    }  # fmt: skip
    assert found.told()[0] == (
        "joined access: 0 of 11 lines by request, 8 by time, 0 by session, 3 alone; 1 show somebody and do not say whom"
    )
    assert pl.read_parquet(tmp_path / "told_requests.parquet").height == 11


def test_the_order_of_the_rows_changes_nothing(tmp_path):
    lines = clear_lines(
        beside("""
        access | 12:00:00   | rights | a | - | -
        access | 12:00:00   | rights | a | - | -
        audit  | 12:00:00.1 | rights | a | - | -
        audit  | 12:00:00.3 | rights | a | - | -
    """)
    )
    assert joined(tmp_path, lines).lines.equals(joined(tmp_path, lines.reverse()).lines)


# Slow twins

LINES = st.lists(
    st.fixed_dictionaries({
        "kind": st.sampled_from(["access_log", "audit_trail"]),
        "at_us": st.integers(0, 40),
        "sender": st.sampled_from(["a", "b"]),
        "done": st.sampled_from(["rights", "search"]),
        "session_token": st.sampled_from([None, "s1", "s2"]),
        "account_id": st.sampled_from([None, "a", "b"]),
        "client_ip": st.sampled_from([None, "192.0.2.1"]),
    }),
    min_size=1, max_size=12,
)  # fmt: skip


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def keyed(engine, asked: list[dict]) -> list[dict]:
    """Give the engine lines whose sender is known; an access log's and an audit trail's are of one source each."""
    lines = []
    for number, line in enumerate(asked, start=1):
        source = PROXY if line["kind"] == "access_log" else AUDIT
        lines.append({
            **line, "id": source * LINES_A_SOURCE + number, "operator": "A", "source": str(source), "server": None,
            "user_agent": None, "requested_at": FIRST + timedelta(microseconds=line["at_us"]),
        })  # fmt: skip
    texts = dict.fromkeys(("session_token", "account_id", "client_ip", "server", "user_agent"), pl.String)
    engine.register("keyed_lines", pl.DataFrame(lines, schema_overrides=texts))
    return lines


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES, st.integers(-5, 5))
def test_the_nearest_are_joined_as_the_slow_twin_joins_them(engine, asked, offset_us):
    lines = keyed(engine, asked)
    clock = [("A", str(PROXY), None, str(AUDIT), offset_us, 0, -3, 6, 0.0)]
    measured = pl.DataFrame(clock, schema=MEASURED, orient="row")
    found = nearest(engine, measured, "account", Settings(join_tolerance_s=1e-5))  # type: ignore[call-arg]
    assert set(found.select("request_id", "line_id").rows()) == reference.nearest_in_time(lines, offset_us, -3, 6)
    assert set(found["joined_by"]) <= set(JOINED_BY)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES)
def test_lines_are_alone_where_the_slow_twin_says_so(engine, asked):
    lines = keyed(engine, [{**line, "at_us": line["at_us"] * 1_000_000} for line in asked])
    rows, _ = measure(engine, Settings(join_neighbourhood_s=4))  # type: ignore[call-arg]
    assert rows["n_sessions"].sum() == len(reference.alone(lines, 4_000_000))


# Invented cases


@pytest.mark.parametrize(("gone", "least_recall"), [("request_ref", 0.99), ("request_ref|session_token", 0.90)])
def test_an_invented_cases_logs_are_joined_without_their_references(generated, tmp_path, gone, least_recall):
    case = tmp_path / "case"
    shutil.copytree(generated("partial") / "case", case)
    text = (case / "case.toml").read_text()
    ingest(load(case), bytes(32), lambda _: None)
    true = set(pl.read_parquet(case / "work" / "joined_lines.parquet").select("request_id", "line_id").rows())
    (case / "case.toml").write_text(re.sub(rf"(?m)^({gone}) = .*\n", "", text))
    ingest(load(case), bytes(32), lambda _: None)
    found = set(pl.read_parquet(case / "work" / "joined_lines.parquet").select("request_id", "line_id").rows())
    assert len(found & true) / len(true) > least_recall
    assert len(found - true) / len(found) < 0.001
