"""The manifest: one run told as an RO-Crate, Process Run Crate 0.5, and read back into plain values.

Nothing but this module knows that the manifest is JSON-LD. Sources: RO-Crate Metadata Specification 1.1
(https://w3id.org/ro/crate/1.1), Process Run Crate 0.5 (https://w3id.org/ro/wfrun/process/0.5), RFC 6920 for the names
of files that lie outside the crate, CASE ontology for `exhibitNumber`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from forensics.errors import EvidenceError

NAME = "manifest.json"
CRATE = "ro-crate-metadata.json"
"""The same bytes again, under the name by which tools of RO-Crate know a crate."""

LABELS = "labels.csv"
OF_LABELS = "Labels by hand of answers drawn by lot (forensics audit): an input beside the evidence."

SPECIFICATION = "https://w3id.org/ro/crate/1.1"
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
TERMS = {
    "firstLine": "Number of the file's first line among the lines of its source, from 1.",
    "lineCount": "Lines of the file.",
    "obtainedFrom": "From whom the file was obtained, as case.toml declares it.",
    "sha256AtSeizure": "SHA-256 of the file when it was seized, as case.toml declares it.",
    "sourceId": "Identifier of the [[source]] block of case.toml that names the file.",
    "sourceNumber": "Number of that block in case.toml, from 1.",
}
"""Our own terms, each in words: what no public vocabulary that we know has a term for."""
OWN = "urn:forensics:"
CONTEXT = [
    f"{SPECIFICATION}/context",
    "https://w3id.org/ro/terms/workflow-run/context",
    {
        **{term: OWN + term for term in TERMS},
        "exhibitNumber": "https://ontology.caseontology.org/case/investigation/exhibitNumber",
    },
]

DESCRIPTION = (
    "Which clients of a portal were a robot, whom it was shown and how many people that is: tables, summary, "
    "report. Evidence and queries lie outside this folder and are named by their digest (RFC 6920); the name of a "
    "file of evidence is its path in the case. So that the same analysis gives the same bytes anywhere, no clock "
    "is read here: who ran it, and when, is in journal.jsonl beside this folder, and datePublished is the day of "
    "the last logged request, before which nothing could be published."
)
FOR_WHOM = "For those whom the investigation concerns, and for nobody else: people's data under keyed pseudonyms."
FACTS = {
    "evidence_digest": "SHA-256 over path and SHA-256 of every file of evidence.",
    "declaration": "SHA-256 of all that case.toml says and that may change a result.",
    "key_check": "Tells whether a key is the case's, and nothing else about it.",
    "code": "SHA-256 over every file of the program that a result depends on.",
}
ENCODINGS = {
    ".csv": "text/csv",
    ".gz": "application/gzip",
    ".html": "text/html",
    ".json": "application/json",
    ".log": "text/plain",
    ".parquet": "application/vnd.apache.parquet",
}
OF_INPUTS = {
    "path": "name",
    "bytes": "contentSize",
    "sha256": "sha256",
    "source": "sourceId",
    "source_number": "sourceNumber",
    "first_line": "firstLine",
    "lines": "lineCount",
    "sha256_at_seizure": "sha256AtSeizure",
    "exhibit": "exhibitNumber",
    "obtained_from": "obtainedFrom",
}
"""Our word for each property of a file of evidence, and the crate's."""

Entity = dict[str, Any]


def document(values: Mapping[str, Any]) -> str:
    """Return the manifest as flattened JSON-LD: the same values give the same bytes.

    Args:
        values: `case` (identifier), `last_day` (of the evidence, ISO 8601), `evidence_digest`, `declaration`,
            `key_check` and `code` (digests), `settings`, `versions`, `sql` (name -> SHA-256), `labels` (SHA-256 of
            those of an audit that was read back, or None), `inputs` (a row a file of evidence, see `OF_INPUTS`; what is
            None is left out), `outputs` (name -> its `bytes` and `sha256`).
    """
    whole = {"@context": CONTEXT, "@graph": list(_graph(values))}
    return json.dumps(whole, indent=1, sort_keys=True) + "\n"


