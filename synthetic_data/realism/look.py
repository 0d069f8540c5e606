"""One look for every picture: grey-legible, stamped as invented, the same bytes for the same data."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STAMP = "INVENTED DATA / DONNÉES INVENTÉES"

# The robot is dark and hatched, honest people pale, what is aimed at black: told apart in grey print too.
INK, FAINT = "#1b1b1b", "#5f5f5f"
HONEST, DARKER, ROBOT, OWNER = "#c3d9ee", "#6f93ba", "#7d1d16", "#d9962b"
HATCH = "////"

STYLE: dict[str, object] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.5,
    "hatch.color": "white",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in this style, whatever the user's own."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        for name, value in STYLE.items():
            mpl.rcParams[name] = value  # pyright: ignore[reportArgumentType]
        yield


def canvas(ax: Axes | None, size: tuple[float, float], title: str, remark: str = "", lift: float = 0) -> Axes:
    """Return bare axes to put panels on: those given, or those of a new figure (inches).

    Above them stand the stamp, the title and a remark in small grey letters, `lift` points higher where
    the panels have titles of their own.
    """
    if ax is None:
        from matplotlib import axes, figure

        class Picture(axes.Axes):
            """Axes that a notebook shows as the picture of their figure."""

            def _repr_png_(self) -> bytes:
                return to_png(self)

        ax = figure.Figure(figsize=size).add_subplot(axes_class=Picture)
    ax.set_axis_off()
    ax.set_title(title, loc="left", fontweight="bold", pad=26 + lift)
    above = {"xycoords": "axes fraction", "textcoords": "offset points", "fontsize": 8}
    ax.annotate(remark, (0, 1), (0, 12 + lift), va="bottom", color=FAINT, **above)
    boxed = {"boxstyle": "square,pad=0.35", "facecolor": "white", "edgecolor": INK, "linewidth": 1.2}
    ax.annotate(STAMP, (1, 1), (-3, 48 + lift), ha="right", fontweight="bold", bbox=boxed, **above)
    return ax


def panels(ax: Axes, rows: int, columns: int, gap: tuple[float, float]) -> list[Axes]:
    """Cut the canvas into panels, row after row; gap: between columns and between rows, in shares of the canvas."""
    width = (1 - gap[0] * (columns - 1)) / columns
    height = (1 - gap[1] * (rows - 1)) / rows
    return [
        ax.inset_axes((column * (width + gap[0]), 1 - height - row * (height + gap[1]), width, height))
        for row in range(rows)
        for column in range(columns)
    ]


def key(panel: Axes, below: float, columns: int = 2) -> None:
    """Explain the marks under a panel, each once; below: in shares of its height."""
    handles, labels = panel.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))
    panel.legend(once.values(), once.keys(), loc="upper left", bbox_to_anchor=(0, -below), ncols=columns,
                 frameon=False, borderaxespad=0)  # fmt: skip


def label_rows(panel: Axes, names: Sequence[str]) -> None:
    """Name the rows of a panel, the first at the top."""
    panel.set_yticks(range(len(names)), names)
    panel.set_ylim(len(names) - 0.4, -0.6)
    panel.grid(visible=False, axis="y")
    panel.tick_params(axis="y", length=0, pad=7)


def label_powers(panel: Axes, most: float, every: int = 1) -> None:
    """Number a horizontal axis 0, 1, 10, 100...: the same step is ten times as much. every: second, third... power."""
    panel.set_xscale("symlog", linthresh=1, linscale=0.4)
    ticks = [0, *(10**power for power in range(0, 7, every) if 10**power <= most)]
    panel.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    panel.minorticks_off()
    panel.set_xlim(0, most)


def worded(name: str) -> str:
    """Give a name of the program as a reader would write it."""
    return name.replace("hearing_aid", "hearing aids").replace("_", " ")


def percent(share: float, digits: int = 0) -> str:
    """Write a share as a percentage."""
    return f"{100 * share:.{digits}f} %"


def to_png(ax: Axes, dpi: int = 110) -> bytes:
    """Return the whole figure of the axes as PNG; the same data give the same bytes."""
    buffer = io.BytesIO()
    with house_style():
        ax.figure.figure.savefig(
            buffer, format="png", bbox_inches="tight", facecolor="white", dpi=dpi, metadata={"Software": None}
        )
    return buffer.getvalue()
