"""Verdicts on cases small enough to read: twelve opticians who bill, and one more client."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from tables import case, frame, rebuilt

from forensics.detection.verdicts import Verdicts, judge

MONDAY = datetime(2024, 1, 8, 8)
SECOND_US = 1_000_000
CLEAN = "clean_until = 2024-01-15T00:00:00Z"


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect(config={"threads": 1}) as connection:
        yield connection


class Town:
    """A town's portal: who asked for whom, when, and what was billed."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.claims: list[dict[str, Any]] = []
        self.accounts: dict[str, str | None] = {}
        self.next_subject = 1
        self.returned: list[dict[str, Any]] = []

    def lists(self, account: str, pages: int, people: int, start: datetime, seconds_apart: float) -> None:
        """Let a client open pages of a list that name people nobody asked for."""
        self.accounts[account] = "optician"
        for page in range(pages):
            request_id = 1_000_000 + len(self.requests)
            at = start + timedelta(seconds=page * seconds_apart)
            self.requests.append(
                {
                    "requested_at": at, "account_id": account, "client_ip": "192.0.2.1", "request_id": request_id,
                    "operator": "A", "action": "search", "subject_kind": None, "records_returned": people,
                }
            )  # fmt: skip
            for _ in range(people):
                self.returned.append({"request_id": request_id, "person_key": self.next_subject})
                self.next_subject += 1

    def sees(
        self,
        account: str | None,
        n: int,
        start: datetime,
        seconds_apart: float | None,
        *,
        billed: float,
        profession: str | None = "optician",
        address: str = "192.0.2.1",
        operator: str = "A",
    ) -> None:
        """Let a client ask for n people nobody asked for yet; `seconds_apart` None: at a human's odd moments."""
        odd = np.random.default_rng(self.next_subject)
        at = start
        if account:
            self.accounts[account] = profession
        for number in range(n):
            subject = self.next_subject
            self.next_subject += 1
            self.requests.append(
                {
                    "requested_at": at, "account_id": account, "client_ip": address, "subject_key": subject,
                    "request_id": subject, "operator": operator,
                }
            )  # fmt: skip
            if int((number + 1) * billed + 1e-9) > int(number * billed + 1e-9):  # spread evenly over the days
                claim = {"account_id": account, "submitted_at": at + timedelta(days=2), "person_key": subject}
                self.claims.append(claim | {"operator": operator})
            at += timedelta(seconds=seconds_apart or int(odd.choice([300, 1800, 7200, 14400, 20000])))
            if seconds_apart is None and at.hour >= 18:
                at = at.replace(hour=8) + timedelta(days=1)

    def judged(self, engine, *, about: str = CLEAN, settings: str = "", order: int = 0) -> Verdicts:
        np.random.default_rng(order).shuffle(self.requests)
        pairs = [(row["operator"], row["subject_key"]) for row in self.requests if "subject_key" in row]
        pairs += [("A", row["person_key"]) for row in self.returned]
        subjects = [{"operator": o, "subject_key": key, "card_key": key} for o, key in pairs]
        register = [{"operator": o, "card_key": key, "person_key": key} for o, key in pairs]
        operators = sorted({row["operator"] for row in self.requests})
        accounts = [
            {"operator": operator, "account_id": account, "profession": profession}
            for operator in operators
            for account, profession in sorted(self.accounts.items())
        ]
        # One claim a month later, for nobody known: the claims reach far enough to follow every lookup.
        late = [{"operator": "A", "account_id": "late", "submitted_at": MONDAY + timedelta(days=70)}]
        claims = frame("claims", self.claims + late) if self.claims else frame("claims")
        strands = rebuilt(
            engine,
            requests=frame("requests", self.requests),
            subjects=frame("subjects", subjects),
            register=frame("register", register),
            accounts=frame("accounts", accounts),
            claims=claims,
            returned_people=frame("returned_people", self.returned),
        )
        return judge(engine, case(about=about, settings=settings), strands, SECOND_US)


def town_of_opticians(n: int = 40, *, billing: bool = True) -> Town:
    """Forty opticians, two weeks, sixty people each, two thirds of them billed, give or take."""
    town = Town()
    for number in range(n):
        share = (0.60 + 0.01 * (number % 15)) if billing else 0.0
        town.sees(f"optic-{number:02d}", 60, MONDAY + timedelta(minutes=number), None, billed=share)
    return town


def verdict_of(verdicts: Verdicts, account: str, address: str | None = None) -> tuple[str, str | None]:
    found = verdicts.strands.filter(pl.col("account_id") == account)
    if address:
        found = found.filter(pl.col("client_ip") == address)
    (row,) = found.to_dicts()
    return row["verdict"], row["why_not"]


def others(verdicts: Verdicts, *but: str) -> set[str]:
    return set(verdicts.strands.filter(~pl.col("account_id").is_in(but))["verdict"])


