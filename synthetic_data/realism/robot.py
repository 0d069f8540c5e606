"""The robot against the crowd: what its accounts do beside everybody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from synthetic_data.realism.care import KEY
from synthetic_data.realism.incident import Incident
from synthetic_data.realism.look import (
    FAINT,
    HATCH,
    HONEST,
    INK,
    OWNER,
    ROBOT,
    canvas,
    house_style,
    key,
    label_powers,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 100_000  # lookups a day: the end of the axis
STEPS = sorted(step * 10**power for step in (1, 2, 5) for power in range(5))  # of a histogram, about evenly apart


def _parts(incident: Incident, table: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Split rows into the robot's, those of the owners of its accounts, and everybody else's."""
    used = incident.clients.filter("robot").select(KEY)
    honest = table.filter(~pl.col("robot"))
    return {
        "robot": table.filter("robot"),
        "owners": honest.join(used, on=KEY, how="semi"),
        "crowd": honest.join(used, on=KEY, how="anti"),
    }


def robot_days(incident: Incident, ax: Axes | None = None) -> Axes:
    """Draw how many lookups an account makes on a day with any: the robot's beside all honest ones."""
    days = incident.days
    groups: tuple[tuple[str, pl.DataFrame, dict[str, Any]], ...] = (
        ("honest lookups of all accounts", days.filter(~pl.col("robot")), {"facecolor": HONEST, "edgecolor": FAINT}),
        ("the robot's lookups", days.filter("robot"), {"facecolor": ROBOT, "edgecolor": "white", "hatch": HATCH}),
    )
    with house_style():
        remark = "the same step to the right is ten times as much; heights: share of each group's own days"
        title = f"Lookups of one account on one day (n = {len(days):,} days with any)"
        ax = canvas(ax, (9, 3.6), title, remark)
        panel = ax.inset_axes((0, 0, 1, 1))
        edges = np.array([*STEPS, MOST]) - 0.5
        for name, rows, look in groups:
            share = np.histogram(rows["lookups"].to_numpy(), edges)[0] / max(1, len(rows)) * 100
            label = f"{name} (n = {len(rows):,} account days)"
            panel.stairs(share, edges, fill=True, linewidth=0.5, label=label, **look)
        label_powers(panel, MOST)
        panel.set_xlim(0.5, MOST)
        panel.set_xlabel("lookups a day")
        panel.set_ylabel("share of account days, %")
        key(panel, 0.2)
        return ax


def robot_hours(incident: Incident, ax: Axes | None = None) -> Axes:
    """Draw at which hours the robot asks, beside the owners of its accounts and everybody else."""
    parts = _parts(incident, incident.hours)
    drawn: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("crowd", "other honest accounts", {"fill": True, "facecolor": HONEST, "edgecolor": FAINT, "linewidth": 0.4}),
        ("owners", "owners of its accounts", {"color": OWNER, "linewidth": 1.8, "linestyle": (0, (3, 1.5))}),
        ("robot", "the robot", {"color": ROBOT, "linewidth": 2.2}),
    )
    with house_style():
        title = f"Lookups by local hour (n = {int(incident.hours['lookups'].sum()):,})"
        ax = canvas(
            ax, (9, 3.4), title, "heights: share of each group's own lookups, so that few can be seen beside many"
        )
        panel = ax.inset_axes((0, 0, 1, 1))
        for part, name, look in drawn:
            counts = dict(parts[part].group_by("hour").agg(pl.col("lookups").sum()).iter_rows())
            total = sum(counts.values())
            share = [100 * counts.get(hour, 0) / max(1, total) for hour in range(24)]
            panel.stairs(share, np.arange(25), baseline=0, label=f"{name} (n = {total:,})", **look)
        panel.set_xlim(0, 24)
        panel.set_xticks(range(0, 25, 3), [f"{hour}h" for hour in range(0, 25, 3)])
        panel.set_ylim(bottom=0)
        panel.set_xlabel("hour of the day, local time")
        panel.set_ylabel("share of lookups, %")
        key(panel, 0.21, 3)
        return ax


def robot_people(incident: Incident, ax: Axes | None = None) -> Axes:
    """Draw how many different numbers one account asks for on each day: the robot's accounts above the crowd."""
    from matplotlib.dates import DateFormatter, date2num

    parts = _parts(incident, incident.days)
    calendar = incident.preset.calendar
    days = [calendar.start.date() + timedelta(days=day) for day in range(calendar.days)]
    crowd = _crowd(parts["crowd"], pl.DataFrame({"day": days}))
    robot, places = parts["robot"], np.asarray(date2num(days))
    with house_style():
        used = robot.select(KEY).unique().height
        title = f"Different people one account asks for in a day (n = {used} accounts of the robot)"
        ax = canvas(ax, (9, 4), title, "people: numbers typed; honest accounts without a lookup that day left out;"
                    " the same step upwards is ten times as much")  # fmt: skip
        panel = ax.inset_axes((0, 0, 1, 1))
        panel.bar(places, crowd["rare"], 0.9, color=HONEST, edgecolor=FAINT, linewidth=0.3,
                  label="99 in 100 honest accounts ask for less")  # fmt: skip
        panel.hlines(crowd["middle"], places - 0.45, places + 0.45, color=FAINT, linewidth=1.6,
                     label="half of the honest accounts ask for less")  # fmt: skip
        panel.plot(places, crowd["most"], "_", color=INK, markersize=11, markeredgewidth=1.8,
                   label="the most of any honest account")  # fmt: skip
        panel.plot(np.asarray(date2num(robot["day"].to_list())), robot["asked"], "X", color=ROBOT, markersize=6,
                   markeredgecolor="white", markeredgewidth=0.5, label="an account of the robot")  # fmt: skip
        panel.set_yscale("symlog", linthresh=1, linscale=0.4)
        ticks = [10**power for power in range(5)]
        panel.set_yticks([0, *ticks], [f"{tick:,}" for tick in (0, *ticks)])
        panel.minorticks_off()
        panel.set_ylim(0, 30_000)
        panel.set_xlim(places[0] - 0.7, places[-1] + 0.7)
        panel.set_xticks(places[:: -(-len(days) // 11)])
        panel.xaxis.set_major_formatter(DateFormatter("%d/%m"))
        panel.grid(visible=False, axis="x")
        panel.set_xlabel(f"day of the log, {days[0]:%d/%m/%Y} to {days[-1]:%d/%m/%Y}")
        panel.set_ylabel("people a day")
        key(panel, 0.18)
        return ax


def _crowd(rows: pl.DataFrame, days: pl.DataFrame) -> pl.DataFrame:
    """Each day: middle, rare (99th percentile) and most of what an honest account asks for; 0 where none does."""
    asked = pl.col("asked")
    counted = rows.group_by("day").agg(
        asked.median().alias("middle"), asked.quantile(0.99, "linear").alias("rare"), asked.max().alias("most")
    )
    return days.join(counted, on="day", how="left").sort("day").fill_null(0)
