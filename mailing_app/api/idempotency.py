"""A request that may be repeated without being carried out twice."""

import hashlib
import json
from typing import Any

from flask import request
from flask_babel import gettext

from mailing_app.errors import Invalid

HEADER = "Idempotency-Key"
LONGEST = 255


def key() -> str | None:
    """The key of the request, None without one; Invalid unless it is printable ASCII of a sensible length."""
    given = request.headers.get(HEADER)
    if given is not None and not (0 < len(given) <= LONGEST and given.isascii() and given.isprintable()):
        raise Invalid({HEADER: [gettext("Must be 1 to %(most)s printable ASCII characters.", most=LONGEST)]})
    return given


def fingerprint(payload: Any) -> str:
    """The same for the same JSON, in whatever order its keys come."""
    return hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
