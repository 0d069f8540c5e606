"""The door: pandera holds every mapped row against its model; a row that fails is set aside with the reason."""

# A column's type may be a dtype object, as pandera reads it.
# pyright: reportInvalidTypeForm=false

from __future__ import annotations

from datetime import date, datetime
from functools import cache

import pandera.polars as pa
import polars as pl
from pandera.errors import SchemaErrors

from forensics.evidence.mapping import MINUTES_A_YEAR
from forensics.schemas import Instant
from forensics.vocabulary import ACCOUNT_KINDS, ACTIONS, LOG_KINDS, ROLES

EARLIEST, LATEST = datetime(1990, 1, 1), datetime(2100, 1, 1)


class AccessLine(pa.DataFrameModel):
    """One mapped line of an access log, an audit trail or an authentication log."""

    requested_at: Instant = pa.Field(ge=EARLIEST, lt=LATEST)
    client_port: pl.Int32 = pa.Field(nullable=True, ge=0, le=65535)
    status: pl.Int16 = pa.Field(nullable=True, ge=100, le=599)
    response_bytes: pl.Int64 = pa.Field(nullable=True, ge=0)
    duration_ms: pl.Int64 = pa.Field(nullable=True, ge=0)
    records_returned: pl.Int32 = pa.Field(nullable=True, ge=0)
    action: pl.String = pa.Field(nullable=True, isin=ACTIONS)


class RegisterLine(pa.DataFrameModel):
    """One mapped line of a register."""

    beneficiary_number: pl.String = pa.Field(str_length={"min_value": 1, "max_value": 64})
    birth_date: pl.Date = pa.Field(nullable=True, ge=date(1850, 1, 1), lt=date(2100, 1, 1))
    covered_from: pl.Date = pa.Field(nullable=True, ge=date(1900, 1, 1), lt=date(2100, 1, 1))
    role: pl.String = pa.Field(nullable=True, isin=ROLES)


class AccountLine(pa.DataFrameModel):
    """One mapped line of a list of accounts."""

    account_id: pl.String = pa.Field(str_length={"min_value": 1, "max_value": 256})
    account_kind: pl.String = pa.Field(nullable=True, isin=ACCOUNT_KINDS)


class ClaimLine(pa.DataFrameModel):
    """One mapped line of a list of claims."""

    account_id: pl.String = pa.Field(str_length={"min_value": 1, "max_value": 256})
    submitted_at: Instant = pa.Field(ge=EARLIEST, lt=LATEST)


class CounterLine(pa.DataFrameModel):
    """One mapped window of a counter."""

    window_start: Instant = pa.Field(ge=EARLIEST, lt=LATEST)
    window_end: Instant = pa.Field(ge=EARLIEST, lt=LATEST)
    window_minutes: pl.Int64 = pa.Field(nullable=True, ge=1, le=MINUTES_A_YEAR)
    requests: pl.Int64 = pa.Field(nullable=True, ge=0)
    response_bytes: pl.Int64 = pa.Field(nullable=True, ge=0)


MODELS: dict[str, type[pa.DataFrameModel]] = {
    **dict.fromkeys(LOG_KINDS, AccessLine),
    "register": RegisterLine,
    "accounts": AccountLine,
    "claims": ClaimLine,
    "counters": CounterLine,
}


def admit(fields: pl.DataFrame, kind: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part the rows that satisfy the model of their kind from those that do not.

    Returns:
        (admitted, refused): `refused` has `line`, `byte_offset`, `reason` (field and rule, never the value).
    """
    empty = frozenset(name for name in fields.columns if fields[name].null_count() == fields.height)
    try:
        _model(kind, empty).validate(fields, lazy=True)
    except SchemaErrors as error:
        failures = error.failure_cases.filter(pl.col("index").is_not_null())
        if failures.height < error.failure_cases.height:
            rules = error.failure_cases.filter(pl.col("index").is_null())["check"].to_list()
            raise TypeError(f"the mapping of {kind} broke its model: {rules}") from None
    else:
        return fields, _nothing(fields)
    reasons = (
        failures.select(
            pl.col("index").cast(pl.Int64),
            reason=pl.format("{}: expected {}", "column", pl.col("check").str.slice(0, 80)),
        )
        .group_by("index", maintain_order=True)
        .first()
    )
    numbered = fields.with_row_index("index").with_columns(pl.col("index").cast(pl.Int64))
    judged = numbered.join(reasons, on="index", how="left", maintain_order="left")
    refused = judged.filter(pl.col("reason").is_not_null()).select("line", "byte_offset", "reason")
    return judged.filter(pl.col("reason").is_null()).drop("index", "reason"), refused


@cache
def _model(kind: str, empty: frozenset[str]) -> pa.DataFrameSchema:
    """Return the model of a kind of rows, less the columns of which a batch has nothing: they pass anyhow."""
    schema = MODELS[kind].to_schema()
    optional = [name for name, column in schema.columns.items() if column.nullable and name in empty]
    return schema.remove_columns(optional)


def _nothing(fields: pl.DataFrame) -> pl.DataFrame:
    return fields.clear().select("line", "byte_offset", reason=pl.lit(None, dtype=pl.String))
