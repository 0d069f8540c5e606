"""The desk: a drawn sheet on it, looked at and labelled row by row; what its labels say is shown, and nothing kept.

Nothing here shows an account, an address or a path: what is shown is how the session around an answer went.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import polars as pl

from forensics import audit, results
from forensics.case import Case, load
from forensics.engine import write_bytes
from forensics.errors import CaseError
from forensics.labels import LABELS, labels_in
from forensics.reasons import Language, Pair, phrase
from forensics.report.language import Voice
from forensics.report.table import Cell, Table

Label = Literal["robot", "care", "cannot tell"]
WORDS: dict[str, Pair] = {
    "row": ("Ligne", "Row"),
    "label": ("Étiquette", "Label"),
    "what": ("Réponse à", "Answer to"),
    "lookup": ("une consultation", "a lookup"),
    "list": ("une liste", "a list"),
    "when": ("Heure locale", "Local time"),
    "since": ("Depuis la précédente (s)", "Since the one before (s)"),
    "until": ("Jusqu’à la suivante (s)", "Until the next (s)"),
    "minutes": ("Session (min)", "Session (min)"),
    "lookups": ("Consultations de la session", "Lookups in the session"),
    "people": ("dont sujets distincts", "of distinct subjects"),
    "explained": ("dont la facturation explique", "of which claims explain"),
    "address": ("Adresse connue du compte depuis (jours)", "Address known to the account for (days)"),
    "robot": ("robot", "robot"),
    "person": ("soins", "care"),
    "unsure": ("on ne sait pas", "cannot tell"),
    "none": ("sans étiquette", "no label"),
    "todo": ("À étiqueter", "To be labelled"),
    "labels_so_far": ("Étiquettes posées", "Labels so far"),
    "n_rows": ("Lignes", "Rows"),
    "caption": ("Ce que disent les étiquettes", "What the labels say"),
    "stratum": ("Tiré parmi", "Drawn among"),
    "shown": ("Personnes affichées", "People shown"),
    "labelled": ("dont vues", "of which looked at"),
    "share": ("Part d’un robot", "A robot’s share"),
    "scraping": ("mis en cause", "accused"),
    "unclear": ("indéterminés", "unclear"),
    "honest_doubtful": ("honnêtes, de peu", "honest, narrowly"),
    "honest": ("honnêtes", "honest"),
    "missed": ("Affichées à un robot non mis en cause", "Shown to a robot that was not accused"),
    "accused_wrongly": ("Mises en cause à tort", "Accused wrongly"),
    "each_time": (
        "Une personne compte chaque fois qu’une réponse l’affiche. Limites exactes, à {level} ; ce que la facturation "
        "explique n’est pas tiré.",
        "A person counts each time an answer shows her. Exact limits, at {level}; what claims explain is not drawn.",
    ),
    "source": ("Source : la feuille tirée au sort", "Source: the sheet drawn by lot"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A sheet on the desk.

    Attributes:
        case: whose.
        file: the sheet (CSV).
        language: that tables are in.
    """

    case: Case
    file: Path
    language: Language

    def say(self, key: str, **values: object) -> str:
        """Return a word of the desk."""
        return phrase(WORDS[key], self.language, **values)


def open_sheet(
    case: Path, *, n: int = 300, name: str = "lookups.csv", language: Language = "en", anew: bool = False
) -> Sheet:
    """Put a sheet on the desk, drawn now where there is none; labels that are on it stay.

    Args:
        case: the case folder, after a run.
        n: how many people shown by an answer are drawn.
        name: of the sheet, in the case's folder `audit`.
        language: that tables are in.
        anew: draw in any case; labels that were on it are lost.
    """
    opened = load(case)
    file = opened.folder / "audit" / name
    file.parent.mkdir(exist_ok=True)
    if anew or not file.is_file():
        audit.draw(opened, file, n, force=anew)
    return Sheet(case=opened, file=file, language=language)


def rows(sheet: Sheet) -> pl.DataFrame:
    """Return the sheet for sorting and filtering, without who it was.

    Returns:
        `row`, `label` (robot, person, unsure or null), `what` (lookup, list), `when` (local), `since`, `until` (seconds
        to the session's answers before and after), `minutes` (of the session), `lookups`, `people` (of the session),
        `explained` (share of its patients that claims explain, null where that is not known), `address` (for how many
        days the account had used this address).
    """
    there = pl.read_csv(sheet.file.read_bytes(), infer_schema=False)
    zone = ZoneInfo(sheet.case.declared.case.timezone)
    times = ("session_ended_at", "session_started_at", "requested_at")
    ended, started, at = (pl.col(name).str.to_datetime() for name in times)
    return there.select(
        row=pl.col("row").cast(pl.Int64),
        label=pl.Series(labels_in(sheet.file)["label"]),
        what="what",
        when=at.dt.replace_time_zone("UTC").dt.convert_time_zone(zone.key).dt.replace_time_zone(None),
        since=pl.col("seconds_since_the_last_lookup").cast(pl.Float64),
        until=pl.col("seconds_to_the_next_lookup").cast(pl.Float64),
        minutes=((ended - started).dt.total_seconds() / 60).round(1),
        lookups=pl.col("session_lookups").cast(pl.Int64),
        people=pl.col("session_subjects").cast(pl.Int64),
        explained=pl.col("session_explained_share").cast(pl.Float64),
        address=pl.col("address_known_for_days").cast(pl.Int64),
    )


