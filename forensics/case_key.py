"""The case key: 32 bytes under which names become pseudonyms, kept beside the case and never in it."""

from __future__ import annotations

import hmac
import os
import re
import secrets
from pathlib import Path

from forensics.case import Case
from forensics.custody import manifest_of
from forensics.errors import EvidenceError, UnavailableError

VARIABLE = "FORENSICS_KEY_FILE"
KEY_SHAPE = re.compile(r"[0-9a-f]{64}")
LONGEST_FILE = 256


def key_file(case: Case, given: Path | None) -> Path:
    """Return where the case key is: `--key`, else $FORENSICS_KEY_FILE, else beside the case folder."""
    if given is not None:
        return given
    if named := os.environ.get(VARIABLE):
        return Path(named)
    folder = case.folder.resolve()
    return folder.with_name(f"{folder.name}.key")


def read_key(path: Path) -> bytes:
    """Read a case key of 64 hex digits.

    Raises:
        EvidenceError: it is missing or is not a key.
        UnavailableError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            text = file.read(LONGEST_FILE).decode("ascii", errors="replace").strip().lower()
    except FileNotFoundError:
        raise EvidenceError("there is no such key", where=str(path), remedy="name the right one with --key") from None
    except OSError as error:
        raise UnavailableError("the key cannot be read", where=str(path), found=error.strerror) from error
    if not KEY_SHAPE.fullmatch(text):
        raise EvidenceError(
            "this is not a case key",
            where=str(path),
            expected="64 hexadecimal digits",
            remedy="name the right one with --key",
        )
    return bytes.fromhex(text)


def open_key(case: Case, given: Path | None) -> bytes:
    """Return the case key, made at the first ingest if it is not there, and refuse one that is not the results'.

    Raises:
        EvidenceError: the key of finished results is missing, is malformed, or is another case's.
        UnavailableError: it cannot be read or made.
    """
    path, manifest = key_file(case, given), manifest_of(case)
    if not path.exists():
        if manifest is not None:
            raise EvidenceError(
                "the key of this case is missing",
                where=str(path),
                remedy="put it back or name it with --key: without it the pseudonyms cannot be made again",
            )
        _make_key(path)
    key = read_key(path)
    if manifest is not None and manifest["key_check"] != key_check(key):
        raise EvidenceError(
            "this key is not the one that the results were made with",
            where=str(path),
            remedy="name the right one with --key; nothing was touched",
        )
    return key


def _make_key(path: Path) -> None:
    """Write a new key, whole or not at all, that only its owner may read."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise UnavailableError(
            "the case key cannot be made",
            where=str(path),
            found=error.strerror,
            remedy="give write permission beside the case, or name a key with --key",
        ) from error


def key_check(key: bytes) -> str:
    """Return a value that tells whether a key is the right one and tells nothing else about it."""
    return hmac.digest(key, b"forensics key check", "sha256").hex()[:16]
