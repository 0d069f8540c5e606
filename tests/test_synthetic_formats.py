"""Whatever its format, a log holds the same requests: what the writers wrote, read again plainly."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from synthetic_cases import OPERATORS, generate

LINE = re.compile(r'(\S+) - (\S+) \[([^\]]+)\] "(\w+) (\S+) HTTP/1\.1" (\d+) (\d+) "-" "([^"]*)"')
NOT_AUDITED = ("/connexion", "/statique/")
Cases = Callable[[str], Path]


def place(case: Path, operator: str) -> Path:
    return case / "case" / "evidence" / operator


def parquet(case: Path, operator: str) -> pl.DataFrame:
    return pl.read_parquet(place(case, operator) / "access.parquet")


def documents(case: Path, operator: str, name: str) -> list[dict[str, Any]]:
    text = (place(case, operator) / f"{name}.ndjson").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def moment(text: str) -> datetime:
    """Read a time with a Z, as a naive time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=None)


def web(document: dict[str, Any]) -> tuple[Any, ...]:
    """Give what a web server knows of a request by itself."""
    response, source = document["http"]["response"], document["source"]
    return (
        moment(document["@timestamp"]), source["ip"], source["port"], document["user_agent"]["original"],
        document["http"]["request"]["method"], document["url"]["path"], response["status_code"],
        response["body"]["bytes"], document["event"]["duration"] / 1e6, document["host"]["name"],
        document["labels"]["jeton"], document["http"]["request"]["id"],
    )  # fmt: skip


WEB = ("heure", "adresse_ip", "port", "navigateur", "methode", "chemin", "statut", "octets", "duree_ms", "serveur",
       "jeton", "reference")  # fmt: skip


@pytest.mark.parametrize("form", ["combined", "ecs", "partial"])
def test_the_truth_and_the_other_files_are_the_same_in_every_format(
    form: str, generated: Cases, digests: Callable[[Path], dict[str, str]]
):
    first, other = digests(generated("parquet")), digests(generated(form))
    logs = ("access", "proxy", "audit", "authentication")
    by_server = () if form != "combined" else ("counters",)
    alike = {name for name in first if not any(word in name for word in (*logs, *by_server, "recipe", "case.toml"))}
    assert len(alike) >= 11
    assert {name: first[name] for name in alike} == {name: other.get(name) for name in alike}


@pytest.mark.parametrize("operator", OPERATORS)
def test_combined_lines_are_the_same_requests_in_local_time_to_the_second(operator: str, generated: Cases):
    rows = parquet(generated("parquet"), operator)
    columns = ("adresse_ip", "compte", "heure", "methode", "chemin", "numero", "statut", "octets", "navigateur")
    found = []
    log = place(generated("combined"), operator) / "access.log"
    for line in log.read_text(encoding="utf-8").splitlines():
        (parts,) = LINE.findall(line)
        ip, account, time, method, url, status, size, agent = parts
        at = datetime.strptime(time, "%d/%b/%Y:%H:%M:%S %z")
        assert at.utcoffset() == timedelta(hours=1)
        path, _, number = url.partition("?numero=")
        utc = at.astimezone(UTC).replace(tzinfo=None)
        found.append((ip, account, utc, method, path, number or None, int(status), int(size), agent))
    expected = rows.with_columns(pl.col("heure").dt.truncate("1s")).select(columns).rows()
    assert found == expected


