"""Ingest: every line accounted for, nobody named in the case, and refusals that change nothing."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from forensics import engine
from forensics.case import load
from forensics.errors import EvidenceError
from forensics.evidence.ingest import ingest
from forensics.manifest import read
from forensics.schemas import LogCoverage, Requests

Declare = Callable[[str, str], None]
Command = Callable[..., Any]
Digests = Callable[[Path], dict[str, str]]
KEY = bytes.fromhex("ab" * 32)
LINE = '192.0.2.1 - - [18/Jan/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "-"\n'


def taken_in(case: Path, say: Callable[[str], None] = lambda _: None) -> Path:
    ingest(load(case), KEY, say)
    return case / "work"


def rows_of(case: Path, source: str = "log") -> tuple[int, int, int, int]:
    table = pl.read_parquet(case / "work" / "sources.parquet").filter(pl.col("source") == source)
    return table.select("read", "accepted", "rejected", "duplicates").row(0)


def with_references(case: Path, declare: Declare, lines: list[tuple[str, str | None]]) -> None:
    """Put a Parquet log of (account, reference) in the place of the text log."""
    frame = pl.DataFrame(lines, schema={"user": pl.String, "ref": pl.String}, orient="row").with_columns(
        time=pl.lit("2024-01-18T10:00:00Z"), n=pl.lit("1850575000123"), p=pl.lit("/droits")
    )
    (case / "evidence" / "access.log").unlink()
    frame.write_parquet(case / "evidence" / "access.parquet")
    text = (case / "case.toml").read_text(encoding="utf-8")
    head, rest = text.split("[source.fields]", 1)
    tail = rest[rest.index("[[source]]") :]
    head = head.replace("evidence/*.log", "evidence/access*.parquet").replace('"combined"', '"parquet"')
    fields = 'requested_at = "time"\naccount_id = "user"\nrequest_ref = "ref"\npath = "p"\nsubject = "n"\n\n'
    (case / "case.toml").write_text(head + "[source.fields]\n" + fields + tail, encoding="utf-8")


def test_every_line_is_accepted_rejected_or_a_duplicate(small: Path):
    with (small / "evidence" / "access.log").open("a") as log:
        log.write("\n" * 1 + "not a log line\n")
        log.write('192.0.2.1 - - [31/Feb/2024:10:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "-"\n')
        log.write('192.0.2.1 - - [18/Jan/2024:10:00:00 +0000] "GET / HTTP/1.1" 999 1 "-" "-"')
    text = (small / "case.toml").read_text()
    (small / "case.toml").write_text(text + "\n[settings]\nmost_rejected_share = 0.5\n")
    work = taken_in(small)
    assert rows_of(small) == (9, 5, 4, 0)
    rejected = pl.read_parquet(work / "rejected.parquet")
    assert rejected["line"].to_list() == [6, 7, 8, 9]
    assert rejected["reason"].to_list() == [
        "empty line",
        "not Apache combined",
        "requested_at: not a time that exists in the declared format and zone",
        "status: expected less_than_or_equal_to(599)",
    ]
    log = (small / "evidence" / "access.log").read_bytes()
    assert all(log[offset - 1 : offset] == b"\n" for offset in rejected["byte_offset"])


def test_a_professional_who_looks_twice_in_a_second_is_no_duplicate(small: Path):
    taken_in(small)
    assert rows_of(small) == (5, 5, 0, 0)


def test_the_same_reference_is_the_same_event_and_no_reference_is_none(small: Path, declare: Declare):
    with_references(small, declare, [("a", "r1"), ("b", "r1"), ("a", None), ("a", None), ("a", "r2"), ("a", "r1")])
    work = taken_in(small)
    assert rows_of(small) == (6, 4, 0, 2)
    duplicates = pl.read_parquet(work / "duplicates.parquet").select("line", "reason").rows()
    assert duplicates == [(2, "same request_ref as line 1 of log"), (6, "same request_ref as line 1 of log")]
    assert [number % 2**40 for number in pl.read_parquet(work / "requests.parquet")["request_id"]] == [1, 3, 4, 5]


def test_lines_are_numbered_through_the_files_of_a_source(small: Path, declare: Declare):
    with_references(small, declare, [("a", "r1"), ("a", "r2")])
    first = small / "evidence" / "access.parquet"
    pl.read_parquet(first).with_columns(ref=pl.lit("other") + pl.col("ref")).write_parquet(
        first.with_name("access2.parquet")
    )
    work = taken_in(small)
    files = pl.read_parquet(work / "files.parquet").filter(pl.col("source") == "log")
    assert files.select("path", "first_line", "lines").rows() == [
        ("evidence/access.parquet", 1, 2),
        ("evidence/access2.parquet", 3, 2),
    ]
    requests = pl.read_parquet(work / "requests.parquet")
    assert {row["request_ref"]: row["request_id"] % 2**40 for row in requests.iter_rows(named=True)} == {
        "r1": 1, "r2": 2, "otherr1": 3, "otherr2": 4,
    }  # fmt: skip


def test_an_account_listed_twice_is_one_account(small: Path, declare: Declare):
    file = small / "evidence" / "accounts.parquet"
    once = pl.read_parquet(file)
    text = (small / "case.toml").read_text()
    block = text[text.index('[[source]]\nid = "accounts"') : text.index('[[source]]\nid = "claims"')]
    (small / "case.toml").write_text(
        text + block.replace('"accounts"\n', '"again"\n', 1).replace("accounts.parq", "again.parq")
    )
    once.write_parquet(small / "evidence" / "again.parquet")
    work = taken_in(small)
    assert pl.read_parquet(work / "accounts.parquet")["account_id"].to_list() == ["opt-0417", "opt-0552"]
    assert rows_of(small, "again") == (2, 0, 0, 2)
    assert pl.read_parquet(work / "duplicates.parquet")["reason"][0] == "same account_id as line 1 of accounts"


def test_a_window_without_an_end_is_set_aside_and_shown(small: Path, declare: Declare):
    declare('window_minutes = "minutes"\n', "")
    declare('id = "counters"', 'id = "counters"')
    text = (small / "case.toml").read_text()
    (small / "case.toml").write_text(text + "\n[settings]\nmost_rejected_share = 1.0\n")
    taken_in(small)
    assert rows_of(small, "counters") == (1, 0, 1, 0)


def test_the_tables_are_those_of_the_models(small: Path):
    work = taken_in(small)
    Requests.validate(pl.read_parquet(work / "requests.parquet"))
    coverage = LogCoverage.validate(pl.read_parquet(work / "log_coverage.parquet"))
    assert coverage.select("kind", "windows_checked", "share_kept").rows() == [("complete", 1, 1.0)]


PLANTED = {
    "13 digits": "1850575000123",
    "15 digits": "185057500012345",
    "last name": "DURANDOT",
    "first name": "Maelys",
    "birth date": "1985-05-12",
    "company": "LUNETTOR",
    "siret": "81234567800017",
}


def spoken(folder: Path) -> Iterator[tuple[Path, str]]:
    """Everything that the files of a folder say: their bytes, and for Parquet every value and statistic in clear."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        yield path, path.read_bytes().decode("latin-1")
        if path.name.endswith(".parquet") or path.suffix == ".unfinished":
            file = pq.ParquetFile(path)
            yield path, str(file.metadata.metadata) + str(file.schema)
            for group in range(file.metadata.num_row_groups):
                for column in range(file.metadata.num_columns):
                    yield path, str(file.metadata.row_group(group).column(column))
            for name in (table := file.read()).column_names:
                yield path, "\n".join(map(str, table.column(name).to_pylist()))


