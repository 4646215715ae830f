"""The audience of a mailing that is not stored yet, counted in the database: few statements, whatever the numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import func, literal, select

from mailing_app import clients
from mailing_app.db import db
from mailing_app.mailings.audience import conditions, narrowing
from mailing_app.models import Client

MOST_GROUPS = 2000
"""So many combinations of zone and tag are told apart; where there are more, tags are judged by these."""

Filter = Mapping[str, list[str]]


class Group(NamedTuple):
    """So many clients with one zone and one tag; the tag is empty where nobody asked for it."""

    timezone: str
    tag: str
    number: int
    first_id: int


@dataclass(frozen=True)
class Headcount:
    """Whom a filter matches, but for those who opted out: these are only counted."""

    by_zone: dict[str, int]
    groups: tuple[Group, ...]
    whole: bool
    """Whether the groups hold everyone, and not some of very many."""
    opted_out: int
    first: Client | None
    """A real recipient, to show what she would read."""


def count(chosen: Filter, by_tag: bool, narrowed: Mapping[str, Any]) -> Headcount:
    """Count whom the filter matches by zone, and on wish by tag too; `narrowed` is what `audience.narrowing` takes."""
    found = conditions(chosen, **narrowed)
    groups = _groups(found, by_tag)
    whole = len(groups) <= MOST_GROUPS
    by_zone: dict[str, int] = {}
    for group in groups if whole else _groups(found, by_tag=False):
        by_zone[group.timezone] = by_zone.get(group.timezone, 0) + group.number
    first = min((group.first_id for group in groups), default=None)
    return Headcount(
        by_zone=by_zone,
        groups=groups[:MOST_GROUPS],
        whole=whole,
        opted_out=clients.opted_out_of(chosen, *narrowing(**narrowed)),
        first=db.session.get(Client, first) if first else None,
    )


def _groups(found: list[Any], by_tag: bool) -> tuple[Group, ...]:
    """In the order of the index `ix_client_audience`, which serves an empty filter without a look at the table."""
    tag = Client.tag if by_tag else literal("")
    keys = (Client.timezone, Client.tag) if by_tag else (Client.timezone,)
    counted = select(Client.timezone, tag.label("tag"), func.count(), func.min(Client.id))
    rows = db.session.execute(counted.where(*found).group_by(*keys).limit(MOST_GROUPS + 1))
    return tuple(Group(*row) for row in rows)
