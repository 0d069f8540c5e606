"""AuditEvents of FHIR, Releases 4 and 5: who asked, for whom, and what, wherever in its lists an event says so."""

from __future__ import annotations

import base64
import json
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from line_cases import case_of, taken, written

from forensics.evidence.formats.fhir_audit import FHIR_AUDIT, read_fhir_audit

CASE = 'format = "fhir_audit"\nsubject_kind = "holder_number"\n'
ELSE = "a document about something else than a request"


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SERVER = {"type": {"text": "server"}, "who": {"display": "fhir-1"}, "requestor": False,
          "network": {"address": "10.0.0.1", "type": "2"}}  # fmt: skip
PROFESSIONAL = {
    "altId": "opt-0417", "name": "NOM Prenom", "requestor": True, "network": {"address": "203.0.113.9", "type": "2"},
    "who": {"reference": "Practitioner/7", "identifier": {"system": "urn:x", "value": "99700000001"}},
}  # fmt: skip
PATIENT = {"what": {"reference": "Patient/p-1", "identifier": {"value": "1850575000123"}}, "role": {"code": "1"}}
SEARCH = {"query": coded("https://p.example/fhir/Patient?identifier=1&x=2"), "role": {"code": "24"}}
REQUEST = {"type": {"code": "XrequestId"}, "what": {"identifier": {"value": "x-1"}}}
R4 = {
    "resourceType": "AuditEvent", "id": "e-1", "recorded": "2024-01-18T11:00:05.250+01:00", "action": "E",
    "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest"},
    "subtype": [{"system": "http://hl7.org/fhir/restful-interaction", "code": "search-type"}], "outcome": "0",
    "agent": [SERVER, PROFESSIONAL], "entity": [REQUEST, SEARCH, PATIENT],
    "source": {"site": "Lyon", "observer": {"display": "fhir-1", "reference": "Device/1"}},
}  # fmt: skip
R5 = {
    "resourceType": "AuditEvent", "id": "e-2", "recorded": "2024-01-18T10:00:05.25Z", "action": "R",
    "category": [{"text": "no code"}, {"coding": [{"code": "rest"}]}],
    "code": {"coding": [{"system": "http://hl7.org/fhir/restful-interaction", "code": "read"}]},
    "outcome": {"code": {"system": "http://hl7.org/fhir/issue-severity", "code": "success"}},
    "patient": {"reference": "Patient/p-1", "identifier": {"value": "1850575000123"}},
    "agent": [{"who": {"display": "fhir-1"}, "requestor": False, "networkUri": "http://fhir-1"},
              {"who": {"reference": "Practitioner/7", "identifier": {"value": "opt-0417"}, "display": "NOM Prenom"},
               "requestor": True, "networkString": "203.0.113.9"}],
    "source": {"site": {"display": "Lyon"}, "observer": {"identifier": {"value": "fhir-1"}}},
    "entity": [{"what": {"reference": "Observation/9"}, "role": {"coding": [{"code": "4"}]}}],
}  # fmt: skip
EXPECTED = {
    "line": 1, "requested_at": datetime(2024, 1, 18, 10, 0, 5, 250_000), "account_id": "opt-0417",
    "client_ip": "203.0.113.9", "status": 200, "server": "fhir-1", "subject": "1850575000123",
}  # fmt: skip


def read(path: Path, *columns: str) -> list[dict[str, Any]]:
    """What the named columns hold, event after event; nothing where they are empty."""
    rows = [row for batch in read_fhir_audit(path, list(columns)) for row in batch.rows.to_dicts()]
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def test_every_usual_field_of_release_4_is_read(tmp_path: Path):
    rows, aside, lines = taken(case_of(tmp_path, CASE), written(tmp_path, R4))
    assert rows == [EXPECTED | {"request_ref": "e-1", "action": "search", "path": "/fhir/Patient"}]
    assert (aside, lines) == ([], 1)


def test_every_usual_field_of_release_5_is_read(tmp_path: Path):
    rows, aside, _ = taken(case_of(tmp_path, CASE), written(tmp_path, R5))
    assert rows == [EXPECTED | {"request_ref": "e-2", "action": "detail"}]
    assert aside == []


def test_without_a_word_of_what_the_subject_is_the_log_is_read_without_it(tmp_path: Path):
    rows, _, _ = taken(case_of(tmp_path, 'format = "fhir_audit"\n'), written(tmp_path, R5))
    assert rows == [
        {name: value for name, value in EXPECTED.items() if name != "subject"}
        | {"request_ref": "e-2", "action": "detail"}
    ]


