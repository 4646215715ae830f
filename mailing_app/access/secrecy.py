"""How secrets are made and kept, and when they were last used."""

import hashlib
import hmac
import secrets
from typing import Any

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from mailing_app.db import absence, transaction


def new_secret() -> str:
    """A secret for a cookie or a token: 256 random bits."""
    return secrets.token_urlsafe(32)


def kept(secret: str) -> str:
    """A secret as the tables keep it. There is nothing to guess in it, so it needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


def keyed(text: str) -> str:
    """A print of a text that nobody makes, or tries, without the key of this service."""
    return hmac.digest(current_app.config["SECRET_KEY"].encode(), text.encode(), "sha256").hex()


def note_use(*statements: Any) -> None:
    """Write it at once or at the next request: who only reads is answered also while nothing can be written."""
    try:
        with transaction(patience=0.1) as session:
            for statement in statements:
                session.execute(statement)
    except SQLAlchemyError as fault:
        if not absence(fault):
            raise
