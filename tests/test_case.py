"""case.toml: what may be declared, and what each mistake is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from forensics.case import load
from forensics.errors import CaseError, UnavailableError

Declare = Callable[[str, str], None]


def refusal(case: Path) -> str:
    with pytest.raises(CaseError) as caught:
        load(case)
    assert str(case / "case.toml") in str(caught.value)
    return str(caught.value)


def test_the_small_case_is_read(small: Path):
    case = load(small)
    assert case.declared.case.id == "small"
    assert [(number, source.id) for number, source in case.sources("claims")] == [(4, "claims")]
    assert str(case.zone(case.declared.source[0])) == "Europe/Paris"
    assert str(case.zone(case.declared.source[3])) == "UTC"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('timezone = "Europe/Paris"', 'timezon = "Europe/Paris"', "[case].timezon: unknown name; did you mean"),
        ('id = "claims"', 'id = "claims"\nformt = "x"', "[source] no. 4.formt: unknown name; did you mean format?"),
        ("[[screen]]", "[[scren]]", "[scren]: unknown name; did you mean screen?"),
        ('[[operator]]', "[settings]\nsession_gap_minute = 3\n[[operator]]", "did you mean session_gap_minutes?"),
        ('Europe/Paris', "Europe/Pariss", "did you mean Europe/Paris?"),
        ('Europe/Paris', "localtime", "expected a time zone such as Europe/Paris"),
        ('"^/droits"', '"^/droits("', "expected a regular expression"),
        ('"^/droits"', '"^/droits(?=x)"', "without look-around or back-references"),
        ('"evidence/*.log"', '"../other/*.log"', "expected a path inside the case folder, without '..'"),
        ('"evidence/*.log"', '"/etc/passwd"', "expected a path inside the case folder"),
        ('"evidence/*.log"', '""', "expected a path inside the case folder"),
        ('"evidence/*.log"', '"."', "expected a path inside the case folder"),
        ('"evidence/*.log"', '"evidence/**log"', "expected '**' only as a whole part of a path"),
        ('format = "combined"', 'format = "cvs"', "[source] no. 1.format"),
        ('format = "combined"', 'format = "combined"\nencoding = "utf-8"', "encoding and delimiter are for format csv"),
        ('format = "combined"', 'format = "csv"\nencoding = "utf-16"', "expected one of cp850, iso-8859-1"),
        ('format = "combined"', 'format = "csv"\ndelimiter = ";;"', "expected one sign"),
        ('format = "combined"', 'format = "csv"\ndate_format = "%d/%m"', "expected a format with day, month and year"),
        ('format = "combined"', 'format = "csv"\ndate_format = ["%d/%m/%Y", "%Q"]', "expected a format with day"),
        ('id = "register"', 'id = "log"', "two [[source]] blocks have the same id"),
        ('operator = "Viareso"\nkind = "claims"', 'operator = "Viareo"\nkind = "claims"', "did you mean Viareso?"),
        ("requested_at =", "requsted_at =", "has no field 'requsted_at'; did you mean requested_at?"),
        ('requested_at = "time"\n', "", "kind access_log needs requested_at"),
        ('subject_kind = "holder_number"\n', "", "maps a subject but does not say what it is"),
        ('account_id = "user"', "account_id = []", "account_id"),
        ('[[screen]]', '[[outage]]\noperator = "Viareo"\nstart = 2024-01-01\nend = 2024-01-02\n[[screen]]',
         "outage no. 1 names an operator that no [[operator]] block declares"),
        ('[[screen]]', '[[outage]]\noperator = "Viareso"\nstart = 2024-01-02\nend = 2024-01-01\n[[screen]]',
         "expected an end after its start"),
        ('kind = "claims"', 'kind = "claims"\nclock_offset_s = nan', "clock_offset_s"),
        ('kind = "claims"', 'kind = "claims"\nclock_offset_s = inf', "clock_offset_s"),
        ('kind = "claims"', 'kind = "claims"\nsha256_at_seizure = "12"', "sha256_at_seizure"),
        ('id = "small"', "id = ", "not valid TOML"),
        ('id = "small"', "x = " + "[" * 4000, "not valid TOML"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(small: Path, declare: Declare, old: str, new: str, told: str):
    declare(old, new)
    assert told in refusal(small)


def test_no_message_repeats_the_value_that_was_found(small: Path, declare: Declare):
    declare('id = "claims"', 'id = "claims"\ndate_format = 1850575000123')
    declare('timezone = "Europe/Paris"', 'timezone = "DURANDOT"')
    told = refusal(small)
    assert "1850575000123" not in told
    assert "DURANDOT" not in told


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024-01-22", datetime(2024, 1, 22)),
        ("2024-01-22T08:00:00", datetime(2024, 1, 22, 8)),
        ("2024-01-22T08:00:00+01:00", datetime(2024, 1, 22, 7)),
        ('"2024-01-22T08:00:00+01:00"', datetime(2024, 1, 22, 7)),
    ],
)
def test_times_become_naive_utc(small: Path, declare: Declare, written: str, expected: datetime):
    declare('id = "small"', f'id = "small"\nsuspected_from = {written}')
    assert load(small).declared.case.suspected_from == expected


def test_a_time_before_all_years_is_refused(small: Path, declare: Declare):
    declare('id = "small"', 'id = "small"\nsuspected_from = 0001-01-01T00:00:00+05:00')
    assert "between the years 1 and 9999" in refusal(small)


def test_a_folder_without_a_case_says_how_to_make_one(tmp_path: Path):
    assert f"forensics init {tmp_path}" in refusal(tmp_path)


def test_a_file_in_the_place_of_the_case_is_no_case(small: Path):
    assert "there is no case here" in refusal(small / "evidence" / "access.log")


def test_a_case_toml_that_is_a_folder_is_refused(tmp_path: Path):
    (tmp_path / "case.toml").mkdir()
    assert "case.toml is a folder" in refusal(tmp_path)


def test_a_case_toml_with_a_byte_order_mark_is_read(small: Path):
    text = (small / "case.toml").read_bytes()
    (small / "case.toml").write_bytes(b"\xef\xbb\xbf" + text)
    assert load(small).declared.case.id == "small"


def test_a_case_toml_that_is_not_text_is_refused(small: Path):
    (small / "case.toml").write_bytes(b"\xff\xfe[case]")
    assert "not UTF-8" in refusal(small)


def test_a_case_toml_that_loops_cannot_be_read_now(tmp_path: Path):
    (tmp_path / "case.toml").symlink_to("case.toml")
    with pytest.raises(UnavailableError):
        load(tmp_path)
