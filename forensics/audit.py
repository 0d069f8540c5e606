"""Audit: lookups drawn by lot are labelled by hand; the labels, read back, say how often the verdicts err.

The sheet tells nothing of the verdicts. What is drawn is said in `forensics.lots`: people shown by lookups, and by
answers to requests that ask for nobody. A tenth stands on the sheet twice, so that labels can be held against each
other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from forensics import journal, lots, results, sessions
from forensics.case import Case
from forensics.case_key import key_file
from forensics.detection.verdicts import follow_patients
from forensics.engine import connect, private_folder, query, view, write_bytes
from forensics.errors import CaseError
from forensics.labels import LABELS, agreement, errors, kept, labels_in, sheet
from forensics.manifest import LABELS as LABELS_FILE
from forensics.outgoing import FROM_RESULTS, standing_results, target_of, whole_or_not_at_all
from forensics.pipeline import Say, in_silence

if TYPE_CHECKING:
    import duckdb

TWICE = 10
"""One in so many answers stands on the sheet a second time."""
TABLES = (*FROM_RESULTS, "strands")
READ = ("requests", "register", "subjects", "persons", "accounts", "claims", "returned_people")


def draw(
    case: Case, out: Path, n: int, *, force: bool = False, key_path: Path | None = None, say: Say = in_silence
) -> dict[str, Any]:
    """Draw lookups to be labelled, and write a sheet (CSV) of them.

    Args:
        case: the case, after a run.
        out: the sheet to write.
        n: how many people shown by an answer, as far as there are so many; an answer is one row, whomever it showed.
        force: whether a file that is there is written over.
        key_path: the case key, where it is not beside the case.
        say: is told what is being done, counts only.

    Returns:
        What the journal says of it: `file`, `rows`, `strata` (people shown that could be drawn, and that were), `draw`
        (the digest of what was drawn), `sessions` (of the verdicts).

    Raises:
        CaseError: there are no finished results of this `case.toml`, or the file cannot be where it should.
        EvidenceError: the key is not the one of the case.
        VerificationError: the tables are not those that the run wrote.
    """
    results.load(case.folder)
    target = target_of(case, out, key_file(case, key_path), force=force)
    with standing_results(case, key_path, TABLES) as standing:
        rows, strata = _drawn(case, n, standing.manifest["evidence_digest"])
        with whole_or_not_at_all(target) as file:
            file.write(sheet(rows))
            event = standing.enter(
                "audit", file=target.name, n=n, rows=rows.height, strata=strata, draw=_digest(rows),
                sessions=standing.manifest["outputs"]["sessions.parquet"]["sha256"],
            )  # fmt: skip
    say(f"drew {rows.height:,} rows")
    return event


def read_back(case: Case, labelled: Path, *, key_path: Path | None = None, level: float = 0.95) -> dict[str, Any]:
    """Read a labelled sheet, and say how often the verdicts err; case and journal keep it.

    The case keeps the labels in `labels.csv`, in the place of any before: from the next run on they are an input of
    the analysis, named in the manifest, and narrow its interval.

    Args:
        case: the case whose sheet it is.
        labelled: the sheet; what stands blank before the last label counts as unsure, what comes after is left out.
        key_path: the case key, where it is not beside the case.
        level: of the limits.

    Returns:
        `strata` (`forensics.labels.errors`), `agreement` (answers labelled twice alike, and those labelled twice),
        `unlabelled` rows, `accused_wrongly` and `missed` (people shown: low, high).

    Raises:
        CaseError: the sheet is not one of this case's present verdicts, has no label, or a label is none.
    """
    rows = labels_in(labelled)
    with standing_results(case, key_path, TABLES) as standing:
        told = _told_of(case, rows, labelled, standing.manifest, level)
        content = kept(rows, _entry_of(case, rows, labelled, standing.manifest)["n"])
        standing.enter("audit", labels=told, sha256=hashlib.sha256(content).hexdigest())
        write_bytes(content, case.folder / LABELS_FILE)
    return told


def preview(case: Case, labelled: Path, *, key_path: Path | None = None, level: float = 0.95) -> dict[str, Any]:
    """Return what the labels of a sheet say so far, as `read_back` does, and keep nothing of it."""
    rows = labels_in(labelled)
    with standing_results(case, key_path, TABLES) as standing:
        return _told_of(case, rows, labelled, standing.manifest, level)


def _told_of(case: Case, rows: pl.DataFrame, labelled: Path, manifest: dict[str, Any], level: float) -> dict[str, Any]:
    """Return what the labels of a sheet say."""
    drawn = _entry_of(case, rows, labelled, manifest)
    if not rows["label"].is_not_null().any():
        raise CaseError("no row of this sheet has a label", where=str(labelled), expected=", ".join(sorted(LABELS)))
    with _laid_out(case) as connection:
        strata = lots.labelled(connection, manifest["evidence_digest"], drawn["n"], rows)
    if strata is None:
        raise CaseError(
            "this sheet is not of the present verdicts", where=str(labelled), remedy="draw anew: forensics audit"
        )
    told = errors(strata, level)
    return told | {"agreement": agreement(rows), "unlabelled": rows["label"].null_count(), "draw": drawn["draw"]}


@contextmanager
def _laid_out(case: Case) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection with all that can be drawn of the present verdicts."""
    opened = results.load(case.folder)
    with private_folder() as spill, connect(case.settings, spill) as connection:
        for name in READ:
            view(connection, name, case.work / f"{name}.parquet")
        view(connection, "sessions", case.results / "sessions.parquet")
        sessions.build(connection, case.settings, case.work / "requests.parquet")
        follow_patients(connection, case)
        lots.lay_out(connection, case, opened.table("strands"))
        yield connection


