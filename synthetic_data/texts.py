"""Texts made in bulk: hexadecimal references, and names that were drawn, not taken from a list of names."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

SYLLABLES = [a + b for a, b in product("bcdfglmnprstv", ("a", "e", "i", "o", "u", "ou", "an", "el", "ar"))]


def mixed(values: NDArray[np.uint64], salt: int) -> NDArray[np.uint64]:
    """Scatter whole numbers over 64 bits, one to one: the finaliser of SplitMix64 (Steele and others, 2014)."""
    mixed = values + np.uint64(salt * 0x9E3779B97F4A7C15 % 2**64)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def hexadecimals(numbers: NDArray[np.uint64]) -> pl.Series:
    """Sixteen hexadecimal digits each."""
    data = numbers.astype(">u8").tobytes().hex().encode("ascii")
    offsets = np.arange(len(numbers) + 1, dtype=np.int64) * 16
    array = pa.LargeStringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(data))
    return pl.Series(values=array)


@cache
def invented_words(syllables: int) -> pl.Series:
    """Every word of so many syllables, in an order that mixes them."""
    words = SYLLABLES
    for _ in range(syllables - 1):
        words = [word + syllable for word in words for syllable in SYLLABLES]
    order = np.argsort(mixed(np.arange(len(words), dtype=np.uint64), syllables), kind="stable")
    return pl.Series(words).gather(order)


def drawn_words(numbers: NDArray[np.integer], salt: int, words: int) -> NDArray[np.uint32]:
    """Give each number the row of one of so many words, always the same, some words far more often.

    With u uniform the row is u squared times the count: the commonest of 13,689 comes in 0.9 % of cases.
    """
    uniform = (mixed(numbers.astype(np.uint64), salt) >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return (uniform * uniform * words).astype(np.uint32)
