"""Campaigns: which of the accused clients one robot drove.

Two are linked when they use the same account or network (/24, /48), or, where subjects are people, when their work
lists meet less, or more, than two lists drawn apart would: a list that is shared out is never repeated, one that is
walked twice recurs. (Pages of a public site are no list: every crawler meets the popular ones.)
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.engine import query
from forensics.settings import Settings

if TYPE_CHECKING:
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
    origins = accused.select("strand_id", *_origins())
    links = [_to_first(origins, "account"), _to_first(origins, "network")]
    if people:
        links.append(_listed_together(query(connection, "list_meetings"), level))
    place = {strand: row for row, strand in enumerate(accused["strand_id"])}
    a, b = (pl.concat(links)[end].replace_strict(place, return_dtype=pl.Int64).to_numpy() for end in ("a", "b"))
    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(n, n))
    component = connected_components(graph, directed=False)[1]
    groups = accused.select("strand_id", "first_seen_at").with_columns(group=pl.Series(component))
    first = pl.struct(pl.col("first_seen_at").min().over("group"), pl.col("strand_id").min().over("group"))
    return groups.select("strand_id", campaign_id=first.rank("dense").cast(pl.Int64)).sort("strand_id")


def _origins() -> list[pl.Expr]:
    """Return what two clients of one robot share: the account, null where the log names none, and the network."""
    named = pl.when(pl.col("account_id") != "").then(pl.struct("operator", "account_id"))
    return [named.alias("account"), pl.col("client_ip").map_elements(_network, return_dtype=pl.String).alias("network")]


def _to_first(origins: pl.DataFrame, column: str) -> pl.DataFrame:
    """Link each strand to the first that has the same value: as many links as strands, not as pairs."""
    return (
        origins.filter(pl.col(column).is_not_null())
        .select(a=pl.col("strand_id").min().over(column), b="strand_id")
        .filter(pl.col("a") != pl.col("b"))
    )


def _listed_together(meetings: pl.DataFrame, level: float) -> pl.DataFrame:
    """Return the pairs whose work lists meet less or more than two drawn apart: hypergeometric, two-sided.

    The tails are summed only where the chance of that very number is itself small: a tail is no smaller.
    """
    from scipy.stats import hypergeom

    lists = meetings.filter((pl.col("n_a") > 0) & (pl.col("n_b") > 0)).with_columns(
        n_reachable=pl.max_horizontal("n_reachable", pl.col("n_a") + pl.col("n_b") - pl.col("n_common"))
    )
    n_common, n_all, n_a, n_b = (lists[name].to_numpy() for name in ("n_common", "n_reachable", "n_a", "n_b"))
    may_be = np.flatnonzero(2.0 * hypergeom.pmf(n_common, n_all, n_a, n_b) <= level)
    common, law = n_common[may_be], hypergeom(n_all[may_be], n_a[may_be], n_b[may_be])
    linked = may_be[2.0 * np.minimum(law.cdf(common), law.sf(common - 1)) <= level]
    return lists[linked].select("a", "b")


def _network(address: str) -> str | None:
    """Return the /24 of an IPv4 address or the /48 of an IPv6 one: what one customer of a host usually holds.

    An IPv4 address written as IPv6 (::ffff:192.0.2.1) is the IPv4 address: its /48 would be everyone's.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return None
    ip = getattr(ip, "ipv4_mapped", None) or ip
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


def requisitions(connection: duckdb.DuckDBPyConnection, sessions: pl.DataFrame) -> pl.DataFrame:
    """Return from which addresses and ports, and when, the requests of campaigns came (`schemas.Requisitions`).

    Reads `requests`, `request_sessions`, `session_keys`.

    Args:
        connection: where the tables are.
        sessions: the judged sessions (`forensics.schemas.Sessions`).
    """
    accused = sessions.filter(pl.col("campaign_id").is_not_null()).select("session_id", "campaign_id")
    connection.register("accused_sessions", accused)
    return query(connection, "requisitions")
