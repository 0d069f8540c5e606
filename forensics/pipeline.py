"""The run: ingest, analyse, report, each taken from the last run where nothing it depends on changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import polars as pl

from forensics import custody, journal, manifest, trials
from forensics.case import Case, Source
from forensics.case_key import key_check, open_key
from forensics.engine import copy_file, write_table, write_text
from forensics.results import Results
from forensics.stage import is_kept, keep, record

Language = Literal["fr", "en"]
Say = Callable[[str], None]
LANGUAGES: tuple[Language, ...] = ("fr", "en")


def in_silence(_: str) -> None:
    """Say nothing of what is being done."""


def run(
    case: Case,
    key_path: Path | None = None,
    say: Say = in_silence,
    languages: Sequence[Language] = LANGUAGES,
    *,
    journalled: bool = True,
) -> Results:
    """Take a case from evidence to report.

    Args:
        case: the case; its evidence is only read.
        key_path: the case key, where it is not beside the case.
        say: is told what is being done, counts only.
        languages: of the report's pages.
        journalled: whether the run is entered in the case's journal.

    Returns:
        The results, which are also in `results/`.

    Raises:
        EvidenceError: evidence or key refused; nothing in `results/` is touched then.
        UnavailableError: another run works on the case, or disk, memory or permission is lacking.
    """
    with custody.one_run_at_a_time(case):
        key = open_key(case, key_path)
        found = journal.found_broken(case, key)
        if journalled:
            _settle(case, key)
        inputs = _ingested(case, key, say)
        analysed = _analysed(case, key, inputs, say)
        _reported(case, analysed, found, languages, say)

        def enter(finished: str) -> None:
            if journalled:
                told = trials.entry("run", _analysis(case))
                digest = hashlib.sha256(finished.encode()).hexdigest()
                journal.append(case, key, {**told, "manifest_sha256": digest}, found)

        return _publish(case, languages, enter)


def ingest(case: Case, key_path: Path | None, say: Say) -> list[dict[str, Any]]:
    """Read the evidence into canonical tables, stop there, and return what became of each source's lines."""
    with custody.one_run_at_a_time(case):
        key = open_key(case, key_path)
        found = journal.found_broken(case, key)
        _settle(case, key)
        inputs = _ingested(case, key, say)
        journal.append(case, key, {"command": "ingest", "evidence_digest": evidence_digest(inputs.entries)}, found)
    return pl.read_parquet(case.work / "sources.parquet", glob=False).to_dicts()


def analyse(case: Case, key_path: Path | None, say: Say) -> dict[str, Any]:
    """Analyse what was ingested (ingesting what is not), stop before the report, and return the summary."""
    with custody.one_run_at_a_time(case):
        key = open_key(case, key_path)
        found = journal.found_broken(case, key)
        _settle(case, key)
        inputs = _ingested(case, key, say)
        _analysed(case, key, inputs, say)
        journal.append(case, key, trials.entry("analyse", _analysis(case)), found)
    return _analysis(case).summary


def _analysis(case: Case) -> Results:
    return Results(folder=case.work / "analysis")