NIGHT = datetime(2024, 1, 18, 2)


def test_a_fast_client_none_of_whose_patients_is_billed_is_scraping(engine):
    town = town_of_opticians()
    town.sees("stolen", 300, NIGHT, 2.0, billed=0.0)
    verdicts = town.judged(engine)
    assert verdict_of(verdicts, "stolen") == ("scraping", None)
    assert others(verdicts, "stolen") == {"honest"}


def test_a_client_that_opens_the_pages_of_a_list_is_measured_by_the_people_they_name(engine):
    town = town_of_opticians()
    town.lists("stolen", 60, 12, NIGHT, 20.0)
    verdicts = town.judged(engine)
    assert verdict_of(verdicts, "stolen") == ("scraping", None)
    (row,) = verdicts.strands.filter(pl.col("account_id") == "stolen").to_dicts()
    assert (row["n_lookups"], row["n_subjects"], row["n_patients"], row["n_lists"], row["n_followed"]) == (
        60,
        720,
        60,
        60,
        0,
    )
    assert row["gap_median_s"] == 20.0
    assert others(verdicts, "stolen") == {"honest"}


def test_people_named_beside_the_one_asked_for_are_not_counted_twice(engine):
    town = town_of_opticians()
    town.sees("stolen", 30, NIGHT, 2.0, billed=0.0)
    for row in town.requests[-30:]:
        town.returned += [{"request_id": row["request_id"], "person_key": row["subject_key"] + n} for n in range(3)]
    (row,) = town.judged(engine).strands.filter(pl.col("account_id") == "stolen").to_dicts()
    assert (row["n_lookups"], row["n_subjects"]) == (30, 30)


def test_where_peers_are_few_those_of_another_operator_count_too(engine):
    town = town_of_opticians(30)
    for number in range(60):
        start = MONDAY + timedelta(minutes=number)
        town.sees(f"there-{number:02d}", 60, start, None, billed=0.60 + 0.01 * (number % 15), operator="B")
    late = {"account_id": "late", "submitted_at": MONDAY + timedelta(days=70), "person_key": None, "operator": "B"}
    town.claims.append(late)  # so that lookups at B are followed for as long as those at A
    town.sees("stolen", 300, NIGHT, 2.0, billed=0.0)
    (pooled,) = town.judged(engine).strands.filter(pl.col("account_id") == "stolen").to_dicts()
    (alone,) = (
        town.judged(engine, settings="enough_peers = 30").strands.filter(pl.col("account_id") == "stolen").to_dicts()
    )
    assert (pooled["peers"], alone["peers"]) == (90, 30)
    assert pooled["p_care"] < alone["p_care"]


def test_a_software_vendors_nightly_batch_is_not_scraping_for_its_patients_are_billed(engine):
    town = town_of_opticians()
    town.sees("vendor", 300, NIGHT, 2.0, billed=0.65)
    assert verdict_of(town.judged(engine), "vendor") == ("honest", None)


@pytest.mark.parametrize(("billed", "verdict"), [(0.95, ("honest", None)), (0.4, ("unclear", "no_peers"))])
def test_a_batch_alone_of_its_kind_is_cleared_where_its_patients_are_billed_as_often_as_everybodys(
    engine, billed, verdict
):
    town = town_of_opticians()
    town.sees("vendor", 300, NIGHT, 2.0, billed=billed, profession="software")
    assert verdict_of(town.judged(engine), "vendor") == verdict


def test_an_auditor_who_bills_nothing_but_asks_as_a_person_does_is_not_accused(engine):
    town = town_of_opticians()
    town.sees("auditor", 300, MONDAY, None, billed=0.0)
    assert verdict_of(town.judged(engine), "auditor") == ("honest", None)


def test_a_client_as_slow_as_a_person_none_of_whose_patients_is_billed_is_unclear(engine):
    town = town_of_opticians()
    town.sees("phished", 60, MONDAY, None, billed=0.65, address="192.0.2.1")
    town.sees("phished", 60, datetime(2024, 1, 15, 8), None, billed=0.0, address="203.0.113.9")
    verdicts = town.judged(engine)
    assert verdict_of(verdicts, "phished", "203.0.113.9") == ("unclear", "measures_disagree")
    assert verdict_of(verdicts, "phished", "192.0.2.1") == ("honest", None)
    assert others(verdicts, "phished") == {"honest"}


def test_what_an_account_billed_in_its_clean_weeks_says_what_it_may_bill_later(engine):
    seldom = town_of_opticians()
    seldom.sees("seldom", 80, MONDAY, None, billed=0.05)
    verdicts = seldom.judged(engine)
    assert verdict_of(verdicts, "seldom") == ("honest", None)
    (row,) = verdicts.strands.filter(pl.col("account_id") == "seldom").to_dicts()
    assert row["n_before"] + row["n_patients"] == 80
    assert row["followed_before"] + row["n_followed"] == 4
    changed = town_of_opticians()
    changed.sees("changed", 40, MONDAY, None, billed=0.65)
    changed.sees("changed", 40, datetime(2024, 1, 16, 8), None, billed=0.05)
    assert verdict_of(changed.judged(engine), "changed")[0] == "unclear"


