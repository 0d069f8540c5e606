"""Invented cases: the same every time, alike in both formats, true to their own truth and targets."""

from __future__ import annotations

import hashlib
import ipaddress
import json
import os
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from stdnum import iban
from stdnum.fr import nir, siret

from forensics.schemas import EVIDENCE_FIELDS
from synthetic_data import targets
from synthetic_data.__main__ import main
from synthetic_data.professionals import account_levels, daily_sigma

OPERATORS = ("verdanne", "ostrelis")
LINE = re.compile(r'(\S+) - (\S+) \[([^\]]+)\] "(\w+) (\S+) HTTP/1\.1" (\d+) (\d+) "-" "([^"]*)"')


def generate(out: Path, *options: str) -> Path:
    assert main(["generate", "--preset", "tiny", "--seed", "11", *options, "--out", str(out)]) == 0
    return out


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(tmp_path_factory.mktemp("synthetic") / "tiny")


@pytest.fixture(scope="session")
def combined(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(tmp_path_factory.mktemp("synthetic") / "combined", "--format", "combined")


@pytest.fixture(scope="session")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(tmp_path_factory.mktemp("synthetic") / "quiet", "--scenario", "quiet")


def evidence(case: Path, name: str) -> pl.DataFrame:
    """Both operators' files of one kind, with the operator's folder name."""
    tables = [
        pl.read_parquet(case / "case" / "evidence" / o / f"{name}.parquet").with_columns(operator=pl.lit(o))
        for o in OPERATORS
    ]
    return pl.concat(tables)


def hashes(folder: Path) -> dict[str, str]:
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def share_of(marked: pl.Series) -> float:
    return float(marked.to_numpy().mean())


def lookups(case: Path) -> pl.DataFrame:
    """Every lookup with its truth and its account's profession."""
    truth = pl.read_parquet(case / "truth" / "requests.parquet").drop("operator", "account_id")
    accounts = evidence(case, "accounts").select("operator", "compte", "profession")
    return (
        evidence(case, "access")
        .filter(pl.col("chemin") == "/droits")
        .join(truth, left_on="reference", right_on="request_ref")
        .join(accounts, on=["operator", "compte"])
    )


def test_the_same_seed_gives_the_same_bytes_whatever_the_number_of_threads(tiny: Path, tmp_path: Path):
    again = tmp_path / "again"
    command = [sys.executable, "-m", "synthetic_data", "generate", "--preset", "tiny", "--seed", "11"]
    environment = {**os.environ, "POLARS_MAX_THREADS": "1", "PYTHONHASHSEED": "5", "TZ": "Asia/Tokyo"}
    subprocess.run([*command, "--out", str(again)], check=True, env=environment, capture_output=True)
    assert hashes(again) == hashes(tiny)


def test_another_seed_gives_another_case(tiny: Path, tmp_path: Path):
    other = tmp_path / "other"
    assert main(["generate", "--preset", "tiny", "--seed", "12", "--out", str(other)]) == 0
    before, after = hashes(tiny), hashes(other)
    assert set(before) == set(after)
    assert [name for name in before if before[name] == after[name]] == []


def test_the_robot_does_not_change_what_honest_people_do(tiny: Path, quiet: Path):
    names = ("register", "accounts", "claims")
    assert all(evidence(tiny, n).equals(evidence(quiet, n)) for n in names)


def test_the_log_holds_the_same_requests_in_both_formats(tiny: Path, combined: Path):
    for operator in OPERATORS:
        table = pl.read_parquet(tiny / "case" / "evidence" / operator / "access.parquet")
        expected = [
            (int(t.replace(tzinfo=UTC).timestamp()), account, status, number, size)
            for t, account, status, number, size in table.select(
                "heure", "compte", "statut", "numero", "octets"
            ).iter_rows()
        ]
        found = []
        log = combined / "case" / "evidence" / operator / "access.log"
        for line in log.read_text(encoding="utf-8").splitlines():
            _, account, time, _, url, status, size, _ = LINE.findall(line)[0]
            moment = datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z")
            number = url.partition("?numero=")[2] or None
            found.append((int(moment.timestamp()), account, int(status), number, int(size)))
        assert found == expected
    assert hashes(tiny)["truth/requests.parquet"] == hashes(combined)["truth/requests.parquet"]


def test_every_insured_number_is_fictitious_and_passes_its_check(tiny: Path):
    register = evidence(tiny, "register")
    numbers = register["numero_beneficiaire"].unique().to_list()
    assert all(nir.is_valid(n) and n[5:10] == "00000" and n[0] in "12" for n in numbers)
    asked = evidence(tiny, "access")["numero"].drop_nulls().unique().to_list()
    held = register["numero_assure"].unique().to_list()
    fictitious = re.compile(r"[12]\d\d(0[1-9]|1[0-2])00000(?!000)\d{3}")
    assert all(fictitious.fullmatch(n) for n in [*asked, *held])


def test_children_carry_the_holders_number_and_twins_are_told_apart_by_rank(tiny: Path):
    register = evidence(tiny, "register")
    children = register.filter(pl.col("role") == "child")
    assert (children["numero_beneficiaire"].str.head(13) == children["numero_assure"]).all()
    key = ["operator", "numero_carte", "numero_assure", "date_naissance", "rang_naissance"]
    assert register.select(key).is_duplicated().sum() == 0
    twins = children.filter(pl.col("rang_naissance") == "2")
    first = children.filter(pl.col("rang_naissance") == "1").select(key[:4])
    assert len(twins) > 0
    assert len(twins.join(first, on=key[:4], how="semi")) == len(twins)


def test_accounts_have_right_company_and_bank_numbers_that_belong_to_nobody(tiny: Path):
    accounts = evidence(tiny, "accounts")
    assert len(accounts) == 150
    assert all(siret.is_valid(n) and n.startswith("000") for n in accounts["siret"])
    assert all(iban.is_valid(n) and n[4:9] == "99999" for n in accounts["rib"])
    assert not accounts.select("operator", "compte").is_duplicated().any()
    assert all(re.fullmatch(r"ps-\d{6}", login) for login in accounts["compte"])


def test_client_addresses_are_reserved_ones(tiny: Path):
    allowed = (ipaddress.ip_network("198.18.0.0/15"), ipaddress.ip_network("2001:db8::/32"))
    found = evidence(tiny, "access")["adresse_ip"].unique()
    assert all(any(ipaddress.ip_address(a) in net for net in allowed) for a in found)


def test_people_shown_are_those_a_slow_reading_of_the_log_finds(tiny: Path):
    """The portal's rule in plain Python: who is on the holder's cards begun by the day asked."""
    truth = pl.read_parquet(tiny / "truth" / "requests.parquet")
    robot = dict(truth.select("request_ref", "is_scraping").iter_rows())
    told = dict(truth.select("request_ref", "n_people_shown").iter_rows())
    cards: dict[tuple, list] = defaultdict(list)
    columns = ("operator", "numero_assure", "date_naissance", "rang_naissance", "organisme", "debut_droits")
    for operator, holder, birth, rank, insurer, start in evidence(tiny, "register").select(columns).iter_rows():
        cards[operator, holder].append(((holder, birth, rank), insurer, start))
    everyone, by_insurer = set(), defaultdict(set)
    asked = evidence(tiny, "access").select("operator", "heure", "numero", "statut", "nb_assures", "reference")
    for operator, time, number, status, records, reference in asked.iter_rows():
        if number is None:
            assert (records, told[reference]) == (None, 0)
            continue
        shown = [(p, i) for p, i, start in cards.get((operator, number), ()) if start <= time.date()]
        people = {person for person, _ in shown}
        assert records == told[reference] == len(people)
        assert status == (200 if shown else 404)
        if robot[reference]:
            everyone |= people
            for person, insurer in shown:
                by_insurer[insurer].add(person)
    summary = json.loads((tiny / "truth" / "summary.json").read_text())
    assert summary["people_shown"]["all"] == len(everyone)
    assert summary["people_shown"]["insurer"] == {i: len(p) for i, p in by_insurer.items()}
    assert summary["people_shown_logged"] == summary["people_shown"]


def test_the_table_of_people_agrees_with_the_summary(tiny: Path):
    people = pl.read_parquet(tiny / "truth" / "people.parquet")
    summary = json.loads((tiny / "truth" / "summary.json").read_text())
    assert people["person"].n_unique() == summary["perimeter"]["all"] == 6000
    assert people.filter("shown")["person"].n_unique() == summary["people_shown"]["all"]
    assert 0.37 < summary["people_shown"]["all"] / 6000 < 0.43


def test_source_lines_and_references_point_at_the_rows_of_the_log(tiny: Path):
    truth = pl.read_parquet(tiny / "truth" / "requests.parquet")
    for operator in OPERATORS:
        log = pl.read_parquet(tiny / "case" / "evidence" / operator / "access.parquet")
        mine = truth.filter(pl.col("operator") == operator.title())
        assert log["heure"].is_sorted()
        assert mine["source_line"].to_list() == list(range(1, len(log) + 1))
        assert mine["request_ref"].equals(log["reference"], check_names=False)
        assert mine["account_id"].equals(log["compte"], check_names=False)


def test_a_true_session_is_one_actor_never_silent_for_more_than_thirty_minutes(tiny: Path):
    rows = (
        evidence(tiny, "access")
        .join(
            pl.read_parquet(tiny / "truth" / "requests.parquet").select("request_ref", "session"),
            left_on="reference",
            right_on="request_ref",
        )
        .sort("operator", "compte", "adresse_ip", "navigateur", "heure")
        .iter_rows(named=True)
    )
    seen, last = set(), ((), datetime(2000, 1, 1), "")
    for row in rows:
        actor = tuple(row[name] for name in ("operator", "compte", "adresse_ip", "navigateur"))
        same = last[0] == actor and (row["heure"] - last[1]).total_seconds() <= 1800
        assert (row["session"] == last[2]) if same else (row["session"] not in seen)
        seen.add(row["session"])
        last = (actor, row["heure"], row["session"])


def test_counters_are_exact_sums_of_what_happened_empty_hours_included(tiny: Path, combined: Path):
    access = evidence(tiny, "access")
    counted = evidence(tiny, "counters")
    assert len(counted) == 2 * 2 * 21 * 24
    assert counted["requetes"].sum() == len(access)
    assert counted["octets"].sum() == access["octets"].sum()
    hour = datetime(2024, 1, 10, 9)
    one = access.filter(
        pl.col("serveur") == "verdanne-web-2",
        pl.col("heure") >= hour,
        pl.col("heure") < datetime(2024, 1, 10, 10),
    )
    window = counted.filter(pl.col("serveur") == "verdanne-web-2", pl.col("debut") == hour)
    assert window.select("minutes", "requetes", "octets").row(0) == (60, len(one), one["octets"].sum())
    assert evidence(combined, "counters").columns == ["debut", "minutes", "requetes", "octets", "operator"]
    assert len(evidence(combined, "counters")) == 2 * 21 * 24


@pytest.mark.parametrize("form", ["tiny", "combined"])
def test_the_case_file_maps_fields_that_exist_to_columns_that_exist(form: str, request):
    folder: Path = request.getfixturevalue(form) / "case"
    declared = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
    assert declared["case"]["synthetic"] is True
    assert declared["case"]["clean_until"] == datetime(2024, 1, 15, tzinfo=UTC)
    assert len(declared["source"]) == 10
    for source in declared["source"]:
        known = EVIDENCE_FIELDS[source["kind"]]
        assert set(source["fields"]) <= set(known)
        assert {name for name, required in known.items() if required} <= set(source["fields"])
        path = folder / source["path"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == source["sha256_at_seizure"]
        if source["format"] == "parquet":
            assert set(source["fields"].values()) == set(pl.read_parquet_schema(path))


def test_screens_name_every_address_of_the_log(tiny: Path):
    declared = tomllib.loads((tiny / "case" / "case.toml").read_text(encoding="utf-8"))
    for operator in OPERATORS:
        patterns = [s["match"] for s in declared["screen"] if s["operator"].lower() == operator]
        paths = evidence(tiny, "access").filter(pl.col("operator") == operator)["chemin"].unique()
        assert all(sum(bool(re.search(p, path)) for p in patterns) == 1 for path in paths)


def test_nothing_in_the_case_tells_which_requests_are_the_robots(tiny: Path, quiet: Path):
    columns = [set(evidence(case, "access").columns) for case in (tiny, quiet)]
    assert columns[0] == columns[1]
    words = ("scrap", "robot", "truth", "list_walk", "campaign-", "phish")
    assert not any(word in (tiny / "case" / "case.toml").read_text().lower() for word in words)
    rows = lookups(tiny)
    for column in ("statut", "serveur", "methode"):
        honest = set(rows.filter(~pl.col("is_scraping"))[column])
        assert set(rows.filter("is_scraping")[column]) <= honest


def test_people_cards_and_operators_meet_their_targets(tiny: Path):
    people = pl.read_parquet(tiny / "truth" / "people.parquet")
    both = people.group_by("person").agg(pl.col("operator").n_unique())
    assert (both["operator"] == 2).mean() == pytest.approx(targets.BOTH_OPERATORS, abs=0.03)
    register = evidence(tiny, "register")
    sizes = register.group_by("operator", "numero_carte").len()["len"]
    for size, share in list(targets.PEOPLE_PER_CARD.items())[:4]:
        assert (sizes == size).mean() == pytest.approx(share, abs=0.03)
    cards = register.unique(["operator", "numero_carte"])
    former = cards["fin_droits"].is_not_null().mean()
    assert former == pytest.approx(targets.FORMER_CARD_SHARE, abs=0.02)
    starting = share_of(cards["debut_droits"] > datetime(2024, 1, 8).date())
    assert 0.008 < starting < 0.022
    one_each = register.unique(["numero_assure", "date_naissance", "rang_naissance"])
    assert (one_each["sexe"] == "2").mean() == pytest.approx(targets.WOMEN_SHARE, abs=0.03)
    age = 2024 - one_each["date_naissance"].dt.year()
    assert (age <= 20).mean() == pytest.approx(targets.AGE_SHARES["under 20"], abs=0.04)
    assert (age > 65).mean() == pytest.approx(targets.AGE_SHARES["65 and over"], abs=0.04)
    ended_before_it_began = register.filter(pl.col("fin_droits") < pl.col("debut_droits"))
    assert len(ended_before_it_began) == 0


def test_accounts_and_requests_meet_their_targets(tiny: Path):
    accounts = evidence(tiny, "accounts")
    for profession in targets.PROFESSIONS:
        found = (accounts["profession"] == profession.name).mean()
        assert found == pytest.approx(profession.share, abs=0.015)
    assert len(evidence(tiny, "access")) == pytest.approx(70_000, rel=0.05)
    times = evidence(tiny, "access")["heure"].to_list()
    assert targets.LOG_START <= min(times) <= max(times) < targets.LOG_END
    claims = evidence(tiny, "claims")["recue_le"].to_list()
    assert (targets.LOG_START - min(claims)).days >= 58
    assert (max(claims) - targets.LOG_END).days >= 28


def test_a_professions_lookups_have_the_median_and_the_99th_percentile_of_its_target():
    """Over many accounts and days: the level of the account times the noise of the day."""
    random = np.random.default_rng(3)
    for index, figures in enumerate(targets.PROFESSIONS):
        levels = account_levels(np.full(4000, index), random)
        days = levels[:, None] * np.exp(daily_sigma(figures) * random.standard_normal((4000, 20)))
        assert np.median(days) == pytest.approx(figures.lookups_median, rel=0.05)
        assert np.quantile(days, 0.99) == pytest.approx(figures.lookups_p99, rel=0.10)


def test_honest_people_miss_more_often_than_the_robot_and_never_take_its_pace(tiny: Path):
    rows = lookups(tiny)
    honest, robot = rows.filter(~pl.col("is_scraping")), rows.filter("is_scraping")
    assert 0.05 < share_of(honest["statut"] == 404) < 0.10
    assert share_of(robot["statut"] == 404) < 0.04
    gap = pl.col("heure").diff().over("operator", "compte", "adresse_ip", "navigateur").dt.total_milliseconds() / 1000
    honest, robot = (t.sort("heure").with_columns(gap=gap)["gap"].drop_nulls() for t in (honest, robot))
    assert honest.median() > 60
    assert 1 / 1.5 < robot.median() < 1 / 0.3


def test_lookups_are_followed_by_claims_as_often_as_each_profession_claims(tiny: Path):
    rows = lookups(tiny).filter(pl.col("statut") == 200)
    claims = evidence(tiny, "claims").select("operator", "compte", "recue_le", numero="numero_assure")
    after = rows.select("reference", "operator", "compte", "numero", "heure").join(
        claims, on=["operator", "compte", "numero"]
    )
    wait = (pl.col("recue_le") - pl.col("heure")).is_between(pl.duration(), pl.duration(days=30))
    rows = rows.with_columns(pl.col("reference").is_in(after.filter(wait)["reference"].to_list()).alias("ok"))
    for profession in targets.PROFESSIONS[:2]:
        mine = rows.filter(pl.col("profession") == profession.name, ~pl.col("is_scraping"))
        assert mine["ok"].mean() == pytest.approx(profession.claim_share, abs=0.08)
    assert share_of(rows.filter("is_scraping")["ok"]) < 0.03


def test_the_robot_comes_after_the_clean_days_walks_once_and_shares_no_address(tiny: Path):
    rows = lookups(tiny)
    robot, honest = rows.filter("is_scraping"), rows.filter(~pl.col("is_scraping"))
    assert min(robot["heure"].to_list()) >= datetime(2024, 1, 15)
    assert (max(robot["heure"].to_list()) - min(robot["heure"].to_list())).days >= 1
    assert not robot.select("operator", "numero").is_duplicated().any()
    assert robot.select("operator", "compte").n_unique() == 3
    assert not set(robot["adresse_ip"]) & set(honest["adresse_ip"])
    assert (robot.group_by("operator", "compte").agg(pl.col("adresse_ip").n_unique())["adresse_ip"] >= 2).all()
    used = pl.read_parquet(tiny / "truth" / "accounts.parquet").filter("used_by_robot")
    owners = honest.join(robot.select("operator", "compte").unique(), on=["operator", "compte"], how="semi")
    assert len(used) == 3
    assert owners.select("operator", "compte").n_unique() == 3


def test_a_case_without_a_robot_shows_nobody_and_keeps_the_whole_perimeter(quiet: Path):
    summary = json.loads((quiet / "truth" / "summary.json").read_text())
    assert summary["people_shown"]["all"] == 0
    assert set(summary["people_shown"]["insurer"].values()) == {0}
    assert summary["perimeter"]["all"] == 6000
    truth = pl.read_parquet(quiet / "truth" / "requests.parquet")
    assert not truth["is_scraping"].any()


@pytest.mark.parametrize(
    ("option", "value", "offered"),
    [
        ("--preset", "regional", "demo, tiny"),
        ("--scenario", "guessing", "list_walk, quiet"),
        ("--damage", "gaps:0.2", "none"),
        ("--format", "ecs", "parquet, combined"),
        ("--seed", "-3", "whole number"),
        ("--seed", "three", "seed"),
        ("--sed", "3", "--sed"),
    ],
)
def test_a_wrong_option_ends_with_2_names_what_is_offered_and_writes_nothing(
    option: str, value: str, offered: str, tmp_path: Path, capsys
):
    out = tmp_path / "out"
    assert main(["generate", option, value, "--out", str(out)]) == 2
    told = capsys.readouterr().err
    assert offered in told
    assert told.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_ours_is_refused_and_left_alone(tmp_path: Path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    assert main(["generate", "--preset", "tiny", "--out", str(tmp_path / "mine")]) == 2
    assert "holds no case made by this generator" in capsys.readouterr().err
    assert (tmp_path / "mine" / "letter.txt").read_text() == "keep me"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return generate(tmp_path / "made")


def test_a_case_that_is_there_is_kept_unless_a_file_is_missing_or_another_is_asked_for(made: Path, capsys):
    kept = made / "case" / "results" / "summary.json"
    kept.parent.mkdir()
    kept.touch()
    before = hashes(made / "truth")
    capsys.readouterr()
    generate(made)
    assert "there already" in capsys.readouterr().err
    assert kept.exists()
    (made / "case" / "evidence" / "verdanne" / "claims.parquet").unlink()
    generate(made)
    assert not kept.exists()
    assert hashes(made / "truth") == before
    generate(made, "--scenario", "quiet")
    assert hashes(made / "truth") != before
    assert [p.name for p in made.parent.iterdir()] == ["made"]


def test_an_interrupted_run_leaves_nothing_that_looks_whole(tmp_path: Path, monkeypatch, capsys):
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("synthetic_data.generate.write_truth", interrupt)
    assert main(["generate", "--preset", "tiny", "--out", str(tmp_path / "cut")]) == 130
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_ends_with_5_and_leaves_nothing(tmp_path: Path, monkeypatch, capsys):
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("synthetic_data.generate.write_evidence", full)
    assert main(["generate", "--preset", "tiny", "--out", str(tmp_path / "cut")]) == 5
    assert "No space left" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_key_is_64_hexadecimal_digits_for_its_owner_alone(tiny: Path):
    key = tiny / "case.key"
    assert re.fullmatch(r"[0-9a-f]{64}\n", key.read_text())
    assert key.stat().st_mode & 0o777 == 0o600


def test_the_list_names_presets_scenarios_damages_and_formats(capsys):
    assert main(["list"]) == 0
    told = capsys.readouterr().out
    assert all(w in told for w in ("demo", "tiny", "list_walk", "quiet", "none", "parquet", "combined"))
