"""What somebody who plans a mailing may have overlooked: asked once more in the pages, refused nowhere."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from mailing_app import local_time
from mailing_app.db import db
from mailing_app.mailings.audience import conditions, of
from mailing_app.mailings.preview import Preview
from mailing_app.models import Client, Mailing, Message, Status, Tally

LATEST, FEWEST = 20, 3
"""The usual audience is the median of so many latest mailings; with fewer than so many nothing is usual yet."""

FAR_ABOVE, SMALL = 5, 100
"""How many times the usual an audience must be to be asked about, and below which number of clients nobody asks."""

NEAR = timedelta(hours=24)
"""How near the starts of two mailings with one text must be to be a mistake."""

NIGHT_FROM, NIGHT_TO = 22, 8

_WRITTEN_TO = (Status.PENDING, Status.SENDING, Status.SENT, Status.UNCERTAIN)


class Guard(StrEnum):
    """What is asked about."""

    NOBODY = "nobody"
    UNUSUAL = "unusual"
    REPEATED = "repeated"
    WITHOUT_TAG = "without_tag"
    STRANGE_FIELDS = "strange_fields"
    NIGHT = "night"


@dataclass(frozen=True, slots=True)
class Doubt:
    """So many clients are concerned; `told` are the fields or the offsets from UTC that it is about."""

    guard: Guard
    number: int = 0
    told: tuple[str, ...] = ()
    usual: int = 0

    @property
    def mark(self) -> str:
        """Stands for this doubt in a confirmation: another thing, or twice as many clients, has another one."""
        about = f"{self.guard}/{self.number.bit_length()}/{self.told}"
        return hashlib.sha256(about.encode()).hexdigest()[:16]


def doubts(shown: Preview, narrowed: Mapping[str, Any], **values: Any) -> list[Doubt]:
    """What to ask about these values of a mailing, of which `shown` is the preview.

    `narrowed` is what `audience.narrowing` takes, the mailing's own id among it, if it has one.
    """
    if not shown.reachable:
        return [Doubt(Guard.NOBODY), *_strange_fields(shown)]
    return [
        *_unusual(shown, narrowed.get("own_id")),
        *_repeated(shown, narrowed, values),
        *_without_tag(shown),
        *_strange_fields(shown),
        *(_night(shown) if values["window"] is None else ()),
    ]


def _unusual(shown: Preview, mailing_id: int | None) -> Iterator[Doubt]:
    recipients = sum((getattr(Tally, status) for status in Status), start=0)
    latest = select(recipients).join(Mailing).where(Mailing.enrolled_at.is_not(None), Mailing.id != (mailing_id or 0))
    numbers = [number for number in db.session.scalars(latest.order_by(Mailing.id.desc()).limit(LATEST)) if number]
    if len(numbers) < FEWEST:
        return
    usual = int(median(numbers))
    if shown.reachable >= SMALL and shown.reachable > FAR_ABOVE * usual:
        yield Doubt(Guard.UNUSUAL, shown.reachable, usual=usual)


def _repeated(shown: Preview, narrowed: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[Doubt]:
    """The same text near in time to most of the same people; each of them is counted, and once."""
    near = Mailing.starts_at.between(shown.begins_at - NEAR, shown.begins_at + NEAR)
    alike = (Mailing.text == values["text"], near, Mailing.id != (narrowed.get("own_id") or 0))
    going = (Mailing.deleted_at.is_(None), Mailing.cancelled_at.is_(None))
    others = db.session.scalars(select(Mailing).where(*alike, *going)).all()
    if not others:
        return
    theirs = or_(*(_written_to_by(other) for other in others))
    count = select(func.count(Client.id)).where(*conditions(values["filter"], **narrowed), theirs)
    number = db.session.scalars(count).one()
    if 2 * number > shown.reachable:
        yield Doubt(Guard.REPEATED, number)


def _written_to_by(other: Mailing) -> ColumnElement[bool]:
    """Whom another mailing writes to: as its messages say, or where it has none yet, as its filter does."""
    if other.enrolled_at is None:
        return and_(*of(other))
    written = (Message.mailing_id == other.id, Message.client_id == Client.id, Message.status.in_(_WRITTEN_TO))
    return exists().where(*written).correlate(Client)


def _without_tag(shown: Preview) -> Iterator[Doubt]:
    if shown.without_tag:
        yield Doubt(Guard.WITHOUT_TAG, shown.without_tag)


def _strange_fields(shown: Preview) -> Iterator[Doubt]:
    if shown.strange_fields:
        yield Doubt(Guard.STRANGE_FIELDS, told=shown.strange_fields)


def _night(shown: Preview) -> Iterator[Doubt]:
    numbers: Counter[str] = Counter()
    for zone, number in shown.by_zone.items():
        if not NIGHT_TO <= local_time.local_hour(zone, shown.begins_at) < NIGHT_FROM:
            numbers[local_time.utc_offset_label(zone, shown.begins_at)] += number
    if numbers:
        yield Doubt(Guard.NIGHT, numbers.total(), tuple(numbers))
