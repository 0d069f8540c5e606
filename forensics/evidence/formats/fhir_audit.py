"""AuditEvents of HL7 FHIR, Release 4 (and 4B) or 5, one a line; Bundles and other resources are set aside.

Besides the resource's own names (`recorded`, `id`, `source.site`, `json:$.a[0].b` ..) an event has:

- `type` and `subtype`: the codes of what happened, with `;` between them: `type` and `subtype`, in Release 5
  `category` and `code`;
- `interaction`: the same in our words, nothing where no code is known;
- `outcome`: its code: 0, 4, 8, 12, in Release 5 fatal, error, warning, information, success;
- `status`: what the outcome would be over HTTP (200, 400, 500), as these events hold no status; nothing where the code
  tells no success from a failure;
- of the agent who asked, wherever it stands: `agent.altId`, `agent.identifier`, `agent.reference`, `agent.name` (in
  Release 5 `who.display`), `agent.address` (in Release 5 `networkString` or `networkUri`), and `account`, the first of
  altId, identifier and reference. It is the first agent that is the requestor; where none says whether it is, the
  agent that is alone;
- of the first entity that is a Patient, wherever it stands, else of `patient` of Release 5: `patient.identifier`, and
  `patient.id`, the resource's own; `patients`: the identifiers of all such entities, with `;` between them;
- `query`: that of the first entity which has one, decoded; `url`: the address that it asks for;
- `request_id`: that of an entity of type XrequestId;
- `observer`: display, else identifier, else reference of who recorded the event.

Names: HL7 FHIR, https://hl7.org/fhir/R4/auditevent.html and https://hl7.org/fhir/R5/auditevent.html; XrequestId: IHE
Basic Audit Log Patterns, https://profiles.ihe.net/ITI/BALP/
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from forensics.evidence.formats.lines import Batch
from forensics.evidence.formats.ndjson import Words, first_filled, read_documents

CODING = '{"code":"VARCHAR"}'
CONCEPT = f'{{"coding":[{CODING}]}}'
REFERENCE = '{"reference":"VARCHAR","type":"VARCHAR","display":"VARCHAR","identifier":{"value":"VARCHAR"}}'
LISTS = {
    "agent[]": f'[{{"requestor":"VARCHAR","altId":"VARCHAR","name":"VARCHAR","who":{REFERENCE},'
    f'"network":{{"address":"VARCHAR"}},"networkString":"VARCHAR","networkUri":"VARCHAR"}}]',
    "entity[]": f'[{{"what":{REFERENCE},"type":{CODING},"role":{{"code":"VARCHAR","coding":[{CODING}]}},'
    f'"query":"VARCHAR"}}]',
    "subtype[]": f"[{CODING}]",
    "category[]": f"[{CONCEPT}]",
    "code.coding[]": f"[{CODING}]",
}
INTERACTIONS = {
    "login": {"110122"},
    "export": {"110106"},
    "search": {"search", "search-type", "search-system", "110112"},
    "detail": {"read", "vread", "history", "history-instance"},
    "other": {"create", "update", "patch", "delete", "110123"},
}
"""Our words, the first to be preferred: the codes of FHIR's interactions, and of DICOM (PS3.16, CID 400 and 401)."""
STATUS = {
    "0": "200", "4": "400", "8": "500", "12": "500", "success": "200", "warning": "200", "error": "500", "fatal": "500",
}  # fmt: skip
"""An action with a warning did not fail; information has no relation to success."""
PATIENT_ROLE = "1"
LOGICAL_ID = r"(?:^|/)Patient/([A-Za-z0-9.-]{1,64})(?:$|/_history/)"
IS_PATIENT = r"(?:^|/)Patient/"
ASKED_FOR = r"^\s*(?:[A-Z]+ +)?(\S+)"
"""In a query: a URL, parameters alone, or a request whose first line begins with its method."""


def _joined(values: pl.Expr) -> pl.Expr:
    return pl.when(values.list.len() > 0).then(values.list.join(";"))


def _member(name: str) -> Callable[[pl.Expr], pl.Expr]:
    """Return what reads a member of the agent who asked."""

    def read(agents: pl.Expr) -> pl.Expr:
        return _part(_asking(agents), name)

    return read


def _asking(agents: pl.Expr) -> pl.Expr:
    requestor = pl.element().struct.field("requestor")
    asking = agents.list.filter(requestor == "true")
    alone = agents.list.filter(requestor.is_null() & (pl.len() == 1))
    return pl.when(asking.list.len() > 0).then(asking).otherwise(alone).list.first()


def _part(of: pl.Expr, name: str) -> pl.Expr:
    """Return a part of a struct, by its name or by names with dots between them."""
    for member in name.split("."):
        of = of.struct.field(member)
    return of


def _account(agents: pl.Expr) -> pl.Expr:
    asking = _asking(agents)
    return first_filled(*(_part(asking, name) for name in ("altId", "who.identifier.value", "who.reference")))


def _agent_name(agents: pl.Expr) -> pl.Expr:
    asking = _asking(agents)
    return first_filled(_part(asking, "name"), _part(asking, "who.display"))


def _address(agents: pl.Expr) -> pl.Expr:
    asking = _asking(agents)
    return first_filled(*(_part(asking, name) for name in ("network.address", "networkString", "networkUri")))


def _codes(list_of_codings: pl.Expr) -> pl.Expr:
    return list_of_codings.list.eval(pl.element().struct.field("code").drop_nulls())


