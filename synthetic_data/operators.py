"""The two operators and the insurers behind them: invented names, concentrated shares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

OPERATORS = ("Verdanne", "Ostrelis")
SERVERS_EACH = 2
FIRST_OPERATOR_ACCOUNTS = 0.55

INSURERS = (
    ("00100117", "Mutuelle Orvaline"),
    ("00100328", "Prévoyance Castelune"),
    ("00100534", "Mutuelle Sélandre"),
    ("00100741", "Assurances Brévimont"),
    ("00100956", "Mutuelle Tilvaux"),
    ("00101163", "Garantie Norévie"),
    ("00101375", "Mutuelle Fauvelane"),
    ("00101582", "Prévoyance Umbrelle"),
    ("00101797", "Mutuelle Quéresse"),
    ("00102004", "Assurances Dorimel"),
    ("00102219", "Mutuelle Vantrelle"),
    ("00102426", "Mutuelle Isquelande"),
)
AT_BOTH = (1, 4)  # insurers served by both operators


def insurer_shares(count: int) -> list[NDArray[np.float64]]:
    """For each operator, the share of each of the first `count` insurers in its cards (0 if absent).

    Shares fall as 1 / rank; even ranks go to the first operator, odd ranks to the second, AT_BOTH to
    both.
    """
    weights = 1 / np.arange(1, count + 1)
    index = np.arange(count)
    both = np.isin(index, AT_BOTH)
    shares = []
    for operator in (0, 1):
        here = np.where(both | (index % 2 == operator), weights, 0.0)
        shares.append(here / here.sum())
    return shares
