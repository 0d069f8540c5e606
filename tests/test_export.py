"""Export: flagged requests leave as documents that Timesketch, Elastic and our own readers take; nobody leaves."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from forensics import custody, journal
from forensics.case import load
from forensics.documents import VOCABULARIES, ecs, timesketch
from forensics.evidence.ingest import ingest
from forensics.export import export
from forensics.pipeline import run
from forensics.usual_fields import ECS_FIELDS

Command = Callable[..., Any]
Declare = Callable[[str, str], None]
Digests = Callable[[Path], dict[str, str]]
KEY = bytes.fromhex("ab" * 32)

REQUEST: dict[str, Any] = {
    "request_id": 2**40 + 7, "request_ref": "r-1", "operator": "Viareso", "server": "web-1",
    "requested_at": datetime(2024, 1, 18, 10, 0, 5, 250_001), "account_id": "opt-0417", "client_ip": "2001:db8::17",
    "client_port": 51_234, "user_agent": 'Agent "X" (é)', "method": "GET", "path": "/droits/{subject}",
    "action": "rights", "status": 200, "response_bytes": 1850, "duration_ms": 140, "subject_kind": "holder_number",
    "subject": "00112233445566778899aabbccddeeff", "records_returned": 3, "session_id": 12, "campaign_id": 1,
    "verdict": "scraping",
}  # fmt: skip
TYPES = {
    name: pl.Int64 if isinstance(value, int) else pl.Datetime("us") if isinstance(value, datetime) else pl.String
    for name, value in REQUEST.items()
}
SAID = "scraping: GET /droits/{subject} 200, account opt-0417, from 2001:db8::17, session 12, campaign 1"


def request(**changed: object) -> pl.DataFrame:
    return pl.DataFrame([REQUEST | changed], schema=TYPES)


def bare() -> pl.DataFrame:
    """A request of which the log says nothing but when."""
    kept = ("request_id", "operator", "requested_at", "action", "session_id", "verdict")
    return request(**dict.fromkeys(name for name in REQUEST if name not in kept))


def document(vocabulary: Callable[[pl.DataFrame], pl.Series], rows: pl.DataFrame) -> dict[str, Any]:
    return json.loads(vocabulary(rows).item())


def test_an_event_of_timesketch_has_what_it_must_and_every_field_under_our_own_name():
    assert document(timesketch, request()) == {
        "message": SAID,
        "datetime": "2024-01-18T10:00:05.250001+00:00",
        "timestamp": 1_705_572_005_250_001,
        "timestamp_desc": "Request Time",
        "data_type": "forensics:request",
        "tag": ["forensics"],
        "request_id": 1_099_511_627_783,
        "request_ref": "r-1",
        "operator": "Viareso",
        "server": "web-1",
        "account_id": "opt-0417",
        "client_ip": "2001:db8::17",
        "client_port": 51_234,
        "user_agent": 'Agent "X" (é)',
        "method": "GET",
        "path": "/droits/{subject}",
        "action": "rights",
        "status": 200,
        "response_bytes": 1850,
        "duration_ms": 140,
        "subject_kind": "holder_number",
        "subject": "00112233445566778899aabbccddeeff",
        "records_returned": 3,
        "session_id": 12,
        "campaign_id": 1,
        "verdict": "scraping",
    }


def test_a_document_of_elastic_has_each_field_where_the_schema_wants_it():
    assert document(ecs, request()) == {
        "@timestamp": "2024-01-18T10:00:05.250001Z",
        "ecs": {"version": "8.11.0"},
        "message": SAID,
        "event": {
            "kind": "event",
            "category": ["web"],
            "type": ["access"],
            "module": "forensics",
            "dataset": "forensics.request",
            "id": "1099511627783",
            "duration": 140_000_000,
        },
        "source": {"address": "2001:db8::17", "ip": "2001:db8::17", "port": 51_234},
        "user": {"name": "opt-0417"},
        "user_agent": {"original": 'Agent "X" (é)'},
        "url": {"path": "/droits/{subject}"},
        "http": {
            "request": {"id": "r-1", "method": "GET"},
            "response": {"status_code": 200, "body": {"bytes": 1850}},
        },
        "host": {"name": "web-1"},
        "labels": {
            "operator": "Viareso",
            "action": "rights",
            "subject_kind": "holder_number",
            "subject": "00112233445566778899aabbccddeeff",
            "records_returned": "3",
            "session_id": "12",
            "campaign_id": "1",
            "verdict": "scraping",
        },
        "tags": ["forensics"],
    }


def test_what_a_request_lacks_has_no_name_in_its_document():
    assert document(timesketch, bare()) == {
        "message": "scraping:, session 12",
        "datetime": "2024-01-18T10:00:05.250001+00:00",
        "timestamp": 1_705_572_005_250_001,
        "timestamp_desc": "Request Time",
        "data_type": "forensics:request",
        "tag": ["forensics"],
        "request_id": 1_099_511_627_783,
        "operator": "Viareso",
        "action": "rights",
        "session_id": 12,
        "verdict": "scraping",
    }
    of_elastic = document(ecs, bare())
    assert sorted(of_elastic) == ["@timestamp", "ecs", "event", "labels", "message", "tags"]
    assert "duration" not in of_elastic["event"]


@pytest.mark.parametrize(
    ("client", "source"),
    [
        ("203.0.113.9", {"address": "203.0.113.9", "ip": "203.0.113.9"}),
        ("poste.example", {"address": "poste.example"}),
        ("fe80::1%eth0", {"address": "fe80::1%eth0"}),
        ("203.0.113.9, 10.0.0.1", {"address": "203.0.113.9, 10.0.0.1"}),
    ],
)
def test_only_an_address_is_an_address_of_elastic(client: str, source: dict[str, str]):
    assert document(ecs, request(client_ip=client, client_port=None))["source"] == source


@pytest.mark.parametrize(("ms", "ns"), [(0, 0), (9_223_372_036_854, 9_223_372_036_854_000_000), (2**63 - 1, None)])
def test_a_duration_that_nanoseconds_cannot_hold_is_left_out(ms: int, ns: int | None):
    assert document(ecs, request(duration_ms=ms))["event"].get("duration") == ns


HOSTILE = [
    "\x1b]0;owned\x07\x1b[2J",
    "\x9b31m\x7f",
    "=HYPERLINK(\"http://x.example\")",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    '"}\n{"message":"forged"}',
    "\u2028\u2029\u202e\u0000\r\n\t\\",
    "<script>alert(1)</script>{subject}",
    '{"v":1}',
    "",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("vocabulary", [timesketch, ecs])
def test_hostile_content_is_a_string_on_its_own_line_that_a_terminal_does_not_obey(
    vocabulary: Callable[[pl.DataFrame], pl.Series], text: str
):
    names = ("request_ref", "server", "account_id", "client_ip", "user_agent", "method", "path")
    written = vocabulary(request(**dict.fromkeys(names, text))).item()
    assert re.search(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e]", written) is None
    held = json.loads(written)
    values = json.dumps(held, ensure_ascii=False)
    assert values.count(json.dumps(text, ensure_ascii=False)) >= len(names)
    assert held["message"].startswith("scraping: ")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8")), min_size=1, max_size=30))
def test_any_text_comes_back_as_it_was(texts: list[str]):
    rows = pl.concat(request(user_agent=text) for text in texts)
    assert [json.loads(one)["user_agent"] for one in timesketch(rows)] == texts
    assert [json.loads(one)["user_agent"]["original"] for one in ecs(rows)] == texts


@pytest.fixture(scope="module")
def scraped(generated: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A generated case with a robot, after a run."""
    folder = tmp_path_factory.mktemp("scraped")
    shutil.copytree(generated("parquet") / "case", folder / "case")
    shutil.copy(generated("parquet") / "case.key", folder / "case.key")
    run(load(folder / "case"))
    yield folder / "case"
    shutil.rmtree(folder)


