"""Tables as text: as French software exports them, as the standard says, and as hostile hands write them."""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.case import load
from forensics.errors import EvidenceError
from forensics.evidence.formats import blocks as line_blocks
from forensics.evidence.formats import csv as table
from forensics.evidence.formats.csv import csv_columns, read_csv
from forensics.evidence.ingest import ingest
from forensics.readiness import readiness

Declare = Callable[[str, str], None]
KEY = bytes.fromhex("ab" * 32)


def written(tmp_path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = tmp_path / "t.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def read(path: Path, columns: list[str], **said: Any) -> tuple[list[tuple], list[tuple], int]:
    """The values of all rows after their line and byte offset, all unreadable rows, the number of rows."""
    batches = list(read_csv(path, columns, **said))
    rows = [row for b in batches for row in b.places.hstack(b.rows).rows()]
    return rows, [row for b in batches for row in b.unreadable.rows()], sum(b.lines for b in batches)


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1", "windows-1252"])
def test_every_field_is_read_in_each_encoding(tmp_path: Path, encoding: str):
    content = 'Numéro;"Date de\r\nnaissance";Prénom;Durée (s)\r\n1850575000123;12/05/1985;"D\'""Âme""";1 234,50\r\n'
    path = written(tmp_path, content, encoding)
    names = ["Numéro", "Date de\nnaissance", "Prénom", "Durée (s)"]
    assert csv_columns(path, encoding) == names
    rows, unreadable, lines = read(path, names, encoding=encoding)
    start = len('Numéro;"Date de\r\nnaissance";Prénom;Durée (s)\r\n'.encode(encoding))
    assert rows == [(1, start, "1850575000123", "12/05/1985", 'D\'"Âme"', "1 234,50")]
    assert (unreadable, lines) == ([], 1)


def test_signs_that_only_windows_has_are_read(tmp_path: Path):
    path = written(tmp_path, "nom;prix\nŒuvre;5€\n", "windows-1252")
    assert read(path, ["nom", "prix"], encoding="windows-1252")[0] == [(1, 9, "Œuvre", "5€")]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|", "^"])
def test_a_delimiter_is_found_or_declared(tmp_path: Path, delimiter: str):
    path = written(tmp_path, f'a{delimiter}b\n1{delimiter}"x{delimiter}y"\n')
    said = {"delimiter": delimiter} if delimiter == "^" else {}
    assert read(path, ["b", "a"], **said)[0] == [(1, 4, f"x{delimiter}y", "1")]


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path):
    assert csv_columns(written(tmp_path, b"\xef\xbb\xbfa;b\n1;2\n")) == ["a", "b"]


def test_a_quoted_field_may_hold_line_ends_and_the_rows_after_it_keep_their_places(tmp_path: Path):
    path = written(tmp_path, 'a;b\n1;"x\ny;""z"""\n"un\ndeux";2\n3;4')
    assert read(path, ["a", "b"]) == ([(1, 4, "1", 'x\ny;"z"'), (2, 18, "un\ndeux", "2"), (3, 30, "3", "4")], [], 3)


def test_a_row_with_other_fields_than_the_header_is_set_aside(tmp_path: Path):
    path = written(tmp_path, "a;b;\n1;2;\n1;2\n\n;;\n1;2;3;4\n")
    rows, unreadable, lines = read(path, ["a", "b"])
    assert rows == [(1, 5, "1", "2"), (4, 15, "", "")]
    assert unreadable == [
        (2, 10, "2 fields where the header has 3"),
        (3, 14, "empty line"),
        (5, 18, "4 fields where the header has 3"),
    ]
    assert lines == 5


def test_a_quote_that_nobody_closes_costs_one_line(tmp_path: Path):
    path = written(tmp_path, 'a;b\n"1;2\n3;4\n5;"6"\n7;8\n')
    rows, unreadable, lines = read(path, ["a", "b"])
    assert [row[2:] for row in rows] == [("3", "4"), ("5", "6"), ("7", "8")]
    assert (unreadable, lines) == ([(1, 4, "a quote closes before its field ends")], 4)
    path = written(tmp_path, 'a;b\n1;2\n3;"4\n5;6\n7;8\n')
    rows, unreadable, lines = read(path, ["a", "b"])
    assert [row[2:] for row in rows] == [("1", "2"), ("5", "6"), ("7", "8")]
    assert (unreadable, lines) == ([(2, 8, "a quote opens and does not close")], 4)


def test_a_quote_inside_a_bare_field_is_an_ordinary_sign(tmp_path: Path):
    assert read(written(tmp_path, 'a;b\n5" x;y"\n'), ["a", "b"])[0] == [(1, 4, '5" x', 'y"')]


def test_an_open_quote_does_not_hold_the_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(table, "MOST_LINES_A_RECORD", 3)
    monkeypatch.setattr(line_blocks, "BLOCK_BYTES", 8)
    path = written(tmp_path, 'a;b\n1;"2\n' + "3;4\n" * 50)
    rows, unreadable, lines = read(path, ["a", "b"])
    assert (len(rows), unreadable, lines) == (50, [(1, 4, "a quote opens and does not close")], 51)


