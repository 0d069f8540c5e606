"""JSON documents, one a line, in the words of the Elastic Common Schema: as agents write them and as Elastic exports.

A name such as `source.ip` is found nested (`{"source": {"ip": ..}}`) or dotted (`{"source.ip": ..}`), at the top or
in the `_source` of an export. The column `url` is made of `url.original`, else of `url.path` and `url.query`.

Names: Elastic Common Schema 8, field reference, https://www.elastic.co/docs/reference/ecs
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from forensics.engine import connect_unspilled, sql
from forensics.evidence.formats.lines import Batch, line_blocks

if TYPE_CHECKING:
    import duckdb

URL = ("url.original", "url.path", "url.query")
WRAPPER = '"_source"'
ONE_IN_A_LIST = r'^\["([^"\\]*)"\]$'
"""A list of one text; Elastic takes a value and a list of one for the same."""


def read_ecs(path: Path, columns: list[str]) -> Iterator[Batch]:
    """Read JSON documents, plain or gzip, in blocks of bounded size; every value is given as text."""
    with connect_unspilled() as connection:
        for lines in line_blocks(path):
            rows, unreadable = _parse(lines, columns, connection)
            yield Batch(
                places=rows.select("line", "byte_offset"),
                rows=rows.select(columns),
                unreadable=unreadable,
                lines=lines.height,
            )


def _parse(
    lines: pl.DataFrame, columns: list[str], connection: duckdb.DuckDBPyConnection
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the lines into documents, with the columns that are asked for, and unreadable ones."""
    text = pl.col("text")
    begins = text.str.strip_chars_start().str.starts_with("{")
    documents = lines.select("line", text=pl.when(begins).then(text))
    names = [name for column in columns for name in (URL if column == "url" else (column,))]
    paths = json_paths(names, lines["text"])
    connection.register("documents", documents)
    every = [path for of in paths.values() for path in of]
    found = connection.sql(sql("json_values"), params={"paths": every}).pl()["found"]
    read = lines.with_columns(found, is_readable=found.is_not_null())
    reason = (
        pl.when(text.str.strip_chars() == "")
        .then(pl.lit("empty line"))
        .when(begins)
        .then(pl.lit("not a whole JSON document"))
        .otherwise(pl.lit("not a JSON document"))
    )
    unreadable = read.filter(~pl.col("is_readable")).select("line", "byte_offset", reason=reason)
    place = {path: number for number, path in enumerate(every)}
    values = {name: pl.coalesce([_value(place[path]) for path in of]) for name, of in paths.items()}
    if "url" in columns:
        values["url"] = _url(*(values[part] for part in URL))
    rows = read.filter("is_readable").select("line", "byte_offset", *(values[name].alias(name) for name in columns))
    return rows, unreadable


def json_paths(names: list[str], texts: pl.Series) -> dict[str, list[str]]:
    """Return the JSON paths at which some of the documents may have each name, the first to be preferred.

    A reference `json:$.a.b` is one path; any other name has up to four, of which those are tried that a text can have.
    """
    spelled = {name: _quoted(name) for name in names}
    odd = [*(quoted for name, quoted in spelled.items() if "." in name), WRAPPER]
    is_odd = texts.str.contains_any(odd).any()  # one pass over the texts; most documents are plainly nested
    is_wrapped = is_odd and texts.str.contains(WRAPPER, literal=True).any()
    paths: dict[str, list[str]] = {}
    for name, quoted in spelled.items():
        if name.startswith("json:"):
            paths[name] = [name.removeprefix("json:")]
            continue
        found = ["$" + "".join(f".{_quoted(part)}" for part in name.split("."))]
        if is_odd and "." in name and texts.str.contains(quoted, literal=True).any():
            found.append(f"$.{quoted}")
        if is_wrapped:
            found += [path.replace("$", f"$.{WRAPPER}", 1) for path in found]
        paths[name] = found
    return paths


def _quoted(name: str) -> str:
    return f'"{name}"'


def _value(number: int) -> pl.Expr:
    """Return one of the values found; of a list of one text, that text."""
    value = pl.col("found").list.get(number)
    return pl.when(value.str.starts_with('["')).then(value.str.replace(ONE_IN_A_LIST, "$1")).otherwise(value)


def _url(original: pl.Expr, path: pl.Expr, query: pl.Expr) -> pl.Expr:
    asked = pl.when(query.is_not_null()).then(pl.concat_str([pl.lit("?"), query])).otherwise(pl.lit(""))
    return pl.coalesce(original, pl.concat_str([path, asked]))
