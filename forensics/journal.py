"""The journal: who ran what, when; each entry holds the digest of the one before, a seal that of the last."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from forensics.case import Case
from forensics.custody import sha256_of
from forensics.engine import write_text


def path_of(case: Case) -> Path:
    """Return where the journal is."""
    return case.folder / "journal.jsonl"


def seal_of(case: Case) -> Path:
    """Return where the seal of the journal is: without it, nobody would miss the last entry."""
    return case.folder / "journal.seal"


def found_broken(case: Case, key: bytes) -> list[str]:
    """Return what is wrong with the journal before a run adds to it; nothing where there was no run before.

    An entry that the run before could not seal because it was cut off is no finding.
    """
    if not path_of(case).exists() and not (case.results / "manifest.json").exists():
        return []
    if _is_sealed(case, key, _lines(path_of(case))[:-1]):
        return []
    return check(case, key)[1]


def append(case: Case, key: bytes, event: dict[str, object], found: list[str]) -> None:
    """Append one entry, and seal the journal anew.

    Args:
        case: the case.
        key: the case key.
        event: what is entered.
        found: what was wrong with the journal before (`found_broken`): a new seal must not hide it.
    """
    journal = path_of(case)
    lines = _lines(journal)
    if lines and not journal.read_bytes().endswith(b"\n") and _is_sealed(case, key, lines[:-1]):
        os.truncate(journal, sum(len(line) + 1 for line in lines[:-1]))
        lines = lines[:-1]
    entry = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "by": os.environ.get("USER") or os.environ.get("LOGNAME") or str(os.getuid()),
        **event,
        **({"found": found} if found else {}),
        "previous": hashlib.sha256(lines[-1]).hexdigest() if lines else None,
    }
    line = json.dumps(entry, ensure_ascii=False, sort_keys=True).encode()
    with journal.open("ab") as file:
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())
    write_text(_seal(key, [*lines, line]) + "\n", seal_of(case))


def _seal(key: bytes, lines: list[bytes]) -> str:
    """Return HMAC-SHA256 under the case key of how many entries there are and of the last one's digest."""
    last = hashlib.sha256(lines[-1]).hexdigest() if lines else ""
    return hmac.digest(key, f"forensics journal\x1f{len(lines)}\x1f{last}".encode(), "sha256").hex()


def _is_sealed(case: Case, key: bytes, lines: list[bytes]) -> bool:
    seal = seal_of(case)
    return seal.is_file() and hmac.compare_digest(seal.read_bytes().strip(), _seal(key, lines).encode())


def _lines(journal: Path) -> list[bytes]:
    return journal.read_bytes().splitlines() if journal.exists() else []


def check(case: Case, key: bytes) -> tuple[int, list[str]]:
    """Follow the chain of the journal to its seal.

    Returns:
        (number of entries, what is wrong, each with its line).
    """
    journal = path_of(case)
    if not journal.is_file():
        return 0, ["journal.jsonl: missing"]
    lines = _lines(journal)
    findings, previous = [], None
    for number, line in enumerate(lines, start=1):
        entry = _entry(line)
        if entry is None:
            findings.append(f"journal.jsonl:{number}: not an entry")
        elif entry.get("previous") != previous:
            findings.append(f"journal.jsonl:{number}: the entry before it was changed, removed or moved")
        if entry and entry.get("found"):
            findings.append(f"journal.jsonl:{number}: the journal was found broken when this was written")
        previous = hashlib.sha256(line).hexdigest()
    if not _is_sealed(case, key, lines):
        findings.append("journal.jsonl: its end is not the one that journal.seal seals")
    return len(lines), findings


def manifest_findings(case: Case) -> list[str]:
    """Hold the manifest against the digest that the last run entered."""
    entries = [entry for entry in map(_entry, _lines(path_of(case))) if entry]
    told = [entry["manifest_sha256"] for entry in entries if "manifest_sha256" in entry]
    if told and told[-1] == sha256_of(case.results / "manifest.json"):
        return []
    return ["results/manifest.json: not the one that the last run wrote"]


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
