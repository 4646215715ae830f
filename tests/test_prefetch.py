"""What comes next is made while the present is used."""

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextvars import ContextVar
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from mailing_app.prefetch import prefetched
from tests.processes.conftest import eventually

WHERE = ContextVar("WHERE", default="nowhere")

LARGE = "x" * (1 << 20)
"""More than a pipe holds."""


def test_all_come_in_their_order() -> None:
    assert list(prefetched(iter(range(100)))) == list(range(100))
    assert list(prefetched(iter(()))) == []


def test_the_next_is_made_elsewhere_while_the_present_is_used_and_no_more() -> None:
    made = [multiprocessing.Event() for _ in range(4)]
    coming = prefetched(_large(made))
    assert next(coming)[0] != os.getpid()
    assert made[1].wait(10)
    assert not made[2].is_set()
    coming.close()


def test_it_is_made_in_the_context_of_the_one_who_uses_it() -> None:
    WHERE.set("here")
    assert list(prefetched(WHERE.get() for _ in range(2))) == ["here", "here"]


def test_a_fault_comes_in_its_turn_and_tells_where_it_was() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("in the file")

    coming = prefetched(items())
    assert next(coming) == 1
    with pytest.raises(ValueError, match="in the file") as told:
        next(coming)
    assert "in items" in told.value.__notes__[0]


def test_where_it_was_killed_nobody_takes_what_came_for_all() -> None:
    def items() -> Iterator[int]:
        yield 1
        os.kill(os.getpid(), signal.SIGKILL)

    coming = prefetched(items())
    assert next(coming) == 1
    with pytest.raises(ChildProcessError):
        next(coming)


def test_nor_where_it_was_killed_in_the_middle_of_one() -> None:
    made = [multiprocessing.Event() for _ in range(4)]
    coming = prefetched(_large(made))
    maker, _ = next(coming)
    assert made[1].wait(10)
    eventually(lambda: _waits(maker))  # for somebody to read on
    os.kill(maker, signal.SIGKILL)
    with pytest.raises(ChildProcessError):
        next(coming)


def test_closed_it_leaves_nobody_behind() -> None:
    coming = prefetched(_large([multiprocessing.Event() for _ in range(4)]))
    maker, _ = next(coming)
    coming.close()
    assert not _lives(maker)


def test_it_ends_with_the_one_who_uses_it() -> None:
    """Also with one that was killed, and could not say so."""
    here, there = multiprocessing.Pipe(duplex=False)

    def use() -> None:
        coming = prefetched(_large([multiprocessing.Event() for _ in range(4)]))
        there.send(next(coming)[0])
        os.kill(os.getpid(), signal.SIGKILL)

    user = multiprocessing.get_context("fork").Process(target=use)
    user.start()
    there.close()
    maker = here.recv()
    user.join()
    eventually(lambda: not _lives(maker))


def _large(made: list[Event]) -> Iterator[tuple[int, str]]:
    """Who makes them, each too large to be left in the pipe."""
    for event in made:
        event.set()
        yield os.getpid(), LARGE


def _lives(pid: int) -> bool:
    return _state(pid) not in ("", "Z")


def _waits(pid: int) -> bool:
    return _state(pid) == "S"


def _state(pid: int) -> str:
    """As the system calls it: `Z` for one that has ended and nobody took note of; empty when there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""
