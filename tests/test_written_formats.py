"""The generator's log formats: the analysis finds the same requests in each, as far as it can hold them."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from forensics.case import load
from forensics.evidence.ingest import ingest
from forensics.schemas import EVIDENCE_FIELDS
from synthetic_data.formats import FORMATS
from synthetic_data.portal import BY_HOLDER, PAGES, WITH_LISTS, Portal

KEY = bytes.fromhex("ab" * 32)
PATHS = ("/connexion", "/accueil", "/droits", "/assures/liste", "/statique/portail.css", "/droits")
METHODS = ("POST", "GET", "GET", "GET", "GET", "GET")
COMBINED = ("requested_at", "account_id", "client_ip", "user_agent", "method", "path", "status", "response_bytes",
            "subject_kind")  # fmt: skip


def made(count: int = 600, torn: tuple[int, ...] = (), first: int = 0) -> pl.DataFrame:
    """Lines of two accounts in three sessions, as the generator hands them to a writer; some are torn."""
    at = [datetime(2024, 1, 8, 9) + timedelta(seconds=7 * n, microseconds=n) for n in range(first, first + count)]
    kind = [n % len(PATHS) for n in range(first, first + count)]
    number = range(first, first + count)
    asks = [PATHS[k] == "/droits" for k in kind]
    return pl.DataFrame(
        {
            "requested_at": pl.Series(at, dtype=pl.Datetime("us")),
            "account_id": [f"opt-{n // 12 % 2}" for n in number],
            "client_ip": [("192.0.2.7", "2001:db8::17")[n // 12 % 2] for n in number],
            "client_port": pl.Series([40_000 + n for n in number], dtype=pl.Int32),
            "user_agent": ['Agent "X" é \\ 1'.replace('"', "'").replace("\\", "/")] * count,
            "method": [METHODS[k] for k in kind],
            "path": [PATHS[k] for k in kind],
            "status": pl.Series([302 if k == 0 else 200 for k in kind], dtype=pl.Int16),
            "response_bytes": pl.Series([700 + n for n in number], dtype=pl.Int64),
            "duration_ms": pl.Series([5 + n % 90 for n in number], dtype=pl.Int32),
            "server": [f"web-{n % 2}" for n in number],
            "session_token": [f"s{n // 12:04d}" for n in number],
            "request_ref": [f"{n:016x}" for n in number],
            "subject": [f"1850500000{n % 7:03d}" if a else None for n, a in zip(number, asks, strict=True)],
            "records_returned": pl.Series([2 if a else None for a in asks], dtype=pl.Int32),
            "returned_people": ["FIC-1;FIC-2" if PATHS[k] == "/assures/liste" else None for k in kind],
            "torn": [n in torn for n in number],
        }
    )


def block(header: str, values: dict[str, str]) -> str:
    return "\n".join([header, *(f"{name} = {json.dumps(value)}" for name, value in values.items())]) + "\n\n"


def written(folder: Path, form: str, pieces: list[pl.DataFrame], portal: Portal = WITH_LISTS) -> Path:
    """Write a case of one operator, its log in a format."""
    place = folder / form / "evidence" / "v"
    place.mkdir(parents=True)
    with FORMATS[form].open(place, portal) as log:
        for piece in pieces:
            log.write(piece)
    text = '[case]\nid = "T"\n\n[[operator]]\nname = "V"\n\n[settings]\nmost_rejected_share = 0.5\n\n'
    for page in PAGES:
        text += block("[[screen]]", {"match": f"^{page.path}$", "action": page.action})
    for file in FORMATS[form].files(portal):
        source = {"id": file.id, "operator": "V", "kind": file.kind, "path": f"evidence/v/{file.path}",
                 "format": file.format, "timezone": file.timezone}  # fmt: skip
        source |= {"subject_kind": file.subject_kind} if file.subject_kind else {}
        text += block("[[source]]", source) + block("[source.fields]", dict(file.fields))
        assert set(file.fields) <= set(EVIDENCE_FIELDS[file.kind])
    (folder / form / "case.toml").write_text(text)
    return folder / form


def read(case: Path) -> pl.DataFrame:
    """The requests of a case after ingest, without their places."""
    ingest(load(case), KEY, lambda _: None)
    requests = pl.read_parquet(case / "work" / "requests.parquet").drop("request_id")
    return requests.sort("requested_at", "request_ref")


def digest(case: Path) -> list[str]:
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted((case / "evidence" / "v").iterdir())]


@pytest.mark.parametrize("form", ["ecs", "partial"])
@pytest.mark.parametrize("portal", [BY_HOLDER, WITH_LISTS], ids=["by holder", "with lists"])
def test_formats_with_every_field_give_the_same_requests(tmp_path: Path, form: str, portal: Portal):
    whole = written(tmp_path, "parquet", [made()], portal)
    other = written(tmp_path, form, [made()], portal)
    assert read(other).equals(read(whole))
    named = [pl.read_parquet(case / "work" / "returned_people.parquet") for case in (whole, other)]
    assert [frame["request_id"].n_unique() for frame in named] == ([100, 100] if portal.searchable else [0, 0])


def test_combined_lines_hold_the_same_to_the_second_without_what_they_have_no_place_for(tmp_path: Path):
    whole = read(written(tmp_path, "parquet", [made()])).with_columns(pl.col("requested_at").dt.truncate("1s"))
    lines = read(written(tmp_path, "combined", [made()]))
    assert lines.select(COMBINED).sort(COMBINED).equals(whole.select(COMBINED).sort(COMBINED))
    lost = ("request_ref", "server", "session_token", "client_port", "duration_ms", "records_returned")
    assert [lines[name].null_count() for name in lost] == [600] * len(lost)


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_pieces_and_categories_change_no_line(tmp_path: Path, form: str):
    whole = written(tmp_path / "a", form, [made(600)])
    texts = ("account_id", "client_ip", "user_agent", "method", "path", "server", "session_token")
    pieces = [made(250), made(350, first=250).with_columns(pl.col(texts).cast(pl.Categorical))]
    assert read(written(tmp_path / "b", form, pieces)).equals(read(whole))


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_the_same_pieces_are_the_same_bytes(tmp_path: Path, form: str):
    pl.Series(["later", "opt-1", "opt-0"], dtype=pl.Categorical)  # categories met in another order before
    texts = pl.col("account_id", "path").cast(pl.Categorical)
    once = digest(written(tmp_path / "a", form, [made()]))
    assert digest(written(tmp_path / "b", form, [made().with_columns(texts)])) == once


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_a_torn_line_is_set_aside_and_costs_no_other(tmp_path: Path, form: str):
    torn = tuple(range(0, 600, 11))
    case = written(tmp_path, form, [made(torn=torn)])
    kept = made().filter(~pl.col("request_ref").is_in([f"{n:016x}" for n in torn]))
    found = read(case)
    assert found["response_bytes"].sort().to_list() == kept["response_bytes"].sort().to_list()
    rows = pl.read_parquet(case / "work" / "sources.parquet").rows()
    first = next(row for row in rows if row[0] in ("access", "proxy"))
    assert first[1:] == (600, 600 - len(torn), len(torn), 0)


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_a_log_that_breaks_off_leaves_no_file_that_could_be_taken_for_whole(tmp_path: Path, form: str):
    def broken() -> None:
        with FORMATS[form].open(tmp_path, BY_HOLDER) as log:
            log.write(made(20))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert list(tmp_path.iterdir()) == []


def test_no_line_of_the_partial_logs_holds_account_person_address_and_count(tmp_path: Path):
    held = [set(file.fields) for file in FORMATS["partial"].files(WITH_LISTS)]
    assert len(held) == 3
    assert not any({"account_id", "subject", "client_ip"} <= fields for fields in held)
    assert not any({"account_id", "client_ip", "records_returned"} <= fields for fields in held)
    written(tmp_path, "partial", [made()])
    proxy = (tmp_path / "partial" / "evidence" / "v" / "proxy.ndjson").read_text()
    assert "1850500000" not in proxy
    assert "opt-" not in proxy
