"""Which version of a thing the caller means: `ETag`, `If-Match`, `If-None-Match` (RFC 9110, 13)."""

from collections.abc import Callable
from typing import Any, Protocol

from flask import request

from mailing_app.db import look_again
from mailing_app.errors import Stale

ATTEMPTS = 20
"""How often a change that names no version is tried anew when somebody else was faster."""


class Versioned(Protocol):
    """Whatever counts its changes."""

    version: int


def tag(version: int) -> dict[str, str]:
    """The header that tells the version."""
    return {"ETag": f'"{version}"'}


def tagged(resource: dict[str, Any], version: int, status: int = 200, **headers: str) -> Any:
    """The answer that shows a thing together with its version."""
    return resource, status, tag(version) | headers


def expected(present: Versioned) -> int | None:
    """The version that the caller wants to change, None if any; Stale when the present one is not it.

    Of several tags one must fit. A weak tag never does: `If-Match` compares strongly.
    """
    if "If-Match" not in request.headers or request.if_match.star_tag:
        return None
    if not request.if_match.contains(str(present.version)):
        raise Stale
    return present.version


def is_known(version: int) -> bool:
    """Whether the caller has this version already and needs it no more."""
    return request.if_none_match.contains_weak(str(version))


def patched(read: Callable[[], Any], change: Callable[[Any, int], Any]) -> Any:
    """Change the very version that was read: a PATCH keeps what it does not name, so nobody's change may fall between.

    Stale only for a caller who named a version; for others it is read anew.
    """
    for _ in range(ATTEMPTS):
        present = read()
        named = expected(present)
        try:
            return change(present, present.version)
        except Stale:
            if named is not None:
                raise
            look_again()
    raise Stale
