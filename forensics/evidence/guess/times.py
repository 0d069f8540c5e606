"""One `date_format` for all the dates of a source, from what each column says."""

from __future__ import annotations

from forensics.evidence.guess.dates import Forms, turned
from forensics.evidence.guess.fields import Mapping
from forensics.evidence.guess.shapes import Column
from forensics.evidence.mapping import DATES, INSTANTS
from forensics.evidence.times import ISO_TIMES, USUAL_TIMES

ISO_DAY = "%Y-%m-%d"


def date_format_of(form: str, mapping: Mapping, columns: list[Column]) -> list[str]:
    """Return the forms of a source's dates, none where they are those that its format has anyway.

    A column that cannot tell day from month follows one that can. Two columns in two orders cannot both be read: the
    second is left to be decided.
    """
    written = _written(mapping, columns)
    sure = {one for forms in written.values() if not forms.is_ambiguous for one in forms.forms}
    taken: list[str] = []
    for name, forms in written.items():
        orders = {one[:2] for one in sure}
        is_settled = not forms.is_ambiguous or any(one[:2] in orders for one in forms.forms)
        follows = not is_settled and any(turned(one)[:2] in orders for one in forms.forms)
        ours = tuple(turned(one) for one in forms.forms) if follows else forms.forms
        if any(turned(one) in taken and turned(one) != one for one in ours):
            mapping.decide.append(f"{name}: its column has day and month in the other order than those above it")
            del mapping.fields[name]
            continue
        taken += [one for one in ours if one not in taken]
        if not is_settled and not follows:
            order = "the month" if ours[0].startswith("%m") else "the day"
            mapping.decide.append(
                f"date_format: ambiguous in {name}, no value above 12 tells day from month; {order} is taken as first"
            )
        if name in DATES and any("%y" in one for one in ours):
            mapping.decide.append(f"{name}: years of two digits; 00 to 68 are read as 2000 to 2068")
    usual = {*USUAL_TIMES.get(form, ISO_TIMES), ISO_DAY}
    instants = [one for name, forms in written.items() if name in INSTANTS for one in forms.forms]
    if set(taken) <= usual and ISO_DAY not in instants:
        return []
    return taken


def _written(mapping: Mapping, columns: list[Column]) -> dict[str, Forms]:
    """Return how the dates of each mapped field are written, instants first."""
    of = {column.name: column.dates for column in columns}
    found: dict[str, Forms] = {}
    for name in sorted(mapping.fields, key=lambda one: one not in INSTANTS):
        reference = mapping.fields[name]
        forms = mapping.joined_forms if isinstance(reference, list) else of.get(str(reference))
        if name in INSTANTS | DATES and forms and forms.forms:
            found[name] = forms
    return found


def names_no_zone(mapping: Mapping, columns: list[Column]) -> bool:
    """Return whether an instant is written in a local time whose zone the file does not say."""
    of = {column.name: column.dates for column in columns}
    for name, reference in mapping.fields.items():
        forms = mapping.joined_forms if isinstance(reference, list) else of.get(str(reference))
        if name in INSTANTS and forms and not forms.has_zone:
            return True
    return False
