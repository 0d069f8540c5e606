"""The kind of a source and where its fields are, from the names of its columns and from what is in them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import polars as pl

from forensics.declaration import Reference
from forensics.evidence.guess.dates import JOINED, Forms, forms_of
from forensics.evidence.guess.header import DATA
from forensics.evidence.guess.known import FILE_NAMES, PLACES, SIGNS
from forensics.evidence.guess.names import KNOWN, fit, normal, subject_kind_of
from forensics.evidence.guess.shapes import Column, profile
from forensics.evidence.mapping import DATES, INSTANTS, JOINED_BY, NUMBERS
from forensics.vocabulary import EVIDENCE_FIELDS, LOG_KINDS

NATURES: dict[str, frozenset[str]] = {
    **dict.fromkeys((*INSTANTS, *DATES), frozenset({"time", "date"})),
    **dict.fromkeys(NUMBERS, frozenset({"whole number", "decimal comma", "decimal number"})),
    "client_ip": frozenset({"address"}),
    "user_agent": frozenset({"agent", "text"}),
    "path": frozenset({"URL", "text"}),
    "method": frozenset({"text"}),
}
"""What a column must hold to be taken for a field."""
OWN = {
    "client_ip": "address", "user_agent": "agent", "path": "URL", "requested_at": "time", "submitted_at": "time",
    "window_start": "time", "subject": "social-security number", "beneficiary_number": "social-security number",
    "holder_number": "social-security number",
}  # fmt: skip
"""What a field's column mostly holds: by that it is found where its name says nothing."""
MOSTLY, WITHOUT_NAME = 5, 0.7
EVENTS = ("splunk", "timesketch")
"""The formats that say when something was and leave all else to the columns that an export has."""
HOST = "export.host"
MORE = ("session_token", "request_ref", "action", "subject", "records_returned", "returned_people")
"""What a log in the words of a schema may have besides, by a name that its operator chose."""
LOGGED_IN = 0.1
"""The share of lines that name a user above which a log's clients are its users."""
MOST_PARAMETERS, RARE = 8, 0.01
SUBJECTS_IN_PATH = r"[/=][12378][0-9]{2}(?:0[1-9]|1[0-2])(?:[0-9]{2}|2[ABab])[0-9]{6}(?:[0-9]{2})?(?:[/?&#]|$)"


@dataclass(kw_only=True)
class Mapping:
    """What a source is, as far as can be told.

    Attributes:
        kind: one of the kinds of `[[source]]`.
        fields: ours = theirs.
        why: what each field was told by: "name", "content" or "format".
        subject_kind: what the subject is, where there is one.
        joined_forms: forms of the dates that two columns make together.
        score: how much speaks for the kind.
        decide: what the investigator has to decide.
    """

    kind: str
    fields: dict[str, Reference] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    subject_kind: str | None = None
    joined_forms: Forms | None = None
    score: float = 0.0
    decide: list[str] = field(default_factory=list)

    @property
    def missing(self) -> list[str]:
        """Return the required fields that were not found."""
        return [name for name, needed in EVIDENCE_FIELDS[self.kind].items() if needed and name not in self.fields]


def mapping_of(form: str, columns: list[Column], rows: pl.DataFrame, file: str) -> Mapping:
    """Return the kind of a source and its fields.

    Args:
        form: its format.
        columns: profiles of its columns.
        rows: the same columns, of the beginning of the file.
        file: the file's name, which may say of what kind it is.
    """
    if form in PLACES and form not in EVENTS:
        found = _by_format(form, columns, rows)
    else:
        kinds = [kind for kind in SIGNS if form not in EVENTS or kind in LOG_KINDS]  # events are no lists of people
        found = max((_by_name(kind, columns, rows, file) for kind in kinds), key=lambda one: one.score)
    if form in EVENTS and found.kind in LOG_KINDS:
        found.fields["requested_at"], found.why["requested_at"] = PLACES[form]["requested_at"], "format"
    if found.kind in LOG_KINDS:
        _client(found, columns)
        _subject(found, form, columns, rows)
    found.fields = {name: found.fields[name] for name in EVIDENCE_FIELDS[found.kind] if name in found.fields}
    return found