def _drawn(case: Case, n: int, seed: str) -> tuple[pl.DataFrame, dict[str, list[int]]]:
    """Return the rows of the sheet, and of each stratum how many people shown there are and were drawn.

    Whoever labels the first so many rows has labelled the first so many lots of every stratum: strata take turns.
    """
    with _laid_out(case) as connection:
        units = lots.draw(connection, seed, n)
        connection.register("chosen", units.select("request_id", "session_id").unique())
        about = query(connection, "audit_rows")
    about = lots.with_turns(units).join(about, on="request_id", how="left", maintain_order="left")
    rng = np.random.default_rng(int(seed[:16], 16))
    again = about[sorted(rng.choice(about.height, size=about.height // TWICE, replace=False).tolist())]
    again = again.with_columns(turn=pl.Series(rng.uniform(again["turn"].to_numpy(), 1.0), dtype=pl.Float64))
    order = pl.concat([about, again]).sort("turn", "request_id", maintain_order=True).drop("turn")
    rows = order.with_row_index("row", offset=1).with_columns(pl.col("row").cast(pl.Int64))
    sizes = units.select("stratum", "n_units", "taken").unique().sort("stratum")
    return rows, {name: [size, taken] for name, size, taken in sizes.iter_rows()}


def _digest(rows: pl.DataFrame) -> str:
    """Return the SHA-256 of which lookup stands in which row."""
    lines = (f"{row}:{request}\n" for row, request in rows.sort("row").select("row", "request_id").iter_rows())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _entry_of(case: Case, rows: pl.DataFrame, labelled: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the journal's entry of the draw that a sheet is of."""
    drawn = [entry for entry in journal.entries(case) if entry.get("draw") == _digest(rows) and "strata" in entry]
    if not drawn:
        raise CaseError(
            "this sheet is not one that was drawn from this case",
            where=str(labelled),
            expected="every row of a sheet of forensics audit, with its row and request_id as they were",
            found=f"{rows.height:,} rows",
        )
    if drawn[-1]["sessions"] != manifest.get("outputs", {}).get("sessions.parquet", {}).get("sha256"):
        raise CaseError(
            "the verdicts have changed since this sheet was drawn",
            where=str(labelled),
            remedy="draw anew, and carry over the labels of lookups that both sheets hold",
        )
    return drawn[-1]


def told(found: dict[str, Any]) -> list[str]:
    """Say in lines of text what labels showed (`read_back`)."""
    lines = [
        f"{one['stratum']}: {one['labelled']:,} of {one['shown']:,} people shown labelled; to a robot "
        f"{one['robot']:,}, to a person {one['person']:,}, unsure {one['unsure']:,}; "
        f"a robot's share {one['low']:.1%} to {one['high']:.1%}"
        for one in found["strata"]
    ]
    same, twice = found["agreement"]
    accused, missed = found["accused_wrongly"], found["missed"]
    return [
        *lines,
        "people are counted each time they were shown; what care explains was not drawn",
        f"labelled twice alike: {same:,} of {twice:,}; rows without a label: {found['unlabelled']:,}",
        f"people shown, accused wrongly: {accused[0]:,} to {accused[1]:,} (level {found['level']:.0%})",
        f"people shown to a robot that was not accused: {missed[0]:,} to {missed[1]:,} (level {found['level']:.0%})",
    ]
