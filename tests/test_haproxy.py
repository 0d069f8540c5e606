"""HAProxy's HTTP log: every field, behind any prefix of syslog, and local times read in the source's zone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from forensics.case import load
from forensics.declaration import Source
from forensics.evidence.formats import columns_of
from forensics.evidence.formats.haproxy import HAPROXY_COLUMNS, read_haproxy
from forensics.evidence.mapping import mapped

FORMATS = Path(__file__).parents[2] / "shared" / "data" / "formats"
LINE = (
    "198.51.100.7:51234 [18/Jul/2024:10:00:05.250] portal_in~ droits/web-1 10/0/3/126/140 200 1850 sid=a1 - --NI "
    '2/1/0/0/0 0/0 {Agent/1.0 (X; Y)|portal.example|} {text/html} "GET /droits?numero=1%2085 HTTP/1.1"'
)


def read(path: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """All rows with their places, and all unreadable lines."""
    batches = list(read_haproxy(path, list(HAPROXY_COLUMNS)))
    rows = [row for b in batches for row in b.places.hstack(b.rows).to_dicts()]
    return rows, [row for b in batches for row in b.unreadable.to_dicts()]


def written(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "haproxy.log"
    path.write_text("\n".join(lines))
    return path


def test_every_field_of_a_haproxy_line_is_read(tmp_path: Path):
    assert columns_of(tmp_path, "haproxy") == list(HAPROXY_COLUMNS)
    assert read(written(tmp_path, LINE)) == (
        [
            {
                "line": 1,
                "byte_offset": 0,
                "client": "198.51.100.7",
                "client_port": "51234",
                "time": "18/Jul/2024:10:00:05.250",
                "frontend": "portal_in~",
                "backend": "droits",
                "server": "web-1",
                "request_ms": "10",
                "queue_ms": "0",
                "connect_ms": "3",
                "response_ms": "126",
                "duration_ms": "140",
                "status": "200",
                "bytes": "1850",
                "request_cookie": "sid=a1",
                "response_cookie": None,
                "termination_state": "--NI",
                "request_headers": "Agent/1.0 (X; Y)|portal.example|",
                "response_headers": "text/html",
                "request_header_1": "Agent/1.0 (X; Y)",
                "request_header_2": "portal.example",
                **{f"request_header_{number}": None for number in range(3, 9)},
                "method": "GET",
                "url": "/droits?numero=1%2085",
                "protocol": "HTTP/1.1",
            }
        ],
        [],
    )


@pytest.mark.parametrize(
    "prefix",
    [
        "Jul 18 10:00:05 192.0.2.9 haproxy[7]: ",
        "Jul  8 10:00:05 localhost haproxy: ",
        "<134>1 2024-07-18T10:00:05.250+02:00 proxy-1 haproxy 7 - - ",
        "2024-07-18T10:00:05.250123+02:00 proxy-1 haproxy[7]: ",
    ],
)
def test_a_prefix_of_syslog_is_passed_over(tmp_path: Path, prefix: str):
    rows, unreadable = read(written(tmp_path, prefix + LINE))
    assert ([(row["client"], row["client_port"], row["url"]) for row in rows], unreadable) == (
        [("198.51.100.7", "51234", "/droits?numero=1%2085")],
        [],
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (LINE.replace("198.51.100.7:", "2001:db8::17:"), {"client": "2001:db8::17", "client_port": "51234"}),
        (LINE.replace("198.51.100.7:", "[2001:db8::17]:"), {"client": "2001:db8::17", "client_port": "51234"}),
        (
            LINE.replace("10/0/3/126/140 200", "-1/-1/-1/-1/2500 -1").replace("droits/web-1", "portal_in/<NOSRV>"),
            {"request_ms": None, "duration_ms": "2500", "status": None, "server": None},
        ),
        (LINE.replace("/140 ", "/+140 ").replace(" 1850 ", " +1850 "), {"duration_ms": "140", "bytes": "1850"}),
        (LINE.replace("GET /droits?numero=1%2085 HTTP/1.1", "<BADREQ>"), {"method": None, "url": None}),
        (LINE.replace("{text/html} ", ""), {"request_header_2": "portal.example", "response_headers": None}),
        (
            LINE.replace("{Agent/1.0 (X; Y)|portal.example|} {text/html} ", ""),
            {"request_headers": None, "request_header_1": None, "method": "GET"},
        ),
        (LINE + " 0/0000000000000000/0/0/0 portal.example/TLSv1.3/AES", {"protocol": "HTTP/1.1"}),
    ],
)
def test_odd_but_readable_lines_lose_nothing(tmp_path: Path, line: str, expected: dict[str, Any]):
    rows, unreadable = read(written(tmp_path, line))
    assert unreadable == []
    assert {name: rows[0][name] for name in expected} == expected


def test_a_request_cannot_forge_another(tmp_path: Path):
    forged = LINE.replace("Agent/1.0 (X; Y)", "a: 203.0.113.9:1 [18/Jul/2024:11:00:00.000] f b/s 1/1/1/1/1 200 1")
    assert [row["client"] for row in read(written(tmp_path, forged))[0]] == ["198.51.100.7"]
    inside = f'Jul 18 10:00:05 proxy other[1]: "{LINE}'
    assert read(written(tmp_path, inside))[0] == []


def test_what_is_cut_or_no_request_is_set_aside_by_its_place(tmp_path: Path):
    lines = ["Jul 18 10:00:05 proxy haproxy[1]: Proxy portal_in started.", "", LINE[:-20], "\0" * 40]
    reason = "not a request as HAProxy's HTTP log writes it"
    assert read(written(tmp_path, *lines)) == (
        [],
        [
            {"line": 1, "byte_offset": 0, "reason": reason},
            {"line": 2, "byte_offset": 59, "reason": "empty line"},
            {"line": 3, "byte_offset": 60, "reason": reason},
            {"line": 4, "byte_offset": 41 + len(LINE), "reason": reason},
        ],
    )


def test_times_are_local_to_the_server(small: Path, tmp_path: Path):
    source = Source(
        id="log",
        operator="Viareso",
        kind="access_log",
        path="evidence/haproxy.log",
        format="haproxy",
        timezone="Europe/Paris",
        clock_offset_s=0,
        fields={"requested_at": "time", "duration_ms": "duration_ms", "user_agent": "request_header_1"},
    )
    batch = next(read_haproxy(written(tmp_path, LINE), ["duration_ms", "request_header_1", "time"]))
    fields, unreadable = mapped(batch, source, load(small))
    assert unreadable.height == 0
    assert fields.select("requested_at", "duration_ms", "user_agent").rows() == [
        (datetime(2024, 7, 18, 8, 0, 5, 250_000), 140, "Agent/1.0 (X; Y)")
    ]


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the sample logs are not on this machine (shared/data/formats)")
@pytest.mark.parametrize(("name", "aside"), [("lnav/logfile_haproxy.0", 4), ("lnav/logfile_access_log.0", 3)])
def test_sample_logs_of_other_tools_are_accounted_for(name: str, aside: int):
    path = FORMATS / name
    rows, unreadable = read(path)
    assert len(unreadable) == aside
    assert len(rows) + aside == len(path.read_bytes().splitlines())
