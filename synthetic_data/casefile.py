"""case.toml: what the investigator of an invented case declares."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path

from synthetic_data import portal, targets
from synthetic_data.damages.plan import Outage
from synthetic_data.formats import Form, LogFile
from synthetic_data.operators import INSURERS, OPERATORS
from synthetic_data.portal import Portal
from synthetic_data.presets import Calendar
from synthetic_data.registers import ACCOUNTS, CLAIMS, COUNTERS, REGISTER

Value = str | int | bool | datetime | list[str] | tuple[str, ...]
TABLES = {"register": REGISTER, "accounts": ACCOUNTS, "claims": CLAIMS, "counters": COUNTERS}
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


def _case(case_id: str, suspected_from: datetime, calendar: Calendar, clean: bool) -> str:
    """Write the [case] block."""
    values: dict[str, Value] = {
        "id": case_id,
        "title": "Cas synthétique : portails de tiers payant, janvier 2024 (personne n'existe)",
        "timezone": "Europe/Paris",
        "capacity": "training",
        "suspected_from": suspected_from,
    }
    if clean:
        values["clean_until"] = calendar.start + timedelta(days=calendar.clean_days)
    return _block("[case]", {**values, "synthetic": True})


def _operators(operators: int) -> str:
    """Write the [[operator]] blocks, with the fields a lookup shows."""
    text = "# Who runs the portals, when they knew, and what a lookup shows.\n"
    for operator, name in enumerate(OPERATORS[:operators]):
        text += _block("[[operator]]", {"name": name, "aware_at": targets.OPERATOR_AWARE_AT[operator]})
        text += _block("[operator.exposed_fields]", {"detail": portal.LOOKUP_FIELDS[operator]})
    return text


def _insurers(members: dict[tuple[str, str], int]) -> str:
    """Write the [[insurer]] blocks: one an insurer and operator; members are the people in the register."""
    text = "# Whose people they are: one block an insurer and operator, each with its own 72 hours.\n"
    for index, (code, name) in enumerate(INSURERS):
        for operator, operator_name in enumerate(OPERATORS):
            count = members.get((operator_name, code))
            if count is None:
                continue
            informed = targets.OPERATOR_AWARE_AT[operator] + timedelta(days=INFORMED_DAYS_AFTER[index % 4])
            text += _block(
                "[[insurer]]",
                {"id": code, "name": name, "operator": operator_name, "members": count, "informed_at": informed},
            )
    return text


def _outages(outages: list[Outage]) -> str:
    """Write the [[outage]] blocks: when nothing was logged, as far as the victim knows."""
    text = "# When nothing was logged, as far as the operators know.\n" if outages else ""
    for outage in outages:
        values: dict[str, Value] = {"operator": outage.operator}
        if outage.server is not None:
            values["server"] = outage.server
        text += _block("[[outage]]", {**values, "start": outage.start, "end": outage.end})
    return text


def _screens(asked: Portal, operators: int) -> str:
    """Write the [[screen]] blocks: which address of the portal is what."""
    text = "# What each address of the portals is, and which data it shows.\n"
    pages = [page for number, page in enumerate(portal.PAGES) if number not in portal.STATIC[1:]]
    for operator, name in enumerate(OPERATORS[:operators]):
        for page in pages:
            if page.action == "search" and not asked.searchable:
                continue
            pattern = "^/statique/" if page.action == "static" else rf"^{page.path}$"
            values: dict[str, Value] = {"operator": name, "match": pattern, "action": page.action}
            if page.action == "rights":
                values |= {"tier": "displayed", "fields": portal.LOOKUP_FIELDS[operator]}
            if page.action == "search":
                values |= {"tier": "listed", "fields": portal.LIST_FIELDS}
            if page.path == "/compte":
                values |= {"fields": portal.ACCOUNT_FIELDS}
            text += _block("[[screen]]", values)
    return text


def _sources(case: Path, form: Form, asked: Portal, operators: int) -> str:
    """Write the [[source]] blocks: every file, its seal, its format and its columns."""
    text = "# The files, in the order they were received; ours = theirs.\n"
    number = 0
    for name in OPERATORS[:operators]:
        tables = [
            LogFile(
                id=kind,
                kind=kind,
                path=f"{kind}.parquet",
                format="parquet",
                timezone="UTC",
                fields={k: v for k, v in fields.items() if form.has_server or k != "server"},
            )
            for kind, fields in TABLES.items()
        ]
        for file in (*form.files(asked), *tables):
            number += 1
            text += _source(case, name, file, number)
    return text


def _source(case: Path, operator: str, file: LogFile, number: int) -> str:
    """Write one [[source]] block."""
    path = f"evidence/{operator.lower()}/{file.path}"
    values: dict[str, Value] = {
        "id": f"{operator.lower()}-{file.id}",
        "operator": operator,
        "kind": file.kind,
        "path": path,
        "format": file.format,
        "timezone": file.timezone,
        "exhibit": f"SYN-{number:02}",
        "obtained_from": f"{operator} (opérateur inventé)",
        "sha256_at_seizure": sha256(case / path),
        **file.more,
    }
    if file.subject_kind:
        values["subject_kind"] = file.subject_kind
    return _block("[[source]]", values) + _block("[source.fields]", dict(_known(file)))


def _known(file: LogFile) -> dict[str, str]:
    """Give a source's fields. Raises KeyError for one that the analysis does not know."""
    from forensics.vocabulary import EVIDENCE_FIELDS

    unknown = set(file.fields) - set(EVIDENCE_FIELDS.get(file.kind, file.fields))
    if unknown:
        raise KeyError(f"{file.kind}: fields the analysis does not know: {', '.join(sorted(unknown))}")
    return file.fields


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_case_file(
    case: Path,
    *,
    form: Form,
    asked: Portal,
    case_id: str,
    calendar: Calendar,
    clean: bool,
    suspected_from: datetime,
    members: dict[tuple[str, str], int],
    operators: int,
    outages: list[Outage],
) -> None:
    """Write `case`/case.toml; the evidence must be there already, because it is sealed here.

    members: people in the register by operator and insurer.
    """
    text = "# Written by the generator of invented cases: no one in it exists.\n\n"
    text += _case(case_id, suspected_from, calendar, clean) + _operators(operators) + _insurers(members)
    text += _outages(outages) + _screens(asked, operators) + _sources(case, form, asked, operators)
    (case / "case.toml").write_text(text.rstrip("\n") + "\n", encoding="utf-8")
