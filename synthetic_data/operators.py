"""The operators, the insurers behind them and the networks beside them: invented names, concentrated shares."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from synthetic_data import targets

OPERATORS = ("Verdanne", "Ostrelis", "Calvessac")  # the third only where a scenario has one
SERVERS_EACH = 2
ACCOUNT_SHARES = (0.55, 0.45, 0.10)  # of the preset's accounts; the third operator's come on top

# Platforms that negotiate prices: they stand on cards and operate nothing.
NETWORKS = ("Réseau Opalis", "Réseau Tramontel", "Réseau Vidéane", "Réseau Corveline", "Réseau Aubrelle",
            "Réseau Sinopée")  # fmt: skip

FORMS = ("Mutuelle", "Prévoyance", "Mutuelle", "Assurances", "Mutuelle", "Garantie")
WORDS = (
    "Orvaline", "Castelune", "Sélandre", "Brévimont", "Tilvaux", "Norévie", "Fauvelane", "Umbrelle", "Quéresse",
    "Dorimel", "Vantrelle", "Isquelande", "Aldérive", "Bellonte", "Cyrvanne", "Damoriel", "Estrivaux", "Florgane",
    "Gervolle", "Hautrelle", "Irvandes", "Jolvence", "Kerlonde", "Lusmarie", "Morvalande", "Nestruche", "Olgivane",
    "Pontrelle", "Quervaux", "Rismonde", "Solvigne", "Torlande", "Ursevine", "Valtrune", "Ysandre", "Zélonde",
    "Amborvie", "Brisolane", "Cormivaux", "Delfrange", "Ermivande", "Fontrude", "Grisolune", "Helmorive", "Ivralde",
    "Jasmoute", "Kolvande", "Lorvisane", "Mistrelande", "Novrelle",
)  # fmt: skip


def _insurers() -> tuple[tuple[str, str], ...]:
    """One hundred codes and names; the last fifty are the same words under another form of company."""
    named = [f"{FORMS[i % len(FORMS)]} {WORDS[i]}" for i in range(len(WORDS))]
    named += [f"{FORMS[(i + 1) % len(FORMS)]} {word} Santé" for i, word in enumerate(WORDS)]
    # Department 00 exists nowhere: eight digits that no insurer carries.
    return tuple((f"00{100117 + 207 * i:06}", name) for i, name in enumerate(named))


INSURERS = _insurers()


def insurer_weights(count: int) -> NDArray[np.float64]:
    """Shares of the `count` largest insurers in all cards, largest first, summing to 1.

    The first ten and the first twenty of a hundred hold the shares of `targets`; within each of the
    three groups, sizes fall by a constant ratio. Fewer insurers are the first ones.
    """
    groups = []
    edges = [(10, targets.TOP_10_SHARE), (20, targets.TOP_20_SHARE), (100, 1.0)]
    before, ended = 0, 0.0
    for last, share in edges:
        size = last - before
        fall = np.geomspace(*targets.INSURER_FALL[len(groups)], size)
        groups.append(fall / fall.sum() * (share - ended))
        before, ended = last, share
    weights = np.concatenate(groups)[:count]
    return weights / weights.sum()


def insurer_shares(count: int, operators: int) -> list[NDArray[np.float64]]:
    """For each operator, the share of each of the first `count` insurers in its cards (0 if absent).

    Even ranks go to the first operator, odd ranks to the second, ranks 1 and 4 and then one in ten to
    both; the third operator has every fifth.
    """
    index = np.arange(count)
    both = np.isin(index, (1, 4)) | (index % 10 == 7)
    shares = []
    for operator in range(operators):
        here = both | (index % 2 == operator) if operator < 2 else index % 5 == 2
        # Whoever is at both has half of its cards at each.
        weights = np.where(here, insurer_weights(count), 0.0) * np.where(both & (operator < 2), 0.5, 1.0)
        shares.append(weights / weights.sum())
    return shares


def network_of(insurer: NDArray[np.int64]) -> NDArray[np.int64]:
    """Index in NETWORKS of each insurer's network; each works with one, whoever operates its payments."""
    return insurer * 7 % len(NETWORKS)
