"""What the figures draw: the data of their artists, their words, and bytes that do not change."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime

import polars as pl
import pytest

from forensics.errors import CaseError
from forensics.figures import three_numbers, timeline, to_png, to_svg
from forensics.figures.against_perimeter import ranked
from forensics.figures.house_style import drawable
from forensics.figures.over_time import binned, gaps
from tests.made_results import BOUNDS_ONLY, ESTIMATE, SUMMARY, hour, made_results

THIN = "\u202f"
NO_BREAK = "\u00a0"


def words(axes):
    """Every text of a picture and of its panels."""
    found = []
    for one in (axes, *axes.child_axes):
        found += [text.get_text() for text in one.texts]
        found += [one.get_title(loc="left"), one.get_xlabel()]
        if one.get_legend() is not None:
            found += [text.get_text() for text in one.get_legend().get_texts()]
    return found


def bars(axes, label):
    """Width of each bar of one label, top row first."""
    return [bar.get_width() for one in axes.child_axes[0].containers if one.get_label() == label for bar in one]


def heights(panel):
    """Counts and baselines of each verdict drawn in a panel of the timeline."""
    from matplotlib.patches import StepPatch

    return {
        patch.get_label(): patch.get_data().values.tolist() for patch in panel.patches if isinstance(patch, StepPatch)
    }


def lines(axes, label):
    """The two ends of each range of one label."""
    return [line.get_xdata() for line in axes.child_axes[0].lines if line.get_label() == label]


def test_scraping_is_drawn_above_and_everybody_else_below(tmp_path):
    above, below = timeline(made_results(tmp_path), language="en").child_axes
    assert list(heights(above)) == ["scraping"]
    assert list(heights(below)) == ["not accused", "unclear"]


def test_each_hour_is_one_bar_and_an_hour_without_lookups_is_zero(tmp_path):
    above, below = timeline(made_results(tmp_path), language="en").child_axes
    assert heights(below)["not accused"][:4] == [40, 0, 25, 0]
    assert heights(below)["unclear"][:4] == [40, 0, 30, 0]
    assert heights(above)["scraping"][73:] == [0, 2400]


def test_operators_are_added_up():
    table = pl.DataFrame([hour(0, "honest", 3, "Viareso"), hour(0, "honest", 4, "Tiersa")])
    assert binned(table).counts["honest"] == [7]


def test_beyond_a_hundred_days_bars_are_days(tmp_path):
    rows = [hour(0, "honest", 5), hour(1, "honest", 6), hour(2400, "honest", 7)]
    axes = timeline(made_results(tmp_path, timeline=rows), language="en")
    assert "Lookups per day (n = 18)" in words(axes)
    assert heights(axes.child_axes[1])["not accused"][:2] == [11, 0]


def test_scraping_and_unclear_are_hatched_so_that_grey_print_tells_them_apart(tmp_path):
    above, below = timeline(made_results(tmp_path)).child_axes
    assert above.patches[0].get_hatch() == "////"
    assert [patch.get_hatch() for patch in below.patches[:2]] == [None, "...."]


def test_the_timeline_counts_its_lookups_in_french(tmp_path):
    found = words(timeline(made_results(tmp_path), language="fr"))
    assert f"Consultations par heure (n = 2{THIN}470)" in found
    assert f"Sessions classées «{THIN}extraction automatisée{THIN}» (n = 2{THIN}400, maximum 2{THIN}400)" in found
    assert "Autres sessions (n = 70, maximum 40)" in found
    assert f"Temps universel (UTC), du 15{NO_BREAK}janv.{NO_BREAK}2024 au 18{NO_BREAK}janv.{NO_BREAK}2024" in found


def test_the_timeline_counts_its_lookups_in_english(tmp_path):
    found = words(timeline(made_results(tmp_path), language="en"))
    assert "Lookups per hour (n = 2,470)" in found
    assert "Sessions judged scraping (n = 2,400, maximum 2,400)" in found
    assert f"Universal time (UTC), 15{NO_BREAK}Jan{NO_BREAK}2024 to 18{NO_BREAK}Jan{NO_BREAK}2024" in found


def test_declared_dates_and_gaps_are_marked_and_named(tmp_path):
    axes = timeline(made_results(tmp_path), language="en")
    found = words(axes)
    assert f"suspected from 18{NO_BREAK}Jan{NO_BREAK}2024" in found
    assert f"held to be clean until 17{NO_BREAK}Jan{NO_BREAK}2024" in found
    assert "gap in the log" in found
    assert len(axes.child_axes[0].lines) == 2


def test_dates_that_were_not_declared_are_not_drawn(tmp_path):
    case = {**SUMMARY["case"], "suspected_from": None, "clean_until": None}
    axes = timeline(made_results(tmp_path, summary={"case": case}))
    assert len(axes.child_axes[0].lines) == 0


def test_gaps_outside_the_log_are_not_drawn(tmp_path):
    gap = {**SUMMARY["coverage"][1], "start": "2024-03-01T00:00:00", "end": "2024-03-02T00:00:00"}
    axes = timeline(made_results(tmp_path, summary={"coverage": [gap]}), language="en")
    assert "gap in the log" not in words(axes)


def test_in_a_short_log_hours_are_named(tmp_path):
    rows = [hour(0, "honest", 1), hour(20, "honest", 1)]
    axes = timeline(made_results(tmp_path, timeline=rows), language="en")
    named = axes.child_axes[1].xaxis.get_major_formatter().format_ticks([19737.0, 19737.25])
    assert named == ["15 Jan", "06:00"]


def test_gaps_that_overlap_are_one_gap():
    spans = [("2024-01-16T06:00:00", "2024-01-16T09:00:00"), ("2024-01-16T08:00:00", "2024-01-16T10:00:00")]
    rows = [{"kind": "gap", "start": start, "end": end} for start, end in spans]
    assert gaps(rows) == [(datetime(2024, 1, 16, 6), datetime(2024, 1, 16, 10))]


def test_a_log_without_lookups_says_so(tmp_path):
    assert "No lookup in the log" in words(timeline(made_results(tmp_path, timeline=[]), language="en"))


@pytest.mark.parametrize("figure", [timeline, three_numbers])
def test_synthetic_data_is_stamped_in_both_languages(tmp_path, figure):
    results = made_results(tmp_path)
    assert "DONNÉES SYNTHÉTIQUES" in words(figure(results, language="fr"))
    assert "SYNTHETIC DATA" in words(figure(results, language="en"))


@pytest.mark.parametrize("figure", [timeline, three_numbers])
def test_real_data_is_not_stamped(tmp_path, figure):
    results = made_results(tmp_path, summary={"case": {**SUMMARY["case"], "synthetic": False}})
    assert "SYNTHETIC DATA" not in words(figure(results, language="en"))


def test_lengths_are_shares_of_each_rows_perimeter(tmp_path):
    axes = three_numbers(made_results(tmp_path), language="en")
    assert bars(axes, "certain: shown by the logs") == pytest.approx([0.41236, 30 / 61, 11.5 / 44, 41.3 / 99, 0])
    assert lines(axes, "estimate and 95% interval")[0] == pytest.approx((0.428, 0.451))
    assert lines(axes, "envelope (bounds)")[0] == pytest.approx((0.41116, 0.52))


def test_numbers_are_written_beside_in_french(tmp_path):
    found = words(three_numbers(made_results(tmp_path), language="fr"))
    assert f"41{THIN}236" in found
    assert f"43{THIN}900  [42{THIN}800 – 45{THIN}100]" in found
    assert f"100{THIN}000" in found
    assert f"41{THIN}%" in found


def test_numbers_are_written_beside_in_english(tmp_path):
    found = words(three_numbers(made_results(tmp_path), language="en"))
    assert {"41,236", "43,900  [42,800 – 45,100]", "100,000", "41%", "Operator Tiersa"} <= set(found)


def test_where_only_bounds_are_right_only_the_envelope_is_drawn(tmp_path):
    rows = [{**ESTIMATE, **BOUNDS_ONLY}]
    axes = three_numbers(made_results(tmp_path, summary={"estimates": rows}), language="en")
    assert "bounds only: 41,116 to 52,000" in words(axes)
    assert len(axes.child_axes[0].lines) == 1


def test_a_case_about_pages_speaks_of_pages(tmp_path):
    results = made_results(tmp_path, summary={"subject": "pages"})
    assert "Pages: three numbers, never one" in words(three_numbers(results, language="en"))


def test_an_insurers_small_count_is_neither_written_nor_drawn(tmp_path):
    axes = three_numbers(made_results(tmp_path), language="en")
    assert f"<{NO_BREAK}11" in words(axes)
    assert "7" not in words(axes)
    assert bars(axes, "certain: shown by the logs")[-1] == 0


def test_only_the_fifteen_largest_insurers_are_drawn_and_the_rest_is_counted(tmp_path):
    insurers = [{**ESTIMATE, "scope": "insurer", "insurer": f"M{n:02d}", "perimeter": 90_000 + n} for n in range(18)]
    rows, left_out = ranked([ESTIMATE, *insurers])
    assert (len(rows), rows[1]["insurer"], left_out) == (16, "M17", 3)
    results = made_results(tmp_path, summary={"estimates": [ESTIMATE, *insurers]})
    assert "Smaller insurers, not drawn (see the table): 3." in words(three_numbers(results, language="en"))


def test_a_small_share_of_the_perimeter_is_still_visible(tmp_path):
    row = {**ESTIMATE, "perimeter": 1_000_000}
    axes = three_numbers(made_results(tmp_path, summary={"estimates": [row]}))
    assert axes.child_axes[0].get_xlim() == pytest.approx((0, 0.065))


@pytest.mark.parametrize("figure", [timeline, three_numbers])
def test_a_figure_is_drawn_into_the_axes_it_is_given(tmp_path, figure):
    from matplotlib.figure import Figure

    mine = Figure().add_subplot()
    assert figure(made_results(tmp_path), ax=mine) is mine


@pytest.mark.parametrize("figure", [timeline, three_numbers])
def test_the_same_data_give_the_same_bytes(tmp_path, figure):
    results = made_results(tmp_path)
    assert to_svg(figure(results)) == to_svg(figure(results))
    assert to_png(figure(results)) == to_png(figure(results))


def test_the_users_own_style_changes_nothing(tmp_path):
    import matplotlib as mpl

    results = made_results(tmp_path)
    plain = to_svg(timeline(results))
    with mpl.rc_context({"font.size": 20, "axes.grid": False, "svg.fonttype": "none"}):
        assert to_svg(timeline(results)) == plain


def test_svg_needs_no_font_and_tells_no_time(tmp_path):
    svg = to_svg(three_numbers(made_results(tmp_path)))
    assert "<text" not in svg
    assert "<dc:date>" not in svg


def test_a_notebook_shows_one_png_picture(tmp_path):
    assert timeline(made_results(tmp_path))._repr_png_().startswith(b"\x89PNG")


def test_hostile_names_are_drawn_as_what_they_are(tmp_path):
    name = "$\\frac{\u202e漢"
    rows = [ESTIMATE, {**ESTIMATE, "scope": "operator", "operator": name}]
    axes = three_numbers(made_results(tmp_path, summary={"estimates": rows}), language="en")
    assert "Operator $\\frac{[U+202E]□" in words(axes)
    assert to_png(axes)


def test_a_long_name_is_shortened():
    assert drawable("x" * 40) == "x" * 25 + "…"


def test_a_language_without_words_is_refused(tmp_path):
    with pytest.raises(CaseError, match="no words in the language 'de'"):
        timeline(made_results(tmp_path), language="de")


def test_importing_figures_and_report_loads_no_plotting_library():
    code = (
        "import sys, forensics.figures, forensics.report;"
        "sys.exit(bool({'matplotlib', 'jinja2', 'pandera'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
