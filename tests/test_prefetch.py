"""What comes next is made while the present is used."""

import threading
from collections.abc import Iterator
from contextvars import ContextVar

import pytest

from mailing_app.prefetch import prefetched

WHERE = ContextVar("WHERE", default="nowhere")


def test_all_come_in_their_order() -> None:
    assert list(prefetched(iter(range(100)))) == list(range(100))
    assert list(prefetched(iter(()))) == []


def test_the_next_is_made_while_the_present_is_used_and_no_more() -> None:
    made = [threading.Event() for _ in range(3)]

    def items() -> Iterator[int]:
        for number, event in enumerate(made):
            event.set()
            yield number

    coming = prefetched(items())
    assert next(coming) == 0
    assert made[1].wait(10)
    assert not made[2].is_set()


def test_it_is_made_in_the_context_of_the_one_who_uses_it() -> None:
    WHERE.set("here")
    assert list(prefetched(WHERE.get() for _ in range(2))) == ["here", "here"]


def test_a_fault_comes_in_its_turn() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("in the file")

    coming = prefetched(items())
    assert next(coming) == 1
    with pytest.raises(ValueError, match="in the file"):
        next(coming)


def test_closed_it_waits_for_what_is_being_made() -> None:
    """It may be reading a file that is closed next."""
    begun, go_on, made = threading.Event(), threading.Event(), list[int]()

    def items() -> Iterator[int]:
        yield 0
        begun.set()
        assert go_on.wait(10)
        made.append(1)
        yield 1

    coming = prefetched(items())
    next(coming)
    assert begun.wait(10)
    threading.Timer(0.2, go_on.set).start()
    coming.close()
    assert made == [1]
