"""Campaigns: which accused clients one robot drove, and how often honest ones would be linked as they are."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from math import exp
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from tables import case, frame, instant, rebuilt

from benchmarks import crawlers
from forensics import campaigns
from forensics.campaigns.null_model import null, upper_limit
from forensics.campaigns.ties import Lists
from forensics.campaigns.units import units

SETTINGS = case().settings
SECOND_US = 1_000_000
CROWD = 70
"""Honest clients, each with a network, a browser and patients of its own: 2,415 pairs."""


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def asked(who: dict[str, Any], subjects: Any, moments: Any, first_id: int) -> list[dict[str, Any]]:
    return [
        {**who, "requested_at": moment, "subject_key": int(subject), "request_id": first_id + number}
        for number, (subject, moment) in enumerate(zip(subjects, moments, strict=True))
    ]


def moments(start: str, gaps: Any) -> list[Any]:
    """Return a moment for each gap in seconds, counted from a start."""
    return [instant(start) + timedelta(seconds=float(at)) for at in np.cumsum(gaps)]


@cache
def crowd(lookups: int, register: int) -> tuple[dict[str, Any], ...]:
    """Return the requests of the honest clients, each in a rhythm of its own: people hurry and pause."""
    rng = np.random.default_rng(5)
    rows = []
    for number in range(CROWD):
        who = {
            "operator": "AB"[number % 2], "account_id": f"honest-{number}", "client_ip": f"100.64.{number}.1",
            "user_agent": f"Mozilla/5.0 (crowd {number})",
        }  # fmt: skip
        gaps = np.minimum(rng.lognormal(3, rng.uniform(0.9, 1.6), lookups), 1_500)
        people = rng.integers(0, register, lookups)
        rows += asked(who, people, moments("2 08:00", gaps), 10_000_000 + 10_000 * number)
    return tuple(rows)


@cache
def registers(size: int, departments: int) -> dict[str, pl.DataFrame]:
    """Return one register that both operators have, people spread over departments in turn."""
    people = range(size)
    rows = [
        {"operator": o, "card_key": n, "person_key": n, "subject_key": n, "department": str(n % departments)}
        for o in "AB"
        for n in people
    ]
    subjects = [{name: row[name] for name in ("operator", "subject_key", "card_key")} for row in rows]
    register = [{name: row[name] for name in ("operator", "card_key", "person_key", "department")} for row in rows]
    persons = [{"person_key": n, "person_id": n} for n in people]
    return {name: frame(name, given)
            for name, given in (("subjects", subjects), ("register", register), ("persons", persons))}  # fmt: skip


def linked(
    engine, requests: list[dict[str, Any]], *, register: int = 1000, lookups: int = 3, people: bool = True,
    departments: int = 1, honest: bool = True,
) -> tuple[list[set[str]], campaigns.Linked]:  # fmt: skip
    """Return the campaigns in their order, each the agents of its clients, and what linked them.

    Every client of `requests` is accused; the crowd is not.
    """
    everything = [*requests, *(crowd(lookups, register) if honest else ())]
    tables: dict[str, Any] = {"requests": frame("requests", everything), **registers(register, departments)}
    strands = rebuilt(engine, **tables)
    is_crowd = pl.col("account_id").str.starts_with("honest")
    judged = strands.with_columns(verdict=pl.when(is_crowd).then(pl.lit("honest")).otherwise(pl.lit("scraping")))
    found = campaigns.link(engine, SETTINGS, judged, SECOND_US // 1000, people=people)
    named = found.of_strand.join(judged.select("strand_id", "user_agent"), on="strand_id")
    groups = [set(group["user_agent"]) for group in named.sort("campaign_id").partition_by("campaign_id")]
    return groups, found


def grouped(engine, clients: str, lists: dict[str, range], **options: Any) -> list[set[str]]:
    """Return the campaigns of clients that ask steadily, one lookup a second, an hour after one another."""
    who = [[cell.strip() for cell in line.split("|")] for line in clients.strip().splitlines()]
    requests = []
    for hour, (agent, operator, account, address) in enumerate(who):
        named = {
            "operator": operator, "account_id": None if account == "-" else account, "client_ip": address,
            "user_agent": agent,
        }  # fmt: skip
        gaps = np.ones(len(lists[agent]))
        requests += asked(named, lists[agent], moments(f"18 {hour:02d}:00", gaps), 100_000 * hour)
    return linked(engine, requests, **options)[0]


def tie(found: campaigns.Linked, kind: str) -> dict[str, Any]:
    return found.ties.row(by_predicate=pl.col("tie") == kind, named=True)


APART = {"one": range(10), "two": range(500, 510), "three": range(700, 710)}


def test_clients_of_one_account_are_one_robot(engine):
    clients = """
        one | A | stolen | 192.0.2.1
        two | A | stolen | 198.51.100.1
    """
    assert grouped(engine, clients, APART) == [{"one", "two"}]


def test_the_same_login_at_another_operator_is_another_account(engine):
    clients = """
        one | A | stolen | 192.0.2.1
        two | B | stolen | 198.51.100.1
    """
    assert grouped(engine, clients, APART) == [{"one"}, {"two"}]


def test_clients_of_which_the_log_names_no_account_share_none(engine):
    clients = """
        one | A | - | 192.0.2.1
        two | A | - | 198.51.100.1
    """
    assert grouped(engine, clients, APART) == [{"one"}, {"two"}]


@pytest.mark.parametrize(
    ("address", "other", "linked"),
    [
        ("192.0.2.1", "192.0.2.254", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8:1::1", "2001:db8:1:ffff::9", True),
        ("2001:db8:1::1", "2001:db8:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.9", True),
        ("::ffff:192.0.2.1", "::ffff:198.51.100.1", False),
        ("not an address", "not an address", False),
    ],
)
def test_a_network_is_a_slash_24_or_a_slash_48(engine, address, other, linked):
    clients = f"""
        one | A | first  | {address}
        two | A | second | {other}
    """
    assert grouped(engine, clients, APART) == ([{"one", "two"}] if linked else [{"one"}, {"two"}])


ELSEWHERE = """
    one   | A | first  | 192.0.2.1
    two   | A | second | 198.51.100.1
