"""A case whose evidence names people wherever a log or a table can: nobody exists, and no number can be assigned.

Numbers have the birthplace 00000, which is nowhere, or a birth month from 13 to 19, which no rule gives a meaning.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import polars as pl
from declared_sources import COUNTERS_SOURCE, LOG_SOURCE
from leaks_spellings import Person, without_accents
from stdnum.fr import nir


def numbered(digits: str) -> str:
    """Return 13 characters with their two check digits."""
    return digits + nir.calc_check_digits(digits)


FATHER = Person(number=numbered("1850500000123"), last="QUÉRIGNAC-L'HÜER", first="Maëlric",
                born=date(1985, 5, 12), also=("FIC-C-73190421", "FIC-A-55012877"))  # fmt: skip
MOTHER = Person(number=numbered("272132A000417"), last="ŒUVRAZEC", first="Théodryne-Anaïs",
                born=date(1972, 3, 27), also=("FIC-C-73190422", "FIC-A-55012878"))  # fmt: skip
CHILD = Person(number=FATHER.number, last="QUÉRIGNAC-L'HÜER", first="Ñaëlle-Édwige",
               born=date(2009, 11, 3), also=("FIC-A-55012879",))  # fmt: skip
TWINS = tuple(
    Person(number=MOTHER.number, last="D'ØRSTAVELLE", first=first, born=date(2011, 7, 19), also=(member,))
    for first, member in (("Ysôline", "FIC-A-55012880"), ("Ysâline", "FIC-A-55012881"))
)
CORSICAN = Person(number=numbered("168172B000905"), last="SANT'ÀLBORRACCIA", first="Ghjàcumettu",
                  born=date(1968, 2, 8), also=("FIC-C-73190423", "FIC-A-55012882"))  # fmt: skip
ALONE = Person(number=numbered("2931400000776"), last="PLOUZËVÉDRENN", first="Gwenvaëlig",
               born=date(1993, 4, 30), also=("FIC-C-73190424", "FIC-A-55012883"))  # fmt: skip
UNKNOWN = Person(number=numbered("1600600000951"), last="ZWÏNGELMÂRQUE", first="Aurélhïan")
"""Asked for in a log, and in no register."""

PEOPLE = [FATHER, MOTHER, CHILD, *TWINS, CORSICAN, ALONE, UNKNOWN]

COMPANIES = (
    ("opt-0417", "LUNETTERIE DU VÉÜRDRE-SUR-QUÏBE", "00081234567804", "FR7699999000010000000000115"),
    ("opt-0552", "OPTIQUE DES ÎLES-D'OUÈSSENGARDE", "00081234567812", "FR7699999000010000000000212"),
)

PROFESSIONALS = [
    Person(number=None, last=company, first="SARL", also=(siret, bank)) for _, company, siret, bank in COMPANIES
]
"""What a list of accounts says of a professional beside the login."""

ROWS = (
    (FATHER, FATHER.number, "1"), (CHILD, FATHER.number, "1"), (CHILD, MOTHER.number, "1"),
    (MOTHER, MOTHER.number, "1"),
    (TWINS[0], MOTHER.number, "1"), (TWINS[1], MOTHER.number, "2"), (CORSICAN, CORSICAN.number, "1"),
    (ALONE, ALONE.number, "1"),
)  # fmt: skip
CARDS = {FATHER.number: FATHER.also[0], MOTHER.number: MOTHER.also[0], CORSICAN.number: CORSICAN.also[0],
         ALONE.number: ALONE.also[0]}  # fmt: skip


def register() -> bytes:
    """Return a register as French software exports it, with torn rows: one cut short, one with a field too many."""
    lines = ["numero;assure;ne_le;rang;nom;prenom;carte;adherent;assureur;sexe;departement"]
    for person, holder, rank in ROWS:
        own = holder if person in (CHILD, *TWINS) else person.number
        lines.append(
            f"{own};{holder[:13]};{person.born:%d/%m/%Y};{rank};{person.last};{person.first};"
            f"{CARDS[holder]};{person.also[-1]};M01;F;29"
        )
    lines += [
        lines[1][:55],
        lines[4].replace(";M01", ";;M01"),
        lines[7].replace(f"{CORSICAN.born:%d/%m/%Y}", CORSICAN.last),  # swapped with a name: no date
        f'{lines[3]}"{ALONE.last}',
        f"{ALONE.number};{ALONE.number[:13]};30/04/1993;1;{ALONE.first};F;{CARDS[ALONE.number]};{ALONE.also[-1]};M01;"
        f"{ALONE.last};{ALONE.number[:13]}",  # columns changed in the middle of the file
    ]
    return ("\r\n".join(lines) + "\r\n").encode("cp1252")


def grouped(digits: str, between: str = " ") -> str:
    parts = (digits[0], digits[1:3], digits[3:5], digits[5:7], digits[7:10], digits[10:13], digits[13:])
    return between.join(part for part in parts if part)


def slug(text: str, between: str = "-") -> str:
    return "".join(c if c.isalnum() else between for c in without_accents(text).lower())


def log() -> str:
    """Return a combined log: people in queries, paths, referers, agents, users' lines that cannot be read."""
    father, mother, corsican, unknown = (one.number for one in (FATHER, MOTHER, CORSICAN, UNKNOWN))
    urls = [
        f"/droits?numero={father[:13]}",
        f"/droits?numero={quote(grouped(father))}",
        f"/droits?numero={grouped(mother, '+')}&nom={quote(MOTHER.last)}",
        f"/droits?numero={corsican.lower()}&retour=/p/{quote(CORSICAN.last)}",
        f"/droits/{father[:13]}/detail?numero={father[:13]}",
        f"/droits/{quote(grouped(father))}/detail?numero={father}",
        f"/droits/{quote(quote(grouped(mother)))}?numero={mother}",
        f"/droits/{quote(grouped(mother, chr(160)))}?numero={mother}",
        f"/droits/{'/'.join(grouped(father).split())}?numero={father}",
        f"/droits/{quote(' '.join(father))}?numero={father}",
        f"/famille/{quote(FATHER.last)}/{quote(FATHER.first)}?numero={father[:13]}",
        f"/famille/{quote(MOTHER.last, encoding='cp1252')}?numero={mother[:13]}",
        f"/famille/{slug(CORSICAN.last)}-{slug(CORSICAN.first)}?numero={corsican[:13]}",
        f"/famille/{slug(ALONE.first)}_{slug(ALONE.last)}.html?numero={ALONE.number[:13]}",
        f"/famille/{without_accents(TWINS[0].last).upper()}?numero={mother[:13]}",
        f"/carte/{FATHER.also[0]}?numero={father[:13]}",
        f"/carte/{FATHER.also[1].lower()}/{slug(MOTHER.also[0], '')}?numero={father[:13]}",
        f"/droits?numero={unknown[:13]}&nom={quote(UNKNOWN.last)}",
        f"/droits/{unknown}?numero={unknown}",
        f"/droits/{grouped(unknown, '.')}",
        f"/droits;numero={unknown[:13]}",
        "/statique/a.css",
    ]
    agents = [
        "Firefox", f"Lecteur/2 (carte {grouped(father)})", f"Lecteur/2 ({mother})", f"Lecteur/2 ({unknown[:13]})",
        f"Lecteur/2 ({quote(FATHER.last)} {quote(FATHER.first)})",
        f"Lecteur/2 ({slug(CORSICAN.first)} {slug(CORSICAN.last)})",
        f"Lecteur/2 carte={ALONE.also[0]}", f"Lecteur/2 ({grouped(corsican, '-')})",
    ]  # fmt: skip
    lines = []
    for number, url in enumerate(urls * 3):
        at = datetime(2024, 1, 18, 10) + timedelta(seconds=7 * number)
        account = COMPANIES[number % 2][0]
        lines.append(
            f'203.0.113.{number % 9} - {account} [{at:%d/%b/%Y:%H:%M:%S} +0000] "GET {url} HTTP/1.1" 200 900 '
            f'"https://portail.example/p/{quote(ALONE.last)}?n={mother}" "{agents[number % len(agents)]}"'
        )
    client, at, request = (
        "203.0.113.1 - opt-0417",
        "18/Jan/2024:10:09:00 +0000",
        f"GET /droits?numero={father} HTTP/1.1",
    )
    lines += [
        f"{FATHER.last} {FATHER.first} {father}",
        f'{client} [{grouped(father)}] "{request}" 200 9 "-" "-"',
        f'{client} [{at}] "{request}" {father} 9 "-" "-"',
        f'{client} [{at}] "{request}" 200 {father}99999 "-" "-"',
        f'{client} [{at.replace("18/Jan", "30/Feb")}] "{CORSICAN.last}" 200 1 "-" "-"',
    ]
    return "\n".join(lines) + "\n"


