"""Sessions: requests of one client of one account that belong together.

A strand is one account seen from one address with one agent; where the portal has a session token, its lanes are the
tokens. A lane is cut where it falls silent (`session_gap_minutes`) and, as it never does, at whole multiples of
`session_cap_hours` since it last was silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.cutting import CLIENT, HOUR_US, KEYS, MINUTE_US, Cut, Dealt, Rules, ahead
from forensics.engine import create, query
from forensics.settings import Settings

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

SHORT_MINUTES, MIDDLE_MINUTES, LONG_MINUTES = 10, 30, 60
"""Silences at which sessions are counted, to show how much the choice matters."""
COLUMNS, BATCH = ("request_id", *KEYS), 1_000_000


def build(connection: duckdb.DuckDBPyConnection, settings: Settings, requests: Path | None = None) -> None:
    """Rebuild the sessions from the requests.

    Reads `requests`, `accounts`, `subjects`, `register`, `returned_people`. Makes the tables `strand_keys` (one client
    of one account), `request_sessions` (one request), `session_keys` (one session), `session_sensitivity` (one silence
    that could end sessions), `lookups` and `session_lookups`, `session_returned` (whom answers named), `asked_people`
    and `askable` (both of what was asked for or named).

    Args:
        connection: where the tables are.
        settings: what ends a session.
        requests: the file behind `requests`, where there is one: its dictionaries save reading texts row by row.
    """
    cut(connection, settings, requests)
    derive(connection)


def cut(connection: duckdb.DuckDBPyConnection, settings: Settings, requests: Path | None = None) -> None:
    """Make `strand_keys`, `request_sessions`, `session_keys` and `session_sensitivity`, as `cut_by_sql` does."""
    tables = ahead(pieces(requests, COLUMNS)) if requests is not None else _fetched(connection)
    dealt = Dealt(tables, carried=("request_id",))
    strands = dealt.strands()
    final = np.empty(strands.height, dtype=np.int64)
    final[strands["dealt"].to_numpy()] = strands["strand_id"].to_numpy()
    rules = rules_of(settings)
    gaps = (SHORT_MINUTES, MIDDLE_MINUTES, LONG_MINUTES)
    others = [Rules(minutes * MINUTE_US, rules.cap_us) for minutes in gaps]
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE request_sessions (request_id BIGINT, strand_id BIGINT, session_no BIGINT)"
    )
    keys, counts = [], np.zeros(len(gaps), dtype=np.int64)
    for bucket, found, of_strand in dealt.cut(rules, others):
        of_bucket = _session_keys(found, final[of_strand])
        keys.append(of_bucket)
        counts += found.n_at
        of_request = of_bucket.select("strand_id", "session_no")[found.of_request]
        _insert(connection, of_request.select(pl.Series("request_id", bucket.carried[0]), "strand_id", "session_no"))
    numbered = pl.concat(keys or [_session_keys(NOTHING, NOTHING.strand)]).sort("strand_id", "session_no")
    _keep(connection, "session_keys", numbered.select(pl.int_range(1, pl.len() + 1).alias("session_id"), pl.all()))
    _keep(connection, "strand_keys", strands.select("strand_id", *CLIENT))
    _keep(connection, "session_sensitivity", pl.DataFrame({"gap_minutes": gaps, "n_sessions": counts}))


def cut_by_sql(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Make the tables of `cut` with portable SQL alone."""
    gap, cap = {"gap_minutes": settings.session_gap_minutes}, {"cap_hours": settings.session_cap_hours}
    create(connection, "strand_keys")
    create(connection, "request_lanes", gap)
    create(connection, "request_sessions", gap | cap)
    create(connection, "session_keys")
    minutes = {"short_minutes": SHORT_MINUTES, "middle_minutes": MIDDLE_MINUTES, "long_minutes": LONG_MINUTES}
    create(connection, "session_sensitivity", minutes | cap)


def derive(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables that follow from the sessions: who asked for whom, and who was named."""
    for name in ("lookups", "session_lookups", "session_returned", "asked_people", "askable"):
        create(connection, name)


def rules_of(settings: Settings) -> Rules:
    """Return what ends a session."""
    return Rules(settings.session_gap_minutes * MINUTE_US, settings.session_cap_hours * HOUR_US)


def pieces(requests: Path, columns: tuple[str, ...]) -> Iterator[pa.Table]:
    """Give some columns of the requests group after group, repeated texts as dictionaries."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(requests, read_dictionary=[*CLIENT, "session_token"]) as file:
        for group in range(file.num_row_groups):
            yield file.read_row_group(group, columns=list(columns))


def _fetched(connection: duckdb.DuckDBPyConnection) -> Iterator[pa.Table]:
    import pyarrow as pa

    for batch in connection.sql(f"SELECT {', '.join(COLUMNS)} FROM requests").to_arrow_reader(BATCH):
        yield pa.Table.from_batches([batch])


NO_ROWS = np.empty(0, dtype=np.int64)
NOTHING = Cut(NO_ROWS, NO_ROWS, NO_ROWS, NO_ROWS, NO_ROWS, [])


def _session_keys(found: Cut, strand_id: np.ndarray) -> pl.DataFrame:
    """Return the sessions of one bucket, each with its place among those of its strand."""
    frame = pl.DataFrame(
        {
            "strand_id": strand_id,
            "started_at": pl.Series(found.started_us, dtype=pl.Int64).cast(pl.Datetime("us")),
            "ended_at": pl.Series(found.ended_us, dtype=pl.Int64).cast(pl.Datetime("us")),
            "n_requests": pl.Series(found.n_requests, dtype=pl.Int64),
        }
    )
    place = pl.int_range(1, pl.len() + 1).over("strand_id")
    return frame.select("strand_id", place.alias("session_no"), "started_at", "ended_at", "n_requests")


def _insert(connection: duckdb.DuckDBPyConnection, rows: pl.DataFrame) -> None:
    connection.register("rows_of_bucket", rows)
    connection.execute("INSERT INTO request_sessions SELECT * FROM rows_of_bucket")
    connection.unregister("rows_of_bucket")


def _keep(connection: duckdb.DuckDBPyConnection, name: str, rows: pl.DataFrame) -> None:
    connection.register("rows_to_keep", rows)
    connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS SELECT * FROM rows_to_keep')
    connection.unregister("rows_to_keep")


def strands(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return one row a strand: who, from where, when, how many sessions, lookups and distinct subjects."""
    return query(connection, "strands")


def request_sessions(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return `request_id`, `request_ref`, `session_id`, sorted by request."""
    return query(connection, "session_of_request")


def sensitivity(connection: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Return how many sessions there would be at other silences (`forensics.schemas.SessionSensitivity`)."""
    return connection.sql("SELECT gap_minutes, n_sessions FROM session_sensitivity ORDER BY gap_minutes").pl()
