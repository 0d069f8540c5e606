"""Profiles: what a column's values look like, and never one of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import groupby

import polars as pl

from forensics.evidence.guess.dates import Forms, epoch_of, forms_of, share_of

ADDRESS = r"^(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)$"
AGENT = r"^(?:Mozilla|Opera|curl|python-requests|Wget|Java|okhttp|Go-http-client|PostmanRuntime|Dalvik)/[0-9]"
URL = r"^(?:[a-z]+://[^\s/]+)?/\S*$"
NUMBER = r"^[12378][0-9]{2}(?:0[1-9]|1[0-2])(?:[0-9]{2}|2[ABab])[0-9]{6}(?:[0-9]{2})?$"
"""A social-security number whose month is one of a whole civil record; nearly all are."""
WHOLE, DECIMAL_COMMA, DECIMAL = r"^[+-]?[0-9]{1,18}$", r"^[+-]?[0-9  ]+,[0-9]+$", r"^[+-]?[0-9]+\.[0-9]+$"
CLOCK = r"^[0-2]?[0-9](?::|h)[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]+)?)?$"
STATUS = r"^[1-5][0-9]{2}$"
NATURES = (
    ("time of day", CLOCK, 0.95), ("address", ADDRESS, 0.95), ("agent", AGENT, 0.5), ("URL", URL, 0.95),
    ("whole number", WHOLE, 0.95), ("decimal comma", f"{DECIMAL_COMMA}|{WHOLE}", 0.95),
    ("decimal number", f"{DECIMAL}|{WHOLE}", 0.95),
)  # fmt: skip
"""What values can be, and the share of them above which a column is that."""
LONGEST = 60
MOST_SHAPES = 3
RARE = 0.05
"""A shape that fewer values have is not shown: it may be one person's."""
FEW = 10
PLAIN = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ €°«»’")
MIXED = re.compile(r"[A9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """What a column looks like. Grain: one column of the lines that were looked at.

    Attributes:
        name: the file's own.
        nature: social-security number, address, agent, URL, time, date, time of day, whole number, decimal comma,
            decimal number, text, list, or nothing.
        dtype: its type in the file, where the file has types.
        rows: how many values there could be.
        empty: how many are not filled.
        distinct: at least so many different values, rounded down; 0 where there are fewer than ten.
        shapes: the commonest shapes and their shares: 9(n) digits, A(n) letters, X(n) both, other signs as they are.
        dates: how dates are written, where they are text.
        is_status: whether every value could be the status of an HTTP answer.
        is_checked: whether most are social-security numbers of 15 characters with the right key.
        examples: values, only where they were asked for.
    """

    name: str
    nature: str
    rows: int
    empty: int
    distinct: int
    dtype: str = "text"
    shapes: tuple[tuple[str, float], ...] = ()
    dates: Forms | None = None
    is_status: bool = False
    is_checked: bool = False
    examples: tuple[str, ...] = field(default=(), repr=False)

    @property
    def filled(self) -> float:
        """Return the share of values that are there."""
        return 1 - self.empty / self.rows if self.rows else 0.0


def profile(name: str, values: pl.Series, *, examples: int = 0) -> Column:
    """Return what a column looks like, with as many examples of its values as are asked for."""
    try:
        bare = values.cast(pl.String, strict=False).str.strip_chars()
    except pl.exceptions.PolarsError:
        bare = values.is_not_null().replace_strict({True: "?", False: None}, return_dtype=pl.String)  # no text has it
    filled = bare.filter(bare.fill_null("") != "")
    nature, dates = _nature(values, filled)
    return Column(
        name=name,
        nature=nature,
        rows=values.len(),
        empty=values.len() - filled.len(),
        distinct=rounded_down(filled.n_unique()),
        dtype="text" if values.dtype == pl.String else str(values.dtype.base_type()),
        shapes=() if dates or nature == "agent" else shapes(filled),
        dates=dates,
        is_status=bool(filled.len()) and bool(filled.str.contains(STATUS).all()),
        is_checked=nature == "social-security number" and share_of(key_holds(filled)) > 0.5,
        examples=tuple(filled.unique(maintain_order=True).head(examples)),
    )


def rounded_down(count: int) -> int:
    """Return a count of different values by its two first digits, 0 below ten, so that nobody is told apart."""
    if count < FEW:
        return 0
    step = 10 ** max(1, len(str(count)) - 2)
    return count // step * step


def _nature(values: pl.Series, filled: pl.Series) -> tuple[str, Forms | None]:
    """Return what a column holds, and how its dates are written."""
    dates = None
    if isinstance(values.dtype, pl.Datetime):
        dates = Forms(forms=(), share=1, has_time=True, has_zone=values.dtype.time_zone is not None)
    elif values.dtype == pl.Date:
        dates = Forms(forms=(), share=1, has_time=False, has_zone=False)
    elif _share(compact(filled), NUMBER) > 0.9:
        return "social-security number", None
    elif filled.len():
        dates = epoch_of(filled) or forms_of(filled)
    if not filled.len():
        return "nothing", None
    if dates:
        return ("time" if dates.has_time else "date"), dates
    return next((nature for nature, pattern, least in NATURES if _share(filled, pattern) > least), "text"), None


def compact(text: pl.Series) -> pl.Series:
    """Return numbers without the spaces, dots and hyphens that may group their digits."""
    return text.str.replace_all(r"[\s.\-]", "")


def _share(text: pl.Series, pattern: str) -> float:
    return share_of(text.str.contains(pattern))


def key_holds(text: pl.Series) -> pl.Series:
    """Return which social-security numbers have 15 characters, the last two of them 97 less the rest modulo 97."""
    whole = compact(text).str.to_uppercase()
    body = whole.str.slice(0, 13).str.replace("2A", "19", literal=True).str.replace("2B", "18", literal=True)
    key = 97 - body.cast(pl.Int64, strict=False) % 97
    return ((whole.str.len_chars() == 15) & (key == whole.str.slice(13).cast(pl.Int64, strict=False))).fill_null(
        value=False
    )


def shapes(filled: pl.Series) -> tuple[tuple[str, float], ...]:
    """Return the commonest shapes of texts and the share that each has."""
    if not filled.len():
        return ()
    classes = (
        filled.str.slice(0, LONGEST + 1)
        .str.replace_all(r"[\p{L}\p{M}]", "A")
        .str.replace_all(r"\p{N}", "9")
        .value_counts(name="n")
    )
    counts: dict[str, int] = {}
    for classed, n in classes.iter_rows():
        shape = shape_of(classed)
        counts[shape] = counts.get(shape, 0) + n
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:MOST_SHAPES]
    return tuple((shape, n / filled.len()) for shape, n in ranked if n >= RARE * filled.len())


def shape_of(classed: str) -> str:
    """Return the shape of a text whose letters are A already and whose digits are 9."""
    cut = classed[:LONGEST]
    parts, last = [], 0
    for run in MIXED.finditer(cut):
        parts.append(_signs(cut[last : run.start()]))
        signs = set(run.group())
        parts.append(f"{signs.pop() if len(signs) == 1 else 'X'}({run.end() - run.start()})")
        last = run.end()
    parts.append(_signs(cut[last:]))
    return "".join(parts) + ("…" if len(classed) > LONGEST else "")


def _signs(text: str) -> str:
    """Return what stands between letters and digits: ordinary signs as they are, runs of spaces as one, others as ?."""
    return "".join(" " if c == " " else "".join(run) for c, run in groupby(c if c in PLAIN else "?" for c in text))
