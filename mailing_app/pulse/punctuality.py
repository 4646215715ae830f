"""How late the ticking jobs are."""

from collections.abc import Callable

from mailing_app import clock
from mailing_app.pulse.instruments import LATENESS


def noting(name: str, job: Callable[[], None], every: float) -> Callable[[], None]:
    """The job, which says of itself from now on by how many seconds its next run is late: 0 while all is well.

    By the clock that nobody can set: a scheduler that waits for a wall clock to come back is late.
    """
    due = clock.monotonic() + every

    def run() -> None:
        nonlocal due
        due = clock.monotonic() + every
        job()

    LATENESS.labels(name).set_function(lambda: max(clock.monotonic() - due, 0.0))
    return run