def test_every_column_of_both_releases(tmp_path: Path):
    found = read(written(tmp_path, R4, R5), *FHIR_AUDIT.made, "action", "source.site", "json:$.agent[0].who.display")
    assert found == [
        {
            "type": "rest", "subtype": "search-type", "interaction": "search", "outcome": "0", "status": "200",
            "account": "opt-0417", "agent.altId": "opt-0417", "agent.identifier": "99700000001",
            "agent.reference": "Practitioner/7", "agent.name": "NOM Prenom", "agent.address": "203.0.113.9",
            "patient.identifier": "1850575000123", "patient.id": "p-1", "patients": "1850575000123",
            "query": "https://p.example/fhir/Patient?identifier=1&x=2",
            "url": "https://p.example/fhir/Patient?identifier=1&x=2", "request_id": "x-1", "observer": "fhir-1",
            "action": "E", "source.site": "Lyon", "json:$.agent[0].who.display": "fhir-1",
        },
        {
            "type": "rest", "subtype": "read", "interaction": "detail", "outcome": "success", "status": "200",
            "account": "opt-0417", "agent.identifier": "opt-0417", "agent.reference": "Practitioner/7",
            "agent.name": "NOM Prenom", "agent.address": "203.0.113.9", "patient.identifier": "1850575000123",
            "patient.id": "p-1", "observer": "fhir-1", "action": "R", "source.site": '{"display":"Lyon"}',
            "json:$.agent[0].who.display": "fhir-1",
        },
    ]  # fmt: skip


@pytest.mark.parametrize("position", range(3))
def test_the_agent_who_asked_is_found_wherever_it_stands(tmp_path: Path, position: int):
    agents = [SERVER, SERVER | {"altId": "other"}]
    agents.insert(position, PROFESSIONAL)
    found = read(written(tmp_path, R4 | {"agent": agents}), "account", "agent.address")
    assert found == [{"account": "opt-0417", "agent.address": "203.0.113.9"}]


UNSAID = {name: value for name, value in PROFESSIONAL.items() if name != "requestor"}


@pytest.mark.parametrize(
    ("agents", "expected"),
    [
        ([UNSAID], "opt-0417"),
        (UNSAID, "opt-0417"),
        ([UNSAID, UNSAID], None),
        ([SERVER], None),
        ([SERVER, UNSAID], None),
        ([PROFESSIONAL | {"requestor": "true"}], "opt-0417"),
        ([PROFESSIONAL, PROFESSIONAL | {"altId": "second"}], "opt-0417"),
        ([PROFESSIONAL | {"altId": " "}], "99700000001"),
        ([{"requestor": True, "who": {"reference": "Practitioner/7"}}], "Practitioner/7"),
        ([{"requestor": True}, PROFESSIONAL], None),
        ([{"requestor": True, "name": "NOM"}], None),
        ([], None),
        (None, None),
        ("opt-0417", None),
    ],
)
def test_who_asked_is_never_guessed_and_a_name_is_no_account(tmp_path: Path, agents: object, expected: str | None):
    assert [row.get("account") for row in read(written(tmp_path, R4 | {"agent": agents}), "account")] == [expected]


@pytest.mark.parametrize(
    ("entities", "expected"),
    [
        ([SEARCH, PATIENT], ("1850575000123", "p-1", "1850575000123")),
        ([{"what": {"reference": "https://a/fhir/Patient/p-2/_history/3"}}], (None, "p-2", None)),
        ([{"what": {"reference": "urn:uuid:1", "type": "Patient"}}], (None, "urn:uuid:1", None)),
        ([{"what": {"identifier": {"value": "7"}}, "role": {"coding": [{"code": "1"}]}}], ("7", None, "7")),
        ([{"what": {"reference": "Observation/1"}}, PATIENT], ("1850575000123", "p-1", "1850575000123")),
        ([{"what": {"reference": "Patient/a"}}, PATIENT], ("1850575000123", "a", "1850575000123")),
        (
            [PATIENT, {"what": {"reference": "Patient/b", "identifier": {"value": "22"}}}],
            ("1850575000123", "p-1", "1850575000123;22"),
        ),
        ([{"what": {"reference": "InPatient/a"}}], (None, None, None)),
        (PATIENT, ("1850575000123", "p-1", "1850575000123")),
        ([], (None, None, None)),
    ],
)
def test_the_patient_is_found_wherever_it_stands(tmp_path: Path, entities: object, expected: tuple[str | None, ...]):
    names = ("patient.identifier", "patient.id", "patients")
    found = read(written(tmp_path, R4 | {"entity": entities}), *names)
    assert [tuple(row.get(name) for name in names) for row in found] == [expected]


