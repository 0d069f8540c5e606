"""Audit: lookups drawn by lot are labelled by hand; the labels, read back, say how often the verdicts err.

The sheet tells nothing of the verdicts. Lookups that care explains are not drawn: they are a professional's, and
labelling them would be work for nothing. A tenth is drawn twice, so that labels can be held against each other.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from forensics import journal, results, sessions
from forensics.case import Case
from forensics.case_key import key_file
from forensics.detection.verdicts import follow_patients
from forensics.engine import connect, private_folder, query, view
from forensics.errors import CaseError
from forensics.estimation.shares import neyman
from forensics.labels import agreement, errors, labels_in, sheet
from forensics.outgoing import FROM_RESULTS, standing_results, target_of, whole_or_not_at_all
from forensics.pipeline import Say, in_silence

LEAST, TWICE = 10, 10
"""Of each stratum at least so many; one in so many a second time."""
GUESSED = {"scraping": 0.99, "unclear": 0.5, "honest_doubtful": 0.1, "honest": 0.005}
"""The share of a stratum's lookups that are probably a robot's: it only says how many of each are worth a look."""
DOUBTFUL = 1e-2
"""Honest clients whose chance is below this are a stratum of their own: a robot that was missed is likely there."""
TABLES = (*FROM_RESULTS, "strands")
READ = ("requests", "register", "subjects", "persons", "accounts", "claims", "returned_people")


def draw(
    case: Case, out: Path, n: int, *, force: bool = False, key_path: Path | None = None, say: Say = in_silence
) -> dict[str, Any]:
    """Draw lookups to be labelled, and write a sheet (CSV) of them.

    Args:
        case: the case, after a run.
        out: the sheet to write.
        n: how many lookups, as far as there are so many.
        force: whether a file that is there is written over.
        key_path: the case key, where it is not beside the case.
        say: is told what is being done, counts only.

    Returns:
        What the journal says of it: `file`, `rows`, `strata` (lookups that could be drawn, and that were), `draw` (the
        digest of what was drawn), `sessions` (of the verdicts).

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
                "audit", file=target.name, rows=rows.height, strata=strata, draw=_digest(rows),
                sessions=standing.manifest["outputs"]["sessions.parquet"]["sha256"],
            )  # fmt: skip
    say(f"drew {rows.height:,} rows")
    return event


def read_back(case: Case, labelled: Path, *, key_path: Path | None = None, level: float = 0.95) -> dict[str, Any]:
    """Read a labelled sheet, and say how often the verdicts err; the journal keeps it.

    Args:
        case: the case whose sheet it is.
        labelled: the sheet; rows without a label are told and left out.
        key_path: the case key, where it is not beside the case.
        level: of the limits.

    Returns:
        `strata` (`forensics.labels.errors`), `agreement` (rows labelled twice alike, and rows labelled twice),
        `unlabelled` rows, `accused_wrongly` and `missed` (lookups: low, high).

    Raises:
        CaseError: the sheet is not one of this case's present verdicts, or a label is none.
    """
    rows = labels_in(labelled)
    with standing_results(case, key_path, TABLES) as standing:
        drawn = _entry_of(case, rows, labelled, standing.manifest)
        strata = _strata(results.load(case.folder).table("strands"))
        of_row = rows.join(_stratum_of_requests(case, strata, rows), on="request_id", how="left")
        told = errors(of_row, {name: counts[0] for name, counts in drawn["strata"].items()}, level)
        told |= {"agreement": agreement(rows), "unlabelled": rows["label"].null_count(), "draw": drawn["draw"]}
        standing.enter("audit", labels=told)
    return told


def _drawn(case: Case, n: int, seed: str) -> tuple[pl.DataFrame, dict[str, list[int]]]:
    """Return the rows of the sheet, in an order drawn by lot, and of each stratum how many there are and were drawn."""
    with private_folder() as spill, connect(case.settings, spill) as connection:
        for name in READ:
            view(connection, name, case.work / f"{name}.parquet")
        view(connection, "sessions", case.results / "sessions.parquet")
        sessions.build(connection, case.settings)
        follow_patients(connection, case)
        connection.register("strata", _strata(results.load(case.folder).table("strands")))
        candidates = query(connection, "audit_draw", {"seed": seed, "most": n})
        sizes = candidates.group_by("stratum").agg(pl.col("n_lookups").first()).sort("stratum")
        if not sizes.height:
            raise CaseError("there is no lookup to label", where=str(case.folder), expected="one that returned someone")
        guessed = np.array([GUESSED[name] for name in sizes["stratum"]])
        taken = sizes.with_columns(taken=pl.Series(neyman(sizes["n_lookups"].to_numpy(), guessed, n, LEAST)))
        chosen = candidates.join(taken, on="stratum").filter(pl.col("place") <= pl.col("taken"))
        connection.register("chosen", chosen.select("request_id", "session_id"))
        about = query(connection, "audit_rows")
    rng = np.random.default_rng(int(seed[:16], 16))
    twice = rng.choice(about.height, size=about.height // TWICE, replace=False)
    order = rng.permutation(np.concatenate([np.arange(about.height), twice]))
    rows = about[order.tolist()].with_row_index("row", offset=1).with_columns(pl.col("row").cast(pl.Int64))
    return rows, {name: [size, n_taken] for name, size, n_taken in taken.select(taken.columns).iter_rows()}


def _strata(strands: pl.DataFrame) -> pl.DataFrame:
    """Return the stratum of each client: `strand_id`, `stratum`."""
    doubtful = (pl.col("p_combined") < DOUBTFUL).fill_null(value=False)
    honest = pl.when(doubtful).then(pl.lit("honest_doubtful")).otherwise(pl.lit("honest"))
    verdict = pl.col("verdict")
    return strands.select("strand_id", stratum=pl.when(verdict == "honest").then(honest).otherwise(verdict))


def _stratum_of_requests(case: Case, strata: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    opened = results.load(case.folder)
    of_session = opened.table("sessions").select("session_id", "strand_id").join(strata, on="strand_id")
    asked = opened.table("request_sessions").join(rows.select("request_id").unique(), on="request_id", how="semi")
    return asked.join(of_session, on="session_id").select("request_id", "stratum")


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
        f"{one['stratum']}: {one['labelled']:,} of {one['lookups']:,} lookups labelled; a robot's {one['robot']:,}, "
        f"a person's {one['person']:,}, unsure {one['unsure']:,}; a robot's share {one['low']:.1%} to {one['high']:.1%}"
        for one in found["strata"]
    ]
    same, twice = found["agreement"]
    accused, missed = found["accused_wrongly"], found["missed"]
    return [
        *lines,
        f"labelled twice alike: {same:,} of {twice:,}; rows without a label: {found['unlabelled']:,}",
        f"lookups accused wrongly: {accused[0]:,} to {accused[1]:,} (level {found['level']:.0%})",
        f"lookups of a robot among those not accused: {missed[0]:,} to {missed[1]:,} (level {found['level']:.0%}); "
        "lookups that care explains are not among them",
    ]
