"""How many people that is, out of how many who could have been shown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from forensics.figures.house_style import (
    CERTAIN,
    FAINT,
    INK,
    INTERVAL,
    PALE,
    canvas,
    drawable,
    heading,
    house_style,
    legend,
    note,
)
from forensics.figures.words import WORDS
from forensics.reasons import SMALL_CELL, Language, integer, phrase, share, small_cell
from forensics.results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Transform

MOST_INSURERS = 15
"""More rows than a page can show are in the report's table."""
# Where things stand, in shares of the picture's width: row names end, the chart, then three columns end.
NAMES, CHART, COLUMNS = 0.185, (0.195, 0.255), (0.55, 0.885, 1.0)


def three_numbers(results: Results, ax: Axes | None = None, language: Language = "fr") -> Axes:
    """Draw certain, estimate and perimeter of the whole case, of each operator and of the largest insurers.

    Lengths are shares of each row's own perimeter, so that a small insurer is as readable as the whole case;
    the numbers of people (or pages) are written beside. Where only bounds are right, only the envelope is
    drawn. Insurers' counts of 1 to 10 are neither written nor drawn. Returns the axes given or made; the
    chart is its child axes.
    """
    with house_style():
        rows, left_out = ranked(results.summary["estimates"])
        ax = canvas(ax, (11, 1.5 + 0.46 * len(rows)))
        heading(ax, phrase(WORDS[f"title_{results.summary['subject']}"], language), results, language)
        chart = ax.inset_axes((CHART[0], 0, CHART[1], 1))
        level = share(next((row["level"] for row in rows if row["level"] is not None), 0.95), language)
        names = {
            key: phrase(WORDS[key], language, level=level) for key in ("certain", "interval", "envelope", "perimeter")
        }
        heights = _heights(rows)
        for height, row in zip(heights, rows, strict=True):
            _draw(chart, height, row, names)
            _write(ax, _beside(ax, chart), height, row, results.summary.get("insurers", {}), language)
        _frame(chart, heights, rows, language)
        middle = "head_bounds" if all(row["estimate"] is None for row in rows) else "head_interval"
        for x, key in zip(COLUMNS, ("head_certain", middle, "head_perimeter"), strict=True):
            note(ax, x, 1.01, phrase(WORDS[key], language, level=level))
        inch = 1 / (0.46 * len(rows) + 1)
        legend(ax, [chart], list(names.values()), -0.55 * inch)
        if left_out:
            note(ax, 0, -0.95 * inch, phrase(WORDS["left_out"], language, n=left_out), "left")
        return ax


def ranked(estimates: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """Return the rows to draw, whole case first, and how many smaller insurers are left out."""
    whole, operators, insurers = (
        [row for row in estimates if row["scope"] == scope] for scope in ("all", "operator", "insurer")
    )
    insurers.sort(key=lambda row: (-row["perimeter"], str(row["insurer"])))
    return [*whole, *operators, *insurers[:MOST_INSURERS]], len(insurers[MOST_INSURERS:])


def _heights(rows: Sequence[dict[str, Any]]) -> list[float]:
    """Return where each row stands, with a wider space between the whole, operators and insurers."""
    heights = [1.0]
    for before, row in pairwise(rows):
        heights.append(heights[-1] + (1 if before["scope"] == row["scope"] else 1.35))
    return heights


def _hidden(row: dict[str, Any], key: str) -> bool:
    return row["scope"] == "insurer" and 0 < row[key] < SMALL_CELL


def _draw(chart: Axes, y: float, row: dict[str, Any], names: dict[str, str]) -> None:
    """Draw one row: the perimeter as a pale box, certain in its lower half, the ranges in its upper half."""

    def part(key: str) -> float:
        return 0.0 if _hidden(row, key) or not row["perimeter"] else row[key] / row["perimeter"]

    chart.barh(y, 1, 0.72, facecolor=PALE, edgecolor="#9a9a9a", linewidth=0.6, label=names["perimeter"])
    chart.barh(y + 0.17, part("certain"), 0.24, color=CERTAIN, label=names["certain"])
    if _hidden(row, "envelope_high"):
        return
    line = (y - 0.15, y - 0.15)
    bounds = (part("envelope_low"), part("envelope_high"))
    chart.plot(bounds, line, color=INK, linewidth=1, marker="|", markersize=6, label=names["envelope"])
    if row["estimate"] is not None and not _hidden(row, "estimate"):
        low, high = part("low"), part("high")
        chart.plot((low, high), line, color=INTERVAL, linewidth=7, solid_capstyle="butt", label=names["interval"])
        chart.plot(
            part("estimate"),
            line[0],
            "o",
            markersize=3.4,
            color="white",
            markeredgecolor=INK,
            markeredgewidth=0.7,
        )


def _write(
    ax: Axes, beside: Transform, y: float, row: dict[str, Any], insurers: dict[str, str], language: Language
) -> None:
    """Write the name of one row and its three numbers, with their shares of the perimeter in grey below."""
    write = small_cell if row["scope"] == "insurer" else integer
    keys = ("envelope_low", "envelope_high") if row["estimate"] is None else ("low", "high")
    counts = {key: write(row[key], language) for key in ("certain", "estimate", *keys) if row[key] is not None}
    ends = {"low": counts[keys[0]], "high": counts[keys[1]], "estimate": counts.get("estimate")}
    middle = phrase(WORDS["bounds" if row["estimate"] is None else "estimate"], language, **ends)
    name = phrase(WORDS[row["scope"]], language, name=drawable(insurers.get(row["insurer"], row.get(row["scope"]))))
    weight = "bold" if row["scope"] == "all" else "normal"
    ax.text(NAMES, y, name, va="center", ha="right", fontweight=weight, transform=beside)
    for x, text in zip(COLUMNS, (counts["certain"], middle, write(row["perimeter"], language)), strict=True):
        ax.text(x, y, text, va="bottom", ha="right", fontweight=weight, transform=beside)
    if row["perimeter"] and not any(_hidden(row, key) for key in ("certain", *keys)):
        parts = {key: share(row[key] / row["perimeter"], language) for key in ("certain", *keys)}
        for x, text in zip(COLUMNS, (parts["certain"], f"{parts[keys[0]]} – {parts[keys[1]]}"), strict=False):
            ax.text(x, y + 0.06, text, va="top", ha="right", size=7.5, color=FAINT, transform=beside)


def _beside(ax: Axes, chart: Axes) -> Transform:
    """Return places across in shares of the picture and down in rows of the chart."""
    from matplotlib.transforms import blended_transform_factory

    return blended_transform_factory(ax.transAxes, chart.transData)


def _frame(chart: Axes, heights: Sequence[float], rows: Sequence[dict[str, Any]], language: Language) -> None:
    """Show all of the perimeter; where every range lies in its first fifth, only that part of it."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    widest = max((row["envelope_high"] / row["perimeter"] for row in rows if row["perimeter"]), default=1)
    chart.set_xlim(0, 1.005 if widest > 0.2 or widest == 0 else 1.25 * widest)
    chart.set_ylim(heights[-1] + 0.6, heights[0] - 0.6)
    chart.set_yticks([])
    chart.spines["left"].set_visible(False)
    chart.xaxis.set_major_locator(MaxNLocator(5))
    chart.xaxis.set_major_formatter(FuncFormatter(lambda value, _: share(value, language)))
    chart.set_xlabel(phrase(WORDS["share"], language), fontsize=8)