@pytest.mark.parametrize(
    ("query", "url"),
    [
        (coded("https://p.example/fhir/Patient?name=x"), "https://p.example/fhir/Patient?name=x"),
        (coded("GET /fhir/Patient?name=x HTTP/1.1\r\nAccept: a/b"), "/fhir/Patient?name=x"),
        (coded("name=x&birthdate=1985"), "?name=x&birthdate=1985"),
        ("\n".join(coded("/fhir/Patient?name=éé")), "/fhir/Patient?name=éé"),
        (base64.b64encode(b"/a?\xff\0").decode(), "/a?\N{REPLACEMENT CHARACTER}\0"),
        ("not base64", None),
        ("", None),
        (7, None),
        ({"a": 1}, None),
    ],
)
def test_the_query_is_decoded_and_says_what_was_asked_for(tmp_path: Path, query: object, url: str | None):
    assert [row.get("url") for row in read(written(tmp_path, R4 | {"entity": [{"query": query}]}), "url")] == [url]


@pytest.mark.parametrize(
    ("outcome", "code", "status"),
    [
        ("0", "0", "200"),
        ("4", "4", "400"),
        ("8", "8", "500"),
        ("12", "12", "500"),
        (8, "8", "500"),
        ({"code": {"code": "warning"}}, "warning", "200"),
        ({"code": {"code": "error"}}, "error", "500"),
        ({"code": {"code": "fatal"}}, "fatal", "500"),
        ({"code": {"code": "information"}}, "information", None),
        ({"code": "0"}, None, None),
        (None, None, None),
    ],
)
def test_an_outcome_is_told_as_the_status_it_would_be(
    tmp_path: Path, outcome: object, code: str | None, status: str | None
):
    found = read(written(tmp_path, R4 | {"outcome": outcome}), "outcome", "status")[0]
    assert (found.get("outcome"), found.get("status")) == (code, status)


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("110122", "login"), ("110106", "export"), ("search", "search"), ("110112", "search"), ("read", "detail"),
        ("vread", "detail"), ("update", "other"), ("110123", "other"), ("operation", None),
    ],
)  # fmt: skip
def test_interactions_are_told_in_our_words_from_any_of_their_codes(tmp_path: Path, code: str, word: str | None):
    bare = {name: value for name, value in R4.items() if name not in ("type", "subtype")}
    places = [
        {"type": {"code": code}},
        {"subtype": [{"code": "x"}, {"code": code}]},
        {"category": [{"coding": [{"code": "x"}, {"code": code}]}]},
        {"code": {"coding": [{"code": code}]}},
    ]
    found = read(written(tmp_path, *(bare | place for place in places)), "interaction")
    assert [row.get("interaction") for row in found] == [word] * 4


def test_an_export_of_elastic_is_read(tmp_path: Path):
    rows, _, _ = taken(case_of(tmp_path, CASE), written(tmp_path, {"_id": "a", "_source": R5}))
    assert rows == [EXPECTED | {"request_ref": "e-2", "action": "detail"}]


def test_bundles_and_other_resources_are_set_aside(tmp_path: Path):
    others = [{"resourceType": "Bundle", "entry": [{"resource": R4}]}, {"resourceType": "Patient"}, {}, R4["agent"][0]]
    rows, aside, lines = taken(case_of(tmp_path, CASE), written(tmp_path, *others, R4, "", json.dumps(R4)[:-1], "[]"))
    assert [row["line"] for row in rows] == [5]
    assert aside == [*[ELSE] * 4, "empty line", "not a whole JSON document", "not a JSON document"]
    assert lines == 8


def test_without_a_time_that_exists_an_event_is_set_aside(tmp_path: Path):
    changed = [R4 | {"recorded": value} for value in ("2024-01", "2024-13-01T00:00:00Z", None, 10**30)]
    rows, aside, _ = taken(case_of(tmp_path, CASE), written(tmp_path, *changed))
    assert rows == []
    wrong = "requested_at: not a time that exists in the declared format and zone"
    assert aside == [wrong, wrong, "requested_at: missing", wrong]


