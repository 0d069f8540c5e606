"""The middle of symmetric differences: its interval against another program's ranks, its level, its drift."""

from __future__ import annotations

import math

import numpy as np
import pytest

from forensics.estimation.median import clock, median

RNG_SEED = 1_000


@pytest.mark.parametrize(
    ("n", "low", "high"),
    [(6, 1, 6), (9, 2, 8), (12, 3, 10), (20, 6, 15), (50, 18, 33), (100, 40, 61)],
)
def test_the_interval_runs_from_one_ranked_value_to_another(n, low, high):
    found = median(np.random.default_rng(1).permutation(np.arange(1.0, n + 1)), 0.95)
    assert found is not None
    assert (found.value, found.interval.low, found.interval.high, found.n) == ((n + 1) / 2, low, high, n)
    assert (found.interval.level, "sign test" in found.interval.method) == (0.95, True)
    # A fair coin falls fewer than `low` times of n on one side with a chance of at most 2.5 %, and no rank goes higher.
    chances = [sum(math.comb(n, k) for k in range(below)) / 2**n for below in (low, low + 1)]
    assert chances[0] <= 0.025 < chances[1]


@pytest.mark.parametrize("n", [0, 1, 5])
def test_five_values_have_no_interval_at_95_percent(n):
    assert median(np.arange(float(n)), 0.95) is None


def test_the_interval_holds_the_skew_of_a_lopsided_case_as_often_as_it_claims():
    """Differences of visits that are long now and then, either way round: far from any bell curve."""
    rng, draws, held = np.random.default_rng(RNG_SEED), 2_000, 0
    for _ in range(draws):
        differences = 3.0 + rng.choice([-1, 1], 60) * rng.lognormal(3, 2, 60)
        found = median(differences, 0.95)
        assert found is not None
        held += found.interval.low <= 3.0 <= found.interval.high
    assert held / draws >= 0.95 - 4 * math.sqrt(0.05 * 0.95 / draws)


def test_a_clock_that_stays_shows_no_drift():
    rng = np.random.default_rng(RNG_SEED)
    found = clock(90 + rng.normal(0, 1, 500), rng.uniform(0, 86_400 * 21, 500), 0.95)
    assert found is not None
    assert found.drift is None
    assert found.skew.interval.low <= 90 <= found.skew.interval.high


def test_a_clock_that_drifts_is_measured_at_the_middle_of_the_log():
    rng = np.random.default_rng(RNG_SEED)
    at = rng.uniform(0, 86_400 * 21, 2_000)
    found = clock(90 + 25e-6 * at + rng.normal(0, 1, 2_000), at, 0.95)
    assert found is not None
    assert found.drift == pytest.approx(25e-6, rel=0.05)
    true = 90 + 25e-6 * found.at
    assert found.skew.interval.low <= true <= found.skew.interval.high
    assert found.skew.interval.high - found.skew.interval.low < 0.2


def test_nothing_to_compare_is_no_clock():
    assert clock(np.array([]), np.array([]), 0.95) is None


def test_drift_of_differences_that_are_all_of_one_instant_is_not_asked_for():
    found = clock(np.arange(20.0), np.zeros(20), 0.95)
    assert found is not None
    assert found.drift is None
