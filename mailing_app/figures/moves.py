"""What a transaction moves: gathered while it goes on, written at its end."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Integer, String, bindparam, case, delete, func, update
from sqlalchemy.orm import Session

from mailing_app.batches import Upsert
from mailing_app.db import Moment, run
from mailing_app.models import Breakdown, Id, Message, Misses, Status, Tally, Trait

OPEN = (Status.PENDING, Status.SENDING)
"""The states of messages that have found no end as yet."""

MISSED = (Status.FAILED, Status.EXPIRED, Status.UNCERTAIN)
"""The ends of messages that did not reach a client, but for those that an operator wanted."""

_MOVED = (*Status, "attempts", "repeats", "opted_out")
"""The columns of a tally that count."""

OF_CLIENTS = {
    Trait.OPERATOR_CODE: Message.enrolled_code,
    Trait.TIMEZONE: Message.enrolled_zone,
    Trait.TAG: Message.enrolled_tag,
}
"""Where a message tells what its client was."""

COUNTED = (Message.mailing_id, Message.client_id, Message.status, Message.reason, *OF_CLIENTS.values())
"""What the figures want to know of a message that has moved."""

Place = tuple[int, Trait, str]
"""A row of the breakdown: the mailing, the trait and its value."""

PLACES = (Status.PENDING, Status.SENT, Status.FAILED, Status.EXPIRED, Status.CANCELLED, Status.UNCERTAIN)
_breakdown = Upsert(
    Breakdown, ["mailing_id", "trait", "value"],
    lambda more: {place.value: getattr(Breakdown, place) + more[place] for place in PLACES},
    mailing_id=Id, trait=String(), value=String(), **dict.fromkeys(PLACES, Id),
)  # fmt: skip
_COUNTED = ("number", *MISSED)
_misses = Upsert(
    Misses, ["client_id"], lambda more: {name: getattr(Misses, name) + more[name] for name in _COUNTED},
    client_id=Id, **dict.fromkeys(_COUNTED, Integer()),
)  # fmt: skip


class Moves:
    """The figures that a transaction moves.

    `write` them last: others wait for the rows of a mailing from there on, and first of all for its tally, so that who
    moves several rows of one mailing, or of several, never waits in a circle.
    """

    def __init__(self) -> None:
        self._ends: Counter[tuple[Any, ...]] = Counter()
        self._tallies: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self._breakdown: defaultdict[Place, Counter[str]] = defaultdict(Counter)
        self._misses: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self._last_bytes: dict[int, datetime] = {}
        self._untagged: set[int] = set()

    def many(self, mailing_id: int, origin: Status, goal: Status, number: int) -> None:
        """So many messages went from one state to another, as the tally counts them: of an end it tells no more."""
        self._tallies[mailing_id].update({origin.value: -number, goal.value: number})

    def one(self, row: Any, origin: Status, was_reason: str = "") -> None:
        """A message went on. `row` tells what is `COUNTED` of it, as it is now."""
        goal = row.status
        if origin is not goal:
            traits = (row.enrolled_code, row.enrolled_zone, row.enrolled_tag)
            self._ends[row.mailing_id, origin, was_reason, goal, row.reason, traits] += 1
            self._miss(row.client_id, origin, -1)
            self._miss(row.client_id, goal, 1)

    def enrolled(self, mailing_id: int, added: Mapping[Trait, Mapping[str, int]], opted_out: int) -> None:
        """Recipients were added, so many with each code, each zone and each tag, and so many had opted out and were
        left out.
        """
        pending = Status.PENDING.value
        recipients = sum(added[Trait.OPERATOR_CODE].values())
        self._tallies[mailing_id].update({pending: recipients, "opted_out": opted_out})
        for trait, counts in added.items():
            for value, number in counts.items():
                self._breakdown[mailing_id, trait, value][pending] += number

    def attempted(self, mailing_id: int, attempts: int) -> None:
        """An attempt of a message was recorded; `attempts` is which one it was."""
        tally = self._tallies[mailing_id]
        tally["attempts"] += 1
        tally["repeats"] += attempts > 1

    def retag(self, mailing_id: int, status: Status, tag: str) -> None:
        """A message that stands there no longer tells its tag."""
        self._breakdown[mailing_id, Trait.TAG, tag][_place(status)] -= 1
        self._breakdown[mailing_id, Trait.TAG, ""][_place(status)] += 1
        self._untagged.add(mailing_id)

    def removed(self, row: Any) -> None:
        """A message was removed, its mailing's figures stay. `row` tells what is `COUNTED` of it."""
        self._miss(row.client_id, row.status, -1)

    def left(self, mailing_id: int, moment: datetime) -> None:
        """The first byte of a request left at that moment."""
        self._last_bytes[mailing_id] = max(moment, self._last_bytes.get(mailing_id, moment))

    def write(self, session: Session) -> None:
        """Move the figures: mailings in the order of their ids, and of each the tally first."""
        session.flush()
        for (mailing_id, origin, was_reason, goal, reason, traits), number in self._ends.items():
            self.many(mailing_id, origin, goal, number)
            if origin not in OPEN or goal not in OPEN:
                self._count(mailing_id, traits, origin, was_reason, -number)
                self._count(mailing_id, traits, goal, reason, number)
        moved = {place[0] for place in self._breakdown}
        for mailing_id in sorted({*self._tallies, *self._last_bytes, *moved}):
            self._move_tally(session, mailing_id)
        _put(session, _breakdown, self._breakdown, PLACES, ("mailing_id", "trait", "value"))
        if self._untagged:
            _forget_unused_tags(session, self._untagged)
        _put(session, _misses, {(key,): moved for key, moved in self._misses.items()}, _COUNTED, ("client_id",))

    def _count(self, mailing_id: int, traits: Iterable[str], status: Status, reason: str, number: int) -> None:
        place = _place(status)
        for trait, value in zip(OF_CLIENTS, traits, strict=True):
            self._breakdown[mailing_id, trait, value][place] += number
        if reason and status not in OPEN:
            self._breakdown[mailing_id, Trait.REASON, reason][place] += number

    def _miss(self, client_id: int, status: Status, number: int) -> None:
        if status in MISSED:
            misses = self._misses[client_id]
            misses["number"] += number
            misses[_place(status)] += number

    def _move_tally(self, session: Session, mailing_id: int) -> None:
        """Where nothing of it changes it is locked all the same."""
        moved = self._tallies.get(mailing_id, Counter[str]())
        changes = {f"by_{name}": moved[name] for name in _MOVED}
        run(session, _moving(), of=mailing_id, last=self._last_bytes.get(mailing_id), **changes)
        if known := session.identity_map.get(session.identity_key(Tally, mailing_id)):
            session.expire(known)


