"""The independent check: what care alone says was scraped through the used accounts, beside the detector's count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.case import Case
from forensics.detection.care import Peers, peers
from forensics.engine import query
from forensics.estimation.care_bound import scraped_at_least, usual_share_at_least
from forensics.settings import Settings

if TYPE_CHECKING:
    import duckdb

CARE_CHECK = {
    "operator": pl.String, "n_accounts": pl.Int64, "n_patients": pl.Int64, "n_explained": pl.Int64,
    "usual_share_low": pl.Float64, "scraped_at_least": pl.Int64, "n_by_accused": pl.Int64,
}  # fmt: skip


def care_check(connection: duckdb.DuckDBPyConnection, case: Case, strands: pl.DataFrame) -> pl.DataFrame:
    """Return, for each operator with used accounts, care's bound beside the detector's count (`schemas.CareCheck`).

    Reads `consultations`. All clients of a used account count, its owner's too: the bound needs no verdict but that the
    account was used. The usual share is that of accounts of the profession none of whose clients is accused or unclear,
    in the same weeks; a profession with too few of them bounds nothing.

    Args:
        connection: where the tables are.
        case: the clean weeks, and levels.
        strands: the judged strands.
    """
    settings = case.settings
    connection.register("judged", strands.select("strand_id", "verdict"))
    accounts = query(connection, "care_of_accounts", {"clean_until": case.declared.case.clean_until})
    accounts = accounts.filter(pl.col("account_id") != "")
    shares = _usual_shares(accounts.filter(~pl.col("is_used") & ~pl.col("is_unclear")), settings)
    by = ["operator", "profession"]
    used = accounts.filter("is_used").join(shares, on=by, how="left", nulls_equal=True, maintain_order="left")
    rows = [_row(str(operator), of_operator, settings.interval_level) for (operator,), of_operator in
            used.partition_by("operator", as_dict=True).items()]  # fmt: skip
    return pl.DataFrame(rows, schema=CARE_CHECK, orient="row").sort("operator")


def _usual_shares(honest: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Return the lower limits of the usual share, of accounts together and of one, where there are enough to tell."""
    shares = []
    for of, accounts in honest.partition_by("operator", "profession", as_dict=True).items():
        if accounts.height >= settings.least_peers:
            counts = accounts["n_patients"].to_numpy(), accounts["n_explained"].to_numpy()
            one = _of_an_account(peers(*counts), settings.interval_level)
            shares.append((*of, usual_share_at_least(*counts, settings.interval_level), one))
    schema = {"operator": pl.String, "profession": pl.String, "usual": pl.Float64, "of_one": pl.Float64}
    return pl.DataFrame(shares, schema=schema, orient="row")


def _of_an_account(law: Peers, level: float) -> float:
    """Return the share below which one honest account in forty lies (at 95 %): one alone has nobody to vary with."""
    from scipy.stats import beta

    correlation = max(law.correlation, 1e-9)
    size = (1.0 - correlation) / correlation
    return float(beta.ppf((1 - level) / 2, law.share * size, (1.0 - law.share) * size))


def _row(operator: str, used: pl.DataFrame, level: float) -> tuple[object, ...]:
    n_patients, n_explained = used["n_patients"].to_numpy(), used["n_explained"].to_numpy()
    limit = "usual" if used.height > 1 else "of_one"
    usual = used[limit].fill_null(0.0).to_numpy()
    least = scraped_at_least(n_patients, n_explained, usual, level)
    known = used[limit].is_not_null().to_numpy()
    share = float(np.average(usual[known], weights=n_patients[known])) if known.any() else None
    counts = (int(used[name].sum()) for name in ("n_patients", "n_explained"))
    return operator, used.height, *counts, share, least, int(used["n_by_accused"].sum())
