"""What the portals are: their screens, and what each answers.

The rule of a lookup: asked on day d (UTC date of the request) with a holder's number, an operator
shows every person of every card of that holder there whose covered_from is not after d; asked with a
card's number, the people of that card. People no longer covered are kept and shown; someone on two
cards is one person shown. When nobody is left the answer is 404 and shows no one. A page of the list
shows LISTING_ROWS rows of the register. An answer that was aborted or timed out shows no one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.random import Generator

from synthetic_data.operators import SERVERS_EACH


@dataclass(frozen=True, slots=True)
class Page:
    """One address of the portal. size_bytes: its usual answer; static: files a first view fetches."""

    method: str
    path: str
    action: str
    status: int
    size_bytes: int
    duration_ms: float
    static: float


PAGES = (
    Page("POST", "/connexion", "login", 302, 420, 180, 0),
    Page("GET", "/accueil", "other", 200, 9_600, 60, 4),
    Page("GET", "/droits", "rights", 200, 1_850, 140, 1),
    Page("GET", "/compte", "other", 200, 3_900, 70, 1),
    Page("POST", "/factures", "claim", 201, 760, 210, 1),
    Page("POST", "/deconnexion", "other", 302, 310, 30, 0),
    Page("GET", "/assures", "search", 200, 2_400, 160, 1),
    Page("GET", "/assures/liste", "search", 200, 2_400, 190, 1),
    Page("GET", "/factures/liste", "other", 200, 6_800, 120, 1),
    Page("GET", "/statique/portail.css", "static", 200, 48_200, 4, 0),
    Page("GET", "/statique/portail.js", "static", 200, 131_400, 5, 0),
    Page("GET", "/statique/logo.png", "static", 200, 7_300, 3, 0),
    Page("GET", "/statique/polices.css", "static", 200, 22_800, 3, 0),
    Page("GET", "/statique/droits.js", "static", 200, 18_900, 4, 0),
)
LOGIN, HOME, RIGHTS, ACCOUNT, CLAIM, LOGOUT, SEARCH, LISTING, CLAIMS_LIST = range(9)
STATIC = tuple(range(9, len(PAGES)))
SHOWING = (RIGHTS, SEARCH, LISTING)
LISTING_ROWS = 20

ANSWERED, ABORTED, TIMED_OUT = range(3)
ABORTED_STATUS, TIMED_OUT_STATUS = 499, 504  # as nginx writes a client gone and a backend too slow
TIME_OUT_MS = 30_000
NOT_MODIFIED_SHARE = 0.7

LOOKUP_FIELDS = (
    ("civil_status", "birth_date", "holder_number", "insurer", "guarantees"),
    ("civil_status", "birth_date", "birth_rank", "holder_number", "insurer", "contract_number",
     "internal_reference"),
    ("civil_status", "birth_date", "holder_number", "insurer"),
)  # fmt: skip
LIST_FIELDS = ("civil_status", "birth_date")
ACCOUNT_FIELDS = ("company_name", "login", "siret", "bank_identity")
BYTES_A_PERSON = (640, 705, 610)
BYTES_A_LISTED_PERSON = 210


@dataclass(frozen=True, slots=True)
class Portal:
    """How the portals of a case are asked.

    subject_kind: holder_number or card_number. parameter: name of the query parameter that holds it.
    searchable: whether there are a search and a list of people, and their answers' people are logged.
    """

    subject_kind: str = "holder_number"
    parameter: str = "numero"
    searchable: bool = False


BY_HOLDER = Portal()
BY_CARD = Portal(subject_kind="card_number", parameter="carte")
WITH_LISTS = Portal(searchable=True)


def answer(pages: pl.DataFrame, people: np.ndarray, operator: int, rng: Generator) -> pl.DataFrame:
    """Say what the portal answered to `pages` (TRAFFIC columns) that show `people` persons each.

    Returns records_returned (null when the page shows nobody by nature, or was not answered), status,
    response_bytes, duration_ms, server (number from 1), in the same order.
    """
    count = len(pages)
    page, fate = pages["page"].to_numpy(), pages["fate"].to_numpy()
    showing = np.isin(page, SHOWING)
    answered = fate == ANSWERED
    miss = showing & (people == 0)
    static = np.isin(page, STATIC)
    cached = static & (rng.random(count, dtype=np.float32) < NOT_MODIFIED_SHARE)
    status = np.array([entry.status for entry in PAGES], dtype=np.int16)[page]
    status = np.select(
        [fate == ABORTED, fate == TIMED_OUT, miss, cached],
        [np.int16(ABORTED_STATUS), np.int16(TIMED_OUT_STATUS), np.int16(404), np.int16(304)],
        status,
    )
    per_person = np.where(page == RIGHTS, BYTES_A_PERSON[operator], BYTES_A_LISTED_PERSON)
    size = np.array([entry.size_bytes for entry in PAGES])[page] + per_person * people
    noise = np.round(22 * rng.standard_normal(count, dtype=np.float32)).astype(np.int64)
    size = np.select([fate == ABORTED, fate == TIMED_OUT, miss, cached], [0, 310, 640, 190], size)
    size += np.where(static | ~answered, 0, noise)
    usual = np.array([entry.duration_ms for entry in PAGES], dtype=np.float32)[page]
    duration = usual * np.exp(np.float32(0.35) * rng.standard_normal(count, dtype=np.float32))
    duration = np.where(fate == TIMED_OUT, TIME_OUT_MS + duration, duration)
    return pl.DataFrame(
        {
            "records_returned": pl.Series(people.astype(np.int32)).set(pl.Series(~(showing & answered)), None),
            "status": status,
            "response_bytes": size,
            "duration_ms": np.maximum(1, np.round(duration)).astype(np.int32),
            "server": rng.integers(1, SERVERS_EACH + 1, count, dtype=np.int8),
        }
    )
