"""The rule: which clients are accused, which stay unclear, and what keeps the others from a firmer verdict."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from forensics.detection.decision import Chances, benjamini_hochberg, holm, two_of
from forensics.detection.work_lists import SHARED
from forensics.settings import Settings

NO_ACCOUNT = ""
ROUNDS = 2
"""Care and machine accuse first, then the work list of those accused: each round may err half as often."""

Compare = Callable[[pl.DataFrame, NDArray[np.bool_], NDArray[np.bool_]], pl.DataFrame]
"""Adds the columns of `forensics.detection.work_lists.SHARED`, given who is accused and who is to be compared."""


def decide(
    measured: pl.DataFrame,
    settings: Settings,
    families: Chances,
    p_machine: Chances,
    missing: list[str],
    cared_for: NDArray[np.bool_],
    compare: Compare | None,
) -> pl.DataFrame:
    """Apply the rule: scraping by Holm on two families; unclear by false discovery rate, or by the machine alone.

    What the machine says alone, at the level of an accusation, leaves a client unclear unless care speaks for it: a
    fast client whose patients are followed by claims is a practice's software. Nothing speaks for a client of pages.
    Nor does a shared work list accuse a client for whom care speaks. What care says alone leaves a client unclear too,
    by false discovery rate: a robot that asks as slowly as a person shows nothing else. Clients at networks that their
    account never used in its clean weeks are a case of their own there, for among them a robot is no rarity (Efron
    2008). A declared role that never bills is accused by a work list only.

    Args:
        measured: one row a strand, sorted by `strand_id`.
        settings: levels, and how many people a client must have asked for.
        families: (n, 2) chances of the families that are measured of every client; machine and care, where subjects
            are people.
        p_machine: (n,) what the machine says alone.
        missing: for each client, what would keep the second family from being measured.
        cared_for: (n,) for whom care speaks though its chance was not worked out.
        compare: holds work lists against that of the accused; None where subjects are pages.

    References:
        Efron B. 2008. Simultaneous inference: when should hypothesis testing problems be combined? Ann. Appl. Stat. 2.

    Returns:
        `measured` with SHARED, `p_combined`, `honest_expected` (how many honest clients, of all that were tested, are
        expected to look so in the measures that the verdict rests on), `verdict`, `why_not`.
    """
    testable = measured["n_subjects"].to_numpy() >= settings.least_subjects
    n_tests, level = int(testable.sum()), settings.accusation_level
    p_two = two_of(families)
    combined = np.where(testable, p_two, np.nan)
    p_care = np.full(len(p_two), np.nan) if compare is None else families[:, 1]
    cleared = (p_care > settings.unclear_level) | cared_for
    a_round = level if compare is None else level / ROUNDS
    role = measured["profession"].is_in(settings.roles_without_claims).fill_null(value=False).to_numpy()
    by_role = holm(combined, a_round, n_tests) & role
    scraping = holm(combined, a_round, n_tests) & ~role
    measured = measured.with_columns(pl.lit(None, dtype=dtype).alias(name) for name, dtype in SHARED.items())
    if compare is not None and scraping.any():
        may_be = np.nanmin(np.column_stack([families, np.ones(len(families))]), axis=1) <= level
        compared = testable & ~scraping & ~cleared & may_be
        measured = compare(measured.drop(SHARED), scraping, compared)
        p_list = measured["p_list"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        with_list = np.where(compared, two_of(np.column_stack([families, p_list])), np.nan)
        linked = holm(with_list, a_round, n_tests) & (~role | (p_list * n_tests <= a_round))
        combined, scraping = np.where(linked, with_list, combined), scraping | linked
    scraping |= _beside_accused(measured, combined, scraping, settings.accused_account_rate) & ~role
    by_role &= ~scraping
    by_machine, by_care = (np.where(testable & ~cleared, chance, np.nan) for chance in (p_machine, p_care))
    is_new = measured["new_network"].fill_null(value=True).to_numpy()  # or of an account that has no habits yet
    alone = holm(by_machine, level, n_tests)
    for group in (is_new, ~is_new):
        of_group, n_of_group = np.where(group, by_care, np.nan), int(np.sum(testable & group))
        alone |= benjamini_hochberg(of_group, settings.unclear_level, n_of_group)
    unclear = (benjamini_hochberg(combined, settings.unclear_level, n_tests) | alone | by_role) & ~scraping
    verdict = np.select([scraping, unclear], ["scraping", "unclear"], "honest")
    why_not = np.select(
        [scraping, ~testable, by_role, unclear & np.isnan(p_two), unclear],
        ["", "too_few_subjects", "declared_role", np.array(missing), "measures_disagree"],
        "",
    )
    return measured.with_columns(
        pl.Series("p_combined", combined),
        pl.Series("honest_expected", n_tests * _rests_on(combined, np.fmin(by_machine, by_care), scraping, unclear)),
        pl.Series("verdict", verdict, dtype=pl.String),
        pl.Series("why_not", why_not, dtype=pl.String).replace({"": None}),
    )


def _rests_on(combined: Chances, alone: Chances, scraping: NDArray[np.bool_], unclear: NDArray[np.bool_]) -> Chances:
    """Return the chance that each verdict rests on: of two families, or of the one that leaves a client unclear."""
    of_unclear = np.fmin(combined, alone)
    return np.where(scraping, combined, np.where(unclear, of_unclear, np.nan))


def _beside_accused(measured: pl.DataFrame, combined: np.ndarray, accused: np.ndarray, rate: float) -> np.ndarray:
    """Return which other clients of an accused account are the robot's too, tested among that account's clients."""
    frame = measured.select("operator", "account_id").with_columns(
        pl.Series("combined", combined), pl.Series("accused", accused), row=pl.int_range(pl.len())
    )
    beside = frame.filter(pl.col("accused").any().over("operator", "account_id") & (pl.col("account_id") != NO_ACCOUNT))
    found = np.zeros(len(combined), dtype=bool)
    for rows in beside.partition_by("operator", "account_id"):
        chances = rows["combined"].to_numpy()
        found[rows["row"].to_numpy()] = benjamini_hochberg(chances, rate, int(np.sum(~np.isnan(chances))))
    return found
