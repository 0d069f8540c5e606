"""What is read sooner is read alike: the times of Apache's logs, and what is made of a recurring text."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
from hypothesis import example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from forensics.evidence.texts import each_once
from forensics.evidence.times import LOG_TIME, _usual_log_times

two_digits = st.integers(0, 99).map("{:02d}".format)
usual = st.tuples(
    st.integers(0, 40).map("{:02d}".format), st.just("/"),
    st.sampled_from(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "feb", "Fev"]),
    st.just("/"), st.sampled_from(["2024", "2023", "0001", "9999", "0000", "1969", "24"]),
    *[piece for _ in range(3) for piece in (st.just(":"), st.integers(0, 61).map("{:02d}".format))],
    st.sampled_from([" ", ""]), st.sampled_from("+-"), two_digits, st.sampled_from(["", ":"]), two_digits,
).map("".join)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.lists(usual, max_size=20), st.lists(st.one_of(usual, st.text(max_size=30), st.none()), max_size=20))
)
@example(["29/Feb/2024:23:59:59 +0100", "29/Feb/2023:00:00:00 +0000", "31/Dec/2016:23:59:59 +0000"])
@example(["01/Feb/2024:08:00:00 -0030", "01/Feb/2024:08:00:00 +0530", "01/Feb/2024:08:00:00 -0000"])
@example(["01/Jan/0001:00:00:00 +0100", "31/Dec/9999:23:59:59 -0100", "01/Feb/2024:24:00:00 +0000"])
def test_the_quick_way_reads_what_the_whole_form_reads(texts: list[str | None]):
    written = pl.Series("text", texts, dtype=pl.String)
    quick = _usual_log_times(written)
    if quick is not None:
        slow = pl.col("text").str.to_datetime(LOG_TIME, time_zone="UTC", time_unit="us", strict=False)
        assert_series_equal(quick, written.to_frame().select(slow).to_series())


def test_times_as_servers_write_them_are_read_the_quick_way():
    [instant] = _usual_log_times(pl.Series(["01/Feb/2024:08:00:00 -0530"])).to_list()
    assert instant == datetime(2024, 2, 1, 13, 30, tzinfo=UTC)
    assert _usual_log_times(pl.Series(["01/Feb/2024:08:00:00 -0530", "1/Feb/2024:08:00:00 -0530"])) is None


@settings(deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=3), st.sampled_from(["a", "b"]))))
def test_what_is_made_once_of_a_text_is_what_is_made_of_each(values: list[str | None]):
    series = pl.Series("value", values, dtype=pl.String)

    def make(text: pl.Expr) -> pl.Expr:
        return pl.concat_str(text.fill_null("nothing"), pl.lit("!"))

    expected = series.to_frame().select(make(pl.col("value"))).to_series()
    assert_series_equal(each_once(series, make), expected, check_names=False)
    halves = pl.concat([series, series], rechunk=False)
    assert_series_equal(each_once(halves, make), pl.concat([expected, expected]), check_names=False)


def test_what_is_the_same_for_every_text_is_made_of_each():
    assert each_once(pl.Series(["a", "b", "a", None]), lambda _: pl.lit(7)).to_list() == [7, 7, 7, 7]
