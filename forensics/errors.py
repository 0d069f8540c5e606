"""Errors that a user can act on: what was expected, what was found, where, what to do. Never a person's data."""

from __future__ import annotations


class ForensicsError(Exception):
    """An expected failure; `exit_code` is what the command line returns for it."""

    exit_code = 1

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        expected: str | None = None,
        found: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.what, self.where, self.expected, self.found, self.remedy = what, where, expected, found, remedy
        parts = (("where", where), ("expected", expected), ("found", found), ("what to do", remedy))
        super().__init__("\n".join([what, *(f"  {name}: {text}" for name, text in parts if text)]))


class CaseError(ForensicsError):
    """The command or `case.toml` is wrong."""

    exit_code = 2


class EvidenceError(ForensicsError):
    """Evidence or key refused: it is not what `case.toml`, the manifest or the table's model says."""

    exit_code = 3


class VerificationError(ForensicsError):
    """What was derived again is not what the results folder holds."""

    exit_code = 4


class UnavailableError(ForensicsError):
    """It cannot be done now (locked, disk, memory, permission, missing mount); the run can be resumed."""

    exit_code = 5
