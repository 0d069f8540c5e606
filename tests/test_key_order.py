"""The order of keys: rises and falls beside the exact law of permutations, and what ingest keeps of it."""

from __future__ import annotations

import math
from itertools import pairwise, permutations

import numpy as np
import polars as pl
import pytest

from forensics.detection.key_order import key_order
from forensics.evidence.request_table import _key_steps


def at(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def rises(keys) -> int:
    return sum(a < b for a, b in pairwise(keys))


@pytest.mark.parametrize("n", [4, 6, 8])
def test_the_chance_is_never_below_that_of_trying_every_order(n: int):
    every = [rises(order) for order in permutations(range(n))]
    for up in range(n):
        most = max(up, n - 1 - up)
        exact = sum(k >= most or k <= n - 1 - most for k in every) / math.factorial(n)
        found = key_order(at(up), at(n - 1 - up), at(1))[0]
        assert exact - 1e-12 <= found <= 1.0
        assert found <= max(40 * exact, 1e-12) or found == 1.0


def test_a_walk_in_order_is_no_accident_in_either_direction():
    assert key_order(at(199), at(0), at(1))[0] < 1e-200
    assert key_order(at(0), at(199), at(1))[0] == key_order(at(199), at(0), at(1))[0]


def test_a_shuffled_list_and_nothing_at_all_say_nothing():
    assert key_order(at(101, 0), at(98, 0), at(1, 0)).tolist() == [1.0, 1.0]


def test_random_orders_in_pieces_are_flagged_no_more_often_than_the_chance_says():
    rng, chances = np.random.default_rng(5), []
    for _ in range(2_000):
        runs = [rng.permutation(40) for _ in range(5)]
        up = sum(rises(run) for run in runs)
        chances.append(key_order(at(up), at(5 * 39 - up), at(5))[0])
    for level in (0.2, 0.05, 0.01):
        assert np.mean(np.array(chances) <= level) <= level


def test_each_lookup_is_held_against_the_one_before_of_its_client_and_kind():
    rows = [
        ("A", "1", "holder_number", "b"), ("A", "2", "holder_number", "z"), ("A", "1", "holder_number", "c"),
        ("A", "1", None, None), ("A", "1", "holder_number", "c"), ("A", "1", "name", "a"),
        ("A", "2", "holder_number", "y"), ("A", "1", "holder_number", "a"),
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=["operator", "account_id", "subject_kind", "subject_message"], orient="row")
    frame = frame.with_columns(client_ip=pl.lit("192.0.2.1"), user_agent=pl.lit(None, dtype=pl.String))
    assert frame.select(_key_steps()).to_series().to_list() == [None, None, 1, None, 0, None, -1, -1]
