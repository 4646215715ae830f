"""How large a run of the benchmarks is."""

import signal
import sys
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from benchmarks import cores

T = TypeVar("T")

DATABASES = ("sqlite", "postgresql")


def begin() -> None:
    """What every run does first: leave a core to what is measured, and see to it that SIGTERM ends what it started."""
    cores.put_beside()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


class Run(NamedTuple):
    """A whole run is of scale 1 and of five rounds."""

    scale: float = 1.0
    rounds: int = 5

    def of(self, number: int, least: int = 1) -> int:
        """So many in a whole run, fewer in a smaller one, but for the least that makes sense."""
        return max(int(number * self.scale), least)

    def in_turns(self, *works: Callable[[], T]) -> list[tuple[T, ...]]:
        """What each of them comes to, one after the other, round after round; a first round only warms up."""
        done = [tuple(work() for work in works) for _ in range(self.rounds + 1)]
        return done[1:]
