"""How alike two ways of grouping the same things are.

B-cubed: Bagga and Baldwin, 1998, "Algorithms for scoring coreference chains". Pairwise F1 counts pairs
put together. Adjusted Rand index: Hubert and Arabie, 1985.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Precision, recall and their harmonic mean; null where there was nothing to compare."""

    precision: float | None
    recall: float | None
    f1: float | None


def agreement(precision: float | None, recall: float | None) -> Agreement:
    """Put precision and recall together with F1 = 2 p r / (p + r), 0 when both are 0."""
    if precision is None or recall is None:
        return Agreement(precision=precision, recall=recall, f1=None)
    total = precision + recall
    return Agreement(precision=precision, recall=recall, f1=2 * precision * recall / total if total else 0.0)


def overlaps(true: ArrayLike, found: ArrayLike) -> tuple[list[int], list[int], list[int]]:
    """Count the things in each (true group, found group), each true group, each found group.

    true, found: shape (n,), one label a thing.
    """
    true_label = np.unique(np.asarray(true), return_inverse=True)[1]
    found_label = np.unique(np.asarray(found), return_inverse=True)[1]
    both = np.unique(true_label * (found_label.max(initial=0) + 1) + found_label, return_counts=True)[1]
    return both.tolist(), np.bincount(true_label).tolist(), np.bincount(found_label).tolist()


def bcubed(true: ArrayLike, found: ArrayLike) -> Agreement:
    """B-cubed: for each thing, the share of its found (true) group that is of its true (found) group."""
    true_label = np.unique(np.asarray(true), return_inverse=True)[1]
    found_label = np.unique(np.asarray(found), return_inverse=True)[1]
    count = len(true_label)
    if count == 0:
        return agreement(None, None)
    cell = true_label * (found_label.max() + 1) + found_label
    _, first, both = np.unique(cell, return_index=True, return_counts=True)
    squares = both.astype(float) ** 2
    precision = float((squares / np.bincount(found_label)[found_label[first]]).sum()) / count
    recall = float((squares / np.bincount(true_label)[true_label[first]]).sum()) / count
    return agreement(precision, recall)


def pairwise(true: ArrayLike, found: ArrayLike) -> Agreement:
    """Compare pairs: of the pairs found together how many are truly, and the reverse."""
    both, truly, as_found = (sum(comb(n, 2) for n in sizes) for sizes in overlaps(true, found))
    return agreement(both / as_found if as_found else None, both / truly if truly else None)


def adjusted_rand_index(true: ArrayLike, found: ArrayLike) -> float:
    """Pairs agreed on, corrected for chance: 1 when equal, 0 on average for random groups."""
    both, truly, as_found = (sum(comb(n, 2) for n in sizes) for sizes in overlaps(true, found))
    pairs = comb(len(np.asarray(true)), 2)
    expected = truly * as_found / pairs if pairs else 0.0
    most = (truly + as_found) / 2
    return 1.0 if most == expected else (both - expected) / (most - expected)
