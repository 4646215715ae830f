"""The tables of messages and of what was tried."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    false,
    literal_column,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailing_app import merge
from mailing_app.db import Moment, db
from mailing_app.models.clients import Client
from mailing_app.models.kinds import ActorKind, Id, Status, Word, one_of
from mailing_app.models.mailings import Mailing


class Message(db.Model):
    """One mailing to one client."""

    __table_args__ = (
        UniqueConstraint("mailing_id", "client_id"),
        # Partial: with finished rows in it a claim costs ten times as much at ten million.
        Index("ix_message_due", "mailing_id", "due_at", sqlite_where=db.text("status = 'pending'"),
              postgresql_where=db.text("status = 'pending'")),
        Index("ix_message_claimed", "claimed_by", sqlite_where=db.text("status = 'sending'"),
              postgresql_where=db.text("status = 'sending'")),
        # Few, and asked for by the page: without it a mailing's messages are looked through.
        Index("ix_message_uncertain", "mailing_id", "client_id", sqlite_where=db.text("status = 'uncertain'"),
              postgresql_where=db.text("status = 'uncertain'")),
        Index(None, "client_id"),
        CheckConstraint("(status = 'sending') = (claimed_by IS NOT NULL)", name="claimed"),
        # One by one: SQLite builds the list of an IN anew for every row, which is a third of what an INSERT costs.
        CheckConstraint(" OR ".join(f"status = '{each}'" for each in Status), name="status"),
        {"sqlite_autoincrement": True},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    mailing_id: Mapped[int] = mapped_column(ForeignKey(Mailing.id))
    client_id: Mapped[int] = mapped_column(ForeignKey(Client.id))
    enrolled_code: Mapped[str] = mapped_column(String(3), default="", server_default="")
    enrolled_zone: Mapped[str] = mapped_column(String(64), default="", server_default="")
    enrolled_tag: Mapped[str] = mapped_column(String(100), default="", server_default="")
    """What the client was when the audience was fixed: by these the figures of a mailing are told apart."""
    status: Mapped[Status] = mapped_column(one_of(Status, "status", constraint=False), default=Status.PENDING)
    reason: Mapped[str] = mapped_column(String(32), default="")
    phone: Mapped[str | None] = mapped_column(String(11))
    """Set by the claim, and kept once it is frozen."""
    operator_code: Mapped[str | None] = mapped_column(String(3))
    tag: Mapped[str | None] = mapped_column(String(100))
    """What the merge fields of the text became: set and kept as the phone is, where the text has any."""
    frozen: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether a byte of the payload may have left: from then on a retry is the same bytes."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    """Every attempt that was begun and recorded."""
    tries: Mapped[int] = mapped_column(Integer, default=0)
    """The attempts that count against the limit: not those which the gateway's state made vain."""
    unknown: Mapped[bool] = mapped_column(default=False)
    """Whether the gateway may have taken an earlier attempt without our knowing."""
    epoch: Mapped[int] = mapped_column(Integer, default=0)
    """Counts the claims. An outcome belongs to one epoch; in any other it is late."""
    claimed_by: Mapped[int | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Moment)
    due_at: Mapped[datetime] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)

    mailing: Mapped[Mailing] = relationship(innerjoin=True)
    client: Mapped[Client] = relationship(innerjoin=True)

    @classmethod
    def is_in(cls, status: Status) -> ColumnElement[bool]:
        """Whether it is in this state, written into the statement itself: once PostgreSQL keeps a plan for whatever a
        parameter may be (PREPARE, Notes), it cannot use an index of the rows in one state.
        """
        return cls.status == literal_column(f"'{status.value}'", cls.status.type)

    @property
    def addressee(self) -> str | None:
        """The phone that it went to, before that the client's; none once client or mailing is forgotten."""
        return None if self.mailing.forgotten_at else self.phone or self.client.phone

    @property
    def text(self) -> str:
        """What the client reads: with the values that it left with, and before that with the client's present ones."""
        if self.mailing.forgotten_at:
            return ""
        if self.frozen and self.operator_code is None:  # it left before there were merge fields
            return self.mailing.text
        source = self if self.operator_code else self.client
        return merge.merged(
            self.mailing.text,
            phone=source.phone or "", operator_code=source.operator_code or "", tag=source.tag or "",
        )  # fmt: skip


class Attempt(db.Model):
    """What one claim of a message came to: one row a claim that led to a request, kept until it is archived."""

    message_id: Mapped[int] = mapped_column(ForeignKey(Message.id), primary_key=True, autoincrement=False)
    epoch: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the first byte left, or when the attempt began if none did."""
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[str] = mapped_column(String(32))
    http_status: Mapped[int | None] = mapped_column(Integer)
    code: Mapped[int | None] = mapped_column(Id)
    error: Mapped[str] = mapped_column(String(300), default="")


class Inquiry(db.Model):
    """Somebody asked the gateway what became of an uncertain message, and what it said."""

    __table_args__ = (Index("ix_inquiry_open", "asked_at", sqlite_where=db.text("answered_at IS NULL"),
                            postgresql_where=db.text("answered_at IS NULL")),)  # fmt: skip

    message_id: Mapped[int] = mapped_column(ForeignKey(Message.id), primary_key=True, autoincrement=False)
    actor_kind: Mapped[ActorKind] = mapped_column(one_of(ActorKind, "actor_kind"))
    actor: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime] = mapped_column(Moment)
    try_at: Mapped[datetime | None] = mapped_column(Moment)
    """When it may be taken up next: also by others, should the dispatcher that asks have died."""
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    word: Mapped[Word | None] = mapped_column(one_of(Word, "word"))
    http_status: Mapped[int | None] = mapped_column(Integer)
    detail: Mapped[str] = mapped_column(String(300), default="")
    """What it said, masked, where that was no clear word."""
