"""Hiding: what agents, tokens, references and paths say of people beside whoever was asked for."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from forensics.case import load
from forensics.errors import CaseError
from forensics.evidence.hiding import RARE, Hiding
from forensics.evidence.identities import clear_register, identities, subject_rows
from forensics.evidence.interning import SubjectKeys
from forensics.evidence.pseudonyms import pseudonym

KEY = bytes(range(32))
PEOPLE = (
    ("1850500000123", "KÉRIVOAL-LE GOFF", "Maëlle", "FIC-C-73190421", "0123"),
    ("272132A000417", "D'ARGOËT", "Anne", "FIC-C-73190422", "0124"),
)


def registered(people: tuple[tuple[str, ...], ...] = PEOPLE) -> pl.DataFrame:
    names = ["beneficiary_number", "last_name", "first_name", "card_number", "member_number"]
    rows = pl.DataFrame(people, schema=names, orient="row").with_columns(
        operator=pl.lit("Viareso"), insurer_id=pl.lit("M01"),
        birth_date=pl.lit(date(1985, 5, 12)), birth_rank=pl.lit("1"),
        **{name: pl.lit(None, dtype=pl.String) for name in ("holder_number", "role", "sex", "department")},
        **{name: pl.lit(None, dtype=pl.Date) for name in ("covered_from", "covered_until")},
    )  # fmt: skip
    return clear_register(rows.lazy())


def hidden(
    case: Path, field: str, *texts: str, register: pl.DataFrame | None = None, asked: str | None = None
) -> list[str]:
    """Return texts of one field as they are kept, and hold them against what the same lines ask for."""
    rows = pl.DataFrame({field: texts}).with_columns(
        subject_kind=pl.lit("holder_number"),
        subject_message=pl.lit(f"holder_number\x1f{asked}" if asked else None, dtype=pl.String),
    )
    hiding = Hiding(load(case), KEY, registered() if register is None else register)
    kept = hiding.within(rows)[field].to_list()
    assert hiding.within(rows)[field].to_list() == kept, "a text that comes again is hidden again"
    return kept


def told(case: Path, field: str, text: str, register: pl.DataFrame | None = None, asked: str | None = None) -> str:
    """Return a text as it is kept, with `*` for the keyed word."""
    kept = hidden(case, field, text, register=register, asked=asked)[0]
    return re.sub(r"\{[0-9a-f]{12}\}|\{hidden\}", "*", kept)


@pytest.mark.parametrize(
    ("field", "text", "kept"),
    [
        ("user_agent", "Lecteur/2 (1850500000123)", "Lecteur/2 (*)"),
        ("user_agent", "Lecteur/2 (carte 1 85 05 00 000 123 45)", "Lecteur/2 (carte *)"),
        ("user_agent", "Lecteur n1850500000123x", "Lecteur n*x"),
        ("user_agent", "Lecteur (2.72.13.2a.000.417)", "Lecteur (*)"),
        ("user_agent", "Lecteur (K%C3%A9rivoal%20Le%20Goff%20Ma%C3%ABlle)", "Lecteur (*)"),
        ("user_agent", "Lecteur (K%C3%A9rivoal-Le%20Goff%20Ma%C3%ABlle)", "Lecteur (*)"),
        ("user_agent", "Lecteur (maelle.kerivoal-le-goff)", "Lecteur (*)"),
        ("user_agent", "Lecteur (fic-c-73190421)", "Lecteur (*)"),
        ("user_agent", "Gecko/20100101 Firefox/120.0 Chrome/120.0.6099.109 Anne/0123", None),
        ("session_token", "sess-1850500000123", "sess-*"),
        ("session_token", "anne_d'argoet:7", "*:7"),
        ("session_token", "a8f5f167f44f49641850500000124bcd", None),
        ("request_ref", "185050000012345-1", "*-1"),
        ("request_ref", "1705572005123", None),
        ("request_ref", "c0a80101-1850-4000-8123-185050000012", None),
        ("account_id", "1850500000123", "*"),
        ("account_id", "anne.dargoet", None),
        ("path", "/famille/kerivoal-le-goff", "/famille/*"),
        ("path", "/famille/K%E9rivoal-Le+Goff/", "/famille/*/"),
        ("path", "/famille/d%2527argo%25C3%25ABt/anne", "/famille/*"),
        ("path", "/carte/73190421/FICC73190422", "/carte/73190421/*"),
        ("path", "/droits/1/85/05/00/000/123", "/droits/*"),
        ("path", "/anne/0123/2024/static.css", None),
    ],
)  # fmt: skip
def test_a_text_loses_what_names_somebody_and_nothing_else(small: Path, field: str, text: str, kept: str | None):
    assert told(small, field, text) == (text if kept is None else kept)


def test_a_number_that_nobody_knows_is_hidden_where_its_groups_or_check_digits_show_it(small: Path):
    assert told(small, "session_token", "s 1 60 06 00 000 951") == "s *"
    assert told(small, "session_token", "s-160060000095135") == "s-*"
    assert told(small, "session_token", "s-160060000095136") == "s-160060000095136"
    assert told(small, "session_token", "s-1600600000951") == "s-1600600000951"


def test_a_number_that_a_log_asks_for_is_known_without_a_register(small: Path):
    assert told(small, "session_token", "s-1600600000951", asked="1600600000951") == "s-*"


def test_two_people_stay_two_and_the_word_needs_the_key(small: Path):
    texts = ("s-1850500000123", "t-1 85 05 00 000 123", "s-272132A000417")
    words = [text[3:-1] for text in hidden(small, "session_token", *texts)]
    assert words[0] == pseudonym(KEY, "hidden", "1850500000123")[:12]
    assert words[0] == words[1] != words[2]


@pytest.mark.parametrize(("bearers", "kept"), [(RARE, "/p/{hidden}"), (RARE + 1, "/p/carte")])
def test_a_last_name_alone_is_hidden_where_few_bear_it(small: Path, bearers: int, kept: str):
    """A word that is also a common name says of nobody who it is."""
    people = tuple((f"18505000{n:05}", "CARTÉ", f"Anne{n}", f"C{n}", f"A{n}") for n in range(bearers))
    assert hidden(small, "path", "/p/carte", register=registered(people)) == [kept]


def test_names_too_short_to_tell_from_words_stay(small: Path):
    people = (("1850500000123", "LÔ", "Ed", "C0001", "A0001"),)
    assert told(small, "path", "/lo/x", register=registered(people)) == "/lo/x"


def test_a_screen_that_only_a_name_matches_is_refused(small: Path):
    text = (small / "case.toml").read_text(encoding="utf-8")
    (small / "case.toml").write_text(text.replace('match = "^/droits"', 'match = "goff$"'), encoding="utf-8")
    with pytest.raises(CaseError, match=r"screen no\. 2 matches only while the path names somebody"):
        hidden(small, "path", "/famille/kerivoal-le-goff")
    assert hidden(small, "path", "/famille/goff") == ["/famille/goff"]


def test_sex_and_department_are_kept_where_they_are_codes(small: Path):
    register = registered().with_columns(
        sex=pl.Series(["F", "KÉRIVOAL"]), department=pl.Series(["2A", "1850500000123"])
    )
    names = dict.fromkeys(("operator", "subject_kind", "subject_message"), pl.String)
    nothing = pl.DataFrame(schema={**names, "shown": pl.Boolean, "has_register": pl.Boolean})
    subjects = subject_rows(register, [])
    table = identities(KEY, register, subjects, nothing, SubjectKeys(KEY, subjects["subject_message"])).register
    assert sorted(table.select("sex", "department").rows(), key=str) == [("F", "2A"), (None, None)]
