"""The tables, their enums, and tiny pure properties. Rules that must never break stand here as constraints."""

from datetime import datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Enum,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailing_app.db import Moment, db
from mailing_app.local_time import Window

# SQLite counts rows by itself only in a column that is exactly INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")


class Status(StrEnum):
    """The seven states of a message. `sent` is absorbing; the last five are ends."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"


class Phase(StrEnum):
    """Where a mailing stands: derived from its dates, its controls and the clock, never stored."""

    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class Role(StrEnum):
    """What an operator may do in the pages; each may also do what those before it may."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"


class Scope(StrEnum):
    """What a token may do at the API."""

    READ = "read"
    WRITE = "write"


class Hold(StrEnum):
    """Why the gateway gets nothing but a probe, until it is lifted."""

    TOKEN_REFUSED = "token_refused"
    WRONG_ADDRESS = "wrong_address"
    SUSPECT = "suspect"
    OPERATOR = "operator"


class WhenUncertain(StrEnum):
    """What a mailing wants for a message that may have been delivered, where the gateway would deliver it twice."""

    HOLD = "hold"
    SEND_AGAIN = "send_again"


def one_of(enum: type[StrEnum], name: str) -> Enum:
    """A text column that takes the values of the enum only, on either database."""
    return Enum(
        enum,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=16,
        values_callable=lambda members: [member.value for member in members],
    )


class Client(db.Model):
    """Somebody who can be written to. An erased client stays as a row without phone and tag, for the figures."""

    __table_args__ = (
        CheckConstraint("phone IS NULL OR (length(phone) = 11 AND phone LIKE '7%')", name="phone"),
        CheckConstraint("length(operator_code) = 3", name="operator_code"),
        Index(None, "operator_code", "tag"),
        Index(None, "tag"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    phone: Mapped[str | None] = mapped_column(String(11), unique=True)
    operator_code: Mapped[str] = mapped_column(String(3))
    tag: Mapped[str] = mapped_column(String(100), default="")
    timezone: Mapped[str] = mapped_column(String(64))
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)
    erased_at: Mapped[datetime | None] = mapped_column(Moment)


class Mailing(db.Model):
    """A text for everyone who matches the filter, from a start to an end."""

    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("(window_from IS NULL) = (window_to IS NULL)", name="whole_window"),
        CheckConstraint("window_from <> window_to", name="open_window"),
        Index(None, "ends_at"),
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
    """The client id up to which the audience is enrolled."""
    enrolled_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the audience was complete."""
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the last message of a mailing that is over had found its end."""
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(Moment)
    updated_at: Mapped[datetime] = mapped_column(Moment)

    tally: Mapped["Tally"] = relationship(lazy="joined", innerjoin=True, cascade="all, delete-orphan")

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
    last_byte_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the latest first byte of any request of the mailing left: the proof of the end."""

    @property
    def recipients(self) -> int:
        """Everyone enrolled: by design the sum of the seven states."""
        return sum(getattr(self, status) for status in Status)


class Message(db.Model):
    """One mailing to one client."""

    __table_args__ = (
        UniqueConstraint("mailing_id", "client_id"),
        # Partial: with finished rows in it a claim costs ten times as much at ten million.
        Index("ix_message_due", "mailing_id", "due_at", sqlite_where=db.text("status = 'pending'"),
              postgresql_where=db.text("status = 'pending'")),
        Index("ix_message_claimed", "claimed_by", sqlite_where=db.text("status = 'sending'"),
              postgresql_where=db.text("status = 'sending'")),
        Index(None, "client_id"),
        CheckConstraint("(status = 'sending') = (claimed_by IS NOT NULL)", name="claimed"),
        {"sqlite_autoincrement": True},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    mailing_id: Mapped[int] = mapped_column(ForeignKey(Mailing.id))
    client_id: Mapped[int] = mapped_column(ForeignKey(Client.id))
    status: Mapped[Status] = mapped_column(one_of(Status, "status"), default=Status.PENDING)
    reason: Mapped[str] = mapped_column(String(32), default="")
    phone: Mapped[str | None] = mapped_column(String(11))
    """Set by the claim, and kept once it is frozen."""
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


class Attempt(db.Model):
    """What one claim of a message came to: kept for ever, one row a claim that led to a request."""

    message_id: Mapped[int] = mapped_column(ForeignKey(Message.id), primary_key=True, autoincrement=False)
    epoch: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the first byte left, or when the attempt began if none did."""
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[str] = mapped_column(String(32))
    http_status: Mapped[int | None] = mapped_column(Integer)
    code: Mapped[int | None] = mapped_column(Id)
    error: Mapped[str] = mapped_column(String(300), default="")


class Operator(db.Model):
    """A person who signs in to the pages."""

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(one_of(Role, "role"))
    language: Mapped[str] = mapped_column(String(2), default="")
    created_at: Mapped[datetime] = mapped_column(Moment)
    deactivated_at: Mapped[datetime | None] = mapped_column(Moment)


class SignIn(db.Model):
    """One signed-in browser. The cookie carries its secret, the table only the secret's hash."""

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey(Operator.id), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)

    operator: Mapped[Operator] = relationship(lazy="joined", innerjoin=True)


class Token(db.Model):
    """A program's key to the API. Only its hash is kept."""

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scope: Mapped[Scope] = mapped_column(one_of(Scope, "scope"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)


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


class Dispatcher(db.Model):
    """A process that sends. Its beat is a counter, so that nobody's clock has to be trusted."""

    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    host: Mapped[str] = mapped_column(String(120))
    pid: Mapped[int] = mapped_column(Id)
    process_began: Mapped[str] = mapped_column(String(32))
    """Tells a process from a later one under the same number."""
    beat: Mapped[int] = mapped_column(Id, default=0)
    started_at: Mapped[datetime] = mapped_column(Moment)
    beat_at: Mapped[datetime] = mapped_column(Moment)
    left_at: Mapped[datetime | None] = mapped_column(Moment)
    in_flight: Mapped[int] = mapped_column(Integer, default=0)
    seats: Mapped[int] = mapped_column(Integer, default=0)
    allowed: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    """How many of the seats may be taken just now: fewer while the gateway chokes."""
    breaker: Mapped[str] = mapped_column(String(16), default="closed")
    flapping: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the gateway fails so often that repeats are kept to a small share of the calls."""


class GatewayState(db.Model):
    """What all dispatchers know together of the gateway: one row."""

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    hold: Mapped[Hold | None] = mapped_column(one_of(Hold, "hold"))
    held_at: Mapped[datetime | None] = mapped_column(Moment)
    held_under: Mapped[str] = mapped_column(String(64), default="")
    """Fingerprint of address and token in force when the hold began: others than these lift it."""
    detail: Mapped[str] = mapped_column(String(300), default="")
    probe_at: Mapped[datetime | None] = mapped_column(Moment)
    wait_until: Mapped[datetime | None] = mapped_column(Moment)
    """Before then the gateway asked not to be called."""
    tokens: Mapped[float] = mapped_column(default=0.0)
    """What is left in the bucket of GATEWAY_RATE."""
    tokens_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the bucket was last filled, by the database's own clock."""
