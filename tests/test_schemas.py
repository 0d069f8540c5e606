"""Every table of a finished case satisfies its model: columns, order, types, limits, unique keys."""

from __future__ import annotations

import polars as pl
import pytest

from forensics import schemas
from forensics.laboratory import case_folder
from forensics.results import TABLES

CANONICAL = {
    "requests": schemas.Requests,
    "register": schemas.Register,
    "subjects": schemas.Subjects,
    "persons": schemas.Persons,
    "links": schemas.Links,
    "keys": schemas.Keys,
    "accounts": schemas.Accounts,
    "claims": schemas.Claims,
    "counters": schemas.Counters,
    "joins": schemas.Joins,
    "joined_lines": schemas.JoinedLines,
    "clocks": schemas.Clocks,
    "returned_people": schemas.ReturnedPeople,
    "log_coverage": schemas.LogCoverage,
    "duplicates": schemas.LeftOut,
    "rejected": schemas.LeftOut,
}
RESULTS = {
    "sessions": schemas.Sessions,
    "request_sessions": schemas.RequestSessions,
    "session_sensitivity": schemas.SessionSensitivity,
    "strands": schemas.Strands,
    "baseline": schemas.Baseline,
    "care_check": schemas.CareCheck,
    "campaigns": schemas.Campaigns,
    "campaign_ties": schemas.CampaignTies,
    "campaign_pairs": schemas.CampaignPairs,
    "requisitions": schemas.Requisitions,
    "exposure": schemas.Exposure,
    "professionals": schemas.Professionals,
    "estimates": schemas.Estimates,
    "perimeter": schemas.Perimeter,
    "timeline": schemas.Timeline,
    "trials": schemas.Trials,
}


def test_every_results_table_has_a_model():
    assert sorted(RESULTS) == sorted(TABLES)
    assert sorted(path.stem for path in (case_folder() / "results").glob("*.parquet")) == sorted(TABLES)


@pytest.mark.parametrize(
    ("place", "name"),
    [*(("work", name) for name in CANONICAL), *(("results", name) for name in RESULTS)],
)
def test_a_table_of_the_demo_case_satisfies_its_model(place: str, name: str):
    model = (CANONICAL if place == "work" else RESULTS)[name]
    model.validate(pl.read_parquet(case_folder() / place / f"{name}.parquet"), lazy=True)