def to_label(sheet: Sheet, most: int = 10) -> Table:
    """Return the next rows without a label, with what tells a robot from care."""
    there = rows(sheet)
    left = there.filter(pl.col("label").is_null()).head(most)
    names = [name for name in there.columns if name != "label"]
    return _table(
        sheet, f"{sheet.say('todo')} ({_left(there):,} / {there.height:,})", [sheet.say(name) for name in names],
        [[_cell(sheet, name, one[name]) for name in names] for one in left.iter_rows(named=True)],
    )  # fmt: skip


def look_at(sheet: Sheet, row: int) -> Table:
    """Return one row of the sheet, a line for each thing that is known of it."""
    one = _one(sheet, row)
    named: list[list[Cell]] = [
        [sheet.say(name), _cell(sheet, name, value)] for name, value in one.items() if name != "row"
    ]
    return _table(sheet, f"{sheet.say('row')} {row}", [sheet.say("row"), str(row)], named)


def label(sheet: Sheet, which: int | Iterable[int], label: Label, note: str = "") -> str:
    """Write a label on one row of the sheet, or on several; the file is whole at any time.

    Args:
        sheet: on the desk.
        which: the number of a row, or several.
        label: what it was, as far as the row tells.
        note: why, for whoever reads the sheet later.

    Returns:
        How many rows have a label now.

    Raises:
        CaseError: there is no such row, or the label is none.
    """
    if label not in LABELS:
        raise CaseError("this label is none", expected="robot, care or cannot tell")
    wanted = {which} if isinstance(which, int) else set(which)
    text = sheet.file.read_bytes().decode("utf-8-sig")
    reader = csv.DictReader(io.StringIO(text, newline=""))
    there = list(reader)
    if unknown := sorted(wanted - {int(one["row"]) for one in there}):
        raise CaseError(f"there is no row {unknown[0]} on this sheet", expected=f"rows 1 to {len(there)}")
    for one in there:
        if int(one["row"]) in wanted:
            one["label"] = label
            one["note"] = note or one["note"]
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, reader.fieldnames or [], lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(there)
    write_bytes(file.getvalue().encode("utf-8-sig"), sheet.file)
    return f"{len(there) - _left(rows(sheet)):,} / {len(there):,}"


def so_far(sheet: Sheet) -> Table:
    """Return how many rows have which label."""
    counts = rows(sheet)["label"].fill_null("none")
    return _table(
        sheet, sheet.say("labels_so_far"), [sheet.say("label"), sheet.say("n_rows")],
        [[sheet.say(name), f"{(counts == name).sum():,}"] for name in ("robot", "person", "unsure", "none")],
    )  # fmt: skip


def findings(sheet: Sheet) -> Table:
    """Return what the labels on the sheet say of the verdicts, with its limits; nothing is kept of it.

    Raises:
        CaseError: the sheet is not one of this case's present verdicts, or has no label.
    """
    told = audit.preview(sheet.case, sheet.file)
    voice = Voice.of(results.load(sheet.case.folder), sheet.language)
    lines: list[list[Cell]] = [
        [
            sheet.say(one["stratum"]),
            *(voice.count(one[name]) for name in ("shown", "labelled", "robot", "person", "unsure")),
            f"{voice.share(one['low'])} – {voice.share(one['high'])}",
        ]
        for one in told["strata"]
    ]
    for name in ("accused_wrongly", "missed"):
        low, high = told[name]
        lines.append([sheet.say(name), f"{voice.count(low)} – {voice.count(high)}", "", "", "", "", ""])
    head = [sheet.say(key) for key in ("stratum", "shown", "labelled", "robot", "person", "unsure", "share")]
    note = sheet.say("each_time", level=voice.share(told["level"]))
    return _table(sheet, sheet.say("caption"), head, lines, note)


def _left(there: pl.DataFrame) -> int:
    return there["label"].null_count()


def _one(sheet: Sheet, row: int) -> dict[str, object]:
    there = rows(sheet)
    found = there.filter(pl.col("row") == row)
    if not found.height:
        raise CaseError(f"there is no row {row} on this sheet", expected=f"rows 1 to {there.height}")
    return found.row(0, named=True)


def _cell(sheet: Sheet, name: str, value: object) -> str:
    if value is None:
        return "—"
    if name in ("what", "label"):
        return sheet.say(str(value))
    if name == "explained" and isinstance(value, float):
        return f"{value:.0%}"
    return f"{value:%a %H:%M}" if name == "when" else str(value)


def _table(sheet: Sheet, caption: str, head: list[str], lines: list[list[Cell]], note: str = "") -> Table:
    stamp = Voice.of(results.load(sheet.case.folder), sheet.language).stamp
    return Table(
        caption=caption, source=sheet.say("source"), head=head, rows=lines, note=note, stamp=stamp,
        figures=frozenset(range(1, len(head))), none="—",
    )  # fmt: skip
