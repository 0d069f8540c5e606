"""Sessions beside what a user would take instead: python -m benchmarks.sessions --millions 10 100.

Invented requests in one Parquet file, in no order of time or client, the same for a seed. Every way cuts the same
strands (operator, account, address, agent) at the same silences, in a child process of its own, so that peak memory is
its own; ways take turns, and the shortest of the rounds counts. The floor reads the same columns once. `cut` finds the
sessions; `features` also their requests, distinct subjects and hits. Ways must agree or the run fails. chdb (embedded
ClickHouse) takes part where it can be imported. Judge by ratios in one run.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from forensics.cutting import CLIENT, KEYS, Dealt, ahead
from forensics.sessions import pieces, rules_of
from forensics.settings import Settings

Answer = list[int]
GAP_MINUTES, BATCH, SEED = 30, 1_000_000, 7
REQUESTS_AN_ACCOUNT, SESSIONS_AN_ACCOUNT = 800, 60
START_US, SPAN_S, SESSION_S = 1_704_067_200_000_000, 37 * 86_400, 1_200
FEATURES = ("subject_key", "status")


def generate(path: Path, requests: int) -> None:
    """Write invented requests: each drawn on its own, so that they are in no order."""
    accounts, writer = max(1, requests // REQUESTS_AN_ACCOUNT), None
    for first in range(0, requests, BATCH):
        rng, n = np.random.default_rng([SEED, first]), min(BATCH, requests - first)
        account = (accounts * rng.random(n) ** 1.3).astype(np.int64)
        second = rng.random(n) < 0.15  # another address and browser of the same account
        session = account * SESSIONS_AN_ACCOUNT + rng.integers(0, SESSIONS_AN_ACCOUNT, n)
        start = (session * 2_654_435_761 + second * 77_777) % SPAN_S
        at = START_US + start * 1_000_000 + rng.integers(0, SESSION_S * 1_000_000, n)
        host = pl.Series("host", account * 2 + second)
        table = pl.DataFrame(
            {
                "operator": pl.Series(np.where(account % 3 == 0, "Ostrelis", "Verdanne")),
                "account_id": pl.select(pl.format("account-{}", pl.Series(account))).to_series(),
                "client_ip": pl.select(
                    pl.format("10.{}.{}.{}", host // 65_536, host // 256 % 256, host % 256)
                ).to_series(),
                "user_agent": pl.select(
                    pl.format("Mozilla/5.0 (X11; rv:{}.0) Firefox/{}.0", host % 40, host % 40)
                ).to_series(),
                "session_token": pl.Series([None] * n, dtype=pl.String),
                "requested_at": pl.Series(at).cast(pl.Datetime("us")),
                "subject_key": rng.integers(0, 39_000_000, n),
                "status": pl.Series(np.where(rng.random(n) < 0.9, 200, 404)).cast(pl.Int16),
            }
        ).to_arrow(compat_level=pl.CompatLevel.oldest())
        if writer is None:
            repeated: list[str] = [*CLIENT, "session_token", "status"]
            writer = pq.ParquetWriter(path, table.schema, compression="zstd", use_dictionary=repeated,  # type: ignore[arg-type]
                                      dictionary_pagesize_limit=2**25)  # fmt: skip
        writer.write_table(table, row_group_size=n)
    if writer is not None:
        writer.close()


def ours(path: Path, *, features: bool) -> Answer:
    """Cut as the analysis does, and sum up each session where asked to."""
    carried = FEATURES if features else ()
    dealt = Dealt(ahead(pieces(path, (*KEYS, *carried))), carried)
    total = np.zeros(5 if features else 2, dtype=np.int64)
    rules = rules_of(Settings(session_gap_minutes=GAP_MINUTES, session_cap_hours=720))  # type: ignore[call-arg]
    for bucket, found, _ in dealt.cut(rules):
        sums = [len(found.strand), int(((found.started_us - START_US) // 1_000_000).sum())]
        if features:
            subject, status = bucket.carried
            bits = int(subject.max()).bit_length()
            pairs = np.sort(found.of_request << bits | subject)
            distinct = np.bincount(pairs[np.append(True, pairs[1:] != pairs[:-1])] >> bits, minlength=len(found.strand))
            hits = np.bincount(found.of_request[status == 200], minlength=len(found.strand))
            sums += [int(found.n_requests.sum()), int(distinct.sum()), int(hits.sum())]
        total += sums
    return total.tolist()


def with_polars(path: Path, *, features: bool) -> Answer:
    """Cut with Polars' streaming engine: clients to dense numbers, a sort, a difference, a group-by."""
    rows = pl.scan_parquet(path, glob=False).select(*CLIENT, "requested_at", *(FEATURES if features else ()))
    who = rows.select(CLIENT).unique().collect(engine="streaming").with_row_index("who").lazy()
    numbered = rows.join(who, on=CLIENT, nulls_equal=True).drop(CLIENT).sort("who", "requested_at")
    silence = pl.col("requested_at").diff() > pl.duration(minutes=GAP_MINUTES)
    begins = (silence | (pl.col("who").diff().fill_null(1) != 0)).fill_null(value=True)
    since = (pl.col("requested_at").to_physical() - START_US) // 1_000_000
    if not features:
        found = numbered.select(begins=begins, since=since).filter("begins").select(pl.len(), pl.col("since").sum())
    else:
        of_session = numbered.with_columns(session=begins.cum_sum(), since=since).group_by("session").agg(
            pl.len().alias("n"), pl.col("since").min(), pl.col("requested_at").max(),
            pl.col("subject_key").n_unique(), hits=(pl.col("status") == 200).sum(),
        )  # fmt: skip
        found = of_session.select(pl.len(), *(pl.col(name).sum() for name in ("since", "n", "subject_key", "hits")))
    return [int(value) for value in found.collect(engine="streaming").row(0)]


