"""The files beside the logs, in the portals' own words: register, accounts, claims, counters.

Nothing here depends on which requests were a robot's.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from synthetic_data import targets
from synthetic_data.cards import NEVER
from synthetic_data.claims import Claims
from synthetic_data.contracts import department_weights
from synthetic_data.identifiers import nir_key, nir_text
from synthetic_data.operators import INSURERS, NETWORKS, OPERATORS, SERVERS_EACH, network_of
from synthetic_data.persons import ROLES
from synthetic_data.population import Population
from synthetic_data.presets import Calendar
from synthetic_data.professionals import Professionals
from synthetic_data.professions import NAMES
from synthetic_data.shown import card_number, member_number
from synthetic_data.streams import RandomStreams
from synthetic_data.texts import drawn_words, invented_words

BLOCK_ROWS = 500_000
EXTRACTED_DAYS_AFTER = 3  # after the log's last day, the register was extracted

# Our field -> the portal's column.
REGISTER = {
    "beneficiary_number": "numero_beneficiaire", "holder_number": "numero_assure",
    "birth_date": "date_naissance", "birth_rank": "rang_naissance", "last_name": "nom",
    "first_name": "prenom", "card_number": "numero_carte", "member_number": "numero_adherent",
    "insurer_id": "organisme", "role": "role", "sex": "sexe", "department": "departement",
    "covered_from": "debut_droits", "covered_until": "fin_droits",
}  # fmt: skip
# Columns of the register that no question needs: the network on the card, cover dated by service.
BESIDE_REGISTER = {"network": "reseau", "optical_from": "debut_optique", "dental_from": "debut_dentaire"}
ACCOUNTS = {
    "account_id": "compte", "account_kind": "type", "practice_id": "cabinet", "profession": "profession",
    "department": "departement", "opened_at": "ouvert_le", "company_name": "raison_sociale",
    "siret": "siret", "bank_identity": "rib",
}  # fmt: skip
BESIDE_ACCOUNTS = {"rpps": "rpps"}
CLAIMS = {
    "account_id": "compte", "submitted_at": "recue_le", "beneficiary_number": "numero_beneficiaire",
    "holder_number": "numero_assure", "birth_date": "date_naissance", "birth_rank": "rang_naissance",
}  # fmt: skip
COUNTERS = {
    "window_start": "debut", "window_minutes": "minutes", "requests": "requetes",
    "response_bytes": "octets", "server": "serveur",
}  # fmt: skip


def renamed(table: pl.DataFrame, *names: dict[str, str]) -> pl.DataFrame:
    """Give our fields the portal's names, in the order of `names`."""
    return table.select(pl.col(ours).alias(theirs) for part in names for ours, theirs in part.items())


def register_blocks(
    population: Population, operator: int, departments: int, streams: RandomStreams
) -> Iterator[pl.DataFrame]:
    """One person on one card, in the order of contracts, some million rows at a time; our field names."""
    last_names, first_names = invented_words(3).str.to_uppercase(), invented_words(2).str.to_titlecase()
    words = _Words(
        last_names,
        first_names,
        streams.salt("last names"),
        streams.salt("first names"),
        pl.Series([code for code, _ in INSURERS]),
        pl.Series(department_weights(departments)[0]),
    )
    total = len(population.registers[operator].person)
    for start in range(0, total, BLOCK_ROWS):
        yield _register_rows(population, operator, slice(start, min(total, start + BLOCK_ROWS)), words)


class _Words:
    """The texts that a register's rows are made of."""

    __slots__ = ("departments", "first_names", "first_salt", "insurers", "last_names", "last_salt")

    def __init__(
        self,
        last_names: pl.Series,
        first_names: pl.Series,
        last_salt: int,
        first_salt: int,
        insurers: pl.Series,
        departments: pl.Series,
    ) -> None:
        self.last_names, self.first_names = last_names, first_names
        self.last_salt, self.first_salt = last_salt, first_salt
        self.insurers, self.departments = insurers, departments


