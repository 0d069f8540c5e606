"""The links between keys of one person: who each key is, how many links of each kind there are and may be wrong."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import polars as pl

from forensics.evidence.identities import Identities
from forensics.evidence.linkage import linked_by_splink
from forensics.evidence.matching import MILLION, Found
from forensics.evidence.persons import several_people
from forensics.settings import Settings

WHERE = ("kind", "operator", "other_operator")
COUNTED = pl.Schema({**dict.fromkeys(WHERE, pl.String()), "n_links": pl.Int64(), "false_millionths": pl.Int64()})
"""Links of one kind, and the sum of 1 - probability over them: whole numbers, whose sum knows no order."""

MISSED = pl.Schema(
    {
        **dict.fromkeys(WHERE, pl.String()), "expected_missed": pl.Float64(), "missed_low": pl.Int64(),
        "missed_high": pl.Int64(),
    }
)  # fmt: skip
"""Links of one kind that were probably missed."""


def link(known: Identities, key: bytes, settings: Settings, private: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Link the keys of one person, by splink too where the settings say so.

    Args:
        known: the register under keys.
        key: the case key.
        settings: how keys are linked (`linkage`, `link_probability`), and the confidence of limits.
        private: the private folder; nothing is left in it.

    Returns:
        `persons` and `links`, as `forensics.schemas` has them.
    """
    found = None
    if settings.linkage == "splink":
        found = linked_by_splink(key, known.entries, known.persons, settings, private)
    persons = known.joined_with(found.groups) if found else known.persons
    return persons, links_table(known, found, settings.interval_level)


def links_table(known: Identities, found: Found | None, level: float) -> pl.DataFrame:
    """Count the links of each kind, and those that are probably false or missed (`forensics.schemas.Links`).

    Args:
        known: the register under keys.
        found: what splink found; None where it was not asked, or had too little to learn from.
        level: confidence of the limits of what was missed.
    """
    exact = pl.concat([_by_number(known), _by_traits(known), _under_one_key(known)])
    taken = _counted(found.taken) if found else pl.DataFrame(schema=COUNTED)
    counted = pl.concat([exact, taken]).group_by(WHERE).agg(pl.col("n_links", "false_millionths").sum())
    missed = _missed(exact, taken, found, level) if found else pl.DataFrame(schema=MISSED)
    return (
        counted.join(missed, on=WHERE, how="left", nulls_equal=True)
        .select(
            *WHERE,
            "n_links",
            (pl.col("false_millionths") / MILLION).round(6).alias("expected_false"),
            "expected_missed",
            "missed_low",
            "missed_high",
            ((pl.col("kind") == "one_key") | pl.lit(found is not None)).alias("measured"),
        )
        .sort(WHERE, nulls_last=True)
    )


def _by_number(known: Identities) -> pl.DataFrame:
    """Count what numbers, birth dates and ranks join: keys within an operator, people at two operators."""
    at = known.entries.select("operator", "person_key").unique().join(known.by_number, on="person_key")
    people = {name: of["person_id"] for (name,), of in at.partition_by("operator", as_dict=True).items()}
    rows = [("within", name, None, len(ids) - ids.n_unique(), 0) for name, ids in people.items()]
    rows += [
        ("operators", one, other, len(set(people[one]) & set(people[other])), 0)
        for one, other in combinations(sorted(people), 2)
    ]
    return pl.DataFrame(rows, schema=COUNTED, orient="row")


def _by_traits(known: Identities) -> pl.DataFrame:
    """Count the children under both parents' numbers whom their traits join."""
    groups = (
        known.joined["children"]
        .join(known.by_number, on="person_key")
        .group_by("group")
        .agg(n=pl.col("person_id").n_unique() - 1, false=1 - pl.col("probability").min())
        .with_columns(pl.col("n").cast(pl.Int64), false=(pl.col("false") * MILLION).round().cast(pl.Int64))
    )
    n, false = groups["n"].sum(), (groups["n"] * groups["false"]).sum()
    rows = [("children", None, None, n, false)] if known.entries.height else []
    return pl.DataFrame(rows, schema=COUNTED, orient="row")


def _under_one_key(known: Identities) -> pl.DataFrame:
    """Count the people who share one key with others, twins without a rank, and how many of them that hides.

    Where another register tells the twins apart by rank, nobody is hidden: each of them has a key there.
    """
    entries = known.entries.select("person_key", "holder", "birth_date", "birth_rank").unique()
    rank = pl.col("birth_rank").cast(pl.String).str.strip_chars()
    ranked = entries.filter(rank.fill_null("") != "")
    hidden = (
        several_people(known.entries, "person_key")
        .join(entries.join(ranked, on=["holder", "birth_date"], how="semi"), on="person_key", how="anti")
        .join(known.persons, on="person_key")
        .group_by("person_id")
        .agg(pl.col("people").max() - 1)
    )
    rows = [("one_key", None, None, hidden.height, hidden["people"].sum() * MILLION)] if known.entries.height else []
    return pl.DataFrame(rows, schema=COUNTED, orient="row")


def _counted(taken: pl.DataFrame) -> pl.DataFrame:
    """Count the links that splink found."""
    false = MILLION - (pl.col("probability") * MILLION).round().cast(pl.Int64)
    return taken.group_by(WHERE).agg(
        n_links=pl.len().cast(pl.Int64), false_millionths=false.sum()
    ).match_to_schema(COUNTED)  # fmt: skip


def _missed(exact: pl.DataFrame, taken: pl.DataFrame, found: Found, level: float) -> pl.DataFrame:
    """Say how many links of each kind were probably missed, were splink's model right (MISSED).

    Pairs left out are links as often as they are probable. Of the links that nothing looks up there are as many for
    each link found as the model says: those by number have one number, children two, and what splink found is taken to
    have two. The limits are those between which chance leaves a Poisson count of that mean.
    """
    from scipy.stats import poisson

    unseen = [share / (1 - share) for share in found.never_compared]
    by_one = pl.when(pl.col("kind") == "children").then(unseen[1]).otherwise(unseen[0])
    lines = [
        exact.filter(pl.col("kind") != "one_key").select(*WHERE, mean=pl.col("n_links") * by_one),
        taken.select(*WHERE, mean=pl.col("n_links") * unseen[1]),
        found.left_out.select(*WHERE, mean="probability"),
    ]
    millionths = (pl.col("mean") * MILLION).round().cast(pl.Int64)
    means = pl.concat(lines).group_by(WHERE).agg(mean=millionths.sum() / MILLION)
    rows = [
        (*where, round(mean, 3), *(int(limit) for limit in (poisson.interval(level, mean) if mean else (0, 0))))
        for *where, mean in means.iter_rows()
    ]
    return pl.DataFrame(rows, schema=MISSED, orient="row")
