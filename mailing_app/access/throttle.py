"""Attempts that failed, counted for all processes: a few are free, each further one makes the next wait longer.

No door is shut for good: waits are bounded, and failures are forgotten one by one (OWASP Authentication Cheat Sheet).
"""

from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from mailing_app import clock
from mailing_app.access.secrecy import keyed
from mailing_app.db import changed, db, insert, transaction
from mailing_app.errors import Throttled
from mailing_app.models import SignInFailure

FREE = {"name": 5, "device": 5, "present": 5, "address": 20}
"""How many failures cost no wait: under a name, from one browser that is known under it, at the field for the present
password, from one address.
"""

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=15)
"""After the first failure that is not free, and at most; each further one doubles it."""

FORGOTTEN_AFTER = timedelta(minutes=15)
"""In which one failure of several is forgotten."""


class Counter(NamedTuple):
    """Under what attempts are counted: its kind is one of `FREE`."""

    kind: str
    whose: str

    @property
    def key(self) -> str:
        """The counter as the table knows it: nobody finds out by guessing what was typed or who came."""
        return keyed(f"{self.kind}:{self.whose}")


def begin(*counters: Counter) -> None:
    """Count an attempt as failed before it is judged, so that of many at once none comes in uncounted.

    Throttled, and nothing is counted, as long as one of the counters has to wait. A database that cannot be written
    to raises: there are no free guesses.
    """
    now, known = clock.now(), {counter.key: counter for counter in counters}
    with transaction() as session:
        _forget(session, now)
        rows = _locked(session, sorted(known), now)
        wait = max(_wait(row, FREE[known[row.key_hash].kind], now) for row in rows)
        if wait > timedelta():
            raise Throttled(ceil(wait.total_seconds()))
        for row in rows:
            row.number, row.failed_at = _left(row, now) + 1, now


def forgive(session: Session, *counters: Counter) -> None:
    """The attempt was none that failed: forget all that was counted, but at an address this one only.

    Who has one password must not be able to guess others from there without end.
    """
    for counter in sorted(counters, key=lambda each: each.key):
        own = SignInFailure.key_hash == counter.key
        one_less = update(SignInFailure).values(number=SignInFailure.number - 1)
        session.execute((one_less if counter.kind == "address" else delete(SignInFailure)).where(own))


def failures(counter: Counter) -> int:
    """How many failures of late are not forgotten yet."""
    row = db.session.get(SignInFailure, counter.key, populate_existing=True)
    return round(_left(row, clock.now())) if row else 0


def _locked(session: Session, keys: list[str], now: datetime) -> list[SignInFailure]:
    """The rows of these keys, in their order, each locked before the next; made where there is none."""
    fresh = [{"key_hash": key, "number": 0.0, "failed_at": now} for key in keys]
    as_it_is = {"number": SignInFailure.number}
    statement = insert(SignInFailure).values(fresh).on_conflict_do_update(index_elements=["key_hash"], set_=as_it_is)
    told = session.scalars(statement.returning(SignInFailure), execution_options={"populate_existing": True})
    return list(told.all())


def _wait(row: SignInFailure, free: int, now: datetime) -> timedelta:
    """How much longer the next attempt has to wait."""
    beyond = row.number - free
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (beyond - 1)) if beyond > 0 else timedelta()
    return wait - _since(row, now)


def _left(row: SignInFailure, now: datetime) -> float:
    """What is left of the failures."""
    return max(0.0, row.number - _since(row, now) / FORGOTTEN_AFTER)


def _since(row: SignInFailure, now: datetime) -> timedelta:
    # A clock that was set back must not shut the door until the old hour comes again.
    return abs(now - row.failed_at)


def _forget(session: Session, now: datetime) -> None:
    """Remove what is worth nothing any more; not what somebody has in hand, who might wait for what we have."""
    once = and_(SignInFailure.number <= 1, SignInFailure.failed_at < now - FORGOTTEN_AFTER)
    often = SignInFailure.failed_at < now - FORGOTTEN_AFTER * (max(FREE.values()) + 10)
    worthless = select(SignInFailure.key_hash).where(or_(once, often)).with_for_update(skip_locked=True)
    changed(session, delete(SignInFailure).where(SignInFailure.key_hash.in_(worthless)))
