"""What leaves a case: where a file may go, from which results it may be made, and that it is whole or not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from forensics import custody, journal
from forensics.case import Case
from forensics.case_key import open_key
from forensics.errors import CaseError, VerificationError
from forensics.manifest import LABELS
from forensics.pipeline import are_ingested, declaration_digest

FROM_RESULTS = ("sessions", "request_sessions")
OUR_FOLDERS = ("evidence", "work", "results")
OUR_FILES = ("case.toml", LABELS, "journal.jsonl", "journal.seal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Finished results that are what the run wrote, for as long as nothing else works on their case.

    Attributes:
        case: theirs.
        key: its key.
        manifest: what `manifest.json` says.
        broken: what was wrong with the journal when the command began.
    """

    case: Case
    key: bytes
    manifest: dict[str, Any]
    broken: list[str]

    def enter(self, command: str, **said: object) -> dict[str, Any]:
        """Enter a command in the journal, with the digest of the evidence, and return what was entered."""
        event = {"command": command, "evidence_digest": self.manifest["evidence_digest"], **said}
        journal.append(self.case, self.key, event, self.broken)
        return event


@contextmanager
def standing_results(case: Case, key_path: Path | None, tables: tuple[str, ...] = FROM_RESULTS) -> Iterator[Standing]:
    """Hold a case whose results and tables are those of its last finished run; refuse any other.

    Raises:
        CaseError, EvidenceError, VerificationError: as `refuse_unfinished`, `open_key` and `refuse_touched` say.
        UnavailableError: another run works on the case.
    """
    with custody.one_run_at_a_time(case):
        key = open_key(case, key_path)
        broken = journal.found_broken(case, key)
        manifest = custody.manifest_of(case) or {}
        refuse_unfinished(case, key, manifest)
        refuse_touched(case, manifest, tables)
        yield Standing(case=case, key=key, manifest=manifest, broken=broken)


def target_of(case: Case, out: Path, key: Path, *, force: bool) -> Path:
    """Return where the file goes, links followed.

    Raises:
        CaseError: its folder is missing, it is the case's own, or something is there already.
    """
    target, root = out.resolve(), case.folder.resolve()
    if not target.parent.is_dir():
        raise CaseError("there is no folder for the file", where=str(target.parent), remedy="make it, or name another")
    inputs = [root / entry["path"] for entry in (custody.manifest_of(case) or {"inputs": []})["inputs"]]
    if target in {key.resolve(), *(root / name for name in OUR_FILES)} or _is_among_evidence(case, target, inputs):
        raise CaseError(
            "an export does not go among the evidence, or over what the case keeps",
            where=str(out),
            remedy="name a file outside evidence/, work/ and results/",
        )
    if target.exists() and not target.is_file():
        raise CaseError("there is something here that is no file", where=str(out), remedy="name another")
    if target.exists() and not force:
        raise CaseError("there is a file here already", where=str(out), remedy="name another, or say --force")
    return target


def _is_among_evidence(case: Case, target: Path, inputs: list[Path]) -> bool:
    """Tell whether a file would be, or would be taken for, what the case keeps or what it reads."""
    root = case.folder.resolve()
    ours = {*(root / name for name in OUR_FOLDERS), *(path.parent for path in inputs if path.parent != root)}
    if any(target.is_relative_to(folder.resolve()) for folder in ours) or target in {path.resolve() for path in inputs}:
        return True
    return target.is_relative_to(root) and any(
        target.relative_to(root).match(source.path) for source in case.declared.source
    )


def refuse_unfinished(case: Case, key: bytes, manifest: dict[str, Any]) -> None:
    """Refuse tables under `work/` that are not those the results were made from.

    Raises:
        CaseError: they are of another `case.toml`, incomplete, or gone.
    """
    remedy = f"run: forensics run {case.folder}"
    if manifest["declaration"] != declaration_digest(case):
        raise CaseError(
            "case.toml does not say what it said when the results were made",
            where=str(case.folder / "case.toml"),
            remedy=remedy,
        )
    if not are_ingested(case, key, manifest):
        raise CaseError(
            "the requests that the results were made from are not here",
            where=str(case.work),
            expected="the tables under work/ as the last finished run left them",
            remedy=remedy,
        )


def refuse_touched(case: Case, manifest: dict[str, Any], tables: tuple[str, ...] = FROM_RESULTS) -> None:
    """Refuse results that are not the ones that the run wrote.

    Raises:
        VerificationError: a table was changed or is gone.
    """
    for name in tables:
        path = case.results / f"{name}.parquet"
        written = manifest["outputs"].get(path.name, {})
        if not path.is_file() or custody.sha256_of(path) != written.get("sha256"):
            raise VerificationError(
                "this result is not the one that the run wrote",
                where=str(path),
                expected="the SHA-256 in results/manifest.json",
                remedy=f"run: forensics run {case.folder}",
            )


@contextmanager
def whole_or_not_at_all(target: Path) -> Iterator[IO[bytes]]:
    """Give a file under a temporary name, which takes its own when the block ends well and goes when it does not."""
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
