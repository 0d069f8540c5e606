"""The query engine: one DuckDB connection a stage, one SQL file a concept, results in a stated order."""

from __future__ import annotations

import fcntl
import glob
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, cast

import polars as pl

from forensics.errors import UnavailableError
from forensics.settings import Settings

if TYPE_CHECKING:
    import duckdb


PRIVATE, LOCK = "forensics-", ".alive"


@contextmanager
def private_folder() -> Iterator[Path]:
    """Give a temporary folder that only its owner may open (mode 700), and delete it whatever happens.

    What a killed run left behind is deleted too: a folder whose lock nobody holds belongs to nobody.
    """
    _delete_orphans()
    folder = Path(tempfile.mkdtemp(prefix=PRIVATE))
    try:
        with (folder / "unlocked").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (folder / "unlocked").rename(folder / LOCK)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _delete_orphans() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PRIVATE}*"):
        try:
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            with (folder / LOCK).open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # at work, or not one of ours


@contextmanager
def connect(settings: Settings, spill: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory DuckDB that keeps to the memory limit and spills into `spill` alone.

    Raises:
        UnavailableError: memory or disk ran out inside the block.
    """
    import duckdb

    connection = duckdb.connect(
        config={
            "memory_limit": settings.memory_limit,
            "threads": settings.threads or len(os.sched_getaffinity(0)),
            "temp_directory": str(spill),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
    )
    connection.execute("SET TimeZone = 'UTC'")
    try:
        yield connection
    except duckdb.OutOfMemoryException:
        raise UnavailableError(
            "the query engine needs more memory than it may take",
            found=f"memory_limit = {settings.memory_limit}",
            remedy="raise memory_limit in [settings] of case.toml and run again",
        ) from None
    finally:
        connection.close()


@contextmanager
def connect_unspilled() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an in-memory DuckDB for small pieces of evidence in clear, which never go to a disk."""
    import duckdb

    config = {"temp_directory": "", "autoinstall_known_extensions": False, "autoload_known_extensions": False}
    with duckdb.connect(config=config) as connection:
        yield connection


def sql(name: str) -> str:
    """Return the text of one SQL file of the package, by its name without ending."""
    return (files("forensics") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def query(
    connection: duckdb.DuckDBPyConnection, name: str, parameters: Mapping[str, object] | None = None
) -> pl.DataFrame:
    """Run one SQL file and return its rows, in the order the file states."""
    return connection.sql(sql(name), params=dict(parameters or {})).pl()


def batches(
    connection: duckdb.DuckDBPyConnection,
    text: str,
    rows: int = 500_000,
    parameters: Mapping[str, object] | None = None,
) -> Iterator[pl.DataFrame]:
    """Run a query and give its rows in pieces, in the order that it states, without holding them all."""
    reader = connection.sql(text, params=dict(parameters or {})).to_arrow_reader(rows)
    for batch in reader:
        yield cast("pl.DataFrame", pl.from_arrow(batch))


def create(connection: duckdb.DuckDBPyConnection, name: str, parameters: Mapping[str, object] | None = None) -> None:
    """Run one SQL file and keep its rows as a table of the file's name."""
    connection.execute(f'CREATE OR REPLACE TEMP TABLE "{name}" AS {sql(name)}', dict(parameters or {}))


def view(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    """Let queries read a Parquet file under a table's name."""
    connection.read_parquet(glob.escape(str(path))).create_view(name, replace=True)


def write_table(frame: pl.DataFrame, path: Path) -> None:
    """Write a table whole or not at all: under a temporary name, then renamed. The same rows give the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    frame.rechunk().write_parquet(unfinished, compression="zstd", compression_level=3, statistics=True)
    unfinished.replace(path)


def write_text(text: str, path: Path) -> None:
    """Write a text file whole or not at all."""
    write_bytes(text.encode(), path)


def write_bytes(content: bytes, path: Path) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def copy_file(source: Path, path: Path) -> None:
    """Copy a file of any size whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    shutil.copyfile(source, unfinished)
    unfinished.replace(path)