def _by_format(form: str, columns: list[Column], rows: pl.DataFrame) -> Mapping:
    filled = {column.name: column.filled for column in columns}
    there = {
        name: place
        for name, place in PLACES[form].items()
        if filled.get("url" if place == "url.path" else place, 0) > (LOGGED_IN if name == "account_id" else 0)
    }
    kind = "audit_trail" if form == "fhir_audit" else "access_log"
    found = Mapping(kind=kind, fields=dict(there), why=dict.fromkeys(there, "format"))
    if "server" not in there and filled.get(HOST):
        found.fields["server"], found.why["server"] = HOST, "name"
    if kind == "access_log" and not {"path", "method", "status"} & there.keys():
        found.kind = "authentication"
    taken = {str(place) for place in there.values()} | {"url"}
    for column in columns:
        best = max(MORE, key=lambda name: fit(column.name, found.kind, name))
        is_free = column.filled and column.name not in taken and best not in found.fields
        if is_free and fit(column.name, found.kind, best) > 1 and fits_nature(best, column, found.kind):
            _take(found, best, column, "name")
    if "requested_at" not in there:
        _day_and_time(found, columns, rows, taken)
    agent = next((column.name for column in columns if column.nature == "agent"), None)
    if "user_agent" not in there and agent:
        found.fields["user_agent"], found.why["user_agent"] = agent, "content"
    return found


def _by_name(kind: str, columns: list[Column], rows: pl.DataFrame, file: str) -> Mapping:
    found = Mapping(kind=kind)
    offers = [
        (fits + MOSTLY * (OWN.get(name) == column.nature), -number, name, column)
        for number, column in enumerate(columns)
        for name in KNOWN[kind]
        if (fits := fit(column.name, kind, name)) and fits_nature(name, column, kind)
    ]
    taken: set[str] = set()
    for _, _, name, column in sorted(offers, key=lambda one: one[:3], reverse=True):
        if name not in found.fields and column.name not in taken:
            _take(found, name, column, "name")
            taken.add(column.name)
    _by_content(found, columns, taken)
    _day_and_time(found, columns, rows, taken)
    if kind == "register":
        _one_number(found)
    of = [SIGNS[kind].get(name, 0.5) * (1 if why == "name" else WITHOUT_NAME) for name, why in found.why.items()]
    said = 1.5 if FILE_NAMES[kind] & set(normal(file).split()) else 0
    found.score = (sum(of) + said) * (0.3 if found.missing else 1)
    return found


def fits_nature(name: str, column: Column, kind: str) -> bool:
    """Return whether a column holds what a field can be read from."""
    if column.nature == "nothing":
        return not EVIDENCE_FIELDS[kind][name] and kind not in LOG_KINDS
    if name == "status" and not column.is_status:
        return False
    if name == "department" and column.dates:
        return True
    return column.nature in NATURES.get(name, {column.nature})


def _take(found: Mapping, name: str, column: Column, why: str) -> None:
    found.fields[name] = "url.path" if (name, column.name) == ("path", "url") else column.name
    found.why[name] = why


def _by_content(found: Mapping, columns: list[Column], taken: set[str]) -> None:
    """Find by what they hold the fields that no name told."""
    for name, nature in OWN.items():
        if name in found.fields or name not in EVIDENCE_FIELDS[found.kind]:
            continue
        if name == "holder_number" and found.kind != "claims":
            continue
        if name == "path" and not {"method", "status"} & found.fields.keys():
            continue
        column = next((one for one in columns if one.nature == nature and one.name not in taken), None)
        if column:
            _take(found, name, column, "content")
            taken.add(column.name)
    free = [one for one in columns if one.is_status and one.name not in taken]
    if found.kind == "access_log" and "status" not in found.fields and len(free) == 1 and not free[0].distinct:
        _take(found, "status", free[0], "content")
        taken.add(free[0].name)


def _day_and_time(found: Mapping, columns: list[Column], rows: pl.DataFrame, taken: set[str]) -> None:
    """Join a day and a time of day that stand in two columns into the instant that the kind requires."""
    needed = next((name for name in EVIDENCE_FIELDS[found.kind] if name in INSTANTS), None)
    natures = {column.name: column.nature for column in columns}
    have = found.fields.get(needed) if needed else None
    clock = next((one.name for one in columns if one.nature == "time of day"), None)
    if not needed or not clock or (isinstance(have, str) and natures[have] == "time"):
        return
    day = have or next((one.name for one in columns if one.nature == "date" and one.name not in taken), None)
    if not isinstance(day, str):
        return
    both = rows.select(pl.concat_str(pl.col(day, clock).cast(pl.String).fill_null(""), separator=JOINED_BY))
    text = both.to_series().filter(both.to_series() != JOINED_BY)
    if forms := forms_of(text, JOINED):
        found.fields[needed], found.why[needed], found.joined_forms = [day, clock], "content", forms
        taken |= {day, clock}


