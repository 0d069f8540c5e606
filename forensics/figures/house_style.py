"""One look for every figure, and the way it becomes bytes: same data, same bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from forensics.figures.words import WORDS
from forensics.reasons import Language, phrase, visible
from forensics.results import Results

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Colours of clearly different lightness (the verdicts: L* 28, 66, 84), told apart in grey print and by
# colour-blind readers; the two that accuse or hesitate are hatched as well.
INK, FAINT, PALE = "#1b1b1b", "#5f5f5f", "#ececec"
FILL = {"scraping": "#7d1d16", "unclear": "#d9962b", "honest": "#c3d9ee"}
HATCH = {"scraping": "////", "unclear": "....", "honest": None}
CERTAIN, INTERVAL = "#1d3f66", "#d2691e"

STYLE: dict[str, object] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    # A dollar sign in an account or a title is not a formula.
    "text.parse_math": False,
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.5,
    "svg.fonttype": "path",
    "svg.hashsalt": "forensics",
}


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the house style, whatever the user's own."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        for name, value in STYLE.items():
            mpl.rcParams[name] = value  # pyright: ignore[reportArgumentType]
        yield


def canvas(ax: Axes | None, size: tuple[float, float]) -> Axes:
    """Return bare axes to compose in: those given, or those of a new figure of this size in inches."""
    if ax is None:
        from matplotlib import axes, figure

        class Picture(axes.Axes):
            """Axes that a notebook shows as the picture of their figure, with or without pyplot."""

            def _repr_png_(self) -> bytes:
                return to_png(self)

        ax = figure.Figure(figsize=size).add_subplot(axes_class=Picture)
    ax.set_axis_off()
    return ax


def heading(ax: Axes, title: str, results: Results, language: Language) -> None:
    """Write the title and, over made-up data, the stamp that says so."""
    ax.set_title(title, loc="left", fontweight="bold", pad=24)
    if results.summary["case"]["synthetic"]:
        ax.annotate(
            phrase(WORDS["synthetic"], language).upper(),
            (1, 1),
            (0, 26),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
            fontweight="bold",
            bbox={"boxstyle": "square,pad=0.4", "facecolor": "white", "edgecolor": INK, "linewidth": 1.4},
        )


def note(ax: Axes, x: float, y: float, text: str, align: str = "right") -> None:
    """Write a remark in small grey letters, at a place given in shares of the axes."""
    ax.text(x, y, text, ha=align, va="bottom", color=FAINT, size=8, transform=ax.transAxes)


def legend(ax: Axes, panels: Sequence[Axes], order: Sequence[str], below: float) -> None:
    """Write one legend under the picture for all its panels: each label once, those of `order` first."""
    handles = {
        label: handle for panel in panels for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)
    }
    labels = sorted(handles, key=lambda label: order.index(label) if label in order else len(order))
    ax.legend(
        [handles[label] for label in labels],
        labels,
        loc="upper left",
        bbox_to_anchor=(0, below),
        ncols=4,
        frameon=False,
        borderaxespad=0,
        borderpad=0,
        fontsize=8,
    )


def drawable(text: object) -> str:
    """Return text from evidence as the font can draw it: short, harmless, unknown letters as a square."""
    from matplotlib.font_manager import findfont, get_font

    known = get_font(findfont("DejaVu Sans")).get_charmap()
    return "".join(letter if ord(letter) in known else "□" for letter in visible(text, 26))


def to_svg(axes: Axes) -> str:
    """Return the axes' whole figure as SVG; letters are outlines, and the same data give the same text."""
    buffer = io.BytesIO()
    with house_style():
        axes.figure.figure.savefig(
            buffer,
            format="svg",
            bbox_inches="tight",
            facecolor="white",
            metadata={"Date": None, "Creator": None},
        )
    return buffer.getvalue().decode("utf-8")


def to_png(axes: Axes, dpi: int = 144) -> bytes:
    """Return the axes' whole figure as PNG; the same data give the same bytes."""
    buffer = io.BytesIO()
    with house_style():
        axes.figure.figure.savefig(
            buffer, format="png", bbox_inches="tight", facecolor="white", dpi=dpi, metadata={"Software": None}
        )
    return buffer.getvalue()
