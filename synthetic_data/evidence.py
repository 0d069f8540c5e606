"""The evidence files, in the portals' own words; `FIELDS` says which column is which of ours.

Nothing here depends on which requests were a robot's.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl

from synthetic_data import portal, targets
from synthetic_data.operators import INSURERS, OPERATORS
from synthetic_data.population import Population
from synthetic_data.professionals import Professionals

ROWS_A_GROUP = 131_072
FORMATS = {
    "parquet": "one Parquet file an operator, every field there",
    "combined": "Apache combined log lines; no reference, server, count or token",
}

ACCESS_PARQUET = {
    "requested_at": "heure", "account_id": "compte", "client_ip": "adresse_ip", "client_port": "port",
    "user_agent": "navigateur", "method": "methode", "path": "chemin", "status": "statut",
    "response_bytes": "octets", "duration_ms": "duree_ms", "server": "serveur", "session_token": "jeton",
    "request_ref": "reference", "subject": "numero", "records_returned": "nb_assures",
}  # fmt: skip
ACCESS_COMBINED = {
    "requested_at": "time", "account_id": "user", "client_ip": "host", "user_agent": "user_agent",
    "method": "method", "path": "url.path", "status": "status", "response_bytes": "bytes",
    "subject": "url.query.numero",
}  # fmt: skip
REGISTER = {
    "beneficiary_number": "numero_beneficiaire", "holder_number": "numero_assure",
    "birth_date": "date_naissance", "birth_rank": "rang_naissance", "last_name": "nom",
    "first_name": "prenom", "card_number": "numero_carte", "member_number": "numero_adherent",
    "insurer_id": "organisme", "role": "role", "sex": "sexe", "department": "departement",
    "covered_from": "debut_droits", "covered_until": "fin_droits",
}  # fmt: skip
ACCOUNTS = {
    "account_id": "compte", "account_kind": "type", "practice_id": "cabinet", "profession": "profession",
    "department": "departement", "opened_at": "ouvert_le", "company_name": "raison_sociale",
    "siret": "siret", "bank_identity": "rib",
}  # fmt: skip
CLAIMS = {
    "account_id": "compte", "submitted_at": "recue_le", "beneficiary_number": "numero_beneficiaire",
    "holder_number": "numero_assure", "birth_date": "date_naissance", "birth_rank": "rang_naissance",
}  # fmt: skip
COUNTERS = {
    "window_start": "debut", "window_minutes": "minutes", "requests": "requetes",
    "response_bytes": "octets", "server": "serveur",
}  # fmt: skip


def fields(kind: str, form: str) -> dict[str, str]:
    """Our field -> the portal's column, for one kind of evidence in one format."""
    from forensics.schemas import EVIDENCE_FIELDS  # slow to import, and only needed here

    mapped = {
        "access_log": ACCESS_PARQUET if form == "parquet" else ACCESS_COMBINED,
        "register": REGISTER,
        "accounts": ACCOUNTS,
        "claims": CLAIMS,
        "counters": {k: v for k, v in COUNTERS.items() if form == "parquet" or k != "server"},
    }[kind]
    unknown = set(mapped) - set(EVIDENCE_FIELDS[kind])
    if unknown:
        raise KeyError(f"{kind}: fields the analysis does not know: {', '.join(sorted(unknown))}")
    return mapped


def write_table(table: pl.DataFrame, path: Path) -> None:
    """Write Parquet with fixed settings, so that equal tables are equal bytes."""
    table.rechunk().write_parquet(
        path, compression="zstd", compression_level=3, statistics=True, row_group_size=ROWS_A_GROUP
    )


def server_name(operator: int) -> pl.Expr:
    """Give the server's name from its number: verdanne-web-1."""
    return pl.format("{}-web-{}", pl.lit(OPERATORS[operator].lower()), pl.col("server"))


def access_table(requests: pl.DataFrame, operator: int) -> pl.DataFrame:
    """One operator's requests in ACCESS_PARQUET's columns, in the order of time."""
    pages = pl.DataFrame(
        {
            "page": range(len(portal.PAGES)),
            "method": [page.method for page in portal.PAGES],
            "path": [page.path for page in portal.PAGES],
        }
    )
    rows = requests.filter(pl.col("operator") == operator).join(pages, on="page", how="left", maintain_order="left")
    ours = {
        "requested_at": pl.col("time").cast(pl.Datetime("us")),
        "client_port": pl.col("port"),
        "server": server_name(operator),
        "session_token": pl.col("token"),
        "subject": pl.when(pl.col("number") > 0).then(pl.col("number").cast(pl.String)),
    }
    return rows.select(ours.get(our, pl.col(our)).alias(theirs) for our, theirs in ACCESS_PARQUET.items())


def combined_lines(access: pl.DataFrame) -> pl.DataFrame:
    """Turn the same rows into Apache combined lines, local time, in one column."""
    local = pl.col("heure").dt.offset_by(f"{targets.LOCAL_OFFSET_HOURS}h").dt.strftime("%d/%b/%Y:%H:%M:%S")
    query = pl.when(pl.col("numero").is_null()).then(pl.lit("")).otherwise(pl.format("?numero={}", "numero"))
    return access.select(
        pl.format(
            '{} - {} [{} +0100] "{} {}{} HTTP/1.1" {} {} "-" "{}"',
            "adresse_ip", "compte", local, "methode", "chemin", query, "statut", "octets", "navigateur",
        ).alias("line")
    )  # fmt: skip


