"""Custody: which files are evidence, what they were when they were read (SHA-256), one run at a time."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Any

from forensics.case import Case
from forensics.declaration import Source
from forensics.errors import CaseError, EvidenceError, UnavailableError
from forensics.manifest import LABELS, NAME, read

Stamp = tuple[int, int]
"""Size and time of change (ns) of a file: other than before, its bytes may be too."""


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest_of(content: object) -> str:
    """Return the SHA-256 of a JSON-like value, independent of the order of its names."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


@cache
def code_digest() -> str:
    """Return one digest over every file of the package that a result depends on: other code, other digest."""
    root = Path(str(files("forensics")))
    names = sorted(
        path.relative_to(root).as_posix()
        for path in root.rglob("*")
        if path.suffix in {".py", ".sql", ".html", ".css"} and "_notebooks" not in path.parts
    )
    return digest_of({name: sha256_of(root / name) for name in names})


@cache
def sql_digests() -> dict[str, str]:
    """Return the SHA-256 of every query, by its path in the program."""
    root = Path(str(files("forensics")))
    return {f"forensics/sql/{path.name}": sha256_of(path) for path in sorted((root / "sql").glob("*.sql"))}


@cache
def versions(*extras: str) -> dict[str, str]:
    """Return the versions that a result depends on, those of the extras that its settings ask for among them."""
    names = ("forensics", "duckdb", "matplotlib", "numpy", "polars", "pyarrow", "scipy", *extras)
    return {"python": platform.python_version(), **{name: _version(name) for name in names}}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def evidence_files(case: Case, source: Source) -> list[Path]:
    """Return the files of one source, sorted by name.

    Raises:
        CaseError: no file matches, one is no evidence, or a link leads out of the case folder.
        UnavailableError: a link leads nowhere.
    """
    root, where = case.folder.resolve(), str(case.folder / "case.toml")
    matches = sorted(case.folder.glob(source.path))
    if dangling := [path for path in matches if path.is_symlink() and not path.exists()]:
        raise UnavailableError(
            f"source {source.id!r}: {dangling[0].name} is a link that leads nowhere",
            where=str(dangling[0]),
            remedy="mount what it points to, or put the file in its place",
        )
    found = [path for path in matches if path.is_file()]
    if not found:
        raise CaseError(
            f"source {source.id!r}: no file matches {source.path!r}",
            where=where,
            remedy="correct its path (relative to the case folder), or put the file there",
        )
    for path in found:
        if not path.resolve().is_relative_to(root):
            raise CaseError(
                f"source {source.id!r}: {path.name} is a link that leaves the case folder",
                where=str(path),
                remedy="copy the file into evidence/, so that the case holds all it speaks of",
            )
        if path.relative_to(case.folder).parts[0] in ("work", "results", "case.toml", LABELS, "journal.jsonl"):
            raise CaseError(
                f"source {source.id!r}: {source.path!r} also matches what the analysis writes",
                where=where,
                found=path.relative_to(case.folder).as_posix(),
                remedy="let its path begin with the folder of the evidence: evidence/...",
            )
    return found


def labels_digest(case: Case) -> str | None:
    """Return the SHA-256 of the labels that were read back, None where there are none."""
    return None if case.labels is None else sha256_of(case.labels)


def stamps(case: Case) -> dict[str, Stamp]:
    """Return the stamp of every evidence file, by its path inside the case."""
    return {
        path.relative_to(case.folder).as_posix(): (path.stat().st_size, path.stat().st_mtime_ns)
        for source in case.declared.source
        for path in evidence_files(case, source)
    }


def refuse_moving(case: Case, before: Mapping[str, Stamp]) -> None:
    """Refuse evidence that changed between hashing and the end of reading: a log that is still written to.

    Raises:
        EvidenceError: names the first such file.
    """
    now = stamps(case)
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            raise EvidenceError(
                "this file changed while it was read",
                where=name,
                expected="evidence that nothing writes to",
                remedy="work on a copy; nothing was written",
            )


def hashes(case: Case) -> dict[tuple[str, str], str]:
    """Hash every evidence file: SHA-256 by source and path inside the case.

    Raises:
        UnavailableError: a file cannot be read.
    """
    found = {}
    for source in case.declared.source:
        for path in evidence_files(case, source):
            name = path.relative_to(case.folder).as_posix()
            try:
                found[source.id, name] = sha256_of(path)
            except OSError as error:
                raise UnavailableError(
                    "evidence cannot be read", where=name, found=os.strerror(error.errno or 0)
                ) from error
    return found