def audit() -> pl.DataFrame:
    """Return an audit trail: people as subjects by name, in tokens, references, paths and answers."""
    at = datetime(2024, 1, 18, 11)
    rows = [
        (person, token, ref, path)
        for person, token, ref, path in (
            (FATHER, f"sess-{FATHER.number[:13]}", f"{FATHER.number}", f"/nom/{FATHER.last} {FATHER.first}"),
            (MOTHER, grouped(MOTHER.number), f"r-{MOTHER.number[:13]}-2", f"/nom/{slug(MOTHER.last)}"),
            (CHILD, f"{slug(CHILD.last)}.{slug(CHILD.first)}", "a8f5f167f44f4964", "/nom"),
            (TWINS[0], f"s|{TWINS[0].also[0]}", "r-4", f"/membre/{TWINS[0].also[0]}"),
            (CORSICAN, "s5", grouped(CORSICAN.number), f"/nom/{quote(CORSICAN.first)}%20{quote(CORSICAN.last)}"),
            (ALONE, f"u={ALONE.number}", "r-6", f"/nom/{ALONE.last.lower()}"),
            (UNKNOWN, f"s7-{UNKNOWN.number}", grouped(UNKNOWN.number, "."), f"/nom/{UNKNOWN.last} {UNKNOWN.first}"),
        )
    ]
    return pl.DataFrame(
        {
            "at": [at + timedelta(seconds=31 * n) for n in range(len(rows))],
            "user": [COMPANIES[n % 2][0] for n in range(len(rows))],
            "token": [row[1] for row in rows],
            "ref": [row[2] for row in rows],
            "path": [row[3] for row in rows],
            "name": [f"{row[0].last} {row[0].first}" for row in rows],
            "agent": ["Firefox"] * len(rows),
            "shown": [";".join(row[0].also[-1:]) for row in rows],
        }
    )


