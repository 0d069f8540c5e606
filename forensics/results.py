"""What a finished analysis holds, as frozen objects: intervals that keep their pedigree, tables that are read once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from forensics.errors import CaseError
from forensics.manifest import NAME, read
from forensics.vocabulary import LINES_A_SOURCE

TABLES = (
    "sessions",
    "request_sessions",
    "session_sensitivity",
    "strands",
    "baseline",
    "care_check",
    "campaigns",
    "campaign_ties",
    "campaign_pairs",
    "requisitions",
    "exposure",
    "professionals",
    "estimates",
    "perimeter",
    "timeline",
    "trials",
)


@dataclass(frozen=True, kw_only=True)
class Results:
    """The results folder of one case. Tables are Polars frames, documented in `forensics.schemas`."""

    folder: Path

    @cached_property
    def summary(self) -> dict[str, Any]:
        """Return `summary.json`: rows, coverage, sessions, campaigns, accounts, professionals, estimates."""
        return json.loads((self.folder / "summary.json").read_text(encoding="utf-8"))

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Return what `manifest.json` says as plain values: inputs with their SHA-256, settings, versions, outputs."""
        return read(self.folder / NAME)

    def table(self, name: str) -> pl.DataFrame:
        """Return one results table by name, in the order of its key."""
        if name not in TABLES:
            raise CaseError(f"there is no results table {name!r}", expected=f"one of {', '.join(TABLES)}")
        return pl.read_parquet(self.folder / f"{name}.parquet", glob=False)

    def trace(self, request_id: int) -> dict[str, Any]:
        """Walk a request back to the evidence.

        Returns:
            `source`, `path` (inside the case), `member` (of an archive, else None), `line` (of that file, from 1) and
            the `sha256` of the file at `path`.

        Raises:
            CaseError: no file has this line.
        """
        number, line = divmod(request_id, LINES_A_SOURCE)
        for entry in self.manifest["inputs"]:
            if entry["source_number"] != number:
                continue
            for file in entry.get("members", [entry]):
                within = line - file["first_line"]
                if 0 <= within < file["lines"]:
                    place = {"source": entry["source"], "path": entry["path"], "member": file.get("member")}
                    return place | {"line": within + 1, "sha256": entry["sha256"]}
        raise CaseError(f"request {request_id} is in no file of the manifest", remedy="name a request of this case")

    @property
    def headline(self) -> dict[str, Any]:
        """Return the row of `estimates` for the whole case: certain, interval, envelope, perimeter."""
        return next(row for row in self.summary["estimates"] if row["scope"] == "all")


def load(case: Path | str) -> Results:
    """Open the results of a case folder.

    Raises:
        CaseError: the case has no finished results yet.
    """
    folder = Path(case) / "results"
    if not (folder / NAME).is_file():
        raise CaseError(
            "this case has no finished results",
            where=str(folder),
            remedy=f"run: forensics run {case}",
        )
    return Results(folder=folder)