def test_a_declared_role_that_never_bills_is_unclear_whatever_the_measures_say(engine):
    town = town_of_opticians()
    for number in range(12):
        town.sees(f"staff-{number}", 60, MONDAY, None, billed=0.65, profession="operator_staff")
    town.sees("control", 300, NIGHT, 2.0, billed=0.0, profession="operator_staff")
    assert verdict_of(town.judged(engine), "control") == ("unclear", "declared_role")
    declared = town.judged(engine, settings='roles_without_claims = ["auditor"]')
    assert verdict_of(declared, "control") == ("scraping", None)


def test_a_profession_of_which_there_are_no_peers_is_unclear_at_most(engine):
    town = town_of_opticians()
    town.sees("control", 300, NIGHT, 2.0, billed=0.0, profession="auditor")
    assert verdict_of(town.judged(engine), "control") == ("unclear", "no_peers")


def test_a_client_whose_account_the_log_does_not_name_is_unclear_at_most(engine):
    town = town_of_opticians()
    town.sees(None, 300, NIGHT, 2.0, billed=0.0)
    assert verdict_of(town.judged(engine), "") == ("unclear", "no_peers")


@pytest.mark.parametrize(("subjects", "verdict"), [(19, ("honest", "too_few_subjects")), (20, ("scraping", None))])
def test_nobody_is_accused_for_nineteen_people_and_twenty_may_be(engine, subjects, verdict):
    town = town_of_opticians()
    town.sees("stolen", subjects, NIGHT, 1.0, billed=0.0)
    assert verdict_of(town.judged(engine), "stolen") == verdict


def test_without_claims_the_fastest_client_is_unclear_at_most(engine):
    town = town_of_opticians(billing=False)
    town.sees("stolen", 300, NIGHT, 2.0, billed=0.0)
    verdicts = town.judged(engine)
    assert verdict_of(verdicts, "stolen") == ("unclear", "no_claims")
    assert not verdicts.care_known


def test_an_operator_without_claims_is_not_judged_by_another_operators(engine):
    town = town_of_opticians()
    for number in range(12):
        town.sees(f"optic-{number:02d}", 60, MONDAY + timedelta(minutes=number), None, billed=0.0, operator="B")
    town.sees("elsewhere", 300, NIGHT, 2.0, billed=0.0, operator="B")
    verdicts = town.judged(engine)
    assert verdict_of(verdicts, "elsewhere") == ("unclear", "no_claims")
    assert verdicts.care_known


def test_an_operator_whose_log_has_no_clean_weeks_is_held_against_its_own_crowd(engine):
    town = town_of_opticians()
    for number in range(12):
        town.sees(f"late-{number:02d}", 60, datetime(2024, 1, 22, 8), None, billed=0.0, operator="B")
    verdicts = town.judged(engine)
    late = verdicts.strands.filter(pl.col("operator") == "B")
    assert (late["crowd_busiest"] >= 2).all()
    assert (late["p_pace"] > 0.01).all()
    assert set(late["verdict"]) == {"honest"}


def test_the_owner_of_a_stolen_account_stays_honest_at_his_own_address(engine):
    town = town_of_opticians()
    town.sees("stolen", 60, MONDAY, None, billed=0.65, address="192.0.2.1")
    town.sees("stolen", 300, NIGHT, 2.0, billed=0.0, address="203.0.113.9")
    verdicts = town.judged(engine)
    assert verdict_of(verdicts, "stolen", "203.0.113.9")[0] == "scraping"
    assert verdict_of(verdicts, "stolen", "192.0.2.1") == ("honest", None)


def test_a_slower_robot_beside_an_accused_one_of_the_same_account_is_the_robots_too(engine):
    town = town_of_opticians()
    town.sees("stolen", 300, NIGHT, 2.0, billed=0.0, address="203.0.113.9")
    town.sees("stolen", 24, NIGHT, 40.0, billed=0.25, address="203.0.113.10")
    town.sees("alone", 24, NIGHT, 40.0, billed=0.25, address="203.0.113.11")
    verdicts = town.judged(engine)
    assert verdict_of(verdicts, "stolen", "203.0.113.10")[0] == "scraping"
    assert verdict_of(verdicts, "alone")[0] == "unclear"


