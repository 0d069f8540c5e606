"""Writing while the next piece is drawn: one thread that does its tasks in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

IN_FLIGHT = 1  # pieces that may wait to be written: what they hold is what memory must hold


class Background:
    """Runs tasks one after the other beside the caller; a task that fails stops the caller at its next word."""

    def __init__(self, executor: ThreadPoolExecutor) -> None:
        self._executor = executor
        self._waiting: deque[Future[object]] = deque()
        self._given_up = threading.Event()

    def do(self, task: Callable[[], object]) -> None:
        """Queue a task; waits while too many are queued."""
        while len(self._waiting) >= IN_FLIGHT:
            self._waiting.popleft().result()
        self._waiting.append(self._executor.submit(task))

    def settle(self) -> None:
        """Wait until nothing is queued."""
        while self._waiting:
            self._waiting.popleft().result()

    def given_up(self) -> bool:
        """Whether what is being done is wanted no more: long tasks ask from time to time."""
        return self._given_up.is_set()

    def give_up(self) -> None:
        """Tell the task at work that the caller failed."""
        self._given_up.set()


@contextmanager
def background() -> Iterator[Background]:
    """Give a thread for tasks; all of them are done at the end, or given up if the block fails."""
    executor = ThreadPoolExecutor(max_workers=1)
    tasks = Background(executor)
    try:
        yield tasks
        tasks.settle()
    except BaseException:
        tasks.give_up()
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)