def test_a_table_in_another_encoding_is_refused_where_none_is_declared(tmp_path: Path):
    path = written(tmp_path, "nom\nÉlan\n", "iso-8859-1")
    with pytest.raises(EvidenceError, match="not in UTF-8"):
        read(path, ["nom"])
    assert read(path, ["nom"], encoding="utf-8")[0] == [(1, 4, "\N{REPLACEMENT CHARACTER}lan")]


def test_columns_of_the_same_name_are_refused(tmp_path: Path):
    with pytest.raises(EvidenceError, match="same name"):
        csv_columns(written(tmp_path, "a;a\n"))
    assert csv_columns(written(tmp_path, "a;;\n")) == ["a"]
    assert csv_columns(written(tmp_path, "")) == []


def test_tables_are_read_from_gzip_too(tmp_path: Path):
    assert read(written(tmp_path, gzip.compress(b"a\n1\n")), ["a"])[0] == [(1, 2, "1")]


@pytest.mark.parametrize("block", [1, 2, 7, 64])
def test_blocks_of_any_size_give_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int):
    path = written(tmp_path, 'a;"b\nc"\n1;"x\ny"\r\n\n2;é\n"3;4\n5;6;7\n8;"9\n\n10"')
    whole = read(path, ["a", "b\nc"])
    monkeypatch.setattr(line_blocks, "BLOCK_BYTES", block)
    assert read(path, ["a", "b\nc"]) == whole
    assert len(whole[0]) == 3


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(st.binary(max_size=20), st.text(alphabet='";,a\n\r\0é', max_size=20).map(str.encode))),
    st.sampled_from([3, 50, 1000]),
)
def test_any_bytes_are_accounted_for_row_by_row(pieces: list[bytes], block: int):
    content = b"a;b\n" + b"\n".join(pieces)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_blocks, "BLOCK_BYTES", block)
        rows, unreadable, lines = read(written(Path(folder), content), ["a", "b"], encoding="utf-8")
    assert lines == len(rows) + len(unreadable) <= content.count(b"\n")
    assert sorted(row[0] for row in rows + unreadable) == list(range(1, lines + 1))
    if b'"' not in content:
        assert lines == content.count(b"\n") - content.endswith(b"\n")


REGISTER = """\
N° bénéficiaire;Assuré;Né(e) le;Nom;Prénom;Entrée\r
185057500012345;1850575000123;12/05/1985;DURANDOT;Maëlys;01/01/2020\r
285067500045678;2850675000456;20/06/1985;KERVADEC;"Solenn; dite
Sol";01/01/2020\r
190017500078901;1900175000789;30/01/1990;PLOUGAST;Ewen\r
"""
LOG = """\
Horodatage;Utilisateur;Adresse;Page;Octets
18/01/2024 10:00:05;opt-0417;203.0.113.9;/droits?numero=1850575000123;1 900,00
18/01/2024 10:01;opt-0417;203.0.113.9;/droits?numero=2850675000456;850
31/03/2024 02:30:00;opt-0417;203.0.113.9;/droits?numero=2850675000456;850
18/01/2024 10:02:00;opt-0417;203.0.113.9;/droits?numero=2850675000456;1,234
"""
DECLARED = """\
[case]
id = "tables"
timezone = "Europe/Paris"
[settings]
most_rejected_share = 0.6
[[operator]]
name = "Viareso"
[[source]]
id = "log"
operator = "Viareso"
kind = "access_log"
path = "evidence/log.csv"
format = "csv"
encoding = "ISO-8859-1"
delimiter = ";"
date_format = ["%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M"]
subject_kind = "holder_number"
[source.fields]
requested_at = "Horodatage"
account_id = "Utilisateur"
client_ip = "Adresse"
path = "Page"
response_bytes = "Octets"
[[source]]
id = "register"
operator = "Viareso"
kind = "register"
path = "evidence/fichier.csv"
format = "csv"
encoding = "cp1252"
date_format = "%d/%m/%Y"
[source.fields]
beneficiary_number = "N° bénéficiaire"
holder_number = "Assuré"
birth_date = "Né(e) le"
last_name = "Nom"
first_name = "Prénom"
covered_from = "Entrée"
"""


@pytest.fixture
def french(tmp_path: Path) -> Path:
    (tmp_path / "evidence").mkdir()
    (tmp_path / "evidence" / "log.csv").write_bytes(LOG.encode("iso-8859-1"))
    (tmp_path / "evidence" / "fichier.csv").write_bytes(REGISTER.encode("cp1252"))
    (tmp_path / "case.toml").write_text(DECLARED, encoding="utf-8")
    return tmp_path


def test_a_case_of_french_tables_is_taken_in(french: Path):
    ingest(load(french), KEY, say=lambda _: None)
    requests = pl.read_parquet(french / "work" / "requests.parquet").sort("requested_at")
    assert requests["requested_at"].to_list() == [datetime(2024, 1, 18, 9, 0, 5), datetime(2024, 1, 18, 9, 1)]
    assert requests["response_bytes"].to_list() == [1900, 850]
    register = pl.read_parquet(french / "work" / "register.parquet")
    assert register.height == 2
    rejected = pl.read_parquet(french / "work" / "rejected.parquet").select("source", "line", "reason").rows()
    assert rejected == [
        ("log", 3, "requested_at: not a time that exists in the declared format and zone"),
        ("log", 4, "response_bytes: not a whole number"),
        ("register", 3, "5 fields where the header has 6"),
    ]


