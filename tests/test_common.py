"""Common logs: every field but referer and agent, and no line of another layout taken for one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from forensics.evidence.formats import columns_of
from forensics.evidence.formats.common import COMMON_COLUMNS, read_common

FORMATS = Path(__file__).parents[2] / "shared" / "data" / "formats"
LINE = '198.51.100.7 - opt 0417 [18/Jan/2024:10:00:05 +0100] "GET /droits?numero=1%2085 HTTP/1.1" 200 512'


def read(path: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """All rows with their places, and all unreadable lines."""
    batches = list(read_common(path, list(COMMON_COLUMNS)))
    rows = [row for b in batches for row in b.places.hstack(b.rows).to_dicts()]
    return rows, [row for b in batches for row in b.unreadable.to_dicts()]


def test_every_field_of_a_common_line_is_read(tmp_path: Path):
    path = tmp_path / "access.log"
    path.write_text(f"portal.example:443 {LINE}\n")
    assert columns_of(path, "common") == list(COMMON_COLUMNS)
    assert read(path) == (
        [
            {
                "line": 1,
                "byte_offset": 0,
                "virtual_host": "portal.example:443",
                "host": "198.51.100.7",
                "identity": None,
                "user": "opt 0417",
                "time": "18/Jan/2024:10:00:05 +0100",
                "method": "GET",
                "url": "/droits?numero=1%2085",
                "protocol": "HTTP/1.1",
                "status": "200",
                "bytes": "512",
            }
        ],
        [],
    )


def test_what_follows_the_bytes_is_left_alone_and_what_is_cut_is_set_aside(tmp_path: Path):
    path = tmp_path / "access.log"
    path.write_text(f'{LINE}\n{LINE} "-" "Agent" 0.004\n\n{LINE[:-4]}\n{LINE}x\n')
    rows, unreadable = read(path)
    width = len(LINE)
    assert [(row["line"], row["byte_offset"], row["bytes"]) for row in rows] == [(1, 0, "512"), (2, width + 1, "512")]
    assert [(row["line"], row["reason"]) for row in unreadable] == [
        (3, "empty line"),
        (4, "not Apache common"),
        (5, "not Apache common"),
    ]


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the sample logs are not on this machine (shared/data/formats)")
@pytest.mark.parametrize(
    ("name", "readable"),
    [
        ("lnav/logfile_access_log.0", 3),
        ("lnav/logfile_bad_access_log.0", 2),
        ("lnav/logfile_regexp_access_log.0", 2),
        ("lnav/logfile_syslog_with_access_log.0", 0),
    ],
)
def test_sample_logs_of_other_tools_are_accounted_for(name: str, readable: int):
    path = FORMATS / name
    rows, unreadable = read(path)
    assert len(rows) == readable
    assert len(rows) + len(unreadable) == len(path.read_bytes().splitlines())