def flagged(case: Path) -> pl.DataFrame:
    """The requests of scraping sessions, found the long way."""
    sessions = pl.read_parquet(case / "results" / "sessions.parquet")
    of = pl.read_parquet(case / "results" / "request_sessions.parquet").select("request_id", "session_id")
    keys = pl.read_parquet(case / "work" / "keys.parquet").filter(pl.col("kind") == "subject")
    return (
        pl.read_parquet(case / "work" / "requests.parquet")
        .join(of, on="request_id")
        .join(sessions.select("session_id", "campaign_id", "verdict"), on="session_id")
        .filter(pl.col("verdict") == "scraping")
        .join(keys.select("key", subject="digest"), left_on="subject_key", right_on="key", how="left")
        .sort("request_id")
    )


def test_the_requests_of_scraping_sessions_leave_each_once_in_their_order(scraped: Path, tmp_path: Path):
    expected = flagged(scraped)
    assert expected.height > 400
    told = export(load(scraped), tmp_path / "a.jsonl", to="timesketch")
    content = (tmp_path / "a.jsonl").read_bytes()
    assert told == {
        "to": "timesketch",
        "verdict": "scraping",
        "file": "a.jsonl",
        "sessions": expected["session_id"].n_unique(),
        "requests": expected.height,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    lines = [json.loads(line) for line in content.decode().removesuffix("\n").split("\n")]
    found = [(line["request_id"], line["session_id"], line["campaign_id"], line.get("subject")) for line in lines]
    assert found == expected.select("request_id", "session_id", "campaign_id", "subject").rows()
    assert expected["subject"].null_count() < expected.height


def test_what_leaves_is_in_the_journal_which_stays_whole(scraped: Path, tmp_path: Path):
    told = export(load(scraped), tmp_path / "a.jsonl", to="ecs")
    entry = json.loads((scraped / "journal.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert {name: entry[name] for name in ("command", *told)} == {"command": "export", **told}
    assert str(tmp_path) not in json.dumps(entry)
    key = bytes.fromhex((scraped.parent / "case.key").read_text())
    assert journal.check(load(scraped), key)[1] == []
    assert journal.manifest_findings(load(scraped)) == []


def test_every_export_has_an_entry_of_its_own_the_same_one_again_too(scraped: Path, tmp_path: Path):
    before = journal.entries(load(scraped))
    told = [
        export(load(scraped), tmp_path / "a", to=to, verdict=verdict, force=True)
        for to, verdict in (("ecs", "scraping"), ("ecs", "scraping"), ("timesketch", "unclear"), ("ecs", "all-flagged"))
    ]
    entered = journal.entries(load(scraped))[len(before) :]
    assert [{name: entry.get(name) for name in told[0]} for entry in entered] == told
    assert {entry["command"] for entry in entered} == {"export"}


def test_nothing_leaves_that_the_journal_cannot_tell_of(scraped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("forensics.journal.append", full)
    with pytest.raises(OSError, match="No space"):
        export(load(scraped), tmp_path / "a", to="ecs")
    assert list(tmp_path.iterdir()) == []


def test_small_pieces_give_the_same_bytes_and_so_does_a_second_export(
    scraped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    first = export(load(scraped), tmp_path / "a.jsonl", to="ecs")
    monkeypatch.setattr("forensics.export.ROWS_A_PIECE", 100)
    second = export(load(scraped), tmp_path / "b.jsonl", to="ecs")
    assert first["sha256"] == second["sha256"]


IDENTITIES = {
    "register": ("numero_beneficiaire", "numero_assure", "nom", "prenom", "numero_carte", "numero_adherent"),
    "accounts": ("raison_sociale", "siret", "rib", "rpps"),
    "access": ("numero", "jeton"),
}


@pytest.mark.parametrize("to", ["timesketch", "ecs"])
def test_no_identity_and_no_session_token_leaves(scraped: Path, tmp_path: Path, to: Any):
    secret: set[str] = set()
    for name, columns in IDENTITIES.items():
        for path in scraped.glob(f"evidence/*/{name}.parquet"):
            secret |= {text for column in columns for text in pl.read_parquet(path)[column].drop_nulls()}
    assert len(secret) > 10_000
    export(load(scraped), tmp_path / "a", to=to)
    documents = map(json.loads, (tmp_path / "a").read_text(encoding="utf-8").splitlines())
    words = {word for one in documents for value in values_of(one) for word in (value, *re.split(r"[^\w-]+", value))}
    assert words & secret == set()
    assert {"/droits", "scraping"} < words


def values_of(document: Any) -> Iterator[str]:
    """Every value of a document, as text."""
    inside = document.values() if isinstance(document, dict) else document if isinstance(document, list) else None
    if inside is None:
        yield str(document)
    else:
        for one in inside:
            yield from values_of(one)


READ_BACK = {
    "timesketch": {
        "requested_at": "datetime",
        **{
            name: name
            for name in (
                "account_id", "client_ip", "client_port", "user_agent", "method", "path", "status", "response_bytes",
                "duration_ms", "server", "request_ref", "action", "subject", "records_returned",
            )
        },
    },
    "ecs": ECS_FIELDS | {name: f"labels.{name}" for name in ("action", "subject", "records_returned")},
}  # fmt: skip


@pytest.mark.parametrize("to", ["timesketch", "ecs"])
def test_an_export_is_evidence_of_a_new_case_with_the_same_requests(scraped: Path, tmp_path: Path, to: Any):
    (tmp_path / "new" / "evidence").mkdir(parents=True)
    export(load(scraped), tmp_path / "new" / "evidence" / "log", to=to)
    fields = "\n".join(f'{ours} = "{theirs}"' for ours, theirs in READ_BACK[to].items())
    (tmp_path / "new" / "case.toml").write_text(
        f'[case]\nid = "n"\n[[operator]]\nname = "V"\n[[source]]\nid = "log"\noperator = "V"\nkind = "access_log"\n'
        f'path = "evidence/log"\nformat = "{to}"\nsubject_kind = "member_number"\n[source.fields]\n{fields}\n',
        encoding="utf-8",
    )
    ingest(load(tmp_path / "new"), KEY, lambda _: None)
    again = pl.read_parquet(tmp_path / "new" / "work" / "requests.parquet").sort("request_id")
    before = flagged(scraped)
    same = [name for name in again.columns
            if name not in ("request_id", "operator", "session_token", "subject_kind", "subject_key")]  # fmt: skip
    assert_frame_equal(again.select(same), before.select(same))
    pairs = pl.DataFrame({"before": before["subject"], "again": again["subject_key"]}).unique()
    assert pairs.height == pairs["before"].n_unique() == pairs["again"].n_unique() > 100


def test_the_command_prints_the_count_and_the_digest(finished: Path, tmp_path: Path, command: Command):
    out = tmp_path / "a.jsonl"
    ended = command("export", finished, "--to", "timesketch", "--out", out)
    assert (ended.code, "0 requests of 0 sessions" in ended.out) == (0, True)
    told = json.loads(command("export", finished, "--to", "ecs", "--out", out, "--force", "--json").out)
    assert (told["requests"], told["sha256"]) == (0, custody.sha256_of(out))
    assert command("verify", finished).code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--to", "timesketch"], "--out"),
        (["--out", "a"], "--to"),
        (["--to", "splunk", "--out", "a"], "splunk"),
        (["--to", "ecs", "--out", "a", "--verdict", "honest"], "honest"),
        (["--to", "ecs", "--out", "gone/a"], "there is no folder for the file"),
        (["--to", "ecs", "--out", "there"], "there is a file here already"),
        (["--to", "ecs", "--out", "."], "there is something here that is no file"),
        (["--to", "ecs", "--out", "/dev/null", "--force"], "there is something here that is no file"),
        (["--to", "ecs", "--out", "case/evidence/a"], "does not go among the evidence"),
        (["--to", "ecs", "--out", "case/evidence/access.log", "--force"], "does not go among the evidence"),
        (["--to", "ecs", "--out", "linked", "--force"], "does not go among the evidence"),
        (["--to", "ecs", "--out", "case/work/a"], "does not go among the evidence"),
        (["--to", "ecs", "--out", "case/results/sessions.parquet", "--force"], "does not go among the evidence"),
        (["--to", "ecs", "--out", "case/case.toml", "--force"], "does not go among the evidence"),
        (["--to", "ecs", "--out", "case/journal.jsonl", "--force"], "does not go among the evidence"),
        (["--to", "ecs", "--out", "case.key", "--force"], "does not go among the evidence"),
    ],
)
def test_wrong_usage_is_told_and_nothing_is_written(
    finished: Path, command: Command, monkeypatch: pytest.MonkeyPatch, digests: Digests, arguments: list[str], told: str
):
    monkeypatch.chdir(finished.parent)
    Path("there").write_text("kept")
    Path("linked").symlink_to("case/evidence/access.log")
    before = digests(finished.parent)
    ended = command("export", "case", *arguments)
    assert (ended.code, told in ended.err) == (2, True), ended.err
    assert digests(finished.parent) == before


def test_evidence_in_a_folder_of_any_name_is_not_written_among(finished: Path, declare: Declare, tmp_path: Path):
    (finished / "evidence").rename(finished / "pieces")
    (finished / "case.toml").write_text((finished / "case.toml").read_text().replace("evidence/", "pieces/"))
    run(load(finished))
    (finished / "exports").mkdir()
    with pytest.raises(Exception, match="among the evidence"):
        export(load(finished), finished / "pieces" / "a.jsonl", to="ecs")
    export(load(finished), finished / "exports" / "a.jsonl", to="ecs")
    declare('path = "pieces/*.log"', 'path = "**/*.log"')
    with pytest.raises(Exception, match="among the evidence"):
        export(load(finished), finished / "exports" / "a.log", to="ecs")


def refused(command: Command, case: Path, out: Path, *more: object) -> tuple[int, str]:
    ended = command("export", case, "--to", "ecs", "--out", out, *more)
    assert not out.exists()
    return ended.code, ended.err.splitlines()[-1 if "Warning" in ended.err else 0].removeprefix("forensics: ")


def test_a_case_without_finished_results_is_refused_and_left_alone(small: Path, command: Command, tmp_path: Path):
    assert refused(command, small, tmp_path / "a") == (2, "this case has no finished results")
    assert sorted(path.name for path in small.iterdir()) == ["case.toml", "evidence"]


def test_results_of_another_case_toml_are_not_exported(
    finished: Path, command: Command, declare: Declare, tmp_path: Path
):
    declare("[[operator]]", "[settings]\nsession_gap_minutes = 31\n[[operator]]")
    told = "case.toml does not say what it said when the results were made"
    assert refused(command, finished, tmp_path / "a") == (2, told)


def test_requests_that_the_results_were_not_made_from_are_not_exported(
    finished: Path, command: Command, declare: Declare, tmp_path: Path
):
    told = "the requests that the results were made from are not here"
    declare('format = "combined"', 'format = "combined"\nclock_offset_s = 60')
    assert command("ingest", finished).code == 0
    declare("\nclock_offset_s = 60", "")
    assert refused(command, finished, tmp_path / "a") == (2, told)
    assert command("run", finished).code == 0
    assert command("export", finished, "--to", "ecs", "--out", tmp_path / "b").code == 0
    shutil.rmtree(finished / "work")
    assert refused(command, finished, tmp_path / "a") == (2, told)


def test_a_log_of_several_files_in_folders_is_known_again(small: Path, declare: Declare, tmp_path: Path):
    declare("evidence/*.log", "evidence/**/*.log")
    for number, folder in enumerate(("a", "a-b", "b")):  # as text a-b comes before a/, as a path after it
        (small / "evidence" / folder).mkdir()
        text = (small / "evidence" / "access.log").read_text().replace("10:0", f"1{number + 1}:0")
        (small / "evidence" / folder / "access.log").write_text(text)
    run(load(small))
    assert export(load(small), tmp_path / "a", to="ecs")["requests"] == 0


@pytest.mark.parametrize("name", ["sessions", "request_sessions"])
def test_a_result_that_was_touched_is_not_exported(finished: Path, command: Command, tmp_path: Path, name: str):
    path = finished / "results" / f"{name}.parquet"
    path.write_bytes(path.read_bytes() + b"x")
    assert refused(command, finished, tmp_path / "a") == (4, "this result is not the one that the run wrote")


def test_another_key_and_a_case_at_work_are_refused(finished: Path, command: Command, tmp_path: Path):
    (tmp_path / "other.key").write_text("cd" * 32)
    told = "this key is not the one that the results were made with"
    assert refused(command, finished, tmp_path / "a", "--key", tmp_path / "other.key") == (3, told)
    with custody.one_run_at_a_time(load(finished)):
        assert refused(command, finished, tmp_path / "a") == (5, "another run is working on this case")


def test_an_export_that_fails_leaves_the_file_before_it_and_no_entry(
    scraped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    out, entries = tmp_path / "a.jsonl", (scraped / "journal.jsonl").read_bytes()
    out.write_text("before")

    def fails_late(rows: pl.DataFrame) -> pl.Series:
        if rows["request_id"][0] > fails_late.first:  # type: ignore[attr-defined]
            raise OSError(28, "No space left on device")
        return ecs(rows)

    fails_late.first = flagged(scraped)["request_id"][0]  # type: ignore[attr-defined]
    monkeypatch.setattr("forensics.export.ROWS_A_PIECE", 100)
    monkeypatch.setitem(VOCABULARIES, "ecs", fails_late)
    with pytest.raises(OSError, match="No space"):
        export(load(scraped), out, to="ecs", force=True)
    assert out.read_text() == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]
    assert (scraped / "journal.jsonl").read_bytes() == entries
