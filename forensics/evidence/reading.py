"""Reading one source: every line is admitted or set aside with a reason, and the lines are counted apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import polars as pl

from forensics.case import Case
from forensics.custody import sha256_of
from forensics.declaration import Source
from forensics.errors import EvidenceError
from forensics.evidence.ahead import ahead
from forensics.evidence.door import admit
from forensics.evidence.duplicates import write_events
from forensics.evidence.formats import batches_of, offered_by
from forensics.evidence.formats.lines import DIRECTIVE
from forensics.evidence.forwarded import with_clients
from forensics.evidence.mapping import columns_needed, field_type, local_times, mapped, with_ends
from forensics.evidence.masking import masked_paths
from forensics.evidence.members import members_of
from forensics.evidence.pseudonyms import normal_subject, subject_message
from forensics.evidence.repeated_hour import settled
from forensics.evidence.screens import action_of, refuse_screens_that_need_the_subject, screens_within, tier_of
from forensics.vocabulary import EVIDENCE_FIELDS, LOG_KINDS

ENOUGH_TO_JUDGE = 1_000
HOPELESS_SHARE = 0.5
"""A source of which, after enough lines, more than this cannot be read is refused without reading the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRead:
    """What became of the lines of one source.

    Attributes:
        source: its description.
        number: its place in `case.toml`, from 1.
        read: lines, counted on the raw bytes.
        admitted: rows that were handed on.
        parts: the admitted rows, in clear, in the private folder; none where they were taken as they came.
        named: whom answers named, in clear, in the private folder: `source_number`, `line`, `operator`, `tier`,
            `member`.
        events: which event each line of a log tells of (`forensics.evidence.duplicates`), in the private folder.
        rejected: the lines set aside: `line`, `byte_offset`, `reason`.
        files: one row a file: `source`, `path` (inside the case), `member` (of an archive), `first_line`, `lines`.
        hashes: SHA-256 of each file of evidence, by its path inside the case.
    """

    source: Source
    number: int
    read: int
    admitted: int
    parts: list[Path]
    named: list[Path]
    events: list[Path]
    rejected: pl.DataFrame
    files: pl.DataFrame
    hashes: dict[str, str]


FILES = {"source": pl.String, "path": pl.String, "member": pl.String, "first_line": pl.Int64, "lines": pl.Int64}


def read_source(
    case: Case,
    number: int,
    source: Source,
    private: Path,
    take: Callable[[pl.DataFrame], None] | None = None,
    *,
    compared: bool = True,
) -> SourceRead:
    """Read all files of a source, each once, hashing it meanwhile.

    Lines are numbered through the files of a source in the order of their names.

    Args:
        case: the case.
        number: the source's place in `case.toml`.
        source: its description.
        private: the private folder.
        take: is handed the admitted rows as they come; without it they are kept as parts in the private folder.
        compared: whether a line may be told again: not where the log is one file whose lines bear no reference.

    Raises:
        EvidenceError: the file is not of the declared format, lacks a declared column, or holds nothing.
    """
    kept = _Kept(private=private, number=number, compared=compared)
    rejected: list[pl.DataFrame] = []
    files: list[tuple[str, str, str | None, int, int]] = []
    hashes: dict[str, Future[str]] = {}
    judge = _Judge(source=source, most_rejected_share=case.settings.most_rejected_share)
    with ThreadPoolExecutor(1) as hashing:
        for at, member in enumerate(members_of(case, source, private)):
            before = judge.read
            if member.place not in hashes:
                hashes[member.place] = hashing.submit(sha256_of, member.evidence)
            for rows, aside, lines in ahead(_prepared(case, number, source, member.path)):
                judge.refuse_hopeless(member.path.name, aside, lines)
                rejected.append(aside.with_columns(pl.col("line") + before))
                if rows.height:
                    kept.keep(rows.with_columns(pl.col("line") + before), source, at, take)
            files.append((source.id, member.place, member.name, before + 1, judge.read - before))
        digests = {place: digest.result() for place, digest in hashes.items()}
    judge.refuse_unreadable()
    return SourceRead(
        source=source,
        number=number,
        read=judge.read,
        admitted=kept.admitted,
        parts=kept.parts,
        named=kept.named,
        events=kept.events,
        rejected=pl.concat(rejected) if rejected else nothing_left_out(),
        files=pl.DataFrame(files, schema=FILES, orient="row"),
        hashes=digests,
    )


