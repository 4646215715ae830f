"""The pump: one thread that claims, hands out, collects and sees to the record; the seats beside it only post."""

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError

from mailing_app import clock, logs
from mailing_app.db import many_may_write
from mailing_app.dispatch import gate, gateway, journal, recall, retry
from mailing_app.dispatch.ahead import Ahead
from mailing_app.dispatch.beside import beside
from mailing_app.dispatch.claim import Claimer
from mailing_app.dispatch.deliver import deliver
from mailing_app.dispatch.excerpts import Ring
from mailing_app.dispatch.judge import Codes
from mailing_app.dispatch.masking import Mask
from mailing_app.dispatch.parts import Answer, Delivery, Envelope, Outcome, Reached, Step, Verdict
from mailing_app.dispatch.record import Result, record
from mailing_app.dispatch.seats import Seats
from mailing_app.dispatch.watch import NOTHING, Advice, Watch
from mailing_app.models import Status

log = logging.getLogger(__name__)

REFUSED_BY_DATABASE = (DataError, IntegrityError, ProgrammingError)

AT_ONCE_BESIDE_PAGES = 16
"""How many seats beside pages begin together: each of them may go before a page at the interpreter's lock."""

IDLE = 0.25
"""Seconds between two looks for due messages when there was none."""

TURN = 0.04
"""Seconds that a turn takes at least while messages lie ready: a batch by itself costs as much as its messages."""

READY = 128
"""So many messages may lie ready, or as many as there are seats where they are more, however fast they go: a gateway
that answers at once empties a seat many times a turn."""


@dataclass
class Pump:
    """Claims no more than the free seats and the few that bridge its own turn; keeps outcomes in memory until the
    database has taken them."""

    address: gateway.Address
    concurrency: int
    claimer: Claimer
    codes: Codes = field(default_factory=dict)
    pace: Callable[[], float] | None = None
    """Tells how many seconds to rest so that the pages beside stay quick; none in a process of its own."""

    def __post_init__(self) -> None:
        self.gate = gate.Gate(gate.fingerprint(self.address.url, self.address.token))
        self.watch, self.ahead = Watch(self.concurrency), Ahead(max(self.concurrency, READY))
        self.recall = recall.Recall()
        mask = Mask(self.address.token)
        self.seats = Seats(self.concurrency, partial(deliver, self.address, mask, self.recall, self.codes))
        self.ring = Ring(mask)
        self.unrecorded: list[Result] = []
        self.unheeded: deque[Advice] = deque()
        self._behind = False
        """Whether it is not known of the last record that the database has taken it."""
        self._looked_at = 0.0
        self._probe: Envelope | None = None

    def turn(self) -> None:
        """Collect what came back, record it, and fill the free seats."""
        deliveries = self.seats.collect(IDLE if self.seats.in_flight and not self.unrecorded else 0)
        began = clock.monotonic()
        self._see_to(deliveries)
        with self._recording():
            self._call_back()
            # What came back since has left its seat; else none would lie ready for it until the next turn.
            since = self.seats.collect(0)
            self._see_to(since)
            self._heed_all()
            claimed = self._fill()
        busy = clock.monotonic() - began
        self.ahead.note(sum(map(_is_accepted, deliveries + since)), busy, began)
        self._rest(busy, idle=not (claimed or self.seats.in_flight or self.unrecorded))

    def _see_to(self, deliveries: Sequence[Delivery]) -> None:
        """Decide on what came back; where it bodes ill, what lies ready is not to be posted now."""
        self.recall.trust()
        self._take(deliveries)
        if self.seats.waiting and self.watch.has_too_many(len(self.seats.in_flight), clock.monotonic()):
            self._take_back()

    def _fill(self) -> list[Envelope]:
        """Claim for the free seats and hand out; all that was claimed."""
        claimed = self._claim()
        self._give([envelope for envelope in claimed if not envelope.withdrawn])
        self.unrecorded += [withdrawn(envelope) for envelope in claimed if envelope.withdrawn]
        return claimed

    def _give(self, envelopes: Sequence[Envelope]) -> None:
        """Hand out, and tell it first: whatever happens from here on, the log says what may have left."""
        with logs.together():
            for envelope in envelopes:
                journal.asked(envelope)
        self.seats.give(envelopes)

    def _rest(self, busy: float, idle: bool) -> None:
        if self.pace:
            time.sleep(self.pace())
        elif self.seats.waiting:
            time.sleep(self.ahead.rest(TURN - busy, self.seats.waiting))
        if idle:
            time.sleep(IDLE)

    @contextmanager
    def _recording(self) -> Iterator[None]:
        """Record what is known: beside the body where two may write at once, and else before it. What the database did
        not take the last time goes before everything else.
        """
        if not self.unrecorded or self._behind or not (self._bridges and many_may_write()):
            self.flush()
            yield
            return
        known, self._behind = [*self.unrecorded], True  # the body may add to it, and does nothing else with it
        try:
            with beside(partial(self._record, known)):
                yield
        finally:
            if not self._behind:
                del self.unrecorded[: len(known)]

    def flush(self) -> None:
        """Record what is known, and do what it advises. Until the database has taken it, it is kept."""
        self._record(self.unrecorded)
        self.unrecorded = []
        self._heed_all()

    def _record(self, results: Sequence[Result]) -> None:
        self._behind = True
        try:
            record(results, self.ring.rows([result.delivery for result in results]))
        except REFUSED_BY_DATABASE:
            _record_one_by_one(results)
        self._behind = False

    def _heed_all(self) -> None:
        """Do what the answers advise, before anything else is claimed. Until the database has taken it, it is kept."""
        while self.unheeded:
            self._heed(self.unheeded[0])
            self.unheeded.popleft()

    def held(self) -> set[int]:
        """The ids of the messages that this process has claimed and not recorded."""
        return {
            *(message_id for message_id, _ in self.seats.in_flight),
            *(result.delivery.envelope.message_id for result in self.unrecorded),
        }

    def stop(self, seconds: float) -> None:
        """Claim nothing more, give back what was not begun, wait for what is in flight, record everything."""
        self._take_back()
        deadline = clock.monotonic() + seconds
        while self.seats.in_flight and (left := deadline - clock.monotonic()) > 0:
            self._take(self.seats.collect(left))
            self.flush()
        self.flush()
        self.seats.close()

    def _call_back(self) -> None:
        """Look now and then whether something that is on its way may no longer leave."""
        now = clock.monotonic()
        if self.seats.in_flight and now - self._looked_at >= recall.EVERY:
            self._looked_at = now
            self.recall.look(self.seats.in_flight.values())

    def _claim(self) -> list[Envelope]:
        now, monotonic = clock.now(), clock.monotonic()
        # While a probe is out its answer is awaited, however long the gateway may take; no second one takes its place.
        probing = self._probe is not None and self._probe in self.seats.in_flight.values()
        free = 0 if probing else self.watch.allows(len(self.seats.in_flight), monotonic, self._ready())
        if self.pace:
            free = min(free, AT_ONCE_BESIDE_PAGES)
        opening = self.gate.opening(now) if free else gate.Opening(wide=False)
        if not opening.wide and not opening.probe:
            return []
        seats = free if opening.wide else 1
        repeats = self.watch.budget.allows(seats, monotonic) if opening.wide else 1
        claimed = self.claimer.claim(seats, repeats, now, monotonic)
        self._probe = claimed[0] if opening.probe and claimed else None
        again = sum(envelope.attempts > 0 for envelope in claimed)
        self.watch.budget.spend(len(claimed) - again, again)
        return claimed

    def _ready(self) -> int:
        """How many may wait for a seat."""
        return self.ahead.number(TURN) if self._bridges else 0

    @property
    def _bridges(self) -> bool:
        """Whether the seats go on while the pump is at the database. Not where a repeat would be delivered twice: of
        what is claimed and not recorded nobody knows after a kill whether it left. Nor beside pages."""
        return self.claimer.deduplicates and not self.pace

    def _take(self, deliveries: Iterable[Delivery]) -> None:
        """Decide on each delivery. Nothing here can fail on account of the database, so nothing gets lost."""
        with logs.together():
            for delivery in deliveries:
                step = retry.next_step(delivery.verdict, delivery.envelope, clock.now(), retry.draw(1.0))
                self.unrecorded.append(Result(delivery, step))
                journal.answered(delivery, step)
                advice = self.watch.heed(delivery, clock.monotonic())
                # Only a probe was sent under the hold; what was on its way before proves nothing about it.
                advice = advice if delivery.envelope is self._probe else advice.without_lift()
                if advice != NOTHING:
                    self.unheeded.append(advice)

    def _take_back(self) -> None:
        """What waits for a seat is not to be posted now."""
        self._take([_unbegun(envelope) for envelope in self.seats.take_back()])

    def _heed(self, advice: Advice) -> None:
        now = clock.now()
        if advice.hold or advice.wait:
            self._take_back()
        if advice.hold:
            self.gate.hold(advice.hold, advice.detail, now)
        if advice.wait:
            gate.wait(now + timedelta(seconds=advice.wait), now)
        if advice.lift:
            self.gate.lift(advice.lift, now)


