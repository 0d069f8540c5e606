"""How close must two clients be before a tie is held to be more than chance? Numbers and arrays only.

The clients of the case that nobody suspects say it: every pair of them is measured as the accused are, and a tie is
used only where it would link so few honest pairs that an accused client is hardly ever linked by accident.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Null:
    """One kind of tie among honest pairs.

    closeness: how close each tied honest pair is, ascending: the smaller, the closer. n_pairs: honest pairs compared,
    tied or not. cut: pairs strictly closer than this are linked; None where the honest pairs cannot say that it is
    rare. n_linked: honest pairs that the tie would link. upper: one-sided 95 % limit of their share (Clopper and
    Pearson 1934), as if pairs were drawn apart; pairs with a client in common are not, so it is a guide.
    """

    closeness: NDArray[np.float64]
    n_pairs: int
    cut: float | None
    n_linked: int
    upper: float

    def chance(self, closeness: float) -> float:
        """Return the share of honest pairs that are at least so close, the pair itself counted as one of them."""
        as_close = int(np.searchsorted(self.closeness, closeness, side="right"))
        return (1 + as_close) / (1 + self.n_pairs)


def null(closeness: NDArray[np.float64], n_pairs: int, n_accused: int, accidents: float, level: float) -> Null:
    """Find the closest cut at which a tie is rare enough.

    Args:
        closeness: (m,) of the honest pairs that are tied at all; infinite and not-a-number ones are not.
        n_pairs: honest pairs compared.
        n_accused: accused units, each of which is compared with all the others.
        accidents: others to which one unit may be linked by accident, expected, if they were honest.
        level: closeness from which nothing is linked whatever the honest pairs say (infinite where there is none).
    """
    tied = np.sort(closeness[np.isfinite(closeness)])
    rare = min(accidents / max(n_accused - 1, 1), 1.0)
    allowed = _most_linked(n_pairs, rare)
    if allowed < 0:
        return Null(closeness=tied, n_pairs=n_pairs, cut=None, n_linked=0, upper=upper_limit(0, n_pairs))
    cut = min(level, float(tied[allowed]) if allowed < len(tied) else np.inf)
    linked = int(np.searchsorted(tied, cut, side="left"))
    return Null(closeness=tied, n_pairs=n_pairs, cut=cut, n_linked=linked, upper=upper_limit(linked, n_pairs))


@cache
def upper_limit(found: int, of: int) -> float:
    """Return the one-sided 95 % upper limit of a share (Clopper and Pearson 1934)."""
    from scipy.special import betaincinv

    return 1.0 if found >= of else float(betaincinv(found + 1, of - found, CONFIDENCE))


def _most_linked(n_pairs: int, rare: float) -> int:
    """Return how many honest pairs a tie may link for the limit of their share to stay below `rare`; -1 for none."""
    few, many = -1, n_pairs
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (middle, many) if upper_limit(middle, n_pairs) <= rare else (few, middle)
    return few
