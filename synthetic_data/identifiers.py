"""Identifiers with right check digits that belong to nobody.

NIR: birthplace "00000" (department 00, commune 000 exist in no edition of the official geographic
code), order 001 to 999. SIREN: prefix 000. Bank: 99999. Addresses: 198.18.0.0/15 (benchmarking,
RFC 2544) and 2001:db8::/32 (documentation, RFC 3849). Never a random number from the live space.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Integers = NDArray[np.int64]

ORDERS = 999
ORDERS_ASSIGNED = 900  # the others stay free, so that mistyped numbers can be drawn


class CapacityError(ValueError):
    """More people asked for than the fictitious numbers can tell apart."""


def nir_cells(sex: Integers, birth_date: NDArray[np.datetime64]) -> Integers:
    """Give the 13-digit number with order 000: sex, year, month, birthplace 00000."""
    months = birth_date.astype("datetime64[M]").astype(np.int64) + 1970 * 12
    year, month = (months // 12) % 100, months % 12 + 1
    return sex * 10**12 + year * 10**10 + month * 10**8


def assign_nirs(sex: Integers, birth_date: NDArray[np.datetime64], rng: Generator) -> Integers:
    """One 13-digit number a person, unique; order drawn without telling the person's rank.

    Raises CapacityError when one sex, year and month holds more than 900 people.
    """
    cells = nir_cells(sex, birth_date)
    fullest = int(np.unique(cells, return_counts=True)[1].max(initial=0))
    if fullest > ORDERS_ASSIGNED:
        raise CapacityError(
            f"fictitious numbers: at most {ORDERS_ASSIGNED} people per sex, year and month of birth, "
            f"{fullest} needed; choose a smaller preset"
        )
    shuffled = rng.permutation(len(cells))
    by_cell = shuffled[np.argsort(cells[shuffled], kind="stable")]
    sorted_cells = cells[by_cell]
    first = np.searchsorted(sorted_cells, sorted_cells)
    rank = np.arange(len(cells)) - first
    # Steps of 367 around the 999 orders (367 and 999 share no divisor) spread the orders used.
    numbers = np.empty(len(cells), dtype=np.int64)
    numbers[by_cell] = sorted_cells + (rank * 367 + sorted_cells // 10**8) % ORDERS + 1
    return numbers


def unassigned_nirs(near: Integers, assigned: Integers, rng: Generator) -> Integers:
    """For each number of `near`, one of the same sex, year and month that nobody holds."""
    known = np.sort(assigned)
    numbers = near.copy()
    pending = np.arange(len(near))
    while len(pending):
        cells = near[pending] // 1000 * 1000
        numbers[pending] = cells + rng.integers(1, ORDERS + 1, len(pending))
        place = np.minimum(np.searchsorted(known, numbers[pending]), len(known) - 1)
        pending = pending[known[place] == numbers[pending]]
    return numbers


def nir_keys(numbers: Integers) -> Integers:
    """Check digits of 13-digit numbers: 97 - (number mod 97), from 1 to 97."""
    return 97 - numbers % 97


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


def iban(branch: int, account: int) -> str:
    """French IBAN of the fictitious bank 99999, with right RIB key and right ISO 7064 check."""
    key = 97 - (89 * 99999 + 15 * branch + 3 * account) % 97
    bban = f"99999{branch:05}{account:011}{key:02}"
    check = 98 - int(bban + "152700") % 97  # F=15, R=27, then 00
    return f"FR{check:02}{bban}"


def addresses(count: int, rng: Generator) -> list[str]:
    """Distinct addresses: one in eight IPv6, the others IPv4."""
    is_six = rng.random(count) < 0.125
    four = rng.choice(2**17, size=count, replace=False)
    six = rng.choice(2**31, size=count, replace=False)
    return [
        f"2001:db8:{s >> 16:x}:{s & 0xFFFF:x}::{1 + f % 200:x}"
        if v6
        else f"198.{18 + (f >> 16)}.{f >> 8 & 255}.{f & 255}"
        for v6, f, s in zip(is_six.tolist(), four.tolist(), six.tolist(), strict=True)
    ]


def hexadecimals(count: int, rng: Generator, digits: int = 16) -> NDArray[np.str_]:
    """`count` random texts of `digits` hexadecimal digits."""
    text = rng.bytes(count * digits // 2).hex().encode("ascii")
    return np.frombuffer(text, dtype=f"S{digits}").astype(f"U{digits}")


def invented_names(count: int, rng: Generator, syllables: int) -> NDArray[np.str_]:
    """Pronounceable words of `syllables` syllables that were drawn, not taken from a list of names."""
    heads = [a + b for a, b in product("bcdfglmnprstv", ("a", "e", "i", "o", "u", "ou", "an", "el", "ar"))]
    parts = np.array(heads)[rng.integers(0, len(heads), (syllables, count))]
    words = parts[0]
    for part in parts[1:]:
        words = np.char.add(words, part)
    return np.char.capitalize(words)
