"""JSON documents, one a line, in any words: what the readers of each schema share.

A name such as `source.ip` is found nested (`{"source": {"ip": ..}}`) or dotted (`{"source.ip": ..}`), at the top or
in the `_source` of an export of Elastic. The column `url` is `url.original`, else `url.path` and `url.query`, else
`url` itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from forensics.engine import connect_unspilled, sql
from forensics.evidence.formats.lines import Batch, Parsed, batches, why_not

if TYPE_CHECKING:
    import duckdb

WRAPPER = '"_source"'
LIST = "[]"
ONE_IN_A_LIST = r'^\[(?:"([^"\\]*)"|(-?[0-9][0-9.eE+-]*|true|false))\]$'
"""A list of one value; Elastic takes a value and a list of one for the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is particular to the documents of one program or schema.

    Attributes:
        made: columns made of what documents have: from which names, and how.
        nothing: the text that stands for no value, if any.
        required: a name that a document about a request has, if others share the file.
        meant: the values of `required` in documents about a request; empty where any will do.
        lists: names that end in `[]`, which `made` is given as a list of structs: the shape of one such list in
            JSON. What has another shape is null there.
    """

    made: Mapping[str, tuple[tuple[str, ...], Callable[..., pl.Expr]]] = field(default_factory=dict)
    nothing: str | None = None
    required: str | None = None
    meant: frozenset[str] = frozenset()
    lists: Mapping[str, str] = field(default_factory=dict)


def path_and_query(path: pl.Expr, query: pl.Expr) -> pl.Expr:
    """Return a URL made of its path and of its query, where there is one."""
    asked = pl.when(query != "").then(pl.concat_str([pl.lit("?"), query])).otherwise(pl.lit(""))
    return pl.concat_str([path, asked])


def first_filled(*values: pl.Expr) -> pl.Expr:
    """Return the first of some texts that is not blank."""
    return pl.coalesce(pl.when(value.str.strip_chars() != "").then(value) for value in values)


def _any_url(original: pl.Expr, path: pl.Expr, query: pl.Expr, whole: pl.Expr) -> pl.Expr:
    bare = pl.when(~whole.str.starts_with("{")).then(whole)
    return pl.coalesce(original, path_and_query(path, query), bare)


ANY_WORDS = Words(made={"url": (("url.original", "url.path", "url.query", "url"), _any_url)})


def read_ndjson(path: Path, columns: list[str]) -> Iterator[Batch]:
    """Read JSON documents, plain or compressed, in blocks of bounded size; every value is given as text."""
    yield from read_documents(path, columns, ANY_WORDS)


def read_documents(path: Path, columns: list[str], words: Words) -> Iterator[Batch]:
    """Read JSON documents as `read_ndjson`, in the words of one program or schema."""
    with connect_unspilled() as connection:
        yield from batches(path, columns, lambda lines: parse_documents(lines, columns, words, connection))


def parse_documents(
    lines: pl.DataFrame, columns: list[str], words: Words, connection: duckdb.DuckDBPyConnection
) -> Parsed:
    """Part the lines into documents, with the columns that are asked for, and unreadable ones.

    Args:
        lines: `line`, `byte_offset`, `text`.
        columns: what to read of each document.
        words: what is particular to the documents.
        connection: the engine that reads them.
    """
    text = pl.col("text")
    begins = text.str.strip_chars_start().str.starts_with("{")
    documents = lines.select("line", text=pl.when(begins).then(text))
    names = [name for column in columns for name in (words.made[column][0] if column in words.made else (column,))]
    plain = [name.removesuffix(LIST) for name in names]
    paths = json_paths([*plain, *([words.required] if words.required else [])], lines["text"])
    connection.register("documents", documents)
    every = [path for of in paths.values() for path in of]
    found = connection.sql(sql("json_values"), params={"paths": every}).pl()["found"]
    place = {path: number for number, path in enumerate(every)}
    values = {name: pl.coalesce([_value(place[path], words.nothing) for path in of]) for name, of in paths.items()}
    is_whole = pl.col("found").is_not_null()
    reason = why_not(
        pl.when(begins & is_whole)
        .then(pl.lit("a document about something else than a request"))
        .when(begins)
        .then(pl.lit("not a whole JSON document"))
        .otherwise(pl.lit("not a JSON document"))
    )
    read = lines.with_columns(found).with_columns(reason=reason, is_readable=is_whole & _is_meant(values, words))
    unreadable = read.filter(~pl.col("is_readable")).select("line", "byte_offset", "reason")
    rows = read.filter("is_readable")
    for name in sorted(set(names) & set(words.lists)):
        texts = rows.select("line", text=values[name.removesuffix(LIST)])
        rows = rows.with_columns(_elements(texts, words.lists[name], connection).alias(name))
        values[name] = pl.col(name)
    made = {name: how(*(values[part] for part in of)) for name, (of, how) in words.made.items() if name in columns}
    asked = [(values | made)[name].alias(name) for name in columns]
    return rows.select("line", "byte_offset", *asked), unreadable


def _is_meant(values: Mapping[str, pl.Expr], words: Words) -> pl.Expr:
    """Return whether a document is about a request."""
    if words.required is None:
        return pl.lit(value=True)
    value = values[words.required]
    return value.is_in(sorted(words.meant)).fill_null(value=False) if words.meant else value.is_not_null()


def _elements(texts: pl.DataFrame, shape: str, connection: duckdb.DuckDBPyConnection) -> pl.Series:
    """Return the lists that some texts hold; one element alone is a list of one."""
    alone = pl.col("text").str.starts_with("{")
    lists = pl.when(alone).then(pl.concat_str([pl.lit("["), pl.col("text"), pl.lit("]")])).otherwise("text")
    connection.register("texts", texts.select("line", text=lists))
    return connection.sql(sql("json_elements"), params={"shape": shape}).pl()["elements"]


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


def _value(number: int, nothing: str | None) -> pl.Expr:
    """Return one of the values found, null where it is the text for nothing; of a list of one value, that value."""
    value = pl.col("found").list.get(number)
    value = pl.when(value.str.starts_with("[")).then(value.str.replace(ONE_IN_A_LIST, "$1$2")).otherwise(value)
    return value if nothing is None else pl.when(value != nothing).then(value)