@dataclass(kw_only=True)
class _Kept:
    """What is kept of a source's admitted rows while it is read."""

    private: Path
    number: int
    compared: bool
    batches: int = 0
    admitted: int = 0
    parts: list[Path] = field(default_factory=list)
    named: list[Path] = field(default_factory=list)
    events: list[Path] = field(default_factory=list)

    def keep(self, rows: pl.DataFrame, source: Source, file: int, take: Callable[[pl.DataFrame], None] | None) -> None:
        """Hand rows on, or keep them as a part; of a log, note apart whom answers named and which events lines tell."""
        self.admitted += rows.height
        part = self.private / f"{self.number:04d}-{self.batches:06d}.parquet"
        self.batches += 1
        if source.kind in LOG_KINDS:
            self.named += _write_named(rows, part.with_suffix(".named"))
            if self.compared:
                self.events.append(write_events(rows, source, file, part.with_suffix(".events")))
            rows = rows.drop("returned_people")
        if take is not None:
            take(rows)
            return
        rows.write_parquet(part, compression="lz4")
        self.parts.append(part)


def nothing_left_out() -> pl.DataFrame:
    """Return no lines: `line`, `byte_offset`, `reason`."""
    return pl.DataFrame(schema={"line": pl.Int64, "byte_offset": pl.Int64, "reason": pl.String})


def refuse_unreadable_start(case: Case, source: Source, private: Path) -> None:
    """Read the first lines of each file of a source, and refuse it as reading the whole would.

    Raises:
        EvidenceError: what begins there is not what `case.toml` says.
    """
    judge = _Judge(source=source, most_rejected_share=case.settings.most_rejected_share)
    for member in members_of(case, source, private, beginnings=True):
        if member.name and source.format == "parquet":
            continue  # its end says what it holds
        _, aside, lines = next(_batches(case, source, member.path), (None, None, 0))
        if aside is not None:
            judge.refuse_hopeless(member.path.name, aside, lines)
    judge.refuse_unreadable()


Read = tuple[pl.DataFrame, pl.DataFrame, int]
"""Admitted rows, lines set aside, lines counted."""


def _prepared(case: Case, number: int, source: Source, path: Path) -> Iterator[Read]:
    """Give (ready, set aside, lines counted) for each batch of a file, lines numbered from its first."""
    for admitted, aside, lines in _batches(case, source, path):
        yield _ready(case, number, source, admitted), aside, lines


def _batches(case: Case, source: Source, path: Path) -> Iterator[Read]:
    """Give (admitted, set aside, lines counted) for each batch of a file, lines numbered from its first."""
    columns = columns_needed(source, offered_by(path, source), path.name)
    read, zone = ahead(batches_of(path, source, columns)), case.zone(source)
    batches = ((b, None) for b in read) if zone.key == "UTC" else settled(read, partial(local_times, source), zone)
    for batch, instants in batches:
        fields, untyped = mapped(batch, source, case, instants)
        unended = untyped.clear()
        if source.kind == "counters":
            fields, unended = with_ends(fields)
        admitted, refused = admit(fields, source.kind)
        yield admitted, pl.concat([batch.unreadable, untyped, unended, refused]).sort("line"), batch.lines


