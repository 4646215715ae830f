"""An outage of the database as one thread sees it: told when it begins and when it ends, not at every try between."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from mailing_app import clock
from mailing_app.db import absence, db

log = logging.getLogger(__name__)


class Outage:
    """Tells of the faults of a thread that goes on after each of them."""

    def __init__(self) -> None:
        self._since: float | None = None

    @contextmanager
    def survived(self) -> Iterator[None]:
        """What fails within is told of and goes no further: the next tick tries it again."""
        try:
            yield
            self.end()
        except Exception as fault:
            self.complain(fault)

    def complain(self, fault: Exception) -> None:
        """Make the session fit for another try, and tell of the fault unless it is the outage that is known."""
        db.session.rollback()
        why = absence(fault)
        if not why:
            log.error("fault of our own", exc_info=fault)
        elif self._since is None:
            self._since = clock.monotonic()
            log.error("database unavailable", extra={"error": why})

    def end(self) -> None:
        """A try went well."""
        if self._since is not None:
            log.warning("database back", extra={"seconds": round(clock.monotonic() - self._since, 1)})
            self._since = None
