"""When the robot looked people up, and what everybody else did meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from forensics.figures.house_style import (
    FAINT,
    FILL,
    HATCH,
    INK,
    PALE,
    canvas,
    heading,
    house_style,
    legend,
    note,
)
from forensics.figures.words import MONTHS, WORDS, day
from forensics.reasons import Language, integer, phrase
from forensics.results import Results
from forensics.vocabulary import UNSEEN

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_HOURS = 2400
"""A hundred days: beyond, bars of one hour are thinner than a printed line, and the bars become days."""
MOST_TICKS = 11
NOTHING_SEEN = {"gap", *UNSEEN} - {"rate_change"}
TICK_DAYS = (1, 2, 3, 7, 14, 28, 91, 365, 3650)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Lookups by time: `step` "1h" or "1d", the n + 1 edges of n bars (naive UTC), n counts a verdict."""

    step: str
    edges: list[datetime]
    counts: dict[str, list[int]]


def timeline(results: Results, ax: Axes | None = None, language: Language = "fr") -> Axes:
    """Draw lookups per hour over the whole log: the scraping sessions above, all the others below.

    Two panels with their own linear scales rather than one logarithmic axis: a robot fifty times faster than
    everybody else stays readable beside them, heights in a panel can be compared, and a reader who never met
    a logarithm is not misled. The maximum of each panel is written in its heading. Beyond a hundred days the
    bars are days, and the title says so. Returns the axes given or made; the panels are its child axes.
    """
    with house_style():
        ax = canvas(ax, (10, 5.2))
        table = results.table("timeline")
        bars = None if table.is_empty() else binned(table)
        total = integer(int(table["lookups"].sum()), language)
        heading(ax, phrase(WORDS[f"lookups_{bars.step if bars else '1h'}"], language, n=total), results, language)
        if bars is None:
            note(ax, 0.5, 0.5, phrase(WORDS["nothing"], language), "center")
            return ax
        above, below = ax.inset_axes((0, 0.54, 1, 0.42)), ax.inset_axes((0, 0, 1, 0.42))
        _stack(above, bars, ("scraping",), "panel_scraping", language)
        _stack(below, bars, ("honest", "unclear"), "panel_others", language)
        for panel in (above, below):
            _mark(panel, bars, results.summary, language)
            time_axis(panel, bars.edges[0], bars.edges[-1], language)
        above.tick_params(labelbottom=False)
        first, last = day(bars.edges[0], language), day(bars.edges[-2], language)
        below.set_xlabel(phrase(WORDS["time"], language, first=first, last=last))
        legend(
            ax,
            [above, below],
            [phrase(WORDS[verdict], language) for verdict in ("scraping", "honest", "unclear")],
            -0.15,
        )
        note(ax, 1, 1.012, phrase(WORDS["scales"], language))
        return ax


def binned(table: pl.DataFrame) -> Bars:
    """Add up the lookups of all operators by bar, with a zero where nothing was looked up."""
    hours = sorted(table["hour"].to_list())
    hourly = hours[-1] - hours[0] < timedelta(hours=MOST_HOURS)
    step, width = ("1h", timedelta(hours=1)) if hourly else ("1d", timedelta(days=1))
    sums = table.group_by(pl.col("hour").dt.truncate(step), "verdict").agg(pl.col("lookups").sum()).sort("hour").rows()
    start, end = sums[0][0], sums[-1][0]
    edges = [start + number * width for number in range((end - start) // width + 2)]
    found = {(verdict, when): lookups for when, verdict, lookups in sums}
    counts = {verdict: [found.get((verdict, edge), 0) for edge in edges[:-1]] for verdict in FILL}
    return Bars(step=step, edges=edges, counts=counts)


def gaps(coverage: Sequence[dict[str, Any]]) -> list[tuple[datetime, datetime]]:
    """Return the stretches of which any server's log says nothing, overlapping ones joined."""
    joined: list[tuple[datetime, datetime]] = []
    unknown = [row for row in coverage if row["kind"] in NOTHING_SEEN]
    for start, end in sorted((naive(row["start"]), naive(row["end"])) for row in unknown):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def naive(text: str) -> datetime:
    """Return an ISO date or time of the summary as naive UTC."""
    when = datetime.fromisoformat(text)
    return when.astimezone(UTC).replace(tzinfo=None) if when.tzinfo else when


def date_number(when: datetime) -> float:
    """Return a time as Matplotlib counts it, in days."""
    from matplotlib.dates import date2num

    return float(date2num(when))  # pyright: ignore[reportArgumentType]


def _stack(panel: Axes, bars: Bars, verdicts: Sequence[str], title: str, language: Language) -> None:
    """Stack the bars of some verdicts and write how many lookups they are."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    edges = [date_number(edge) for edge in bars.edges]
    base = [0] * (len(edges) - 1)
    for verdict in verdicts:
        top = [low + more for low, more in zip(base, bars.counts[verdict], strict=True)]
        panel.stairs(
            top,
            edges,
            baseline=base,
            fill=True,
            facecolor=FILL[verdict],
            hatch=HATCH[verdict],
            edgecolor="white" if verdict == "scraping" else FAINT,
            linewidth=0 if HATCH[verdict] else 0.3,
            label=phrase(WORDS[verdict], language),
        )
        base = top
    total = sum(sum(bars.counts[verdict]) for verdict in verdicts)
    written = {"n": integer(total, language), "peak": integer(max(base), language)}
    panel.set_title(phrase(WORDS[title], language, **written), loc="left", fontsize=9)
    panel.set_ylim(0, 1.08 * max(*base, 1))
    panel.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: integer(round(value), language)))


def _mark(panel: Axes, bars: Bars, summary: dict[str, Any], language: Language) -> None:
    """Mark the gaps of the log and the dates that the case declares."""
    panel.set_xlim(date_number(bars.edges[0]), date_number(bars.edges[-1]))
    for start, end in gaps(summary["coverage"]):
        if end <= bars.edges[0] or start >= bars.edges[-1]:
            continue
        panel.axvspan(
            date_number(start),
            date_number(end),
            facecolor=PALE,
            edgecolor="#a8a8a8",
            hatch="\\\\\\",
            linewidth=0.5,
            zorder=0.4,
            label=phrase(WORDS["gap"], language),
        )
    for key, line in (("suspected_from", "--"), ("clean_until", ":")):
        declared = summary["case"][key]
        if declared is not None and bars.edges[0] <= naive(declared) <= bars.edges[-1]:
            label = phrase(WORDS[key], language, date=day(naive(declared), language))
            panel.axvline(date_number(naive(declared)), color=INK, linestyle=line, linewidth=1.3, label=label)


def time_axis(panel: Axes, start: datetime, end: datetime, language: Language) -> None:
    """Name midnights (UTC) at equal distances; in a log of less than three days, hours as well."""
    from matplotlib import dates, ticker

    span = end - start
    if span < timedelta(days=3):
        panel.xaxis.set_major_locator(dates.AutoDateLocator(minticks=4, maxticks=MOST_TICKS))
    else:
        every = next(days for days in TICK_DAYS if span.days / days <= MOST_TICKS or days == TICK_DAYS[-1])
        first = -(-date_number(start) // 1)
        panel.xaxis.set_major_locator(
            ticker.FixedLocator([first + every * number for number in range(span.days // every + 1)])
        )

    def named(value: float, _: object) -> str:
        when = dates.num2date(value)
        midnight = (when.hour, when.minute) == (0, 0)
        return f"{when.day} {MONTHS[language][when.month - 1]}" if midnight else f"{when:%H:%M}"

    panel.xaxis.set_major_formatter(ticker.FuncFormatter(named))
