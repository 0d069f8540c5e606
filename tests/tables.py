"""Small text tables for tests, and the canonical tables of an invented case in the query engine."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from forensics import schemas, sessions
from forensics.case import Case
from forensics.declaration import Declaration
from forensics.settings import Settings

MODELS = {
    "requests": schemas.Requests,
    "register": schemas.Register,
    "subjects": schemas.Subjects,
    "persons": schemas.Persons,
    "accounts": schemas.Accounts,
    "claims": schemas.Claims,
    "returned_people": schemas.ReturnedPeople,
}
USUAL: dict[str, dict[str, Any]] = {
    "requests": {
        "operator": "A",
        "account_id": "optic-1",
        "client_ip": "192.0.2.1",
        "user_agent": "Firefox",
        "method": "GET",
        "path": "/rights/{subject}",
        "action": "rights",
        "status": 200,
        "subject_kind": "holder_number",
    },
    "register": {"operator": "A", "insurer_id": "M1", "role": "holder"},
    "subjects": {"operator": "A", "subject_kind": "holder_number"},
    "persons": {"link_probability": 1.0},
    "accounts": {"operator": "A", "profession": "optician"},
    "claims": {"operator": "A"},
    "returned_people": {"tier": "listed"},
}
"""What a row says where a test does not."""


def instant(text: str) -> datetime:
    """Read "18 02:00" or "18 02:00:01.5" as a moment of January 2024."""
    day, _, time = text.partition(" ")
    at = datetime.fromisoformat(f"2024-01-{int(day):02d}T00:00:00")
    parts = [float(part) for part in (time or "0").split(":")] + [0.0, 0.0]
    return at + timedelta(hours=parts[0], minutes=parts[1], seconds=parts[2])


def rows(text: str) -> list[dict[str, str | None]]:
    """Read a table whose first line names the columns, `|` between them; `-` stands for nothing."""
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    names = lines[0]
    return [dict(zip(names, [None if cell == "-" else cell for cell in line], strict=True)) for line in lines[1:]]


def frame(name: str, text: str | list[dict[str, Any]] = "") -> pl.DataFrame:
    """Return a canonical table; columns that the text leaves out hold the usual value, or nothing."""
    given = rows(text) if isinstance(text, str) and text.strip() else text or []
    columns = MODELS[name].to_schema().columns
    types = {column: one.dtype.type for column, one in columns.items()}
    full = []
    for number, row in enumerate(given, start=1):
        whole = {"request_id": number} | USUAL[name] | dict(row)  # type: ignore[arg-type]
        full.append([_cell(whole.get(column), types[column]) for column in columns])
    return pl.DataFrame(full, schema=types, orient="row")


def _cell(value: Any, dtype: pl.DataType) -> Any:
    if value is None or not isinstance(value, str) or dtype == pl.String:
        return value
    if dtype == pl.Datetime:
        return instant(value)
    if dtype == pl.Date:
        return datetime.fromisoformat(value).date()
    return float(value) if dtype.is_float() else int(value)


def load(connection: duckdb.DuckDBPyConnection, **tables: str | list[dict[str, Any]] | pl.DataFrame) -> None:
    """Put canonical tables in the engine; those that are not given are empty."""
    for name in MODELS:
        given = tables.get(name, "")
        connection.register(name, given if isinstance(given, pl.DataFrame) else frame(name, given))


def rebuilt(
    connection: duckdb.DuckDBPyConnection, gap_minutes: int = 30, **tables: str | list[dict[str, Any]] | pl.DataFrame
) -> pl.DataFrame:
    """Load tables, rebuild the sessions, and return the strands."""
    load(connection, **tables)
    sessions.build(connection, Settings(session_gap_minutes=gap_minutes))  # type: ignore[call-arg]
    return sessions.strands(connection)


def case(*, subject_kind: str = "holder_number", screens: str = "", settings: str = "", about: str = "") -> Case:
    """Return a case of operators A and B, with nothing on disk."""
    import tomllib

    text = f"""
    [case]
    id = "T"
    {about}
    [settings]
    {settings}
    [[operator]]
    name = "A"
    [operator.exposed_fields]
    detail = ["civil_status", "birth_date"]
    search = ["civil_status"]
    [[operator]]
    name = "B"
    [[source]]
    id = "log"
    operator = "A"
    kind = "access_log"
    path = "evidence/log.parquet"
    format = "parquet"
    subject_kind = "{subject_kind}"
    {screens}
    """
    return Case(folder=Path("nowhere"), declared=Declaration.model_validate(tomllib.loads(text)))
