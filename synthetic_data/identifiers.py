"""Identifiers with right check digits that belong to nobody.

NIR: birthplace 00000 (department 00 and commune 000 exist in no edition of the official geographic
code), or a real department with commune 000 (no commune ever had it); order 001 to 990. SIREN: prefix
000. Bank: 99999. Addresses: 198.18.0.0/15 (benchmarking, RFC 2544), 100.64.0.0/10 (shared, RFC 6598)
and 2001:db8::/32 (documentation, RFC 3849). Never a random number from the live space.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

from synthetic_data.targets import DEPARTMENTS, OLDEST_BIRTH

Integers = NDArray[np.int64]
Whole = NDArray[np.integer]

ORDERS = 990  # 991 to 999 are never given to anybody: what is drawn there is a second number by mistake
ORDERS_ASSIGNED = 985  # the others stay free, so that mistyped numbers can be drawn
STEP = 367  # shares no divisor with ORDERS: spreads the orders used
FIRST_MONTH = OLDEST_BIRTH.year * 12
MONTHS = 100 * 12
CORSICA = {"2A": 96_000, "2B": 98_000}  # inside, letters are digits that no birthplace has


class CapacityError(ValueError):
    """More people asked for than the fictitious numbers can tell apart."""


def birthplace(department: str) -> int:
    """Five digits for a department and commune 000, as an integer (overseas: three digits and 00)."""
    if department in CORSICA:
        return CORSICA[department]
    return int(department) * (1000 if len(department) == 2 else 100)


def birthplaces(born_nowhere: bool) -> list[int]:
    """Birthplaces in use: 00000 alone, or every department with commune 000; sorted."""
    return [0] if born_nowhere else sorted(birthplace(name) for name in DEPARTMENTS)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Which numbers are held: for each cell (sex, month of birth, birthplace) the first `held` orders.

    places: sorted birthplaces; held: shape (cells,).
    """

    places: Integers
    held: Integers

    def cell(self, number: Integers) -> Whole:
        """Cell of 13-digit numbers."""
        sex, year, month = number // 10**12, number // 10**10 % 100, number // 10**8 % 100
        months = (year + 1900 + 100 * (year < OLDEST_BIRTH.year % 100)) * 12 + month - 1 - FIRST_MONTH
        return cells(sex, months, np.searchsorted(self.places, number // 1000 % 10**5), len(self.places))

    def unassigned(self, near: Integers, rng: Generator) -> Integers:
        """For each number of `near`, one of the same sex, month and birthplace that nobody holds."""
        cell = self.cell(near)
        free = ORDERS - self.held[cell]
        rank = self.held[cell] + (rng.random(len(near)) * free).astype(np.int64)
        return near // 1000 * 1000 + _order(cell, rank)


def cells(sex: Whole, months: Whole, place: Whole, places: int) -> Whole:
    """Number the cells: sex 1 or 2, months since FIRST_MONTH, row of the birthplace."""
    return ((sex - 1) * MONTHS + months) * places + place


def _order(cell: Whole, rank: Whole) -> Whole:
    """Order number (from 1) of each rank in a cell: one to one, and telling nothing of the rank."""
    return (rank * STEP + cell) % ORDERS + 1


def birth_months(birth: NDArray[np.int32]) -> NDArray[np.int32]:
    """Months since year 0 of days since 1970."""
    return birth.astype("datetime64[D]").astype("datetime64[M]").astype(np.int32) + 1970 * 12


def _ranked(
    sex: NDArray[np.int8], birth_month: NDArray[np.int32], place: NDArray[np.int16], places: list[int]
) -> tuple[NDArray[np.int32], NDArray[np.int32], Integers]:
    """Cell of each person, the rank within it (from 0), and how many each cell holds."""
    cell = cells(sex.astype(np.int32), birth_month - FIRST_MONTH, place, len(places)).astype(np.int32)
    held = np.bincount(cell, minlength=2 * MONTHS * len(places))
    by_cell = np.argsort(cell, kind="stable")
    first = (np.cumsum(held) - held).astype(np.int32)
    rank = np.empty(len(cell), dtype=np.int32)
    rank[by_cell] = np.arange(len(cell), dtype=np.int32) - first[cell[by_cell]]
    return cell, rank, held


def beyond_capacity(
    sex: NDArray[np.int8], birth_month: NDArray[np.int32], place: NDArray[np.int16], places: list[int]
) -> Integers:
    """Rows of those for whom their sex, month of birth and birthplace has no number left."""
    cell = cells(sex.astype(np.int32), birth_month - FIRST_MONTH, place, len(places)).astype(np.int32)
    if np.bincount(cell).max(initial=0) <= ORDERS_ASSIGNED:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(_ranked(sex, birth_month, place, places)[1] >= ORDERS_ASSIGNED)


def assign_nirs(
    sex: NDArray[np.int8], birth_month: NDArray[np.int32], place: NDArray[np.int16], places: list[int]
) -> tuple[Integers, Numbers]:
    """One 13-digit number a person, unique; the order number tells nothing of the person.

    birth_month: months since year 0. place: row in `places`. Raises CapacityError when one sex, month
    and birthplace has more people than numbers.
    """
    cell, rank, held = _ranked(sex, birth_month, place, places)
    if held.max(initial=0) > ORDERS_ASSIGNED:
        raise CapacityError(
            f"fictitious numbers: at most {ORDERS_ASSIGNED} people per sex, month of birth and birthplace, "
            f"{held.max()} needed; choose a smaller preset"
        )
    months = birth_month.astype(np.int64)
    start = ((sex * np.int64(100) + months // 12 % 100) * 100 + months % 12 + 1) * 10**5 + np.array(places)[place]
    return start * 1000 + _order(cell.astype(np.int64), rank), Numbers(np.array(places), held)


def nir_text(number: pl.Expr, letters: bool) -> pl.Expr:
    """Thirteen characters of a 13-digit number; `letters` where some were born in Corsica (2A, 2B)."""
    text = number.cast(pl.String)
    if not letters:
        return text
    place = number // 1000 % 100_000
    lettered = [
        pl.when(place == inside).then(pl.concat_str(text.str.slice(0, 5), pl.lit(name), text.str.slice(7)))
        for name, inside in CORSICA.items()
    ]
    return pl.coalesce(*lettered, text)


def nir_key(number: pl.Expr) -> pl.Expr:
    """Two check digits: 97 - (number mod 97), from 01 to 97; 2A counts as 19 and 2B as 18."""
    place = number // 1000 % 100_000
    counted = number + 1000 * (
        pl.when(place == CORSICA["2A"]).then(19_000 - CORSICA["2A"])
        .when(place == CORSICA["2B"]).then(18_000 - CORSICA["2B"]).otherwise(0)
    )  # fmt: skip
    return (97 - counted % 97).cast(pl.String).str.zfill(2)


def luhn_digit(digits: str) -> str:
    """Give the last digit that makes `digits` followed by it pass Luhn's check."""
    total = 0
    for position, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if position % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def siret(company: int, site: int) -> str:
    """Make an establishment number: SIREN 000 + 5 digits + Luhn, then 4 digits + Luhn over all 14."""
    siren = f"000{company:05}"
    siren += luhn_digit(siren)
    body = f"{siren}{site:04}"
    return body + luhn_digit(body)


def rpps(person: int) -> str:
    """Make a professional's number: prefix 99 (no range is), 8 digits, Luhn over all 11."""
    body = f"99{person:08}"
    return body + luhn_digit(body)


def iban(branch: int, account: int) -> str:
    """French IBAN of the fictitious bank 99999, with right RIB key and right ISO 7064 check."""
    key = 97 - (89 * 99999 + 15 * branch + 3 * account) % 97
    bban = f"99999{branch:05}{account:011}{key:02}"
    check = 98 - int(bban + "152700") % 97  # F=15, R=27, then 00
    return f"FR{check:02}{bban}"


def addresses(count: int, rng: Generator) -> list[str]:
    """Distinct addresses: one in eight IPv6, the others IPv4."""
    is_six = rng.random(count) < 0.125
    four = rng.choice(2**17 + 2**22, size=count, replace=False)
    six = rng.choice(2**31, size=count, replace=False)
    return [
        f"2001:db8:{s >> 16:x}:{s & 0xFFFF:x}::{1 + f % 200:x}" if v6 else _address_four(f)
        for v6, f, s in zip(is_six.tolist(), four.tolist(), six.tolist(), strict=True)
    ]


def _address_four(place: int) -> str:
    """One of the 131,072 addresses of 198.18.0.0/15, then one of the 4,194,304 of 100.64.0.0/10."""
    if place < 2**17:
        return f"198.{18 + (place >> 16)}.{place >> 8 & 255}.{place & 255}"
    shared = place - 2**17
    return f"100.{64 + (shared >> 16)}.{shared >> 8 & 255}.{shared & 255}"
