"""The tables of who runs, and of what the service tells people by itself."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from mailing_app.db import Moment, db
from mailing_app.models.kinds import Id, MailState, ProcessKind, one_of


class Process(db.Model):
    """A process of the service that beats, and what it has measured of itself since it began."""

    __table_args__ = (Index(None, "beat_at"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[ProcessKind] = mapped_column(one_of(ProcessKind, "kind"))
    host: Mapped[str] = mapped_column(String(120))
    pid: Mapped[int] = mapped_column(Id)
    started_at: Mapped[datetime] = mapped_column(Moment)
    beat_at: Mapped[datetime] = mapped_column(Moment)
    left_at: Mapped[datetime | None] = mapped_column(Moment)
    figures: Mapped[list[Any]] = mapped_column(JSON)
    """Its own counters and histograms, as they stood at the last beat."""


class ReportMail(db.Model):
    """The report of one day by e-mail: one row a day, so that it is sent once, however many processes there are."""

    due_at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    """The moment at which its day ends."""
    state: Mapped[MailState] = mapped_column(one_of(MailState, "state"))
    worker: Mapped[str] = mapped_column(String(120), default="")
    """The process that is at it."""
    tries: Mapped[int] = mapped_column(Integer, default=0)
    try_at: Mapped[datetime] = mapped_column(Moment)
    """When it may be taken up next: also by others, should its worker have died."""
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    error: Mapped[str] = mapped_column(String(300), default="")
    """What the mail server said last, where it did not take it."""
