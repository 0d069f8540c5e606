"""The manifest: an RO-Crate that public tools open, and plain values again for us."""

from __future__ import annotations

import json
import shutil
import string
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rocrate.rocrate import ROCrate

from forensics import custody, manifest
from forensics.case import load
from forensics.errors import EvidenceError
from forensics.pipeline import run
from tests.made_results import MANIFEST

Declare = Callable[[str, str], None]
Command = Callable[..., Any]


def graph(case: Path) -> dict[str, dict[str, Any]]:
    entities = json.loads((case / "results" / "manifest.json").read_text())["@graph"]
    assert len({entity["@id"] for entity in entities}) == len(entities)
    return {entity["@id"]: entity for entity in entities}


def test_a_public_tool_opens_the_results_and_finds_what_went_in_what_came_out_and_what_ran(finished: Path):
    crate = ROCrate(finished / "results")
    ran = crate.dereference("#run")
    assert ran.type == "CreateAction"
    assert ran["instrument"]["softwareVersion"] == "0.1.0"
    evidence = {path.relative_to(finished).as_posix(): path for path in (finished / "evidence").iterdir()}
    read = {entity["name"]: entity for entity in ran["object"] if entity.type == "File"}
    assert read.keys() == evidence.keys()
    assert {name: entity["sha256"] for name, entity in read.items()} == {
        name: custody.sha256_of(path) for name, path in evidence.items()
    }
    assert {name: entity["contentSize"] for name, entity in read.items()} == {
        name: path.stat().st_size for name, path in evidence.items()
    }
    made = {entity.id: entity["sha256"] for entity in ran["result"]}
    there = {path.name for path in (finished / "results").iterdir()} - {manifest.NAME, manifest.CRATE}
    assert made == {name: custody.sha256_of(finished / "results" / name) for name in there}
    set_to = {entity["name"]: entity["value"] for entity in ran["object"] if entity.id.startswith("#settings/")}
    assert set_to == load(finished).settings.that_change_results()


def test_every_query_is_named_by_its_digest(finished: Path):
    queries = {
        entity["name"]: entity["sha256"]
        for entity in ROCrate(finished / "results").dereference("#forensics")["hasPart"]
    }
    folder = Path(custody.__file__).parent
    assert queries == {f"forensics/sql/{path.name}": custody.sha256_of(path) for path in (folder / "sql").glob("*.sql")}


def test_both_names_hold_the_same_bytes(finished: Path):
    results = finished / "results"
    assert (results / "ro-crate-metadata.json").read_bytes() == (results / "manifest.json").read_bytes()


def test_what_ro_crate_1_1_demands_of_a_root_data_entity(finished: Path):
    """RO-Crate 1.1, Root Data Entity: the descriptor, and the direct properties of the root."""
    entities = graph(finished)
    descriptor, root = entities["ro-crate-metadata.json"], entities["./"]
    assert descriptor["about"] == {"@id": "./"}
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.1"}
    assert root["@type"] == "Dataset"
    assert root["datePublished"] == "2024-01-18"  # the day of the last line of the log
    assert root["name"] == "Analysis of the case small"
    assert "journal.jsonl" in root["description"]
    assert entities[root["license"]["@id"]]["name"] == "Not for publication"
    files = {name for name, entity in entities.items() if entity["@type"] == "File"}
    assert {part["@id"] for part in root["hasPart"]} == files


def test_what_process_run_crate_0_5_demands(finished: Path):
    """Process Run Crate 0.5, Requirements: conformsTo of the root; instrument of the action, with type and @id."""
    entities = graph(finished)
    root, ran = entities["./"], entities["#run"]
    profile = entities[root["conformsTo"]["@id"]]
    assert (profile["@id"], profile["@type"]) == ("https://w3id.org/ro/wfrun/process/0.5", "CreativeWork")
    assert root["mentions"] == {"@id": "#run"}
    assert entities[ran["instrument"]["@id"]]["@type"] == "SoftwareApplication"
    assert ran["actionStatus"] == "http://schema.org/CompletedActionStatus"
    assert {entities[one["@id"]]["@type"] for one in ran["object"]} == {"File", "PropertyValue"}
    assert {entities[one["@id"]]["@type"] for one in ran["result"]} == {"File"}