def made_planted(folder: Path) -> Path:
    """Write the case and its key, and return the case's folder; nothing has run yet."""
    case = folder / "case"
    evidence = case / "evidence"
    evidence.mkdir(parents=True)
    (case / "case.toml").write_text(DECLARED, encoding="utf-8")
    (evidence / "register.csv").write_bytes(register())
    (evidence / "access.log").write_text(log(), encoding="utf-8")
    audit().write_parquet(evidence / "audit.parquet")
    accounts = pl.DataFrame(COMPANIES, schema=["account", "company", "siret", "bank"], orient="row")
    accounts.with_columns(profession=pl.lit("opticien")).write_parquet(evidence / "accounts.parquet")
    claims = [(COMPANIES[0][0], datetime(2024, 1, 18, 12), p.number, p.born) for p in PEOPLE]
    pl.DataFrame(claims, schema=["account", "at", "number", "born"], orient="row").write_parquet(
        evidence / "claims.parquet"
    )
    counted = pl.DataFrame({"start": [datetime(2024, 1, 18, 10)], "minutes": [60], "requests": [66]})
    counted.write_parquet(evidence / "counters.parquet")
    (folder / "case.key").write_text("cd" * 32 + "\n")
    (folder / "case.key").chmod(0o600)
    return case


DECLARED = f"""
[case]
id = "planted"
timezone = "Europe/Paris"

[settings]
most_rejected_share = 0.6

[[operator]]
name = "Viareso"

[[screen]]
match = "^/statique/"
action = "static"

[[screen]]
match = "^/"
action = "rights"
tier = "displayed"
fields = ["civil_status"]

{LOG_SOURCE}
[[source]]
id = "audit"
operator = "Viareso"
kind = "audit_trail"
path = "evidence/audit.parquet"
format = "parquet"
timezone = "UTC"
subject_kind = "name"
[source.fields]
requested_at = "at"
account_id = "user"
session_token = "token"
request_ref = "ref"
user_agent = "agent"
path = "path"
subject = "name"
returned_people = "shown"

[[source]]
id = "register"
operator = "Viareso"
kind = "register"
path = "evidence/register.csv"
format = "csv"
encoding = "windows-1252"
delimiter = ";"
date_format = "%d/%m/%Y"
[source.fields]
beneficiary_number = "numero"
holder_number = "assure"
birth_date = "ne_le"
birth_rank = "rang"
last_name = "nom"
first_name = "prenom"
card_number = "carte"
member_number = "adherent"
insurer_id = "assureur"
sex = "sexe"
department = "departement"

[[source]]
id = "accounts"
operator = "Viareso"
kind = "accounts"
path = "evidence/accounts.parquet"
format = "parquet"
[source.fields]
account_id = "account"
profession = "profession"
company_name = "company"
siret = "siret"
bank_identity = "bank"

[[source]]
id = "claims"
operator = "Viareso"
kind = "claims"
path = "evidence/claims.parquet"
format = "parquet"
timezone = "UTC"
[source.fields]
account_id = "account"
submitted_at = "at"
beneficiary_number = "number"
birth_date = "born"

{COUNTERS_SOURCE}"""
