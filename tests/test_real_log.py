"""A real web log: 206,860 lines of 2016, where nobody knows the truth but some clients say what they are."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks import crawlers
from forensics import cli, results
from forensics.case import load
from forensics.manifest import read
from forensics.pipeline import run

ROOT = Path(__file__).parents[1]
LOG = ROOT.parent / "shared" / "data" / "real" / "sparkdeveloper_wordpress_2016.access.log.gz"

pytestmark = pytest.mark.skipif(not LOG.is_file(), reason="the real log is not on this machine (shared/data/real)")


def own_log(folder: Path) -> Path:
    case = folder / "case"
    (case / "evidence").mkdir(parents=True)
    shutil.copy(ROOT / "examples" / "own-log" / "case.toml", case)
    shutil.copy(LOG, case / "evidence")
    (folder / "case.key").write_text("cd" * 32)
    return case


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = own_log(tmp_path_factory.mktemp("real"))
    with pytest.raises(SystemExit) as ended:
        cli.main(["run", str(made)])
    assert ended.value.code == 0
    return made


def summary(case: Path) -> dict[str, Any]:
    return json.loads((case / "results" / "summary.json").read_text())


def sessions_of(case: Path, address: str) -> pl.DataFrame:
    return pl.read_parquet(case / "results" / "sessions.parquet").filter(pl.col("client_ip") == address)


def test_every_line_is_accounted_for_and_identical_ones_are_no_duplicates(case: Path):
    (row,) = summary(case)["rows"]
    assert row["read"] == 206_860 == row["accepted"] + row["rejected"] + row["duplicates"]
    assert row["duplicates"] == 0
    requests = pl.read_parquet(case / "work" / "requests.parquet")
    same = ["requested_at", "account_id", "client_ip", "method", "path", "status", "response_bytes"]
    assert requests.height - requests.select(same).unique().height > 2_000


def test_clients_that_take_250_pages_in_12_minutes_are_scraping(case: Path):
    for address in ("188.165.233.228", "188.165.196.25"):
        verdicts = sessions_of(case, address).filter(pl.col("n_subjects") >= 100)["verdict"].to_list()
        assert verdicts != []
        assert set(verdicts) == {"scraping"}


def test_clients_that_take_a_hundred_pages_in_a_minute_are_unclear_at_least(case: Path):
    """Their steadiness cannot be told on a clock that ticks once a second: pace alone accuses nobody."""
    for address in ("136.243.48.86", "199.233.246.203"):
        verdicts = sessions_of(case, address).filter(pl.col("n_subjects") >= 100)["verdict"].to_list()
        assert verdicts == ["unclear"]


def test_the_readme_tells_the_figures_of_this_log(case: Path):
    clients = pl.read_parquet(case / "results" / "strands.parquet")
    accused = clients.filter(pl.col("verdict") == "scraping")
    browsers = accused.filter(~pl.col("user_agent").str.contains("(?i)bot|crawler|java"))
    told = " ".join((Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8").split())
    assert f"rebuilds {summary(case)['sessions']['total']:,} sessions" in told
    assert f"judges {accused.height} clients scraping, two of which call themselves browsers" in told
    assert browsers.height == 2
    assert f"and {clients.filter(pl.col('verdict') == 'unclear').height} unclear" in told


def test_a_client_that_reads_as_a_reader_does_is_not(case: Path):
    verdicts = sessions_of(case, "173.72.7.96")["verdict"].to_list()
    assert verdicts != []
    assert "scraping" not in verdicts


def test_pages_are_counted_and_bounds_say_what_an_interval_could_not(case: Path):
    told = summary(case)
    assert told["subject"] == "pages"
    (whole,) = [row for row in told["estimates"] if row["scope"] == "all"]
    assert [whole[name] for name in ("estimate", "low", "high", "level")] == [None] * 4
    assert 0 < whole["certain"] <= whole["perimeter"]
    assert whole["envelope_low"] <= whole["certain"] <= whole["envelope_high"]


def test_the_hour_that_summer_time_takes_away_is_no_silence(case: Path):
    """Line 114,484 is of 01:59:33 -0500, line 114,485 of 03:00:25 -0400: 52 seconds, not an hour."""
    requests = pl.read_parquet(case / "work" / "requests.parquet").with_columns(line=pl.col("request_id") % 2**40)
    times = requests.filter(pl.col("line").is_in([114_484, 114_485])).sort("line")["requested_at"].to_list()
    assert times == [datetime(2016, 3, 13, 6, 59, 33), datetime(2016, 3, 13, 7, 0, 25)]
    change = datetime(2016, 3, 13, 7)
    sessions = pl.read_parquet(case / "results" / "sessions.parquet")
    across = sessions.filter((pl.col("started_at") < change) & (pl.col("ended_at") >= change))
    assert across.height > 0


def test_the_journal_and_the_manifest_tell_of_the_run(case: Path):
    (entry,) = [json.loads(line) for line in (case / "journal.jsonl").read_text().splitlines()]
    manifest = read(case / "results" / "manifest.json")
    assert entry["evidence_digest"] == manifest["evidence_digest"]
    assert manifest["inputs"][0]["lines"] == 206_860


def test_another_folder_gives_the_same_bytes(case: Path, tmp_path: Path, digests: Callable[[Path], dict[str, str]]):
    other = own_log(tmp_path / "elsewhere")
    run(load(other), other.with_name("case.key"), lambda _: None)
    assert digests(other / "results") == digests(case / "results")


CRAWL = ROOT.parent / "shared" / "data" / "peer_alerts" / "envoy-http-crawl-non_statics.log"
"""41 pages in 0.39 s by one client, and nobody else: the crawl of which a peer's own tests expect an alert."""


