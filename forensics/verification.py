"""Verification: evidence as it was, results as they were written, and the same bytes again from a fresh derivation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from forensics import custody, journal, trials
from forensics.case import Case
from forensics.case_key import key_file, open_key
from forensics.engine import private_folder
from forensics.errors import CaseError, EvidenceError, VerificationError
from forensics.manifest import CRATE, NAME
from forensics.pipeline import LANGUAGES, Language, Say, declaration_digest, in_silence, run
from forensics.results import Results


def verify(case: Case, key_path: Path | None = None, say: Say = in_silence) -> dict[str, Any]:
    """Hold a finished case against its evidence, its manifest, its journal and a fresh derivation.

    Nothing is written into the case.

    Returns:
        What was compared: numbers of `inputs`, `outputs`, `journal_entries`; how many `runs` and different `analyses`
        these tell of.

    Raises:
        CaseError: there is nothing to verify.
        EvidenceError: the key is not the one of the case.
        VerificationError: names every file or journal entry that is not as it was.
        UnavailableError: a run is working on the case.
    """
    path = case.results / NAME
    if not path.is_file():
        raise CaseError("there are no results to verify", where=str(path), remedy=f"forensics run {case.folder}")
    with custody.no_run_meanwhile(case):
        manifest = _manifest(case)
        key = open_key(case, key_path)
        findings = [*_changed_inputs(case, manifest), *_changed_outputs(case, manifest)]
        entries, broken = journal.check(case, key)
        findings += broken + journal.manifest_findings(case)
        inputs, outputs = len(manifest["inputs"]), len(manifest["outputs"])
        say(f"compared {inputs} inputs, {outputs} outputs, {entries} journal entries")
        _refuse(findings)
        _refuse(_told_otherwise(case))
        _refuse(_derived_otherwise(case, key_path, manifest, say), _made_otherwise(manifest))
        runs = sum("headline" in entry for entry in journal.entries(case))
        analyses = Results(folder=case.results).table("trials").height
    return {
        "inputs": inputs,
        "outputs": outputs,
        "journal_entries": entries,
        "runs": runs,
        "analyses": analyses,
    }


def _manifest(case: Case) -> dict[str, Any]:
    try:
        return custody.manifest_of(case) or {}
    except EvidenceError:
        findings = ["results/manifest.json: damaged"]
    _refuse(findings)
    return {}


def _refuse(findings: list[str], also: str = "") -> None:
    if findings:
        raise VerificationError(
            f"{len(findings)} finding(s): this case is not as it was{also}",
            where="; ".join(findings),
            expected="evidence, case.toml, results and journal as results/manifest.json describes them",
            remedy="put the originals back; where only results/ or work/ changed, forensics run makes them again",
        )


def _made_otherwise(manifest: dict[str, Any]) -> str:
    """Say where other code or versions may be why the bytes differ."""
    before = manifest.get("versions") or {}
    now = custody.versions(*({"splink"} & before.keys()))
    others = [f"{name} {before.get(name)}, now {now[name]}" for name in sorted(now) if before.get(name) != now[name]]
    if manifest.get("code") != custody.code_digest():
        others.append("other code of forensics")
    return f"; but it was made with {', '.join(others)}" if others else ""


def _changed_inputs(case: Case, manifest: dict[str, Any]) -> list[str]:
    expected = {entry["path"]: entry["sha256"] for entry in manifest["inputs"]}
    findings = [
        f"{path}: evidence changed or missing"
        for path, digest in expected.items()
        if not _is(case.folder / path, digest)
    ]
    if manifest.get("labels") not in (None, custody.labels_digest(case)):
        findings.append("labels.csv: not the labels that the results were made with")
    if manifest.get("declaration") != declaration_digest(case):
        findings.append(f"case.toml: does not say what it said when the results were made{_made_otherwise(manifest)}")
    try:
        found = custody.stamps(case)
    except CaseError:
        return findings
    return findings + [f"{path}: evidence that was not there" for path in found if path not in expected]


def _told_otherwise(case: Case) -> list[str]:
    """Hold the trials that the report tells of, and the numbers that its run entered, against journal and results."""
    results = Results(folder=case.results)
    told = journal.entries(case)
    now = trials.tried(told, trials.entry("run", results))
    ran = [entry for entry in told if "manifest_sha256" in entry]
    findings = []
    if not now.equals(results.table("trials")):
        findings.append("results/trials.parquet: the journal tells of other analyses than the report does")
    if ran[-1].get("headline") != trials.entry("run", results)["headline"]:
        findings.append("journal.jsonl: the last run entered other numbers than the results hold")
    return findings


def _changed_outputs(case: Case, manifest: dict[str, Any]) -> list[str]:
    known = {NAME, CRATE, *manifest["outputs"]}
    strangers = sorted(path.name for path in case.results.iterdir() if path.name not in known)
    expected = {name: file["sha256"] for name, file in manifest["outputs"].items()}
    expected[CRATE] = custody.sha256_of(case.results / NAME)
    return [
        f"results/{name}: changed or missing"
        for name, digest in expected.items()
        if not _is(case.results / name, digest)
    ] + [f"results/{name}: not one of the outputs" for name in strangers]


def _is(path: Path, digest: str) -> bool:
    return path.is_file() and custody.sha256_of(path) == digest


def _derived_otherwise(case: Case, key_path: Path | None, manifest: dict[str, Any], say: Say) -> list[str]:
    """Derive everything again in a fresh place and name the outputs that come out otherwise."""
    languages: list[Language] = [language for language in LANGUAGES if f"report-{language}.html" in manifest["outputs"]]
    with private_folder() as fresh:
        again = case.model_copy(update={"derived": fresh, "with_labels": manifest.get("labels") is not None})
        derived = run(again, key_path or key_file(case, None), say, languages, journalled=False)
        expected = {name: file["sha256"] for name, file in manifest["outputs"].items()}
        findings = [
            f"results/{name}: a fresh derivation gives other bytes"
            for name in sorted({path.name for path in derived.folder.iterdir()} | expected.keys())
            if name not in (NAME, CRATE) and not _is(derived.folder / name, expected.get(name, ""))
        ]
        same = (derived.folder / NAME).read_bytes() == (case.results / NAME).read_bytes()
    return findings if findings or same else [f"results/{NAME}: a fresh derivation gives other bytes"]
