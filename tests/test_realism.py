"""The pictures by which a person judges an invented incident: what they count, say and never show."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import polars as pl
import pytest

from synthetic_data import realism
from synthetic_data.__main__ import main
from synthetic_data.presets import PRESETS
from synthetic_data.realism.care import account_days
from synthetic_data.realism.look import STAMP, to_png
from synthetic_data.realism.suspects import THE_ROBOT, profiles
from synthetic_data.recipe import UsageError

FIGURES = [getattr(realism, name) for name in realism.__all__ if name not in ("Incident", "load")]
HOUR = timedelta(hours=1)
Generated = Callable[[str], Path]


@pytest.fixture(scope="module")
def case(generated: Generated) -> Path:
    return generated("parquet") / "case"


@pytest.fixture(scope="module")
def incident(case: Path) -> realism.Incident:
    return realism.load(case)


@cache
def read_lookups(case: Path) -> list[dict[str, Any]]:
    """Every lookup, read slowly: operator, account, at (local), subject, status, address, robot."""
    truth = pl.read_parquet(case.parent / "truth" / "requests.parquet")
    robot = {row["request_ref"] for row in truth.filter("is_scraping").iter_rows(named=True)}
    rows = []
    for operator in ("Verdanne", "Ostrelis"):
        log = pl.read_parquet(case / "evidence" / operator.lower() / "access.parquet")
        for line in log.filter(pl.col("chemin") == "/droits").iter_rows(named=True):
            rows.append(
                {
                    "operator": operator,
                    "account": line["compte"],
                    "at": line["heure"] + HOUR,
                    "subject": line["numero"],
                    "status": line["statut"],
                    "address": line["adresse_ip"],
                    "robot": line["reference"] in robot,
                }
            )
    return rows


def read_claims(case: Path, operator: str, account: str) -> list[tuple[str, datetime]]:
    claims = pl.read_parquet(case / "evidence" / operator.lower() / "claims.parquet")
    mine = claims.filter(pl.col("compte") == account)
    return [(row["numero_assure"], row["recue_le"] + HOUR) for row in mine.iter_rows(named=True)]


def of(rows: list[dict[str, Any]], client: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in rows if all(row[name] == client[name] for name in ("operator", "account", "robot"))]


def words(axes: Any) -> str:
    """Everything written on a picture and on its panels."""
    found = []
    for one in (axes, *axes.child_axes):
        found += [text.get_text() for text in one.texts]
        found += [one.get_title(loc="left"), one.get_xlabel(), one.get_ylabel()]
        found += [label.get_text() for label in (*one.get_xticklabels(), *one.get_yticklabels())]
        if one.get_legend() is not None:
            found += [text.get_text() for text in one.get_legend().get_texts()]
    return "\n".join(found)


def test_everyone_is_one_person_whatever_cards_they_are_on(incident):
    assert len(incident.people) == 6_000
    assert incident.people["age"].min() > 0


def test_every_lookup_is_counted_in_its_local_hour_and_day(incident, case):
    rows = read_lookups(case)
    assert incident.hours["lookups"].sum() == incident.days["lookups"].sum() == len(rows)
    for hour in (3, 10, 18):
        counted = incident.hours.filter(pl.col("hour") == hour, pl.col("robot"))["lookups"].sum()
        assert counted == sum(1 for row in rows if row["robot"] and row["at"].hour == hour)


@pytest.mark.parametrize("robot", [True, False], ids=["robot", "honest"])
def test_a_client_s_figures_are_those_of_a_slow_count(incident, case, robot):
    some = incident.clients.filter(pl.col("robot") == robot, pl.col("lookups").is_between(40, 5_000))
    client = some.sort("lookups", "account").row(0, named=True)
    rows = of(read_lookups(case), client)
    claims = read_claims(case, client["operator"], client["account"])
    found = [row for row in rows if row["status"] == 200]
    followed = [
        row
        for row in found
        if any(who == row["subject"] and row["at"] <= at <= row["at"] + timedelta(days=30) for who, at in claims)
    ]
    gaps = []
    for address in {row["address"] for row in rows}:
        times = sorted(row["at"] for row in rows if row["address"] == address)
        gaps += [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    assert client["lookups"] == len(rows)
    assert client["misses"] == sum(1 for row in rows if row["status"] == 404)
    assert (client["found"], client["followed"]) == (len(found), len(followed))
    assert client["addresses"] == len({row["address"] for row in rows})
    assert client["gap_s"] == pytest.approx(median(gaps))


def test_different_people_a_day_are_different_numbers_typed(incident, case):
    day = incident.days.filter("robot").sort("asked", descending=True).row(0, named=True)
    rows = [row for row in of(read_lookups(case), day) if row["at"].date() == day["day"]]
    assert day["asked"] == len({row["subject"] for row in rows})


def test_a_working_day_without_a_lookup_counts_as_none(incident):
    """Dentists work five days of seven: fifteen working days in three weeks, looked up or not."""
    dentists = incident.accounts.filter(pl.col("profession") == "dentist", pl.col("pattern") == "ordinary")
    days = account_days(incident).filter(pl.col("profession") == "dentist")
    assert len(days) == 15 * len(dentists)
    assert days["lookups"].min() == 0


def test_the_robot_s_lookups_are_told_apart_from_those_of_the_owners_of_its_accounts(incident):
    robots = profiles(incident).filter(pl.col("who") == THE_ROBOT)
    assert len(robots) == PRESETS["tiny"].phished


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.__name__)
def test_a_figure_is_stamped_says_how_many_and_names_nobody(figure, incident):
    axes = figure(incident)
    written = words(axes)
    assert STAMP in written
    assert re.search(r"\(n = [\d,]+", axes.get_title(loc="left"))
    assert not re.search(r"\d{13}|ps-\d|FIC-|cab-\d", written)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.__name__)
def test_the_same_incident_gives_the_same_picture(figure, incident):
    assert to_png(figure(incident), dpi=40) == to_png(figure(incident), dpi=40)


def test_a_figure_draws_on_the_axes_it_is_given(incident):
    from matplotlib.figure import Figure

    given = Figure().add_subplot()
    assert realism.age_pyramid(incident, given) is given
    assert len(given.child_axes) == 1


@pytest.mark.parametrize("scenario", ["quiet", "contract_walk", "listing_pages"])
def test_every_figure_is_drawn_whatever_the_robot_did_and_the_portal_asks_for(scenario, tmp_path):
    out = tmp_path / scenario
    assert main(["generate", "--preset", "tiny", "--scenario", scenario, "--seed", "5", "--out", str(out)]) == 0
    incident = realism.load(out / "case")
    for figure in FIGURES:
        assert STAMP in words(figure(incident))
    assert (incident.days.filter("robot").height > 0) == (scenario != "quiet")
    assert incident.clients["followed"].sum() > 0


def test_a_case_without_its_truth_is_refused(copied):
    with pytest.raises(UsageError, match=r"no recipe\.json; only an invented case"):
        realism.load(copied("parquet"))


def test_logs_in_another_format_are_refused(generated):
    with pytest.raises(UsageError, match="its logs are combined; generate it with --format parquet"):
        realism.load(generated("combined") / "case")
