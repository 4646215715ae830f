"""How large a run of the benchmarks is."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

T = TypeVar("T")

DATABASES = ("sqlite", "postgresql")


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
