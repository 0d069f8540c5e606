"""What each server's log says of itself, and where it says nothing: unknown, never zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from forensics.figures.house_style import FAINT, INK, PALE, canvas, drawable, heading, house_style, legend, note
from forensics.figures.over_time import date_number, naive, time_axis
from forensics.figures.words import WORDS, day
from forensics.reasons import Language, integer, phrase
from forensics.results import Results
from forensics.vocabulary import UNSEEN

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_LINES = 24
LEGEND_INCHES = 0.55
"""From the picture's lower edge to its legend."""
THINNEST = 0.003
"""Share of the picture's width below which a stretch would not be seen."""
CONFIRMED, UNCONFIRMED, MORE = "#4a4a4a", "#c9c9c9", "#8c8c8c"
LOOKS: dict[str, tuple[str, str | None]] = {
    "unwitnessed": (UNCONFIRMED, None),
    "complete": (CONFIRMED, None),
    "surplus": (MORE, "oooo"),
    "gap": (PALE, "\\\\\\\\"),
    "rate_change": (PALE, "...."),
    "silence": (PALE, "////"),
    "missing_hour": (PALE, "xxxx"),
    "missing_server": (PALE, "||||"),
    "rotation": (PALE, "----"),
}
"""Grey and hatch of each kind, in the order in which they lie upon each other; all but the first three are unknown."""

Stretch = tuple[datetime, datetime]


def coverage(results: Results, ax: Axes | None = None, language: Language = "fr") -> Axes:
    """Draw a line a server over the time of its log: confirmed dark, not confirmed grey, unknown pale and hatched.

    What an outage or a silence of all of an operator's servers took is a line of its own. Beside each line stand the
    hours that are unknown. Returns the axes given or made; the picture is its child axes.
    """
    with house_style():
        lines = by_line(results.summary["coverage"])
        drawn = lines[:MOST_LINES]
        ax = canvas(ax, (10, 1.5 + 0.32 * max(len(drawn), 2)))
        n = integer(len(results.summary["coverage"]), language)
        heading(ax, phrase(WORDS["coverage"], language, n=n), results, language)
        if not drawn:
            note(ax, 0.5, 0.5, phrase(WORDS["no_log"], language), "center")
            return ax
        times = [time for _, kinds in drawn for rows in kinds.values() for pair in rows for time in pair]
        start, end = min(times), max(*times, min(times) + timedelta(hours=1))
        panel = ax.inset_axes((0.2, 0, 0.68, 1))
        for place, (_, kinds) in enumerate(drawn):
            _line(panel, place, kinds, (start, end), language)
        _name(panel, [_called(key, language) for key, _ in drawn])
        panel.set_xlim(date_number(start), date_number(end))
        time_axis(panel, start, end, language)
        panel.tick_params(axis="x", labelsize=7.5)
        panel.set_xlabel(phrase(WORDS["time"], language, first=day(start, language), last=day(end, language)))
        order = [phrase(WORDS[f"kind_{kind}"], language) for kind in LOOKS]
        legend(ax, [panel], order, -LEGEND_INCHES * ax.figure.figure.dpi / ax.get_window_extent().height)
        if len(lines) > len(drawn):
            note(ax, 1, 1.012, phrase(WORDS["lines_left_out"], language, n=integer(len(lines) - len(drawn), language)))
        return ax


def by_line(rows: Sequence[Mapping[str, Any]]) -> list[tuple[tuple[str, str | None], dict[str, list[Stretch]]]]:
    """Return for each operator and server, all of an operator's first, the stretches of each kind.

    What no counter speaks for is told of an operator, and drawn for each of its servers.
    """
    lines: dict[tuple[str, str | None], dict[str, list[Stretch]]] = {}
    for row in rows:
        kinds = lines.setdefault((row["operator"], row["server"]), {})
        kinds.setdefault(row["kind"], []).append((naive(row["start"]), naive(row["end"])))
    for (operator, server), kinds in lines.items():
        if server is not None and "unwitnessed" in lines.get((operator, None), {}):
            kinds["unwitnessed"] = lines[operator, None]["unwitnessed"]
    return sorted(lines.items(), key=lambda line: (line[0][0], line[0][1] or ""))


def unknown_hours(kinds: Mapping[str, Sequence[Stretch]]) -> float:
    """Return for how many hours a line is unknown, at least in part; what several kinds say counts once."""
    hours, until = 0.0, datetime.min
    for start, end in sorted(pair for kind in ("gap", *UNSEEN) for pair in kinds.get(kind, ())):
        hours += max((end - max(start, until)).total_seconds(), 0.0) / 3600
        until = max(until, end)
    return hours


def _line(panel: Axes, place: int, kinds: Mapping[str, Sequence[Stretch]], span: Stretch, language: Language) -> None:
    least = THINNEST * (date_number(span[1]) - date_number(span[0]))
    for kind, (grey, hatch) in LOOKS.items():
        if not kinds.get(kind):
            continue
        edges = [(date_number(start), date_number(end)) for start, end in kinds[kind]]
        panel.broken_barh(
            [(start, max(end - start, least)) for start, end in edges],
            (place - 0.34, 0.68),
            facecolor=grey,
            edgecolor=FAINT if hatch else "none",
            hatch=hatch,
            linewidth=0.4 if hatch else 0,
            label=phrase(WORDS[f"kind_{kind}"], language),
        )
    hours = phrase(WORDS["unknown_hours"], language, n=integer(round(unknown_hours(kinds)), language))
    panel.annotate(hours, (1, place), (6, 0), xycoords=panel.get_yaxis_transform(), textcoords="offset points",
                   va="center", fontsize=8, color=INK)  # fmt: skip


def _name(panel: Axes, names: Sequence[str]) -> None:
    panel.set_yticks(range(len(names)), names, fontsize=8)
    panel.set_ylim(max(len(names), 2) - 0.5, -0.5)
    panel.tick_params(axis="y", length=0)
    panel.grid(visible=False, axis="y")


def _called(key: tuple[str, str | None], language: Language) -> str:
    operator, server = key
    if server is None:
        return phrase(WORDS["whole_log"], language, operator=drawable(operator))
    return f"{drawable(operator)}, {drawable(server)}"
