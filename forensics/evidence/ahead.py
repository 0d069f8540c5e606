"""Ahead and behind: one piece is made, the next used and the last written at once, so that all share the cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
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


@contextmanager
def behind(use: Callable[[Piece], None]) -> Iterator[Callable[[Piece], None]]:
    """Give a way to use pieces in their order in a thread of its own, each while the next is made.

    At most one piece waits, so that memory stays bounded. What fails there is raised at the next piece or at the end.
    """
    with ThreadPoolExecutor(1) as pool:
        last: list[Future[None]] = []

        def give(piece: Piece) -> None:
            if last:
                last.pop().result()
            last.append(pool.submit(use, piece))

        yield give
        if last:
            last.pop().result()