@cache
def _moving() -> Any:
    changes = {name: getattr(Tally, name) + bindparam(f"by_{name}", type_=Id) for name in _MOVED}
    last = bindparam("last", type_=Moment())
    later = case((Tally.last_byte_at > last, Tally.last_byte_at), else_=func.coalesce(last, Tally.last_byte_at))
    return update(Tally).where(Tally.mailing_id == bindparam("of")).values(**changes, last_byte_at=later)


def clear(session: Session, mailing_id: int) -> None:
    """Take the figures of a mailing back whose audience is to be fixed anew: nobody was written to as yet."""
    nothing = dict.fromkeys((*Status, "opted_out"), 0)
    session.execute(update(Tally).where(Tally.mailing_id == mailing_id).values(nothing))
    session.execute(delete(Breakdown).where(Breakdown.mailing_id == mailing_id))


def _forget_unused_tags(session: Session, mailing_ids: set[int]) -> None:
    unused = (getattr(Breakdown, place) == 0 for place in PLACES)
    theirs = (Breakdown.mailing_id.in_(mailing_ids), Breakdown.trait == Trait.TAG, Breakdown.value != "")
    session.execute(delete(Breakdown).where(*theirs, *unused))


def _put(
    session: Session, upsert: Upsert, moved: Mapping[tuple[Any, ...], Counter[str]], columns: Iterable[str],
    key: Iterable[str],
) -> None:  # fmt: skip
    """Those that were really moved, in the order of their keys."""
    rows = [
        dict(zip(key, place, strict=True)) | {name: counts[name] for name in columns}
        for place, counts in sorted(moved.items())
        if any(counts.values())
    ]
    if rows:
        upsert.put(session, rows)


def _place(status: Status) -> str:
    return Status.PENDING.value if status in OPEN else status.value
