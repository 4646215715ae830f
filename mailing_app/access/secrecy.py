"""How secrets are made and kept, and when they were last used."""

import hashlib
import secrets
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from mailing_app.db import absence, transaction


def new_secret() -> str:
    """A secret for a cookie or a token: 256 random bits."""
    return secrets.token_urlsafe(32)


def kept(secret: str) -> str:
    """A secret as the tables keep it. There is nothing to guess in it, so it needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def note_use(*statements: Any) -> None:
    """Write it at once or at the next request: who only reads is answered also while nothing can be written."""
    try:
        with transaction(patience=0.1) as session:
            for statement in statements:
                session.execute(statement)
    except SQLAlchemyError as fault:
        if not absence(fault):
            raise
