"""Sessions: cut per client where it falls silent for longer than the gap; held equal to a slow twin."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import numpy as np
import polars as pl
import pytest
import reference
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tables import frame, load, rebuilt

from benchmarks.sessions import generate, ours, with_polars
from forensics import sessions
from forensics.cutting import Interned
from forensics.engine import create, query
from forensics.settings import Settings


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def cut(engine, requests: str, gap_minutes: int = 30) -> list[list[int]]:
    """Return the sessions in their order, each the numbers of its requests."""
    rebuilt(engine, gap_minutes, requests=requests)
    found: dict[int, list[int]] = {}
    for request_id, _, session_id in sessions.request_sessions(engine).iter_rows():
        found.setdefault(session_id, []).append(request_id)
    return [found[session_id] for session_id in sorted(found)]


def test_a_silence_longer_than_the_gap_begins_a_session(engine):
    asked = """
        requested_at
        18 09:00
        18 09:20
        18 09:50:00.000001
    """
    assert cut(engine, asked) == [[1, 2], [3]]


def test_a_silence_of_exactly_the_gap_does_not(engine):
    asked = """
        requested_at
        18 09:00
        18 09:30
        18 10:00
    """
    assert cut(engine, asked) == [[1, 2, 3]]


def test_midnight_is_no_silence(engine):
    asked = """
        requested_at
        18 23:59:59
        19 00:00:01
    """
    assert cut(engine, asked) == [[1, 2]]


def test_rows_may_come_in_any_order(engine):
    asked = """
        requested_at
        18 12:00
        18 09:10
        18 09:00
        18 12:05
    """
    assert cut(engine, asked) == [[2, 3], [1, 4]]


def test_another_account_address_agent_or_operator_is_another_client(engine):
    asked = """
        requested_at | operator | account_id | client_ip | user_agent
        18 09:00     | A        | optic-1    | 192.0.2.1 | Firefox
        18 09:01     | A        | optic-2    | 192.0.2.1 | Firefox
        18 09:02     | A        | optic-1    | 192.0.2.2 | Firefox
        18 09:03     | A        | optic-1    | 192.0.2.1 | curl
        18 09:04     | B        | optic-1    | 192.0.2.1 | Firefox
        18 09:05     | A        | optic-1    | 192.0.2.1 | Firefox
    """
    assert sorted(cut(engine, asked)) == [[1, 6], [2], [3], [4], [5]]


def test_what_the_log_does_not_say_is_a_client_of_its_own(engine):
    asked = """
        requested_at | account_id | client_ip | user_agent
        18 09:00     | -          | -         | -
        18 09:01     | -          | -         | -
        18 09:02     | -          | -         | Firefox
        18 09:03     | optic-1    | -         | -
    """
    assert sorted(cut(engine, asked)) == [[1, 2], [3], [4]]


def test_requests_at_the_same_moment_belong_together(engine):
    asked = """
        requested_at
        18 09:00
        18 09:00
        18 09:00
    """
    assert cut(engine, asked) == [[1, 2, 3]]


def test_a_session_tells_what_was_asked_and_answered(engine):
    asked = """
        requested_at | subject_key | status | method | action | records_returned
        18 09:00     | -           | 200    | GET    | login  | -
        18 09:01     | 11          | 200    | GET    | rights | 2
        18 09:02     | 11          | 200    | HEAD   | rights | -
        18 09:03     | 12          | 404    | GET    | rights | -
        18 09:04     | 12          | 200    | GET    | rights | 0
        18 09:05     | 13          | -      | -      | rights | -
        18 09:06     | 14          | 200    | GET    | static | -
    """
    subjects = "subject_key | card_key\n11 | 1\n12 | 2\n13 | 3"
    register = "card_key | person_key\n1 | 1\n1 | 2\n2 | 3\n3 | 1"
    persons = "person_key | person_id\n1 | 1\n2 | 2\n3 | 3"
    rebuilt(engine, requests=asked, subjects=subjects, register=register, persons=persons)
    engine.register("followed", pl.DataFrame(schema={"operator": pl.String, "days": pl.Int64}))
    create(engine, "patients", {"relation_days": 60})
    (session,) = query(engine, "sessions", {"care_known": False}).to_dicts()
    counted = {name: session[name] for name in ("n_requests", "n_lookups", "n_hits", "n_subjects", "n_people")}
    assert counted == {"n_requests": 7, "n_lookups": 5, "n_hits": 2, "n_subjects": 3, "n_people": 2}
    assert session["explained_share"] is None


def test_another_token_begins_a_session_and_two_at_once_are_two_sessions(engine):
    asked = """
        requested_at | session_token
        18 09:00     | owner
        18 09:01     | robot
        18 09:02     | owner
        18 09:03     | robot
        18 09:04     | later
    """
    assert cut(engine, asked) == [[1, 3], [2, 4], [5]]


def test_a_token_at_two_addresses_stays_two_clients(engine):
    asked = """
        requested_at | session_token | client_ip
        18 09:00     | one           | 192.0.2.1
        18 09:01     | one           | 192.0.2.2
        18 09:02     | one           | 192.0.2.1
    """
    assert cut(engine, asked) == [[1, 3], [2]]


def test_a_token_that_falls_silent_is_two_sessions(engine):
    asked = """
        requested_at | session_token
        18 09:00     | one
        18 09:20     | other
        18 09:40     | one
    """
    assert cut(engine, asked) == [[1], [2], [3]]


def test_a_request_without_a_token_goes_with_the_one_before_else_the_one_after(engine):
    asked = """
        requested_at | session_token
        18 09:00     | -
        18 09:01     | one
        18 09:02     | -
        18 09:03     | other
        18 09:04     | -
        18 12:00     | -
    """
    assert cut(engine, asked) == [[1, 2, 3], [4, 5], [6]]


def test_what_never_falls_silent_is_cut_every_twelve_hours_from_its_first_request(engine):
    asked = "requested_at\n" + "\n".join(f"{18 + n // 48} {n % 48 // 2:02d}:{n % 2 * 30:02d}" for n in range(17, 70))
    assert [len(session) for session in cut(engine, asked)] == [24, 24, 5]


NOON = datetime(2024, 1, 18, 12)
SILENCES = st.sampled_from([0, 1, 599, 600, 601, 1799, 1800, 1801, 3600, 40_000])
REQUESTS = st.lists(
    st.fixed_dictionaries(
        {
            "operator": st.sampled_from("AB"),
            "account_id": st.sampled_from(["optic-1", "optic-2", None]),
            "client_ip": st.sampled_from(["192.0.2.1", None]),
            "user_agent": st.sampled_from(["Firefox", None]),
            "session_token": st.sampled_from([None, None, "one", "two", "Été"]),
            "silence_s": SILENCES,
            "subject_key": st.sampled_from([None, 1, 2, 3]),
            "action": st.sampled_from(["rights", "login"]),
        }
    ),
    min_size=1,
    max_size=25,
)


def _at_moments(drawn: list[dict], order: list[int], step_s: int | None, few: bool, tokens: bool) -> list[dict]:
    """Turn silences into moments, and number the requests in an order that is not that of time."""
    at, made = NOON, []
    for row in drawn:
        at += timedelta(seconds=row["silence_s"] if step_s is None else step_s)
        one = {name: value for name, value in row.items() if name != "silence_s"} | {"requested_at": at}
        one |= {"operator": "A", "account_id": "optic-1", "client_ip": None, "user_agent": None} if few else {}
        made.append(one | ({} if tokens else {"session_token": None}))
    return [made[place] | {"request_id": number} for number, place in enumerate(order)]


def _requests(data) -> list[dict]:
    drawn = data.draw(REQUESTS)
    step = data.draw(st.sampled_from([None, None, 1800]))
    order = data.draw(st.permutations(range(len(drawn))))
    return _at_moments(drawn, order, step, data.draw(st.booleans()), data.draw(st.booleans()))


def _tables(engine) -> list[list[tuple]]:
    names = ("strand_keys", "session_keys", "request_sessions", "session_sensitivity")
    return [engine.table(name).order("1").fetchall() for name in names]


@given(st.data())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_fast_cut_portable_text_and_slow_twin_agree_on_every_session_and_number(engine, data):
    requests = _requests(data)
    gap, cap = data.draw(st.sampled_from([10, 30])), data.draw(st.sampled_from([1, 2, 12]))
    chosen = Settings(session_gap_minutes=gap, session_cap_hours=cap)  # type: ignore[call-arg]
    load(engine, requests=frame("requests", requests))
    found = []
    for way in (sessions.cut, sessions.cut_by_sql):
        way(engine, chosen)
        found.append(_tables(engine))
        mine = sessions.request_sessions(engine).group_by("session_id").agg("request_id")["request_id"].to_list()
        expected = reference.sessions(requests, timedelta(minutes=gap), timedelta(hours=cap))
        assert {frozenset(session) for session in mine} == expected
        lanes = [one for asked in reference.of_clients(requests)
                 for one in reference.lanes(asked, timedelta(minutes=gap)).values()]  # fmt: skip
        counted = [len(reference.cut_lanes(lanes, timedelta(minutes=n), timedelta(hours=cap))) for n in (10, 30, 60)]
        assert sessions.sensitivity(engine).rows() == list(zip((10, 30, 60), counted, strict=True))
    assert found[0] == found[1]


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_engine_counts_pace_as_the_slow_twin_does(engine, data):
    requests = _requests(data)
    window = data.draw(st.sampled_from([7, 10, 60]))
    load(engine, requests=frame("requests", requests))
    sessions.build(engine, Settings())  # type: ignore[call-arg]
    strands = {row["strand_id"]: row for row in engine.table("strand_keys").pl().to_dicts()}
    pace = query(engine, "strand_pace", {"window_minutes": window, "clean_until": None})
    busiest = {reference.client(strands[row["strand_id"]]): row["busiest_subjects"] for row in pace.to_dicts()}
    asked: dict[tuple, list[dict]] = {}
    for request in filter(reference.is_lookup, requests):
        asked.setdefault(reference.client(request), []).append(request)
    assert busiest == {who: reference.busiest_window(lookups, window) for who, lookups in asked.items()}


@given(st.lists(st.integers(0, 2**62), max_size=60), st.integers(1, 3))
def test_interned_numbers_stand_for_one_value_each_even_where_slots_collide(values, bits):
    interned = Interned(bits)
    given = [np.array(values[:n], dtype=np.int64) for n in (len(values) // 2, len(values))]
    numbers = [interned.numbers(part) for part in given]
    for part, found in zip(given, numbers, strict=True):
        assert interned.values()[found].tolist() == part.tolist()
    assert sorted(interned.values().tolist()) == sorted(set(values))


def test_session_numbers_do_not_depend_on_the_order_of_rows(engine):
    asked = """
        requested_at | account_id
        18 09:00     | optic-2
        18 08:00     | optic-1
        18 11:00     | optic-2
        18 08:05     | -
    """
    table = frame("requests", asked)
    numbers = []
    for shuffled in (table, table.reverse(), table.sample(fraction=1.0, shuffle=True, seed=1)):
        rebuilt(engine, requests=shuffled)
        numbers.append(sessions.request_sessions(engine).rows())
    assert numbers[0] == numbers[1] == numbers[2]


@pytest.mark.parametrize("features", [False, True])
def test_the_benchmark_compares_ways_that_find_the_same_sessions(features, tmp_path):
    path = tmp_path / "requests.parquet"
    generate(path, 20_000)
    found = ours(path, features=features)
    assert found == with_polars(path, features=features)
    assert found[0] > 1_000
