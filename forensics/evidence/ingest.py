"""Ingest: evidence files become canonical tables under `work/`, with every line accounted for and nobody named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from forensics.case import Case
from forensics.engine import connect, private_folder, query, sql, view, write_table
from forensics.errors import EvidenceError
from forensics.evidence.identities import (
    CLEAR_SUBJECTS,
    Identities,
    claimed_persons,
    clear_register,
    identities,
    subject_rows,
)
from forensics.evidence.joining import join_logs
from forensics.evidence.reading import SourceRead, clear_rows, read_source
from forensics.evidence.returned import returned_people
from forensics.vocabulary import LINES_A_SOURCE, LOG_KINDS

if TYPE_CHECKING:
    import duckdb

TABLES = (
    "requests", "register", "subjects", "persons", "keys", "accounts", "claims", "counters", "log_coverage",
    "duplicates", "rejected", "sources", "files", "joins", "joined_lines", "returned_people",
)  # fmt: skip


def ingest(
    case: Case, key: bytes, say: Callable[[str], None], unmoved: Callable[[], None] = lambda: None
) -> list[Path]:
    """Read all evidence and write the canonical tables.

    Args:
        case: the case; its evidence is only read.
        key: the case key, under which names become pseudonyms.
        say: is told what is being done, counts only.
        unmoved: is called once all is read, before anything is written; refuses evidence that changed meanwhile.

    Returns:
        The tables written, in `work/`.

    Raises:
        EvidenceError: a source is not what `case.toml` says; nothing is written then.
    """
    with private_folder() as private:
        reads = []
        for number, source in enumerate(case.declared.source, start=1):
            one = read_source(case, number, source, private)
            say(f"read {source.id}: {one.read:,} lines, {one.rejected.height:,} rejected")
            reads.append(one)
        unmoved()
        spill = private / "spill"
        spill.mkdir()
        with connect(case.settings, spill) as connection:
            return _write_tables(case, key, reads, connection, private, say)


def _write_tables(
    case: Case,
    key: bytes,
    reads: list[SourceRead],
    connection: duckdb.DuckDBPyConnection,
    private: Path,
    say: Callable[[str], None],
) -> list[Path]:
    parts = {kind: [str(part) for one in reads if one.source.kind == kind for part in one.parts] for kind in LOG_KINDS}
    if not parts["access_log"] and not parts["audit_trail"]:
        raise EvidenceError(
            "there is no request to analyse",
            where="case.toml",
            expected="at least one [[source]] of kind access_log or audit_trail with a readable line",
        )
    connection.read_parquet([*chain.from_iterable(parts.values())], union_by_name=True).create_view("clear_lines")
    repeated = query(connection, "duplicates")
    connection.register("repeated_lines", repeated.select("source_number", "line"))
    joined = join_logs(connection, private, [kind for kind, of_kind in parts.items() if of_kind])
    for line in joined.told():
        say(line)
    register = clear_register(clear_rows(reads, "register"))
    known = _identities(case, key, register, connection)
    say(f"keyed {known.subject_keys.height:,} subjects")
    accounts, again = _accounts(reads)
    duplicates = pl.concat([repeated.drop("source_number"), again]).sort("source", "line")
    rejected = pl.concat([one.rejected.select(pl.lit(one.source.id).alias("source"), pl.all()) for one in reads])
    tables = {
        "register": known.register,
        "subjects": known.subjects,
        "persons": known.persons,
        "keys": known.keys,
        "accounts": accounts,
        "claims": claimed_persons(clear_rows(reads, "claims"), register, known.person_keys),
        "counters": _counters(reads),
        "duplicates": duplicates,
        "rejected": rejected,
        "sources": _sources(reads, duplicates),
        "files": pl.concat([one.files for one in reads]),
        "joins": joined.shares,
        "joined_lines": joined.lines,
        "returned_people": returned_people(connection, reads, register, known),
    }
    with _unfinished_requests(case, connection, known) as requests:
        connection.register("counters", tables["counters"])
        connection.register("outages", _outages(case))
        view(connection, "requests", requests)
        tables["log_coverage"] = query(connection, "log_coverage")
        for name, frame in tables.items():
            write_table(frame, case.work / f"{name}.parquet")
        requests.replace(case.work / "requests.parquet")
    say(f"wrote {len(TABLES)} tables")
    return [case.work / f"{name}.parquet" for name in TABLES]


def _identities(case: Case, key: bytes, register: pl.DataFrame, connection: duckdb.DuckDBPyConnection) -> Identities:
    kinds = sorted({source.subject_kind for _, source in case.logs() if source.subject_kind})
    registered = {source.operator for _, source in case.sources("register")}
    logged = query(connection, "logged_subjects").with_columns(
        has_register=pl.col("operator").is_in(registered) & pl.col("subject_kind").is_in(list(CLEAR_SUBJECTS))
    )
    return identities(key, register, subject_rows(register, kinds), logged)


@contextmanager
def _unfinished_requests(case: Case, connection: duckdb.DuckDBPyConnection, known: Identities) -> Iterator[Path]:
    """Write the requests without holding them in memory, under a temporary name; they go if the block fails."""
    connection.register("subject_keys", known.subject_keys)
    case.work.mkdir(exist_ok=True)
    unfinished = case.work / ".requests.parquet.unfinished"
    try:
        rows = connection.sql(sql("requests"), params={"lines_a_source": LINES_A_SOURCE})
        rows.write_parquet(str(unfinished), compression="zstd")
        yield unfinished
    finally:
        unfinished.unlink(missing_ok=True)


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
        admitted = sum(pl.scan_parquet(part).select(pl.len()).collect().item() for part in one.parts)
        n_duplicates = repeated.get(one.source.id, 0)
        if admitted + one.rejected.height != one.read:
            raise EvidenceError(
                f"source {one.source.id!r}: lines were lost in reading",
                expected=f"{one.read:,} lines, as counted on the raw bytes",
                found=f"{admitted:,} admitted and {one.rejected.height:,} rejected",
                remedy="this is a defect of the reader: please report it",
            )
        rows.append((one.source.id, one.read, admitted - n_duplicates, one.rejected.height, n_duplicates))
    return pl.DataFrame(rows, schema=["source", "read", "accepted", "rejected", "duplicates"], orient="row")