def _client(found: Mapping, columns: list[Column]) -> None:
    """Take an address and an agent for a client where nobody logs in."""
    if "account_id" in found.fields:
        return
    parts = [found.fields[name] for name in ("client_ip", "user_agent") if name in found.fields]
    names = [part for part in parts if isinstance(part, str)]
    if names:
        found.fields["account_id"], found.why["account_id"] = names[0] if len(names) == 1 else names, "content"
        users = [column for column in columns if column.name in ("user", "cs-username") and column.filled]
        told = f" (a user stands in {users[0].filled:.1%} of lines)" if users else ""
        found.decide.append(f"account_id: no login was found{told}, so a client is where it comes from and its agent")


def _subject(found: Mapping, form: str, columns: list[Column], rows: pl.DataFrame) -> None:
    """Find what is asked for: a column, or a parameter of the URL that holds social-security numbers."""
    if isinstance(subject := found.fields.get("subject"), str):
        found.subject_kind = subject_kind_of(subject)
        found.decide.append(f"subject_kind: {found.subject_kind} is what the name or the shape of {subject!r} suggests")
        return
    if "url" not in rows.columns:
        if "path" in found.fields:
            found.decide.append(
                "subject: no column holds it; of a URL a parameter can be taken where the column is url"
            )
        return
    asked = parameters(rows["url"])
    for parameter in asked:
        if parameter.nature == "social-security number":
            name = parameter.name.removeprefix("url.query.")
            found.fields["subject"], found.why["subject"] = parameter.name, "content"
            found.subject_kind = subject_kind_of(name)
            found.decide.append(f"subject_kind: {found.subject_kind} is what the shape of {name!r} suggests")
            return
    told = "; ".join(f"{one.name} {_shape(one)}in {one.filled:.1%}" for one in asked) or "the URLs have no parameter"
    found.decide.append(f'subject: nothing says whom a request asked for ({told}); for pages "url.path"')
    in_path = rows["url"].str.contains(SUBJECTS_IN_PATH).sum()
    if in_path:
        found.decide.append(f"subject: {in_path:,} paths hold what looks like a social-security number")


def _shape(column: Column) -> str:
    return f"{column.shapes[0][0]} " if column.shapes else ""


def parameters(urls: pl.Series) -> list[Column]:
    """Return profiles of the parameters that URLs have, the commonest first; of each as often as it is there."""
    query = pl.col("url").str.extract(r"\?([^#]*)").str.split("&")
    pairs = urls.alias("url").to_frame().select(pair=query).explode("pair").drop_nulls()
    cut = pairs.select(
        name=pl.col("pair").str.extract(r"^([A-Za-z_][A-Za-z0-9_-]{0,39})="),
        value=pl.col("pair").str.extract(r"=(.*)$"),
    ).drop_nulls()
    common = cut["name"].value_counts(sort=False, name="n").filter(pl.col("n") >= max(2, RARE * urls.len()))
    found = []
    for name, n in common.sort("n", "name", descending=[True, False]).head(MOST_PARAMETERS).iter_rows():
        if not DATA.fullmatch(name):
            values = cut.filter(pl.col("name") == name)["value"]
            found.append(
                replace(profile(f"url.query.{name}", values), rows=urls.len(), empty=urls.len() - min(n, urls.len()))
            )
    return found


def _one_number(found: Mapping) -> None:
    """Take the holder's number for each person's where a register has no other."""
    fields = found.fields
    if "beneficiary_number" not in fields and "holder_number" in fields:
        fields["beneficiary_number"], found.why["beneficiary_number"] = fields["holder_number"], "content"
        found.decide.append(
            "beneficiary_number: the only number found is the holder's; with birth dates it tells people"
        )
    elif "holder_number" not in fields:
        found.decide.append("holder_number: no column of the holder's number was found; a child may have only that")
