"""What the portals are: their screens, what each answers, and who a lookup shows.

The rule of a lookup: asked on day d (UTC date of the request) with a holder's number, an operator
shows every person of every card of that holder there whose covered_from is not after d. People no
longer covered are kept and shown; someone on two cards is one person shown. When nobody is left the
answer is 404 and shows no one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.random import Generator

from synthetic_data.operators import SERVERS_EACH

MICROSECONDS_A_DAY = 86_400_000_000


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
    Page("GET", "/statique/portail.css", "static", 200, 48_200, 4, 0),
    Page("GET", "/statique/portail.js", "static", 200, 131_400, 5, 0),
    Page("GET", "/statique/logo.png", "static", 200, 7_300, 3, 0),
    Page("GET", "/statique/polices.css", "static", 200, 22_800, 3, 0),
    Page("GET", "/statique/droits.js", "static", 200, 18_900, 4, 0),
)
LOGIN, HOME, RIGHTS, ACCOUNT, CLAIM, LOGOUT = range(6)
STATIC = tuple(range(6, len(PAGES)))
NOT_MODIFIED_SHARE = 0.7

LOOKUP_FIELDS = (
    ("civil_status", "birth_date", "holder_number", "insurer", "guarantees"),
    ("civil_status", "birth_date", "birth_rank", "holder_number", "insurer", "contract_number",
     "internal_reference"),
)  # fmt: skip
ACCOUNT_FIELDS = ("company_name", "login", "siret", "bank_identity")
BYTES_A_PERSON = (640, 705)


def people_shown(traffic: pl.DataFrame, register: pl.DataFrame, persons: pl.DataFrame) -> pl.DataFrame:
    """Who each lookup shows: columns row (of `traffic`), person, operator, insurer.

    traffic: columns row, operator, time (microseconds since 1970, UTC), number (0 where none).
    """
    holders = persons.filter(pl.col("role") == "holder").select("household", number="holder_number")
    kept = register.join(holders, on="household").select(
        "operator", "number", "person", "insurer", pl.col("covered_from").cast(pl.Int32).alias("from_day")
    )
    lookups = traffic.filter(pl.col("number") > 0).select(
        "row", "operator", "number", day=(pl.col("time") // MICROSECONDS_A_DAY).cast(pl.Int32)
    )
    return (
        lookups.join(kept, on=["operator", "number"])
        .filter(pl.col("from_day") <= pl.col("day"))
        .select("row", "person", "operator", "insurer")
        .sort("row", "insurer", "person")
    )


def answer(traffic: pl.DataFrame, shown: pl.DataFrame, rng: Generator) -> pl.DataFrame:
    """Add what the portal answered.

    Columns added: records_returned (null when not a lookup), status, response_bytes, duration_ms,
    server (number from 1).
    """
    count = len(traffic)
    page = traffic["page"].to_numpy()
    people = shown.unique(["row", "person"])["row"].to_numpy()  # once each, whatever their cards
    records = np.bincount(people, minlength=count)
    lookup = page == RIGHTS
    miss = lookup & (records == 0)
    cached = np.isin(page, STATIC) & (rng.random(count) < NOT_MODIFIED_SHARE)
    status = np.array([entry.status for entry in PAGES])[page]
    status = np.select([miss, cached], [404, 304], status)
    per_person = np.array(BYTES_A_PERSON)[traffic["operator"].to_numpy()]
    size = np.array([entry.size_bytes for entry in PAGES])[page] + per_person * records
    noise = np.round(rng.normal(0, 22, count)).astype(np.int64)
    size = np.select([miss, cached], [640, 190], size) + np.where(np.isin(page, STATIC), 0, noise)
    duration = np.array([entry.duration_ms for entry in PAGES])[page] * rng.lognormal(0, 0.35, count)
    return traffic.with_columns(
        pl.when(pl.Series(lookup)).then(pl.Series(records)).cast(pl.Int32).alias("records_returned"),
        pl.Series("status", status).cast(pl.Int16),
        pl.Series("response_bytes", size).cast(pl.Int64),
        pl.Series("duration_ms", np.maximum(1, np.round(duration))).cast(pl.Int32),
        pl.Series("server", rng.integers(1, SERVERS_EACH + 1, count)).cast(pl.Int8),
    )