def register_table(population: Population, operator: int) -> pl.DataFrame:
    """One person on one card: REGISTER's columns, in the order of card numbers."""
    insurer_ids = [code for code, _ in INSURERS]
    rows = population.register.filter(pl.col("operator") == operator).join(
        population.persons, on="person", how="left", maintain_order="left"
    )
    ours = {
        "beneficiary_number": pl.col("beneficiary_number").cast(pl.String),
        "holder_number": pl.col("holder_number").cast(pl.String),
        "birth_rank": pl.col("birth_rank").cast(pl.String),
        # Scattered by a fixed step, so that numbers do not follow the order people were drawn in.
        "card_number": pl.format("FIC-C-{}", _scattered("card", 5_000_011)),
        "member_number": pl.format("FIC-A-{}", _scattered("person", 7_000_003)),
        "insurer_id": pl.col("insurer").replace_strict(dict(enumerate(insurer_ids)), return_dtype=pl.String),
        "sex": pl.col("sex").cast(pl.String),
    }
    table = rows.select(ours.get(our, pl.col(our)).alias(theirs) for our, theirs in REGISTER.items())
    return table.sort("numero_carte", "numero_adherent")


def _scattered(column: str, step: int) -> pl.Expr:
    """Nine digits, one to one with the column's values (the step is prime to 10**9)."""
    return ((pl.col(column).cast(pl.Int64) + 1) * step % 10**9).cast(pl.String).str.zfill(9)


def accounts_table(professionals: Professionals, operator: int) -> pl.DataFrame:
    """One login: ACCOUNTS' columns, in the order of logins."""
    names = {index: profession.name for index, profession in enumerate(targets.PROFESSIONS)}
    rows = professionals.accounts.filter(pl.col("operator") == operator).with_columns(
        pl.col("profession").replace_strict(names, return_dtype=pl.String),
        pl.col("opened_at").cast(pl.Datetime("us")),
    )
    return rows.select(pl.col(our).alias(theirs) for our, theirs in ACCOUNTS.items()).sort("compte")


def claims_table(
    claims: pl.DataFrame, professionals: Professionals, population: Population, operator: int
) -> pl.DataFrame:
    """One claim received: CLAIMS' columns, in the order of time."""
    accounts = professionals.accounts.filter(pl.col("operator") == operator).select("account", "account_id")
    persons = population.persons.select(
        "person",
        "birth_date",
        pl.col("beneficiary_number", "holder_number", "birth_rank").cast(pl.String),
    )
    rows = (
        claims.join(accounts, on="account")
        .join(persons, on="person")
        .with_columns(pl.col("time").cast(pl.Datetime("us")).alias("submitted_at"))
    )
    return rows.select(pl.col(our).alias(theirs) for our, theirs in CLAIMS.items()).sort(
        "recue_le", "compte", "numero_beneficiaire", "date_naissance"
    )


def counters_table(access: pl.DataFrame, by_server: bool) -> pl.DataFrame:
    """Count what the operator's gateway counted: requests and bytes an hour, empty hours included."""
    hours = pl.datetime_range(
        targets.LOG_START, targets.LOG_END, timedelta(hours=1), closed="left", eager=True, time_unit="us"
    ).alias("debut")
    keys = ["debut", "serveur"] if by_server else ["debut"]
    windows = hours.to_frame()
    if by_server:
        windows = windows.join(access.select(pl.col("serveur").unique().sort()), how="cross")
    counted = access.group_by(pl.col("heure").dt.truncate("1h").alias("debut"), *keys[1:]).agg(
        pl.len().cast(pl.Int64).alias("requetes"), pl.col("octets").sum()
    )
    columns = ["debut", "minutes", "requetes", "octets", *keys[1:]]
    return (
        windows.join(counted, on=keys, how="left")
        .with_columns(pl.col("requetes", "octets").fill_null(0), pl.lit(60, dtype=pl.Int32).alias("minutes"))
        .select(columns)
        .sort(keys)
    )


def write_evidence(
    folder: Path,
    *,
    form: str,
    requests: pl.DataFrame,
    claims: pl.DataFrame,
    population: Population,
    professionals: Professionals,
) -> None:
    """Write `folder`/<operator>/ for both operators."""
    for operator, name in enumerate(OPERATORS):
        place = folder / name.lower()
        place.mkdir(parents=True)
        access = access_table(requests, operator)
        if form == "parquet":
            write_table(access, place / "access.parquet")
        else:
            combined_lines(access).write_csv(
                place / "access.log", include_header=False, quote_style="never", line_terminator="\n"
            )
        write_table(register_table(population, operator), place / "register.parquet")
        write_table(accounts_table(professionals, operator), place / "accounts.parquet")
        write_table(claims_table(claims, professionals, population, operator), place / "claims.parquet")
        write_table(counters_table(access, by_server=form == "parquet"), place / "counters.parquet")
