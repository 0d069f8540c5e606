"""Reading one source: every line is admitted or set aside with a reason, and the lines are counted apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from forensics.case import Case, Source
from forensics.custody import evidence_files
from forensics.errors import EvidenceError
from forensics.evidence.door import admit
from forensics.evidence.formats import READERS, columns_of
from forensics.evidence.mapping import action_of, columns_needed, field_type, mapped
from forensics.evidence.pseudonyms import normal_subject, subject_message
from forensics.vocabulary import EVIDENCE_FIELDS

LINE_BITS = 40
ENOUGH_TO_JUDGE = 1_000
"""Lines after which a source that is mostly unreadable is refused without reading the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRead:
    """What became of the lines of one source: `parts` hold the admitted rows, in clear, in the private folder."""

    source: Source
    number: int
    read: int
    parts: list[Path]
    rejected: pl.DataFrame


def read_source(case: Case, number: int, source: Source, private: Path) -> SourceRead:
    """Read all files of a source into clear Parquet parts in the private folder.

    Lines are numbered through the files of a source in the order of their names.

    Raises:
        EvidenceError: the file is not of the declared format, lacks a declared column, or holds nothing.
    """
    parts: list[Path] = []
    rejected: list[pl.DataFrame] = []
    read = 0
    for admitted, refused, lines, file in _batches(case, number, source):
        read += lines
        rejected.append(refused)
        if admitted.height:
            parts.append(private / f"{number:04d}-{len(parts):06d}.parquet")
            admitted.write_parquet(parts[-1], compression="lz4")
        if read >= ENOUGH_TO_JUDGE:
            _refuse_unreadable(case, source, file, read, rejected)
    if not read:
        raise EvidenceError(
            f"source {source.id!r} holds no line", where=source.path, remedy="correct its path in case.toml"
        )
    _refuse_unreadable(case, source, file, read, rejected)
    return SourceRead(source=source, number=number, read=read, parts=parts, rejected=pl.concat(rejected))


def _batches(
    case: Case, number: int, source: Source
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame, int, str]]:
    """Give (admitted, set aside, lines counted, file name) for each batch of a source."""
    before = 0
    for path in evidence_files(case, source):
        columns = columns_needed(source, columns_of(path, source.format), path.name)
        lines_of_file = 0
        for batch in READERS[source.format](path, columns):
            fields, untyped = mapped(batch.rows, source, case)
            admitted, refused = admit(fields, source.kind)
            aside = pl.concat([batch.unreadable, untyped, refused]).sort("line")
            ready = _ready(case, number, source, admitted).with_columns(pl.col("line") + before)
            yield ready, aside.with_columns(pl.col("line") + before), batch.lines, path.name
            lines_of_file += batch.lines
        before += lines_of_file


def _ready(case: Case, number: int, source: Source, admitted: pl.DataFrame) -> pl.DataFrame:
    """Add what the later steps need of where a row came from, and for a request what it did and asked for."""
    rows = admitted.with_columns(
        source=pl.lit(source.id), source_number=pl.lit(number, dtype=pl.Int64), operator=pl.lit(source.operator)
    )
    if source.kind != "access_log":
        return rows
    rows = rows.with_columns(action=action_of(case, source))
    value = _subject_value(source) if source.subject_kind else pl.lit(None, dtype=pl.String)
    return rows.with_columns(
        subject_kind=pl.when(value.is_not_null()).then(pl.lit(source.subject_kind, dtype=pl.String)),
        subject_message=subject_message(source.operator, source.subject_kind or "", value),
    )


def _subject_value(source: Source) -> pl.Expr:
    """Return what was asked for in one spelling; a birth date beside a number narrows it to one person."""
    value = normal_subject(source.subject_kind)
    value = pl.when(value != "").then(value)
    if source.subject_kind != "beneficiary_number":
        return value
    return pl.when(pl.col("subject_birth_date").is_null()).then(value).otherwise(narrowed(value, "subject_"))


def narrowed(number: pl.Expr, prefix: str = "") -> pl.Expr:
    """Return a number with a birth date and rank: one person among those registered under it."""
    rank = pl.col(f"{prefix}birth_rank").str.strip_chars().fill_null("")
    return pl.concat_str([number, pl.col(f"{prefix}birth_date").cast(pl.String), rank], separator="|")


def _refuse_unreadable(
    case: Case, source: Source, file: str, read: int, rejected: list[pl.DataFrame]
) -> None:
    """Refuse a source of which too many lines cannot be read: its description is wrong, not the lines."""
    n_rejected = sum(part.height for part in rejected)
    if n_rejected <= case.settings.most_rejected_share * read:
        return
    first = next(part for part in rejected if part.height).row(0, named=True)
    raise EvidenceError(
        f"source {source.id!r}: {n_rejected:,} of the first {read:,} lines cannot be read",
        where=f"{file}:{first['line']}",
        expected=f"format {source.format!r} with the fields of [source.fields]",
        found=first["reason"],
        remedy="correct format, date_format, timezone or fields in case.toml; nothing was written",
    )


def clear_rows(reads: list[SourceRead], kind: str) -> pl.LazyFrame:
    """Return the admitted rows of all sources of a kind, in clear, for as long as the private folder lives."""
    parts = [part for one in reads if one.source.kind == kind for part in one.parts]
    if not parts:
        fields = {field: field_type(field) for field in EVIDENCE_FIELDS[kind]}
        return pl.LazyFrame(schema={**fields, "line": pl.Int64, "source": pl.String, "operator": pl.String})
    return pl.scan_parquet(parts)
