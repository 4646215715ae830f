"""Who may come in: operators with passwords and sign-ins, programs with tokens. Secrets are kept as hashes."""

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError

from mailing_app import audit, clock
from mailing_app.db import absence, db, transaction
from mailing_app.errors import N_, Refused
from mailing_app.models import Action, Operator, Role, Scope, SignIn, Token

IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=12)
"""A sign-in ends after so long without a request, and after so long in any case (OWASP ASVS 5, 7.3)."""

SHORTEST_PASSWORD = 12

_hasher = PasswordHasher()


def add_operator(name: str, password: str, role: Role) -> Operator:
    """Add a person who may sign in to the pages."""
    if len(password) < SHORTEST_PASSWORD:
        raise Refused(N_("Must be at least %(least)s characters long."), field="password", least=SHORTEST_PASSWORD)
    taken = {"uq_operator_name": lambda: Refused(N_("Another operator has this name."), field="name")}
    hashed = _hasher.hash(password)
    with transaction(taken) as session:
        operator = Operator(name=name, password_hash=hashed, role=role, created_at=clock.now())
        session.add(operator)
        audit.note(session, Action.OPERATOR_ADDED, name=name, role=role)
    return operator


def operators() -> list[Operator]:
    """Everyone who may sign in, by name."""
    return list(db.session.scalars(select(Operator).order_by(Operator.name)))


def sign_in(name: str, password: str) -> str:
    """The secret of a new sign-in, for the cookie; Refused alike for an unknown name and a wrong password."""
    nobodys = _hash_of_nobody()  # before anything is known of the name
    operator = db.session.scalars(select(Operator).filter_by(name=name, deactivated_at=None)).one_or_none()
    # An unknown name costs as much time as a known one, so that the clock tells nobody who exists.
    if not _is_password(operator.password_hash if operator else nobodys, password) or operator is None:
        raise Refused(N_("Name or password is wrong."))
    secret, now = secrets.token_urlsafe(32), clock.now()
    with transaction() as session:
        session.add(SignIn(secret_hash=_hash(secret), operator_id=operator.id, created_at=now, seen_at=now))
        session.execute(delete(SignIn).where(SignIn.seen_at < now - LONGEST))
    return secret


def signed_in(secret: str) -> Operator | None:
    """The operator behind a cookie's secret, None when the sign-in is over."""
    found = db.session.scalars(select(SignIn).filter_by(secret_hash=_hash(secret))).one_or_none()
    now = clock.now()
    if found is None or found.operator.deactivated_at or _is_over(found, now):
        return None
    if now - found.seen_at > timedelta(minutes=1):
        _note_seen(found, now)
    return found.operator


def sign_out(secret: str) -> None:
    """End a sign-in here, whatever the browser keeps."""
    with transaction() as session:
        session.execute(delete(SignIn).where(SignIn.secret_hash == _hash(secret)))


def set_language(operator_id: int, language: str) -> None:
    """Remember the language in which an operator reads the pages."""
    with transaction() as session:
        operator = session.get_one(Operator, operator_id)
        operator.language = language


def add_token(name: str, scope: Scope) -> str:
    """The secret of a new API token: shown once, kept as a hash."""
    taken = {"uq_token_name": lambda: Refused(N_("Another token has this name."), field="name")}
    secret = secrets.token_urlsafe(32)
    with transaction(taken) as session:
        session.add(Token(name=name, scope=scope, secret_hash=_hash(secret), created_at=clock.now()))
        audit.note(session, Action.TOKEN_ADDED, name=name, scope=scope)
    return secret


def tokens() -> list[Token]:
    """Every token that works, by name."""
    return list(db.session.scalars(select(Token).filter_by(revoked_at=None).order_by(Token.name)))


def token(secret: str) -> Token | None:
    """The token with this secret, None when there is none or it was revoked."""
    return db.session.scalars(select(Token).filter_by(secret_hash=_hash(secret), revoked_at=None)).one_or_none()


def anybody() -> bool:
    """Whether the service has an operator at all."""
    return bool(db.session.scalar(select(func.count()).select_from(Operator)))


def _note_seen(found: SignIn, now: datetime) -> None:
    """Note it at once or at the next request: a page that only reads is shown also while nothing can be written."""
    try:
        with transaction(patience=0.1):
            found.seen_at = now
    except SQLAlchemyError as fault:
        if not absence(fault):
            raise


def _is_over(found: SignIn, now: datetime) -> bool:
    return now - found.seen_at > IDLE or now - found.created_at > LONGEST


def _is_password(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except VerificationError:
        return False


@cache
def _hash_of_nobody() -> str:
    """A hash that no password has. Made by who first needs it: most processes never do, and it is dear on purpose."""
    return _hasher.hash(secrets.token_urlsafe())


def _hash(secret: str) -> str:
    # Secrets of 256 random bits need no slow hash: there is nothing to guess.
    return hashlib.sha256(secret.encode()).hexdigest()
