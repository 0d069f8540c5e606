"""What was measured, in words: numbers by language, text made harmless, and the sentences behind one verdict.

Every wording is a pair (French, English), side by side, so that neither can be forgotten. The words are
those of evidence: a log shows what was transmitted; a verdict is about a client's sessions, not a person.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Literal

from forensics.errors import CaseError
from forensics.reason_words import NEW, SENTENCES, WHY_NOT, Pair

Language = Literal["fr", "en"]
Subject = Literal["people", "pages"]

LANGUAGES: tuple[Language, ...] = ("fr", "en")
SMALL_CELL = 11
"""Counts from 1 to 10 are not published, as French health statistics do (fewer than 11 people in a cell)."""
SMALLEST_P = 1e-12
"""Below this, a p-value says more about the arithmetic than about the evidence."""
LEAST_EXPECTED = 0.001
"""Below this, an expected number of honest clients is not written out: no model of them is that good."""
STEADY_P = 0.001
"""Only words depend on it: below, silences are called steadier than chance. Verdicts use settings.py."""
ODD_P = 0.05
"""Only words depend on it: habits are told where no more than one honest client in twenty shares them."""

# Letters, marks, numbers, punctuation, symbols and plain spaces show themselves; the rest can deceive a
# reader (Cc terminal escapes, Cf direction marks and zero widths, Cs lone surrogates, Zl/Zp line breaks).
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

SUBJECTS: dict[Subject, tuple[Pair, Pair]] = {
    "people": (("personne", "person"), ("personnes", "people")),
    "pages": (("page", "page"), ("pages", "pages")),
}


def phrase(pair: Pair, language: Language, **values: object) -> str:
    """Return one wording with its values filled in, French marks set with narrow no-break spaces.

    Raises CaseError when the language is neither "fr" nor "en".
    """
    if language not in LANGUAGES:
        raise CaseError(f"no words in the language {language!r}", expected="fr or en")
    text = pair[LANGUAGES.index(language)]
    if language == "fr":
        # Before the values go in: what a log says is never respaced.
        text = re.sub(r" (?=[;!?%»])|(?<=«) ", "\u202f", text).replace(" :", "\u00a0:")
    return text.format(**values)


def visible(value: object, limit: int | None = None) -> str:
    """Return text from evidence with every character that hides or reorders text written out as [U+202E]."""
    text = "".join(
        f"[U+{ord(character):04X}]" if unicodedata.category(character) in INVISIBLE else character
        for character in str(value)
    )
    return text if limit is None or len(text) <= limit else f"{text[: limit - 1]}…"


def integer(count: int, language: Language) -> str:
    """Return a count grouped by thousands: 412 345 with narrow no-break spaces, or 412,345."""
    return f"{count:,}".replace(",", "\u202f") if language == "fr" else f"{count:,}"


def small_cell(count: int, language: Language) -> str:
    """Return a count for the public: "< 11" instead of 1 to 10."""
    return f"<\u00a0{SMALL_CELL}" if 0 < count < SMALL_CELL else integer(count, language)


def decimal(value: float, digits: int, language: Language) -> str:
    """Return a number with a fixed count of decimals and the language's decimal sign."""
    text = f"{value:z.{digits}f}"  # z: no minus before nothing
    return text.replace(".", ",") if language == "fr" else text


def share(value: float, language: Language) -> str:
    """Return a share as a percentage that never rounds a part to nothing or to everything."""
    unit = "\u202f%" if language == "fr" else "%"
    if 0 < value < 0.001:
        return f"<\u00a0{decimal(0.1, 1, language)}{unit}"
    if 0.999 < value < 1:
        return f">\u00a0{decimal(99.9, 1, language)}{unit}"
    digits = 0 if value in (0, 1) or 0.0995 <= value < 0.995 else 1
    return f"{decimal(100 * value, digits, language).removesuffix('.0').removesuffix(',0')}{unit}"


def p_value(value: float, language: Language) -> str:
    """Return a p-value as p = 0.041, p = 3 × 10⁻⁷ or, for the smallest, p < 10⁻¹²."""
    told = chance(value, language)
    return f"p\u00a0{told}" if told.startswith("<") else f"p\u00a0=\u00a0{told}"


def chance(value: float, language: Language) -> str:
    """Return a small share or chance as 0.041, 3 × 10⁻⁷ or, for the smallest, < 10⁻¹²."""
    if value < SMALLEST_P:
        return "<\u00a010⁻¹²"
    if value >= 0.001:
        return decimal(value, 3 if value < 0.1 else 2, language)
    mantissa, exponent = f"{value:.0e}".split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa}\u00a0×\u00a010{raised}"


def expected(value: float, language: Language) -> str:
    """Return an expected number: 0.4, or "fewer than 0.001": a smaller one says more of the model than of people."""
    if value < LEAST_EXPECTED:
        fewer = phrase(("moins de", "fewer than"), language)
        return f"{fewer}\u00a0{decimal(LEAST_EXPECTED, 3, language)}"
    return decimal(value, 3 if value < 0.1 else 1, language)


def counted(count: int, subject: Subject, language: Language) -> str:
    """Return a count with its noun: 1 personne, 1 240 personnes, 1,240 pages."""
    singular, plural = SUBJECTS[subject]
    # French counts nothing in the singular, English in the plural.
    noun = singular if count == 1 or (count == 0 and language == "fr") else plural
    return f"{integer(count, language)}\u00a0{phrase(noun, language)}"


