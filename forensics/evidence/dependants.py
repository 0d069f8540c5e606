"""Children under a parent's number: the same child under both parents' numbers has two keys and is one human being.

Where the register gives a child no number of its own, the parent's stands in its place, and nothing exact joins what
the mother's card and the father's say. The child's traits do: last name, first name, birth date and sex, without
accents and in capitals. Twins differ by first name; so two children are taken for one only if they are homonyms born
on one day. How likely that is instead follows from the register itself: the rarer the names, the surer the link.
"""

from __future__ import annotations

import polars as pl

UNDER_BOTH_PARENTS = 0.1
"""Share of dependent children who are on both parents' cards: an expert's guess, nothing is published."""

SUREST_DAYS = 365
"""Births are spread over at least so many days, however few children a register has."""

TRAITS = ("last_name", "first_name", "birth_date", "sex")
COUNTED = {
    "of_sex": ["sex"],
    "that_day": ["sex", "birth_date"],
    "of_last_name": ["last_name"],
    "of_first_name": ["sex", "first_name"],
}
"""What is counted to say how many homonyms are to be expected."""


def dependants(register: pl.DataFrame) -> pl.DataFrame:
    """Find the children who are under a parent's number, and those who are probably one child under two.

    With a second entry of the same traits either the child is under both parents' numbers (a share pi of all
    children), or another child bears the same names (lambda of them are expected: children of that sex born that
    day, times the shares of the last and of the first name). The link holds with pi / (pi + lambda).

    Args:
        register: the clear register with its messages.

    Returns:
        One row a child's key whose link is likelier than not: `person_message`, `child` (the same for all
        keys of one child), `probability`.
    """
    under = _under_a_parent(register)
    entries = under.select(*TRAITS, "own").unique()
    days = entries["birth_date"].max(), entries["birth_date"].min()
    span = max(SUREST_DAYS, (days[0] - days[1]).days + 1 if entries.height else 0)  # type: ignore[operator, union-attr]
    shared = entries.group_by(TRAITS).len("numbers").filter(pl.col("numbers") > 1)
    for name, those in COUNTED.items():
        shared = shared.join(entries.group_by(those).len(name), on=those, how="left")
    born = pl.max_horizontal(
        pl.col("of_sex") / span,
        pl.col("that_day").cast(pl.Int64) - pl.col("numbers"),  # many where a day stands for an unknown one
    )
    homonyms = born * (pl.col("of_last_name") / entries.height) * (pl.col("of_first_name") / pl.col("of_sex"))
    children = (
        shared.with_columns(probability=(UNDER_BOTH_PARENTS / (UNDER_BOTH_PARENTS + homonyms)).round(6))
        .filter(pl.col("probability") > 0.5)
        .select(*TRAITS, "probability", child=pl.struct(TRAITS).rank("dense").cast(pl.Int64))
    )
    return under.join(children, on=TRAITS).select("person_message", "child", "probability").unique()


def _under_a_parent(register: pl.DataFrame) -> pl.DataFrame:
    """Return one row a child's key: `person_message`, `own`, the traits; whoever lacks one is left out."""
    parents = register.filter(pl.col("holder_number").is_not_null()).select(own="holder").unique()
    children = register.filter(pl.col("role") == "child").join(parents, on="own", how="semi")
    for name in ("last_name", "first_name"):
        plain = children.select(pl.col(name).unique()).with_columns(plain=plain_name(name))
        children = children.join(plain, on=name).with_columns(pl.col("plain").alias(name)).drop("plain")
    return children.select("person_message", "own", *TRAITS).drop_nulls().unique()


def plain_name(name: str) -> pl.Expr:
    """Return a name in capitals, without accents, spaces, hyphens and apostrophes; null where nothing is left."""
    bare = pl.col(name).str.normalize("NFKD").str.to_uppercase().str.replace_all(r"[^\p{L}]+", "")
    return pl.when(bare != "").then(bare)
