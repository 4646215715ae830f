"""Prefetching: the next item of an iterator is made while the present one is used."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")

_END = object()


def prefetched(items: Iterator[T]) -> Generator[T]:
    """The same items in the same order, at most one of them ahead, made by a thread of its own in the caller's context:
    it must not touch the database, whose session is the caller's. What the making of one raises is raised in its turn.
    Closed, it waits for the one that is being made.
    """
    context = copy_context()

    def following() -> Any:
        return context.run(lambda: next(items, _END))

    with ThreadPoolExecutor(1, "prefetch") as thread:
        coming = thread.submit(following)
        while (item := coming.result()) is not _END:
            coming = thread.submit(following)
            yield item
