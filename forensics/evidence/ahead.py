"""Ahead: the next piece is made while the last one is used, so that reading, checking and writing share the cores."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Piece = TypeVar("Piece")


def ahead(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Give the same pieces in the same order, each made in a thread of its own while the one before is used.

    At most one piece is made before it is asked for, so that memory stays bounded. What fails there is raised here.
    """
    end = object()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, pieces, end)
        while (piece := coming.result()) is not end:
            coming = pool.submit(next, pieces, end)
            yield piece  # type: ignore[misc]  # the end is no piece
