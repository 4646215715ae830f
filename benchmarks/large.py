"""What ten million messages cost those who come after them: a claim, the dashboard, a list, a report."""

import statistics
import time
from collections.abc import Iterator

from benchmarks import history
from benchmarks.reports import Askers, median
from benchmarks.run import DATABASES, Run
from benchmarks.stage import Stage, check, stage
from benchmarks.table import Goal, Row
from mailing_app import clock, mailings
from mailing_app.db import db
from mailing_app.dispatch import enrol, sweep
from mailing_app.dispatch.claim import Claimer
from mailing_app.models import Role, Scope
from tests.conftest import signed_in, with_token
from tests.factories import a_mailing

FINISHED, LEAST = 10_000_000, 20_000
SEATS, CLAIMS = 128, 20
WAITING = 40_000
CLAIM = Goal(1.5, at_most=True)
PAGE = Goal(50, at_most=True, unit="ms")
ASKED = (
    "/", "/mailings", "/mailings/1", "/mailings/1/report", "/reports", "/api/v1/mailings",
    "/api/v1/mailings/1/messages", "/api/v1/mailings/1/report", "/api/v1/statistics",
)  # fmt: skip
"""The dashboard, the lists, the reports; the first mailing is the largest, with four million."""


def rows(run: Run) -> Iterator[Row]:
    """Beside the same in a database that holds nothing else."""
    number = run.of(FINISHED, LEAST)
    for database in DATABASES:
        with stage(database) as empty, stage(database) as full:
            began = time.monotonic()
            history.fill(number)
            filled = time.monotonic() - began
            yield claims(run, database, number, empty, full)
            with full.app.app_context():
                yield from pages(run, database, number, full, filled)
                check()


def claims(run: Run, database: str, number: int, empty: Stage, full: Stage) -> Row:
    """A claim for so many seats, in turns in the one and in the other."""
    with empty.app.app_context():
        history.register(min(WAITING, number))
        mine = prepared()
    with full.app.app_context():
        mailings.pause(history.MAILINGS)  # the one that runs: a claim for two costs more than for one
        others = prepared()
    turns = run.in_turns(lambda: claimed(full, others), lambda: claimed(empty, mine))
    return Row(
        f"a claim for {SEATS} seats at 10,000,000 finished messages, {database}",
        CLAIM,
        [own for own, _ in turns],
        "ms",
        [other for _, other in turns],
        "an empty table",
        note="" if number == FINISHED else f"{number:,} only",
    )


def prepared() -> Claimer:
    """Who claims, with a mailing enrolled for it."""
    a_mailing(ends_at=clock.now() + history.A_DAY)
    while enrol.enrol(clock.now()):
        pass
    history.look_over()  # else the server vacuums the large one, and nothing of the small one, while they are compared
    return Claimer(sweep.enlist(clock.now(), SEATS))


def claimed(here: Stage, claimer: Claimer) -> float:
    """The median of some claims, in milliseconds."""
    with here.app.app_context():
        return 1000 * statistics.median(_claim(claimer) for _ in range(CLAIMS))


def _claim(claimer: Claimer) -> float:
    began = time.perf_counter()
    got = claimer.claim(SEATS, SEATS, clock.now(), clock.monotonic())
    took = time.perf_counter() - began
    assert len(got) == SEATS, "there was nobody left to claim"
    return took


def pages(run: Run, database: str, number: int, full: Stage, filled: float) -> Iterator[Row]:
    """What is asked for at once, each in the application itself."""
    askers = Askers(signed_in(full.app, Role.OPERATOR), with_token(full.app, Scope.READ))
    note = f"{number:,} messages, filled in {filled:.0f} s"
    for path in ASKED:
        asked = [median(lambda path=path: askers.got(path)) for _ in range(run.rounds)]
        yield Row(f"`{path}` at 10,000,000 messages, {database}", PAGE, asked, "ms", note=note)
    db.session.commit()
