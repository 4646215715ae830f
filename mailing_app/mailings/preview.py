"""What a mailing would come to, before it is stored."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from mailing_app import clients, clock, local_time, texts
from mailing_app.db import db
from mailing_app.local_time import Window
from mailing_app.models import Client


@dataclass(frozen=True)
class Preview:
    """`exclusions` are of those whom the filter matches; `finishes_at` is known only under a rate limit."""

    audience: int
    reachable: int
    exclusions: dict[str, int]
    parts: texts.Parts
    rate: float | None
    """Messages a second."""
    finishes_at: datetime | None


def preview(rate: float | None = None, by_parts: bool = False, **values: Any) -> Preview:
    """Count the audience of a mailing's values and judge text and term; stores nothing.

    `rate` is what may leave in a second: messages, or with `by_parts` the parts that their texts take.
    """
    by_zone = _by_zone(values["filter"])
    begins_at = max(values["starts_at"], clock.now())
    closed = sum(
        count for zone, count in by_zone.items() if not _opens(values["window"], zone, begins_at, values["ends_at"])
    )
    audience, parts = sum(by_zone.values()), texts.parts(values["text"])
    if rate and by_parts:
        rate /= max(parts.parts, 1)
    return Preview(
        audience=audience,
        reachable=audience - closed,
        exclusions={"window_never_opens": closed} if closed else {},
        parts=parts,
        rate=rate,
        finishes_at=begins_at + timedelta(seconds=math.ceil((audience - closed) / rate)) if rate else None,
    )


def _by_zone(chosen: dict[str, list[str]]) -> dict[str, int]:
    statement = select(Client.timezone, func.count()).where(*clients.matching(chosen)).group_by(Client.timezone)
    return {zone: count for zone, count in db.session.execute(statement).all()}  # noqa: C416 - rows are no pairs to mypy


def _opens(window: Window | None, zone: str, begins_at: datetime, ends_at: datetime) -> bool:
    opening = begins_at if window is None else local_time.next_opening(window, zone, begins_at)
    return opening < ends_at
