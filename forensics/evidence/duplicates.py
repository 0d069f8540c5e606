"""Duplicates: lines that tell of an event which an earlier line already told.

An event is told twice by lines with the same `request_ref`; and where lines bear none, by the same line again in
another file of the same log, as when rotations overlap. The same line twice in one file is two events: a professional
may look twice within a second. Two files overlap where nearly all that either has of the time both cover is in both;
servers side by side now and then write the same line, and are not taken for that.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from forensics.case import Case
from forensics.custody import evidence_files
from forensics.declaration import Source
from forensics.evidence.formats.opening import is_archive

OVERLAP_SHARE = 0.9
"""Two files are copies of each other, over the time that both cover, where they share this much of the shorter one."""
LEAST_OVERLAP = 3
"""Lines shared by two files, below which they may be so by chance: at one-second times one line in a hundred of a real
log stands beside its equal (206,860 lines of 2016, 2,339 of them)."""
REPEATED = {
    "source": pl.String, "source_number": pl.Int64, "line": pl.Int64, "byte_offset": pl.Int64, "reason": pl.String,
}  # fmt: skip
FILE = ["source_number", "file"]


def may_repeat(case: Case) -> bool:
    """Tell whether a line may be told again: not where all logs are one file whose lines bear no reference."""
    logs = [source for _, source in case.logs()]
    files = [path for source in logs for path in evidence_files(case, source)]
    return len(files) > 1 or is_archive(files[0]) or any("request_ref" in source.fields for source in logs)


def write_events(rows: pl.DataFrame, source: Source, file: int, path: Path) -> Path:
    """Write which event each line tells of.

    Args:
        rows: admitted lines.
        source: what they are read as.
        file: the number of their file within the source.
        path: where to write: `source`, `source_number`, `line`, `byte_offset`, `file`, `is_named`, `at`, and `event`, a
            hash of the reference, or of all that is read of a line without one (`is_named` says which).
    """
    reference = pl.col("request_ref")
    read = pl.struct(sorted(field for field in source.fields if field in rows.columns)).hash()
    event = pl.when(reference.is_not_null()).then(reference.hash()).otherwise(read)
    rows.select(
        "source",
        "source_number",
        "line",
        "byte_offset",
        file=pl.lit(file, dtype=pl.Int64),
        is_named=reference.is_not_null(),
        event=event if rows["request_ref"].null_count() else reference.hash(),
        at="requested_at",
    ).write_parquet(path, compression="lz4", statistics=False)
    return path


def repeated_lines(logs: Iterable[tuple[Source, list[Path]]], references: pl.LazyFrame) -> pl.DataFrame:
    """Find the lines that tell of an event once more; a proxy's line and an application's are no duplicates.

    Args:
        logs: each log source with its events (`write_events`).
        references: `source_number`, `line`, `request_ref` of the lines, to hold equal hashes against.

    Returns:
        One row a line left out: `source`, `source_number`, `line`, `byte_offset`, `reason`; sorted by source and line.
    """
    of_log: dict[tuple[str, str], list[Path]] = {}
    for source, events in logs:
        of_log.setdefault((source.kind, source.operator), []).extend(events)
    found = [pl.DataFrame(schema=REPEATED)]
    for paths in of_log.values():
        if paths:
            events = pl.scan_parquet(paths, glob=False)
            found += [_by_reference(events, references), _by_line(events)]
    return pl.concat(found).unique(["source_number", "line"], keep="first", maintain_order=True).sort("source", "line")


def _met_again(events: pl.LazyFrame) -> pl.DataFrame:
    """Return the lines whose event some other line has too; only the hashes are ever held all at once."""
    hashes = np.sort(events.select("event").collect()["event"].to_numpy())
    again = pl.DataFrame({"event": np.unique(hashes[1:][hashes[1:] == hashes[:-1]])}, schema={"event": pl.UInt64})
    return events.join(again.lazy(), on="event", how="semi").collect()


def _by_reference(events: pl.LazyFrame, references: pl.LazyFrame) -> pl.DataFrame:
    """Find the lines that bear the reference of an earlier one."""
    lines = _met_again(events.filter("is_named"))
    if not lines.height:
        return pl.DataFrame(schema=REPEATED)
    place = ["source_number", "line"]
    told = lines.lazy().join(references, on=place, how="inner").sort(place).collect()  # equal hashes may be chance
    first = [pl.col(name).first().over("request_ref").alias(f"first_{name}") for name in ("source", "line")]
    is_first = pl.int_range(pl.len()).over("request_ref") == 0
    reason = pl.format("same request_ref as line {} of {}", "first_line", "first_source")
    repeated = told.with_columns(*first, is_first=is_first).filter(~pl.col("is_first"))
    return repeated.select("source", "source_number", "line", "byte_offset", reason=reason)


def _by_line(events: pl.LazyFrame) -> pl.DataFrame:
    """Find the lines that an earlier file holds too, where the two files overlap."""
    lines = events.filter(~pl.col("is_named"))
    files = lines.group_by(FILE).agg(start=pl.col("at").min(), end=pl.col("at").max()).sort(FILE).collect()
    files = files.with_row_index("number")
    found = [pl.DataFrame(schema=REPEATED)]
    if files.height < 2:
        return found[0]
    again = _met_again(lines).join(files.select(*FILE, "number"), on=FILE).sort("number", "line")
    again = again.with_columns(nth=pl.int_range(pl.len()).over("number", "event"))
    for one, other in _overlapping(lines, files, again):
        kept = again.filter(pl.col("number") == one)
        met = again.filter(pl.col("number") == other).join(
            kept.select("event", "nth", first_source="source", first_line="line"), on=["event", "nth"]
        )
        reason = pl.format("same line as line {} of {}", "first_line", "first_source")
        found.append(met.select("source", "source_number", "line", "byte_offset", reason=reason))
    return pl.concat(found)


def _overlapping(lines: pl.LazyFrame, files: pl.DataFrame, again: pl.DataFrame) -> list[tuple[int, int]]:
    """Return the pairs of files of which one repeats what the other holds of the time that both cover.

    Args:
        lines: the lines of all files.
        files: `number`, `source_number`, `file`, `start`, `end`.
        again: the lines whose event is met again, with the `number` of their file.
    """
    times = again.group_by("number", "event").len("times")
    shared = (
        times.join(times, on="event", suffix="_other")
        .filter(pl.col("number") < pl.col("number_other"))
        .group_by("number", "number_other")
        .agg(shared=pl.min_horizontal("times", "times_other").sum())
        .filter(pl.col("shared") >= LEAST_OVERLAP)
        .sort("number", "number_other")
    )
    of = {row["number"]: row for row in files.iter_rows(named=True)}
    pairs = []
    for one, other, n_shared in shared.iter_rows():
        both = pl.col("at").is_between(max(of[one]["start"], of[other]["start"]), min(of[one]["end"], of[other]["end"]))
        sizes = [_size(lines.filter(both), of[number]) for number in (one, other)]
        if n_shared >= OVERLAP_SHARE * min(sizes):
            pairs.append((one, other))
    return pairs


def _size(lines: pl.LazyFrame, file: dict[str, Any]) -> int:
    own = (pl.col("source_number") == file["source_number"]) & (pl.col("file") == file["file"])
    return lines.filter(own).select(pl.len()).collect().item()
