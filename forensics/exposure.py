"""Exposure: who was shown to scraping sessions, through which card, on which screen; and who could have been."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import polars as pl

from forensics.case import Case, Screen
from forensics.engine import query

if TYPE_CHECKING:
    import duckdb

PROFESSIONALS_FIELDS = frozenset({"company_name", "login", "siret", "bank_identity"})
"""A screen that shows one of these and no card shows the professional's own data."""

EVER = (datetime(1990, 1, 1), datetime(2100, 1, 1))
"""From the first time a request can bear to the last (`forensics.schemas.Requests`)."""

Stretch = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """Who was shown.

    Attributes:
        shown: one row a person, operator, insurer, verdict, strand and screen, dense keys (`sql/shown.sql`).
        exposure: one row a person, operator and insurer (`forensics.schemas.Exposure`).
        professionals: one row a login whose own data was displayed (`forensics.schemas.Professionals`).
        agreement: `hits`, `without_card`, `compared`, `agree` of the logged record counts.
    """

    shown: pl.DataFrame
    exposure: pl.DataFrame
    professionals: pl.DataFrame
    agreement: dict[str, int]


def expose(connection: duckdb.DuckDBPyConnection, case: Case, verdicts: pl.DataFrame, keys: pl.DataFrame) -> Exposed:
    """Find who was shown.

    Reads `requests`, `session_lookups`, `returned_people`, `subjects`, `register`, `persons`; makes the table
    `session_returned` (one person whom an answer named).

    Args:
        connection: where the tables are.
        case: its screens and operators' fields.
        verdicts: `session_id`, `verdict`, `campaign_id`.
        keys: `forensics.schemas.Keys`, to put hex digits in the place of dense integers.
    """
    connection.register("verdict_of_session", verdicts)
    paths = connection.sql("SELECT DISTINCT operator, path FROM requests WHERE path IS NOT NULL ORDER BY ALL").pl()
    screens = screen_of_path(case.declared.screen, paths)
    connection.register("screen_of_path", screens)
    own = [number for number, screen in enumerate(case.declared.screen) if _shows_own_data(screen)]
    connection.register("own_data_paths", screens.filter(pl.col("screen").is_in(own)))
    shown = query(connection, "shown")
    fields = _fields_of_screens(case)
    return Exposed(
        shown=shown,
        exposure=_exposure(shown, keys, fields),
        professionals=_professionals(query(connection, "professionals"), case.declared.screen),
        agreement=query(connection, "records_agreement").row(0, named=True),
    )


def _shows_own_data(screen: Screen) -> bool:
    return screen.tier is None and bool(PROFESSIONALS_FIELDS.intersection(screen.fields))


def screen_of_path(screens: list[Screen], paths: pl.DataFrame) -> pl.DataFrame:
    """Return which `[[screen]]` block each path belongs to, and when: the first that matches and was valid then.

    Returns:
        `operator`, `path`, `screen` (its place among the blocks, from 0), `tier` (null where not declared),
        `valid_from`, `valid_until` (not included); the stretches of one path do not overlap.
    """
    matchers = [(number, screen, re.compile(screen.match)) for number, screen in enumerate(screens)]
    found = []
    for operator, path in paths.iter_rows():
        free: list[Stretch] = [EVER]
        for number, screen, matcher in matchers:
            if not free:
                break
            if screen.operator in (None, operator) and matcher.search(path):
                taken, free = _take(free, (screen.valid_from or EVER[0], screen.valid_until or EVER[1]))
                found += [(operator, path, number, screen.tier, *stretch) for stretch in taken]
    schema = {
        "operator": pl.String, "path": pl.String, "screen": pl.Int64, "tier": pl.String,
        "valid_from": pl.Datetime("us"), "valid_until": pl.Datetime("us"),
    }  # fmt: skip
    return pl.DataFrame(found, schema=schema, orient="row")


def _take(free: list[Stretch], wanted: Stretch) -> tuple[list[Stretch], list[Stretch]]:
    """Part the stretches that are free into those within `wanted` and those left."""
    taken = [(max(start, wanted[0]), min(end, wanted[1])) for start, end in free]
    left = [piece for start, end in free for piece in ((start, min(end, wanted[0])), (max(start, wanted[1]), end))]
    return [s for s in taken if s[0] < s[1]], [s for s in left if s[0] < s[1]]