def _graph(values: Mapping[str, Any]) -> Iterator[Entity]:
    outputs = [_output(name, file) for name, file in sorted(values["outputs"].items())]
    inputs = [_input(row) for row in values["inputs"]]
    members = [_member(row, one) for row in values["inputs"] for one in row.get("members", [])]
    settings = [_value(f"#settings/{name}", name, value) for name, value in sorted(values["settings"].items())]
    facts = {name: _value(f"#{name}", name, values[name], text) for name, text in FACTS.items()}
    tools = [_tool(name, version) for name, version in sorted(values["versions"].items()) if name != "forensics"]
    labels = [_labels(values["labels"])] if values.get("labels") else []
    texts = [_query(name, digest) for name, digest in sorted(values["sql"].items())]
    yield {"@id": CRATE, "@type": "CreativeWork", "about": {"@id": "./"}, "conformsTo": {"@id": SPECIFICATION}}
    yield {
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": {"@id": PROFILE},
        "datePublished": values["last_day"],
        "description": DESCRIPTION,
        "hasPart": _named([*outputs, *inputs, *members, *labels, *texts]),
        "identifier": values["case"],
        "license": {"@id": "#for-whom"},
        "mentions": {"@id": "#run"},
        "name": f"Analysis of the case {values['case']}",
    }
    yield {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
    yield {"@id": "#for-whom", "@type": "CreativeWork", "name": "Not for publication", "description": FOR_WHOM}
    yield {
        "@id": "#run",
        "@type": "CreateAction",
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "description": "forensics run CASE",
        "instrument": {"@id": "#forensics"},
        "name": "From evidence to the number of people affected",
        "object": _named([*inputs, *labels, *settings, *(facts[name] for name in facts if name != "code")]),
        "result": _named(outputs),
    }
    yield {
        "@id": "#forensics",
        "@type": "SoftwareApplication",
        "hasPart": _named(texts),
        "identifier": {"@id": "#code"},
        "name": "forensics",
        "softwareRequirements": _named(tools),
        "softwareVersion": values["versions"]["forensics"],
    }
    for group in (tools, texts, settings, facts.values(), inputs, labels, members, outputs):
        yield from group
    for term, comment in TERMS.items():
        yield {"@id": OWN + term, "@type": "rdf:Property", "rdfs:label": term, "rdfs:comment": comment}


def _named(entities: list[Entity]) -> list[Entity]:
    return [{"@id": entity["@id"]} for entity in entities]


def _name_of_digest(digest: str, **also: str) -> str:
    """Return the name of a file after its SHA-256 (RFC 6920), told apart from others of the same bytes."""
    value = base64.urlsafe_b64encode(bytes.fromhex(digest)).decode().rstrip("=")
    asked = "&".join(f"{key}={quote(text.encode(errors='surrogateescape'))}" for key, text in also.items())
    return f"ni:///sha-256;{value}?{asked}"


def _input(row: Mapping[str, Any]) -> Entity:
    return {
        "@id": _name_of_digest(row["sha256"], source=row["source"], path=row["path"]),
        "@type": "File",
        **_encoding(row["path"]),
        **{theirs: row[ours] for ours, theirs in OF_INPUTS.items() if row.get(ours) is not None},
        **({"hasPart": _named([_member(row, one) for one in row["members"]])} if row.get("members") else {}),
    }


def _labels(digest: str) -> Entity:
    return {
        "@id": _name_of_digest(digest, path=LABELS),
        "@type": "File",
        **_encoding(LABELS),
        "description": OF_LABELS,
        "name": LABELS,
        "sha256": digest,
    }


def _member(row: Mapping[str, Any], member: Mapping[str, Any]) -> Entity:
    """Return one file of an archive: what the archive's digest covers, and which lines of the source it holds."""
    return {
        "@id": _name_of_digest(row["sha256"], source=row["source"], path=row["path"], member=member["member"]),
        "@type": "File",
        **_encoding(member["member"]),
        "firstLine": member["first_line"],
        "lineCount": member["lines"],
        "name": member["member"],
    }


def _output(name: str, file: Mapping[str, Any]) -> Entity:
    return {
        "@id": name,
        "@type": "File",
        **_encoding(name),
        "contentSize": file["bytes"],
        "name": name,
        "sha256": file["sha256"],
    }


def _encoding(path: str) -> Entity:
    found = ENCODINGS.get(PurePosixPath(path).suffix)
    return {"encodingFormat": found} if found else {}


def _value(identifier: str, name: str, value: object, description: str = "") -> Entity:
    told = {"description": description} if description else {}
    return {"@id": identifier, "@type": "PropertyValue", "name": name, "value": value, **told}


def _tool(name: str, version: str) -> Entity:
    kind = "generic" if name == "python" else "pypi"  # package URL, ECMA-427
    return {
        "@id": f"pkg:{kind}/{name}@{version}",
        "@type": "SoftwareApplication",
        "name": name,
        "softwareVersion": version,
    }


def _query(name: str, digest: str) -> Entity:
    return {
        "@id": _name_of_digest(digest, path=name),
        "@type": "File",
        "encodingFormat": "application/sql",
        "name": name,
        "sha256": digest,
    }


def read(path: Path) -> dict[str, Any]:
    """Return the plain values of a manifest file, as `document` was given them.

    Raises:
        EvidenceError: it is damaged, or has another shape than `document` gives it.
        FileNotFoundError: it is not there.
    """
    try:
        return _plain({entity["@id"]: entity for entity in json.loads(path.read_bytes())["@graph"]})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise EvidenceError(
            "the manifest of the last run is damaged, or of another version of this program",
            where=str(path),
            remedy="put it back; or move results/ away and run again",
        ) from None


def _plain(entities: Mapping[str, Entity]) -> dict[str, Any]:
    def named(entity: Entity, key: str) -> list[Entity]:
        return [entities[one["@id"]] for one in entity[key]]

    root, run, program = entities["./"], entities["#run"], entities["#forensics"]
    tools = [program, *named(program, "softwareRequirements")]
    settings = [entity for entity in named(run, "object") if entity["@id"].startswith("#settings/")]
    return {
        "case": root["identifier"],
        "last_day": root["datePublished"],
        **{name: entities[f"#{name}"]["value"] for name in FACTS},
        "settings": {entity["name"]: entity["value"] for entity in settings},
        "versions": {entity["name"]: entity["softwareVersion"] for entity in tools},
        "sql": {entity["name"]: entity["sha256"] for entity in named(program, "hasPart")},
        "labels": next((entity["sha256"] for entity in named(run, "object") if _is_labels(entity)), None),
        "inputs": [
            _row(entity) | _members(named(entity, "hasPart") if "hasPart" in entity else [])
            for entity in named(run, "object")
            if entity["@type"] == "File" and not _is_labels(entity)
        ],
        "outputs": {
            entity["name"]: {"bytes": entity["contentSize"], "sha256": entity["sha256"]}
            for entity in named(run, "result")
        },
    }


def _is_labels(entity: Entity) -> bool:
    return entity.get("description") == OF_LABELS and entity.get("name") == LABELS


def _row(entity: Entity) -> dict[str, Any]:
    row = {ours: entity[theirs] for ours, theirs in OF_INPUTS.items() if theirs in entity}
    _ = row["path"], row["sha256"], row["bytes"], row["source"], row["source_number"]
    return row


def _members(entities: list[Entity]) -> dict[str, Any]:
    rows = [{"member": one["name"], "first_line": one["firstLine"], "lines": one["lineCount"]} for one in entities]
    return {"members": rows} if rows else {}
