"""Labels: a sheet to be filled in by hand, what is read back from it, and the errors that it shows."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from forensics.errors import CaseError
from forensics.estimation.labelled import ACCUSED, Labelled
from forensics.estimation.shares import exact_limits

LABELS = {
    "robot": "robot", "r": "robot",
    "person": "person", "personne": "person", "p": "person", "care": "person", "soins": "person",
    "unsure": "unsure", "incertain": "unsure", "cannot tell": "unsure", "?": "unsure",
}  # fmt: skip
"""What may stand in the column, in any case, and what it means; nothing where a row was not labelled."""
FIRST = ("row", "request_id", "label", "note")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is run by spreadsheets (OWASP, CSV Injection): a quote before it keeps it a text."""
KEPT = {"n": pl.Int64, "row": pl.Int64, "request_id": pl.Int64, "label": pl.String}
"""What a case keeps of a sheet that was read back: how many were drawn, and the labels; nothing that the log says."""


def sheet(rows: pl.DataFrame) -> bytes:
    """Return a sheet: `row`, `request_id`, a `label` and a `note` to fill in, then what the log says."""
    about = [name for name in rows.columns if name not in FIRST]
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([*FIRST, *about])
    for row in rows.iter_rows(named=True):
        writer.writerow([row["row"], row["request_id"], "", "", *(_cell(row[name]) for name in about)])
    return file.getvalue().encode("utf-8-sig")


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA) else text


def kept(rows: pl.DataFrame, n: int) -> bytes:
    """Return the labels of a sheet of `n` draws as a case keeps them: the same labels give the same bytes."""
    return rows.select(pl.lit(n).alias("n"), "row", "request_id", "label").sort("row").write_csv().encode()


def read_kept(file: Path) -> tuple[int, pl.DataFrame]:
    """Return what a case keeps: how many were drawn, and `row`, `request_id`, `label`.

    Raises:
        CaseError: the file is not one that `forensics audit` wrote.
    """
    try:
        rows = pl.read_csv(file.read_bytes(), schema=KEPT)
    except pl.exceptions.PolarsError:
        rows = pl.DataFrame(schema=KEPT)
    n = rows["n"].unique().drop_nulls()
    known = rows["label"].drop_nulls()
    numbered = rows["row"].null_count() + rows["request_id"].null_count() == 0
    if len(n) != 1 or n[0] < 1 or not numbered or not len(known) or not set(known) <= set(LABELS.values()):
        raise CaseError(
            "these are not labels that were read back",
            where=str(file),
            expected="what forensics audit --labels wrote",
            remedy="read the sheet back again, or take the file away",
        )
    return int(n[0]), rows.drop("n")


def labels_in(labelled: Path) -> pl.DataFrame:
    """Read a sheet back: `row`, `request_id`, `label` (robot, person, unsure; null where there is none).

    It may have been saved by a spreadsheet: with semicolons, in Windows-1252.

    Raises:
        CaseError: it is no such sheet, or holds a label that is none; the message has the row, not the cell.
    """
    content = labelled.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    head = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=head.count))
    if not {"row", "request_id", "label"} <= set(reader.fieldnames or ()):
        raise CaseError(
            "this is not a sheet of labels",
            where=str(labelled),
            expected="the columns row, request_id and label, as forensics audit wrote them",
        )
    return pl.DataFrame(
        [_read(number, row, labelled) for number, row in enumerate(reader, start=2)],
        schema={"row": pl.Int64, "request_id": pl.Int64, "label": pl.String},
        orient="row",
    )


def _read(line: int, row: dict[str, Any], labelled: Path) -> tuple[int, int, str | None]:
    label = (row["label"] or "").strip().lower()
    try:
        place = int(row["row"]), int(row["request_id"])
    except (TypeError, ValueError):
        raise CaseError(
            "a row of this sheet has lost its number",
            where=f"{labelled}:{line}",
            expected="row and request_id as they were written",
            remedy="copy the labels into a fresh sheet; a spreadsheet may have rounded the numbers",
        ) from None
    if label and label not in LABELS:
        raise CaseError(
            "this label is none", where=f"{labelled}:{line}", expected=f"one of {', '.join(LABELS)}, or nothing"
        )
    return (*place, LABELS[label] if label else None)


def agreement(rows: pl.DataFrame) -> list[int]:
    """Return how many of the answers that were labelled twice have the same label, and how many there are."""
    twice = rows.drop_nulls("label").group_by("request_id").agg(n=pl.len(), n_labels=pl.col("label").n_unique())
    twice = twice.filter(pl.col("n") > 1)
    return [twice.filter(pl.col("n_labels") == 1).height, twice.height]


def errors(strata: Sequence[Labelled], level: float) -> dict[str, Any]:
    """Return what labels say of each stratum, and of the verdicts as a whole.

    A label of `unsure` counts against the verdicts both ways. The limits of each stratum are exact; those of what was
    missed add the strata's, each at a level that leaves the sum at `level` (Bonferroni).

    Args:
        strata: what was drawn from, and its labels.
        level: of the limits.

    Returns:
        `strata`: of each `stratum`, `shown` (people shown by answers that could be drawn, counted each time),
        `labelled`, `robot`, `person`, `unsure`, and the limits of the share that a robot was shown (`low`, `high`);
        `accused_wrongly`, `missed`: people shown, counted each time, [low, high].
    """
    others = max(sum(one.stratum != ACCUSED for one in strata), 1)
    told, missed, accused = [], [0, 0], [0, 0]
    for one in sorted(strata, key=lambda one: one.stratum):
        at = level if one.stratum == ACCUSED else 1.0 - (1.0 - level) / others
        low = exact_limits(one.robot, one.labelled, at)[0]
        high = exact_limits(one.robot + one.unsure, one.labelled, at)[1]
        told.append(
            {
                "stratum": one.stratum, "shown": one.units, "labelled": one.labelled, "robot": one.robot,
                "person": one.person, "unsure": one.unsure, "low": round(low, 6), "high": round(high, 6),
            }
        )  # fmt: skip
        if one.stratum == ACCUSED:
            accused = [int(one.units * (1.0 - high)), math.ceil(one.units * (1.0 - low))]
        else:
            missed = [missed[0] + int(one.units * low), missed[1] + math.ceil(one.units * high)]
    return {"level": level, "strata": told, "accused_wrongly": accused, "missed": missed}
