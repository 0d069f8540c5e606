"""Who would be accused wrongly: how often care follows a lookup, and the hard negatives by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from synthetic_data.professions import ORDINARY, PATTERNS
from synthetic_data.realism.care import KEY, ORDINARY_PROFESSIONS
from synthetic_data.realism.incident import CLAIM_DAYS, WHO, Incident
from synthetic_data.realism.look import (
    FAINT,
    HATCH,
    HONEST,
    INK,
    ROBOT,
    canvas,
    house_style,
    label_powers,
    label_rows,
    panels,
    worded,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

THE_ROBOT = "the robot"
NIGHT_FROM, NIGHT_UNTIL = 20, 7  # local hours
# Measure -> title, and the right end of its axis of powers of ten (0: per cent).
MEASURES = {
    "a_day": ("lookups\non a day with any", 8_000),
    "gap_s": ("seconds to the next\nlookup (median)", 200_000),
    "night": (f"{NIGHT_FROM}h to {NIGHT_UNTIL}h,\n% of lookups", 0),
    "followed": ("followed by a claim,\n% of lookups", 0),
    "addresses": ("addresses\nused", 300),
}


def followed_by_claim(incident: Incident, ax: Axes | None = None) -> Axes:
    """Draw which share of the lookups that found someone a claim follows, by profession, and for the robot."""
    named = incident.clients.join(incident.accounts, on=KEY)
    honest = named.filter(~pl.col("robot"), pl.col("pattern") == ORDINARY)
    rows: list[tuple[str, pl.DataFrame, float | None]] = [
        (worded(figures.name), honest.filter(pl.col("profession") == figures.name), figures.claim_share)
        for figures in ORDINARY_PROFESSIONS
    ]
    rows.append((THE_ROBOT, named.filter("robot"), None))
    with house_style():
        total = sum(int(clients["found"].sum()) for _, clients, _ in rows)
        title = f"Lookups followed by a claim within {CLAIM_DAYS} days (n = {total:,} lookups)"
        remark = "lookups that found someone; a claim from the same account for the same card; black lines: aimed at"
        ax = canvas(ax, (9, 3.8), title, remark)
        panel = ax.inset_axes((0, 0, 1, 1))
        names = [_claim_bar(panel, row, *one) for row, one in enumerate(rows)]
        label_rows(panel, names)
        panel.set_xlim(0, 105)
        panel.set_xlabel("share of lookups, %")
        return ax


def _claim_bar(panel: Axes, row: int, name: str, clients: pl.DataFrame, aimed: float | None) -> str:
    """Draw one bar, the robot's hatched, and give its label."""
    total = int(clients["found"].sum())
    share = 100 * int(clients["followed"].sum()) / max(1, total)
    robot = aimed is None
    panel.barh(row, share, 0.62, color=ROBOT if robot else HONEST, hatch=HATCH if robot else None,
               edgecolor="white" if robot else FAINT, linewidth=0.4)  # fmt: skip
    if aimed is not None:
        panel.vlines(100 * aimed, row - 0.42, row + 0.42, color=INK, linewidth=1.8)
    told = f"{share:.1f} %" if total else "no lookup here names a card"
    panel.text(max(share, 100 * (aimed or 0)) + 1, row, told, va="center")
    return f"{name} (n = {total:,})"


def profiles(incident: Incident) -> pl.DataFrame:
    """One row an account, the robot's lookups apart: who, a_day, gap_s, night, followed, addresses (shares in %).

    who: the pattern's name, or THE_ROBOT. a_day: lookups on a day with any.
    """
    night = (pl.col("hour") >= NIGHT_FROM) | (pl.col("hour") < NIGHT_UNTIL)
    at_night = incident.hours.filter(night).group_by(WHO).agg(pl.col("lookups").sum().alias("at_night"))
    busy = incident.days.group_by(WHO).agg(pl.len().alias("days"))
    return (
        incident.clients.join(incident.accounts, on=KEY)
        .join(busy, on=WHO)
        .join(at_night, on=WHO, how="left")
        .sort(WHO)
        .select(
            pl.when("robot").then(pl.lit(THE_ROBOT)).otherwise("pattern").alias("who"),
            (pl.col("lookups") / pl.col("days")).alias("a_day"),
            "gap_s",
            (100 * pl.col("at_night").fill_null(0) / pl.col("lookups")).alias("night"),
            pl.when(pl.col("found") > 0).then(100 * pl.col("followed") / pl.col("found")).alias("followed"),
            "addresses",
        )
    )


def hard_negatives(incident: Incident, ax: Axes | None = None) -> Axes:
    """Draw the honest accounts that look like robots beside ordinary ones and the robot, one dot an account."""
    accounts = profiles(incident)
    kinds = [ORDINARY, *(pattern.name for pattern in PATTERNS), THE_ROBOT]
    with house_style():
        title = f"Honest accounts that look like robots (n = {len(accounts):,} accounts)"
        remark = "a dot is an account, an upright line the middle one; nine in ten ordinary accounts are in the bar"
        ax = canvas(ax, (10.5, 4.4), title, remark, lift=24)
        counts = dict(accounts.group_by("who").len().iter_rows())
        names = [f"{worded(kind)} (n = {counts.get(kind, 0):,})" for kind in kinds]
        grid = panels(ax, 1, len(MEASURES), (0.03, 0))
        for panel, (measure, (told, most)) in zip(grid, MEASURES.items(), strict=True):
            for row, kind in enumerate(kinds):
                _dots(panel, row, kind, accounts.filter(pl.col("who") == kind)[measure].drop_nulls())
            label_rows(panel, names)
            panel.tick_params(labelleft=panel is grid[0])
            panel.set_title(told, loc="left", fontsize=8.5)
            if most:
                label_powers(panel, most, every=2)
            else:
                panel.set_xlim(-4, 104)
        return ax


def _dots(panel: Axes, row: int, kind: str, values: pl.Series) -> None:
    """Draw one kind's accounts in its row: dots, or a bar where they are a crowd."""
    if len(values) == 0:
        return
    colour = ROBOT if kind == THE_ROBOT else INK
    if kind == ORDINARY:
        low, high = values.quantile(0.05, "linear") or 0.0, values.quantile(0.95, "linear") or 0.0
        panel.barh(row, high - low, 0.5, left=low, color=HONEST, edgecolor=FAINT, linewidth=0.4)
    else:
        panel.plot(values, [row] * len(values), "X" if kind == THE_ROBOT else "o", color=colour, markersize=5,
                   markeredgewidth=0.4, markeredgecolor="white")  # fmt: skip
    median = values.median()
    panel.vlines(median, row - 0.36, row + 0.36, color=colour, linewidth=1.4)  # pyright: ignore[reportArgumentType]
