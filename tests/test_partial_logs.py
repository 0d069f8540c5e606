"""Partial logs: what a proxy, an authentication log and an audit trail each know of a request becomes one request."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from tables import rows

from forensics.case import load
from forensics.errors import EvidenceError
from forensics.evidence.ingest import ingest
from forensics.evidence.joining import nothing_to_join
from forensics.schemas import JoinedLines, Joins, Requests

KEY = bytes.fromhex("ab" * 32)

# The proxy: two sessions. Of r4 it lost the line; r5 has no session; r6 is a file.
PROXY = """
    at       | ip           | port  | agent   | method | path            | status | bytes | ref | token | server
    10:00:00 | 203.0.113.9  | 40001 | Firefox | POST   | /connexion      | 302    | 400   | r1  | s1    | web-1
    10:00:05 | 203.0.113.9  | 40001 | Firefox | GET    | /droits         | 200    | 900   | r2  | s1    | web-1
    10:01:05 | 203.0.113.9  | 40002 | Firefox | GET    | /droits         | 200    | 850   | r3  | s1    | web-2
    10:30:00 | 198.51.100.7 | 40003 | Safari  | GET    | /droits         | 200    | 870   | r5  | -     | web-1
    10:30:01 | 198.51.100.7 | 40003 | Safari  | GET    | /statique/a.css | 200    | 120   | r6  | s2    | web-1
"""
LOGINS = """
    at       | account  | ip           | token
    10:00:00 | opt-0417 | 203.0.113.9  | s1
    10:29:00 | opt-0552 | 198.51.100.7 | s2
"""
AUDIT = """
    at       | account  | action | number        | records | ref | token
    10:00:06 | opt-0417 | rights | 1850575000123 | 2       | r2  | -
    10:01:06 | opt-0417 | rights | 2850675000456 | 1       | r3  | -
    10:02:06 | opt-0417 | rights | 1900175000789 | 1       | r4  | s1
    10:30:06 | opt-0552 | rights | 1900175000789 | 1       | r5  | -
"""
SOURCES = """
[[source]]
id = "proxy"
operator = "Viareso"
kind = "access_log"
path = "evidence/proxy.ndjson"
format = "ecs"
[source.fields]
requested_at = "at"
client_ip = "ip"
client_port = "port"
user_agent = "agent"
method = "method"
path = "path"
status = "status"
response_bytes = "bytes"
request_ref = "ref"
session_token = "token"
server = "server"

[[source]]
id = "logins"
operator = "Viareso"
kind = "authentication"
path = "evidence/logins.ndjson"
format = "ecs"
[source.fields]
requested_at = "at"
account_id = "account"
client_ip = "ip"
session_token = "token"

[[source]]
id = "audit"
operator = "Viareso"
kind = "audit_trail"
path = "evidence/audit.ndjson"
format = "ecs"
subject_kind = "holder_number"
[source.fields]
requested_at = "at"
account_id = "account"
action = "action"
subject = "number"
records_returned = "records"
request_ref = "ref"
session_token = "token"

