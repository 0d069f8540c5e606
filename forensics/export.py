"""Export: the requests of flagged sessions leave as documents that other tools read, entered in the journal."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, Literal

import polars as pl

from forensics import results
from forensics.case import Case
from forensics.case_key import key_file
from forensics.documents import VOCABULARIES
from forensics.engine import batches, connect, private_folder, sql, view
from forensics.errors import VerificationError
from forensics.outgoing import FROM_RESULTS, standing_results, target_of, whole_or_not_at_all
from forensics.pipeline import Say, in_silence

Vocabulary = Literal["timesketch", "ecs"]
Flagged = Literal["scraping", "unclear", "all-flagged"]
ROWS_A_PIECE = 50_000


def export(
    case: Case,
    out: Path,
    *,
    to: Vocabulary,
    verdict: Flagged = "scraping",
    force: bool = False,
    key_path: Path | None = None,
    say: Say = in_silence,
) -> dict[str, Any]:
    """Write the requests of sessions of one verdict as JSON documents, a line each, in the order of `request_id`.

    The file is written whole or not at all, and no person leaves: whom a request asked for is a pseudonym, paths are
    masked.

    Args:
        case: the case, after a run.
        out: the file to write.
        to: whose words the documents are in.
        verdict: `scraping`, `unclear`, or `all-flagged` for both.
        force: whether a file that is there is written over.
        key_path: the case key, where it is not beside the case.
        say: is told what is being done, counts only.

    Returns:
        What the journal says of it: `to`, `verdict`, `file` (its name), `sessions`, `requests`, `bytes`, `sha256`.

    Raises:
        CaseError: there are no finished results of this `case.toml`, or the file cannot be where it should.
        EvidenceError: the key is not the one of the case.
        VerificationError: the tables are not those that the run wrote.
        UnavailableError: another run works on the case, or disk, memory or permission is lacking.
    """
    results.load(case.folder)
    target = target_of(case, out, key_file(case, key_path), force=force)
    with standing_results(case, key_path) as standing:
        flagged = _flagged_sessions(case, verdict)
        with whole_or_not_at_all(target) as file:
            written = {"to": to, "verdict": verdict, "file": target.name, "sessions": flagged.height}
            written |= _write(case, file, to, verdict, say)
            _refuse_lost(written["requests"], int(flagged["n_requests"].sum()))
            standing.enter("export", **written)  # before the file is there: none leaves that no journal tells of
    return written


def _flagged_sessions(case: Case, verdict: Flagged) -> pl.DataFrame:
    """Return the sessions whose requests leave: `n_requests`."""
    wanted = pl.col("verdict") != "honest" if verdict == "all-flagged" else pl.col("verdict") == verdict
    return results.load(case.folder).table("sessions").filter(wanted).select("n_requests")


def _refuse_lost(written: int, expected: int) -> None:
    if written != expected:
        raise VerificationError(
            "the requests of the flagged sessions are not all there",
            expected=f"{expected:,} requests, as results/sessions.parquet counts them",
            found=f"{written:,}",
            remedy="this is a defect of the export: please report it",
        )


def _write(case: Case, file: IO[bytes], to: Vocabulary, verdict: Flagged, say: Say) -> dict[str, Any]:
    """Write the documents and return how many, of how many bytes, with what SHA-256."""
    places = {name: case.results for name in FROM_RESULTS} | {"requests": case.work, "keys": case.work}
    with private_folder() as spill, connect(case.settings, spill) as connection:
        for name, folder in places.items():
            view(connection, name, folder / f"{name}.parquet")
        pieces = batches(connection, sql("flagged_requests"), ROWS_A_PIECE, {"verdict": verdict})
        written = _write_lines(file, (VOCABULARIES[to](piece) for piece in pieces))
    say(f"wrote {written['requests']:,} documents, {written['bytes'] / 1e6:,.0f} MB")
    return written


def _write_lines(file: IO[bytes], pieces: Iterable[pl.Series]) -> dict[str, Any]:
    requests, size, digest = 0, 0, hashlib.sha256()
    for texts in pieces:
        content = "".join(f"{text}\n" for text in texts).encode()
        file.write(content)
        digest.update(content)
        requests, size = requests + len(texts), size + len(content)
    file.flush()
    os.fsync(file.fileno())
    return {"requests": requests, "bytes": size, "sha256": digest.hexdigest()}
