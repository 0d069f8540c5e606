"""The searcher: opens every file of a folder down to the last compressed stream and looks for people in it.

What it looks for is in `leaks_spellings`, how Parquet is opened in `leaks_parquet`, all else in `leaks_decoding`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
from leaks_decoding import pieces
from leaks_parquet import MAGIC, date_columns, filters_that_know
from leaks_spellings import Person, birth_days, patterns

CHUNK = 2**20
DAYS_THAT_ARE_NO_CHANCE = 3
"""A column of whole numbers that holds so many of the birth dates as days since 1970 is a column of them."""


@dataclass(frozen=True, order=True)
class Finding:
    """Where somebody is named: the file, the place inside it, and the spelling; never the value."""

    file: str
    place: str
    what: str


class Searcher:
    """Looks for some people in whatever is handed to it."""

    def __init__(self, people: list[Person]) -> None:
        self.people = people
        # Bytes know only the letters of ASCII: both cases of all others are among the patterns.
        self.patterns = {raw.lower().decode("latin-1"): what for raw, what in patterns(people).items()}
        self.longest = max(map(len, self.patterns))

    def in_folder(self, folder: Path, *, but: Iterable[str] = (), said: str = "") -> list[Finding]:
        """Search every file below a folder, its name too.

        Args:
            folder: where to look.
            but: what directly below it is left out.
            said: what a command said meanwhile.
        """
        files = [
            path
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.relative_to(folder).parts[0] not in set(but)
        ]
        named = {path.relative_to(folder).as_posix(): path for path in files}
        raw = {name: path.read_bytes() for name, path in named.items()}
        found = self.in_bytes({**raw, "said": said.encode()})
        for name, content in raw.items():
            if content.startswith(MAGIC) and content.endswith(MAGIC):
                found += [Finding(name, f"column {column}", "birth dates") for column in self._dated(content)]
                found += [
                    Finding(name, f"column {column}, Bloom filter", what)
                    for column, what in filters_that_know(str(named[name]), self._values)
                ]
        return sorted(set(found))

    def in_bytes(self, contents: dict[str, bytes]) -> list[Finding]:
        """Search the contents of files, or of anything else that has a name."""
        cut = [
            (name, place, part)
            for name, content in contents.items()
            for place, piece in (("name of the file", name.encode()), *pieces(content))
            for part in self._chunks(piece.decode("latin-1"))
        ]
        frame = pl.DataFrame(cut, schema=dict.fromkeys(("file", "place", "text"), pl.String), orient="row")
        distinct = (
            frame.select("text")
            .unique()
            .with_columns(
                found=pl.col("text").str.extract_many(
                    pl.lit(pl.Series([list(self.patterns)])), ascii_case_insensitive=True, overlapping=True
                )
            )
        )
        found = (
            distinct.filter(pl.col("found").list.len() > 0)
            .join(frame, on="text")
            .select("file", "place", pl.col("found").list.unique())
            .explode("found")
        )
        told = (
            (file, place, text.encode("latin-1").lower().decode("latin-1")) for file, place, text in found.iter_rows()
        )
        return sorted({Finding(file, place, self.patterns[text]) for file, place, text in told})

    def in_text(self, name: str, text: str) -> list[Finding]:
        """Search what a command said."""
        return self.in_bytes({name: text.encode()})

    def _chunks(self, text: str) -> Iterator[str]:
        for start in range(0, max(len(text), 1), CHUNK):
            yield text[start : start + CHUNK + self.longest]

    def _dated(self, content: bytes) -> list[str]:
        days: set[date] = birth_days(self.people)
        found = {column: values & days for column, values in date_columns(content).items()}
        return [column for column, of_people in found.items() if len(of_people) >= DAYS_THAT_ARE_NO_CHANCE]

    @cached_property
    def _values(self) -> dict[str, list[Any]]:
        insured = [person for person in self.people if person.number]
        return {
            "numbers of 13 characters": [str(person.number)[:13] for person in insured],
            "numbers of 15 characters": [str(person.number) for person in insured],
            "names": [f"{person.last} {person.first}" for person in insured],
            "last names": [person.last for person in insured],
        }