def _register_rows(population: Population, operator: int, rows: slice, words: _Words) -> pl.DataFrame:
    """Write out some rows of a register."""
    register, cards, persons = population.registers[operator], population.cards, population.persons
    person, card = register.person[rows], register.card[rows]
    contract, own = cards.contract[card], persons.contract[person]
    letters = len(population.numbers.places) > 1
    surname = drawn_words(own, words.last_salt, len(words.last_names))
    given = drawn_words(person, words.first_salt, len(words.first_names))
    since, until = cards.since[card], cards.until[card]
    # A child under the other parent's number stands there under that number.
    shared = own != contract
    number = np.where(shared, population.holder_number[contract], population.number[person])
    waited = since + np.where(cards.waits[card], targets.WAITING_DAYS, 0)
    later = np.maximum(waited, register.since[rows])  # nobody is covered before birth
    frame = pl.DataFrame(
        {
            "number": number,
            "holder": population.holder_number[contract],
            "birth_date": persons.birth[person],
            "birth_rank": persons.rank[person],
            "last_name": words.last_names.gather(surname),
            "first_name": words.first_names.gather(given),
            "serial": register.serial[card - register.first_card],
            "person": person,
            "insurer_id": words.insurers.gather(cards.insurer[card]),
            "role": pl.Series(ROLES).gather(persons.role[person]),
            "sex": persons.sex[person],
            "department": words.departments.gather(population.contracts.department[own]),
            "covered_from": register.since[rows],
            "covered_until": pl.Series(until).set(pl.Series(until == NEVER), None),
            "network": pl.Series(NETWORKS).gather(network_of(cards.insurer[card].astype(np.int64))),
            "optical_from": later,
            "dental_from": later,
        }
    )
    return frame.with_columns(
        pl.concat_str(nir_text(pl.col("number"), letters), nir_key(pl.col("number"))).alias("beneficiary_number"),
        nir_text(pl.col("holder"), letters).alias("holder_number"),
        pl.col("birth_date", "covered_from", "covered_until", "optical_from", "dental_from").cast(pl.Date),
        pl.col("birth_rank", "sex").cast(pl.String),
        card_number(pl.col("serial")).alias("card_number"),
        member_number(pl.col("person"), operator).alias("member_number"),
    ).select(*REGISTER, *BESIDE_REGISTER)


def accounts_table(professionals: Professionals, operator: int, end_day: int) -> pl.DataFrame:
    """One login, in the order of logins; our field names. end_day: accounts opened later are not listed."""
    first, last = professionals.start[operator : operator + 2]
    names = pl.Series(NAMES)
    rows = professionals.accounts[first:last].filter(pl.col("opened_day") < end_day)
    return (
        rows.with_columns(names.gather(rows["profession"]).alias("profession"))
        .select(*ACCOUNTS, *BESIDE_ACCOUNTS)
        .sort("account_id")
    )


def claims_rows(claims: Claims, professionals: Professionals, population: Population) -> pl.DataFrame:
    """One claim received, in the order given; our field names."""
    letters = len(population.numbers.places) > 1
    persons = population.persons
    frame = pl.DataFrame(
        {
            "account_id": professionals.accounts["account_id"].gather(claims.account),
            "submitted_at": pl.Series(claims.time).cast(pl.Datetime("us")),
            "number": population.number[claims.person],
            "holder": population.holder_number[persons.contract[claims.person]],
            "birth_date": persons.birth[claims.person],
            "birth_rank": persons.rank[claims.person],
        }
    )
    return frame.with_columns(
        pl.concat_str(nir_text(pl.col("number"), letters), nir_key(pl.col("number"))).alias("beneficiary_number"),
        nir_text(pl.col("holder"), letters).alias("holder_number"),
        pl.col("birth_date").cast(pl.Date),
        pl.col("birth_rank").cast(pl.String),
    ).select(*CLAIMS)


class Gateway:
    """Counts requests and bytes by hour and server as they come, whatever becomes of the log."""

    def __init__(self, calendar: Calendar) -> None:
        """Begin with every window at nothing."""
        self.calendar = calendar
        shape = calendar.days * 24 * SERVERS_EACH
        self.requests: NDArray[np.int64] = np.zeros(shape, dtype=np.int64)
        self.bytes: NDArray[np.int64] = np.zeros(shape, dtype=np.int64)

    def count(self, time: NDArray[np.int64], server: NDArray[np.int8], size: NDArray[np.int64]) -> None:
        """Count some requests: microseconds UTC, server number from 1, bytes."""
        window = (time - self.calendar.start_us) // 3_600_000_000 * SERVERS_EACH + server - 1
        self.requests += np.bincount(window, minlength=len(self.requests))
        # Sums of whole numbers below 2**53 are exact in floating point.
        self.bytes += np.bincount(window, weights=size, minlength=len(self.bytes)).astype(np.int64)

    def windows(self, operator: int) -> pl.DataFrame:
        """One hour of one server: window_start, server, requests, response_bytes."""
        hours = [self.calendar.start + timedelta(hours=hour) for hour in range(self.calendar.days * 24)]
        names = [f"{OPERATORS[operator].lower()}-web-{number + 1}" for number in range(SERVERS_EACH)]
        return pl.DataFrame(
            {
                "window_start": pl.Series(hours, dtype=pl.Datetime("us")).gather(
                    np.repeat(np.arange(len(hours)), SERVERS_EACH)
                ),
                "server": names * len(hours),
                "requests": self.requests,
                "response_bytes": self.bytes,
            }
        )


def counters_table(windows: pl.DataFrame, by_server: bool) -> pl.DataFrame:
    """Counters as the victim keeps them: by server, or summed; the portal's column names."""
    table = windows
    if not by_server:
        table = windows.group_by("window_start", maintain_order=True).agg(pl.col("requests", "response_bytes").sum())
    table = table.with_columns(pl.lit(60, dtype=pl.Int32).alias("window_minutes"))
    return renamed(table, {ours: theirs for ours, theirs in COUNTERS.items() if by_server or ours != "server"})
