"""How the service is: whether it is ready for work, and everything that an operator looks at first."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import NamedTuple

from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from sqlalchemy import func, select

from mailing_app import pulse, status
from mailing_app.db import db, size
from mailing_app.mailings import in_phase
from mailing_app.models import (
    ClientImport,
    Dispatcher,
    Mailing,
    MailState,
    Message,
    Phase,
    Process,
    ReportMail,
    Status,
    Tally,
)
from mailing_app.pulse import LEAST_FREE, Disk


class Database(NamedTuple):
    """Which database it is, how large in bytes, and the migration at which it is and should be."""

    kind: str
    size: int
    revision: str | None
    head: str | None

    @property
    def is_at_head(self) -> bool:
        """Whether all migrations that the program knows were run."""
        return self.revision == self.head


class Presence(NamedTuple):
    """A process that has said no goodbye, and the requests that it has on the wire if it sends."""

    process: Process
    is_alive: bool
    in_flight: int | None


@dataclass(frozen=True)
class Health:
    """`late` is by how many seconds the schedule is late, `mails` counts reports by e-mail by where they stand."""

    processes: Sequence[Presence]
    database: Database
    disks: Sequence[Disk]
    oldest_due_at: datetime | None
    late: float | None
    mails: Mapping[MailState, int]


def health(now: datetime) -> Health:
    """How everything is at that moment; nothing is counted that grows with the messages."""
    processes = pulse.listed()
    return Health(
        processes=list(_with_requests(processes, now)),
        database=database(),
        disks=pulse.disks(_app()),
        oldest_due_at=oldest_due_at(now),
        late=pulse.lateness(process for process in processes if pulse.is_alive(process, now)),
        mails=mails(),
    )


def shortages() -> Sequence[str]:
    """The disks that have too little left for work, each in a sentence for machines and their keepers."""
    return [
        f"{disk.place}: {disk.free // 2**20} MiB of disk are free, {LEAST_FREE // 2**20} are needed"
        for disk in pulse.disks(_app())
        if disk.is_short
    ]


def hindrances(now: datetime) -> Sequence[str]:
    """What keeps the service from its work as far as the database can tell, each in such a sentence."""
    known = database()
    if not known.is_at_head:
        return [f"the database is at migration {known.revision or 'none'}, not at {known.head}: flask db upgrade"]
    return [] if status.standing(now).alive else ["no dispatcher is alive"]


def database() -> Database:
    """The database as it is."""
    connection = db.session.connection()
    revision = MigrationContext.configure(connection).get_current_revision()
    return Database(connection.dialect.name, size(), revision, _head(current_app.extensions["migrate"].directory))


def oldest_due_at(now: datetime) -> datetime | None:
    """Since when the message has been due that has waited longest in a running mailing; None when none is due.

    A look at the partial index of those that wait for each running mailing, so that nothing is scanned.
    """
    waiting = (Message.mailing_id == Mailing.id, Message.is_in(Status.PENDING))
    first = select(func.min(Message.due_at)).where(*waiting).correlate(Mailing).scalar_subquery()
    running = (in_phase(Phase.RUNNING, now), Mailing.deleted_at.is_(None), Tally.pending > 0)
    moments = db.session.scalars(select(first).select_from(Mailing).join(Tally).where(*running))
    return min((due_at for due_at in moments if due_at and due_at <= now), default=None)


def imports() -> Mapping[str, int]:
    """How many files of clients that are kept stand where."""
    counted = select(ClientImport.state, func.count()).group_by(ClientImport.state)
    return {state.value: number for state, number in db.session.execute(counted)}


def mails() -> Mapping[MailState, int]:
    """How many reports by e-mail stand where; there is one a day."""
    counted = select(ReportMail.state, func.count()).group_by(ReportMail.state)
    return dict(row for row in db.session.execute(counted))


def _with_requests(processes: Sequence[Process], now: datetime) -> Iterator[Presence]:
    """Each process with what it has on the wire: its row as a dispatcher is another one."""
    dispatchers = db.session.scalars(select(Dispatcher).filter_by(left_at=None).order_by(Dispatcher.id))
    in_flight = {(each.host, each.pid): each.in_flight for each in dispatchers}
    for process in processes:
        yield Presence(process, pulse.is_alive(process, now), in_flight.get((process.host, process.pid)))


@cache
def _head(directory: str) -> str | None:
    return ScriptDirectory(directory).get_current_head()


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app
