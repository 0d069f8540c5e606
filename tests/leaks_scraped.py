"""Who is looked for in a generated case that a robot visited: people shown to it, and whose accounts it used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
from leaks_spellings import Person

HOLDERS, DEPENDANTS = 10, 5
BORN_BEFORE = 1970
"""As days since 1970 such birth dates are below zero, where no count of lines, bytes or milliseconds is."""
SHORTEST_NAME = 8
"""Letters: shorter names are met by chance in pictures and compressed pages."""


def flagged(case: Path) -> pl.DataFrame:
    """The lines of the log that stand in sessions judged scraping."""
    sessions = pl.read_parquet(case / "results" / "sessions.parquet").filter(pl.col("verdict") == "scraping")
    lines = pl.read_parquet(case / "results" / "request_sessions.parquet").join(sessions, on="session_id", how="semi")
    return evidence(case, "access").join(lines, left_on="reference", right_on="request_ref", how="semi")


def evidence(case: Path, name: str) -> pl.DataFrame:
    """All operators' files of one kind."""
    return pl.concat([pl.read_parquet(path) for path in sorted(case.glob(f"evidence/*/{name}.parquet"))])


def exposed(case: Path) -> list[dict[str, Any]]:
    """Rows of the clear register: holders whose number was asked for in those sessions, dependants on their cards."""
    shown = flagged(case).filter((pl.col("statut") == 200) & (pl.col("nb_assures") > 0))
    cards = (
        evidence(case, "register")
        .join(shown, left_on="numero_assure", right_on="numero", how="semi")
        .filter(
            pl.col("date_naissance").dt.year() < BORN_BEFORE,
            pl.col("nom").str.len_chars() >= SHORTEST_NAME,
        )
        .unique("numero_assure", keep="first", maintain_order=True)
    )
    is_holder = pl.col("role") == "holder"
    return pl.concat([cards.filter(is_holder).head(HOLDERS), cards.filter(~is_holder).head(DEPENDANTS)]).to_dicts()


def people(rows: list[dict[str, Any]]) -> list[Person]:
    return [
        Person(
            number=row["numero_beneficiaire"], last=row["nom"], first=row["prenom"], born=row["date_naissance"],
            also=(row["numero_carte"], row["numero_adherent"]),
        )
        for row in rows
    ]  # fmt: skip


def professionals(case: Path) -> list[Person]:
    """Whose accounts were used in those sessions, as the list of accounts names them beside the login."""
    used = evidence(case, "accounts").join(flagged(case), on="compte", how="semi").sort("compte")
    return [
        Person(number=None, last=company, first="SARL", also=tuple(others))
        for company, *others in used.select("raison_sociale", "siret", "rib", "rpps").iter_rows()
    ]
