"""Is so long a silence credible? Lines come in clusters, so fewer arrive by themselves than are counted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def dispersion(tables: NDArray[np.int64]) -> float:
    """Return how much more than by a Poisson process lines vary, from tables of hours by two columns.

    Pearson's chi-square of a table over its degrees of freedom is 1 for lines that arrive one by one, and about
    the size of a cluster where they come in clusters. The upper quartile over the tables is taken, so that neither a
    few broken days nor a few calm ones decide; it is never less than 1.

    Args:
        tables: (k, h, 2) counts; rows and columns without a line say nothing.

    References:
        McCullagh P., Nelder J.A. 1989. Generalized Linear Models, 2nd ed., section 4.5.
    """
    rows = tables.sum(axis=2, keepdims=True)
    columns = tables.sum(axis=1, keepdims=True)
    total = rows.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = rows * columns / total
        squares = np.where(expected > 0, (tables - expected) ** 2 / expected, 0.0).sum(axis=(1, 2))
    freedom = ((rows > 0).sum(axis=(1, 2)) - 1) * ((columns > 0).sum(axis=(1, 2)) - 1)
    told = freedom > 0
    if not told.any():
        return 1.0
    return max(1.0, float(np.quantile(squares[told] / freedom[told], 0.75)))


def chance_of_none(lines: NDArray[np.int64], share: float, dispersed: float) -> NDArray[np.float64]:
    """Return the chance that none of so many lines falls where a share of them belongs.

    Given their total, lines of two Poisson processes are shared out as by tossing coins; over-dispersed lines are
    taken as so many fewer.

    Args:
        lines: (k,) lines counted elsewhere in its stead: at the same time by fellow servers, or over an equally
            long stretch that would hold as many (share 1/2).
        share: of the lines of both, those that would be here.
        dispersed: `dispersion`.

    References:
        Przyborowski J., Wilenski H. 1940. Homogeneity of results in testing samples from Poisson series.
        Biometrika 31:313-323.
    """
    return np.power(1.0 - share, lines / dispersed)


def chance_of_fall(
    inside: NDArray[np.int64],
    inside_of: NDArray[np.int64],
    outside: NDArray[np.int64],
    outside_of: NDArray[np.int64],
    dispersed: float,
    freedom: int,
) -> NDArray[np.float64]:
    """Return the chance that a share falls so far by accident; 1 where it does not fall.

    Pearson's chi-square of the table (inside, outside) x (its own lines, all others), over the dispersion measured
    with `freedom` degrees of freedom: an F statistic.

    Args:
        inside: (k,) a server's lines in a stretch.
        inside_of: (k,) the lines of all servers there.
        outside: (k,) its lines elsewhere.
        outside_of: (k,) those of all servers elsewhere.
        dispersed: variance over that of independent lines.
        freedom: degrees of freedom with which that was measured.
    """
    from scipy.stats import f

    total, own = inside_of + outside_of, inside + outside
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = inside_of * (own / total)
        variance = expected * (1.0 - own / total) * (outside_of / total)
        statistic = (inside - expected) ** 2 / variance / dispersed
    chances = f.sf(np.nan_to_num(statistic), 1, freedom)
    return np.where((inside < expected) & (variance > 0), chances, 1.0)
