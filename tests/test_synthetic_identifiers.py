"""Identifiers of invented cases: right check digits, nobody's number."""

from __future__ import annotations

import ipaddress

import numpy as np
import pytest
from stdnum import iban as stdnum_iban
from stdnum import luhn
from stdnum.fr import nir, siret

from synthetic_data import identifiers


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_a_nir_has_its_sex_year_month_a_birthplace_that_does_not_exist_and_the_right_key():
    sex = np.array([1, 2, 2])
    birth = np.array(["1985-03-14", "1960-12-01", "2003-01-31"], dtype="datetime64[D]")
    numbers = identifiers.assign_nirs(sex, birth, rng())
    texts = [f"{n}{k:02}" for n, k in zip(numbers, identifiers.nir_keys(numbers), strict=True)]
    assert [t[:10] for t in texts] == ["1850300000", "2601200000", "2030100000"]
    assert all(nir.is_valid(t) for t in texts)


def test_people_born_in_the_same_month_get_different_numbers_up_to_capacity():
    sex = np.ones(identifiers.ORDERS_ASSIGNED, dtype=np.int64)
    birth = np.full(identifiers.ORDERS_ASSIGNED, np.datetime64("1970-05-05"))
    orders = identifiers.assign_nirs(sex, birth, rng()) % 1000
    assert len(set(orders.tolist())) == identifiers.ORDERS_ASSIGNED
    assert orders.min() >= 1


def test_one_person_too_many_for_a_month_is_refused_with_a_remedy():
    sex = np.ones(identifiers.ORDERS_ASSIGNED + 1, dtype=np.int64)
    birth = np.full(identifiers.ORDERS_ASSIGNED + 1, np.datetime64("1970-05-05"))
    with pytest.raises(identifiers.CapacityError, match=r"at most 900 people .* 901 needed; choose a smaller"):
        identifiers.assign_nirs(sex, birth, rng())


def test_a_mistyped_number_is_nobodys_and_stays_in_the_fictitious_range():
    sex = np.ones(800, dtype=np.int64)
    assigned = identifiers.assign_nirs(sex, np.full(800, np.datetime64("1970-05-05")), rng())
    mistyped = identifiers.unassigned_nirs(assigned, assigned, rng())
    assert not np.isin(mistyped, assigned).any()
    assert {str(n)[:10] for n in mistyped} == {"1700500000"}


def test_a_siret_passes_both_luhn_checks_and_starts_with_000():
    number = identifiers.siret(12345, 17)
    assert siret.is_valid(number)
    assert luhn.is_valid(number[:9])
    assert number.startswith("00012345")


def test_an_iban_of_bank_99999_has_the_right_rib_key_and_the_right_check():
    # RIB key 15 for branch 00001, account 00000000001: worked out by hand, 97 - (89 b + 15 g + 3 c) mod 97.
    assert identifiers.iban(1, 1) == "FR7699999000010000000000115"
    number = identifiers.iban(4321, 98765)
    assert stdnum_iban.is_valid(number)
    branch, account, key = int(number[9:14]), int(number[14:25]), int(number[25:])
    assert (89 * 99999 + 15 * branch + 3 * account + key) % 97 == 0


def test_addresses_are_distinct_and_reserved_for_tests_and_documents():
    found = identifiers.addresses(3000, rng())
    allowed = (ipaddress.ip_network("198.18.0.0/15"), ipaddress.ip_network("2001:db8::/32"))
    assert len(set(found)) == 3000
    assert all(any(ipaddress.ip_address(a) in net for net in allowed) for a in found)


def test_random_references_are_hexadecimal_of_the_length_asked():
    texts = identifiers.hexadecimals(1000, rng(), 16).tolist()
    assert len(set(texts)) == 1000
    assert all(len(t) == 16 and set(t) <= set("0123456789abcdef") for t in texts)
