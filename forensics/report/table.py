"""A table ready to print: in the report, or by itself in a notebook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Template

    from forensics.report.language import Voice

Cell = str | list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table ready to print: a row's first cell is its heading, `figures` are the columns of numbers.

    A last cell that is a list is printed as its own line, across the table. `stamp` says that a case is
    synthetic. In a notebook a table shows itself.
    """

    caption: str
    source: str
    head: list[str]
    rows: list[list[Cell]]
    figures: frozenset[int] = frozenset()
    note: str = ""
    stamp: str = ""
    none: str = ""

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """Return what a notebook shows."""
        return {"text/html": as_html(self), "text/plain": f"{self.caption} ({len(self.rows)})"}


def made_table(
    voice: Voice,
    *,
    caption: str,
    source: str,
    head: list[str],
    rows: list[list[Cell]],
    figures: frozenset[int] = frozenset(),
    note: str = "",
) -> Table:
    """Return a table whose caption is a word of the report and whose source is one of the results."""
    return Table(
        caption=voice.say(caption),
        source=voice.say("source", table=source),
        head=head,
        rows=rows,
        figures=figures,
        note=note,
        stamp=voice.stamp,
        none=voice.say("none"),
    )


def template(name: str) -> Template:
    """Return one of the report's templates; whatever it is given is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("forensics", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def as_html(table: Table) -> str:
    """Return a table as HTML; what comes from evidence is escaped."""
    return template("shown_table.html").render(table=table)
