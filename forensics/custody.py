"""Custody: what was read (SHA-256), under which key, by which run, one run at a time."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import platform
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from forensics.case import Case, Source
from forensics.errors import CaseError, EvidenceError, UnavailableError

KEY_SHAPE = re.compile(r"[0-9a-f]{64}")


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(content: object) -> str:
    """Return the SHA-256 of a JSON-like value, independent of the order of its names."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


@cache
def code_digest() -> str:
    """Return one digest over every Python and SQL file of the package: other code, other digest."""
    root = files("forensics")
    names = sorted(
        str(path.relative_to(str(root)))
        for path in Path(str(root)).rglob("*")
        if path.suffix in {".py", ".sql", ".html"} and "_notebooks" not in path.parts
    )
    return digest_of({name: sha256_of(Path(str(root)) / name) for name in names})


@cache
def versions() -> dict[str, str]:
    """Return the versions that a result depends on."""
    names = ("forensics", "duckdb", "matplotlib", "numpy", "polars", "pyarrow", "scipy")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


def evidence_files(case: Case, source: Source) -> list[Path]:
    """Return the files of one source, sorted by name.

    Raises:
        CaseError: no file matches, or a link leads out of the case folder.
    """
    root = case.folder.resolve()
    found = sorted(path for path in case.folder.glob(source.path) if path.is_file())
    if not found:
        raise CaseError(
            f"source {source.id!r}: no file matches {source.path!r}",
            where=str(case.folder / "case.toml"),
            remedy="correct its path (relative to the case folder), or put the file there",
        )
    for path in found:
        if not path.resolve().is_relative_to(root):
            raise CaseError(
                f"source {source.id!r}: {path.name} is a link that leaves the case folder",
                where=str(path),
                remedy="copy the file into evidence/, so that the case holds all it speaks of",
            )
    return found


def inputs(case: Case) -> list[dict[str, Any]]:
    """Hash every evidence file: source, path inside the case, bytes, SHA-256.

    Raises:
        EvidenceError: a file cannot be read, or is not the one that was seized.
    """
    entries = []
    for source in case.declared.source:
        for path in evidence_files(case, source):
            name = path.relative_to(case.folder).as_posix()
            try:
                entry = {"source": source.id, "path": name, "bytes": path.stat().st_size, "sha256": sha256_of(path)}
            except OSError as error:
                raise UnavailableError(
                    "evidence cannot be read", where=name, found=os.strerror(error.errno or 0)
                ) from error
            seized = source.sha256_at_seizure
            expected = seized.get(path.name) if isinstance(seized, dict) else seized
            if expected and expected.lower() != entry["sha256"]:
                raise EvidenceError(
                    "this file is not the one that was seized",
                    where=name,
                    expected=f"SHA-256 {expected.lower()} (sha256_at_seizure)",
                    found=f"SHA-256 {entry['sha256']}",
                    remedy="work on the file that was seized; nothing was analysed",
                )
            entries.append(entry)
    return entries


def refuse_changed(case: Case, entries: list[dict[str, Any]]) -> None:
    """Refuse a file whose bytes changed since the last finished run.

    Raises:
        EvidenceError: names the first such file.
    """
    manifest = case.results / "manifest.json"
    if not manifest.is_file():
        return
    before = {entry["path"]: entry["sha256"] for entry in json.loads(manifest.read_text())["inputs"]}
    for entry in entries:
        if before.get(entry["path"], entry["sha256"]) != entry["sha256"]:
            raise EvidenceError(
                "this file changed since it was last analysed",
                where=entry["path"],
                expected=f"SHA-256 {before[entry['path']]} (results/manifest.json)",
                found=f"SHA-256 {entry['sha256']}",
                remedy="put the original back; if it is other evidence, give it a name of its own",
            )


def key_file(case: Case, given: Path | None) -> Path:
    """Return where the case key is: `--key`, else $FORENSICS_KEY_FILE, else beside the case folder."""
    if given is not None:
        return given
    if named := os.environ.get("FORENSICS_KEY_FILE"):
        return Path(named)
    folder = case.folder.resolve()
    return folder.with_name(f"{folder.name}.key")


def read_key(path: Path) -> bytes:
    """Read a case key of 64 hex digits.

    Raises:
        EvidenceError: it is missing or is not a key.
    """
    try:
        text = path.read_text(encoding="ascii", errors="replace").strip().lower()
    except FileNotFoundError:
        raise EvidenceError("there is no such key", where=str(path)) from None
    except OSError as error:
        raise UnavailableError("the key cannot be read", where=str(path), found=error.strerror) from error
    if not KEY_SHAPE.fullmatch(text):
        raise EvidenceError("this is not a case key", where=str(path), expected="64 hexadecimal digits")
    return bytes.fromhex(text)


def open_key(case: Case, given: Path | None) -> bytes:
    """Return the case key, made at first use, and refuse one that is not the one of the results.

    Raises:
        EvidenceError: a key was named that does not exist, is malformed, or is another case's.
    """
    path = key_file(case, given)
    if not path.exists() and given is None and "FORENSICS_KEY_FILE" not in os.environ:
        if (case.results / "manifest.json").is_file():
            raise EvidenceError(
                "the key of this case is missing",
                where=str(path),
                remedy="put the key back or name it with --key; without it the pseudonyms cannot be made again",
            )
        _make_key(path)
    key = read_key(path)
    manifest = case.results / "manifest.json"
    if manifest.is_file() and json.loads(manifest.read_text())["key_check"] != key_check(key):
        raise EvidenceError(
            "this key is not the one that the results were made with",
            where=str(path),
            remedy="name the right one with --key; nothing was touched",
        )
    return key


def _make_key(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UnavailableError("the case key cannot be made", where=str(path), found=error.strerror) from error
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32) + "\n")


def key_check(key: bytes) -> str:
    """Return a value that tells whether a key is the right one and tells nothing else about it."""
    return hmac.digest(key, b"forensics key check", "sha256").hex()[:16]


@contextmanager
def one_run_at_a_time(case: Case) -> Iterator[None]:
    """Hold the case's lock for the length of the block.

    Raises:
        UnavailableError: another run holds it, or the case folder cannot be written.
    """
    try:
        case.work.mkdir(parents=True, exist_ok=True)
        lock = (case.work / ".lock").open("w")
    except OSError as error:
        raise UnavailableError(
            "the case folder cannot be written", where=str(case.work), found=error.strerror,
            remedy="give write permission to the case folder (evidence/ may stay read-only)",
        ) from error  # fmt: skip
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UnavailableError(
                "another run is working on this case", where=str(case.folder), remedy="wait for it to end"
            ) from None
        yield


def journal(case: Case, event: dict[str, object]) -> None:
    """Append one entry to `journal.jsonl`; each holds the SHA-256 of the line before it."""
    path = case.folder / "journal.jsonl"
    lines = path.read_bytes().splitlines() if path.exists() else []
    entry = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "by": os.environ.get("USER") or os.environ.get("LOGNAME") or str(os.getuid()),
        **event,
        "previous": hashlib.sha256(lines[-1]).hexdigest() if lines else None,
    }
    with path.open("ab") as file:
        file.write(json.dumps(entry, ensure_ascii=False, sort_keys=True).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
