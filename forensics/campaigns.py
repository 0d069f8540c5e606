"""Campaigns: which of the accused clients one robot drove.

Two are linked when they use the same account or network (/24, /48), or, where subjects are people, when their work
lists meet less, or more, than two lists drawn apart would: a list that is shared out is never repeated, one that is
walked twice recurs. (Pages of a public site are no list: every crawler meets the popular ones.)
"""

from __future__ import annotations

import ipaddress
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.engine import query
from forensics.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb


def link(
    connection: duckdb.DuckDBPyConnection, settings: Settings, accused: pl.DataFrame, *, people: bool
) -> pl.DataFrame:
    """Group the accused strands into campaigns.

    Reads `session_lookups`, `subjects`.

    Args:
        connection: where the tables are.
        settings: `link_level`.
        accused: the strands judged scraping (`forensics.schemas.Strands`).
        people: whether subjects are people, so that work lists say something.

    Returns:
        `strand_id`, `campaign_id` (from 1, in the order of the first request).
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = accused.height
    if n == 0:
        return pl.DataFrame(schema={"strand_id": pl.Int64, "campaign_id": pl.Int64})
    connection.register("accused", accused.select("strand_id", "operator"))
    level = settings.link_level / max(n * (n - 1) // 2, 1)
    met = query(connection, "list_meetings").iter_rows(named=True) if people else []
    listed = {(row["a"], row["b"]) for row in met if _lists_linked(row, level)}
    rows = accused.to_dicts()
    pairs = [
        (a, b)
        for a, b in combinations(range(n), 2)
        if _same_origin(rows[a], rows[b]) or (rows[a]["strand_id"], rows[b]["strand_id"]) in listed
    ]
    links = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(links), dtype=np.int8), (links[:, 0], links[:, 1])), shape=(n, n))
    component = connected_components(graph, directed=False)[1]
    groups = accused.select("strand_id", "first_seen_at").with_columns(group=pl.Series(component))
    first = pl.struct(pl.col("first_seen_at").min().over("group"), pl.col("strand_id").min().over("group"))
    return groups.select("strand_id", campaign_id=first.rank("dense").cast(pl.Int64)).sort("strand_id")


def _lists_linked(meeting: Mapping[str, int], level: float) -> bool:
    """Tell whether two work lists meet less or more than two drawn apart: hypergeometric, two-sided."""
    from scipy.stats import hypergeom

    n_common, n_a, n_b, n_reachable = (meeting[name] for name in ("n_common", "n_a", "n_b", "n_reachable"))
    if not n_a or not n_b:
        return False
    law = hypergeom(max(n_reachable, n_a + n_b - n_common), n_a, n_b)
    return bool(2 * min(law.cdf(n_common), law.sf(n_common - 1)) <= level)


def _same_origin(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    same_account = (one["operator"], one["account_id"]) == (other["operator"], other["account_id"])
    network = _network(one["client_ip"])
    return same_account or (network is not None and network == _network(other["client_ip"]))


def _network(address: object) -> str | None:
    """Return the /24 of an IPv4 address or the /48 of an IPv6 one: what one customer of a host usually holds."""
    try:
        ip = ipaddress.ip_address(str(address))
    except ValueError:
        return None
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 48), strict=False))


def campaigns(sessions: pl.DataFrame) -> pl.DataFrame:
    """Sum up the campaigns from their sessions (`forensics.schemas.Campaigns`)."""
    return (
        sessions.filter(pl.col("campaign_id").is_not_null())
        .group_by("campaign_id")
        .agg(
            n_strands=pl.col("strand_id").n_unique().cast(pl.Int64),
            n_accounts=pl.struct("operator", "account_id").n_unique().cast(pl.Int64),
            n_sessions=pl.len().cast(pl.Int64),
            n_lookups=pl.col("n_lookups").sum(),
            n_hits=pl.col("n_hits").sum(),
            started_at=pl.col("started_at").min(),
            ended_at=pl.col("ended_at").max(),
        )
        .sort("campaign_id")
    )