def test_an_account_is_not_its_own_peer(engine):
    town = town_of_opticians(10)
    town.sees("stolen", 60, MONDAY, None, billed=0.65, address="192.0.2.1")
    town.sees("stolen", 300, NIGHT, 2.0, billed=0.0, address="203.0.113.9")
    row = town.judged(engine).strands.filter(pl.col("client_ip") == "203.0.113.9").row(0, named=True)
    assert row["peers"] == 10


def test_a_claim_up_to_sixty_days_before_or_four_weeks_after_explains_and_one_of_another_account_does_not(engine):
    asked = "requested_at | subject_key\n18 09:00 | 1\n18 09:10 | 2\n18 09:20 | 3\n18 09:30 | 4"
    keys = "\n".join(f"{key} | {key}" for key in range(1, 5))
    claims = [
        {"account_id": "optic-1", "submitted_at": datetime(2023, 11, 19, 9, 0), "person_key": 1},
        {"account_id": "optic-1", "submitted_at": datetime(2024, 2, 15, 9, 10), "person_key": 2},
        {"account_id": "optic-1", "submitted_at": datetime(2024, 2, 15, 9, 20, 1), "person_key": 3},
        {"account_id": "optic-2", "submitted_at": datetime(2024, 1, 19, 9, 0), "person_key": 4},
        {"account_id": "optic-2", "submitted_at": datetime(2024, 3, 1), "person_key": None},
    ]
    strands = rebuilt(
        engine, requests=asked, subjects="subject_key | card_key\n" + keys, register="card_key | person_key\n" + keys,
        accounts="account_id\noptic-1", claims=claims,
    )  # fmt: skip
    judge(engine, case(), strands, SECOND_US)
    found = dict(engine.sql("SELECT subject_key, is_explained FROM patients ORDER BY 1").fetchall())
    assert found == {1: True, 2: True, 3: False, 4: False}


def _pages(engine, clients: Mapping[str, tuple[int, float | None]], order: int = 0) -> dict[str, str]:
    """Judge a public site: clients by address, each the pages it asked for and the seconds between them."""
    town = Town()
    for address, (n, seconds) in clients.items():
        town.sees(None, n, MONDAY, seconds, billed=0.0, address=address)
    asked = [row | {"subject_kind": "page", "action": "other"} for row in town.requests]
    np.random.default_rng(order).shuffle(asked)
    strands = rebuilt(engine, requests=frame("requests", asked))
    verdicts = judge(engine, case(subject_kind="page"), strands, SECOND_US)
    assert not verdicts.care_known
    return dict(verdicts.strands.select("client_ip", "verdict").iter_rows())


VISITORS: dict[str, tuple[int, float | None]] = {f"192.0.2.{number}": (40, None) for number in range(120)}


def test_pages_a_fast_and_steady_client_is_scraping(engine):
    assert _pages(engine, VISITORS | {"203.0.113.9": (300, 2.0)})["203.0.113.9"] == "scraping"


def test_pages_a_steady_client_no_faster_than_visitors_is_not(engine):
    assert _pages(engine, VISITORS | {"203.0.113.9": (100, 600.0)})["203.0.113.9"] != "scraping"


def test_pages_a_client_far_faster_than_visitors_is_unclear_where_its_steadiness_cannot_be_told(engine):
    town = {"203.0.113.9": (300, 0.2)}  # five a second, on a clock that ticks once a second
    assert _pages(engine, VISITORS | town)["203.0.113.9"] == "unclear"


def test_a_fast_client_with_few_claims_and_few_peers_is_unclear_not_honest(engine):
    town = town_of_opticians(15)
    town.sees("doubtful", 60, NIGHT, 2.0, billed=0.2)
    assert verdict_of(town.judged(engine), "doubtful") == ("unclear", "measures_disagree")


def test_pages_visitors_are_honest(engine):
    assert set(_pages(engine, VISITORS).values()) == {"honest"}


def test_the_order_of_rows_changes_nothing(engine):
    town = town_of_opticians(15)
    town.sees("stolen", 300, NIGHT, 2.0, billed=0.0)
    judged = [town.judged(engine, order=order).strands for order in (1, 2, 3)]
    assert judged[0].equals(judged[1])
    assert judged[0].equals(judged[2])


def test_what_accounts_are_called_changes_nothing(engine):
    def measured(names: dict[str, str]) -> list[tuple]:
        town = town_of_opticians(15)
        town.sees("stolen", 300, NIGHT, 2.0, billed=0.0)
        for row in [*town.requests, *town.claims]:
            row["account_id"] = names.get(row["account_id"], row["account_id"])
        town.accounts = {names.get(name, name): profession for name, profession in town.accounts.items()}
        strands = town.judged(engine).strands.drop("strand_id", "account_id")
        return strands.sort("first_seen_at", "n_lookups").rows()

    renamed = {f"optic-{number:02d}": f"x{97 * number % 101:03d}" for number in range(15)} | {"stolen": "a"}
    assert measured(renamed) == measured({})