def _category_codes(categories: pl.Expr) -> pl.Expr:
    codings = pl.element().struct.field("coding").explode()
    return categories.list.eval(codings.struct.field("code").drop_nulls())


def _type(code: pl.Expr, categories: pl.Expr) -> pl.Expr:
    return first_filled(code, _joined(_category_codes(categories)))


def _subtype(subtypes: pl.Expr, codings: pl.Expr) -> pl.Expr:
    return first_filled(_joined(_codes(subtypes)), _joined(_codes(codings)))


def _interaction(code: pl.Expr, categories: pl.Expr, subtypes: pl.Expr, codings: pl.Expr) -> pl.Expr:
    several = [_category_codes(categories), _codes(subtypes), _codes(codings)]
    known = [
        pl.any_horizontal(code.is_in(sorted(codes)), *(_has_any(of, codes) for of in several))
        for codes in INTERACTIONS.values()
    ]
    return pl.coalesce(pl.when(is_it).then(pl.lit(word)) for word, is_it in zip(INTERACTIONS, known, strict=True))


def _has_any(of: pl.Expr, codes: set[str]) -> pl.Expr:
    return of.list.eval(pl.element().is_in(sorted(codes))).list.any()


def _outcome(outcome: pl.Expr, code: pl.Expr) -> pl.Expr:
    return first_filled(code, pl.when(~outcome.str.starts_with("{")).then(outcome))


def _status(outcome: pl.Expr, code: pl.Expr) -> pl.Expr:
    return _outcome(outcome, code).replace_strict(STATUS, default=None)


def _patients(entities: pl.Expr) -> pl.Expr:
    what, role = pl.element().struct.field("what"), pl.element().struct.field("role")
    is_one = pl.any_horizontal(
        what.struct.field("reference").str.contains(IS_PATIENT),
        what.struct.field("type") == "Patient",
        role.struct.field("code") == PATIENT_ROLE,
        _codes(role.struct.field("coding")).list.contains(PATIENT_ROLE),
    )
    return entities.list.filter(is_one)


def _of_patients(entities: pl.Expr, name: str) -> pl.Expr:
    return _patients(entities).list.eval(_part(pl.element(), f"what.{name}").drop_nulls())


def _patient_identifier(entities: pl.Expr, of_event: pl.Expr) -> pl.Expr:
    return first_filled(_of_patients(entities, "identifier.value").list.first(), of_event)


def _patient_id(entities: pl.Expr, of_event: pl.Expr) -> pl.Expr:
    reference = first_filled(_of_patients(entities, "reference").list.first(), of_event)
    return first_filled(reference.str.extract(LOGICAL_ID), reference)


def _all_patients(entities: pl.Expr) -> pl.Expr:
    return _joined(_of_patients(entities, "identifier.value"))


def _query(entities: pl.Expr) -> pl.Expr:
    coded = entities.list.eval(pl.element().struct.field("query").drop_nulls()).list.first()
    return coded.map_elements(_decoded, return_dtype=pl.String)


def _decoded(coded: str) -> str | None:
    """Return what base64 stands for, nothing where it is none; bytes that are no text become U+FFFD."""
    try:
        return base64.b64decode("".join(coded.split()), validate=True).decode(errors="replace")
    except ValueError:
        return None


def _url(entities: pl.Expr) -> pl.Expr:
    asked = _query(entities).str.extract(ASKED_FOR)
    return pl.when(asked.str.contains(r"[/?]")).then(asked).otherwise(pl.concat_str([pl.lit("?"), asked]))


def _request_id(entities: pl.Expr) -> pl.Expr:
    of_request = entities.list.filter(_part(pl.element(), "type.code") == "XrequestId")
    return _part(of_request.list.first(), "what.identifier.value")


AGENTS, ENTITIES = ("agent[]",), ("entity[]",)
FHIR_AUDIT = Words(
    made={
        "type": (("type.code", "category[]"), _type),
        "subtype": (("subtype[]", "code.coding[]"), _subtype),
        "interaction": (("type.code", "category[]", "subtype[]", "code.coding[]"), _interaction),
        "outcome": (("outcome", "outcome.code.code"), _outcome),
        "status": (("outcome", "outcome.code.code"), _status),
        "account": (AGENTS, _account),
        "agent.altId": (AGENTS, _member("altId")),
        "agent.identifier": (AGENTS, _member("who.identifier.value")),
        "agent.reference": (AGENTS, _member("who.reference")),
        "agent.name": (AGENTS, _agent_name),
        "agent.address": (AGENTS, _address),
        "patient.identifier": ((*ENTITIES, "patient.identifier.value"), _patient_identifier),
        "patient.id": ((*ENTITIES, "patient.reference"), _patient_id),
        "patients": (ENTITIES, _all_patients),
        "query": (ENTITIES, _query),
        "url": (ENTITIES, _url),
        "request_id": (ENTITIES, _request_id),
        "observer": (
            ("source.observer.display", "source.observer.identifier.value", "source.observer.reference"),
            first_filled,
        ),
    },
    required="resourceType",
    meant=frozenset({"AuditEvent"}),
    lists=LISTS,
)


def read_fhir_audit(path: Path, columns: list[str]) -> Iterator[Batch]:
    """Read AuditEvents, plain or compressed; every value is given as text."""
    yield from read_documents(path, columns, FHIR_AUDIT)
