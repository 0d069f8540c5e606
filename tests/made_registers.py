"""Registers written as small text tables, and the human beings that the library makes of their rows."""

from __future__ import annotations

import polars as pl
from tables import rows

from forensics.evidence.identities import Identities, clear_register, identities, subject_rows
from forensics.evidence.interning import SubjectKeys

KEY = bytes(range(32))
FIELDS = ("operator", "beneficiary_number", "holder_number", "birth_date", "birth_rank", "last_name", "first_name",
          "card_number", "member_number", "insurer_id", "role", "sex", "department", "covered_from",
          "covered_until")  # fmt: skip


def register(text: str | list[dict[str, str | None]]) -> pl.DataFrame:
    given = rows(text) if isinstance(text, str) else text
    whole = [
        {
            "operator": "A",
            "card_number": row["holder"],
            "beneficiary_number": row["own"],
            "holder_number": row["holder"],
        }
        | {"birth_rank": str(place)}
        | row
        for place, row in enumerate(given)
    ]
    frame = pl.DataFrame([[row.get(name) for name in FIELDS] for row in whole],
                         schema=dict.fromkeys(FIELDS, pl.String), orient="row")  # fmt: skip
    days = pl.col("birth_date", "covered_from", "covered_until").str.to_date()
    return clear_register(frame.with_columns(days).lazy())


def keyed(known: pl.DataFrame) -> Identities:
    """Put a register under keys, where no log asked for anybody."""
    nothing = pl.DataFrame(schema={"operator": pl.String, "subject_kind": pl.String, "subject_message": pl.String,
                                   "shown": pl.Boolean, "has_register": pl.Boolean})  # fmt: skip
    return identities(KEY, known, subject_rows(known, []), nothing, SubjectKeys(KEY, pl.Series(dtype=pl.String)))


def humans(known: pl.DataFrame) -> list[list[int]]:
    """Group the rows of a register by the human being they are."""
    found = keyed(known)
    of = known.with_row_index().join(found.person_keys, on="person_message").join(found.persons, on="person_key")
    return sorted(of.group_by("person_id").agg(pl.col("index").sort())["index"].to_list())