def leaks(folder: Path) -> set[tuple[str, str]]:
    return {(path.name, what) for path, text in spoken(folder) for what, value in PLANTED.items() if value in text}


def test_nobody_is_named_in_work_and_results(finished: Path):
    assert leaks(finished / "work") == set()
    assert leaks(finished / "results") == set()
    evidence = leaks(finished / "evidence")
    assert {what for _, what in evidence} == set(PLANTED)


def test_a_screen_that_matches_only_the_number_itself_is_refused(small: Path, declare: Declare, command: Command):
    declare("[[screen]]", '[[screen]]\nmatch = "^/liste/[0-9]{13}$"\naction = "search"\ntier = "listed"\n\n[[screen]]')
    log = small / "evidence" / "access.log"
    log.write_text(log.read_text().replace("/droits?numero=1850575000123", "/liste/1850575000123?numero=1850575000123"))
    ended = command("run", small)
    assert ended.code == 2
    assert "matches only while the path holds the number that was asked for" in ended.err
    assert "1850575000123" not in ended.err


def test_numbers_in_paths_are_masked_in_the_tables(small: Path):
    log = small / "evidence" / "access.log"
    text = log.read_text().replace(
        "/droits?numero=1850575000123", "/droits/1%2085%2005%2075%20000%20123/45?numero=1850575000123"
    )
    log.write_text(text.replace("/statique/a.css", "/droits/185057500012345"))
    work = taken_in(small)
    assert leaks(work) == set()
    paths = set(pl.read_parquet(work / "requests.parquet")["path"])
    assert paths == {"/droits/{subject}/45", "/droits", "/droits/{number}"}


def test_the_search_for_leaks_finds_one_that_is_compressed(tmp_path: Path):
    pl.DataFrame({"a": ["x" * 50] * 500 + ["DURANDOT"], "b": [1850575000123] * 501}).write_parquet(
        tmp_path / "t.parquet", compression="zstd", statistics=False
    )
    assert {what for _, what in leaks(tmp_path)} == {"last name", "13 digits"}


