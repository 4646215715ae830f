"""Prefetching: the next item of an iterator is made while the present one is used."""

import signal
import sys
import traceback
from collections.abc import Generator, Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, TypeVar

T = TypeVar("T")

_END = (None, None)


def prefetched(items: Iterator[T]) -> Generator[T]:
    """The same items in the same order, made by a process of its own: each has an interpreter to itself. It is ahead by
    one item and what a pipe holds (64 KiB). What the making of one raises is raised in its turn, the trace of it in a
    note; ChildProcessError where the process was killed.

    It is forked, so it begins with all that the caller has at the first item; it must not touch the database, whose
    connections are the caller's. Items and faults must be such that can be pickled. Anywhere but on Linux, where to
    fork is sound, they are made as they are asked for.
    """
    if sys.platform != "linux":
        yield from items
        return
    fork = get_context("fork")
    ours, theirs = fork.Pipe(duplex=False)
    maker = fork.Process(target=_make, args=(items, theirs, ours), daemon=True)
    maker.start()
    theirs.close()
    try:
        while (told := _next(ours)) != _END:
            item, fault = told
            if fault:
                raise fault
            yield item
    finally:
        ours.close()  # it may be waiting for somebody to read
        maker.join()


def _next(made: "Connection[Any, Any]") -> Any:
    try:
        return made.recv()
    except (EOFError, OSError):  # between two items, or in the middle of one
        raise ChildProcessError("the process that makes what comes next ended before its time") from None


def _make(items: Iterator[Any], made: "Connection[Any, Any]", read: "Connection[Any, Any]") -> None:
    """Until all are made or nobody reads them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to both, and the caller ends this one
    read.close()
    with suppress(BrokenPipeError):
        try:
            for item in items:
                made.send((item, None))
            made.send(_END)
        except Exception as fault:
            fault.add_note("".join(traceback.format_exception(fault)))
            made.send((None, fault))
