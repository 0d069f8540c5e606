"""Readiness: what a case has, what it lacks and what follows from that, the space and time a run will take."""

from __future__ import annotations

import shutil
from typing import Any

from forensics.case import Case
from forensics.custody import evidence_files
from forensics.declaration import DOCUMENTS
from forensics.detection.verdicts import subjects_are_people
from forensics.engine import private_folder
from forensics.evidence.linkage import refuse_without_splink
from forensics.evidence.reading import refuse_unreadable_start

LINES = ("alb", "combined", "common", "csv", "haproxy", "iis", "splunk", "timesketch")
WORK_BYTES_A_BYTE = dict.fromkeys(LINES, 0.7) | dict.fromkeys(DOCUMENTS, 0.4) | {"parquet": 3.0}
"""Space under work/ and in the private folder for one byte of evidence; measured on the demo case and on a web log
(combined, ecs, Parquet), and taken over for the other formats of lines and of documents."""

SECONDS_A_MEGABYTE = dict.fromkeys(LINES, 0.12) | dict.fromkeys(DOCUMENTS, 0.06) | {"parquet": 0.35}
"""Time of a run for one megabyte of evidence; measured on two cores."""

CONSEQUENCES = {
    "accounts": "no profession is known: no client is more than unclear",
    "claims": "care cannot be measured: no client is more than unclear",
    "counters": "nothing witnesses that the log is whole: bounds instead of an interval",
    "register": "nobody knows whom a number stands for: subjects are counted, and the log is the perimeter",
}


def readiness(case: Case) -> dict[str, Any]:
    """Look at a case and at the beginning of each of its files.

    Returns:
        `sources` (id, kind, files, bytes), `missing` (kind and consequence), `space_needed`, `space_free` (bytes),
        `seconds` (rough).

    Raises:
        CaseError, EvidenceError: as a run would.
    """
    refuse_without_splink(case.settings)
    sources = []
    for source in case.declared.source:
        files = evidence_files(case, source)
        with private_folder() as private:
            refuse_unreadable_start(case, source, private)
        sizes = [path.stat().st_size for path in files]
        sources.append(
            {"id": source.id, "kind": source.kind, "format": source.format, "files": len(files), "bytes": sum(sizes)}
        )
    wanted = CONSEQUENCES if subjects_are_people(case) else {"counters": CONSEQUENCES["counters"]}
    return {
        "sources": sources,
        "missing": {kind: why for kind, why in wanted.items() if not case.sources(kind)}
        | ({} if case.declared.case.clean_until else {"clean_until": "no clean weeks: the crowd is the log itself"}),
        "space_needed": round(sum(WORK_BYTES_A_BYTE[s["format"]] * s["bytes"] for s in sources)),
        "space_free": shutil.disk_usage(case.folder).free,
        "seconds": round(5 + sum(SECONDS_A_MEGABYTE[s["format"]] * s["bytes"] / 1e6 for s in sources)),
    }


def told(found: dict[str, Any]) -> list[str]:
    """Put readiness in words, a line each."""
    lines = [
        f"{s['id']}: {s['kind']}, {s['files']} {s['format']} file(s), {s['bytes'] / 1e6:,.1f} MB"
        for s in found["sources"]
    ]
    lines += [f"missing: {kind}; {why}" for kind, why in found["missing"].items()]
    needed, free = found["space_needed"], found["space_free"]
    enough = "enough" if free > needed else "NOT ENOUGH"
    lines.append(f"space: about {needed / 1e6:,.0f} MB needed, {free / 1e6:,.0f} MB free ({enough})")
    lines.append(f"time: about {found['seconds']} s on two cores")
    return lines
