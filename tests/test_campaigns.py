"""Campaigns: which accused clients one robot drove."""

from __future__ import annotations

import duckdb
import polars as pl
import pytest
from tables import case, frame, rebuilt

from forensics import campaigns

SETTINGS = case().settings


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


def grouped(
    engine, clients: str, lists: dict[str, range], *, register: int = 1000, people: bool = True
) -> list[set[str]]:
    """Return the campaigns in their order, each the agents of its clients; every client here is accused."""
    who = [line.split("|") for line in clients.strip().splitlines()]
    requests = []
    for hour, (agent, operator, account, address) in enumerate([cell.strip() for cell in line] for line in who):
        requests += [
            {
                "requested_at": f"18 {hour:02d}:{number // 60:02d}:{number % 60:02d}", "operator": operator,
                "account_id": None if account == "-" else account, "client_ip": address, "user_agent": agent,
                "subject_key": subject, "request_id": 100_000 * hour + number,
            }
            for number, subject in enumerate(lists[agent])
        ]  # fmt: skip
    subjects = [{"operator": o, "subject_key": key, "card_key": key} for o in "AB" for key in range(register)]
    strands = rebuilt(engine, requests=frame("requests", requests), subjects=frame("subjects", subjects))
    of_strand = campaigns.link(engine, SETTINGS, strands, people=people)
    named = of_strand.join(strands.select("strand_id", "user_agent"), on="strand_id")
    return [set(group["user_agent"]) for group in named.sort("campaign_id").partition_by("campaign_id")]


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
    nobody = rebuilt(engine, requests="requested_at\n18 09:00").clear()
    assert campaigns.link(engine, SETTINGS, nobody, people=True).rows() == []


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
