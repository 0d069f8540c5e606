"""Members: the files of lines that a source has, whether they lie in the case or inside an archive there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from forensics.case import Case
from forensics.custody import evidence_files
from forensics.declaration import Source
from forensics.evidence.formats.blocks import BLOCK_BYTES
from forensics.evidence.formats.opening import is_archive, unpacked

ARCHIVES = "archives"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file of lines.

    Attributes:
        path: where it is read: in the case, or unpacked in the private folder.
        evidence: the file of evidence that it is, or that holds it.
        place: `evidence`, inside the case.
        name: what the archive calls it; None where it is a file of evidence itself.
    """

    path: Path
    evidence: Path
    place: str
    name: str | None


def members_of(case: Case, source: Source, private: Path, *, beginnings: bool = False) -> Iterator[Member]:
    """Give the files of lines of a source, in the order of their names.

    Args:
        case: the case.
        source: the source.
        private: what is inside an archive is unpacked there, and deleted once the next one is asked for.
        beginnings: whether of each file in an archive the beginning is enough.

    Raises:
        EvidenceError: an archive is torn, is a bomb, or holds no file that is meant.
    """
    for evidence in evidence_files(case, source):
        place = evidence.relative_to(case.folder).as_posix()
        if not is_archive(evidence):
            yield Member(path=evidence, evidence=evidence, place=place, name=None)
            continue
        folder = private / ARCHIVES / source.id.replace("/", "_")
        most = BLOCK_BYTES if beginnings else None
        for path in unpacked(evidence, place, folder, source.members, most):
            name = path.relative_to(folder / place).as_posix()
            yield Member(path=path, evidence=evidence, place=place, name=name)
            path.unlink()