def test_a_table_without_a_header_is_refused_without_repeating_what_it_holds(french: Path):
    path = french / "evidence" / "fichier.csv"
    path.write_bytes(path.read_bytes().split(b"\r\n", 1)[1])
    with pytest.raises(EvidenceError, match="none of them under a name that") as caught:
        ingest(load(french), KEY, say=lambda _: None)
    assert "DURANDOT" not in str(caught.value)


@pytest.mark.parametrize(
    ("form", "value", "expected"),
    [
        ("epoch_s", "1711741827.9626286", datetime(2024, 3, 29, 19, 50, 27, 962628)),
        ("epoch_s", "1711741827", datetime(2024, 3, 29, 19, 50, 27)),
        ("epoch_ms", "1711741827962.5", datetime(2024, 3, 29, 19, 50, 27, 962500)),
        ("epoch_us", "1711741827962628", datetime(2024, 3, 29, 19, 50, 27, 962628)),
        ("%d/%m/%Y", "29/03/2024", datetime(2024, 3, 28, 23)),
    ],
)
def test_a_time_may_be_a_count_since_1970_or_a_day(french: Path, form: str, value: str, expected: datetime):
    (french / "evidence" / "log.csv").write_text(f"Horodatage;Utilisateur;Adresse;Page;Octets\n{value};a;b;/c;1\n")
    toml = french / "case.toml"
    toml.write_text(DECLARED.replace('["%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M"]', f'"{form}"'), encoding="utf-8")
    ingest(load(french), KEY, say=lambda _: None)
    assert pl.read_parquet(french / "work" / "requests.parquet")["requested_at"].to_list() == [expected]


@pytest.mark.parametrize("value", ["99999999999999999", "-1", "1e9", "1.2.3", ""])
def test_a_count_that_is_no_time_is_set_aside(french: Path, value: str):
    header = "Horodatage;Utilisateur;Adresse;Page;Octets\n"
    (french / "evidence" / "log.csv").write_text(f"{header}1711741827;a;b;/c;1\n{value};a;b;/c;1\n")
    toml = french / "case.toml"
    toml.write_text(DECLARED.replace('["%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M"]', '"epoch_s"'), encoding="utf-8")
    ingest(load(french), KEY, say=lambda _: None)
    rejected = pl.read_parquet(french / "work" / "rejected.parquet")
    assert rejected.filter(source="log")["line"].to_list() == [2]


LISTS = """
[[source]]
id = "comptes"
operator = "Viareso"
kind = "accounts"
path = "evidence/comptes.tsv"
format = "csv"
date_format = "%d/%m/%Y"
[source.fields]
account_id = "Identifiant"
profession = "Métier"
opened_at = "Ouvert le"
account_kind = {const = "person"}
[[source]]
id = "factures"
operator = "Viareso"
kind = "claims"
path = "evidence/factures.csv"
format = "csv"
date_format = ["%d/%m/%Y %H:%M", "%d/%m/%Y"]
[source.fields]
account_id = "Identifiant"
submitted_at = "Saisie"
holder_number = "Assuré"
birth_date = "Né(e) le"
[[source]]
id = "compteur"
operator = "Viareso"
kind = "counters"
path = "evidence/compteur.csv"
format = "csv"
date_format = "%d/%m/%Y %H:%M"
[source.fields]
window_start = "Début"
window_minutes = {const = 60}
requests = "Requêtes"
"""


def test_accounts_claims_and_counters_come_as_tables_too(french: Path):
    evidence, toml = french / "evidence", french / "case.toml"
    toml.write_text(DECLARED + LISTS, encoding="utf-8")
    (evidence / "comptes.tsv").write_text("Identifiant\tMétier\tOuvert le\nopt-0417\topticien\t12/05/2019\n")
    (evidence / "factures.csv").write_text(
        "Identifiant;Saisie;Assuré;Né(e) le\nopt-0417;18/01/2024 13:00;1850575000123;12/05/1985\n"
    )
    (evidence / "compteur.csv").write_text("Début;Requêtes\n18/01/2024 11:00;1\N{NO-BREAK SPACE}204\n")
    case = load(french)
    assert [one["format"] for one in readiness(case)["sources"]] == ["csv"] * 5
    ingest(case, KEY, say=lambda _: None)
    work = french / "work"
    accounts = pl.read_parquet(work / "accounts.parquet").select(
        "account_id", "profession", "account_kind", "opened_at"
    )
    assert accounts.rows() == [("opt-0417", "opticien", "person", datetime(2019, 5, 11, 22))]
    assert pl.read_parquet(work / "claims.parquet").height == 1
    counters = pl.read_parquet(work / "counters.parquet").select("window_start", "window_end", "requests")
    assert counters.rows() == [(datetime(2024, 1, 18, 10), datetime(2024, 1, 18, 11), 1204)]