"""


def written(case: Path, name: str, text: str) -> None:
    lines = [row | {"at": f"2024-01-18T{row['at']}Z"} for row in rows(text)]
    whole = "".join(json.dumps({k: v for k, v in line.items() if v is not None}) + "\n" for line in lines)
    (case / "evidence" / f"{name}.ndjson").write_text(whole)


@pytest.fixture
def partial(small: Path) -> Path:
    """The small case, its log as three."""
    text = (small / "case.toml").read_text()
    head, rest = text.split('[[source]]\nid = "log"', 1)
    (small / "case.toml").write_text(head + SOURCES.lstrip() + rest[rest.index("[[source]]") :])
    (small / "evidence" / "access.log").unlink()
    for name, log in (("proxy", PROXY), ("logins", LOGINS), ("audit", AUDIT)):
        written(small, name, log)
    return small


def table(case: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(case / "work" / f"{name}.parquet")


def ingested(case: Path) -> pl.DataFrame:
    """The requests by reference, after ingest."""
    ingest(load(case), KEY, lambda _: None)
    return Requests.validate(table(case, "requests")).sort("request_ref")


def column(requests: pl.DataFrame, name: str) -> dict[str, Any]:
    return dict(requests.select("request_ref", name).iter_rows())


def test_what_each_log_knows_of_a_request_is_in_one_row(partial: Path):
    request = ingested(partial).row(1, named=True)
    del request["subject_key"], request["operator"]
    assert request.pop("requested_at").isoformat() == "2024-01-18T10:00:05"
    assert request == {
        "request_id": 2**40 + 2, "request_ref": "r2", "server": "web-1", "account_id": "opt-0417",
        "session_token": "s1", "client_ip": "203.0.113.9", "client_port": 40001, "user_agent": "Firefox",
        "method": "GET", "path": "/droits", "action": "rights", "status": 200, "response_bytes": 900,
        "duration_ms": None, "subject_kind": "holder_number", "records_returned": 2,
    }  # fmt: skip


def test_each_request_is_one_row_and_a_login_event_is_none(partial: Path):
    assert ingested(partial)["request_ref"].to_list() == ["r1", "r2", "r3", "r4", "r5", "r6"]


def test_a_line_of_the_audit_trail_alone_is_a_request_and_its_session_says_from_where(partial: Path):
    alone = ingested(partial).filter(pl.col("request_ref") == "r4").row(0, named=True)
    assert alone["request_id"] == 3 * 2**40 + 3
    wanted = ("account_id", "client_ip", "user_agent", "path", "server", "status", "action")
    assert [alone[name] for name in wanted] == ["opt-0417", "203.0.113.9", "Firefox", None, None, None, "rights"]


def test_the_login_says_whose_the_requests_of_a_session_are(partial: Path):
    whose = column(ingested(partial), "account_id")
    assert (whose["r1"], whose["r6"]) == ("opt-0417", "opt-0552")


def test_where_the_login_is_lost_the_other_requests_of_a_session_say_whose_it_is(partial: Path):
    written(partial, "logins", "\n".join(LOGINS.strip().splitlines()[::2]))
    assert column(ingested(partial), "account_id")["r1"] == "opt-0417"
    assert table(partial, "joins").filter(source="proxy").row(0)[2:] == (5, 3, 0, 2, 0, 0)


def test_a_session_belongs_to_its_last_login(partial: Path):
    written(partial, "logins", LOGINS + "    10:01:00 | opt-0999 | 203.0.113.9 | s1\n")
    written(partial, "audit", AUDIT.splitlines()[1])
    (partial / "evidence" / "audit.ndjson").write_text('{"at":"2024-01-18T12:00:00Z","ref":"r9"}\n')
    whose = column(ingested(partial), "account_id")
    assert [whose[ref] for ref in ("r1", "r2", "r3")] == ["opt-0417", "opt-0417", "opt-0999"]


def test_addresses_that_do_not_agree_are_not_guessed(partial: Path):
    written(partial, "proxy", PROXY.replace("10:01:05 | 203.0.113.9 ", "10:01:05 | 203.0.113.8 "))
    requests = ingested(partial)
    assert column(requests, "client_ip")["r4"] is None
    assert column(requests, "user_agent")["r4"] == "Firefox"


def test_every_line_of_each_log_is_accounted_for(partial: Path):
    written(partial, "audit", AUDIT + AUDIT.splitlines()[-1] + "\n")
    with (partial / "evidence" / "logins.ndjson").open("a") as log:
        log.write('{"at":"2024-01-18T10:00:0')
    text = (partial / "case.toml").read_text()
    (partial / "case.toml").write_text(text + "\n[settings]\nmost_rejected_share = 0.5\n")
    ingested(partial)
    accounted = table(partial, "sources").filter(pl.col("source").is_in(["proxy", "logins", "audit"]))
    assert accounted.rows() == [("proxy", 5, 5, 0, 0), ("logins", 3, 2, 1, 0), ("audit", 5, 4, 0, 1)]
    assert table(partial, "duplicates")["reason"].to_list() == ["same request_ref as line 4 of audit"]


def test_the_share_that_found_a_counterpart_is_kept_and_told(partial: Path):
    told: list[str] = []
    ingest(load(partial), KEY, told.append)
    shares = Joins.validate(table(partial, "joins"))
    assert shares.rows() == [
        ("audit", "audit_trail", 4, 3, 0, 1, 0, 0),
        ("logins", "authentication", 2, 0, 0, 2, 0, 0),
        ("proxy", "access_log", 5, 3, 0, 2, 0, 0),
    ]
    assert (
        "joined proxy: 3 of 5 lines by request, 0 by time, 2 by session, 0 alone; "
        "0 show somebody and do not say whom" in told
    )
    lines = JoinedLines.validate(table(partial, "joined_lines"))
    assert lines.drop("joined_by").rows() == [
        (2**40 + 2, 3 * 2**40 + 1),
        (2**40 + 3, 3 * 2**40 + 2),
        (2**40 + 4, 3 * 2**40 + 4),
    ]
    assert set(lines["joined_by"]) == {"request_ref"}


def test_a_run_prints_how_the_logs_join_and_says_what_stayed_alone(partial: Path, command: Callable[..., Any]):
    written(partial, "proxy", PROXY + "    10:31:00 | 192.0.2.1 | 1 | curl | GET | / | 200 | 9 | r7 | - | web-1\n")
    ended = command("run", partial)
    assert ended.code == 0, ended.err
    assert "Joined: proxy, 50.0% of its lines by request, 0.0% by time, 33.3% by session, 16.7% alone" in ended.out
    summary = json.loads((partial / "results" / "summary.json").read_text())
    assert "lines_alone" in summary["limits"]
    assert "partial logs do not join everywhere" in (partial / "results" / "report-en.html").read_text()


def test_an_order_of_lines_or_sources_changes_nothing_but_the_places(partial: Path):
    before = ingested(partial).drop("request_id")
    for name in ("proxy", "audit"):
        path = partial / "evidence" / f"{name}.ndjson"
        path.write_text("".join(reversed(path.read_text().splitlines(keepends=True))))
    assert ingested(partial).drop("request_id").equals(before)


def test_a_number_that_only_the_audit_trail_knows_is_masked_in_the_proxys_path(partial: Path):
    written(partial, "proxy", PROXY.replace("/droits         | 200    | 900", "/carte/AB12     | 200    | 900"))
    written(partial, "audit", AUDIT.replace("1850575000123", "AB12         "))
    text = (partial / "case.toml").read_text().replace('subject_kind = "holder_number"', 'subject_kind = "card_number"')
    (partial / "case.toml").write_text(text)
    assert column(ingested(partial), "path")["r2"] == "/carte/{subject}"


def test_an_audit_trail_may_be_the_only_log(partial: Path):
    text = (partial / "case.toml").read_text()
    text = text[: text.index('[[source]]\nid = "proxy"')] + text[text.index('[[source]]\nid = "audit"') :]
    (partial / "case.toml").write_text(text)
    assert ingested(partial)["request_ref"].to_list() == ["r2", "r3", "r4", "r5"]
    assert table(partial, "joins").height == 0


def test_an_authentication_log_alone_holds_no_request(partial: Path):
    text = (partial / "case.toml").read_text()
    rest = text[text.index('[[source]]\nid = "register"') :]
    logins = text[text.index('[[source]]\nid = "logins"') : text.index('[[source]]\nid = "audit"')]
    (partial / "case.toml").write_text(text[: text.index('[[source]]\nid = "proxy"')] + logins + rest)
    with pytest.raises(EvidenceError, match="there is no request to analyse"):
        ingest(load(partial), KEY, lambda _: None)


def test_logs_of_one_kind_leave_nothing_to_join():
    with duckdb.connect() as connection:
        joined = nothing_to_join(connection)
        assert (joined.shares.height, joined.lines.height, joined.told()) == (0, 0, [])
        assert connection.sql("SELECT count(*) FROM joined_lines").pl().item() == 0
