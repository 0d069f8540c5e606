"""The rule that joins chances: by hand, against slow twins, and under dependence."""

from __future__ import annotations

import math

import numpy as np
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.detection.decision import benjamini_hochberg, holm, smallest_of, two_of

NAN = math.nan


def numbers(array) -> list[float | None]:
    return [None if math.isnan(value) else round(float(value), 12) for value in array]


def test_one_family_takes_its_smallest_chance_times_its_measures():
    joined = smallest_of(np.array([[0.01, 0.5], [0.6, 0.7], [NAN, 0.2], [NAN, NAN]]))
    assert numbers(joined) == [0.02, 1.0, 0.2, None]


def test_two_families_must_both_say_so():
    joined = two_of(np.array([[1e-9, 0.3], [1e-9, 1e-6], [1e-9, NAN], [NAN, NAN]]))
    assert numbers(joined) == [0.3, 1e-6, None, None]


def test_of_three_families_the_middle_one_counts_twice():
    joined = two_of(np.array([[1e-9, 0.3, 0.01], [1e-9, NAN, 0.01], [0.9, 0.8, 0.7]]))
    assert numbers(joined) == [0.02, 0.01, 1.0]


def test_holm_by_hand():
    # Against 0.05 / 4 = .0125, 0.05 / 3 = .0167, 0.05 / 2 = .025: the third fails, and the fourth with it.
    chances = np.array([0.01, 0.04, 0.03, 0.005])
    assert holm(chances, 0.05, 4).tolist() == [True, False, False, True]


def test_holm_counts_clients_that_were_open_to_be_tested_and_have_no_chance():
    chances = np.array([0.01, NAN, NAN, NAN, NAN, NAN])
    assert holm(chances, 0.05, 5).tolist() == [True, False, False, False, False, False]
    assert not holm(chances, 0.05, 6).any()


def test_benjamini_hochberg_on_the_fifteen_chances_of_its_paper():
    # Benjamini and Hochberg 1995, section 3.2: with q = 0.05 the four smallest are rejected (Bonferroni: three).
    printed = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459]
    printed += [0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000]
    assert benjamini_hochberg(np.array(printed), 0.05, 15).sum() == 4
    assert holm(np.array(printed), 0.05, 15).sum() == 3


def test_nothing_to_test_accuses_nobody():
    nothing = np.array([], dtype=np.float64)
    assert holm(nothing, 0.05, 0).tolist() == []
    assert benjamini_hochberg(nothing, 0.05, 0).tolist() == []


CHANCES = st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.01, 0.025, 0.05])), min_size=1, max_size=12)


@given(CHANCES, st.integers(0, 5), st.sampled_from([0.05, 2.5e-4]))
@settings(max_examples=150, deadline=None)
def test_both_procedures_are_the_slow_twins(chances, others, level):
    n_tests = len(chances) + others
    assert set(np.flatnonzero(holm(np.array(chances), level, n_tests))) == reference.holm(chances, level, n_tests)
    found = benjamini_hochberg(np.array(chances), level, n_tests)
    assert set(np.flatnonzero(found)) == reference.benjamini_hochberg(chances, level, n_tests)


@given(CHANCES, st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_the_order_of_clients_does_not_matter(chances, random):
    order = list(range(len(chances)))
    random.shuffle(order)
    shuffled = np.array(chances)[order]
    for rule in (holm, benjamini_hochberg):
        assert (
            rule(shuffled, 0.05, len(chances)).tolist() == rule(np.array(chances), 0.05, len(chances))[order].tolist()
        )


@pytest.mark.parametrize("likeness", [-0.9, 0.0, 0.9, 1.0])
@pytest.mark.parametrize("families", [2, 3])
def test_two_of_is_valid_under_any_dependence_where_at_most_one_family_holds(families, likeness):
    """One family always says robot; the others are honest and depend on each other. 100,000 clients, 4 errors."""
    from scipy.stats import norm

    rng = np.random.default_rng(8)
    common = rng.standard_normal(100_000)
    others = [common] + [
        likeness * common + math.sqrt(1 - likeness**2) * rng.standard_normal(100_000) for _ in range(families - 2)
    ]
    chances = np.column_stack([np.zeros(100_000), *(norm.cdf(other) for other in others)])
    for level in (0.05, 0.001):
        assert np.mean(two_of(chances) <= level) <= level + 4 * math.sqrt(level / 100_000)


def test_holm_accuses_one_honest_client_at_most_as_often_as_its_level_says():
    rng = np.random.default_rng(9)
    wrong = [holm(rng.uniform(size=50), 0.05, 50).any() for _ in range(4000)]
    assert np.mean(wrong) <= 0.05 + 4 * math.sqrt(0.05 * 0.95 / 4000)
