"""Care's own lower bound: it holds over simulated cases, and bounds nothing where it cannot."""

from __future__ import annotations

import numpy as np
import pytest

from forensics.detection.care import peers
from forensics.detection.care_check import _of_an_account
from forensics.estimation.care_bound import scraped_at_least, usual_share_at_least


def test_the_arithmetic_of_one_account():
    # 1,000 patients, 70 explained, usual share 0.7: 100 honest ones; Clopper-Pearson allows 88 explained at most.
    assert scraped_at_least(np.array([1_000]), np.array([70]), np.array([0.7]), 0.95) == pytest.approx(874, abs=2)


def test_an_account_as_explained_as_others_bounds_nothing():
    assert scraped_at_least(np.array([300, 200]), np.array([210, 139]), np.array([0.69, 0.69]), 0.95) == 0


def test_a_profession_without_a_usual_share_bounds_nothing():
    assert scraped_at_least(np.array([300]), np.array([0]), np.array([0.0]), 0.95) == 0


def test_nothing_explained_leaves_nearly_all_over():
    assert scraped_at_least(np.array([500, 500]), np.array([0, 0]), np.array([0.5, 0.5]), 0.95) > 980


@pytest.mark.parametrize(("k", "concentration"), [(1, 20.0), (3, 20.0), (8, 6.0)])
def test_the_bound_is_above_what_was_scraped_no_more_often_than_its_level_allows(k: int, concentration: float):
    rng, above, runs = np.random.default_rng(8), 0, 600
    for _ in range(runs):
        shares = rng.beta(0.6 * concentration, 0.4 * concentration, 60)
        n_peers = rng.integers(40, 200, 60)
        counts = n_peers, rng.binomial(n_peers, shares)
        usual = usual_share_at_least(*counts, 0.95) if k > 1 else _of_an_account(peers(*counts), 0.95)
        scraped = rng.integers(0, 500, k)
        honest = rng.integers(50, 200, k)
        explained = rng.binomial(honest, rng.beta(0.6 * concentration, 0.4 * concentration, k))
        above += scraped_at_least(honest + scraped, explained, np.full(k, usual), 0.95) > scraped.sum()
    assert above / runs < 0.06


def test_the_usual_share_is_below_the_true_one_as_often_as_it_says():
    rng, above, runs = np.random.default_rng(9), 0, 800
    for _ in range(runs):
        n = rng.integers(20, 300, 40)
        x = rng.binomial(n, rng.beta(3.0, 2.0, 40))
        above += usual_share_at_least(n, x, 0.95) > 0.6
    assert above / runs < 0.05
