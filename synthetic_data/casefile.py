"""case.toml: what the investigator of an invented case declares."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from synthetic_data import portal, targets
from synthetic_data.evidence import fields
from synthetic_data.operators import INSURERS, OPERATORS
from synthetic_data.population import Population

Value = str | int | bool | datetime | list[str] | tuple[str, ...]
KINDS = ("access_log", "register", "accounts", "claims", "counters")
FILES = {"access_log": "access", "register": "register", "accounts": "accounts", "claims": "claims",
         "counters": "counters"}  # fmt: skip
INFORMED_DAYS_AFTER = (1, 2, 3, 4)  # after the operator was aware, in turn


def _toml(value: Value) -> str:
    """One value, as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return str(value) if isinstance(value, int) else json.dumps(value, ensure_ascii=False)


def _block(header: str, values: dict[str, Value]) -> str:
    """Give a header and its keys, ended by an empty line."""
    lines = [header, *(f"{key} = {_toml(value)}" for key, value in values.items())]
    return "\n".join(lines) + "\n\n"


def _case(case_id: str, suspected_from: datetime) -> str:
    """Write the [case] block."""
    return _block(
        "[case]",
        {
            "id": case_id,
            "title": "Cas synthétique : portails de tiers payant, janvier 2024 (personne n'existe)",
            "timezone": "Europe/Paris",
            "capacity": "training",
            "suspected_from": suspected_from,
            "clean_until": targets.LOG_START + timedelta(days=targets.CLEAN_DAYS),
            "synthetic": True,
        },
    )


def _operators() -> str:
    """Write the [[operator]] blocks, with the fields a lookup shows."""
    text = "# Who runs the portals, when they knew, and what a lookup shows.\n"
    for operator, name in enumerate(OPERATORS):
        text += _block("[[operator]]", {"name": name, "aware_at": targets.OPERATOR_AWARE_AT[operator]})
        text += _block("[operator.exposed_fields]", {"detail": portal.LOOKUP_FIELDS[operator]})
    return text


def _insurers(population: Population) -> str:
    """Write the [[insurer]] blocks: one an insurer and operator; members are the people in the register."""
    members = (
        population.register.group_by("insurer", "operator")
        .agg(pl.col("person").n_unique().alias("members"))
        .sort("insurer", "operator")
    )
    text = "# Whose people they are: one block an insurer and operator, each with its own 72 hours.\n"
    for index, operator, count in members.iter_rows():
        code, name = INSURERS[index]
        informed = targets.OPERATOR_AWARE_AT[operator] + timedelta(days=INFORMED_DAYS_AFTER[index % 4])
        text += _block(
            "[[insurer]]",
            {
                "id": code,
                "name": name,
                "operator": OPERATORS[operator],
                "members": count,
                "informed_at": informed,
            },
        )
    return text


def _screens() -> str:
    """Write the [[screen]] blocks: which address of the portal is what."""
    text = "# What each address of the portals is, and which data it shows.\n"
    for operator, name in enumerate(OPERATORS):
        for page in (*portal.PAGES[: portal.LOGOUT + 1], portal.PAGES[portal.STATIC[0]]):
            pattern = "^/statique/" if page.action == "static" else rf"^{page.path}\b"
            values: dict[str, Value] = {"operator": name, "match": pattern, "action": page.action}
            if page.action == "rights":
                values |= {"tier": "displayed", "fields": portal.LOOKUP_FIELDS[operator]}
            if page.path == "/compte":
                values |= {"fields": portal.ACCOUNT_FIELDS}
            text += _block("[[screen]]", values)
    return text


def _sources(case: Path, form: str) -> str:
    """Write the [[source]] blocks: every file, its seal, its format and its columns."""
    text = "# The files, in the order they were received; ours = theirs.\n"
    number = 0
    for name in OPERATORS:
        for kind in KINDS:
            number += 1
            plain = kind == "access_log" and form == "combined"
            path = f"evidence/{name.lower()}/{FILES[kind]}.{'log' if plain else 'parquet'}"
            values: dict[str, Value] = {
                "id": f"{name.lower()}-{FILES[kind]}",
                "operator": name,
                "kind": kind,
                "path": path,
                "format": "combined" if plain else "parquet",
                "timezone": "Europe/Paris" if plain else "UTC",
                "exhibit": f"SYN-{number:02}",
                "obtained_from": f"{name} (opérateur inventé)",
                "sha256_at_seizure": sha256(case / path),
            }
            if kind == "access_log":
                values["subject_kind"] = "holder_number"
            text += _block("[[source]]", values)
            text += _block("[source.fields]", dict(fields(kind, form)))
    return text


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def source_number(operator: str, kind: str) -> int:
    """Give the place of a source among the [[source]] blocks, from 1."""
    return OPERATORS.index(operator) * len(KINDS) + KINDS.index(kind) + 1


def write_case_file(case: Path, *, form: str, case_id: str, suspected_from: datetime, population: Population) -> None:
    """Write `case`/case.toml; the evidence must be there already, because it is sealed here."""
    text = "# Written by the generator of invented cases: no one in it exists.\n\n"
    text += _case(case_id, suspected_from) + _operators() + _insurers(population)
    text += _screens() + _sources(case, form)
    (case / "case.toml").write_text(text.rstrip("\n") + "\n", encoding="utf-8")
