"""Identifiers of invented cases: right check digits, nobody's number."""

from __future__ import annotations

import ipaddress
import re

import numpy as np
import polars as pl
import pytest
from stdnum import iban as stdnum_iban
from stdnum import luhn
from stdnum.fr import nir, siret

from synthetic_data import identifiers
from synthetic_data.shown import card_number, member_number
from synthetic_data.targets import DEPARTMENTS
from synthetic_data.texts import hexadecimals, mixed

NOWHERE = identifiers.birthplaces(born_nowhere=True)
EVERYWHERE = identifiers.birthplaces(born_nowhere=False)
RESERVED = [ipaddress.ip_network(net) for net in ("198.18.0.0/15", "100.64.0.0/10", "2001:db8::/32")]


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def assigned(sexes: list[int], births: list[str], places: list[int] | None = None, of: list[int] = NOWHERE):
    """Numbers of people given one by one, and which numbers are held."""
    months = identifiers.birth_months(np.array(births, dtype="datetime64[D]").astype(np.int32))
    place = np.array(places or [0] * len(sexes), dtype=np.int16)
    return identifiers.assign_nirs(np.array(sexes, dtype=np.int8), months, place, of)


def born_together(count: int):
    return assigned([1] * count, ["1970-05-05"] * count)


def texts(numbers: np.ndarray, letters: bool = False) -> list[str]:
    """Fifteen characters: the number and its key."""
    number = pl.col("number")
    both = pl.concat_str(identifiers.nir_text(number, letters), identifiers.nir_key(number))
    return pl.DataFrame({"number": numbers}).select(both.alias("text"))["text"].to_list()


def test_a_nir_has_its_sex_year_month_a_birthplace_that_does_not_exist_and_the_right_key():
    numbers, _ = assigned([1, 2, 2], ["1985-03-14", "1960-12-01", "2003-01-31"])
    assert [text[:10] for text in texts(numbers)] == ["1850300000", "2601200000", "2030100000"]
    assert all(nir.is_valid(text) for text in texts(numbers))


def test_the_key_of_a_nir_is_97_less_its_rest():
    # Worked out by hand: 1850300000001 = 97 * 19075257731 + 94, and 97 - 94 = 3.
    assert texts(np.array([1850300000001])) == ["185030000000103"]


def test_the_oldest_and_the_youngest_year_have_two_digits_of_their_own():
    numbers, held = assigned([1, 1], ["1924-01-02", "2023-12-30"])
    assert [text[:10] for text in texts(numbers)] == ["1240100000", "1231200000"]
    assert [text[:10] for text in texts(held.unassigned(numbers, rng()))] == ["1240100000", "1231200000"]


def test_the_birthplaces_are_00000_alone_or_every_department_with_commune_000():
    assert NOWHERE == [0]
    numbers, _ = assigned([2] * 101, ["1985-03-14"] * 101, list(range(101)), EVERYWHERE)
    found = {text[5:10] for text in texts(numbers, letters=True)}
    # Overseas, the department takes three characters and the commune two.
    assert found == {f"{name}000"[:5] for name in DEPARTMENTS}
    assert {"01000", "95000", "2A000", "2B000", "97100", "97600"} <= found
    assert len(found) == 101


def test_numbers_of_corsica_carry_a_letter_and_the_key_that_counts_2a_as_19_and_2b_as_18():
    numbers, _ = assigned([2] * 101, ["1985-03-14"] * 101, list(range(101)), EVERYWHERE)
    every = texts(numbers, letters=True)
    corsican = [text for text in every if not text.isdigit()]
    assert sorted(text[5:7] for text in corsican) == ["2A", "2B"]
    assert all(nir.is_valid(text) for text in every)
    for text in corsican:
        counted = text.replace("2A", "19").replace("2B", "18")
        assert int(counted[13:]) == 97 - int(counted[:13]) % 97


def test_people_born_in_the_same_month_get_different_numbers_up_to_capacity():
    numbers, _ = born_together(985)
    orders = numbers % 1000
    assert len(set(orders.tolist())) == 985
    assert 1 <= orders.min() <= orders.max() <= 990


def test_an_order_number_tells_nothing_of_who_came_first():
    orders = born_together(985)[0] % 1000
    assert abs(np.corrcoef(np.arange(985), orders)[0, 1]) < 0.1


def test_one_person_too_many_for_a_month_is_refused_with_a_remedy():
    with pytest.raises(identifiers.CapacityError, match=r"at most 985 people .* 986 needed; choose a smaller"):
        born_together(986)


def test_capacity_is_counted_by_sex_month_and_birthplace():
    many = [1] * 985 + [2] * 985 + [1] * 985
    births = ["1970-05-05"] * 1970 + ["1970-06-05"] * 985
    numbers, _ = assigned(many, births)
    assert len(set(numbers.tolist())) == 3 * 985
    numbers, _ = assigned([1] * 1970, ["1970-05-05"] * 1970, [3] * 985 + [4] * 985, EVERYWHERE)
    assert len(set(numbers.tolist())) == 1970


