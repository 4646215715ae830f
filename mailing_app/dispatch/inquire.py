"""Inquiring: the gateway is asked what became of uncertain messages, a few at a time, beside the sending.

Who takes inquiries up has them for a while; whoever comes after that asks once more, so a kill loses nothing. An
acceptance that comes to light makes its message sent, whatever it became meanwhile: it is a fact about the gateway.
"""

import json
import logging
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from mailing_app import audit, clock
from mailing_app.audit import Actor
from mailing_app.db import changed, db, look_again, transaction
from mailing_app.dispatch import gate, gateway
from mailing_app.dispatch.judge import Codes, judge
from mailing_app.dispatch.masking import Mask
from mailing_app.dispatch.parts import Answer, Outcome, Reached, Verdict
from mailing_app.dispatch.rate import Rate, drawing
from mailing_app.dispatch.record import absorb
from mailing_app.dispatch.watch import DEFAULT_WAIT
from mailing_app.figures import Moves
from mailing_app.models import Action, Attempt, Inquiry, Message, Word

log = logging.getLogger(__name__)

A_TICK, LONGEST_TICK = 20, 0.9
"""So many messages at most are asked about in a tick, one after the other, and none is begun after so many seconds."""

LONGEST = 5.0
"""Seconds for one answer: nobody waits for it as for that to a message, and an orderly end must not either."""

SHARE_OF_RATE = 0.1
"""Of what GATEWAY_RATE lets through: the rest is for messages."""

KEPT_FOR = timedelta(seconds=60)
"""How long an inquiry is left to who has taken it up: far longer than a tick and one answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An inquiry that was taken up, and what came of it."""

    message_id: int
    mailing_id: int
    client_id: int
    asker: Actor
    asked_at: datetime
    answer: Answer | None = None
    word: Word | None = None
    detail: str = ""


class Inquirer:
    """Asks on behalf of one process."""

    def __init__(self, address: gateway.Address, codes: Codes, rate: Rate | None) -> None:
        self._address = replace(address, timeout=min(address.timeout, LONGEST))
        self._codes, self._rate, self._mask = codes, rate, Mask(address.token)
        self._gate = gate.Gate(gate.fingerprint(address.url, address.token))

    def work(self, leaving: Callable[[], bool]) -> None:
        """Ask about some of the messages that somebody wants to know of, and record what was said.

        Ends at the first that gets no clear word: a gateway that is not well is not asked on and on.
        """
        look_again()
        if db.session.scalar(_open(clock.now()).limit(1)) is None or not self._gate.lets_ask(clock.now()):
            return
        taken, until = self._taken(clock.now()), clock.monotonic() + LONGEST_TICK
        asked: list[Asked] = []
        try:
            for each in taken:
                if leaving() or clock.monotonic() >= until or (asked and asked[-1].word is Word.NOTHING):
                    break
                asked.append(self._ask(each))
        finally:
            _record(asked, taken[len(asked) :], clock.now())

    def _taken(self, now: datetime) -> list[Asked]:
        with transaction() as session:
            with drawing(session, self._rate) as bucket:
                room = int(min(A_TICK, bucket.affords(""), self._share()))
                due = _open(now).limit(room).with_for_update(skip_locked=True).cte("due")
                taking = update(Inquiry).where(Inquiry.message_id.in_(select(due.c.message_id)))
                taken = session.scalars(taking.values(try_at=now + KEPT_FOR).returning(Inquiry.message_id)).all()
                bucket.draw("" for _ in taken)
            columns = (Inquiry, Message.mailing_id, Message.client_id)
            rows = session.execute(select(*columns).join(Message).where(Message.id.in_(taken)).order_by(Message.id))
            return [_of(inquiry, mailing_id, client_id) for inquiry, mailing_id, client_id in rows]

    def _share(self) -> float:
        return max(self._rate.a_second * SHARE_OF_RATE, 1.0) if self._rate else A_TICK

    def _ask(self, about: Asked) -> Asked:
        log.info("asking the gateway about a message", extra=_ids(about))
        answer = gateway.look_up(self._address, about.message_id)
        verdict = judge(answer, self._codes)
        word = said(answer, verdict)
        detail = self._mask.hide(_told(answer, verdict)) if word is Word.NOTHING else ""
        told = _ids(about) | {"word": word.value, "http_status": answer.status or None, "error": detail}
        log.info("the gateway told about a message", extra=told)
        if verdict.outcome is Outcome.THROTTLED:
            gate.wait(clock.now() + timedelta(seconds=verdict.retry_after or DEFAULT_WAIT), clock.now())
        return replace(about, answer=answer, word=word, detail=detail[:300])


