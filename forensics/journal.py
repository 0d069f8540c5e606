"""The journal: who ran what, when; each entry holds the digest of the one before, a seal that of the last.

Whatever reads or changes people's data enters itself with `append`: a run, and whoever takes data out of the case.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from forensics.case import Case
from forensics.custody import sha256_of
from forensics.engine import write_text
from forensics.manifest import NAME as MANIFEST


def path_of(case: Case) -> Path:
    """Return where the journal is."""
    return case.folder / "journal.jsonl"


def seal_of(case: Case) -> Path:
    """Return where the seal of the journal is: without it, nobody would miss the last entry."""
    return case.folder / "journal.seal"


@contextmanager
def _held(journal: Path, how: int) -> Iterator[None]:
    """Hold the lock of the journal itself, so that nobody reads half an entry or an entry that awaits its seal.

    The lock of the case is no help: who only reads results does not take it.
    """
    try:
        file = journal.open("ab" if how == fcntl.LOCK_EX else "rb")
    except FileNotFoundError:
        yield
        return
    with file:
        fcntl.flock(file, how)
        yield


def found_broken(case: Case, key: bytes) -> list[str]:
    """Return what is wrong with the journal before something is added to it; nothing where there was no run before.

    An entry that the run before could not seal because it was cut off is no finding.
    """
    with _held(path_of(case), fcntl.LOCK_SH):
        lines = _lines(path_of(case))
        if not lines and not seal_of(case).exists() and not (case.results / MANIFEST).exists():
            return []
        return [] if _is_sealed(case, key, lines[:-1]) else _findings(case, key)


def append(case: Case, key: bytes, event: Mapping[str, object], found: list[str] | None = None) -> None:
    """Append one entry, with who and when, and seal the journal anew.

    Args:
        case: the case.
        key: the case key.
        event: what is entered: its `command`, and what that command was asked; never a person's data.
        found: what was wrong with the journal when the command began (`found_broken`): a new seal must not hide it.
            None looks now.

    Raises:
        OSError: it cannot be written; then what is entered must not be done.
    """
    journal = path_of(case)
    if found is None:
        found = found_broken(case, key)
    with _held(journal, fcntl.LOCK_EX):
        lines = _whole_lines(case, key)
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


def _whole_lines(case: Case, key: bytes) -> list[bytes]:
    """Return the lines of the journal, after taking away one that was cut off before it was whole."""
    journal = path_of(case)
    lines = _lines(journal)
    if lines and not journal.read_bytes().endswith(b"\n") and _is_sealed(case, key, lines[:-1]):
        os.truncate(journal, sum(len(line) + 1 for line in lines[:-1]))
        return lines[:-1]
    return lines


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
    with _held(path_of(case), fcntl.LOCK_SH):
        return len(_lines(path_of(case))), _findings(case, key)


def _findings(case: Case, key: bytes) -> list[str]:
    if not path_of(case).is_file():
        return ["journal.jsonl: missing"]
    lines = _lines(path_of(case))
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
    return findings


def entries(case: Case) -> list[dict[str, Any]]:
    """Return what the journal tells, line by line; a line that is no entry is left out (`check` finds it)."""
    with _held(path_of(case), fcntl.LOCK_SH):
        return [entry for entry in map(_entry, _lines(path_of(case))) if entry]


def manifest_findings(case: Case) -> list[str]:
    """Hold the manifest against the digest that the last run entered."""
    told = [entry["manifest_sha256"] for entry in entries(case) if "manifest_sha256" in entry]
    if told and told[-1] == sha256_of(case.results / MANIFEST):
        return []
    return ["results/manifest.json: not the one that the last run wrote"]


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None