def test_every_reference_leads_to_an_entity_and_every_term_is_known(finished: Path):
    """RO-Crate 1.1, Extending RO-Crate: a term of one's own is described where it is used."""
    entities = graph(finished)
    *_, ours = json.loads((finished / "results" / "manifest.json").read_text())["@context"]
    assert {iri for iri in ours.values() if iri.startswith("urn:")} <= entities.keys()
    for entity in entities.values():
        for key, value in entity.items():
            referred = [one["@id"] for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
            # A specification is named, as in the example of RO-Crate 1.1, and not described.
            assert entity["@id"] == "ro-crate-metadata.json" or set(referred) <= entities.keys(), key


def test_what_case_toml_says_of_a_file_is_kept_with_it(small: Path, declare: Declare):
    digest = custody.sha256_of(small / "evidence" / "access.log")
    said = f'exhibit = "SC-12"\nobtained_from = "the operator"\nsha256_at_seizure = "{digest.upper()}"'
    declare('kind = "access_log"', f'kind = "access_log"\n{said}')
    run(load(small))
    told = next(row for row in manifest.read(small / "results" / "manifest.json")["inputs"] if row["source"] == "log")
    assert told == {
        "source": "log", "source_number": 1, "path": "evidence/access.log", "sha256": digest,
        "bytes": (small / "evidence" / "access.log").stat().st_size, "first_line": 1, "lines": 5,
        "exhibit": "SC-12", "obtained_from": "the operator", "sha256_at_seizure": digest,
    }  # fmt: skip


def test_each_file_of_an_archive_is_a_part_of_it_with_its_lines(small: Path, declare: Declare):
    log = small / "evidence" / "access.log"
    with zipfile.ZipFile(small / "evidence" / "logs.zip", "w") as archive:
        archive.writestr("a.log", "".join(log.read_text().splitlines(keepends=True)[:2]))
        archive.writestr("b.log", "".join(log.read_text().splitlines(keepends=True)[2:]))
    log.unlink()
    declare("evidence/*.log", "evidence/*.zip")
    results = run(load(small))
    (archived,) = [one for one in ROCrate(results.folder).dereference("#run")["object"] if "hasPart" in one]
    told = [(part["name"], part["firstLine"], part["lineCount"]) for part in archived["hasPart"]]
    assert (archived["name"], told) == ("evidence/logs.zip", [("a.log", 1, 2), ("b.log", 3, 3)])
    digest = custody.sha256_of(small / "evidence" / "logs.zip")
    assert results.trace(2**40 + 4) == {
        "source": "log", "path": "evidence/logs.zip", "member": "b.log", "line": 2, "sha256": digest,
    }  # fmt: skip


def test_no_clock_host_user_or_folder_is_in_it(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    before = (finished / "results" / "manifest.json").read_bytes()
    elsewhere = tmp_path / "another place" / "renamed"
    shutil.copytree(finished, elsewhere, ignore=shutil.ignore_patterns("work", "results", "journal.*"))
    monkeypatch.setenv("USER", "somebody-else")
    run(load(elsewhere), finished.parent / "case.key")
    assert (elsewhere / "results" / "manifest.json").read_bytes() == before
    assert str(tmp_path).encode() not in before


def test_a_manifest_of_an_earlier_version_is_refused_and_says_what_to_do(finished: Path, command: Command):
    (finished / "results" / "manifest.json").write_text('{"schema": 1, "inputs": [], "outputs": {}, "key_check": ""}')
    ended = command("run", finished)
    assert (ended.code, "or of another version of this program" in ended.err) == (3, True)
    assert "move results/ away and run again" in ended.err


@pytest.mark.parametrize(
    "torn", ["", "{", "[]", "null", '{"@graph": [{}]}', '{"@graph": {"@id": "./"}}', '{"@graph": 1}']
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, torn: str):
    (tmp_path / "manifest.json").write_text(torn)
    with pytest.raises(EvidenceError, match="damaged"):
        manifest.read(tmp_path / "manifest.json")


HEX = st.text("0123456789abcdef", min_size=64, max_size=64)
WORD = st.text(string.ascii_lowercase, min_size=1, max_size=6)
ANY = st.text(max_size=8)
MEMBER = st.fixed_dictionaries({"member": ANY, "first_line": st.integers(1), "lines": st.integers(0)})
FILE = st.fixed_dictionaries(
    {"source": ANY, "source_number": st.integers(1, 9), "path": ANY, "bytes": st.integers(0), "sha256": HEX},
    optional={"exhibit": ANY, "obtained_from": ANY, "sha256_at_seizure": HEX, "first_line": st.integers(1),
              "lines": st.integers(0),
              "members": st.lists(MEMBER, min_size=1, max_size=3, unique_by=lambda one: one["member"])},
)  # fmt: skip
VALUES = st.fixed_dictionaries(
    {
        **dict.fromkeys(("case", "last_day", "evidence_digest", "declaration", "key_check", "code"), ANY),
        "settings": st.dictionaries(WORD, st.integers() | st.booleans() | ANY | st.floats(allow_nan=False)),
        "versions": st.dictionaries(WORD, ANY).map(lambda versions: {**versions, "forensics": "0.1.0"}),
        "labels": st.none() | HEX,
        "sql": st.dictionaries(WORD.map(lambda name: f"forensics/sql/{name}.sql"), HEX),
        "inputs": st.lists(FILE, max_size=4, unique_by=lambda file: (file["source"], file["path"])),
        "outputs": st.dictionaries(
            WORD.map(lambda name: f"{name}.parquet"), st.fixed_dictionaries({"bytes": st.integers(0), "sha256": HEX})
        ),
    }
)


@settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(values=VALUES)
def test_what_was_written_is_what_is_read(values: dict[str, Any], tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.getbasetemp() / "round.json"
    path.write_text(manifest.document(values))
    assert manifest.read(path) == values


def test_files_of_the_same_bytes_have_names_of_their_own():
    row = MANIFEST["inputs"][0]
    twice = MANIFEST | {"inputs": [row, {**row, "path": "evidence/copy.csv"}, {**row, "source": "other"}]}
    names = [entity["@id"] for entity in json.loads(manifest.document(twice))["@graph"]]
    assert len(set(names)) == len(names)
    # RFC 6920, section 3: ni, no authority, the name of the algorithm, the digest in base64url without padding.
    assert "ni:///sha-256;ASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4mrze8?source=portal&path=evidence/portal.csv" in names
