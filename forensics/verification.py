"""Verification: evidence as it was, results as they were written, and the same bytes again from a fresh derivation."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from forensics import custody
from forensics.case import Case
from forensics.engine import private_folder
from forensics.errors import CaseError, VerificationError
from forensics.pipeline import LANGUAGES, Say, run


def verify(case: Case, key_path: Path | None, say: Say) -> dict[str, Any]:
    """Hold a finished case against its evidence, its manifest, its journal and a fresh derivation.

    Returns:
        What was compared: numbers of `inputs`, `outputs`, `journal_entries`.

    Raises:
        CaseError: there is nothing to verify.
        VerificationError: names every file or journal entry that is not as it was.
    """
    path = case.results / "manifest.json"
    if not path.is_file():
        raise CaseError("there are no results to verify", where=str(path), remedy=f"forensics run {case.folder}")
    manifest = json.loads(path.read_text())
    findings = [*_changed_inputs(case, manifest), *_changed_outputs(case, manifest)]
    entries, broken = _journal(case)
    findings += broken
    say(f"compared {len(manifest['inputs'])} inputs, {len(manifest['outputs'])} outputs, {entries} journal entries")
    if not findings:
        custody.open_key(case, key_path)
        findings = _derived_otherwise(case, key_path, manifest, say)
    if findings:
        raise VerificationError(
            f"{len(findings)} finding(s): this case is not as it was",
            where="; ".join(findings),
            expected="evidence, results and journal as results/manifest.json describes them",
            remedy="put the originals back, or run again and compare the two results",
        )
    return {"inputs": len(manifest["inputs"]), "outputs": len(manifest["outputs"]), "journal_entries": entries}


def _changed_inputs(case: Case, manifest: dict[str, Any]) -> list[str]:
    return [
        f"{entry['path']}: evidence changed or missing"
        for entry in manifest["inputs"]
        if not (case.folder / entry["path"]).is_file()
        or custody.sha256_of(case.folder / entry["path"]) != entry["sha256"]
    ]


def _changed_outputs(case: Case, manifest: dict[str, Any]) -> list[str]:
    return [
        f"results/{name}: changed or missing"
        for name, digest in manifest["outputs"].items()
        if not (case.results / name).is_file() or custody.sha256_of(case.results / name) != digest
    ]


def _journal(case: Case) -> tuple[int, list[str]]:
    """Follow the chain of the journal: each entry holds the digest of the line before; the last names the manifest."""
    path = case.folder / "journal.jsonl"
    if not path.is_file():
        return 0, ["journal.jsonl: missing"]
    lines = path.read_bytes().splitlines()
    previous, findings, last_run = None, [], None
    for number, line in enumerate(lines, start=1):
        try:
            entry = json.loads(line)
        except ValueError:
            return len(lines), [*findings, f"journal.jsonl:{number}: not an entry"]
        if entry.get("previous") != previous:
            findings.append(f"journal.jsonl:{number}: the entry before it was changed, removed or moved")
        previous = hashlib.sha256(line).hexdigest()
        last_run = entry.get("manifest_sha256", last_run)
    if last_run != custody.sha256_of(case.results / "manifest.json"):
        findings.append("results/manifest.json: not the one that the last run wrote")
    return len(lines), findings


def _derived_otherwise(case: Case, key_path: Path | None, manifest: dict[str, Any], say: Say) -> list[str]:
    """Derive everything again in a fresh place and name the outputs that come out otherwise."""
    languages = [language for language in LANGUAGES if f"report-{language}.html" in manifest["outputs"]]
    with private_folder() as fresh:
        again = case.model_copy(update={"derived": fresh})
        derived = run(again, key_path or custody.key_file(case, None), say, languages, journalled=False)
        outputs = json.loads((derived.folder / "manifest.json").read_text())["outputs"]
    return [
        f"results/{name}: a fresh derivation gives other bytes"
        for name, digest in manifest["outputs"].items()
        if outputs.get(name) != digest
    ]
