"""Campaigns: which of the accused clients one robot drove.

The accused clients of one account belong together. Units (accounts, or clients where the log names no account) are
linked by network (/24, /48), agent, work list and rhythm, each only as close as honest clients of the same case hardly
ever are (`null_model`); campaigns are what the links connect.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.campaigns.linking import Tie, ties, ties_table
from forensics.campaigns.same_actor import Accused, campaign_pairs
from forensics.campaigns.ties import pairs
from forensics.campaigns.units import units
from forensics.engine import query
from forensics.settings import Settings

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """Which campaign each accused strand belongs to, what linked them, and whether two attacks had one actor.

    of_strand: `strand_id`, `campaign_id` (from 1, in the order of the first request). ties, pairs:
    `forensics.schemas.CampaignTies` and `CampaignPairs`.
    """

    of_strand: pl.DataFrame
    ties: pl.DataFrame
    pairs: pl.DataFrame


def link(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    strands: pl.DataFrame,
    resolution_us: int,
    *,
    people: bool,
) -> Linked:
    """Group the accused strands into campaigns.

    Reads the tables of `forensics.sessions`, `register`, `persons`.

    Args:
        connection: where the tables are.
        settings: `null_clients`, and what `forensics.campaigns.linking.ties` reads.
        strands: the judged strands (`forensics.schemas.Strands`), honest ones too: they say what chance does.
        resolution_us: the step of the log's clock.
        people: whether subjects are people, so that work lists say something.
    """
    compared = units(strands, settings.null_clients)
    found = ties(connection, settings, compared, resolution_us, people=people) if compared.n_accused > 1 else []
    accused = compared.table.filter("is_accused").join(strands.select("strand_id", "first_seen_at"), on="strand_id")
    of_unit = accused.group_by("unit").agg(
        pl.col("operator").first(), pl.col("first_seen_at").min(), pl.col("strand_id").min()
    )
    of_unit = of_unit.sort("unit").with_columns(group=pl.Series(_components(compared.n_accused, found)))
    first = pl.struct(pl.col("first_seen_at").min().over("group"), pl.col("strand_id").min().over("group"))
    of_unit = of_unit.with_columns(campaign_id=first.rank("dense").cast(pl.Int64))
    of_strand = accused.select("unit", "strand_id").join(of_unit.select("unit", "campaign_id"), on="unit")
    who = Accused(operator=of_unit["operator"].to_numpy(), campaign=of_unit["campaign_id"].to_numpy())
    return Linked(
        of_strand=of_strand.select("strand_id", "campaign_id").sort("strand_id"),
        ties=ties_table(found, compared),
        pairs=campaign_pairs(who, found),
    )


def _components(n: int, found: list[Tie]) -> NDArray[np.int64]:
    """Return (n,) which units the links connect, numbered from 0."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if n == 0 or not found:
        return np.arange(n)
    linked = np.any([tie.linked for tie in found], axis=0)
    a, b = (ends[linked] for ends in pairs(n))
    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(n, n))
    return connected_components(graph, directed=False)[1].astype(np.int64)


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