def admitted_inputs(case: Case, hashed: Mapping[tuple[str, str], str]) -> list[dict[str, Any]]:
    """Hold the evidence against its seizure and the last finished run.

    Args:
        case: the case.
        hashed: SHA-256 of every file, by source and path inside the case.

    Returns:
        One entry a file: source, path inside the case, bytes, SHA-256.

    Raises:
        CaseError: a file that was seized is not there.
        EvidenceError: a file is not the one that was seized, or changed since it was last analysed.
    """
    entries: list[dict[str, Any]] = []
    for source in case.declared.source:
        found = evidence_files(case, source)
        seized = _seized(case, source, found)
        for path in found:
            name = path.relative_to(case.folder).as_posix()
            digest = hashed[source.id, name]
            expected = seized.get(name, seized.get(path.name, digest)).lower()
            if expected != digest:
                raise EvidenceError(
                    "this file is not the one that was seized",
                    where=name,
                    expected=f"SHA-256 {expected} (sha256_at_seizure)",
                    found=f"SHA-256 {digest}",
                    remedy="work on the file that was seized; nothing was analysed",
                )
            entries.append({"source": source.id, "path": name, "bytes": path.stat().st_size, "sha256": digest})
    refuse_changed(case, entries)
    return entries


def refuse_misnamed(case: Case) -> None:
    """Refuse, before anything is read, what `case.toml` says of files that are not there or are named twice.

    Raises:
        CaseError: one file in two sources of a kind, or a seized file that is not there.
    """
    paths: dict[tuple[str, str], str] = {}
    for source in case.declared.source:
        found = evidence_files(case, source)
        _seized(case, source, found)
        for path in found:
            name = path.relative_to(case.folder).as_posix()
            if (source.kind, name) in paths:
                raise CaseError(
                    f"sources {paths[source.kind, name]!r} and {source.id!r} name the same file",
                    where=name,
                    remedy="correct the path of one of them in case.toml",
                )
            paths[source.kind, name] = source.id


def _seized(case: Case, source: Source, found: list[Path]) -> dict[str, str]:
    """Return the digests at seizure by file, as declared.

    Raises:
        CaseError: one digest for several files, or for a file that is not there.
    """
    where, declared = str(case.folder / "case.toml"), source.sha256_at_seizure
    if declared is None:
        return {}
    if isinstance(declared, str):
        if len(found) > 1:
            raise CaseError(
                f"source {source.id!r}: one sha256_at_seizure for {len(found)} files",
                where=where,
                expected='sha256_at_seizure = {"file name" = "digest", ...}',
            )
        return {found[0].name: declared}
    known = {path.name for path in found} | {path.relative_to(case.folder).as_posix() for path in found}
    if absent := sorted(declared.keys() - known):
        raise CaseError(
            f"source {source.id!r}: a file that was seized is not there",
            where=where,
            expected=absent[0],
            remedy="put it back, or correct sha256_at_seizure",
        )
    return declared


def manifest_of(case: Case) -> dict[str, Any] | None:
    """Return what `results/manifest.json` says of the last finished run, or None where there is none.

    Raises:
        EvidenceError: it cannot be read, so that neither evidence nor key can be held against it.
    """
    try:
        return read(case.results / NAME)
    except FileNotFoundError:
        return None


def refuse_changed(case: Case, entries: list[dict[str, Any]]) -> None:
    """Refuse a file whose bytes changed since the last finished run.

    Raises:
        EvidenceError: names the first such file.
    """
    manifest = manifest_of(case)
    before = {entry["path"]: entry["sha256"] for entry in manifest["inputs"]} if manifest else {}
    for entry in entries:
        if before.get(entry["path"], entry["sha256"]) != entry["sha256"]:
            raise EvidenceError(
                "this file changed since it was last analysed",
                where=entry["path"],
                expected=f"SHA-256 {before[entry['path']]} (results/manifest.json)",
                found=f"SHA-256 {entry['sha256']}",
                remedy="put the original back; if it is other evidence, give it a name of its own",
            )


@contextmanager
def one_run_at_a_time(case: Case) -> Iterator[None]:
    """Hold the case's lock for the length of the block.

    Raises:
        UnavailableError: another run holds it, or the case folder cannot be written.
    """
    try:
        case.work.mkdir(parents=True, exist_ok=True)
        case.results.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=case.results):  # a run that cannot publish should not begin
            pass
        lock = (case.work / ".lock").open("a")
    except OSError as error:
        raise UnavailableError(
            "the case folder cannot be written", where=str(error.filename or case.folder), found=error.strerror,
            remedy="give write permission to the case folder (evidence/ may stay read-only)",
        ) from error  # fmt: skip
    with lock:
        _lock(case, lock.fileno(), fcntl.LOCK_EX)
        yield


@contextmanager
def no_run_meanwhile(case: Case) -> Iterator[None]:
    """Keep runs away for the length of the block, without writing anything: the case may be read-only.

    Raises:
        UnavailableError: a run is working on the case.
    """
    try:
        lock = (case.work / ".lock").open("r")
    except OSError:
        yield
        return
    with lock:
        _lock(case, lock.fileno(), fcntl.LOCK_SH)
        yield


def _lock(case: Case, descriptor: int, how: int) -> None:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UnavailableError(
            "another run is working on this case", where=str(case.folder), remedy="wait for it to end"
        ) from None
