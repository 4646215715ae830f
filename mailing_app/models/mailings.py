"""The tables of mailings, their figures and their drafts."""

from datetime import datetime, time
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailing_app.db import Moment, db
from mailing_app.local_time import Window
from mailing_app.models.clients import Client
from mailing_app.models.kinds import Id, Phase, Status, WhenUncertain, one_of
from mailing_app.models.people import Operator, Token


class Mailing(db.Model):
    """A text for everyone who matches the filter, from a start to an end."""

    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("(window_from IS NULL) = (window_to IS NULL)", name="whole_window"),
        CheckConstraint("window_from <> window_to", name="open_window"),
        Index(None, "starts_at"),
        Index(None, "ends_at"),
        Index("uq_mailing_form_key", "form_key", unique=True),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)
    filter: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    window_from: Mapped[time | None] = mapped_column()
    window_to: Mapped[time | None] = mapped_column()
    when_uncertain: Mapped[WhenUncertain] = mapped_column(
        one_of(WhenUncertain, "when_uncertain"), default=WhenUncertain.HOLD, server_default=WhenUncertain.HOLD
    )
    pause_reason: Mapped[str] = mapped_column(String(200), default="")
    paused_at: Mapped[datetime | None] = mapped_column(Moment)
    cancelled_at: Mapped[datetime | None] = mapped_column(Moment)
    deleted_at: Mapped[datetime | None] = mapped_column(Moment)
    attempted_at: Mapped[datetime | None] = mapped_column(Moment)
    """When its first message was claimed: from then on text, filter, start and window stand."""
    enrolled_to: Mapped[int] = mapped_column(Id, default=0)
    """The client id up to which the audience is enrolled, but for what open spans still hold."""
    enrolled_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the audience was complete."""
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the last message of a mailing that is over had found its end."""
    forgotten_at: Mapped[datetime | None] = mapped_column(Moment)
    """When its text and the phones of its messages were erased, as RETENTION_DAYS wants it."""
    remainder_of: Mapped[int | None] = mapped_column(ForeignKey("mailing.id"))
    """The mailing whose unreached recipients are its audience; the filter narrows them further."""
    with_uncertain: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether that audience takes in those of whom nobody knows whether they were reached."""
    only_client_id: Mapped[int | None] = mapped_column(ForeignKey(Client.id))
    """A test: its audience is this one client, whatever the filter says."""
    forecast: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What was expected of it when its audience was complete, to be compared with what happened."""
    archived_at: Mapped[datetime | None] = mapped_column(Moment)
    """When its messages were put into a file and removed; every figure stays."""
    form_key: Mapped[str | None] = mapped_column(String(32))
    """The mark of the page from which it was added: a second click brings it again and adds nothing."""
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)

    tally: Mapped["Tally"] = relationship(lazy="joined", innerjoin=True, cascade="all, delete-orphan")
    spans: Mapped[list["EnrolmentSpan"]] = relationship(viewonly=True)

    @property
    def window(self) -> Window | None:
        """The client's local hours in which it may be written to; none means any hour."""
        if self.window_from is None or self.window_to is None:
            return None
        return Window(self.window_from, self.window_to)

    def phase(self, now: datetime) -> Phase:
        """Where the mailing stands at that moment."""
        if self.cancelled_at:
            return Phase.CANCELLED
        if now >= self.ends_at:
            return Phase.FINISHED
        if self.paused_at:
            return Phase.PAUSED
        return Phase.RUNNING if now >= self.starts_at else Phase.SCHEDULED


class Tally(db.Model):
    """The figures of a mailing, moved in the very transaction that moves the messages, never counted on a view.

    A table of its own, so that an edit of the mailing and the recording of its messages do not wait
    for each other's row.
    """

    __table_args__ = tuple(CheckConstraint(f"{status} >= 0", name=status) for status in Status)

    mailing_id: Mapped[int] = mapped_column(ForeignKey(Mailing.id), primary_key=True, autoincrement=False)
    pending: Mapped[int] = mapped_column(Id, default=0)
    sending: Mapped[int] = mapped_column(Id, default=0)
    sent: Mapped[int] = mapped_column(Id, default=0)
    failed: Mapped[int] = mapped_column(Id, default=0)
    expired: Mapped[int] = mapped_column(Id, default=0)
    cancelled: Mapped[int] = mapped_column(Id, default=0)
    uncertain: Mapped[int] = mapped_column(Id, default=0)
    attempts: Mapped[int] = mapped_column(Id, default=0, server_default="0")
    """Every attempt that was begun and recorded: the sum of what the messages count."""
    repeats: Mapped[int] = mapped_column(Id, default=0, server_default="0")
    """Those of them that were not the first one of their message."""
    opted_out: Mapped[int] = mapped_column(Id, default=0, server_default="0")
    """How many the filter matched who were left out because they had opted out."""
    last_byte_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the latest first byte of any request of the mailing left: the proof of the end."""

    @property
    def recipients(self) -> int:
        """Everyone enrolled: by design the sum of the seven states."""
        return sum(getattr(self, status) for status in Status)


class EnrolmentSpan(db.Model):
    """Clients by their ids who have yet to be looked at for the audience of a mailing.

    Whoever enrols them locks it, and deletes it in the transaction that adds their messages: so several processes enrol
    one mailing side by side, and what a dead one had begun is taken up by another. Those of a stopped mailing stay.
    """

    mailing_id: Mapped[int] = mapped_column(ForeignKey(Mailing.id), primary_key=True, autoincrement=False)
    upto: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    """The last client id of the span."""
    after: Mapped[int] = mapped_column(Id)
    """The id before its first one."""


class KeptAnswer(db.Model):
    """The answer given under an Idempotency-Key, so that a repeated request gets it again."""

    __table_args__ = (UniqueConstraint("token_id", "key"), Index(None, "created_at"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    token_id: Mapped[int] = mapped_column(ForeignKey(Token.id))
    key: Mapped[str] = mapped_column(String(255))
    request_hash: Mapped[str] = mapped_column(String(64))
    mailing_id: Mapped[int | None] = mapped_column(ForeignKey(Mailing.id))
    answer: Mapped[Any] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Moment)


class RequestAtWork(db.Model):
    """A request under an Idempotency-Key that is being carried out: who repeats it meanwhile is told so.

    It carries no truth: that nothing is planned twice is the matter of `KeptAnswer`.
    """

    token_id: Mapped[int] = mapped_column(ForeignKey(Token.id), primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    began_at: Mapped[datetime] = mapped_column(Moment)


class Draft(db.Model):
    """A form as somebody typed it, finished or not: kept on wish, or because its sender had been signed out."""

    __table_args__ = (Index("uq_draft_form_key", "form_key", unique=True), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey(Operator.id))
    path: Mapped[str] = mapped_column(String(300))
    """The page whose form it is."""
    fields: Mapped[list[list[str]]] = mapped_column(JSON)
    """Name and text of each field, in the order in which the browser sent them."""
    name: Mapped[str] = mapped_column(String(200), default="")
    listed: Mapped[bool] = mapped_column()
    """Whether it was kept on wish, for all to see and finish; the others are for their sender's next page only."""
    form_key: Mapped[str | None] = mapped_column(String(32))
    """The mark of its page, by which the same form is known again; none where it is for its sender's next page only."""
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)

    operator: Mapped[Operator] = relationship(lazy="joined", innerjoin=True)