def test_the_private_folder_is_its_owners_and_gone_afterwards(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(engine.tempfile, "tempdir", str(tmp_path / "private"))
    (tmp_path / "private").mkdir()
    seen: list[tuple[int, bool]] = []

    def look(text: str) -> None:
        for folder in (tmp_path / "private").iterdir():
            seen.append((stat.S_IMODE(folder.stat().st_mode), any(folder.glob("*.parquet"))))

    taken_in(small, look)
    assert (0o700, True) in seen
    assert {mode for mode, _ in seen} == {0o700}
    assert list((tmp_path / "private").iterdir()) == []


def test_what_a_killed_run_left_in_clear_is_deleted_by_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(engine.tempfile, "tempdir", str(tmp_path))
    with engine.private_folder() as living:
        orphan = tmp_path / "forensics-orphan"
        orphan.mkdir()
        (orphan / engine.LOCK).touch()
        (orphan / "0001-000000.parquet").write_text("in clear")
        (tmp_path / "forensics-not-ours").mkdir()
        with engine.private_folder():
            assert not orphan.exists()
            assert living.exists()
            assert (tmp_path / "forensics-not-ours").exists()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('account_id = "user"', 'account_id = "login"', ["no column 'login'", "where: access.log", "found: host"]),
        ('beneficiary_number = "beneficiary"', 'beneficiary_number = "last_nam"',
         ["register.parquet", "found: beneficiary, holder"]),
        ('birth_date = "born"', 'birth_date = "last"',
         ["register.parquet:1", "birth_date: not a date in the declared format"]),
        ('submitted_at = "at"', 'submitted_at = "holder"',
         ["claims.parquet:1", "submitted_at: not a time that exists"]),
        ('path = "evidence/register.parquet"\nformat = "parquet"', 'path = "evidence/access.log"\nformat = "parquet"',
         ["not a whole Parquet file", "where: evidence/access.log", "PAR1"]),
        ('path = "evidence/*.log"', 'path = "evidence/claims.parquet"', ["cannot be read", "claims.parquet:1"]),
    ],
)  # fmt: skip
def test_a_refusal_names_the_line_and_touches_nothing(
    finished: Path, declare: Declare, command: Command, digests: Digests, old: str, new: str, told: list[str]
):
    before = digests(finished)
    declare(old, new)
    ended = command("run", finished)
    assert ended.code == 3
    assert all(piece in ended.err for piece in told), ended.err
    assert "what to do: " in ended.err
    assert not any(value in ended.err + ended.out for value in PLANTED.values())
    after = digests(finished)
    assert {name: after[name] for name in after if name != "case.toml"} == {
        name: before[name] for name in before if name != "case.toml"
    }


def test_a_few_bad_lines_at_the_start_do_not_refuse_a_long_log(small: Path):
    log = small / "evidence" / "access.log"
    good = log.read_text().splitlines()[0] + "\n"
    log.write_text("bad\n" * 300 + good * 900)
    log.with_name("later.log").write_text(good.replace("10:00:05", "10:00:06") * 9000)
    taken_in(small)
    assert rows_of(small) == (10_200, 9_900, 300, 0)


def test_a_log_of_another_kind_is_refused_without_reading_all_of_it(small: Path, monkeypatch: pytest.MonkeyPatch):
    (small / "evidence" / "access.log").write_text("another kind\n" * 20_000)
    monkeypatch.setattr("forensics.evidence.formats.blocks.BLOCK_BYTES", 20_000)
    with pytest.raises(EvidenceError, match=r"of the first 1,5\d\d lines cannot be read"):
        taken_in(small)


def test_an_empty_source_is_refused(small: Path):
    (small / "evidence" / "access.log").write_text("")
    with pytest.raises(EvidenceError, match="holds no line"):
        taken_in(small)


def test_a_log_that_is_still_written_to_is_refused(small: Path, command: Command, monkeypatch: pytest.MonkeyPatch):
    from forensics.evidence import ingest as module

    read = module.read_source

    def growing(*arguments: Any, **how: Any) -> Any:
        with (small / "evidence" / "access.log").open("a") as log:
            log.write(LINE)
        return read(*arguments, **how)

    monkeypatch.setattr(module, "read_source", growing)
    ended = command("run", small)
    assert ended.code == 3
    assert "changed while it was read" in ended.err
    assert [path.name for path in (small / "work").iterdir()] == [".lock"]


def test_a_folder_whose_name_looks_like_a_pattern_is_read(small: Path):
    odd = small.rename(small.with_name("case [1] *"))
    assert taken_in(odd) == odd / "work"


def test_the_manifest_leads_from_a_request_to_one_file(finished: Path):
    manifest = read(finished / "results" / "manifest.json")
    log = next(entry for entry in manifest["inputs"] if entry["source"] == "log")
    assert (log["path"], log["first_line"], log["lines"]) == ("evidence/access.log", 1, 5)


def test_a_damaged_date_of_a_register_is_one_line_set_aside(small: Path):
    register = small / "evidence" / "register.parquet"
    rows = pl.read_parquet(register)
    odd = rows.head(1).with_columns(born=pl.lit(2**31 - 1, dtype=pl.Int32).cast(pl.Date))
    pl.concat([rows, odd]).write_parquet(register)
    text = (small / "case.toml").read_text()
    (small / "case.toml").write_text(text + "\n[settings]\nmost_rejected_share = 0.5\n")
    rejected = pl.read_parquet(taken_in(small) / "rejected.parquet")
    assert rejected.select("source", "line", "reason").rows() == [
        ("register", 5, "birth_date: not a date in the declared format")
    ]
