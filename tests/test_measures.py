"""Measures: each against values printed elsewhere, and against honest clients simulated from its own model."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import betabinom, poisson

from forensics.detection.care import care, peers
from forensics.detection.measures import lost_to_clock, lost_to_cut, pace, regularity

HALF_HOUR_US = 1_800_000_000
MILLISECOND_US = 1_000


def at(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


# Pace


@pytest.mark.parametrize(("busiest", "crowd", "printed"), [(10, 4, 0.0081), (6, 2, 0.0166), (3, 1, 0.0803)])
def test_pace_is_the_poisson_tail_of_the_printed_tables(busiest, crowd, printed):
    # Cumulative Poisson table: P(X <= 9; 4) = .9919, P(X <= 5; 2) = .9834, P(X <= 2; 1) = .9197.
    assert pace(at(busiest), at(1), at(crowd))[0] == pytest.approx(printed, abs=5e-5)


def test_pace_counts_every_window_that_was_looked_at():
    assert pace(at(10), at(50), at(4))[0] == pytest.approx(50 * 0.008132, rel=1e-3)


def test_pace_says_nothing_of_a_client_no_faster_than_the_crowd():
    assert pace(at(4), at(1000), at(4))[0] == 1.0


def test_a_crowd_that_never_asked_counts_as_one_subject_a_window():
    assert pace(at(3), at(1), at(0))[0] == pace(at(3), at(1), at(1))[0]


@pytest.mark.parametrize(("crowd", "n_windows"), [(1, 10), (4, 100), (20, 3000)])
def test_an_honest_client_as_fast_as_the_crowd_is_flagged_no_more_often_than_the_level_says(crowd, n_windows):
    for level in (0.05, 1e-3, 1e-6, 1e-9):
        counts = np.arange(1, 200)
        flagged = counts[pace(counts, np.full(199, n_windows), np.full(199, crowd)) <= level].min()
        busiest_reaches_it = -math.expm1(n_windows * math.log1p(-float(poisson.sf(flagged - 1, crowd))))
        assert busiest_reaches_it <= level


# Regularity


def chance_of_gaps(gaps_s: np.ndarray, step_us: int = MILLISECOND_US) -> float:
    gaps = np.maximum(np.round(gaps_s * 1e6).astype(np.int64), step_us // 2)
    logs = np.round(np.log(gaps) * 1e6).astype(np.int64)
    return regularity(
        at(len(gaps)), at(gaps.sum()), at(logs.sum()), longest_us=HALF_HOUR_US, step_us=step_us
    )[0]  # fmt: skip


def test_moran_statistic_on_a_worked_example():
    # Gaps of 1, 2 and 3 s: 2 (3 log 2 - log 6) = 0.5754; over 1 + 4/18, 0.4708; chi-squared, 2 degrees of freedom:
    # 1 - exp(-0.4708 / 2) = 0.2097.
    assert chance_of_gaps(np.array([1.0, 2.0, 3.0])) == pytest.approx(0.2097, abs=0.001)  # the clock's step: 0.0006


def test_a_metronome_is_no_accident():
    assert chance_of_gaps(np.full(100, 2.0)) < 1e-80


def test_a_metronome_read_from_a_clock_of_whole_seconds_is_no_accident():
    ticks = np.floor(np.arange(400) * 1.3)
    assert chance_of_gaps(np.diff(ticks), step_us=1_000_000) < 1e-6


def test_someone_who_hurries_and_pauses_is_not_steady():
    assert chance_of_gaps(np.tile([1.0, 2.0, 3.0, 600.0], 50)) > 0.999


def test_one_silence_says_nothing():
    assert chance_of_gaps(np.array([2.0])) == 1.0


def test_what_the_cut_takes_is_what_the_uniform_law_says_where_random_moments_fill_it():
    # Gaps below a cut that they would mostly exceed are uniform: Euler - (1 - log 2).
    assert lost_to_cut(np.array([0.5]))[0] == pytest.approx(0.5772157 - 1 + math.log(2), abs=1e-3)
    assert lost_to_cut(np.array([0.01]))[0] < 1e-6


def test_what_the_clock_takes_is_what_simulation_says():
    rng = np.random.default_rng(1)
    for rate in (0.2, 0.7, 2.0):
        read = np.maximum(np.diff(np.floor(np.cumsum(rng.exponential(1 / rate, 400_000)))), 0.5)
        lost = 0.5772157 - (math.log(read.mean()) - np.log(read).mean())
        assert lost_to_clock(np.array([read.mean()]))[0] == pytest.approx(lost, abs=0.006)  # 4 standard errors


def random_moments(rng, mean_s, n, *, step_us=MILLISECOND_US, cut=True):
    """Return the silences of random moments as a log keeps them: rounded by its clock, cut at half an hour."""
    moments = np.floor(np.cumsum(rng.exponential(mean_s, 8 * n)) * 1e6 / step_us) * step_us / 1e6
    gaps = np.diff(moments)
    return (gaps[gaps <= 1800.0] if cut else gaps)[:n]


def test_the_chance_of_random_moments_is_uniform():
    rng = np.random.default_rng(2)
    chances = [chance_of_gaps(random_moments(rng, 60.0, 200)) for _ in range(1000)]
    for level in (0.01, 0.05, 0.2, 0.5, 0.8):
        error = math.sqrt(level * (1 - level) / 1000)
        assert np.mean(np.array(chances) <= level) == pytest.approx(level, abs=4 * error)


@pytest.mark.parametrize(
    ("mean_s", "step_us"),
    [(600.0, MILLISECOND_US), (1800.0, MILLISECOND_US), (6000.0, 1_000_000), (5.0, 1_000_000), (0.3, 1_000_000)],
)
def test_neither_the_cut_of_sessions_nor_the_clock_makes_random_moments_look_steady(mean_s, step_us):
    rng = np.random.default_rng(3)
    chances = np.array(
        [chance_of_gaps(random_moments(rng, mean_s, 1500, step_us=step_us), step_us) for _ in range(200)]
    )
    assert np.mean(chances <= 0.01) <= 0.01 + 4 * math.sqrt(0.01 * 0.99 / 200)
    assert chances.min() > 1e-5


# Care


def test_peers_that_differ_by_chance_alone_have_no_correlation():
    law = peers(np.full(20, 10), np.array([7, 8, 9, 8, 8, 7, 9, 8, 8, 8] * 2))
    assert (law.share, law.correlation, law.n_accounts) == (pytest.approx(0.8), 0.0, 20)


def test_the_correlation_is_the_moment_estimator_of_equal_accounts():
    # Shares 0, 0.5 and 1 of 10 patients: spread 5 / 0.25 = 20, by chance 2, room 18: (20 - 2) / 18 = 1, kept below 1.
    assert peers(at(10, 10, 10), at(0, 5, 10)).correlation == 0.995
    # Shares 0.3, 0.5 and 0.7: spread 0.8 / 0.25 = 3.2; (3.2 - 2) / 18 = 0.0667.
    law = peers(at(10, 10, 10), at(3, 5, 7))
    assert (law.share, law.correlation) == (pytest.approx(0.5), pytest.approx(0.0667, abs=1e-4))


def test_parameters_planted_in_many_peers_come_back():
    rng = np.random.default_rng(4)
    n = rng.integers(5, 200, 4000)
    law = peers(n, rng.binomial(n, rng.beta(0.7 * 9, 0.3 * 9, 4000)))  # correlation 1 / (9 + 1)
    assert (law.share, law.correlation) == (pytest.approx(0.7, abs=0.01), pytest.approx(0.1, abs=0.01))


def test_with_many_peers_care_is_the_beta_binomial_tail():
    rng = np.random.default_rng(5)
    n = np.full(20_000, 50)
    law = peers(n, rng.binomial(n, rng.beta(8.0, 2.0, 20_000)))
    assert care(40, 12, law) == pytest.approx(float(betabinom.cdf(12, 40, 8.0, 2.0)), rel=0.05)


def test_with_few_peers_nobody_is_far_out():
    few, many = peers(np.full(10, 50), np.full(10, 40)), peers(np.full(200, 50), np.full(200, 40))
    assert care(100, 5, few) > 1e-12 > care(100, 5, many)


def test_peers_all_of_whose_patients_are_explained_are_no_certainty():
    assert care(20, 0, peers(np.full(10, 5), np.full(10, 5))) > 1e-6


def test_peers_none_of_whose_patients_are_explained_accuse_nobody():
    assert care(50, 0, peers(np.full(10, 5), np.zeros(10, dtype=np.int64))) > 0.5


def test_as_many_explained_as_there_are_patients_is_no_evidence():
    assert care(50, 50, peers(np.full(30, 20), np.full(30, 15))) == pytest.approx(1.0)


@pytest.mark.parametrize("n_peers", [10, 30, 200])
@pytest.mark.parametrize(("share", "correlation"), [(0.8, 0.02), (0.8, 0.1), (0.9, 0.1), (0.5, 0.05)])
def test_an_honest_account_is_flagged_no_more_often_than_the_level_says(n_peers, share, correlation):
    """The size of the test, averaged over 60 sets of peers of uneven numbers of patients, each size exact.

    Largest found over 400 sets, 10 to 200 peers: .88 of the level at 1e-3, .76 at 1e-5 to 1e-7. The estimated law
    put in as if it were known gave 9 to 11 times the level at 1e-3 with 10 peers, and 700 to 1,100 times at 1e-6.
    """
    rng = np.random.default_rng(6)
    a, b = share * (1 - correlation) / correlation, (1 - share) * (1 - correlation) / correlation
    levels, sizes = (1e-2, 1e-4, 1e-6), np.zeros(3)
    for _ in range(60):
        n = np.maximum(1, rng.lognormal(math.log(60), 0.7, n_peers).astype(int))
        law = peers(n, rng.binomial(n, rng.beta(a, b, n_peers)))
        for place, level in enumerate(levels):
            sizes[place] += betabinom.cdf(last_flagged(100, level, law), 100, a, b) / 60
    assert (sizes <= 1.5 * np.array(levels)).all()  # 60 sets: a set that looks too much alike weighs a lot


def last_flagged(n_patients: int, level: float, law) -> int:
    """Return the most patients explained at which the client is still flagged, -1 where none is: by halving."""
    low, high = -1, n_patients
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if care(n_patients, middle, law) <= level else (low, middle)
    return low