"""


def test_two_halves_of_one_list_are_one_robot(engine):
    lists = {"one": range(0, 1000, 2), "two": range(1, 1000, 2)}
    assert grouped(engine, ELSEWHERE, lists) == [{"one", "two"}]


def test_one_list_walked_twice_is_one_robot(engine):
    assert grouped(engine, ELSEWHERE, {"one": range(60), "two": range(60)}) == [{"one", "two"}]


def test_lists_that_meet_as_two_drawn_apart_do_are_two_robots(engine):
    # 500 and 500 of 1,000: 250 in common is what chance gives.
    assert grouped(engine, ELSEWHERE, {"one": range(500), "two": range(250, 750)}) == [{"one"}, {"two"}]


def test_short_lists_that_do_not_meet_say_nothing(engine):
    assert grouped(engine, ELSEWHERE, {"one": range(20), "two": range(500, 520)}) == [{"one"}, {"two"}]


def test_lists_of_two_operators_are_compared_where_both_know_the_subjects(engine):
    clients = ELSEWHERE.replace("two   | A", "two   | B")
    assert grouped(engine, clients, {"one": range(60), "two": range(60)}) == [{"one", "two"}]


def test_pages_are_no_list(engine):
    assert grouped(engine, ELSEWHERE, {"one": range(60), "two": range(60)}, people=False) == [{"one"}, {"two"}]


def test_links_pass_from_client_to_client_and_campaigns_are_numbered_by_their_first_request(engine):
    clients = """
        one   | A | first  | 192.0.2.1
        other | A | alone  | 203.0.113.1
        two   | A | second | 192.0.2.2
        three | A | second | 198.51.100.1
    """
    lists = APART | {"other": range(900, 910)}
    assert grouped(engine, clients, lists) == [{"one", "two", "three"}, {"other"}]


def test_nobody_accused_is_no_campaign(engine):
    groups, found = linked(engine, [])
    assert groups == []
    assert found.of_strand.rows() == []
    assert found.pairs.rows() == []


def test_without_honest_clients_nothing_but_the_account_links(engine):
    clients = """
        one   | A | first  | 192.0.2.1
        two   | A | second | 192.0.2.2
        three | A | second | 198.51.100.1
    """
    lists = {**APART, "one": range(0, 1000, 2), "two": range(1, 1000, 2)}
    assert grouped(engine, clients, lists, honest=False) == [{"one"}, {"two", "three"}]


def test_a_network_that_honest_clients_use_as_well_links_nobody(engine):
    clients = """
        one | A | first  | 100.64.0.7
        two | A | second | 100.64.0.8
    """
    neighbours = [
        {"operator": "A", "account_id": f"honest-near-{n}", "client_ip": f"100.64.0.{100 + n}",
         "user_agent": f"Mozilla/5.0 (near {n})", "requested_at": instant("3 09:00"), "subject_key": 900,
         "request_id": 90_000_000 + n}
        for n in range(12)
    ]  # fmt: skip
    asked_for = [row for row in clients.split("\n") if row]
    assert len(asked_for) == 3
    alone = grouped(engine, clients.replace("100.64.0", "192.0.2"), APART)
    assert alone == [{"one", "two"}]
    requests = [
        {"operator": "A", "account_id": account, "client_ip": address, "user_agent": agent,
         "requested_at": instant("18 09:00"), "subject_key": key, "request_id": key}
        for agent, account, address, key in (("one", "first", "100.64.0.7", 1), ("two", "second", "100.64.0.8", 2))
    ]  # fmt: skip
    assert linked(engine, requests + neighbours)[0] == [{"one"}, {"two"}]


def test_patients_of_far_departments_never_meet_and_that_says_nothing(engine):
    # 250 and 250 of 1,000 with none in common would be a list shared out, were they drawn from the same department.
    lists = {"one": range(0, 1000, 4), "two": range(1, 1000, 4)}
    assert grouped(engine, ELSEWHERE, lists, departments=4) == [{"one"}, {"two"}]
    assert grouped(engine, ELSEWHERE, lists, departments=1) == [{"one", "two"}]


def robot(name: str, number: int, subjects: Any, gaps: Any, start: str, operator: str = "A") -> list[dict[str, Any]]:
    """Return the requests of one account of a robot that has an address and a name of its own each time."""
    who = {
        "operator": operator, "account_id": f"{name}-{number}", "client_ip": f"192.0.{ord(name[0])}.{number}",
        "user_agent": f"{name}-{number}",
    }  # fmt: skip
    return asked(who, subjects, moments(start, gaps), 1_000_000 * (ord(name[0]) - 96) + 100_000 * number)


def apart(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give each account a network of its own."""
    accounts = sorted({row["account_id"] for row in requests})
    return [{**row, "client_ip": f"198.18.{accounts.index(row['account_id'])}.1"} for row in requests]


