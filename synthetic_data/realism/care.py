"""What honest professionals do: how much, at which hours, on which days."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from synthetic_data.professions import ORDINARY, PROFESSIONS, Profession
from synthetic_data.realism.incident import Incident
from synthetic_data.realism.look import (
    FAINT,
    HONEST,
    INK,
    canvas,
    house_style,
    key,
    label_powers,
    label_rows,
    panels,
    worded,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ORDINARY_PROFESSIONS = tuple(figures for figures in PROFESSIONS if figures.share > 0)
KEY = ["operator", "account"]
WORKING_DAY_PERCENT = 5.0  # of a week's lookups: a day with less is no working day


def _of_ordinary(incident: Incident, table: pl.DataFrame) -> pl.DataFrame:
    """Rows of honest lookups of ordinary accounts, with the profession."""
    ordinary = incident.accounts.filter(pl.col("pattern") == ORDINARY).select(*KEY, "profession")
    return table.filter(~pl.col("robot")).join(ordinary, on=KEY)


def _local_days(incident: Incident) -> pl.Series:
    """Every local date of the log."""
    calendar = incident.preset.calendar
    first = calendar.start.date()
    return pl.Series("day", [first + timedelta(days=day) for day in range(calendar.days)])


def account_days(incident: Incident) -> pl.DataFrame:
    """One row an ordinary account and working day after it was opened: profession, lookups, 0 included."""
    working = pl.DataFrame(
        [
            (figures.name, day + 1)
            for figures in ORDINARY_PROFESSIONS
            for day, share in enumerate(figures.weekdays)
            if share > WORKING_DAY_PERCENT
        ],
        schema={"profession": pl.String, "weekday": pl.Int8},
        orient="row",
    )
    days = pl.DataFrame(_local_days(incident)).with_columns(pl.col("day").dt.weekday().alias("weekday"))
    return (
        incident.accounts.filter(pl.col("pattern") == ORDINARY)
        .join(working, on="profession")
        .join(days, on="weekday")
        .filter(pl.col("day") >= pl.col("opened"))
        .join(incident.days.filter(~pl.col("robot")), on=[*KEY, "day"], how="left")
        .select("profession", pl.col("lookups").fill_null(0))
    )


def lookups_a_day(incident: Incident, ax: Axes | None = None) -> Axes:
    """Draw the lookups of one account on a working day by profession: median, 99th percentile, and the targets."""
    days, activity = account_days(incident), incident.preset.activity
    with house_style():
        remark = "ordinary accounts; the same step to the right is ten times as much"
        remark += f"; aimed at: {activity:g} times an account's full figures in this preset" if activity != 1 else ""
        ax = canvas(ax, (9, 4), f"Lookups of one account on one working day (n = {len(days):,} days)", remark)
        panel = ax.inset_axes((0, 0, 1, 1))
        names = []
        for row, figures in enumerate(ORDINARY_PROFESSIONS):
            counts = days.filter(pl.col("profession") == figures.name)["lookups"].to_numpy()
            names.append(f"{worded(figures.name)} (n = {len(counts):,})")
            if len(counts):
                low, median, high, rare = np.quantile(counts, [0.05, 0.5, 0.95, 0.99])
                panel.barh(row, high - low, 0.46, left=low, color=HONEST, edgecolor=FAINT, linewidth=0.4,
                           label="nine days in ten")  # fmt: skip
                panel.plot(
                    median, row, "o", color=FAINT, markersize=8, clip_on=False, label="half of the days have less"
                )
                panel.plot(rare, row, "s", color=FAINT, markersize=7, label="99 days in 100 have less")
            aimed = [figures.lookups_median * activity, figures.lookups_p99 * activity]
            panel.plot(aimed, [row + 0.38] * 2, "^", color=INK, markersize=6, label="aimed at, for either")
        label_rows(panel, names)
        label_powers(panel, 1500)
        panel.set_xlabel("lookups a day")
        key(panel, 0.17)
        return ax


def hours(incident: Incident, ax: Axes | None = None) -> Axes:
    """Draw at which hours each profession looks people up, beside the profile aimed at."""
    table = _of_ordinary(incident, incident.hours)
    with house_style():
        remark = "ordinary accounts; black lines: the hours aimed at; queues push lookups a little later"
        title = f"Honest lookups by local hour (n = {int(table['lookups'].sum()):,})"
        ax = canvas(ax, (10, 4.6), title, remark, lift=12)
        ticks = {hour: f"{hour}h" for hour in range(0, 24, 6)}
        _small_multiples(ax, table, "hour", list(range(24)), ticks, lambda figures: figures.hours)
        return ax


def weekdays(incident: Incident, ax: Axes | None = None) -> Axes:
    """Draw on which weekdays each profession looks people up, whole weeks only, beside the profile aimed at."""
    weeks = incident.preset.calendar.days // 7
    until = incident.preset.calendar.start.date() + timedelta(days=7 * weeks)
    table = _of_ordinary(incident, incident.hours).filter(pl.col("day") < until)
    table = table.with_columns(pl.col("day").dt.weekday().alias("weekday"))
    with house_style():
        title = f"Honest lookups by weekday (n = {int(table['lookups'].sum()):,} in {weeks} weeks)"
        ax = canvas(ax, (10, 4.6), title, "ordinary accounts; black lines: the weekdays aimed at", lift=12)
        ticks = dict(enumerate(("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"), start=1))
        _small_multiples(ax, table, "weekday", list(range(1, 8)), ticks, lambda figures: figures.weekdays)
        return ax


def _small_multiples(
    ax: Axes,
    table: pl.DataFrame,
    column: str,
    values: list[int],
    ticks: Mapping[int, str],
    aimed: Callable[[Profession], tuple[float, ...]],
) -> None:
    """Draw one panel a profession, with the share of its lookups at each value of a column."""
    grid = panels(ax, 2, 4, (0.06, 0.22))
    edges = np.arange(values[0], values[-1] + 2) - 0.5
    for panel, figures in zip(grid, ORDINARY_PROFESSIONS, strict=False):
        rows = table.filter(pl.col("profession") == figures.name)
        counts = dict(rows.group_by(column).agg(pl.col("lookups").sum()).iter_rows())
        total = sum(counts.values())
        share = [100 * counts.get(value, 0) / max(1, total) for value in values]
        profile = np.array(aimed(figures)) / sum(aimed(figures)) * 100
        panel.bar(values, share, 0.9, color=HONEST, edgecolor=FAINT, linewidth=0.3)
        panel.stairs(profile, edges, baseline=None, color=INK, linewidth=1.2)
        panel.set_title(f"{worded(figures.name)} (n = {total:,})", loc="left", fontsize=9)
        panel.set_xlim(edges[0], edges[-1])
        panel.set_ylim(bottom=0)
        panel.set_xticks(list(ticks), list(ticks.values()))
        panel.grid(visible=False, axis="x")
    for panel in grid[len(ORDINARY_PROFESSIONS) :]:
        panel.remove()
    for panel in (grid[0], grid[4]):
        panel.set_ylabel("share of its lookups, %")
