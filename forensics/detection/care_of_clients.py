"""Care, measured of every client: do claims follow, as they follow others of the profession and its own clean weeks?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from forensics.case import Case
from forensics.detection.care import care, peers
from forensics.detection.own_history import care_beside_history, drift
from forensics.engine import create, query
from forensics.settings import Settings

if TYPE_CHECKING:
    import duckdb
    from numpy.typing import NDArray

CARE = {
    "n_patients": pl.Int64, "n_lists": pl.Int64, "n_followed": pl.Int64, "peers_share_followed": pl.Float64,
    "peers": pl.Int64, "n_before": pl.Int64, "followed_before": pl.Int64, "follow_up_days": pl.Int64,
    "p_care": pl.Float64,
}  # fmt: skip
"""A client's patients, those of them that are answers of a list, those whom care explains; the same share of its peers
and how many these are; its account's patients in the clean weeks (null: not used) and those explained."""

SPAN = ["profession", "first_day", "last_day"]
ACCOUNT = ["operator", "account_id"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What clients are held against.

    settings: levels. follow_up: days that each operator's lookups are followed. of_span: the accounts of each
    profession and span of days (operator, account, patients, those explained). history: of each account, its clean
    weeks. drift: by profession, of all under None.
    """

    settings: Settings
    follow_up: Mapping[str, int]
    of_span: Mapping[tuple[object, ...], tuple[NDArray[np.object_], ...]]
    history: Mapping[tuple[str, str], tuple[int, int]]
    drift: Mapping[str | None, float]


def without_care() -> list[pl.Expr]:
    """Return the columns of CARE where care cannot be known."""
    return [pl.lit(None, dtype=dtype).alias(name) for name, dtype in CARE.items()]


def with_care(
    connection: duckdb.DuckDBPyConnection,
    case: Case,
    measured: pl.DataFrame,
    p_machine: NDArray[np.float64],
    follow_up: Mapping[str, int],
) -> tuple[pl.DataFrame, NDArray[np.bool_]]:
    """Add care (CARE), and tell for whom it speaks.

    Reads `consultations`; makes `own_history`. The chance is worked out only for clients whose share is
    low beside the usual one of their profession (a binomial tail), or whom the machine suspects: of the others care
    speaks for them.

    Args:
        connection: where the tables are.
        case: settings and the clean weeks.
        measured: one row a strand, sorted by `strand_id`.
        p_machine: (n,) what the machine says, NaN where nothing.
        follow_up: days that each operator's lookups are followed; others are left out.

    Returns:
        `measured` with CARE, and (n,) whether care speaks for the client.
    """
    settings, clean = case.settings, {"clean_until": case.declared.case.clean_until}
    testable = measured["n_subjects"].to_numpy() >= settings.least_subjects
    machine = np.nan_to_num(p_machine, nan=1.0)
    if not follow_up or not testable.any():
        return measured.with_columns(without_care()), np.zeros(measured.height, dtype=bool)
    suspected = machine * max(int(testable.sum()), 1) <= settings.accusation_level
    connection.register("suspected_clients", measured.filter(pl.Series(suspected)).select("strand_id"))
    connection.register("suspected_accounts", measured.filter(pl.Series(suspected)).select(ACCOUNT).unique())
    connection.register("tested", measured.filter(pl.Series(testable)).select("strand_id"))
    own = query(connection, "tested_patients", clean)
    of_machine = measured.select("strand_id", machine=pl.Series(machine <= settings.unclear_level))
    own = own.join(of_machine, on="strand_id", how="left", maintain_order="left")
    low = pl.Series(_low_beside_profession(own, settings.unclear_level))
    closer = own.filter(low | own["machine"])
    reference = _reference(connection, settings, closer, follow_up, clean)
    rows = [_care_row(row, reference) for row in closer.iter_rows(named=True)]
    found = measured.join(pl.DataFrame(rows, schema={"strand_id": pl.Int64, **CARE}), on="strand_id", how="left")
    found = found.sort("strand_id")
    as_usual = found["strand_id"].is_in(own.filter(~(low | own["machine"]))["strand_id"].implode()).to_numpy()
    return found, as_usual | _as_often_as_everyone(connection, found)


def _low_beside_profession(own: pl.DataFrame, level: float) -> NDArray[np.bool_]:
    """Return whose share of explained patients is low beside the median share of the profession's clients.

    A screen: the binomial tail, which allows for no differences between accounts, is smaller than the care measure.
    """
    from scipy.stats import binom

    share = pl.col("n_explained") / pl.col("n_patients")
    usual = own.select(share.median().over("profession", mapping_strategy="group_to_rows")).to_series().to_numpy()
    tail = binom.cdf(own["n_explained"].to_numpy(), own["n_patients"].to_numpy(), usual)
    return np.asarray(tail <= level)


def _reference(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    closer: pl.DataFrame,
    follow_up: Mapping[str, int],
    clean: Mapping[str, object],
) -> Reference:
    """Collect what the clients to be looked at closer are held against."""
    connection.register("spans", closer.select(SPAN).unique())
    accounts = query(connection, "peers", {"window_days": settings.peer_window_days})
    of_span = {
        span: tuple(theirs[name].to_numpy() for name in (*ACCOUNT, "n_patients", "n_explained"))
        for span, theirs in accounts.partition_by(SPAN, as_dict=True).items()
    }
    create(connection, "own_history", clean)
    history = connection.table("own_history").pl()
    days = query(connection, "later_days", clean)
    of_profession = days.partition_by("profession", as_dict=True) if days.height else {}
    drifts = {
        None if profession is None else str(profession): _drift(of_days)
        for (profession,), of_days in of_profession.items()
        if of_days.select(ACCOUNT).n_unique() >= settings.enough_peers
    }
    return Reference(
        settings=settings,
        follow_up=follow_up,
        of_span=of_span,
        history={(operator, account): (n, explained) for operator, account, n, explained in history.iter_rows()},
        drift=drifts | {None: _drift(days)},
    )


def _drift(days: pl.DataFrame) -> float:
    """Return the drift of accounts from day to day, from the rows of `later_days`."""
    account = days.select(pl.struct(ACCOUNT).rank("dense").cast(pl.Int64)).to_series().to_numpy()
    counts = ("n_before", "explained_before", "n_of_day", "explained_of_day")
    return drift(account, *(days[name].to_numpy() for name in counts))


def _care_row(own: Mapping[str, object], reference: Reference) -> dict[str, object]:
    """Measure one client against the other accounts of its own days, and its account's clean weeks."""
    settings, operator, profession = reference.settings, str(own["operator"]), own["profession"]
    n_patients, n_explained = int(str(own["n_patients"])), int(str(own["n_explained"]))
    row: dict[str, object] = {
        "strand_id": own["strand_id"], "n_patients": n_patients, "n_lists": own["n_lists"], "n_followed": n_explained,
        "peers": 0, "follow_up_days": reference.follow_up[operator],
    }  # fmt: skip
    n_theirs, explained_theirs = _peers_of(own, reference)
    if len(n_theirs) < settings.least_peers:
        return row
    law = peers(n_theirs, explained_theirs)
    row |= {"peers": len(n_theirs), "peers_share_followed": law.share}
    before = reference.history.get((operator, str(own["account_id"]))) if own["is_later"] else None
    if before is None:
        return row | {"p_care": care(n_patients, n_explained, law)}
    of_days = reference.drift.get(str(profession), reference.drift[None])
    chance = care_beside_history(n_patients, n_explained, law, *before, drift=of_days, low=settings.unclear_level)
    return row | {"n_before": before[0], "followed_before": before[1], "p_care": chance}


def _peers_of(own: Mapping[str, object], reference: Reference) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the patients, and those explained, of the accounts that a client is held against, in the order of counts.

    Its operator's, and where they are few the others' too, if their patients are followed for as long.
    """
    accounts = reference.of_span.get(tuple(own[name] for name in SPAN))
    if accounts is None:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    operators, names, n_patients, n_explained = accounts
    at_home = operators == own["operator"]
    others = ~(at_home & (names == own["account_id"]))
    if np.sum(at_home & others) >= reference.settings.enough_peers:
        chosen = at_home & others
    else:
        days = reference.follow_up[str(own["operator"])]
        chosen = others & np.isin(operators, [name for name, n in reference.follow_up.items() if n == days])
    return n_patients[chosen].astype(np.int64), n_explained[chosen].astype(np.int64)


def _as_often_as_everyone(connection: duckdb.DuckDBPyConnection, measured: pl.DataFrame) -> NDArray[np.bool_]:
    """Return which clients without peers have their patients followed at least as often as everybody's.

    It speaks for a client, never against it: a vendor's batch is alone of its kind, and its patients are cared for.
    """
    known = measured["n_patients"].fill_null(0).to_numpy()
    if not known.any():
        return np.zeros(measured.height, dtype=bool)
    everyone = query(connection, "everyones_patients").row(0, named=True)
    followed = measured["n_followed"].fill_null(0).to_numpy()
    as_often = followed * everyone["n_patients"] >= known * everyone["n_explained"]
    return measured["p_care"].is_null().to_numpy() & (followed > 0) & as_often
