"""The keys of programs to the API."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update

from mailing_app import audit, clock
from mailing_app.access.secrecy import kept, new_secret, note_use
from mailing_app.db import db, transaction
from mailing_app.errors import N_, NotFound, Refused
from mailing_app.models import Action, Scope, Token

_MINUTE = timedelta(minutes=1)


def add_token(name: str, scope: Scope, expires_at: datetime | None = None) -> str:
    """The secret of a new API token: shown once, kept as a hash. Its last moment is `expires_at`, if any."""
    taken = {"uq_token_name": lambda: Refused(N_("Another token has this name."), field="name")}
    secret, now = new_secret(), clock.now()
    if expires_at and expires_at <= now:
        raise Refused(N_("This day is over already."), field="expires_at")
    with transaction(taken) as session:
        added = {"name": name, "scope": scope, "expires_at": expires_at}
        session.add(Token(secret_hash=kept(secret), created_at=now, **added))
        told: dict[str, Any] = {"expires_at": expires_at.isoformat()} if expires_at else {}
        audit.note(session, Action.TOKEN_ADDED, token=name, scope=scope, **told)
    return secret


def tokens() -> list[Token]:
    """Every token, by name, those that were revoked at the end."""
    return list(db.session.scalars(select(Token).order_by(Token.revoked_at.is_not(None), Token.name)))


def find_token(token_id: int) -> Token:
    """The token under this id; NotFound when there is none."""
    found = db.session.get(Token, token_id)
    if found is None:
        raise NotFound
    return found


def token(secret: str) -> Token | None:
    """The token with this secret, None when there is none, it was revoked, or its time is over."""
    now = clock.now()
    lasts = or_(Token.expires_at.is_(None), Token.expires_at >= now)
    found = db.session.scalars(select(Token).filter_by(secret_hash=kept(secret), revoked_at=None).where(lasts))
    token = found.one_or_none()
    if token and (token.last_used_at is None or now - token.last_used_at >= _MINUTE):
        note_use(update(Token).where(Token.id == token.id).values(last_used_at=now))
    return token


def revoke_token(token_id: int) -> None:
    """Let nobody in with this token, from this moment on."""
    with transaction() as session:
        token = session.get(Token, token_id, with_for_update=True, populate_existing=True)
        if token is None:
            raise NotFound
        if not token.revoked_at:
            token.revoked_at = clock.now()
            audit.note(session, Action.TOKEN_REVOKED, token=token.name)