LONG: dict[str, Any] = {"register": 20_000, "lookups": 130}


def test_a_rhythm_of_its_own_links_two_accounts_whatever_their_speed(engine):
    rng = np.random.default_rng(1)
    one = robot("a", 1, range(150), rng.lognormal(0.7, 0.3, 150), "18 01:00")
    two = robot("a", 2, range(9_000, 9_150), rng.lognormal(1.2, 0.3, 150), "18 05:00", operator="B")
    groups, found = linked(engine, apart(one + two), **LONG)
    assert groups == [{"a-1", "a-2"}]
    assert tie(found, "tempo")["n_links"] == 1
    assert tie(found, "list_shared_out")["n_links"] == 0
    assert found.pairs.select("scope", "a", "b", "ties", "answer").rows() == [
        ("operators", "A", "B", ["tempo"], "compatible")
    ]


def test_two_robots_are_not_one_because_both_are_fast(engine):
    """As fast as one another, but one waits a random time within limits, the other nearly always the same."""
    rng = np.random.default_rng(2)
    one = robot("a", 1, range(150), rng.uniform(0.5, 3.5, 150), "18 01:00")
    two = robot("a", 2, range(9_000, 9_150), rng.lognormal(np.log(2), 0.1, 150), "18 05:00", operator="B")
    groups, found = linked(engine, apart(one + two), **LONG)
    assert groups == [{"a-1"}, {"a-2"}]
    (operators, campaign) = found.pairs.rows(named=True)
    assert (operators["answer"], operators["ties"], operators["n_linked"]) == ("nothing_found", [], 0)
    assert (campaign["scope"], campaign["a"], campaign["b"], campaign["answer"]) == (
        "campaigns", "1", "2", "nothing_found",
    )  # fmt: skip
    assert operators["chance"] > 0.01


