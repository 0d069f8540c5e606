"""The invented people: ages, cards, departments, insurers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from synthetic_data import targets
from synthetic_data.contracts import department_weights
from synthetic_data.operators import insurer_weights
from synthetic_data.realism.incident import Incident
from synthetic_data.realism.look import DARKER, FAINT, HONEST, INK, canvas, house_style, panels, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAND = 5
OLDEST = 100
GROUPS = ((0, 20, "under 20"), (20, 65, "20 to 64"), (65, OLDEST, "65 and over"))
MANY_INSURERS = 100  # of which the shares of the ten and the twenty largest are known
OUTLINE = {"edgecolor": FAINT, "linewidth": 0.4}
TARGET = {"color": INK, "linewidth": 1.8}


def age_pyramid(incident: Incident, ax: Axes | None = None) -> Axes:
    """Draw people by age and sex, and the three age groups beside their shares in France."""
    people = incident.people
    count = len(people)
    women = len(people.filter(pl.col("sex") == "2")) / count
    with house_style():
        told = f"women {percent(women, 1)}; INED 2022: {percent(targets.WOMEN_SHARE, 1)}"
        ax = canvas(ax, (9, 5), f"People by age and sex (n = {count:,})", told)
        panel = ax.inset_axes((0, 0, 0.8, 1))
        edges = np.arange(0, OLDEST + BAND, BAND)
        for sex, side, name, colour in (("1", -1, "men", HONEST), ("2", 1, "women", DARKER)):
            ages = people.filter(pl.col("sex") == sex)["age"].clip(0, OLDEST - 0.01).to_numpy()
            share = np.histogram(ages, edges)[0] / count * 100
            panel.barh(edges[:-1] + BAND / 2, side * share, BAND * 0.92, color=colour, **OUTLINE)
            panel.text(side * 4.6, 95, name, ha="center", fontweight="bold")
        panel.axvline(0, color=INK, linewidth=0.8)
        panel.set_xlim(-5.6, 5.6)
        panel.set_xticks(range(-5, 6), [f"{abs(tick)}" for tick in range(-5, 6)])
        panel.set_yticks(range(0, OLDEST + 1, 10))
        panel.set_ylim(0, OLDEST)
        panel.set_xlabel(f"share of all people, % (bars of {BAND} years)")
        panel.set_ylabel("age on 1 January 2024, years")
        for low, high, name in GROUPS:
            inside = (pl.col("age") >= low) & ((pl.col("age") < high) | (high == OLDEST))
            share = len(people.filter(inside)) / count
            panel.axhline(low, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
            told = f"{name}\n{percent(share, 1)}\nINED 2022: {percent(targets.AGE_SHARES[name], 1)}"
            panel.text(5.9, (low + high) / 2, told, va="center", clip_on=False)
        return ax


def people_per_card(incident: Incident, ax: Axes | None = None) -> Axes:
    """Draw how many people stand on one card, beside the shares aimed at."""
    cards = incident.cards.group_by("people").agg(pl.col("cards").sum()).sort("people")
    total = int(cards["cards"].sum())
    found = {people: count / total for people, count in cards.iter_rows()}
    sizes = sorted({*found, *targets.PEOPLE_PER_CARD})
    with house_style():
        title = f"People on one card (n = {total:,} cards that cover)"
        ax = canvas(ax, (7, 3.6), title, "black lines: the share aimed at, an estimate of the project")
        panel = ax.inset_axes((0, 0, 1, 1))
        for size in sizes:
            share, aimed = 100 * found.get(size, 0.0), 100 * targets.PEOPLE_PER_CARD.get(size, 0.0)
            panel.bar(size, share, 0.7, color=HONEST, **OUTLINE)
            panel.hlines(aimed, size - 0.45, size + 0.45, **TARGET)
            panel.text(size, max(share, aimed) + 1.2, percent(share / 100, 1), ha="center")
        panel.set_xticks(sizes)
        panel.set_ylim(0, 65)
        panel.grid(visible=False, axis="x")
        panel.set_xlabel("people on the card")
        panel.set_ylabel("share of cards, %")
        return ax


def departments(incident: Incident, ax: Axes | None = None) -> Axes:
    """Draw where people live: departments with a published share one by one, the others together."""
    counts = dict(incident.people.group_by("department").len().iter_rows())
    names, weights = department_weights(incident.preset.departments)
    total = len(incident.people)
    share = {name: 100 * counts.get(name, 0) / total for name in names}
    aimed = dict(zip(names, (100 * weights).tolist(), strict=True))
    alone = [name for name in names if name in targets.DEPARTMENT_PERCENT]
    others = [name for name in names if name not in targets.DEPARTMENT_PERCENT]
    with house_style():
        title = f"Where people live (n = {total:,} people, {len(names)} departments)"
        told = "black lines: residents by department (Code officiel géographique; the others from memory)"
        ax = canvas(ax, (10, 4.2), title, told)
        panel = ax.inset_axes((0, 0, 1, 1))
        for place, name in enumerate(alone):
            panel.bar(place, share[name], 0.75, color=HONEST, **OUTLINE)
            panel.hlines(aimed[name], place - 0.45, place + 0.45, **TARGET)
        places, ticks = list(range(len(alone))), alone
        if others:
            middle = len(alone) + 1.2
            where = middle + np.linspace(-1, 1, len(others))
            panel.bar(
                where,
                sorted((share[name] for name in others), reverse=True),
                2 / len(others),
                color=HONEST,
                edgecolor=FAINT,
                linewidth=0.1,
            )
            width = 1 / len(others)
            aims = sorted((aimed[name] for name in others), reverse=True)
            panel.hlines(aims, where - width, where + width, **TARGET)
            places, ticks = [*places, middle], [*ticks, f"the {len(others)} others"]
        panel.set_xticks(places, ticks)
        panel.grid(visible=False, axis="x")
        panel.set_ylim(bottom=0)
        panel.set_xlabel("department")
        panel.set_ylabel("share of people, %")
        return ax


def insurers(incident: Incident, ax: Axes | None = None) -> Axes:
    """Draw how concentrated the insurers are: their sizes, and what the largest hold together."""
    sizes = incident.cards.group_by("insurer").agg(pl.col("cards").sum())["cards"].sort(descending=True).to_numpy()
    share = 100 * sizes / sizes.sum()
    count = len(sizes)
    rank = np.arange(1, count + 1)
    with house_style():
        ax = canvas(ax, (10, 3.8), f"Insurers by size (n = {count} insurers, {sizes.sum():,} cards that cover)")
        left, right = panels(ax, 1, 2, (0.1, 0))
        left.bar(rank, share, 0.8, color=HONEST, edgecolor=FAINT, linewidth=0.4 if count <= 40 else 0.1)
        left.set_xlabel("insurer, the largest first")
        left.set_ylabel("share of cards, %")
        left.grid(visible=False, axis="x")
        together = np.append(0, np.cumsum(share))
        right.plot(np.append(0, rank), together, color=FAINT, linewidth=1.6, label="in this case")
        if count >= MANY_INSURERS:
            for largest, known in ((10, targets.TOP_10_SHARE), (20, targets.TOP_20_SHARE)):
                label = "published" if largest == 10 else None
                right.plot(largest, 100 * known, "D", color=INK, markersize=6, label=label)
                told = f"the {largest} largest: {together[largest]:.0f} %\npublished: {percent(known)}"
                right.text(largest + 5, 100 * known - 7, told, va="center")
        else:
            aimed = np.append(0, 100 * np.cumsum(insurer_weights(count)))
            told = f"the {count} largest of a hundred"
            right.plot(np.append(0, rank), aimed, "--", color=INK, linewidth=1.2, label=told)
        right.legend(loc="lower right", frameon=False)
        right.set_xlim(0)
        right.set_ylim(0, 102)
        right.set_xlabel("so many of the largest insurers")
        right.set_ylabel("hold together, % of cards")
        return ax