def _settle(case: Case, key: bytes) -> None:
    """Enter the analysis of a command that was cut off before it could: its numbers were there to be read."""
    if told := trials.owed(case):
        journal.append(case, key, told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The evidence as it was read.

    Attributes:
        entries: what goes into the manifest: source, path, bytes, SHA-256 of each file.
        tables: the digest of the tables made of it.
    """

    entries: list[dict[str, Any]]
    tables: str


def evidence_digest(inputs: list[dict[str, Any]]) -> str:
    """Return one digest over all evidence files: their paths and SHA-256."""
    return custody.digest_of(sorted((entry["path"], entry["sha256"]) for entry in inputs))


def declaration_digest(case: Case) -> str:
    """Return one digest over all that `case.toml` says and that may change a result."""
    declared = case.declared.model_dump(mode="json", exclude={"settings"})
    return custody.digest_of({**declared, "settings": case.settings.that_change_results()})


def _ingested(case: Case, key: bytes, say: Say) -> Inputs:
    """Ingest the evidence, each file read once; taken as it is where it was ingested before and is the same.

    Raises:
        EvidenceError: a file is not the one that was seized, changed since the last finished run, or while it was read.
    """
    from forensics.evidence.ingest import ingest as read_evidence

    stamps = custody.stamps(case)
    custody.refuse_misnamed(case)
    made_from = ingested_from(case, key, custody.versions(*case.settings.extras()))
    entries: list[dict[str, Any]] = []
    if is_kept(case.work, "ingest", made_from):
        entries = custody.admitted_inputs(case, custody.hashes(case))
        if is_kept(case.work, "evidence", entries):
            say(_hashed(entries))
            return Inputs(entries=entries, tables=keep(case.work, "ingest", made_from, list))

    def unmoved(hashes: Mapping[tuple[str, str], str]) -> None:
        entries[:] = custody.admitted_inputs(case, hashes)
        custody.refuse_moving(case, stamps)
        say(_hashed(entries))
        (case.work / "ingest.json").unlink(missing_ok=True)  # from here on the tables are no longer what it says

    tables = read_evidence(case, key, say, unmoved).tables
    record(case.work, "evidence", entries, [])
    record(case.work, "ingest", made_from, tables)
    return Inputs(entries=entries, tables=keep(case.work, "ingest", made_from, list))


def ingested_from(case: Case, key: bytes, ran_with: Mapping[str, str]) -> dict[str, Any]:
    """Return all that the canonical tables depend on beside the evidence, the code and the versions that all need."""
    return {
        "declared": case.declared.model_dump(mode="json", include={"source", "screen", "outage"}),
        "timezone": case.declared.case.timezone,
        "key": key_check(key),
        "settings": case.settings.of_ingest(),
        "extras": {name: ran_with.get(name) for name in case.settings.extras()},
    }


def are_ingested(case: Case, key: bytes, manifest: Mapping[str, Any]) -> bool:
    """Tell whether the tables under `work/` are those that finished results were made from. No evidence is read."""
    made_from = ingested_from(case, key, manifest["versions"])
    made_by = (manifest["code"], {name: manifest["versions"].get(name) for name in custody.versions()})
    names = ("source", "path", "bytes", "sha256")
    entries = [{name: entry[name] for name in names} for entry in _as_read(case, manifest["inputs"])]
    return is_kept(case.work, "ingest", made_from, made_by) and is_kept(case.work, "evidence", entries, made_by)


def _as_read(case: Case, inputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the inputs of a manifest in the order in which they were read: source after source, by path."""
    number = {source.id: number for number, source in enumerate(case.declared.source)}
    return sorted(inputs, key=lambda entry: (number.get(entry["source"], -1), PurePosixPath(entry["path"])))


def _hashed(entries: list[dict[str, Any]]) -> str:
    return f"hashed {len(entries)} evidence files, {sum(entry['bytes'] for entry in entries) / 1e6:,.0f} MB"


def _analysed(case: Case, key: bytes, inputs: Inputs, say: Say) -> str:
    from forensics.analysis import analyse

    declared = case.declared.model_dump(mode="json", exclude={"source", "settings"})
    draft = {
        "case": case.declared.case.id,
        "evidence_digest": evidence_digest(inputs.entries),
        "key_check": key_check(key),
        "inputs": _declared_of(case, inputs.entries),
        "labels": custody.labels_digest(case),
        "declaration": declaration_digest(case),
        "settings": case.settings.that_change_results(),
        "versions": custody.versions(*case.settings.extras()),
        "code": custody.code_digest(),
        "sql": custody.sql_digests(),
        "outputs": {},
    }

    def make() -> list[Path]:
        written = analyse(case, draft["evidence_digest"], say)
        drafted = case.work / "analysis" / manifest.NAME
        found = {"inputs": _with_lines(case, draft["inputs"]), "last_day": _last_day(case)}
        write_text(manifest.document(draft | found), drafted)
        return [*written, drafted]

    return keep(case.work, "analysis", {"ingest": inputs.tables, "declared": declared, "manifest": draft}, make)


def _declared_of(case: Case, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to each file what `case.toml` says of it: number of its source, exhibit, from whom, digest at seizure."""

    def seized(source: Source, entry: dict[str, Any]) -> str | None:
        declared = source.sha256_at_seizure
        if isinstance(declared, dict):
            declared = declared.get(entry["path"], declared.get(PurePosixPath(entry["path"]).name))
        return declared and declared.lower()

    of = {source.id: (number, source) for number, source in enumerate(case.declared.source, start=1)}
    described = []
    for entry in sorted(entries, key=lambda entry: (entry["path"], of[entry["source"]][0])):
        number, source = of[entry["source"]]
        told = {"exhibit": source.exhibit, "obtained_from": source.obtained_from}
        described.append(entry | told | {"source_number": number, "sha256_at_seizure": seized(source, entry)})
    return described


def _with_lines(case: Case, inputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add to each file which lines of its source it holds, so that a request leads back to one file."""
    places: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for file in pl.read_parquet(case.work / "files.parquet", glob=False).to_dicts():
        places.setdefault((file["source"], file["path"]), []).append(file)
    return [entry | _lines_of(places[entry["source"], entry["path"]]) for entry in inputs]


def _lines_of(files: list[dict[str, Any]]) -> dict[str, Any]:
    """Return which lines a file of evidence holds, and where it is an archive, which each of its files holds."""
    held = {"first_line": min(file["first_line"] for file in files), "lines": sum(file["lines"] for file in files)}
    members = [{name: file[name] for name in ("member", "first_line", "lines")} for file in files if file["member"]]
    return held | ({"members": members} if members else {})


def _last_day(case: Case) -> str:
    """Return the day of the last logged request, or that of the epoch where no line is a request."""
    last = pl.scan_parquet(case.work / "requests.parquet", glob=False).select(pl.col("requested_at").max()).collect()
    return (last.item() or datetime(1970, 1, 1)).date().isoformat()


def _reported(case: Case, analysed: str, found: list[str], languages: Sequence[Language], say: Say) -> None:
    from forensics.report import render

    analysis = _analysis(case)
    this = trials.entry("run", analysis) | {"found": found}
    tried = trials.tried(journal.entries(case), this)

    def write_trials() -> list[Path]:
        write_table(tried, analysis.folder / "trials.parquet")
        return [analysis.folder / "trials.parquet"]

    known = keep(case.work, "trials", {"analysis": analysed, "trials": tried.rows()}, write_trials)
    for language in languages:

        def make(language: Language = language) -> list[Path]:
            page = case.work / "report" / f"report-{language}.html"
            write_text(render(analysis, language), page)
            say(f"wrote the report ({language})")
            return [page]

        made_from = {"analysis": analysed, "trials": known, "language": language}
        keep(case.work, f"report-{language}", made_from, make)


def _publish(case: Case, languages: Sequence[Language], enter: Callable[[str], None]) -> Results:
    """Put the finished files in `results/`, the manifest last; what the one before named alone goes."""
    made = [
        case.work / table
        for stage in ("analysis", "trials", *(f"report-{language}" for language in languages))
        for table in json.loads((case.work / f"{stage}.json").read_text())["tables"]
    ]
    files = {path.name: path for path in made if path.name != manifest.NAME}
    case.results.mkdir(exist_ok=True)
    outputs = {name: {"bytes": path.stat().st_size, "sha256": custody.sha256_of(path)} for name, path in files.items()}
    target = case.results / manifest.NAME
    before = custody.manifest_of(case)
    changed = [name for name in files if not _is_there(case.results / name, outputs[name]["sha256"])]
    stale = [] if before is None else [name for name in before["outputs"] if name not in outputs]
    if changed or stale:
        target.unlink(missing_ok=True)  # until it is written anew these are no finished results
    for name in changed:
        copy_file(files[name], case.results / name)
    for name in stale:
        (case.results / name).unlink(missing_ok=True)
    finished = manifest.document(manifest.read(case.work / "analysis" / manifest.NAME) | {"outputs": outputs})
    enter(finished)  # before the manifest: results that no journal tells of are not finished
    write_text(finished, case.results / manifest.CRATE)
    write_text(finished, target)
    return Results(folder=case.results)


def _is_there(path: Path, digest: str) -> bool:
    return path.is_file() and custody.sha256_of(path) == digest
