"""Which lines tell of an event that an earlier line already told, and which are a professional who looks twice."""

from __future__ import annotations

import bz2
import gzip
import io
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.case import load
from forensics.evidence.duplicates import LEAST_OVERLAP
from forensics.evidence.ingest import ingest

KEY = b"k" * 32
DECLARED = """
[case]
id = "rotations"
[[operator]]
name = "site"
[[source]]
id = "web"
operator = "site"
kind = "access_log"
path = "evidence/*"
format = "combined"
subject_kind = "page"
[source.fields]
requested_at = "time"
client_ip = "host"
user_agent = "user_agent"
method = "method"
path = "url.path"
status = "status"
subject = "url.path"
"""


def line(second: int, path: str = "/", agent: str = "A") -> str:
    minute, second = divmod(second, 60)
    return f'192.0.2.1 - - [01/Feb/2024:08:{minute:02}:{second:02} +0000] "GET {path} HTTP/1.1" 200 5 "-" "{agent}"\n'


def case_of(folder: Path, files: dict[str, str]) -> Path:
    (folder / "evidence").mkdir(parents=True)
    (folder / "case.toml").write_text(DECLARED)
    for name, text in files.items():
        (folder / "evidence" / name).write_text(text)
    return folder


def left_out(case: Path) -> list[tuple[int, str]]:
    ingest(load(case), KEY, lambda _: None)
    rows = pl.read_parquet(case / "work" / "duplicates.parquet")
    (counted,) = pl.read_parquet(case / "work" / "sources.parquet").to_dicts()
    assert counted["read"] == counted["accepted"] + counted["rejected"] + counted["duplicates"]
    assert pl.read_parquet(case / "work" / "requests.parquet").height == counted["accepted"]
    return [(row["line"], row["reason"]) for row in rows.to_dicts()]


def test_lines_that_an_overlapping_rotation_holds_again_are_duplicates(tmp_path: Path):
    first = [line(second) for second in range(10)]
    second = [line(second) for second in range(6, 20)]
    case = case_of(tmp_path, {"access.log.1": "".join(first), "access.log.2": "".join(second)})
    assert left_out(case) == [(n + 11, f"same line as line {n + 7} of web") for n in range(4)]


def test_a_copy_under_another_name_tells_nothing_new(tmp_path: Path):
    text = "".join(line(second // 2) for second in range(8))  # every second line is the same as the one before
    case = case_of(tmp_path, {"access.log": text, "copy.log": text})
    assert left_out(case) == [(n + 9, f"same line as line {n + 1} of web") for n in range(8)]


def test_who_looks_twice_within_a_second_is_not_a_duplicate(tmp_path: Path):
    case = case_of(tmp_path, {"access.log": line(1) * 5 + line(2), "other.log": line(30) * 4})
    assert left_out(case) == []


def test_servers_side_by_side_that_write_the_same_line_now_and_then_do_not_repeat_each_other(tmp_path: Path):
    one = [line(second, f"/{second % 7}") for second in range(120)]
    other = [line(second, f"/{second % 5}") for second in range(120)]
    assert len(set(one) & set(other)) > 3
    case = case_of(tmp_path, {"web-1.log": "".join(one), "web-2.log": "".join(other)})
    assert left_out(case) == []


def test_a_line_that_stands_at_the_seam_of_two_files_by_chance_is_kept(tmp_path: Path):
    case = case_of(tmp_path, {"1.log": line(1) + line(2), "2.log": line(2) + line(3)})
    assert left_out(case) == []


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 300), st.sampled_from("abc")), min_size=8, max_size=40, unique_by=lambda e: e[0]),
    st.integers(0, 8),
)
def test_of_an_overlap_each_line_counts_as_often_as_the_file_that_has_it_most(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[int, str]], back: int
):
    cut = len(events) // 2
    back = min(back, cut)
    lines = [line(second, f"/{page}") for second, page in sorted(events) for _ in range(1 + (page == "c"))]
    while back < cut and lines[cut - back] == lines[cut - back - 1]:
        back += 1  # a rotation does not part what one second holds
    first, second = lines[:cut], lines[cut - back :]
    case = case_of(tmp_path_factory.mktemp("overlap"), {"a.log": "".join(first), "b.log": "".join(second)})
    duplicates = left_out(case)
    shared = sum((Counter(first) & Counter(second)).values())
    assert len(duplicates) == (shared if shared >= LEAST_OVERLAP else 0)


def packed(text: str, how: str, path: Path) -> None:
    halves = text[: len(text) // 2], text[len(text) // 2 :]
    if how == "gzip":
        path.write_bytes(gzip.compress(halves[0].encode()) + gzip.compress(halves[1].encode()))
    elif how == "bzip2":
        path.write_bytes(bz2.compress(halves[0].encode()) + bz2.compress(halves[1].encode()))
    elif how == "zstd":
        import pyarrow as pa

        with pa.OSFile(str(path), "wb") as file, pa.CompressedOutputStream(file, "zstd") as stream:
            stream.write(text.encode())
    elif how == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("logs/access.log", text)
    else:
        with tarfile.open(path, "w:" + how.removeprefix("tar.")) as archive:
            entry = tarfile.TarInfo("logs/access.log")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))


@pytest.mark.parametrize("how", ["gzip", "bzip2", "zstd", "zip", "tar.", "tar.gz", "tar.bz2"])
def test_a_packed_log_holds_the_same_requests_as_the_plain_one(tmp_path: Path, how: str):
    text = "".join(line(second) for second in range(50))
    plain, other = case_of(tmp_path / "plain", {"access.log": text}), case_of(tmp_path / "packed", {})
    packed(text, how, other / "evidence" / "anything")
    assert left_out(plain) == left_out(other) == []
    one, two = (pl.read_parquet(case / "work" / "requests.parquet") for case in (plain, other))
    assert one.equals(two)
    (file,) = pl.read_parquet(other / "work" / "files.parquet").to_dicts()
    assert file["path"] == "evidence/anything"
    assert file["member"] == ("logs/access.log" if how.startswith(("zip", "tar")) else None)
