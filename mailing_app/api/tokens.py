"""Who may come in: a program with a bearer token (RFC 6750)."""

from flask import g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from mailing_app import access, audit
from mailing_app.models import ActorKind, Scope

SAFE = ("GET", "HEAD", "OPTIONS")


def check() -> None:
    """Let in a token that works: 401 without one, 403 for a read token that wants to write."""
    token = access.token(_given())
    if token is None:
        raise _unauthorized(error="invalid_token")
    audit.act_as(ActorKind.TOKEN, token.name)
    if token.scope is not Scope.WRITE and request.method not in SAFE:
        raise Forbidden
    g.token_id = token.id


def _given() -> str:
    given = request.authorization
    if given is None or given.type != "bearer" or not given.token:
        raise _unauthorized()
    return given.token


def _unauthorized(**told: str) -> Unauthorized:
    return Unauthorized(www_authenticate=WWWAuthenticate("bearer", {"realm": "mailing", **told}))
