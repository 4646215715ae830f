"""Lists by the page: whatever is added or taken away between two pages, no row comes twice and none is missed."""

import base64
import binascii
import re
from typing import Any, NamedTuple

from mailing_app.db import db


class Page(NamedTuple):
    """A page of a list; `next` is the cursor of the page after it, None on the last."""

    items: list[Any]
    next: str | None


def page(statement: Any, key: Any, after: int | None, limit: int, newest_first: bool = False) -> Page:
    """The rows after a cursor, by an ever-growing key: no row is shown twice or left out by inserts meanwhile."""
    if after is not None:
        statement = statement.where(key < after if newest_first else key > after)
    ordered = statement.order_by(key.desc() if newest_first else key).limit(limit + 1)
    items = list(db.session.scalars(ordered))
    more = len(items) > limit
    return Page(items[:limit], cursor(getattr(items[limit - 1], key.key)) if more else None)


def cursor(key: int) -> str:
    """An opaque cursor: clients hand it back and read nothing into it."""
    return base64.urlsafe_b64encode(str(key).encode()).decode().rstrip("=")


def cursor_id(text: str) -> int | None:
    """The key inside a cursor, None for any other text."""
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return int(key) if re.fullmatch(rb"[0-9]{1,18}", key) else None
