"""Work lists: whether a client works through the same list as the clients that are accused already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.detection.care import Peers, peers
from forensics.detection.sharing import sharing
from forensics.engine import query

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

SHARED = {
    "list_asked": pl.Int64, "n_listed": pl.Int64, "peers_share_listed": pl.Float64, "list_peers": pl.Int64,
    "p_list": pl.Float64,
}  # fmt: skip
"""People that the suspected clients of an account asked for, and those of them that the accused asked for too; the same
share of honest accounts; how many these are."""


def with_shared_lists(
    connection: duckdb.DuckDBPyConnection,
    measured: pl.DataFrame,
    accused: NDArray[np.bool_],
    compared: NDArray[np.bool_],
    least_peers: int,
) -> pl.DataFrame:
    """Add, for the clients to be compared, how their work lists meet that of the accused ones (SHARED), else nulls.

    Reads `session_lookups`. The clients of one account that are to be compared are taken together: a robot may change
    its address every few dozen lookups, and never its list. The accused of each operator make one list; of several, the
    one that says most counts, its chance times how many there are (Bonferroni). Accounts of the client's operator none
    of whose clients is accused or compared say how often honest lists meet it; an operator with fewer than
    `least_peers` of them says nothing.

    Args:
        connection: where the tables are.
        measured: one row a strand: `strand_id`, `operator`, `account_id`.
        accused: (n,) whose people make the list.
        compared: (n,) whose lists are held against it.
        least_peers: so many honest accounts there must be.
    """
    connection.register("accused", measured.filter(pl.Series(accused)).select("strand_id"))
    named = pl.when(pl.col("account_id") != "").then(pl.struct("operator", "account_id"))
    unit = pl.when(named.is_null()).then("strand_id").otherwise(pl.col("strand_id").min().over(named))
    units = measured.filter(pl.Series(compared)).select("strand_id", unit=unit)
    connection.register("compared", units)
    suspected = measured.filter(pl.Series(accused | compared))
    connection.register("suspected_accounts", suspected.select("operator", "account_id").unique())
    counts = query(connection, "shared_lists")
    n_lists = counts["list"].n_unique()
    rows = [
        (unit, n_asked, n_listed, law.share, law.n_accounts, min(n_lists * sharing(n_asked, n_listed, law), 1.0))
        for _, of_list in counts.group_by("list", "operator", maintain_order=True)
        if (law := _honest(of_list, least_peers)) is not None
        for unit, n_asked, n_listed in of_list.select("unit", "n_asked", "n_listed").drop_nulls().iter_rows()
    ]
    found = pl.DataFrame(rows, schema={"unit": pl.Int64, **SHARED}, orient="row")
    clearest = found.sort("unit", "p_list", maintain_order=True).unique("unit", keep="first")
    of_strand = units.join(clearest, on="unit").drop("unit")
    return measured.join(of_strand, on="strand_id", how="left").sort("strand_id")


def _honest(of_list: pl.DataFrame, least_peers: int) -> Peers | None:
    """Return how often honest accounts of one operator meet one list, None where they are too few to tell."""
    honest = of_list.filter(pl.col("unit").is_null())
    if honest.height < least_peers:
        return None
    return peers(honest["n_asked"].to_numpy(), honest["n_listed"].to_numpy())
