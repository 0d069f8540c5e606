"""Ingest: evidence files become canonical tables under `work/`, with every line accounted for and nobody named."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from forensics.case import Case
from forensics.engine import batches, connect, private_folder, view, write_table
from forensics.errors import EvidenceError
from forensics.evidence.ahead import behind
from forensics.evidence.clocks import clocks
from forensics.evidence.duplicates import may_repeat, repeated_lines
from forensics.evidence.hiding import Hiding
from forensics.evidence.identities import (
    CLEAR_SUBJECTS,
    Identities,
    claimed_persons,
    clear_register,
    identities,
    subject_rows,
)
from forensics.evidence.interning import SubjectKeys
from forensics.evidence.joining import Joined, join_logs, nothing_to_join
from forensics.evidence.linkage import refuse_without_splink
from forensics.evidence.links import link
from forensics.evidence.log_coverage import log_coverage
from forensics.evidence.reading import SourceRead, clear_rows, read_source
from forensics.evidence.request_table import RequestTable
from forensics.evidence.returned import returned_people
from forensics.vocabulary import EVIDENCE_FIELDS, LINES_A_SOURCE, LOG_KINDS

if TYPE_CHECKING:
    import duckdb

Hashes = dict[tuple[str, str], str]
"""SHA-256 of files of evidence, by source and path inside the case."""
TABLES = (
    "requests", "register", "subjects", "persons", "links", "keys", "accounts", "claims", "counters", "log_coverage",
    "duplicates", "rejected", "sources", "files", "joins", "joined_lines", "clocks", "returned_people",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What ingest made.

    Attributes:
        tables: the tables written, in `work/`.
        hashes: SHA-256 of every file of evidence, as it was read.
    """

    tables: list[Path]
    hashes: Hashes


def ingest(
    case: Case, key: bytes, say: Callable[[str], None], unmoved: Callable[[Hashes], None] = lambda _: None
) -> Ingested:
    """Read all evidence and write the canonical tables.

    Args:
        case: the case; its evidence is only read.
        key: the case key, under which names become pseudonyms.
        say: is told what is being done, counts only.
        unmoved: is called once all is read, before any table is there, with the SHA-256 of every file; refuses evidence
            that is not what it was.

    Raises:
        CaseError: links are to be found by splink, which is not installed.
        EvidenceError: a source is not what `case.toml` says; nothing is written then.
    """
    refuse_without_splink(case.settings)
    with private_folder() as private:
        tables = _read(case, private, [kind for kind in EVIDENCE_FIELDS if kind not in LOG_KINDS], say)
        register = clear_register(clear_rows(tables, "register"))
        kinds = sorted({source.subject_kind for _, source in case.logs() if source.subject_kind})
        subjects = subject_rows(register, kinds)
        subject_keys = SubjectKeys(key, subjects["subject_message"])
        say(f"keyed {subject_keys.size:,} subjects of the register")
        hiding = Hiding(case, key, register)
        spill = private / "spill"
        spill.mkdir()
        with (
            connect(case.settings, spill) as connection,
            RequestTable(case.work / "requests.parquet", subject_keys) as requests,
        ):
            logs, repeated, joined = _logs(case, private, requests, hiding, connection, say)
            reads = sorted([*tables, *logs], key=lambda one: one.number)
            hashes = {(one.source.id, path): digest for one in reads for path, digest in one.hashes.items()}
            unmoved(hashes)
            logged = _logged(case, requests.asked(), subject_keys)
            known = identities(key, register, subjects, logged, subject_keys)
            say(f"keyed {known.subject_keys.height:,} subjects")
            _tell_left_out(register, known, say)
            persons, links = link(known, key, case.settings, private)
            say(f"linked {persons.height:,} keys to {persons['person_id'].n_unique():,} people")
            accounts, again = _accounts(reads)
            claims = claimed_persons(clear_rows(reads, "claims"), register, known.person_keys)
            duplicates = pl.concat([repeated.drop("source_number"), again]).sort("source", "line")
            written = {
                "register": known.register,
                "subjects": known.subjects,
                "persons": persons,
                "links": links,
                "keys": known.keys,
                "accounts": hiding.within(accounts),
                "claims": hiding.within(claims),
                "counters": _counters(reads),
                "duplicates": duplicates,
                "rejected": _rejected(reads),
                "sources": _sources(reads, duplicates),
                "files": pl.concat([one.files for one in reads]),
                "joins": joined.shares,
                "joined_lines": joined.lines,
                "returned_people": returned_people(connection, reads, register, known),
            }
            view(connection, "requests", requests.path)
            connection.register("counters", written["counters"])
            connection.register("outages", _outages(case))
            written["log_coverage"] = log_coverage(connection, case, written["files"])
            written["clocks"] = clocks(connection, case.settings, joined.clocks, say)
            for name, frame in written.items():
                write_table(frame, case.work / f"{name}.parquet")
            requests.publish()
    say(f"wrote {len(TABLES)} tables")
    return Ingested(tables=[case.work / f"{name}.parquet" for name in TABLES], hashes=hashes)


def _read(
    case: Case,
    private: Path,
    kinds: Collection[str],
    say: Callable[[str], None],
    take: Callable[[pl.DataFrame], None] | None = None,
    *,
    compared: bool = True,
) -> list[SourceRead]:
    """Read the sources of some kinds, each as `read_source` does."""
    reads = []
    for number, source in enumerate(case.declared.source, start=1):
        if source.kind in kinds:
            one = read_source(case, number, source, private, take, compared=compared)
            say(f"read {source.id}: {one.read:,} lines, {one.rejected.height:,} rejected")
            reads.append(one)
    return reads


