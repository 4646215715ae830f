"""The whole pipeline, from the claim to the record, against bare loops: `flask dispatcher` as in production."""

import statistics
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from benchmarks import bare, history
from benchmarks.gateway import Gateway
from benchmarks.legs import Leg, leg
from benchmarks.run import DATABASES, Run
from benchmarks.stage import Stage, check, sent, stage
from benchmarks.table import Goal, Row
from tests.factories import a_mailing

MESSAGES, LEAST = 20_000, 600
COST = Goal(0.6, at_most=True, unit="ms")


class Case(NamedTuple):
    """A gateway that takes so many seconds, so many seats, and the ratio to reach on each database."""

    latency: float
    seats: int
    goals: dict[str, float]

    def __str__(self) -> str:
        return f"{self.latency * 1000:.0f} ms gateway, {self.seats} seats"


CASES = (
    Case(0.05, 128, {"sqlite": 0.95, "postgresql": 0.92}),
    Case(0.0, 32, {"sqlite": 0.9, "postgresql": 0.75}),
)


def rows(run: Run) -> Iterator[Row]:
    """Messages a second beside the bare loop, and the processor time of each."""
    number = run.of(MESSAGES, LEAST)
    for database in DATABASES:
        with stage(database) as here:
            history.register(number)
            for case in CASES:
                yield from measured(run, here, database, case, number)
            check()


def measured(run: Run, here: Stage, database: str, case: Case, number: int) -> Iterator[Row]:
    """The rows of one case."""
    with Gateway(case.latency) as gateway:
        legs = run.in_turns(
            lambda: whole(here, gateway, case.seats, number),
            lambda: bare.loop("lean", gateway, case.seats, number),
            lambda: bare.loop("own", gateway, case.seats, number),
        )
    wholes, leans, owns = zip(*legs, strict=True)
    yield Row(
        f"whole pipeline, {case}, {database}", Goal(case.goals[database]), _rates(wholes), "/s", _rates(leans),
        "bare lean loop", note=f"our own exchange bare: {statistics.median(_rates(owns)):,.0f}",
    )  # fmt: skip
    lean, own = (statistics.median(_costs(loops)) for loops in (leans, owns))
    yield Row(
        f"processor time a message in the dispatcher, {case}, {database}", COST, _costs(wholes), "ms",
        note=f"the bare lean loop's: {lean:.2f}, our own exchange bare: {own:.2f}",
    )  # fmt: skip


def _rates(legs: Iterable[Leg]) -> list[float]:
    return [leg.rate for leg in legs]


def _costs(legs: Iterable[Leg]) -> list[float]:
    return [leg.cost for leg in legs]


def whole(here: Stage, gateway: Gateway, seats: int, number: int) -> Leg:
    """Send a mailing to everyone with `flask dispatcher`, alone on its core."""
    mailing = a_mailing()
    process = here.start_alone("dispatcher", gateway_url=gateway.url, gateway_concurrency=seats)
    try:
        return leg(process.pid, lambda: sent(mailing), number)
    finally:
        here.stop()
