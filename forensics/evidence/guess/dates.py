"""How a column writes its dates: the forms that read most of its values, day before month where nothing tells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache

import polars as pl

from forensics.declaration import EPOCHS
from forensics.evidence.mapping import JOINED_BY
from forensics.evidence.times import ISO_TIMES, LOG_TIME

DAYS = (
    "%d/%m/%Y", "%m/%d/%Y", "%Y-%m-%d", "%Y/%m/%d", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%d/%m/%y", "%m/%d/%y",
    "%d-%m-%y", "%d.%m.%y", "%Y%m%d", "%d-%b-%Y", "%d %b %Y", "%d%m%Y",
)  # fmt: skip
CLOCKS = (
    "%H:%M:%S", "%H:%M", "%H:%M:%S%.f", "%H:%M:%S,%3f", "%Hh%M", "%Hh%Mm%Ss", "%I:%M:%S %p", "%I:%M %p",
    "%H:%M:%S %z", "%H:%M:%S%.f%#z",
)  # fmt: skip
TIMES = (
    *ISO_TIMES, "%Y-%m-%dT%H:%M", LOG_TIME, "%d/%b/%Y:%H:%M:%S%.f", "%Y%m%d%H%M%S",
    *(f"{day} {clock}" for day in DAYS for clock in CLOCKS),
)  # fmt: skip
JOINED = tuple(f"{day}{JOINED_BY}{clock}" for day in DAYS for clock in CLOCKS)
"""Day and time of two columns, as `[source.fields]` joins them."""
FIRST, LAST = date(1850, 1, 1), date(2100, 1, 1)
MOST_FORMS = 3
FEW = 40
"""Values on which a form is tried before all of them are."""
LENGTHS = (8, 40)
ENOUGH = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Forms:
    """How a column writes its dates or times.

    Attributes:
        forms: values for `date_format`, the one that reads most first.
        share: of the filled values, those that one of the forms reads.
        has_time: whether they say the time of the day.
        has_zone: whether they say their zone, or count since 1970 in UTC.
        is_ambiguous: whether no value tells day from month; then the day is taken to be first.
    """

    forms: tuple[str, ...]
    share: float
    has_time: bool
    has_zone: bool
    is_ambiguous: bool = False


def forms_of(values: pl.Series, candidates: tuple[str, ...] = (*DAYS, *TIMES)) -> Forms | None:
    """Return how a column of text writes its dates; None where most of its values are none."""
    text = values.str.strip_chars()
    if not text.len() or not text.str.len_chars().is_between(*LENGTHS).mean():
        return None
    few = text.gather_every(max(1, text.len() // FEW)).head(FEW)
    signs = {_signs(one) for one in few}
    likely = [form for form in candidates if signs & _signs_of(form)]
    found = {form: read for form in likely if read_by(few, form).any() and (read := read_by(text, form)).any()}
    chosen: list[str] = []
    done = nothing(text)
    while found and len(chosen) < MOST_FORMS and not done.all():
        best = max(found, key=lambda form: ((found[form] & ~done).sum(), -candidates.index(form)))
        if (found[best] & ~done).sum() <= 0.005 * text.len():
            break
        chosen.append(best)
        done |= found.pop(best)
    if not chosen or share_of(done) < ENOUGH:
        return None
    return Forms(
        forms=tuple(chosen),
        share=share_of(done),
        has_time=all("%H" in form or "%I" in form for form in chosen),
        has_zone=all("z" in form for form in chosen),
        is_ambiguous=any(turned(form) in found and bool(found[turned(form)].all()) for form in chosen),
    )


def _signs(text: str) -> str:
    """Return what stands between the digits of a text, a run of letters as one."""
    return re.sub(r"[^\W\d_]+", "a", re.sub(r"[0-9]+", "", text))


@cache
def _signs_of(form: str) -> frozenset[str]:
    """Return what can stand between the digits of a date in a form: without it, a form need not be tried."""
    zones = ("+", "-", "+:", "-:", "a", "") if "z" in form else ("",)
    points = (".", "") if "%.f" in form else ("",)
    bare = form.replace("%b", "a").replace("%p", "a").replace("%3f", "")
    return frozenset(
        _signs(re.sub(r"%[YmdHMSIy]", "", bare.replace("%#z", zone).replace("%z", zone).replace("%.f", point)))
        for zone in zones
        for point in points
    )


def turned(form: str) -> str:
    """Return a form with day and month in each other's place."""
    return form.replace("%d", "%D").replace("%m", "%d").replace("%D", "%m")


def nothing(values: pl.Series) -> pl.Series:
    """Return a mark that no value has."""
    return pl.repeat(value=False, n=values.len(), dtype=pl.Boolean, eager=True)


def share_of(marks: pl.Series) -> float:
    """Return the share of marks that are set, 0 where there are none."""
    return int(marks.sum()) / marks.len() if marks.len() else 0.0


def read_by(text: pl.Series, form: str) -> pl.Series:
    """Return which values a form reads as a day that a case can be about."""
    zone = "UTC" if "z" in form else None
    try:
        day = text.str.to_datetime(form, time_zone=zone, time_unit="us", strict=False).dt.date()
    except pl.exceptions.PolarsError:
        return nothing(text)
    return day.is_between(FIRST, LAST, closed="left").fill_null(value=False)


def epoch_of(values: pl.Series) -> Forms | None:
    """Return the unit of a column that counts since 1970; None where it is no such count, or of before 2000."""
    whole = values.str.strip_chars().str.extract(r"^([0-9]{9,17})(?:\.[0-9]+)?$").cast(pl.Int64, strict=False)
    for form, unit_us in EPOCHS.items():
        day = (whole * unit_us).filter(whole < 2**62 // unit_us).cast(pl.Datetime("us")).dt.date()
        share = int(day.is_between(date(2000, 1, 1), date(2050, 1, 1)).sum()) / max(values.len(), 1)
        if share >= ENOUGH:
            return Forms(forms=(form,), share=share, has_time=True, has_zone=True)
    return None