def _logs(
    case: Case,
    private: Path,
    requests: RequestTable,
    hiding: Hiding,
    connection: duckdb.DuckDBPyConnection,
    say: Callable[[str], None],
) -> tuple[list[SourceRead], pl.DataFrame, Joined]:
    """Read the logs into the table of requests; those of several kinds meet in the engine first.

    Returns:
        (the logs, lines that tell of an event once more, what joining found).
    """
    kinds = [kind for kind in LOG_KINDS if case.sources(kind)]
    if not set(kinds) - {"authentication"}:
        raise EvidenceError(
            "there is no request to analyse",
            where="case.toml",
            expected="at least one [[source]] of kind access_log or audit_trail with a readable line",
        )

    if len(kinds) == 1:
        with behind(requests.add) as add:
            logs = _read(case, private, kinds, say, lambda rows: add(hiding.within(rows)), compared=may_repeat(case))
        requests.close()
        repeated = repeated_lines([(one.source, one.events) for one in logs], requests.references())
        requests.leave_out(repeated)
        joined = nothing_to_join(connection)
    else:
        logs = _read(case, private, kinds, say)
        parts = [part for one in logs for part in one.parts]
        connection.read_parquet([str(part) for part in parts], union_by_name=True).create_view("clear_lines")
        lines = pl.scan_parquet(parts, glob=False).select("source_number", "line", "request_ref")
        repeated = repeated_lines([(one.source, one.events) for one in logs], lines)
        connection.register("repeated_lines", repeated.select("source_number", "line"))
        joined = join_logs(connection, private, case.settings)
        with behind(requests.add) as add:
            for rows in batches(connection, "SELECT * FROM clear_requests ORDER BY source_number, line"):
                add(hiding.within(rows))
        requests.close()
    for line in joined.told():
        say(line)
    connection.register("repeated_lines", repeated.select("source_number", "line"))
    return logs, repeated, joined


def _logged(case: Case, asked: pl.DataFrame, subject_keys: SubjectKeys) -> pl.DataFrame:
    """Return what the logs asked for, in clear, and whether a register could say whom it stands for."""
    registered = {source.operator for _, source in case.sources("register")}
    messages = subject_keys.table().select(subject_key="key", subject_message="message")
    return asked.join(messages, on="subject_key", how="left").with_columns(
        has_register=pl.col("operator").is_in(registered) & pl.col("subject_kind").is_in(list(CLEAR_SUBJECTS))
    )


def _tell_left_out(register: pl.DataFrame, known: Identities, say: Callable[[str], None]) -> None:
    lost = sum(register[name].count() - known.register[name].count() for name in ("sex", "department"))
    if lost:
        say(f"left out {lost:,} sexes and departments of the register that are no codes")


def _rejected(reads: list[SourceRead]) -> pl.DataFrame:
    rows = [one.rejected.select(pl.lit(one.source.id).alias("source"), pl.all()) for one in reads]
    return pl.concat(rows)


def _accounts(reads: list[SourceRead]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the accounts, each once, and the lines that repeat one. Company, SIRET and bank identity stay out."""
    place = pl.col("source_number") * LINES_A_SOURCE + pl.col("line")
    rows = clear_rows(reads, "accounts").with_columns(
        is_first=place == place.min().over("operator", "account_id"),
        first_line=pl.col("line").sort_by(place).first().over("operator", "account_id"),
        first_source=pl.col("source").sort_by(place).first().over("operator", "account_id"),
    )
    reason = pl.format("same account_id as line {} of {}", "first_line", "first_source")
    repeated = rows.filter(~pl.col("is_first")).select("source", "line", "byte_offset", reason=reason)
    accounts = rows.filter("is_first").select(
        "operator", "account_id", "account_kind", "practice_id", "profession", "department", "opened_at"
    )
    return accounts.sort("operator", "account_id").collect(), repeated.sort("source", "line").collect()


def _outages(case: Case) -> pl.DataFrame:
    """Return the stretches for which the investigator knows that a server logged nothing."""
    rows = [(outage.operator, outage.server, outage.start, outage.end) for outage in case.declared.outage]
    instants = dict.fromkeys(("start", "end"), pl.Datetime("us"))
    return pl.DataFrame(rows, schema={"operator": pl.String, "server": pl.String, **instants}, orient="row")


def _counters(reads: list[SourceRead]) -> pl.DataFrame:
    rows = clear_rows(reads, "counters").select(
        "operator", "server", "window_start", "window_end", "requests", "response_bytes"
    )
    return rows.sort(pl.all(), nulls_last=True).collect()


def _sources(reads: list[SourceRead], duplicates: pl.DataFrame) -> pl.DataFrame:
    """Account for the lines of each source: read (counted on the raw bytes) = accepted + rejected + duplicates.

    Raises:
        EvidenceError: a source's lines do not add up.
    """
    repeated = dict(duplicates.group_by("source").len().iter_rows())
    rows = []
    for one in reads:
        n_duplicates = repeated.get(one.source.id, 0)
        if one.admitted + one.rejected.height != one.read:
            raise EvidenceError(
                f"source {one.source.id!r}: lines were lost in reading",
                expected=f"{one.read:,} lines, as counted on the raw bytes",
                found=f"{one.admitted:,} admitted and {one.rejected.height:,} rejected",
                remedy="this is a defect of the reader: please report it",
            )
        rows.append((one.source.id, one.read, one.admitted - n_duplicates, one.rejected.height, n_duplicates))
    return pl.DataFrame(rows, schema=["source", "read", "accepted", "rejected", "duplicates"], orient="row")