def _fields_of_screens(case: Case) -> pl.DataFrame:
    """Return the fields that each screen shows at each operator; one that declares none shows the operator's.

    Those are its `search` fields where the screen lists people (if it declares any), else its `detail` fields.
    """
    rows = []
    for operator in case.declared.operator:
        detail = operator.exposed_fields.get("detail", [])
        usual = {"displayed": detail, "listed": operator.exposed_fields.get("search", detail)}
        rows.append((operator.name, -1, detail))
        rows += [
            (operator.name, n, screen.fields or usual[screen.tier or "displayed"])
            for n, screen in enumerate(case.declared.screen)
        ]
    schema = {"operator": pl.String, "screen": pl.Int64, "fields": pl.List(pl.String)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _fields_together(exposure: pl.DataFrame, fields: pl.DataFrame) -> pl.DataFrame:
    """Return the fields of each operator's sets of screens (`screens`): whoever saw two screens saw both's fields."""
    of_screen = {(operator, screen): shown for operator, screen, shown in fields.iter_rows()}
    rows = [
        (operator, screens, list(dict.fromkeys(name for screen in screens for name in of_screen[operator, screen])))
        for operator, screens in exposure.select("operator", "screens").unique().iter_rows()
    ]
    schema = {"operator": pl.String, "screens": pl.List(pl.Int64), "fields": pl.List(pl.String)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _exposure(shown: pl.DataFrame, keys: pl.DataFrame, fields: pl.DataFrame) -> pl.DataFrame:
    people = keys.filter(pl.col("kind") == "person").select(pl.col("key").alias("person_id"), "digest")
    exposure = (
        shown.filter((pl.col("verdict") == "scraping") & pl.col("is_strict"))
        .sort("first_seen_at", "first_request_id")
        .group_by("person_id", "operator", "insurer_id")
        .agg(
            tier=pl.col("tier").min(),
            certainty=pl.when(pl.col("is_named").any()).then(pl.lit("logged")).otherwise(pl.lit("inferred")),
            screens=pl.col("screen").cast(pl.Int64).unique().sort(),
            first_seen_at=pl.col("first_seen_at").min(),
            last_seen_at=pl.col("last_seen_at").max(),
            n_views=pl.col("n_views").sum(),
            campaign_id=pl.col("campaign_id").first(),
            first_request_id=pl.col("first_request_id").first(),
        )
    )
    return (
        exposure.join(_fields_together(exposure, fields), on=["operator", "screens"], how="left")
        .join(people, on="person_id")
        .select(
            pl.col("digest").alias("person_id"), "operator", "insurer_id", "tier", "certainty", "fields",
            "first_seen_at", "last_seen_at", "n_views", "campaign_id", "first_request_id",
        )
        .sort("person_id", "operator", "insurer_id", nulls_last=True)
    )  # fmt: skip


def _professionals(rows: pl.DataFrame, screens: list[Screen]) -> pl.DataFrame:
    """Join the screens that showed one login's own data."""
    fields = pl.DataFrame(
        [(number, screen.fields) for number, screen in enumerate(screens)],
        schema={"screen": pl.Int64, "fields": pl.List(pl.String)},
        orient="row",
    )
    return (
        rows.join(fields, on="screen", how="left")
        .sort("first_seen_at", "first_request_id")
        .group_by("operator", "account_id")
        .agg(
            fields=pl.col("fields").explode().unique().sort(),
            first_seen_at=pl.col("first_seen_at").min(),
            first_request_id=pl.col("first_request_id").first(),
        )
        .sort("operator", "account_id")
    )


def perimeter(connection: duckdb.DuckDBPyConnection, attacked: list[str], from_day: date, until: date) -> pl.DataFrame:
    """Count who could have been shown (`forensics.schemas.Perimeter`).

    Args:
        connection: reads `register`, `persons`.
        attacked: operators of which an account was used.
        from_day: the campaign's first day: cover that ended before it makes a former insured.
        until: the campaign's last day.
    """
    connection.register("attacked", pl.DataFrame({"operator": attacked}, schema={"operator": pl.String}))
    return query(connection, "perimeter", {"from_day": from_day, "until": until})
