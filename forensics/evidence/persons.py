"""Which keys are one human being, as far as numbers, birth dates and ranks say it outright."""

from __future__ import annotations

import numpy as np
import polars as pl

from forensics.evidence.dependants import plain_name

GROUPS = pl.Schema({"person_key": pl.Int64(), "group": pl.Int64(), "probability": pl.Float64()})
"""One row a key and what joins it: keys of one group are one human being, as surely as `probability` says."""


def persons_of(person_keys: pl.DataFrame, *joined: pl.DataFrame) -> pl.DataFrame:
    """Join the keys that show to be one human being: by own number, birth date and rank, and as they were found.

    Args:
        person_keys: `person_key`, `own_message` (null where the birth date is missing: nothing is joined then).
        joined: frames of GROUPS: missing ranks (`missing_ranks`), children under a parent's number (`dependants`),
            what splink linked (`forensics.evidence.linkage`). Groups of two frames have nothing in common.

    Returns:
        `person_key`, `person_id` (the smallest key of the group), `link_probability` (1 where the links are exact,
        else the least probability of those that joined the key).
    """
    n = int(person_keys["person_key"].max() or 0) + 1 if person_keys.height else 0  # type: ignore[arg-type]
    own = person_keys.drop_nulls("own_message").select(
        "person_key", group=pl.col("own_message").rank("dense"), probability=1.0
    )
    rows, columns, first = [], [], n
    for links in (own, *joined):
        rows.append(links["person_key"].to_numpy())
        columns.append(links["group"].rank("dense").to_numpy().astype(np.int64) - 1 + first)
        first += links["group"].n_unique()
    edges = np.concatenate(rows).astype(np.int64), np.concatenate(columns).astype(np.int64)
    frame = pl.DataFrame({"person_key": np.arange(n), "component": _components(*edges, first)[:n]})
    sure = pl.concat([pl.DataFrame(schema=GROUPS), *(links.match_to_schema(GROUPS) for links in joined)])
    least = sure.group_by("person_key").agg(pl.col("probability").min())
    return (
        frame.join(least, on="person_key", how="left")
        .select(
            "person_key",
            person_id=pl.col("person_key").min().over("component"),
            link_probability=pl.col("probability").fill_null(1.0),
        )
        .join(person_keys.select("person_key").unique(), on="person_key", how="semi")
        .sort("person_key")
    )


def _components(rows: np.ndarray, columns: np.ndarray, size: int) -> np.ndarray:
    """Return for each of `size` nodes of a graph which connected part it is in."""
    if not len(rows):
        return np.arange(size)  # where nobody has several keys, as in a public web log, SciPy need not load
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(rows), dtype=np.int8), (rows, columns)), shape=(size, size))
    return connected_components(graph, directed=False)[1]


def missing_ranks(register: pl.DataFrame) -> pl.DataFrame:
    """Join the key without a birth rank to the one with it, where one number and birth date leaves a single rank.

    Twins under one number differ by their rank alone. So nothing is joined where the number and birth date have two
    ranks anywhere, where one card lists the two keys side by side, or where one card lists the key without a rank
    under two first names: then the rank would say which of two people it is, and it is what is missing.

    Args:
        register: one entry a row: `person_key`, `card_key`, `holder`, `own`, `birth_date`, `birth_rank`, `first_name`.

    Returns:
        GROUPS: the key without a rank and the one or several (under other holders' numbers) with the same rank.
    """
    rank = pl.col("birth_rank").cast(pl.String).str.strip_chars()
    entries = register.drop_nulls("birth_date").select(
        "person_key", "card_key", "holder", "own", "birth_date", "first_name", rank=pl.when(rank != "").then(rank)
    )
    numbered = pl.concat(
        [entries.select("person_key", "rank", "birth_date", number=column) for column in ("holder", "own")]
    ).drop_nulls("number").unique()  # fmt: skip
    without = numbered.filter(pl.col("rank").is_null()).select("number", "birth_date", lacking="person_key").unique()
    pairs = (
        numbered.filter(pl.col("rank").is_not_null())
        .join(without, on=["number", "birth_date"])
        .select("lacking", "person_key", "rank")
        .unique()
        .filter(pl.col("rank").n_unique().over("lacking") == 1)
    )
    on_card = entries.select("person_key", "card_key").unique()
    beside = (
        pairs.join(on_card, left_on="lacking", right_on="person_key")
        .join(on_card, on=["person_key", "card_key"], how="semi")
        .select("lacking")
    )
    several = several_people(entries, "person_key").select(lacking="person_key")
    sure = pairs.join(pl.concat([beside, several]).unique(), on="lacking", how="anti")
    group = pl.col("lacking").alias("group")
    both = [sure.select("person_key", group), sure.select(pl.col("lacking").alias("person_key"), group).unique()]
    return pl.concat(both).with_columns(probability=pl.lit(1.0)).match_to_schema(GROUPS).sort(pl.all())


def several_people(entries: pl.DataFrame, *of: str) -> pl.DataFrame:
    """Find what one card lists under several first names: twins under one number, where `of` leaves the rank out.

    Args:
        entries: the register: `card_key`, `first_name`, and `of`.
        of: the columns that should say who it is, such as `person_key`.

    Returns:
        `of`, `people` (the most first names on one card; two at least).
    """
    spelled = entries.select("card_key", *of, "first_name").drop_nulls().unique()
    doubtful = spelled.filter(pl.len().over("card_key", *of) > 1).with_columns(plain_name("first_name"))
    names = doubtful.group_by("card_key", *of).agg(people=pl.col("first_name").n_unique().cast(pl.Int64))
    return names.group_by(of).agg(pl.col("people").max()).filter(pl.col("people") > 1).sort(of)
