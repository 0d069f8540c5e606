"""What an account's clean weeks say: the drift that is measured, and chances that keep their word."""

from __future__ import annotations

import numpy as np
import pytest

from forensics.detection.care import care, peers
from forensics.detection.own_history import care_beside_history, drift, with_history


def towns(rng, n_accounts, *, share, size, drift_size, before=40, days=8, a_day=6):
    """Draw accounts with a share of their own and days that wander about it; sizes of beta laws, np.inf for none."""
    own = rng.beta(share * size, (1 - share) * size, n_accounts)
    account = np.repeat(np.arange(n_accounts), days)
    early, late = (own[account] if np.isinf(drift_size) else wander(rng, own[account], drift_size) for _ in range(2))
    explained = rng.binomial(before // days, early).reshape(n_accounts, days).sum(axis=1)
    n_of_day = np.full(len(account), a_day)
    return account, np.full(len(account), before), explained[account], n_of_day, rng.binomial(a_day, late)


def wander(rng, shares, size):
    return rng.beta(np.maximum(shares * size, 1e-6), np.maximum((1 - shares) * size, 1e-6))


def test_accounts_that_do_not_change_have_next_to_no_drift():
    counts = towns(np.random.default_rng(1), 400, share=0.5, size=8.0, drift_size=np.inf)
    assert drift(*counts) < 0.01


@pytest.mark.parametrize("size", [4.0, 15.0])
def test_a_planted_drift_is_within_the_upper_limit_and_not_far_below_it(size):
    counts = towns(np.random.default_rng(2), 600, share=0.5, size=30.0, drift_size=size)
    planted = 0.25 * (1 - 1 / 31) / (size + 1)
    assert planted < drift(*counts) < 2.0 * planted


def test_a_season_that_changes_for_all_is_drift():
    account = np.repeat(np.arange(100), 5)
    full, half = np.full(500, 20), np.full(500, 10)
    assert drift(account, full, np.full(500, 18), full, half) == pytest.approx((0.9 - 0.5) ** 2, abs=0.02)


def test_one_account_says_nothing_of_drift():
    assert drift(np.zeros(3, dtype=int), *(np.full(3, n) for n in (9, 5, 9, 5))) == 0.25


def test_without_clean_weeks_the_peers_decide_alone():
    law = peers(np.full(60, 50), np.arange(20, 80) % 50)
    assert care_beside_history(30, 2, law, 0, 0, 0.01, 0.05) == care(30, 2, law)


def test_clean_weeks_of_accounts_that_change_more_than_they_differ_are_left_aside():
    law = peers(np.full(200, 100), np.full(200, 60))
    same = with_history(law, 50, 30, 0.25)
    assert np.array_equal(same.likely_shares, law.likely_shares)
    assert np.array_equal(same.likely_correlations, law.likely_correlations)


def test_a_robot_on_an_account_that_bills_is_told_apart_where_peers_alone_cannot():
    law = peers(np.full(150, 60), np.random.default_rng(3).binomial(60, np.random.default_rng(4).beta(2, 2, 150)))
    assert care(400, 4, law) > 1e-5
    assert care_beside_history(400, 4, law, 45, 24, 0.005, 0.05) < 1e-10


def test_an_account_that_hardly_billed_in_its_clean_weeks_may_hardly_bill_later():
    law = peers(np.full(150, 60), np.random.default_rng(5).binomial(60, 0.7, 150))
    assert care(60, 2, law) < 1e-12
    assert care_beside_history(60, 2, law, 45, 1, 0.005, 0.05) > 0.2


@pytest.mark.parametrize(("size", "drift_size"), [(3.0, np.inf), (10.0, 20.0), (40.0, 8.0)])
def test_an_honest_account_is_flagged_no_more_often_than_the_level_says(size, drift_size):
    rng, flagged, tested = np.random.default_rng(6), np.zeros(2), 0
    for _ in range(12):
        account, n_before, before, n_of_day, of_day = towns(rng, 300, share=0.55, size=size, drift_size=drift_size)
        measured = drift(account, n_before, before, n_of_day, of_day)
        n, x = n_of_day.reshape(300, 8).sum(axis=1), of_day.reshape(300, 8).sum(axis=1)
        law = peers(n, x)
        honest = zip(n.tolist(), x.tolist(), n_before[::8].tolist(), before[::8].tolist(), strict=True)
        chances = np.array([care_beside_history(m, k, law, b, e, measured, 0.05) for m, k, b, e in honest])
        flagged += [np.sum(chances <= 0.01), np.sum(chances <= 0.001)]
        tested += len(chances)
    # 3,600 honest accounts: 36 and 3.6 expected at most; four standard errors above.
    assert flagged[0] <= 36 + 4 * 6
    assert flagged[1] <= 3.6 + 4 * 1.9
