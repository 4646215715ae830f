"""The tables of who may come in, and of what they did."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from mailing_app.db import Moment, db
from mailing_app.models.kinds import ActorKind, Id, Role, Scope, TokenState, one_of


class Operator(db.Model):
    """A person who signs in to the pages."""

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(one_of(Role, "role"))
    language: Mapped[str] = mapped_column(String(2), default="")
    timezone: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """In which the operator reads and types moments; empty for the default zone."""
    created_at: Mapped[datetime] = mapped_column(Moment)
    deactivated_at: Mapped[datetime | None] = mapped_column(Moment)
    seen_at: Mapped[datetime | None] = mapped_column(Moment)
    """The last request of a sign-in, to the minute; sign-ins themselves are forgotten when they end."""


class SignIn(db.Model):
    """One signed-in browser. The cookie carries its secret, the table only the secret's hash."""

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    operator_id: Mapped[int] = mapped_column(ForeignKey(Operator.id), index=True)
    created_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)

    operator: Mapped[Operator] = relationship(lazy="joined", innerjoin=True)


class SignInFailure(db.Model):
    """How often signing in failed of late under a name, or from an address: known to all processes."""

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Of the name or the address: in the field for the name some type their password."""
    number: Mapped[float] = mapped_column()
    """What is left of the failures, each forgotten little by little."""
    failed_at: Mapped[datetime] = mapped_column(Moment, index=True)


class Token(db.Model):
    """A program's key to the API. Only its hash is kept."""

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scope: Mapped[Scope] = mapped_column(one_of(Scope, "scope"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    last_used_at: Mapped[datetime | None] = mapped_column(Moment)
    """To the minute: not every request is worth a write."""

    def state(self, now: datetime) -> TokenState:
        """Whether it opens the API at this moment."""
        if self.revoked_at:
            return TokenState.REVOKED
        return TokenState.EXPIRED if self.expires_at and self.expires_at < now else TokenState.WORKS


class AuditEntry(db.Model):
    """Who did what, and when; written in the transaction of the change itself. It names no phone."""

    __table_args__ = (
        Index(None, "mailing_id"),
        Index(None, "client_id"),
        Index(None, "actor"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    done_at: Mapped[datetime] = mapped_column(Moment)
    actor_kind: Mapped[ActorKind] = mapped_column(one_of(ActorKind, "actor_kind"))
    actor: Mapped[str] = mapped_column(String(80))
    """The name of the operator or token at that time."""
    action: Mapped[str] = mapped_column(String(32))
    """One of `Action`; a text, since their list grows with the service."""
    mailing_id: Mapped[int | None] = mapped_column(Id)
    client_id: Mapped[int | None] = mapped_column(Id)
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
