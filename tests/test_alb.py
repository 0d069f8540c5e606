"""Logs of AWS's load balancers, Application and Classic: every field, and nothing where a connection is no request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from forensics.evidence.formats import columns_of
from forensics.evidence.formats.alb import ALB_COLUMNS, read_alb

FORMATS = Path(__file__).parents[2] / "shared" / "data" / "formats"
CLASSIC = (
    "2024-01-18T10:00:05.250000Z balancer 198.51.100.7:51234 10.0.0.1:80 0.000073 0.139 0.000057 200 200 12 1850 "
    '"GET http://portal.example:80/droits?numero=1%2085 HTTP/1.1" "Agent (X; Y)" - -'
)
APPLICATION = (
    "h2 2024-01-18T10:00:05.250000Z app/portal/50dc6c495c0c9188 [2001:db8::17]:51234 10.0.0.1:80 0.001 0.139 0.000 "
    '200 304 12 1850 "GET https://portal.example:443/droits?numero=1%2085 HTTP/2.0" "Agent \\x22X\\x22 (Y)" '
    'ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:group/a "Root=1-2-3" "portal.example" "arn:aws:certificate/b" 0 '
    '2024-01-18T10:00:05.110000Z "waf,forward" "-" "-" "10.0.0.1:80" "200" "-" "-" TID_1234 something "newer"'
)


def read(path: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """All rows with their places, and all unreadable lines."""
    batches = list(read_alb(path, list(ALB_COLUMNS)))
    rows = [row for b in batches for row in b.places.hstack(b.rows).to_dicts()]
    return rows, [row for b in batches for row in b.unreadable.to_dicts()]


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "balancer.log"
    path.write_text("\n".join(lines))
    return path


def test_every_field_of_an_application_balancers_line_is_read(tmp_path: Path):
    assert columns_of(tmp_path, "alb") == list(ALB_COLUMNS)
    assert read(written(tmp_path, APPLICATION)) == (
        [
            {
                "line": 1,
                "byte_offset": 0,
                "type": "h2",
                "time": "2024-01-18T10:00:05.250000Z",
                "elb": "app/portal/50dc6c495c0c9188",
                "client": "2001:db8::17",
                "client_port": "51234",
                "target": "10.0.0.1:80",
                "request_processing_time": "0.001",
                "target_processing_time": "0.139",
                "response_processing_time": "0.000",
                "duration_ms": 140,
                "elb_status_code": "200",
                "target_status_code": "304",
                "received_bytes": "12",
                "sent_bytes": "1850",
                "method": "GET",
                "url": "https://portal.example:443/droits?numero=1%2085",
                "protocol": "HTTP/2.0",
                "user_agent": "Agent \\x22X\\x22 (Y)",
                "ssl_cipher": "ECDHE-RSA-AES128-GCM-SHA256",
                "ssl_protocol": "TLSv1.2",
                "target_group_arn": "arn:aws:group/a",
                "trace_id": "Root=1-2-3",
                "domain_name": "portal.example",
                "chosen_cert_arn": "arn:aws:certificate/b",
                "matched_rule_priority": "0",
                "request_creation_time": "2024-01-18T10:00:05.110000Z",
            }
        ],
        [],
    )


def test_a_classic_balancers_line_is_shorter(tmp_path: Path):
    rows, unreadable = read(written(tmp_path, "", CLASSIC + " "))
    wanted = {
        "line": 2, "byte_offset": 1, "type": None, "elb": "balancer", "client": "198.51.100.7", "duration_ms": 139,
        "elb_status_code": "200", "user_agent": "Agent (X; Y)", "ssl_cipher": None, "target_group_arn": None,
    }  # fmt: skip
    assert {name: rows[0][name] for name in wanted} == wanted
    assert unreadable == [{"line": 1, "byte_offset": 0, "reason": "empty line"}]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (CLASSIC.replace("0.139", "-1"), {"duration_ms": None, "target_processing_time": None, "client_port": "51234"}),
        (CLASSIC.replace("10.0.0.1:80", "-").replace("200 200", "460 -"), {"target": None, "target_status_code": None}),
        (CLASSIC.replace("198.51.100.7:51234", "-"), {"client": None, "client_port": None}),
        (CLASSIC.replace("198.51.100.7:", "2001:db8::17:"), {"client": "2001:db8::17", "client_port": "51234"}),
        (
            CLASSIC.replace("GET http://portal.example:80/droits?numero=1%2085 HTTP/1.1", "- - - "),
            {"method": None, "url": None, "protocol": None},
        ),
        (CLASSIC.replace("0.139", "9" * 400), {"duration_ms": None}),
        (CLASSIC.replace('"Agent (X; Y)" - -', ""), {"user_agent": None, "method": "GET"}),
    ],
)
def test_what_did_not_happen_is_nothing(tmp_path: Path, line: str, expected: dict[str, Any]):
    rows, unreadable = read(written(tmp_path, line))
    assert unreadable == []
    assert {name: rows[0][name] for name in expected} == expected


@pytest.mark.parametrize(
    "line",
    [
        CLASSIC[: CLASSIC.index("HTTP/1.1")],
        APPLICATION[: APPLICATION.index("(Y)")],
        "tls 2.0 2024-01-18T10:00:05 net/x/1 2 198.51.100.7:51341 10.0.0.1:443 5 2 98 246 - arn - TLS tls12 - x h2 h2",
        "\0" * 40,
    ],
)
def test_what_is_cut_or_no_request_is_set_aside(tmp_path: Path, line: str):
    rows, unreadable = read(written(tmp_path, line))
    assert (len(rows), [row["reason"] for row in unreadable]) == (
        0,
        ["not a request as a load balancer of AWS logs it"],
    )


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the sample logs are not on this machine (shared/data/formats)")
@pytest.mark.parametrize(("name", "aside"), [("plaso/aws_elb_access.log", 2), ("lnav/logfile_access_log.0", 3)])
def test_sample_logs_of_other_tools_are_accounted_for(name: str, aside: int):
    path = FORMATS / name
    rows, unreadable = read(path)
    assert len(unreadable) == aside
    assert len(rows) + aside == len(path.read_bytes().splitlines())