@pytest.mark.skipif(not CRAWL.is_file(), reason="the peer's log is not on this machine (shared/data/peer_alerts)")
def test_a_crawl_with_nobody_beside_it_is_unclear_because_there_is_no_crowd_to_hold_its_pace_against(tmp_path: Path):
    case = tmp_path / "case"
    (case / "evidence").mkdir(parents=True)
    lines = [line[line.index("{") :] for line in CRAWL.read_text().splitlines()]  # what the container's log puts before
    (case / "evidence" / "envoy.ndjson").write_text("\n".join(lines) + "\n")
    (case / "case.toml").write_text(ENVOY)
    with pytest.raises(SystemExit) as ended:
        cli.main(["run", str(case)])
    assert ended.value.code == 0
    found = results.load(case)
    assert (found.headline["certain"], found.headline["perimeter"]) == (0, 0)  # every answer was a 404
    (client,) = found.table("strands").iter_rows(named=True)
    assert client["n_subjects"] == 41
    assert client["gap_median_s"] == 0.01
    assert client["p_regularity"] < 1e-7
    assert client["p_pace"] is None
    assert client["verdict"] == "unclear"


ENVOY = """
[case]
id = "envoy"
title = "A peer's sample"
timezone = "UTC"
[[operator]]
name = "site"
[[source]]
id = "web"
operator = "site"
kind = "access_log"
path = "evidence/envoy.ndjson"
format = "ndjson"
subject_kind = "page"
[source.fields]
requested_at = "start_time"
account_id = ["downstream_remote_address", "user-agent"]
client_ip = "downstream_remote_address"
user_agent = "user-agent"
method = "method"
path = "x-envoy-origin-path"
status = "response_code"
subject = "x-envoy-origin-path"
"""


def test_with_agents_blanked_no_address_of_a_crawler_that_says_so_is_put_together_with_anothers(tmp_path: Path):
    """None of their addresses takes enough, fast enough, to be accused, so that none is in a campaign either.

    Every campaign is one address: a clock of whole seconds tells no rhythms apart, pages are no list, and the eight
    addresses of one crawler that are accused (spbot) lie in eight networks.
    """
    operators, accused, ties = crawlers.analyse(LOG, tmp_path)
    assert {operators[address] for address in accused["client_ip"]} & set(crawlers.DECLARED) == set()
    assert {"188.165.233.228", "188.165.196.25"} <= set(accused["client_ip"])
    campaigns = dict(accused.iter_rows())
    assert crawlers.compared(operators, campaigns).found == crawlers.compared(operators, campaigns).both
    used = dict(ties.select("tie", "is_used").iter_rows())
    assert used == {"account": True, "network": True, "agent": False, "tempo": False}
