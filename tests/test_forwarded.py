"""X-Forwarded-For: who asked, as far as our own proxies can be believed, and not what anybody may have sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import reference
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.case import load
from forensics.declaration import Source
from forensics.errors import CaseError
from forensics.evidence.forwarded import addresses, with_clients
from forensics.evidence.ingest import ingest

KEY = bytes.fromhex("ab" * 32)
OWN = ["10.0.0.0/8", "2001:db8::/32"]
CASE = """\
[case]
id = "proxies"
[[operator]]
name = "Viareso"
[[source]]
id = "log"
operator = "Viareso"
kind = "access_log"
path = "evidence/log"
"""
FIELDS = 'requested_at = "at"\nclient_ip = "peer"\n'


def source(hops: object, *, account: object = "user") -> Source:
    fields = {"requested_at": "at", "client_ip": "peer", "forwarded_for": "xff", "account_id": account}
    about = {"id": "log", "operator": "Viareso", "kind": "access_log", "path": "evidence/log", "format": "csv"}
    return Source.model_validate(about | {"trusted_hops": hops, "fields": fields})


def clients(pairs: list[tuple[str | None, str | None]], hops: object) -> list[str | None]:
    """Who asked, for each header and peer."""
    rows = pl.DataFrame(
        [(header, peer, 40_000, "a") for header, peer in pairs],
        schema={
            "forwarded_for": pl.String,
            "client_ip": pl.String,
            "client_port": pl.Int32,
            "account_id": pl.String,
        },
        orient="row",
    )
    return with_clients(rows, source(hops))["client_ip"].to_list()


@pytest.mark.parametrize(
    ("hops", "header", "client"),
    [
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.66, 203.0.113.9", "203.0.113.9"),  # the first was sent by the client itself
        (2, "198.51.100.66, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", "203.0.113.9"),  # shorter than the rule: the leftmost
        (2, "198.51.100.66, unknown, 10.0.0.2", "10.0.0.2"),  # no address there: the nearest trusted one
        (2, "203.0.113.9, unknown", "203.0.113.9"),
        (1, "198.51.100.66, unknown", "10.0.0.1"),
        (1, None, "10.0.0.1"),
        (1, "-", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, '", 203.0.113.9', "203.0.113.9"),  # a quote that is opened cannot swallow what a proxy wrote after it
        (1, "for=198.51.100.66; x=, 203.0.113.9", "203.0.113.9"),
        (OWN, "203.0.113.9", "203.0.113.9"),
        (OWN, "198.51.100.66, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (OWN, "10.9.9.9, 203.0.113.9", "203.0.113.9"),  # one of ours before a stranger: the stranger sent it
        (OWN, "203.0.113.9, 2001:db8::5", "203.0.113.9"),
        (OWN, "203.0.113.9, unknown, 10.0.0.2", "10.0.0.2"),
        (OWN, "10.0.0.3, 10.0.0.2", "10.0.0.3"),  # all ours: the leftmost
        (OWN, None, "10.0.0.1"),
    ],
)
def test_who_asked_through_a_proxy_at_10_0_0_1(hops: object, header: str | None, client: str):
    assert clients([(header, "10.0.0.1")], hops) == [client]


@pytest.mark.parametrize("peer", ["198.51.100.7", "unix:", "", None])
def test_a_peer_that_is_none_of_our_proxies_is_not_believed(peer: str | None):
    assert clients([("203.0.113.9", peer)], OWN) == [peer]


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        (" 203.0.113.9\t", "203.0.113.9"),
        ("203.0.113.9:51234", "203.0.113.9"),
        ("2001:DB8::0017", "2001:db8::17"),
        ("[2001:db8::17]", "2001:db8::17"),
        ("[2001:db8::17]:443", "2001:db8::17"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("for=203.0.113.9", "203.0.113.9"),
        ('proto=https; For="[2001:db8::17]:4711";by=203.0.113.43', "2001:db8::17"),
        ('for=\\"[2001:db8::17]\\"', "2001:db8::17"),
        ("for=\\x22[2001:db8::17]\\x22", "2001:db8::17"),
        ('["203.0.113.9"]', "203.0.113.9"),
        ('["[2001:db8::17]:443"', "2001:db8::17"),
        ("by=203.0.113.43", None),
        ("for=unknown", None),
        ("for=_hidden", None),
        ("unknown", None),
        ("poste.example", None),
        ("203.0.113", None),
        ("203.0.113.256", None),
        ("203.0.113.09", None),
        ("203.0.113.9.1", None),
        ("1:2", None),
        ("[[[[", None),
        ("\x1b[2J", None),
        ("9" * 100_000, None),
        ("", None),
        (None, None),
    ],
)
def test_the_address_of_an_entry(entry: str | None, address: str | None):
    assert addresses(pl.Series([entry, "192.0.2.1"], dtype=pl.String)).to_list() == [address, "192.0.2.1"]


ADDRESSES = st.sampled_from(["203.0.113.9", "198.51.100.66", "10.0.0.1", "10.0.0.2", "2001:db8::5", "2a00:1::9"])
AROUND = st.sampled_from(["{}", " {} ", "[{}]", "[{}]:443", "for={}", 'For="[{}]";proto=http', "for=\\x22[{}]\\x22"])
ENTRIES = st.one_of(
    st.builds(str.format, AROUND, ADDRESSES),
    st.sampled_from(["unknown", "-", "", "for=_x", "1.2.3", "10.0.0.1:80"]),
)
HEADERS = st.none() | st.lists(ENTRIES, max_size=6).map(",".join)
PEERS = st.none() | ADDRESSES | st.just("unix:")
HOPS = st.integers(1, 4) | st.lists(st.sampled_from([*OWN, "198.51.100.0/24"]), min_size=1, max_size=3, unique=True)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(HEADERS, PEERS), max_size=8), HOPS)
def test_the_fast_rule_is_the_slow_one(pairs: list[tuple[str | None, str | None]], hops: int | list[str]):
    assert clients(pairs, hops) == [reference.client_behind(header, peer, hops) for header, peer in pairs]


@given(st.text(max_size=40), st.sampled_from(["203.0.113.9", "2a00:1::9"]))
@settings(max_examples=100, deadline=None)
def test_nothing_that_a_client_sends_changes_who_it_is(sent: str, client: str):
    for hops in (1, OWN):
        assert clients([(f"{sent}, {client}", "10.0.0.1")], hops) == [client]


def test_the_port_of_a_proxy_is_not_the_clients():
    rows = pl.DataFrame(
        {
            "forwarded_for": ["203.0.113.9", None],
            "client_ip": ["10.0.0.1", "10.0.0.1"],
            "client_port": [40_000, 40_001],
            "account_id": ["10.0.0.1 | Agent | 10.0.0.1", "10.0.0.1 | Agent"],
        }
    )
    found = with_clients(rows, source(1, account=["peer", "agent"]))
    assert found.to_dict(as_series=False) == {
        "client_ip": ["203.0.113.9", "10.0.0.1"],
        "client_port": [None, 40_001],
        "account_id": ["203.0.113.9 | Agent | 10.0.0.1", "10.0.0.1 | Agent"],
    }


def ingested(folder: Path, said: str, *lines: str) -> list[dict[str, Any]]:
    (folder / "evidence").mkdir()
    (folder / "evidence" / "log").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "case.toml").write_text(CASE + said, encoding="utf-8")
    ingest(load(folder), KEY, lambda _: None)
    requests = pl.read_parquet(folder / "work" / "requests.parquet").sort("request_id")
    assert "forwarded_for" not in requests.columns
    return requests.select("client_ip", "client_port").to_dicts()


def test_a_log_of_nginx_in_json(tmp_path: Path):
    said = (
        'format = "nginx_json"\ntrusted_hops = 1\n[source.fields]\nrequested_at = "time_iso8601"\n'
        'client_ip = "remote_addr"\nclient_port = "remote_port"\nforwarded_for = "http_x_forwarded_for"\n'
    )
    line = {"time_iso8601": "2024-01-18T11:00:05+01:00", "remote_addr": "10.0.0.1", "remote_port": "51234"}
    chains = ("198.51.100.66, 203.0.113.9", "-")
    lines = [json.dumps(line | {"http_x_forwarded_for": chain}) for chain in chains]
    assert ingested(tmp_path, said, *lines) == [
        {"client_ip": "203.0.113.9", "client_port": None},
        {"client_ip": "10.0.0.1", "client_port": 51_234},
    ]


def test_a_combined_log_with_the_header_after_the_agent(tmp_path: Path):
    said = (
        'format = "combined"\ntrusted_hops = 1\n[source.fields]\nrequested_at = "time"\nclient_ip = "host"\n'
        'account_id = ["host", "user_agent"]\nforwarded_for = "forwarded_for"\n'
    )
    line = '10.0.0.1 - - [18/Jan/2024:10:00:05 +0000] "GET / HTTP/1.1" 200 187 "-" "Agent" '
    found = ingested(tmp_path, said, line + '"198.51.100.66, 203.0.113.9"', line + '"-"', line + '"203.0.113.8"')
    assert [row["client_ip"] for row in found] == ["203.0.113.9", "10.0.0.1", "203.0.113.8"]
    accounts = pl.read_parquet(tmp_path / "work" / "requests.parquet").sort("request_id")["account_id"].to_list()
    assert accounts == ["203.0.113.9 | Agent", "10.0.0.1 | Agent", "203.0.113.8 | Agent"]


def test_a_log_of_haproxy_that_captures_the_header(tmp_path: Path):
    said = (
        'format = "haproxy"\ntrusted_hops = ["10.0.0.0/8"]\n[source.fields]\nrequested_at = "time"\n'
        'client_ip = "client"\nforwarded_for = "request_header_1"\n'
    )
    line = (
        "10.0.0.1:51234 [18/Jul/2024:10:00:05.250] portal_in~ droits/web-1 10/0/3/126/140 200 1850 - - --NI "
        '2/1/0/0/0 0/0 {198.51.100.66, 203.0.113.9, 10.0.0.2|Agent} {} "GET / HTTP/1.1"'
    )
    assert ingested(tmp_path, said, line)[0]["client_ip"] == "203.0.113.9"


def test_a_table(tmp_path: Path):
    said = f'format = "csv"\ndelimiter = ";"\ntrusted_hops = 2\n[source.fields]\n{FIELDS}forwarded_for = "xff"\n'
    rows = ("at;peer;xff", "2024-01-18T10:00:05;10.0.0.1;203.0.113.9:4711, 10.0.0.2", "2024-01-18T10:00:06;10.0.0.1;")
    assert [row["client_ip"] for row in ingested(tmp_path, said, *rows)] == ["203.0.113.9", "10.0.0.1"]


@pytest.mark.parametrize(
    ("said", "fields", "told"),
    [
        ("", FIELDS + 'forwarded_for = "x"', "both trusted_hops and the field forwarded_for"),
        ("trusted_hops = 1", FIELDS, "both trusted_hops and the field forwarded_for"),
        ("trusted_hops = 1", 'requested_at = "at"\nforwarded_for = "x"', "forwarded_for needs client_ip too"),
        ("trusted_hops = 1", FIELDS + 'forwarded_for = "x"\naccount_id = ["agent", "peer"]', "client_ip first"),
        *(
            (f"trusted_hops = {wrong}", FIELDS + 'forwarded_for = "x"', "expected how many proxies are your own")
            for wrong in (
                "0",
                "-1",
                "17",
                "true",
                "1.5",
                '"1"',
                "[]",
                '["10.0.0.1/8"]',
                '["x"]',
                '["0.0.0.0/0"]',
                "[1]",
            )
        ),
    ],
)
def test_a_rule_that_cannot_be_is_refused(tmp_path: Path, said: str, fields: str, told: str):
    (tmp_path / "case.toml").write_text(f'{CASE}format = "csv"\n{said}\n[source.fields]\n{fields}\n')
    with pytest.raises(CaseError, match=told) as refused:
        load(tmp_path)
    assert refused.value.exit_code == 2
    assert "[source] no. 1" in str(refused.value)