START = b'{"resourceType":"AuditEvent","recorded":"2024-01-18T10:00:05Z",'
HOSTILE = [
    START + b'"entity":' + b'[{"what":' * 3_000 + b"1" + b"}]" * 3_000 + b"}",
    START + b'"agent":[{"requestor":true,"altId":"a\\u0000b"}]}',
    START + b'"agent":[{"requestor":true,"altId":"a\0b"}]}',
    START + b'"agent":[{"requestor":true,"altId":"\xff\xfe"}]}',
    START + b'"agent":[{"requestor":true,"altId":"\\ud800"}]}',
    START + b'"agent":[{"requestor":true,"requestor":false,"altId":"x","altId":"y"}]}',
    START + b'"agent":[1,null,"x",[],{"requestor":{"a":1},"who":[1],"network":"x"}],"entity":[null,[],{"what":7}]}',
    START + b'"category":[1,{"coding":1},{"coding":[]},{"coding":[1]}],"code":[1],"subtype":{"code":{"a":1}}}',
    START + b'"agent":[{"requestor":1e999,"altId":' + b"9" * 400 + b"}]}",
]


@pytest.mark.parametrize("line", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_events_are_rows_or_are_set_aside(tmp_path: Path, line: bytes):
    path = tmp_path / "log"
    path.write_bytes(line + b"\n" + json.dumps(R4).encode())
    batches = list(read_fhir_audit(path, [*FHIR_AUDIT.made, "recorded"]))
    assert sum(b.places.height + b.unreadable.height for b in batches) == sum(b.lines for b in batches) == 2
    assert batches[-1].rows["account"][-1] == "opt-0417"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["1", "Patient/a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["what", "who", "code", "coding", "role", "identifier", "requestor"]), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=30),
            JSON.map(lambda value: json.dumps(value).encode()),
            st.dictionaries(st.sampled_from([*R4, *R5, "_source"]), JSON).map(
                lambda changed: json.dumps(R4 | changed).encode()
            ),
            st.tuples(st.sampled_from([0, 1]), JSON).map(
                lambda two: json.dumps(R4 | {"agent": [PROFESSIONAL] * two[0] + [two[1]], "entity": [two[1]]}).encode()
            ),
        ),
        max_size=8,
    )
)
def test_any_bytes_are_accounted_for_line_by_line(pieces: list[bytes]):
    content = b"{}\n" + b"\n".join(pieces)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        path.write_bytes(content)
        _, _, lines = taken(case_of(Path(folder), CASE), path)
        numbers = [
            n for b in read_fhir_audit(path, list(FHIR_AUDIT.made)) for n in (*b.places["line"], *b.unreadable["line"])
        ]
    assert lines == content.count(b"\n") + (not content.endswith(b"\n"))
    assert sorted(numbers) == list(range(1, lines + 1))


def test_a_case_with_nothing_but_an_audit_trail_of_fhir_is_run_whole(small: Path, command: Callable[..., Any]):
    text = (small / "case.toml").read_text(encoding="utf-8")
    start, rest = text.split('kind = "access_log"', 1)
    source = 'kind = "audit_trail"\npath = "evidence/*.log"\nformat = "fhir_audit"\nsubject_kind = "holder_number"\n\n'
    (small / "case.toml").write_text(start + source + rest[rest.index("[[source]]") :], encoding="utf-8")
    of = [PATIENT | {"what": {"identifier": {"value": holder}}} for holder in ("1850575000123", "2850675000456")]
    events = [R4 | {"id": f"e-{n}", "entity": [entity]} for n, entity in enumerate(of)]
    events.append(R4 | {"id": "e-2", "entity": [of[0]], "outcome": "8"})
    (small / "evidence" / "access.log").write_text("".join(f"{json.dumps(one)}\n" for one in events))
    assert command("run", small).code == 0
    requests = pl.read_parquet(small / "work" / "requests.parquet").sort("request_ref")
    assert requests.select("request_ref", "account_id", "action", "status").rows() == [
        ("e-0", "opt-0417", "search", 200), ("e-1", "opt-0417", "search", 200), ("e-2", "opt-0417", "search", 500),
    ]  # fmt: skip
    assert requests["subject_key"].n_unique() == 2