@dataclass(kw_only=True)
class _Judge:
    """Counts the lines of a source and refuses it where its description, not its lines, must be wrong."""

    source: Source
    most_rejected_share: float
    read: int = 0
    rejected: int = 0
    first: str = ""
    reason: str = ""

    def refuse_hopeless(self, file: str, aside: pl.DataFrame, lines: int) -> None:
        """Count a batch, and refuse the source early where most of it cannot be read."""
        aside = aside.filter(pl.col("reason") != DIRECTIVE)
        if aside.height and not self.rejected:
            self.first, self.reason = f"{file}:{aside['line'][0]}", aside["reason"][0]
        self.read += lines
        self.rejected += aside.height
        if self.read >= ENOUGH_TO_JUDGE and self.rejected > max(HOPELESS_SHARE, self.most_rejected_share) * self.read:
            self._refuse()

    def refuse_unreadable(self) -> None:
        """Refuse a source that holds nothing, or too many lines that cannot be read."""
        if not self.read:
            raise EvidenceError(
                f"source {self.source.id!r} holds no line",
                where=self.source.path,
                remedy="correct its path in case.toml",
            )
        if self.rejected > self.most_rejected_share * self.read:
            self._refuse()

    def _refuse(self) -> None:
        raise EvidenceError(
            f"source {self.source.id!r}: {self.rejected:,} of the first {self.read:,} lines cannot be read",
            where=self.first,
            expected=f"format {self.source.format!r} with the fields of [source.fields]",
            found=self.reason,
            remedy="correct format, encoding, date_format, timezone or fields in case.toml; nothing was written",
        )


def _ready(case: Case, number: int, source: Source, admitted: pl.DataFrame) -> pl.DataFrame:
    """Add what the later steps need of where a row came from, and for a request what it did and asked for."""
    rows = admitted.with_columns(
        source=pl.lit(source.id), source_number=pl.lit(number, dtype=pl.Int64), operator=pl.lit(source.operator)
    )
    if source.kind not in LOG_KINDS:
        return rows
    rows = with_clients(rows, source)
    rows = rows.with_columns(screens_within(case, source, rows), kind=pl.lit(source.kind)).with_columns(
        action=action_of(case, source),
        is_action_known=pl.any_horizontal(pl.col("action", "screen").is_not_null()),
        tier=tier_of(case, source),
    )
    value = _subject_value(source) if source.subject_kind else pl.lit(None, dtype=pl.String)
    masked = masked_paths(rows, source.subject_kind)
    refuse_screens_that_need_the_subject(case, source, rows, masked)
    rows = rows.with_columns(masked.alias("path"))
    return rows.drop("screen").with_columns(
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


def _write_named(rows: pl.DataFrame, path: Path) -> list[Path]:
    """Write whom the answers of some lines named, a person a row, and return where; nothing where no line says so.

    The names of one answer stand between ';', ',' or '|', or are a list in JSON.
    """
    apart = pl.col("returned_people").str.extract_all(r'[^;,|"\[\]]+')
    people = (
        rows.filter(pl.col("returned_people").is_not_null())
        .select("source_number", "line", "operator", "tier", member=apart)
        .explode("member")
        .with_columns(normal_subject("member_number", "member"))
        .filter(pl.col("member") != "")
    )
    if not people.height:
        return []
    people.write_parquet(path, compression="lz4")
    return [path]


def narrowed(number: pl.Expr, prefix: str = "") -> pl.Expr:
    """Return a number with a birth date and rank: one person among those registered under it."""
    rank = pl.col(f"{prefix}birth_rank").str.strip_chars().fill_null("")
    return pl.concat_str([number, pl.col(f"{prefix}birth_date").cast(pl.String), rank], separator="|")


def clear_rows(reads: list[SourceRead], kind: str) -> pl.LazyFrame:
    """Return the admitted rows of all sources of a kind, in clear, for as long as the private folder lives."""
    parts = [part for one in reads if one.source.kind == kind for part in one.parts]
    if not parts:
        fields = {field: field_type(field) for field in EVIDENCE_FIELDS[kind]}
        places = {"line": pl.Int64, "byte_offset": pl.Int64, "source": pl.String, "source_number": pl.Int64}
        return pl.LazyFrame(schema={**fields, **places, "operator": pl.String})
    return pl.scan_parquet(parts, glob=False)