def test_two_robots_in_one_case_stay_two_campaigns(engine):
    """Each shares its own list out over two accounts; people whom both want are asked for twice, as chance has it."""
    rng = np.random.default_rng(3)
    first, second = rng.permutation(20_000)[:4_000], rng.permutation(20_000)[:4_000]
    requests = [
        *robot("a", 1, first[:2_000], rng.lognormal(0.7, 0.3, 2_000), "18 00:00"),
        *robot("a", 2, first[2_000:], rng.lognormal(1.0, 0.3, 2_000), "18 06:00"),
        *robot("b", 1, second[:2_000], 0.4 + rng.exponential(1.5, 2_000), "19 00:00"),
        *robot("b", 2, second[2_000:], 0.4 + rng.exponential(1.5, 2_000), "19 06:00"),
    ]
    groups, found = linked(engine, apart(requests), **LONG)
    assert groups == [{"a-1", "a-2"}, {"b-1", "b-2"}]
    assert tie(found, "list_shared_out")["n_links"] == 2
    assert found.pairs["answer"].to_list() == ["nothing_found"]


def test_the_name_of_a_tool_is_no_tie_and_a_rare_browser_is(engine):
    def clients(agent: str) -> list[dict[str, Any]]:
        return [
            {"operator": "A", "account_id": f"robot-{n}", "client_ip": f"198.18.{n}.1", "user_agent": agent,
             "requested_at": instant("18 09:00"), "subject_key": n, "request_id": n}
            for n in range(2)
        ]  # fmt: skip

    assert linked(engine, clients("python-requests/2.31"))[1].of_strand["campaign_id"].to_list() == [1, 2]
    assert linked(engine, clients("Mozilla/5.0 (Haiku)"))[1].of_strand["campaign_id"].to_list() == [1, 1]


def test_how_often_honest_clients_would_be_linked_is_measured(engine):
    _, found = linked(engine, robot("a", 1, range(10), np.ones(10), "18 01:00")
                      + robot("b", 1, range(10), np.ones(10), "18 01:00"))  # fmt: skip
    network = tie(found, "network")
    assert network["honest_pairs"] == CROWD * (CROWD - 1) // 2
    assert (network["honest_linked"], network["is_used"]) == (0, True)
    assert network["honest_upper"] == pytest.approx(1 - 0.05 ** (1 / 2_415), rel=1e-4)
    assert not tie(found, "tempo")["is_used"]  # nobody has silences enough


def test_lists_meet_as_departments_let_them(engine):
    """4 x 5 / 10 in one department and 6 x 10 / 20 in the other: 5 are to be expected; none has the chance e^-5."""
    people = [{"operator": "A", "card_key": n, "person_key": n, "department": "1" if n < 10 else "2"}
              for n in range(30)]  # fmt: skip
    lists = {"one": [*range(4), *range(10, 16)], "two": [*range(4, 9), *range(16, 26)]}
    requests = [
        {"account_id": name, "requested_at": instant("18 09:00"), "subject_key": key, "request_id": 100 * order + key}
        for order, (name, keys) in enumerate(lists.items())
        for key in keys
    ]
    strands = rebuilt(
        engine,
        requests=frame("requests", requests),
        register=frame("register", people),
        persons=frame("persons", [{"person_key": n, "person_id": n} for n in range(30)]),
        subjects=frame("subjects", [{"subject_key": n, "card_key": n} for n in range(30)]),
    )
    compared = units(strands.with_columns(verdict=pl.lit("scraping")), 10)
    engine.register("units", compared.table)
    less, more = Lists(engine, compared).closeness(accused=True)
    assert less.tolist() == [pytest.approx(exp(-5))]
    assert more.tolist() == [1.0]


