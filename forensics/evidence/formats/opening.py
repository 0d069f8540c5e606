"""Opening: a file of evidence, plain or compressed, as one stream of bytes; an archive as the files it holds.

What a file is, its first bytes say, not its name. Streams of several members (rotated logs put one after another) are
read to their end.

Signatures: RFC 1952, section 2.3.1 (gzip); bzip2 1.0, stream and block headers; RFC 8878, section 3.1.1 (zstd);
APPNOTE 6.3.10, section 4.3.7 (zip); POSIX.1-2017, pax, ustar interchange format (tar).
"""

from __future__ import annotations

import fnmatch
import gzip
import re
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

from forensics.errors import EvidenceError

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
OTHERS = {"bz2": re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"), "zstd": re.compile(rb"\x28\xb5\x2f\xfd")}
SIGNATURE_BYTES = 10
USTAR_AT, USTAR = 257, b"ustar"
MOST_GROWTH, ALLOWED_BYTES = 1_000, 2**30
"""An archive that unpacks to more than a thousand times its size, beyond the first GiB, holds no logs: logs become
ten to a hundred times smaller, the same line over and over about three hundred times."""
PIECE_BYTES = 2**20
ENCRYPTED = 1
"""The bit of a zip's entry that says that a password is needed."""


class TornError(ValueError):
    """A compressed stream is not whole."""


UNREADABLE = (TornError, tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
"""What reading an archive that is torn or encrypted may raise; the last is zipfile's, of a compression it lacks."""


def is_compressed(start: bytes) -> bool:
    """Tell by its first bytes whether a file is gzip, bzip2 or zstd."""
    return start.startswith(GZIP) or any(magic.match(start) for magic in OTHERS.values())


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file, plain, gzip, bzip2 or zstd, for reading its text.

    Raises:
        TornError: while reading: the compressed stream ends too soon or is damaged.
    """
    with path.open("rb") as file:
        start = file.read(SIGNATURE_BYTES)
        file.seek(0)
        kind = next((name for name, magic in OTHERS.items() if magic.match(start)), None)
        try:
            if start.startswith(GZIP):
                yield cast("IO[bytes]", gzip.GzipFile(fileobj=file))
            elif kind:
                yield _decompressed(file, kind)
            else:
                yield file
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise TornError(str(error)) from error


def _decompressed(file: IO[bytes], kind: str) -> IO[bytes]:
    """Return a stream that tells damage from a disk that fails: both are an OSError to the library."""
    import pyarrow as pa

    class Told(pa.CompressedInputStream):
        """Reads on where a compressed stream follows another."""

        def read(self, nbytes: int | None = None) -> bytes:
            try:
                return super().read(nbytes)
            except OSError as error:
                if error.errno is not None:
                    raise
                raise TornError(str(error).split(":")[0]) from error

    return cast("IO[bytes]", Told(pa.PythonFile(file), kind))


def is_archive(path: Path) -> bool:
    """Tell whether a file holds other files: a zip, or a tar, plain or compressed."""
    with path.open("rb") as file:
        if file.read(4) == ZIP:
            return True
    try:
        with opened(path) as stream:
            head = stream.read(USTAR_AT + len(USTAR))
    except (TornError, OSError):
        return False  # whoever reads it says so
    return head[USTAR_AT:] == USTAR


def unpacked(path: Path, place: str, folder: Path, pattern: str, most_bytes: int | None = None) -> list[Path]:
    """Unpack the files of an archive, in the order of their names.

    Args:
        path: the archive.
        place: where it is inside the case; the files are put under the same place in `folder`.
        folder: private, as what is unpacked is in clear.
        pattern: which of its files are meant, as `*.log`; matched against the whole name and its last part.
        most_bytes: of each file at most so many, to look at how it begins.

    Raises:
        EvidenceError: the archive is torn, is a bomb, or holds no file that is meant.
    """
    target = folder / place
    limit = max(ALLOWED_BYTES, MOST_GROWTH * path.stat().st_size)
    found: dict[str, Path] = {}
    try:
        for name, stream in _members(path):
            if not (fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(PurePosixPath(name).name, pattern)):
                continue
            file = target / _inside(name, found)
            file.parent.mkdir(parents=True, exist_ok=True)
            limit -= _copied(stream, file, min(limit, most_bytes or limit), place, whole=most_bytes is None)
            found[file.relative_to(target).as_posix()] = file
    except UNREADABLE as error:
        raise EvidenceError(
            "this archive is torn, or packed in a way that is not known here",
            where=place,
            expected="a whole zip or tar without a password",
            found=type(error).__name__,
            remedy="get the whole file, or unpack it yourself and declare what it holds",
        ) from error
    if not found:
        raise EvidenceError(
            "this archive holds no file that is meant",
            where=place,
            expected=f"files named {pattern}",
            remedy="correct members in case.toml",
        )
    return [found[name] for name in sorted(found)]


def _members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Give the regular files of an archive, each with what it holds, front to back."""
    with path.open("rb") as file:
        is_zip = file.read(4) == ZIP
    if is_zip:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.flag_bits & ENCRYPTED:
                    raise zipfile.BadZipFile("a password is needed")
                if not entry.is_dir():
                    with archive.open(entry) as stream:
                        yield entry.filename, stream
        return
    with opened(path) as plain, tarfile.open(fileobj=plain, mode="r|") as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.isreg() else None
            if stream is not None:
                yield member.name, stream


def _inside(name: str, taken: dict[str, Path]) -> str:
    """Return a name under which a file of an archive stays in its folder, whatever the archive calls it."""
    parts = [part for part in PurePosixPath(name.replace("\\", "/").replace("\0", "")).parts if part not in ("/", "..")]
    clean = "/".join(part[:200] for part in parts) or "unnamed"
    return clean if clean not in taken else f"{clean}.{len(taken)}"


def _copied(stream: IO[bytes], file: Path, most: int, place: str, *, whole: bool) -> int:
    """Copy a stream, and return how many bytes; refuse one that goes on beyond the limit."""
    copied = 0
    with file.open("wb") as target:
        while copied < most and (piece := stream.read(min(PIECE_BYTES, most - copied))):
            target.write(piece)
            copied += len(piece)
    if whole and copied == most and stream.read(1):
        shutil.rmtree(file.parent, ignore_errors=True)
        raise EvidenceError(
            "this archive unpacks to far more than any log would",
            where=place,
            expected=f"at most {MOST_GROWTH:,} times its size",
            remedy="if it is what it seems, unpack it yourself and declare what it holds",
        )
    return copied