def with_chdb(path: Path, *, features: bool, arrays: bool = False) -> Answer:
    """Cut with embedded ClickHouse: window functions, or (the cut alone) one sorted array of times a client."""
    # One number a client: four texts take it six times as long. Two clients of one number would show in the answer.
    who, gap = f"cityHash64({', '.join(CLIENT)})", GAP_MINUTES * 60 * 1_000_000
    source = f"file('{path}', Parquet)"
    us = "toUnixTimestamp64Micro(requested_at)"
    if arrays:
        text = f"""
            SELECT sum(length(starts)), sum(arraySum(x -> intDiv(x - {START_US}, 1000000), starts)) FROM (
                SELECT arraySort(groupArray({us})) AS times,
                       arrayFilter((x, d, i) -> i = 1 OR d > {gap}, times, arrayDifference(times),
                                   arrayEnumerate(times)) AS starts
                FROM {source} GROUP BY {who})"""  # noqa: S608 - nothing here comes from outside
    else:
        also = ", subject_key, status" if features else ""
        marked = f"""
            SELECT {who} AS who, {us} AS at, lagInFrame(at, 1, 0) OVER (
                       PARTITION BY who ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before,
                   at - before > {gap} AS begins {also} FROM {source}"""  # noqa: S608
        text = f"SELECT countIf(begins), sumIf(intDiv(at - {START_US}, 1000000), begins) FROM ({marked})"  # noqa: S608
        if features:
            text = f"""
                SELECT count(), sum(intDiv(started - {START_US}, 1000000)), sum(n), sum(subjects), sum(hits) FROM (
                    SELECT min(at) AS started, max(at), count() AS n, uniqExact(subject_key) AS subjects,
                           countIf(status = 200) AS hits
                    FROM (SELECT *, sum(begins) OVER (PARTITION BY who ORDER BY at
                              ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS session FROM ({marked}))
                    GROUP BY who, session)"""  # noqa: S608
    return [int(value) for value in str(importlib.import_module("chdb").query(text, "CSV")).strip().split(",")]


def floor(path: Path, *, features: bool) -> Answer:
    """Read the same columns once."""
    for table in pieces(path, (*KEYS, *(FEATURES if features else ()))):
        del table
    return []


WAYS: dict[str, Callable[..., Answer]] = {
    "reading once": floor,
    "forensics": ours,
    "chdb, windows": with_chdb,
    "chdb, arrays": lambda path, *, features: with_chdb(path, features=features, arrays=True),
    "Polars": with_polars,
}


def measured(way: str, path: Path, *, features: bool) -> dict[str, float | Answer]:
    """Run one way in a child process: its seconds, its peak memory in GB, and what it found."""
    call = [sys.executable, "-m", "benchmarks.sessions", "--way", way, "--file", str(path)]
    told = subprocess.run([*call, *(["--features"] if features else [])], check=True, capture_output=True, text=True)  # noqa: S603
    return json.loads(told.stdout.splitlines()[-1])


def in_child(way: str, path: Path, *, features: bool) -> None:
    """Run one way here and print what `measured` reads."""
    began = time.perf_counter()
    answer = WAYS[way](path, features=features)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "gigabytes": peak_gigabytes(), "answer": answer}))


def peak_gigabytes() -> float:
    """Return the peak of this process's memory; ru_maxrss would count the parent's at the fork."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 2**20


def compared(path: Path, millions: float, rounds: int, ways: list[str]) -> None:
    """Print the rows of one file, in Markdown."""
    for features in (False, True):
        taking = [way for way in ways if not (features and way == "chdb, arrays")]
        runs: dict[str, list[dict]] = {way: [] for way in taking}
        for _ in range(rounds):
            for way in taking:
                runs[way].append(measured(way, path, features=features))
        answers = {tuple(run["answer"]) for of_way in runs.values() for run in of_way if run["answer"]}
        if len(answers) > 1:
            raise SystemExit(f"the ways disagree: {sorted(answers)}")
        least = min(run["seconds"] for run in runs["reading once"])
        for way, of_way in runs.items():
            seconds, memory = min(run["seconds"] for run in of_way), max(run["gigabytes"] for run in of_way)
            print(f"| {millions:g} M | {'cut + features' if features else 'cut'} | {way} | {seconds / least:.1f} "
                  f"| {seconds:.1f} | {seconds / millions:.3f} | {memory:.1f} |", flush=True)  # fmt: skip


def main() -> None:
    """Print the table, in Markdown."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--millions", type=float, nargs="+", default=[10.0])
    asked.add_argument("--rounds", type=int, default=2)
    asked.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    asked.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    asked.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    asked.add_argument("--features", action="store_true", help=argparse.SUPPRESS)
    chosen = asked.parse_args()
    if chosen.way:
        in_child(chosen.way, chosen.file, features=chosen.features)
        return
    ways = ["reading once", *(way for way in chosen.ways if way != "reading once")]
    if find_spec("chdb") is None:
        ways = [way for way in ways if not way.startswith("chdb")]
        print("chdb is left out: it is not installed (pip install chdb)\n")
    print("| requests | what | way | times the floor | s | µs a request | GB |\n|---:|---|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for millions in chosen.millions:
            path = Path(folder) / "requests.parquet"
            generate(path, round(millions * 1e6))
            compared(path, millions, chosen.rounds, ways)


if __name__ == "__main__":
    main()
