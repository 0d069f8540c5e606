"""Whom answers named: a log that says which people a response held says it by their member numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from forensics.engine import query
from forensics.evidence.identities import Identities
from forensics.evidence.pseudonyms import normal_subject
from forensics.evidence.reading import SourceRead
from forensics.vocabulary import LINES_A_SOURCE

if TYPE_CHECKING:
    import duckdb


def returned_people(
    connection: duckdb.DuckDBPyConnection, reads: list[SourceRead], register: pl.DataFrame, known: Identities
) -> pl.DataFrame:
    """Return whom each answer named (`forensics.schemas.ReturnedPeople`).

    A member number that stands for several people at an operator names none of them.

    Args:
        connection: reads `joined_lines`, `repeated_lines`, `request_tiers`.
        reads: the sources, with what their answers named.
        register: the clear register with its messages.
        known: the register under keys.
    """
    parts = [str(part) for one in reads for part in one.named]
    if not parts:
        schema = {"request_id": pl.Int64, "person_key": pl.Int64, "tier": pl.String}
        return pl.DataFrame(schema=schema)
    connection.read_parquet(parts).create_view("named_people")
    connection.register("members", members_of(register, known))
    return query(connection, "returned_people", {"lines_a_source": LINES_A_SOURCE})


def members_of(register: pl.DataFrame, known: Identities) -> pl.DataFrame:
    """Return the member numbers that are one human being's at an operator: `operator`, `member`, `person_key`."""
    return (
        register.select("operator", "person_message", member=normal_subject("member_number", "member_number"))
        .drop_nulls()
        .join(known.person_keys, on="person_message")
        .join(known.persons, on="person_key")
        .filter(pl.col("person_id").n_unique().over("operator", "member") == 1)
        .select("operator", "member", "person_key")
        .unique()
    )
