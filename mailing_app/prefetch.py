"""Prefetching: the next item of an iterator is made while the present one is used."""

import sys
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")

AT_THE_INTERPRETER = 0.0003
"""Seconds after which one of the two threads makes room for the other that asks: with Python's 5 ms the one who uses an
item waits at each little statement, and the other is through before the large one begins."""

_END = object()


def prefetched(items: Iterator[T]) -> Generator[T]:
    """The same items in the same order, at most one of them ahead, made by a thread of its own in the caller's context:
    it must not touch the database, whose session is the caller's. What the making of one raises is raised in its turn.
    Closed, it waits for the one that is being made.

    For a process that has nothing else to do: meanwhile its threads take turns more often.
    """
    context, before = copy_context(), sys.getswitchinterval()

    def following() -> Any:
        return context.run(lambda: next(items, _END))

    sys.setswitchinterval(AT_THE_INTERPRETER)
    try:
        with ThreadPoolExecutor(1, "prefetch") as thread:
            coming = thread.submit(following)
            while (item := coming.result()) is not _END:
                coming = thread.submit(following)
                yield item
    finally:
        sys.setswitchinterval(before)