def sentences(
    strand: Mapping[str, object], subject: Subject, language: Language, window_minutes: int = 10
) -> list[str]:
    """Return why one client (a row of `strands`) was judged as it was, one sentence a measure taken."""
    written = [
        _pace(strand, subject, language, window_minutes),
        _regularity(strand, language),
        *_habits(strand, subject, language),
        _care(strand, language),
        _list(strand, subject, language),
    ]
    if _known(strand, "p_combined"):
        p = p_value(_number(strand, "p_combined"), language)
        written.append(phrase(SENTENCES["combined"], language, p=p))
    if _known(strand, "honest_expected"):
        written.append(
            phrase(SENTENCES["expected"], language, n=expected(_number(strand, "honest_expected"), language))
        )
    if _known(strand, "why_not"):
        code = visible(strand["why_not"])
        why = phrase(WHY_NOT[code], language) if code in WHY_NOT else code
        written.append(phrase(SENTENCES["why_not"], language, why=why))
    return [text if text.endswith(".") else f"{text}." for text in written if text]


def _known(strand: Mapping[str, object], column: str) -> bool:
    return strand.get(column) is not None


def _number(strand: Mapping[str, object], column: str) -> float:
    return float(str(strand[column]))


def _count(strand: Mapping[str, object], column: str, language: Language) -> str:
    return integer(int(_number(strand, column)), language)


def _tail(strand: Mapping[str, object], column: str, language: Language) -> str:
    """Return "; p = 0.02" where the measure has a p-value, else nothing."""
    if not _known(strand, column):
        return ""
    return phrase(SENTENCES["p"], language, p=p_value(_number(strand, column), language))


def _pace(strand: Mapping[str, object], subject: Subject, language: Language, minutes: int) -> str:
    busiest = counted(int(_number(strand, "busiest_subjects")), subject, language)
    text = phrase(SENTENCES["pace"], language, busiest=busiest, minutes=minutes)
    if _known(strand, "crowd_busiest"):
        text += phrase(
            SENTENCES["crowd"],
            language,
            crowd=_count(strand, "crowd_strands", language),
            fastest=_count(strand, "crowd_busiest", language),
        )
    return text + _tail(strand, "p_pace", language)


def _regularity(strand: Mapping[str, object], language: Language) -> str:
    if not (_known(strand, "p_regularity") and _known(strand, "gap_median_s")):
        return ""
    key = "steady" if _number(strand, "p_regularity") < STEADY_P else "uneven"
    seconds = _number(strand, "gap_median_s")
    median = f"{decimal(seconds, 1, language)} s" if seconds < 120 else f"{decimal(seconds / 60, 1, language)} min"
    text = phrase(SENTENCES[key], language, median=median.replace(" ", "\u00a0"))
    return text + _tail(strand, "p_regularity", language)


def _habits(strand: Mapping[str, object], subject: Subject, language: Language) -> list[str]:
    """Return what the client does otherwise than honest clients and than its own account, where it is rare."""

    def odd(column: str) -> bool:
        return _known(strand, column) and _number(strand, column) <= ODD_P

    told = []
    if odd("p_breadth"):
        n = counted(int(_number(strand, "busiest_day")), subject, language)
        told.append(("breadth", "p_breadth", {"n": n}))
    if odd("p_misses"):
        counts = {name: _count(strand, f"n_{name}", language) for name in ("missed", "asked")}
        told.append(("misses", "p_misses", counts))
    if odd("p_hours"):
        columns = (("strange", "n_strange_sessions"), ("sessions", "n_later_sessions"))
        told.append(("hours", "p_hours", {name: _count(strand, column, language) for name, column in columns}))
    if odd("p_new"):
        what = next(pair for columns, pair in NEW if all(strand[column] for column in columns))
        told.append(("new", "p_new", {"what": phrase(what, language)}))
    return [
        phrase(SENTENCES[key], language, **values) + _tail(strand, chance, language) for key, chance, values in told
    ]


def _care(strand: Mapping[str, object], language: Language) -> str:
    if not all(_known(strand, column) for column in ("n_patients", "n_followed", "follow_up_days")):
        return ""
    text = phrase(
        SENTENCES["care"],
        language,
        followed=_count(strand, "n_followed", language),
        patients=_count(strand, "n_patients", language),
        days=_count(strand, "follow_up_days", language),
    )
    if _known(strand, "n_lists") and _number(strand, "n_lists") > 0:
        text += phrase(SENTENCES["lists"], language, n=_count(strand, "n_lists", language))
    if _known(strand, "peers_share_followed"):
        profession = f" ({visible(strand['profession'])})" if _known(strand, "profession") else ""
        text += phrase(
            SENTENCES["peers"],
            language,
            profession=profession,
            share=share(_number(strand, "peers_share_followed"), language),
        )
        if _known(strand, "peers"):
            text += phrase(SENTENCES["n_peers"], language, n=_count(strand, "peers", language))
    if _known(strand, "n_before") and _known(strand, "followed_before"):
        of_account = (_count(strand, name, language) for name in ("followed_before", "n_before"))
        text += phrase(SENTENCES["before"], language, **dict(zip(("followed", "patients"), of_account, strict=True)))
    return text + _tail(strand, "p_care", language)


def _list(strand: Mapping[str, object], subject: Subject, language: Language) -> str:
    if not all(
        _known(strand, column) for column in ("list_asked", "n_listed", "peers_share_listed", "list_peers", "p_list")
    ):
        return ""
    text = phrase(
        SENTENCES["list"],
        language,
        asked=counted(int(_number(strand, "list_asked")), subject, language),
        listed=_count(strand, "n_listed", language),
        share=share(_number(strand, "peers_share_listed"), language),
        n=_count(strand, "list_peers", language),
    )
    return text + _tail(strand, "p_list", language)