def test_those_beyond_capacity_are_named_before_anyone_gets_a_number():
    month = np.full(990, 1970 * 12 + 4, dtype=np.int32)
    person, place = np.ones(990, dtype=np.int8), np.zeros(990, dtype=np.int16)
    assert identifiers.beyond_capacity(person, month, place, NOWHERE).tolist() == [985, 986, 987, 988, 989]
    assert len(identifiers.beyond_capacity(person[:985], month[:985], place[:985], NOWHERE)) == 0


@pytest.mark.parametrize("count", [1, 800, 985])
def test_a_mistyped_number_is_nobodys_and_stays_in_the_fictitious_range(count: int):
    numbers, held = born_together(count)
    mistyped = held.unassigned(np.resize(numbers, 2000), rng())
    assert not np.isin(mistyped, numbers).any()
    assert {str(number)[:10] for number in mistyped} == {"1700500000"}
    assert 1 <= (mistyped % 1000).min() <= (mistyped % 1000).max() <= 990


def test_a_mistyped_number_keeps_its_birthplace_in_corsica_too():
    place = [EVERYWHERE.index(identifiers.birthplace(name)) for name in ("2A", "59", "974")]
    numbers, held = assigned([1, 2, 2], ["1985-03-14", "1960-12-01", "2003-01-31"], place, EVERYWHERE)
    before, after = texts(numbers, letters=True), texts(held.unassigned(numbers, rng()), letters=True)
    assert [text[:10] for text in after] == [text[:10] for text in before] == ["185032A000", "2601259000", "2030197400"]
    assert not set(before) & set(after)


def test_a_siret_passes_both_luhn_checks_and_starts_with_000():
    number = identifiers.siret(12345, 17)
    assert siret.is_valid(number)
    assert luhn.is_valid(number[:9])
    assert number.startswith("00012345")


def test_an_rpps_starts_with_99_and_passes_luhn_over_its_11_digits():
    number = identifiers.rpps(4321)
    assert number[:10] == "9900004321"
    assert len(number) == 11
    assert luhn.is_valid(number)
    # The number that the domain notes give as right: the same rule.
    assert identifiers.luhn_digit("1000387962") == "3"


def test_an_iban_of_bank_99999_has_the_right_rib_key_and_the_right_check():
    # RIB key 15 for branch 00001, account 00000000001: worked out by hand, 97 - (89 b + 15 g + 3 c) mod 97.
    assert identifiers.iban(1, 1) == "FR7699999000010000000000115"
    number = identifiers.iban(4321, 98765)
    assert stdnum_iban.is_valid(number)
    branch, account, key = int(number[9:14]), int(number[14:25]), int(number[25:])
    assert (89 * 99999 + 15 * branch + 3 * account + key) % 97 == 0


def test_addresses_are_distinct_reserved_for_tests_and_documents_and_one_in_eight_is_ipv6():
    found = identifiers.addresses(4000, rng())
    parsed = [ipaddress.ip_address(address) for address in found]
    assert len(set(found)) == 4000
    assert all(any(address in net for net in RESERVED) for address in parsed)
    assert 0.10 < sum(address.version == 6 for address in parsed) / 4000 < 0.15


def test_there_are_addresses_for_every_workstation_of_the_country():
    assert len(set(identifiers.addresses(250_000, rng()))) == 250_000


def test_random_references_are_sixteen_hexadecimal_digits():
    found = hexadecimals(np.array([0, 255, 2**64 - 1], dtype=np.uint64)).to_list()
    assert found == ["0" * 16, "0" * 14 + "ff", "f" * 16]


def test_mixing_numbers_is_one_to_one_and_depends_on_the_salt():
    numbers = np.arange(100_000, dtype=np.uint64)
    first, second = mixed(numbers, 1), mixed(numbers, 2)
    assert len(np.unique(first)) == 100_000
    assert not np.array_equal(first, second)


def test_member_numbers_are_nobodys_twice_and_other_ones_at_each_operator():
    people = pl.DataFrame({"person": np.arange(0, 39_000_000, 97)})
    columns = [member_number(pl.col("person"), operator).alias(str(operator)) for operator in range(3)]
    found = people.select(columns)
    assert all(re.fullmatch(r"FIC-A-\d{9}", text) for text in found["0"][:100])
    for operator in ("0", "1", "2"):
        assert found[operator].n_unique() == len(people)
    assert len(found.filter(pl.col("0") == pl.col("1"))) == 0


def test_card_numbers_count_upwards():
    found = pl.DataFrame({"serial": [1001, 1002, 39_000_000]}).select(card_number(pl.col("serial")).alias("card"))
    assert found["card"].to_list() == ["FIC-C-000001001", "FIC-C-000001002", "FIC-C-039000000"]