@pytest.mark.parametrize("operator", OPERATORS)
def test_documents_of_elastic_are_the_same_requests_to_the_microsecond(operator: str, generated: Cases):
    rows = parquet(generated("parquet"), operator)
    found = []
    for document in documents(generated("ecs"), operator, "access"):
        assert document["ecs"]["version"].startswith("8.")
        number = document["url"].get("query", "").removeprefix("numero=") or None
        records = document["labels"].get("nb_assures")
        found.append((*web(document), document["user"]["name"], number, None if records is None else int(records)))
    assert found == rows.select(*WEB, "compte", "numero", "nb_assures").rows()


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_proxys_log_is_every_request_without_account_person_and_count(operator: str, generated: Cases):
    logged = documents(generated("partial"), operator, "proxy")
    assert [web(document) for document in logged] == parquet(generated("parquet"), operator).select(WEB).rows()
    for document in logged:
        assert "user" not in document
        assert "query" not in document["url"]
        assert set(document["labels"]) == {"jeton"}


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_authentication_log_is_every_login_with_its_account_and_session(operator: str, generated: Cases):
    logins = parquet(generated("parquet"), operator).filter(pl.col("chemin") == "/connexion")
    found = [
        (moment(one["@timestamp"]), one["user"]["name"], one["labels"]["jeton"], one["source"]["ip"])
        for one in documents(generated("partial"), operator, "authentication")
    ]
    assert found == logins.select("heure", "compte", "jeton", "adresse_ip").rows()


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_audit_trail_is_who_did_what_for_whom_once_it_was_answered_without_addresses(
    operator: str, generated: Cases
):
    trail = pl.read_parquet(place(generated("partial"), operator) / "audit.parquet")
    assert set(trail.columns) == {"heure", "reference", "compte", "action", "nb_assures", "numero"}
    rows = parquet(generated("parquet"), operator).with_columns(
        heure=pl.col("heure") + pl.duration(milliseconds="duree_ms")
    )
    done = rows.filter(~pl.col("chemin").str.contains("^(" + "|".join(NOT_AUDITED) + ")"))
    columns = ("heure", "reference", "compte", "nb_assures", "numero")
    assert trail.select(columns).equals(done.select(columns))
    lookups = rows.filter(pl.col("chemin") == "/droits")["reference"].to_list()
    assert trail.filter(pl.col("action") == "rights")["reference"].to_list() == lookups


@pytest.mark.parametrize("operator", OPERATORS)
def test_no_log_of_the_partial_format_has_account_and_address_and_person_on_one_line(operator: str, generated: Cases):
    for name in ("proxy", "authentication"):
        text = (place(generated("partial"), operator) / f"{name}.ndjson").read_text(encoding="utf-8")
        assert "numero" not in text
        assert ("ps-" in text) == (name == "authentication")
    assert not (place(generated("partial"), operator) / "access.parquet").exists()


@pytest.mark.parametrize("operator", OPERATORS)
def test_combined_lines_do_not_say_which_server_answered_and_neither_do_the_counters(operator: str, generated: Cases):
    whole = pl.read_parquet(place(generated("parquet"), operator) / "counters.parquet")
    summed = pl.read_parquet(place(generated("combined"), operator) / "counters.parquet")
    assert summed.columns == ["debut", "minutes", "requetes", "octets"]
    expected = whole.group_by("debut", maintain_order=True).agg(pl.col("requetes", "octets").sum())
    assert summed.select("debut", "requetes", "octets").equals(expected)
    assert len(summed) == 21 * 24


TORN = ("--damage", "torn_lines:0.05")


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> Cases:
    folder, made = tmp_path_factory.mktemp("torn"), {}

    def give(form: str) -> Path:
        if form not in made:
            made[form] = generate(folder / form, *TORN, "--format", form)
        return made[form]

    return give


def whole_references(case: Path, operator: str) -> list[str]:
    rows = pl.read_parquet(case / "truth" / "requests.parquet")
    return rows.filter(pl.col("logged"), pl.col("operator") == operator.title())["request_ref"].to_list()


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_torn_line_of_text_cannot_be_read_and_the_others_are_the_requests_said_to_be_logged(
    operator: str, torn: Cases, generated: Cases
):
    lines = (place(torn("ecs"), operator) / "access.ndjson").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(parquet(generated("parquet"), operator))
    read = []
    for line in lines:
        try:
            read.append(json.loads(line)["http"]["request"]["id"])
        except ValueError:
            assert line.startswith("{")
    assert read == whole_references(torn("ecs"), operator)
    assert 0.03 < 1 - len(read) / len(lines) < 0.07


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_torn_combined_line_has_no_end(operator: str, torn: Cases, generated: Cases):
    lines = (place(torn("combined"), operator) / "access.log").read_text(encoding="utf-8").splitlines()
    references = parquet(generated("parquet"), operator)["reference"].to_list()
    whole = [name for name, line in zip(references, lines, strict=True) if LINE.fullmatch(line)]
    assert whole == whole_references(torn("combined"), operator)


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_torn_row_of_parquet_has_no_time(operator: str, torn: Cases, generated: Cases):
    rows, before = parquet(torn("parquet"), operator), parquet(generated("parquet"), operator)
    assert rows.filter(pl.col("heure").is_not_null())["reference"].to_list() == whole_references(
        torn("parquet"), operator
    )
    kept = pl.Series(rows["heure"].is_not_null())
    assert rows.filter(kept).equals(before.filter(kept))