def said(answer: Answer, verdict: Verdict) -> Word:
    """What the answer to a lookup says of the message: pure and total.

    A 404 counts only with a JSON object: a web server or proxy that knows nothing of messages has a page of its own.
    """
    if verdict.outcome is Outcome.ACCEPTED:
        return Word.ACCEPTED
    came_whole = answer.reached is Reached.ANSWER_ENDED and not answer.own_fault
    return Word.NEVER_CAME if came_whole and answer.status == 404 and _is_object(answer.body) else Word.NOTHING


def _is_object(body: bytes) -> bool:
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


def _told(answer: Answer, verdict: Verdict) -> str:
    return " ".join(filter(None, [f"HTTP {answer.status}" if answer.status else "", verdict.error]))


def _open(now: datetime) -> Any:
    """What waits to be asked, the oldest first. What was taken up in the future was so before a clock was set back."""
    free = or_(Inquiry.try_at.is_(None), Inquiry.try_at <= now, Inquiry.try_at > now + KEPT_FOR)
    waiting = select(Inquiry.message_id).where(Inquiry.answered_at.is_(None), free)
    return waiting.order_by(Inquiry.asked_at, Inquiry.message_id)


def _of(inquiry: Inquiry, mailing_id: int, client_id: int) -> Asked:
    asker = Actor(inquiry.actor_kind, inquiry.actor)
    return Asked(inquiry.message_id, mailing_id, client_id, asker, inquiry.asked_at)


def _ids(about: Asked) -> dict[str, Any]:
    return {"mailing_id": about.mailing_id, "message_id": about.message_id, "client_id": about.client_id}


def _record(asked: Sequence[Asked], unasked: Sequence[Asked], now: datetime) -> None:
    """Write down what was said, and leave the rest to the next tick, whoever's it is."""
    if not asked and not unasked:
        return
    moves, told = Moves(), defaultdict[tuple[int, Actor], Counter[str]](Counter)
    with transaction() as session:
        # Messages before inquiries and figures: so does everyone who locks them.
        accepted = [each.message_id for each in asked if each.word is Word.ACCEPTED]
        absorb(session, _began(session, accepted, now), moves)
        for each in asked:
            if _answer(session, each, now) and each.word:
                told[each.mailing_id, each.asker][each.word.value] += 1
        given_back = Inquiry.message_id.in_([each.message_id for each in unasked])
        session.execute(update(Inquiry).where(given_back, Inquiry.answered_at.is_(None)).values(try_at=None))
        moves.write(session)
        for (mailing_id, asker), figures in told.items():
            with audit.acting(asker):
                audit.note(session, Action.GATEWAY_TOLD, mailing_id=mailing_id, **figures)


def _answer(session: Session, each: Asked, now: datetime) -> bool:
    """Whether the inquiry still stands: who sent the message again meanwhile, or asked anew, wants another word."""
    same = (Inquiry.message_id == each.message_id, Inquiry.asked_at == each.asked_at, Inquiry.answered_at.is_(None))
    status = each.answer.status if each.answer else 0
    said = {"answered_at": now, "word": each.word, "http_status": status or None, "detail": each.detail}
    return changed(session, update(Inquiry).where(*same).values(said)) == 1


def _began(session: Session, message_ids: Sequence[int], now: datetime) -> dict[int, datetime]:
    """When the accepted messages left, as far as anybody knows: with the last attempt that told so."""
    last = select(Attempt.message_id, func.max(Attempt.started_at)).where(Attempt.message_id.in_(message_ids))
    known = dict(session.execute(last.group_by(Attempt.message_id)).all())
    return {message_id: known.get(message_id) or now for message_id in message_ids}
