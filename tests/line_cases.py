"""A case of one source, for the tests of formats: what its fields hold, and what becomes of each line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from forensics.case import Case, load
from forensics.evidence.formats import batches_of, offered_by
from forensics.evidence.mapping import columns_needed, mapped

CASE = """\
[case]
id = "documents"
timezone = "Europe/Paris"
[[operator]]
name = "Viareso"
[[source]]
id = "log"
operator = "Viareso"
kind = "access_log"
path = "evidence/log"
"""


def case_of(folder: Path, said: str) -> Case:
    (folder / "case.toml").write_text(CASE + said, encoding="utf-8")
    return load(folder)


def taken(case: Case, path: Path) -> tuple[list[dict[str, Any]], list[str], int]:
    """The fields of a file that hold something, the reasons of what is set aside, the number of lines."""
    source = case.declared.source[0]
    columns = columns_needed(source, offered_by(path, source), path.name)
    rows: list[dict[str, Any]] = []
    aside: list[tuple[int, str]] = []
    lines = 0
    for batch in batches_of(path, source, columns):
        fields, untyped = mapped(batch, source, case)
        rows += fields.drop("byte_offset").to_dicts()
        aside += [(row[0], row[2]) for row in (*batch.unreadable.rows(), *untyped.rows())]
        lines += batch.lines
    held = [{name: value for name, value in row.items() if value is not None} for row in rows]
    assert len(held) + len(aside) == lines
    return held, [reason for _, reason in sorted(aside)], lines


def written(tmp_path: Path, *documents: object) -> Path:
    path = tmp_path / "log"
    texts = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in documents]
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path
