"""A leg of a run: how fast a process goes while it is at its pace, and what it uses for that."""

import time
from collections.abc import Callable
from typing import NamedTuple

from benchmarks.processes import family, processor
from benchmarks.stage import wait_until

LEFT_OUT = 0.1
"""Of all messages, at the beginning: while seats are opened one round trip after the other, nobody is at his pace."""

WITHIN, LOOK_EVERY = 600.0, 0.02


class Leg(NamedTuple):
    """Messages a second, and milliseconds of processor for each."""

    rate: float
    cost: float


def leg(pid: int, done: Callable[[], int], number: int) -> Leg:
    """What the process and those that it started do between a tenth and the last of so many messages.

    `done` tells how many are. TimeoutError when they never all are; there must be more than go between two looks.
    """
    wait_until(lambda: done() >= number * LEFT_OUT, WITHIN, LOOK_EVERY)
    before, used, began = done(), _used(pid), time.monotonic()
    assert before < number, f"{number} are too few to be measured"
    wait_until(lambda: done() >= number, WITHIN, LOOK_EVERY)
    took, used = time.monotonic() - began, _used(pid) - used
    return Leg((number - before) / took, 1000 * used / (number - before))


def _used(pid: int) -> float:
    return sum(map(processor, family(pid)))
