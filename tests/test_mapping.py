"""Mapping: raw columns become typed fields in UTC; what cannot be read says why and never what it was."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from forensics.case import Case, load
from forensics.errors import EvidenceError
from forensics.evidence.formats import Batch
from forensics.evidence.mapping import columns_needed, mapped, with_ends
from forensics.evidence.masking import masked_paths
from forensics.evidence.screens import action_of, screen_of

Make = Callable[..., tuple[list[dict[str, Any]], list[str]]]


@pytest.fixture
def case(small: Path) -> Case:
    return load(small)


@pytest.fixture
def make(case: Case) -> Make:
    """Map one column to one field of a kind, and give the values and the reasons."""

    def one(values: list[Any], field: str, *, kind: str = "access_log", dtype: Any = None, **about: Any):
        source = next(s for s in case.declared.source if s.kind == kind)
        required = {"access_log": "requested_at", "register": "beneficiary_number", "counters": "window_start"}[kind]
        fields = {required: "required"} | {field: "x"}
        source = source.model_copy(update={"format": "parquet", "fields": fields, "timezone": None, **about})
        anything = pl.lit("A1") if kind == "register" else pl.lit(datetime(2024, 1, 1))
        rows = pl.DataFrame({"x": pl.Series(values, dtype=dtype)}).with_columns(required=anything)
        places = pl.DataFrame({"line": range(1, len(values) + 1), "byte_offset": [None] * len(values)},
                              schema={"line": pl.Int64, "byte_offset": pl.Int64})  # fmt: skip
        nothing = places.clear().with_columns(reason=pl.lit(""))
        batch = Batch(places=places, rows=rows, unreadable=nothing, lines=len(values))
        found, unreadable = mapped(batch, source, case)
        return found[field].to_list(), unreadable["reason"].to_list()

    return one


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2024-01-18T10:00:05Z", datetime(2024, 1, 18, 10, 0, 5)),
        ("2024-01-18T10:00:05.25+02:00", datetime(2024, 1, 18, 8, 0, 5, 250_000)),
        ("2024-01-18 10:00:05", datetime(2024, 1, 18, 9, 0, 5)),
        ("2024-07-18T10:00:05", datetime(2024, 7, 18, 8, 0, 5)),
    ],
)
def test_a_zone_in_the_value_counts_and_local_times_are_paris(make: Make, written: str, utc: datetime):
    assert make([written], "requested_at") == ([utc], [])


def test_hours_that_do_not_exist_or_exist_twice_are_set_aside(make: Make):
    twice, never = "2024-10-27 02:30:00", "2024-03-31 02:30:00"
    values, reasons = make([twice, never, "2024-10-27 03:30:00"], "requested_at")
    assert values == [datetime(2024, 10, 27, 2, 30)]
    assert reasons == ["requested_at: not a time that exists in the declared format and zone"] * 2


def test_several_formats_are_tried_in_turn_and_the_offset_of_the_clock_is_added(make: Make):
    values, _ = make(["18/01/2024 10:00", "2024.01.18 10:00"], "requested_at",
                     date_format=["%d/%m/%Y %H:%M", "%Y.%m.%d %H:%M"], timezone="UTC", clock_offset_s=-1.5)  # fmt: skip
    assert values == [datetime(2024, 1, 18, 9, 59, 58, 500_000)] * 2


@pytest.mark.parametrize("dtype", [pl.Datetime("ns"), pl.Datetime("ms"), pl.Datetime("us", "Asia/Tokyo")])
def test_typed_times_become_naive_utc(make: Make, dtype: Any):
    values, _ = make([datetime(2024, 1, 18, 10)], "requested_at", dtype=dtype)
    assert values == [datetime(2024, 1, 18, 10 if dtype.time_zone else 9)]


@pytest.mark.parametrize("nothing", [pl.Null, pl.String, pl.Datetime("us")])
def test_a_missing_time_is_missing(make: Make, nothing: Any):
    assert make([None], "requested_at", dtype=nothing) == ([], ["requested_at: missing"])


def test_an_empty_text_is_nothing(make: Make):
    assert make(["", "  ", "a"], "account_id") == ([None, None, "a"], [])
    assert make(["", "1"], "beneficiary_number", kind="register") == (["1"], ["beneficiary_number: missing"])


@pytest.mark.parametrize(
    ("values", "dtype", "expected"),
    [
        (["200", " 404 ", ""], pl.String, [200, 404, None]),
        ([200, None], pl.Int64, [200, None]),
        ([200.0, None], pl.Float64, [200, None]),
        ([Decimal("200")], pl.Decimal(10, 0), [200]),
    ],
)
def test_numbers_come_from_text_and_from_numbers(make: Make, values: list[Any], dtype: Any, expected: list[Any]):
    assert make(values, "status", dtype=dtype) == (expected, [])


@pytest.mark.parametrize("value", ["two hundred", "20O", "99999999999999999999"])
def test_what_is_no_number_is_set_aside_without_being_told(make: Make, value: str):
    assert make([value], "status") == ([], ["status: not a whole number"])


def test_a_number_kept_as_a_float_is_still_the_same_person(make: Make):
    values, _ = make([1850575000123.0, None], "holder_number", kind="register", dtype=pl.Float64)
    assert values == ["1850575000123", None]


def test_bytes_are_text_where_they_can_be(make: Make):
    assert make([b"abc"], "user_agent", dtype=pl.Binary)[0] == ["abc"]


def test_dates_come_from_dates_times_and_text(make: Make):
    for values, dtype in (([date(1985, 5, 12)], None), ([datetime(1985, 5, 12, 0)], None), (["1985-05-12"], None)):
        assert make(values, "birth_date", kind="register", dtype=dtype) == ([date(1985, 5, 12)], [])
    assert make(["12/05/1985"], "birth_date", kind="register", date_format=["%d/%m/%Y"])[0] == [date(1985, 5, 12)]
    assert make(["12 mai"], "birth_date", kind="register")[1] == ["birth_date: not a date in the declared format"]


def from_url(case: Case, reference: Any, url: str) -> Any:
    source = case.declared.source[0].model_copy(update={"fields": {"requested_at": "time", "subject": reference}})
    rows = pl.DataFrame({"time": ["18/Jan/2024:10:00:05 +0000"], "url": [url], "host": ["h"], "user_agent": [None]},
                        schema=dict.fromkeys(("time", "url", "host", "user_agent"), pl.String))  # fmt: skip
    places = pl.DataFrame({"line": [1], "byte_offset": [0]})
    batch = Batch(places=places, rows=rows, unreadable=places.clear().with_columns(reason=pl.lit("")), lines=1)
    return mapped(batch, source, case)[0]["subject"].item()


@pytest.mark.parametrize(
    ("reference", "url", "expected"),
    [
        ("url.path", "/a/b?c=d#e", "/a/b"),
        ("url.path", "http://portal.example:8443/a?b", "/a"),
        ("url.path", "?only", None),
        ("url.query.n", "/x?m=1&n=2&n=3", "2"),
        ("url.query.n", "/x?an=1", None),
        ("url.query.n", "/x?n=", None),
        ("url.query.n", "/x?n=1%2085+05%zz", "1 85 05%zz"),
        ("url.query.a[b]", "/x?a[b]=7", "7"),
        (["host", "user_agent"], "/", "h | "),
        ({"const": "same"}, "/", "same"),
    ],
)
def test_a_field_may_come_from_a_piece_of_the_url_or_be_constant(case: Case, reference: Any, url: str, expected: Any):
    assert from_url(case, reference, url) == expected


def test_a_missing_column_is_named_with_what_is_there(case: Case):
    with pytest.raises(EvidenceError) as caught:
        columns_needed(case.declared.source[1], ["beneficiary", "nom"], "register.parquet")
    told = str(caught.value)
    assert "'born'" in told
    assert "found: beneficiary, nom" in told
    assert "register.parquet" in told


def test_the_first_screen_that_holds_at_that_time_says_what_a_request_did(case: Case):
    screens = [
        case.declared.screen[1].model_copy(
            update={"match": "^/d", "action": "search", "valid_until": datetime(2024, 1, 2)}
        ),
        case.declared.screen[1].model_copy(update={"match": "^/d", "action": "rights"}),
    ]
    case = case.model_copy(update={"declared": case.declared.model_copy(update={"screen": screens})})
    rows = pl.DataFrame(
        {
            "path": ["/d", "/d", "/x", "/x", "/d"],
            "requested_at": [datetime(2024, 1, 1), datetime(2024, 1, 2)] + [datetime(2024, 1, 3)] * 3,
            "subject": [None, None, "s", None, None],
            "action": [None, None, None, None, "export"],
        }
    )
    log = case.declared.source[0]
    found = rows.with_columns(screen=screen_of(case, log)).select(action_of(case, log))["action"].to_list()
    assert found == ["search", "rights", "detail", "other", "export"]


def test_a_window_ends_as_declared_or_after_its_length(case: Case):
    windows = pl.DataFrame(
        {
            "line": [1, 2, 3, 4],
            "byte_offset": pl.Series([None] * 4, dtype=pl.Int64),
            "window_start": [datetime(2024, 1, 1)] * 4,
            "window_end": [None, datetime(2024, 1, 1, 2), None, datetime(2023, 12, 31)],
            "window_minutes": [60, None, None, None],
        }
    )
    whole, unended = with_ends(windows)
    assert whole["window_end"].to_list() == [datetime(2024, 1, 1, 1), datetime(2024, 1, 1, 2)]
    assert unended["line"].to_list() == [3, 4]


@pytest.mark.parametrize(
    ("path", "subject", "masked"),
    [
        ("/droits/1850575000123", "1850575000123", "/droits/{subject}"),
        ("/droits/1850575000123", None, "/droits/{number}"),
        ("/droits/185057500012345/x", None, "/droits/{number}/x"),
        ("/droits/1%2085%2005%2075%20001%2023", None, "/droits/{number}"),
        ("/droits/1+85+05+75+001+23", None, "/droits/{number}"),
        ("/droits/1852a75000123", None, "/droits/{number}"),
        ("/nom/DURANDOT%20Ma%C3%ABlys", "DURANDOT Maëlys", "/nom/{subject}"),
        ("/caf%C3%A9/12", None, "/caf%C3%A9/12"),
        ("/a/a", "a", "/{subject}/{subject}"),
        ("/adherent/dupont%20jeana/droits", "DUPONT JEANA", "/adherent/{subject}/droits"),
        ("/c/ab123", "AB123", "/c/{subject}"),
        ("/p/DUPONT-JEAN", "DUPONT JEAN", "/p/{subject}"),
        (None, "x", None),
    ],
)
def test_paths_are_masked(path: str | None, subject: str | None, masked: str | None):
    rows = pl.DataFrame({"path": [path], "subject": [subject]}, schema={"path": pl.String, "subject": pl.String})
    assert masked_paths(rows, "holder_number").to_list() == [masked]


def test_a_date_kept_as_an_instant_with_a_zone_is_the_day_that_the_zone_shows(make: Make):
    zoned = pl.Datetime("us", "Europe/Paris")
    born = pl.Series([datetime(1980, 5, 1)]).dt.replace_time_zone("Europe/Paris").to_list()
    assert make(born, "birth_date", kind="register", dtype=zoned) == ([date(1980, 5, 1)], [])


def test_a_page_stays_in_its_path():
    rows = pl.DataFrame({"path": ["/blog/1"], "subject": ["/blog/1"]})
    assert masked_paths(rows, "page").to_list() == ["/blog/1"]


@pytest.mark.parametrize(
    ("field", "dtype", "beyond"),
    [
        ("subject_birth_date", pl.Date, 2**31 - 1),
        ("subject_birth_date", pl.Date, -(2**31)),
        ("subject_birth_date", pl.Date, 2_932_897),  # the day after 31 December 9999
        ("requested_at", pl.Datetime("us"), 2**63 - 1),
        ("requested_at", pl.Datetime("us"), 253_402_300_800_000_000),
        ("requested_at", pl.Datetime("ms", "UTC"), -(2**62)),
        ("requested_at", pl.Date, -(2**31)),
    ],
)
def test_days_and_times_beyond_the_calendar_are_set_aside_and_stop_nothing(
    make: Make, field: str, dtype: Any, beyond: int
):
    values, reasons = make(pl.Series([19_740, beyond]).cast(pl.Int64).cast(dtype, strict=False), field)
    assert len(values) == 1
    assert [reason.split(":")[0] for reason in reasons] == [field]


def test_a_clock_offset_does_not_lead_out_of_the_calendar(make: Make):
    values, reasons = make([datetime(9999, 12, 31, 23)], "requested_at", clock_offset_s=7200.0)
    assert (values, len(reasons)) == ([], 1)