def _record_one_by_one(results: Iterable[Result]) -> None:
    """Find the result that the database refuses: a fault of ours, which fails that message and no other."""
    for result in results:
        try:
            record([result])
        except REFUSED_BY_DATABASE as fault:
            log.error("fault of our own", exc_info=fault, extra={"message_id": result.delivery.envelope.message_id})
            record([spoiled(result)])


def spoiled(result: Result) -> Result:
    """The same message as failed by a fault of ours, or as uncertain if the gateway may have taken it."""
    envelope, answer = result.delivery.envelope, result.delivery.answer
    unknown = envelope.unknown or answer.reached is not Reached.NOTHING_LEFT
    step = Step(Status.UNCERTAIN if unknown else Status.FAILED, Outcome.INTERNAL.value, None, envelope.tries, unknown)
    return Result(Delivery(envelope, answer, Verdict(Outcome.INTERNAL)), step)


def withdrawn(envelope: Envelope) -> Result:
    """The end of a message whose client was erased or opted out while it waited."""
    status = Status.UNCERTAIN if envelope.unknown else Status.CANCELLED
    step = Step(status, envelope.withdrawn, None, envelope.tries, envelope.unknown)
    journal.withdrawn(envelope, step)
    return Result(_unbegun(envelope), step)


def _is_accepted(delivery: Delivery) -> bool:
    return delivery.verdict.outcome is Outcome.ACCEPTED


def _unbegun(envelope: Envelope) -> Delivery:
    now: datetime = clock.now()
    answer = Answer(Reached.NOTHING_LEFT, now, now, begun=False)
    return Delivery(envelope, answer, Verdict(Outcome.NOT_BEGUN))
