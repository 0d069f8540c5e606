"""Evidence level A: keys logged and no loss found. The count is exact; what is left is definition and witness."""

from __future__ import annotations

import math

from forensics.estimation.interval import Interval

WITHOUT_LABELS = "whole log: strict to broad definition, unclear and unexplained lookups, rule of three on the counters"
BY_LABELS = (
    "whole log: strict to broad definition, unclear and unexplained lookups narrowed by labels by hand, rule of three "
    "on the counters"
)


def unseen_after_checks(people: int, checks: int, level: float) -> int:
    """Return how many people lost lines can hide when every one of some independent checks agreed.

    Had more than a share f of the log been lost, `checks` windows would all have agreed with a chance below
    (1 - f) ** checks; f at chance 1 - level is the rule of three (3 / checks at 95 %). Of D people in a share
    1 - f of the lines, at most D f / (1 - f) more are in the rest.

    Args:
        people: distinct people in the lines that are there.
        checks: windows in which an independent counter agreed with the log.
        level: confidence.

    Raises:
        ValueError: no check was made.

    References:
        Hanley J.A., Lippman-Hand A. 1983. If nothing goes wrong, is everything all right? JAMA 249:1743-1745.
    """
    if checks < 1:
        raise ValueError("completeness that nothing checked has no bound")
    share = 1.0 - (1.0 - level) ** (1.0 / checks)
    return math.ceil(people * share / (1.0 - share))


def complete_count(
    strict: int, broad: int, undetected: int, checks: int, level: float, *, by_labels: bool = False
) -> Interval:
    """Return the interval of a count at evidence level A.

    Two limits can fail, that on what detection missed and that on lost lines; each is taken at (1 + level) / 2, so
    that both hold with a chance of at least `level` (Bonferroni). With labels by hand there are three: what care
    allows for keeps its share of the error, labels and lost lines have half of the other each.

    Args:
        strict: people shown by a full answer, on the card by the register that day.
        broad: people on any card that was asked for, whatever the answer and the day.
        undetected: people of unclear clients, and the upper limit of those whose lookups care leaves unexplained.
        checks: windows in which an independent counter agreed with the log.
        level: confidence.
        by_labels: whether labels by hand have a part in `undetected` or `strict`, at their level.

    Returns:
        From the strict count to the broad one, what detection may have missed and what lost lines can hide.
    """
    found = broad + undetected
    of_lines = 1.0 - (1.0 - level) / (4.0 if by_labels else 2.0)
    return Interval(
        low=strict,
        high=found + unseen_after_checks(found, checks, of_lines),
        level=level,
        method=BY_LABELS if by_labels else WITHOUT_LABELS,
    )
