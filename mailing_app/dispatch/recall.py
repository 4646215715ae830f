"""Recall: what was claimed and may no longer leave, because somebody changed something since."""

from collections.abc import Collection
from functools import cache
from typing import Any

from sqlalchemy import bindparam, or_, select

from mailing_app import merge
from mailing_app.db import db, look_again, run
from mailing_app.dispatch.judge import Sign
from mailing_app.dispatch.parts import Envelope
from mailing_app.holds import ONLY
from mailing_app.models import Client, GatewayState, Hold, Mailing, Message, Status

EVERY = 0.5
"""Seconds between two looks while anything is on its way: an edit reaches what has not left well within two."""


DOUBTS_AFTER = 5
"""So many answers in a row that are not as they should be, and nothing leaves until the pump has looked at them."""


class Recall:
    """Asked by the seats right before the first byte, renewed by the pump; so a seat needs no database."""

    def __init__(self) -> None:
        self._recalled: frozenset[tuple[int, int]] = frozenset()
        self._faults = 0

    def __contains__(self, envelope: Envelope) -> bool:
        return self._faults >= DOUBTS_AFTER or (envelope.message_id, envelope.epoch) in self._recalled

    def note(self, sign: Sign) -> None:
        """What an answer says of the gateway, told by the seat that read it: the pump looks later."""
        if sign is Sign.WELL:
            self._faults = 0
        elif sign is not Sign.NOTHING:
            self._faults += 1

    def trust(self) -> None:
        """The pump sees to all answers there are."""
        self._faults = 0

    def look(self, on_their_way: Collection[Envelope]) -> None:
        """Find out which of the claimed messages are to stay: their mailing paused, cancelled, deleted or with an
        earlier end, their client opted out, erased, by another clock or with another phone or value of a merge field,
        their claim no longer standing, or all sending stopped.
        """
        look_again()
        if _stopped_by_an_operator():
            self._recalled = frozenset((each.message_id, each.epoch) for each in on_their_way)
            return
        ids = [each.message_id for each in on_their_way]
        present = {row.id: row for row in run(db.session(), _present(), ids=ids)}
        stay = (each for each in on_their_way if _stays(each, present.get(each.message_id)))
        self._recalled = frozenset((each.message_id, each.epoch) for each in stay)


@cache
def _present() -> Any:
    claimed = Message.id.in_(bindparam("ids", expanding=True))
    since = (Mailing.paused_at, Mailing.cancelled_at, Mailing.deleted_at, Client.opted_out_at)
    stopped = or_(*(moment.is_not(None) for moment in since))
    columns = (
        Message.id, Message.epoch, Message.status, Mailing.ends_at, stopped.label("stopped"),
        Mailing.text, Client.phone, Client.operator_code, Client.tag, Client.timezone,
    )  # fmt: skip
    return select(*columns).select_from(Message).join(Message.mailing).join(Message.client).where(claimed)


def _stays(envelope: Envelope, row: Any) -> bool:
    if row is None or row.stopped or row.phone is None:
        return True
    if row.status is not Status.SENDING or row.epoch != envelope.epoch:
        return True
    if envelope.window and row.timezone != envelope.zone:
        return True
    # Given back and claimed anew, it carries the new end with it, which then holds whenever the next look comes.
    return row.ends_at < envelope.ends_at or not (envelope.frozen or _as_the_client_is(envelope, row))


def _as_the_client_is(envelope: Envelope, row: Any) -> bool:
    text = merge.merged(row.text, phone=row.phone, operator_code=row.operator_code, tag=row.tag)
    return (envelope.phone, envelope.text) == (row.phone, text)


def _stopped_by_an_operator() -> bool:
    return db.session.scalar(select(GatewayState.hold).where(GatewayState.id == ONLY)) is Hold.OPERATOR