def test_the_limit_of_a_share_is_that_of_the_science():
    assert upper_limit(0, 100_000) == pytest.approx(2.996e-5, rel=1e-3)  # 0 of 100,000: 3.0 per 100,000, one-sided
    assert upper_limit(5, 5) == 1.0


def test_a_tie_is_used_where_so_few_honest_pairs_have_it_that_hardly_one_of_the_accused_has_it_by_accident():
    closeness = np.array([0.1, 0.2, 0.3, np.inf, np.nan])
    # Two accused, 1 honest pair in 100: of 1,000 honest pairs 4 may be linked (limit 0.0091; 5 would make 0.0105).
    law = null(closeness, 1_000, 2, 0.01, np.inf)
    assert (law.cut, law.n_linked) == (np.inf, 3)
    # Four accused: none of 1,000 may be (limit 0.0030, allowed 0.0033), and the cut is the closest of them.
    law = null(closeness, 1_000, 4, 0.01, np.inf)
    assert (law.cut, law.n_linked) == (0.1, 0)
    # Five: a thousand honest pairs are too few to tell.
    law = null(closeness, 1_000, 5, 0.01, np.inf)
    assert (law.cut, law.n_linked) == (None, 0)
    assert law.chance(0.2) == 3 / 1_001


def test_a_campaign_sums_up_its_sessions():
    sessions = pl.DataFrame(
        {
            "campaign_id": [1, 1, None], "strand_id": [4, 5, 6], "operator": ["A", "A", "A"],
            "account_id": ["x", "x", "y"], "n_lookups": [10, 5, 99], "n_hits": [9, 5, 99],
            "started_at": [3, 1, 0], "ended_at": [4, 9, 99],
        }
    )  # fmt: skip
    assert campaigns.campaigns(sessions).rows() == [(1, 2, 1, 2, 15, 14, 1, 9)]


def test_a_requisition_names_each_address_and_port_with_its_own_span_and_all_requests_of_the_campaign(engine):
    asked = """
        requested_at | account_id | client_ip | client_port | subject_key
        18 09:00     | stolen     | 192.0.2.1 | 50001       | 1
        18 09:01     | stolen     | 192.0.2.1 | 50001       | 2
        18 09:02     | stolen     | 192.0.2.1 | 50002       | 3
        18 12:00     | stolen     | 192.0.2.1 | 50001       | 4
        18 09:00     | stolen     | 192.0.2.9 | -           | 5
        18 09:00     | honest     | 192.0.2.1 | 50001       | 6
    """
    rebuilt(engine, requests=asked)
    keys = engine.table("session_keys").pl().join(engine.table("strand_keys").pl(), on="strand_id")
    of = pl.when(pl.col("account_id") == "stolen").then(1)
    found = campaigns.requisitions(engine, keys.select("session_id", campaign_id=of))
    told = [
        (row["client_ip"], row["client_port"], f"{row['started_at']:%H:%M}-{row['ended_at']:%H:%M}", row["n_requests"])
        for row in found.iter_rows(named=True)
    ]
    assert told == [
        ("192.0.2.1", 50_001, "09:00-09:01", 2),
        ("192.0.2.1", 50_002, "09:02-09:02", 1),
        ("192.0.2.1", 50_001, "12:00-12:00", 1),
        ("192.0.2.9", None, "09:00-09:00", 1),
    ]


def test_pairs_of_addresses_are_counted_as_one_can_by_hand():
    operators = {"1": "x", "2": "x", "3": "x", "4": "y"}
    groups = {"1": "g", "2": "g", "3": "h", "4": "g"}
    whole = crawlers.compared(operators, groups)
    assert (whole.true, whole.found, whole.both) == (3, 3, 1)
    of_x, of_y = crawlers.compared(operators, groups, "x"), crawlers.compared(operators, groups, "y")
    assert (of_x.true, of_x.found, of_x.both) == (3, 3, 1)
    assert (of_y.true, of_y.found, of_y.both) == (0, 2, 0)
