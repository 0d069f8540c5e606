"""What a file is that nobody described: the block that is proposed, field by field, and that nobody is named by it."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import os
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.fr import nir

from forensics.case import Case, load
from forensics.declaration import FORMATS, Declaration
from forensics.engine import private_folder
from forensics.errors import ForensicsError
from forensics.evidence.formats.lines import DIRECTIVE
from forensics.evidence.guess import Guess, guess, path_in_case
from forensics.evidence.guess.block import document, toml
from forensics.evidence.guess.dates import forms_of
from forensics.evidence.guess.header import encoding_of, is_header
from forensics.evidence.guess.names import fit, normal
from forensics.evidence.guess.recognise import PARTICULAR
from forensics.evidence.guess.shapes import key_holds, profile, rounded_down, shapes
from forensics.evidence.guess.start import MOST_LINES
from forensics.evidence.reading import read_source

Command = Callable[..., Any]
SAMPLES = Path(__file__).parents[2] / "shared" / "data"
HEADING = '[case]\nid = "pasted"\ntimezone = "Europe/Paris"\n\n[[operator]]\nname = "portal"\n\n'

REGISTER = """\
N° Bénéficiaire;Nir Assuré;Nom de famille;Prénom;Date de naissance;Rang;Code organisme;Début droits;Montant;Qualité
185050000012310;1850500000123;DÛRANDOT;Maëlys;12/05/1985;1;M01;01/02/2020;1 234,50;assuré
185050000012310;1850500000123;DÛRANDOT;Anatole;27/02/2015;1;M01;01/02/2020;12,00;enfant
285060000045631;2850600000456;KERVADEC;Solenn;20/06/1985;1;M01;01/07/2019;0,75;assuré
"""
ACCESS = """\
Date;Heure;Identifiant;Adresse IP;Navigateur;Code retour;Octets;NIR recherché
18/01/2024;10:00:05;opt-0417;203.0.113.9;Mozilla/5.0 (X11);200;900;1850500000123
18/01/2024;10:01:05;opt-0417;203.0.113.9;Mozilla/5.0 (X11);404;850;2850600000456
19/01/2024;23:59:59;opt-0552;198.51.100.7;Mozilla/5.0 (X11);200;1 234,00;1900100000789
"""
ACCOUNTS = """\
Compte,Profession,Raison sociale,SIRET,Date ouverture
opt-0417,opticien,LUNETTOR,81234567800017,2019-02-28
opt-0552,opticien,VISIOBEL,81234567800025,2021-07-01
"""
CLAIMS = """\
compte\tdate_reception\tnumero_assure\tdate_naissance\trang
opt-0417\t18/01/2024 12:00\t1850500000123\t12/05/1985\t1
opt-0552\t19/01/2024 08:30\t2850600000456\t20/06/1985\t1
"""
COUNTERS = """\
tranche;minutes;nb requêtes;serveur
2024-01-18T10:00:00;60;5;web-1
2024-01-18T11:00:00;60;7;web-1
"""
LOG = """\
203.0.113.9 - opt-0417 [18/Jan/2024:10:00:05 +0000] "GET /droits?numero=1850500000123 HTTP/1.1" 200 900 "-" "Firefox"
203.0.113.9 - opt-0417 [18/Jan/2024:10:01:05 +0000] "GET /droits?numero=2850600000456 HTTP/1.1" 200 850 "-" "Firefox"
"""


def written(folder: Path, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / "evidence" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def source_of(guess: Guess) -> dict[str, Any]:
    """The block as it is read again from the text that is printed."""
    return tomllib.loads(toml(guess)).get("source", [{}])[0]


def whole_file(block: dict[str, Any], path: Path) -> tuple[int, int]:
    """How many lines of a whole file a run accepts under a block, of how many that are not headings."""
    with private_folder() as private:
        (private / "evidence").mkdir()
        (private / "evidence" / "copy").write_bytes(path.read_bytes())
        said = {
            "case": {"id": "c", "timezone": "Europe/Paris"},
            "operator": [{"name": "portal"}],
            "source": [{**block, "path": "evidence/copy"}],
            "settings": {"most_rejected_share": 1},
        }
        case = Case(folder=private, declared=Declaration.model_validate(said))
        read = read_source(case, 1, case.declared.source[0], private)
        headings = read.rejected.filter(pl.col("reason") == DIRECTIVE).height
        return read.read - read.rejected.height, read.read - headings


def test_a_french_register_is_described_field_by_field(tmp_path: Path):
    found = guess(written(tmp_path, "Fichier assurés.csv", REGISTER, "windows-1252"))
    assert source_of(found) == {
        "id": "fichier-assures",
        "operator": "portal",
        "kind": "register",
        "path": "evidence/Fichier assurés.csv",
        "format": "csv",
        "encoding": "windows-1252",
        "delimiter": ";",
        "date_format": "%d/%m/%Y",
        "fields": {
            "beneficiary_number": "N° Bénéficiaire",
            "holder_number": "Nir Assuré",
            "birth_date": "Date de naissance",
            "birth_rank": "Rang",
            "last_name": "Nom de famille",
            "first_name": "Prénom",
            "insurer_id": "Code organisme",
            "covered_from": "Début droits",
        },
    }
    told = toml(found)
    assert '"Nir Assuré"         # social-security number, 9(13) 100 %, filled 100 %, fewer than 10 different' in told
    assert "social-security number, keys hold, 9(15) 100 %" in told
    assert "# with this block 3 of 3 lines are accepted" in told
    assert '# not mapped: "Montant": decimal comma, ' in told
    assert "# to decide: role = 'Qualité' would refuse 3 of 3 lines: expected isin" in told
    assert "ambiguous" not in told, "the birth dates tell day from month for both columns"


def test_a_french_access_log_in_a_table_is_described_field_by_field(tmp_path: Path):
    found = guess(written(tmp_path, "acces.csv", ACCESS))
    block = source_of(found)
    assert (block["kind"], block["delimiter"], block["date_format"]) == ("access_log", ";", "%d/%m/%Y | %H:%M:%S")
    assert block["subject_kind"] == "holder_number"
    assert block["fields"] == {
        "requested_at": ["Date", "Heure"],
        "account_id": "Identifiant",
        "client_ip": "Adresse IP",
        "user_agent": "Navigateur",
        "status": "Code retour",
        "response_bytes": "Octets",
        "subject": "NIR recherché",
    }
    assert "# from 2024-01-18 09:00 to 2024-01-19 22:59, UTC" in toml(found)
    assert "timezone: the times name none" in toml(found)


@pytest.mark.parametrize(
    ("name", "content", "kind", "forms", "fields"),
    [
        (
            "pros.csv", ACCOUNTS, "accounts", "%Y-%m-%d",
            {
                "account_id": "Compte", "profession": "Profession", "opened_at": "Date ouverture",
                "company_name": "Raison sociale", "siret": "SIRET",
            },
        ),
        (
            "factures.tsv", CLAIMS, "claims", ["%d/%m/%Y %H:%M", "%d/%m/%Y"],
            {
                "account_id": "compte", "submitted_at": "date_reception", "holder_number": "numero_assure",
                "birth_date": "date_naissance", "birth_rank": "rang",
            },
        ),
        (
            "compteurs.csv", COUNTERS, "counters", None,
            {
                "window_start": "tranche", "window_minutes": "minutes", "requests": "nb requêtes",
                "server": "serveur",
            },
        ),
    ],
)  # fmt: skip
def test_tables_of_each_kind_are_told_apart(
    tmp_path: Path, name: str, content: str, kind: str, forms: object, fields: dict[str, str]
):
    found = guess(written(tmp_path, name, content))
    block = source_of(found)
    assert (block["kind"], block.get("date_format"), block["fields"]) == (kind, forms, fields)
    assert found.trial
    assert found.trial.accepted == found.trial.lines == content.count("\n") - 1


def test_the_moment_of_a_claim_is_told_to_the_day_alone(tmp_path: Path):
    assert "# from 2024-01-18 to 2024-01-19, UTC" in toml(guess(written(tmp_path, "factures.tsv", CLAIMS)))


def zipped(content: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("readme.txt", "x")
        archive.writestr("access.log", content)
    return held.getvalue()


@pytest.mark.parametrize("packed", [bytes, gzip.compress, bz2.compress, zipped])
def test_a_combined_log_is_described_with_whom_its_urls_ask_for(tmp_path: Path, packed: Callable[[bytes], bytes]):
    found = guess(written(tmp_path, "a.log", packed(LOG.encode())))
    assert ("the archive holds 2 files" in toml(found)) == (packed is zipped)
    block = source_of(found)
    assert (block["format"], block["subject_kind"]) == ("combined", "holder_number")
    assert block["fields"]["account_id"] == "user"
    assert block["fields"]["subject"] == "url.query.numero"
    assert found.total == 2


def test_where_nobody_logs_in_a_client_is_an_address_and_an_agent_and_the_subject_is_left_to_decide(tmp_path: Path):
    found = guess(written(tmp_path, "a.log", LOG.replace("opt-0417", "-").replace("numero=", "")))
    assert source_of(found)["fields"]["account_id"] == ["host", "user_agent"]
    assert "subject" not in source_of(found)["fields"]
    assert "# to decide: subject: nothing says whom a request asked for" in toml(found)


def test_documents_are_described_by_their_members_and_those_that_may_be_people_are_not_named(tmp_path: Path):
    lines = [
        {"quand": f"2024-01-18T10:00:{n:02}Z", "qui": {"compte": f"opt-{n:04}"}, "ip": "192.0.2.1", "code": 200,
         "http": {"methode": "GET"}, f"DURANDOT{n}": 1, "1850500000123": {"vu": 1}, "jean@exemple.fr": 2}
        for n in range(30)
    ]  # fmt: skip
    found = guess(written(tmp_path, "audit.ndjson", "\n".join(map(json.dumps, lines))))
    block = source_of(found)
    assert (block["format"], block["fields"]) == (
        "ndjson",
        {"requested_at": "quand", "account_id": "qui.compte", "client_ip": "ip", "method": "http.methode",
         "status": "code"},
    )  # fmt: skip
    for out in (toml(found), document(found)):
        assert not any(value in out for value in ("DURANDOT", "1850500000123", "jean@"))
    assert found.hidden == 32


def test_an_export_of_splunk_is_described_by_the_lines_inside_it(tmp_path: Path):
    rows = "".join(f'"2024-01-18T11:00:06.000+0100","web-1","{line}"\n' for line in LOG.replace('"', '""').splitlines())
    block = source_of(guess(written(tmp_path, "export.csv", '"_time","host","_raw"\n' + rows)))
    assert (block["format"], block["raw_format"], block["subject_kind"]) == ("splunk", "combined", "holder_number")
    assert block["fields"]["requested_at"] == "time"
    assert (block["fields"]["server"], block["fields"]["subject"]) == ("export.host", "url.query.numero")
    other = '"_time","host","user","_raw"\n' + '"2024-01-18T11:00:06.000+0100","web-1","opt-0417","it said so"\n' * 3
    block = source_of(guess(written(tmp_path, "other.csv", other)))
    assert (block["format"], block.get("raw_format")) == ("splunk", None)
    assert block["fields"] == {"requested_at": "_time", "account_id": "user"}


def test_events_of_ocsf_and_of_fhir_are_told_from_other_documents(tmp_path: Path):
    ocsf = {
        "class_uid": 4002, "time": 1705572005250, "actor": {"user": {"name": "opt-0417"}},
        "src_endpoint": {"ip": "192.0.2.1"}, "http_request": {"http_method": "GET", "url": {"url_string": "/droits"}},
        "http_response": {"code": 200},
    }  # fmt: skip
    fhir = {
        "resourceType": "AuditEvent", "id": "e-1", "recorded": "2024-01-18T11:00:05.250+01:00", "outcome": "0",
        "agent": [{"altId": "opt-0417", "requestor": True, "network": {"address": "192.0.2.1", "type": "2"}}],
        "entity": [{"what": {"reference": "Patient/1", "identifier": {"value": "1850500000123"}}}],
    }  # fmt: skip
    block = source_of(guess(written(tmp_path, "o.ndjson", (json.dumps(ocsf) + "\n") * 3)))
    assert (block["format"], block["kind"], block["fields"]["account_id"]) == ("ocsf", "access_log", "actor.user.name")
    block = source_of(guess(written(tmp_path, "f.ndjson", (json.dumps(fhir) + "\n") * 3)))
    assert (block["format"], block["kind"]) == ("fhir_audit", "audit_trail")
    assert (block["subject_kind"], block["fields"]["subject"]) == ("holder_number", "patient.identifier")


def test_a_parquet_file_is_described_by_its_columns_and_their_types(tmp_path: Path):
    path = tmp_path / "evidence" / "r.parquet"
    path.parent.mkdir()
    pl.DataFrame(
        {
            "numero_assure": ["1850500000123"], "date_naissance": [date(1985, 5, 12)], "nom": ["DURANDOT"],
            "vu_le": [datetime(2024, 1, 18)], "liste": [["x"]], "duree": [pl.Series([1]).cast(pl.Duration)[0]],
            "octets": [b"\xff"], "vrai": [True],
        }
    ).write_parquet(path)  # fmt: skip
    found = guess(path)
    assert source_of(found)["fields"] == {
        "beneficiary_number": "numero_assure", "holder_number": "numero_assure", "birth_date": "date_naissance",
        "last_name": "nom",
    }  # fmt: skip
    assert '"date_naissance"  # date (Date), filled 100 %' in toml(found)
    assert "the only number found is the holder's" in toml(found)


def test_the_generated_evidence_is_described_as_its_case_declares_it(generated: Callable[[str], Path]):
    case = load(generated("parquet") / "case")
    for source in case.declared.source:
        found = source_of(guess(case.folder / source.path))
        assert (found["kind"], found["fields"]) == (source.kind, source.fields), source.id
        assert found.get("subject_kind") == source.subject_kind


@pytest.mark.parametrize(
    ("values", "forms", "ambiguous"),
    [
        (["12/05/1985", "27/02/2015"], ("%d/%m/%Y",), False),
        (["05/12/1985", "02/27/2015"], ("%m/%d/%Y",), False),
        (["05/12/1985", "02/07/2015"], ("%d/%m/%Y",), True),
        (["1985-12-05 10:00:00", "2015-02-07 11:30:00"], ("%Y-%m-%d %H:%M:%S%.f",), False),
        (["18/01/2024 10:05", "18/01/2024 10:05:59"], ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M"), False),
        (["2024-01-18 10:05:59,123", "2024-01-18 10:05:59,124"], ("%Y-%m-%d %H:%M:%S,%3f",), False),
        (["18.01.24", "19.01.24"], ("%d.%m.%y",), False),
        (["1/31/2024 3:04:05 PM", "1/30/2024 3:04:05 AM"], ("%m/%d/%Y %I:%M:%S %p",), False),
        (["20240131", "20240130"], ("%Y%m%d",), False),
        (["8.11.0", "8.11.1"], None, False),
        (["DURANDOT", "KERVADEC"], None, False),
    ],
)
def test_the_form_of_dates_is_told_by_the_values(values: list[str], forms: tuple[str, ...] | None, ambiguous: bool):
    found = forms_of(pl.Series(values))
    assert (found and found.forms, bool(found and found.is_ambiguous)) == (forms, ambiguous)


def test_an_order_that_nothing_tells_is_said_and_the_day_is_taken_first(tmp_path: Path):
    found = guess(written(tmp_path, "a.csv", ACCESS.replace("18/01", "08/01").replace("19/01", "09/01")))
    assert "# to decide: date_format: ambiguous in requested_at, no value above 12 tells day from month" in toml(found)


def test_a_column_that_cannot_tell_day_from_month_follows_one_that_can(tmp_path: Path):
    american = (
        "nir;date_naissance;covered from\n1850500000123;05/27/1985;02/01/2020\n2850600000456;06/20/1985;07/01/2019\n"
    )
    found = guess(written(tmp_path, "r.csv", american))
    assert source_of(found)["date_format"] == "%m/%d/%Y"
    assert "covered_from" in source_of(found)["fields"]


def test_two_orders_in_one_file_are_left_to_be_decided(tmp_path: Path):
    both = "nir;date_naissance;covered from\n1850500000123;27/05/1985;02/21/2020\n2850600000456;20/06/1985;07/01/2019\n"
    found = guess(written(tmp_path, "r.csv", both))
    assert source_of(found)["date_format"] == "%d/%m/%Y"
    assert "covered_from" not in source_of(found)["fields"]
    assert "covered_from: its column has day and month in the other order" in toml(found)


@pytest.mark.parametrize(
    ("text", "encoding", "told"),
    [
        ("Élodie Ménard", "utf-8", None),
        ("Élodie Ménard", "iso-8859-1", "windows-1252"),
        ("Œuvre à 5€", "windows-1252", "windows-1252"),
        ("cœur à 5€", "iso-8859-15", "iso-8859-15"),
        ("Élodie à Nîmes", "cp850", "cp850"),
    ],
)
def test_an_encoding_is_the_one_in_which_the_text_is_french(text: str, encoding: str, told: str | None):
    assert encoding_of(text.encode(encoding)) == told


@pytest.mark.parametrize(
    "content",
    [
        "DURANDOT;Maelys;1985-05-12;1850500000123\nKERVADEC;Solenn;1985-06-20;2850600000456\n",
        "DURANDOT;Maelys;opticien\nKERVADEC;Solenn;opticien\nPLOUGAST;Ewen;opticien\n",
        "DURANDOT;Maelys;Brest\nKERVADEC;Solenn;Quimper\nPLOUGAST;Ewen;Vannes\n",
        "1 85 05 00 000 123 64;DURANDOT;F\n2 85 06 00 000 456 90;KERVADEC;M\n",
        "maelys@exemple.fr;DURANDOT;a\nsolenn@exemple.fr;KERVADEC;b\n",
        "1850500000123\n2850600000456\n",
        "DURANDOT\nKERVADEC\n",
    ],
)
def test_a_table_without_a_header_is_said_to_be_one_and_nobody_is_named(tmp_path: Path, content: str, command: Command):
    path = written(tmp_path, "t.csv", content)
    for arguments in ((), ("--json",)):
        ended = command("init", "--guess", path, *arguments)
        assert ended.code == 0
        assert not any(cell in ended.out + ended.err for cell in content.replace("\n", ";").split(";") if len(cell) > 1)
    found = guess(path)
    assert not found.is_proposed
    assert tomllib.loads(toml(found)) == {}
    if ";" in content:
        assert "it has no header: its first row is data" in toml(found)


def test_a_header_needs_no_word_that_we_know():
    assert is_header(["zorg", "blip"], [["1", "2024-01-01"], ["2", "2024-01-02"]])
    assert not is_header(["zorg", "blip"], [["a", "b"], ["c", "d"]])
    assert not is_header(["login", "page"], [["login", "b"], ["c", "d"]]), "what comes back below is a value"


@pytest.mark.parametrize(
    ("name", "kind", "field"),
    [
        ("Date de naissance", "register", "birth_date"),
        ("DATE_NAISS", "register", "birth_date"),
        ("numeroAssure", "register", "holder_number"),
        ("N° d'adhérent", "register", "member_number"),
        ("Num. Sécurité Sociale", "register", "beneficiary_number"),
        ("Adresse_IP", "access_log", "client_ip"),
        ("httpRequest.requestMethod", "access_log", "method"),
        ("HORODATAGE", "access_log", "requested_at"),
        ("date_debut_droits", "register", "covered_from"),
    ],
)
def test_names_are_known_without_accents_case_and_little_words(name: str, kind: str, field: str):
    assert fit(name, kind, field) > 1, normal(name)


def test_shapes_tell_length_and_punctuation_and_no_value():
    assert shapes(pl.Series(["1850500000123", "2850600000456"])) == (("9(13)", 1.0),)
    assert shapes(pl.Series(["Éva-Lou D'Ys"])) == (("A(3)-A(3) A(1)'A(2)", 1.0),)
    assert shapes(pl.Series(["ab12cd", "opt-0417", "opt-0418", "x\x1b[31m\u202ey"])) == (
        ("A(3)-9(4)", 0.5),
        ("A(1)?[X(3)?A(1)", 0.25),
        ("X(6)", 0.25),
    )
    assert shapes(pl.Series(["a" * 500])) == (("A(60)…", 1.0),)


def test_a_shape_that_few_values_have_is_not_shown():
    assert shapes(pl.Series(["12"] * 99 + ["seul"])) == (("9(2)", 0.99),)


@pytest.mark.parametrize(("count", "told"), [(0, 0), (1, 0), (9, 0), (10, 10), (19, 10), (99, 90), (1234, 1200)])
def test_different_values_are_counted_downwards_and_few_are_not_counted(count: int, told: int):
    assert rounded_down(count) == told


@settings(deadline=None)
@given(st.from_regex(r"[12][0-9]{4}([0-9]{2}|2[AB])[0-9]{8}", fullmatch=True), st.booleans())
def test_the_key_of_a_number_holds_where_stdnum_says_so(number: str, right: bool):
    number = number[:13] + nir.calc_check_digits(number[:13]) if right else number
    assert key_holds(pl.Series([number]))[0] == nir.is_valid(number)


def test_what_is_printed_is_accepted_under_a_case_and_a_run_reads_it(tmp_path: Path, command: Command):
    files = {"registre.csv": REGISTER, "acces.csv": ACCESS, "pros.csv": ACCOUNTS, "factures.tsv": CLAIMS,
             "compteurs.csv": COUNTERS}  # fmt: skip
    text = HEADING
    for name, content in files.items():
        text += command("init", "--guess", written(tmp_path, name, content, "windows-1252")).out + "\n"
    (tmp_path / "case.toml").write_text(text, encoding="utf-8")
    assert [source.kind for source in load(tmp_path).declared.source] == [
        "register", "access_log", "accounts", "claims", "counters"
    ]  # fmt: skip
    ended = command("ingest", tmp_path, "--json")
    assert ended.code == 0, ended.err
    assert [(row["read"], row["rejected"]) for row in json.loads(ended.out)] == [(3, 0), (3, 0), (2, 0), (2, 0), (2, 0)]


PEOPLE = (
    "1850500000123", "185050000012310", "2850600000456", "1900100000789", "DURANDOT", "DÛRANDOT", "Maëlys", "Anatole",
    "KERVADEC", "Solenn", "12/05/1985", "1985-05-12", "20/06/1985", "1985-06-20", "opt-0417", "opt-0552", "LUNETTOR",
    "203.0.113.9", "198.51.100.7", "81234567800017",
)  # fmt: skip


@pytest.mark.parametrize("content", [REGISTER, ACCESS, ACCOUNTS, CLAIMS, COUNTERS, LOG])
@pytest.mark.parametrize("ending", ["", "\nDURANDOT;1850500000123\n", '\n"1850500000123;DURANDOT'])
def test_nobody_is_named_in_what_is_printed(tmp_path: Path, content: str, ending: str, command: Command):
    path = written(tmp_path, "a.csv", content + ending)
    for arguments in ((), ("--json",)):
        ended = command("init", "--guess", path, *arguments)
        assert ended.code == 0
        assert [value for value in PEOPLE if value in ended.out + ended.err] == []
    assert [value for value in PEOPLE if value in repr(guess(path))] == []


def test_values_are_shown_on_a_terminal_and_nowhere_else(tmp_path: Path, command: Command):
    path = written(tmp_path, "a.csv", REGISTER)
    ended = command("init", "--guess", path, "--values")
    assert (ended.code, ended.out) == (2, "")
    assert "values are people's data" in ended.err
    ours, theirs = os.openpty()
    arguments = [sys.executable, "-m", "forensics", "init", "--guess", str(path), "--values"]
    assert subprocess.run(arguments, stdout=theirs, check=False).returncode == 0
    os.close(theirs)
    assert "KERVADEC" in os.read(ours, 100_000).decode()
    os.close(ours)


def test_a_guess_writes_nothing_and_needs_a_file(tmp_path: Path, command: Command):
    path = written(tmp_path, "a.csv", REGISTER)
    before = sorted(tmp_path.rglob("*"))
    assert command("init", "--guess", path).code == 0
    assert sorted(tmp_path.rglob("*")) == before
    assert [command("init", *one).code for one in ((), ("--guess", tmp_path / "none"), ("--guess", tmp_path))] == [
        2
    ] * 3
    assert command("init", tmp_path / "new", "--guess", path).code == 2
    assert not (tmp_path / "new").exists()


def test_names_of_files_and_columns_are_printed_without_what_a_terminal_obeys(tmp_path: Path, command: Command):
    path = written(tmp_path, "a\x1b[31m\u202e.csv", 'nir;"date\x1b[2J naissance"\n' + "1850500000123;12/05/1985\n" * 9)
    ended = command("init", "--guess", path)
    assert all(c.isprintable() or c == "\n" for c in ended.out)
    (tmp_path / "case.toml").write_text(HEADING + ended.out, encoding="utf-8")
    source = load(tmp_path).declared.source[0]
    assert source.path == "evidence/a\x1b[31m\u202e.csv".replace("[", "[[]")
    assert source.fields["birth_date"] == "date\x1b[2J naissance"
    assert list(tmp_path.glob(source.path)) == [path]


def test_a_file_name_that_is_no_text_is_matched_by_any_sign():
    assert path_in_case(Path(os.fsdecode(b"evidence/a\xff*.log"))) == "evidence/a?[*].log"


def test_only_the_beginning_of_a_large_file_is_read(tmp_path: Path):
    path = written(tmp_path, "a.log", LOG * 10_000)
    os.truncate(path, 2**34)
    found = guess(path)
    assert (found.lines, found.is_whole, source_of(found)["format"]) == (MOST_LINES, False, "combined")
    assert found.total
    assert found.total > 10**8


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        ("nir;nom\n".encode("utf-16"), "it is in UTF-16"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(100), "it is packed (7z)"),
        (b'[\n {"a": 1}\n]\n', "it is one JSON document over several lines"),
        (b'x {"a": 1}\nx {"a": 2}\n', "something stands before the JSON document"),
        (b"nir;nir\n1850500000123;x\n", "two of its columns have the same name"),
        (b"\x00\x01\x02" * 100, "no reader takes half of its lines"),
        (b"x" * (9 * 2**20), "its first line is longer than 8 MiB"),
    ],
)
def test_a_file_of_no_known_format_is_said_to_be_one(tmp_path: Path, content: bytes, reason: str):
    found = guess(written(tmp_path, "a", content))
    assert found.block == {}
    assert f"# of no format that is known: {reason}" in toml(found)


def test_every_format_of_a_declaration_is_tried():
    assert sorted(PARTICULAR) == sorted(FORMATS)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample logs are not on this machine (shared/data)")
@pytest.mark.parametrize("folder", ["formats", "peer_alerts", "real"])
def test_of_every_sample_half_of_the_whole_file_is_accepted_or_it_is_refused_with_a_reason(folder: str):
    samples = sorted(path for path in (SAMPLES / folder).rglob("*.*") if path.is_file())
    assert samples
    for path in samples:
        found = guess(path)
        assert tomllib.loads(toml(found)).keys() <= {"source"}
        if found.is_proposed:
            accepted, lines = whole_file(source_of(found), path)
            assert accepted * 2 >= lines > 0, path.name
        else:
            assert found.reasons, path.name


PIECES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([*LOG.splitlines(), *REGISTER.splitlines(), *CLAIMS.splitlines(), '{"a": {"b": 1}, "time": "x"}',
                     "#Fields: date time c-ip", "#Date: 2024-01-01", "PAR1"]).map(str.encode),
    st.text(alphabet=';,|\t"{}[]:#é\x85\u2028\r\0 1a', max_size=40).map(str.encode),
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.lists(PIECES, max_size=6), st.sampled_from([b"", b"\x1f\x8b", b"PAR1", b"\xff\xfe", b"\xef\xbb\xbf"]))
def test_any_bytes_are_described_or_refused(pieces: list[bytes], head: bytes):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any"
        path.write_bytes(head + b"\n".join(pieces))
        try:
            found = guess(path)
        except ForensicsError:
            return
        assert tomllib.loads(toml(found)).keys() <= {"source"}
        assert json.loads(document(found))["file"] == "any"


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=4))
def test_a_damaged_parquet_file_is_described_or_refused(at: int, bytes_: bytes):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any"
        pl.DataFrame({"nir": ["1850500000123"] * 9, "date_naissance": [date(1985, 5, 12)] * 9}).write_parquet(path)
        content = bytearray(path.read_bytes())
        content[at % len(content) : at % len(content) + len(bytes_)] = bytes_
        path.write_bytes(content)
        try:
            toml(guess(path))
        except ForensicsError:
            return


def test_days_of_no_calendar_are_none(tmp_path: Path):
    path = tmp_path / "r.parquet"
    days = pl.Series([10**9, 5_000], dtype=pl.Int32).cast(pl.Date)
    times = pl.Series([2**62, 0]).cast(pl.Datetime("us"))
    numbers = ["1850500000123", "2850600000456"]
    pl.DataFrame({"nir": numbers, "nom": ["A", "B"], "date_naissance": days, "vu": times}).write_parquet(path)
    found = guess(path)
    assert source_of(found)["fields"]["birth_date"] == "date_naissance"
    assert [(column.name, column.empty) for column in found.columns if column.empty] == [
        ("date_naissance", 1),
        ("vu", 1),
    ]


def test_a_profile_keeps_no_value_unless_asked(tmp_path: Path):
    column = profile("nom", pl.Series(["DURANDOT", None, " "]))
    assert (column.empty, column.rows, column.examples) == (2, 3, ())
    assert profile("nom", pl.Series(["DURANDOT"]), examples=1).examples == ("DURANDOT",)
