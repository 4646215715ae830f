"""The pump: one thread that claims, hands out, collects and records; the seats beside it only post."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError

from mailing_app import clock, phones
from mailing_app.dispatch import gate, gateway, retry
from mailing_app.dispatch.claim import Claimer
from mailing_app.dispatch.judge import judge
from mailing_app.dispatch.parts import Answer, Delivery, Envelope, Outcome, Reached, Step, Verdict
from mailing_app.dispatch.record import Result, record
from mailing_app.dispatch.seats import Seats
from mailing_app.dispatch.watch import Advice, Watch
from mailing_app.models import Status

log = logging.getLogger(__name__)

REFUSED_BY_DATABASE = (DataError, IntegrityError, ProgrammingError)

IDLE = 0.25
"""Seconds between two looks for due messages when there was none."""


def deliver(address: gateway.Address, envelope: Envelope) -> Delivery:
    """What a seat does: post and judge. Pure but for the network."""
    answer = gateway.post(address, envelope)
    return Delivery(envelope, answer, judge(answer))


@dataclass
class Pump:
    """Claims never more than the free seats; keeps outcomes in memory until the database has taken them."""

    address: gateway.Address
    concurrency: int
    deduplicates: bool
    claimer: Claimer
    pace: Callable[[], float] | None = None
    """Tells how many seconds to rest so that the pages beside stay quick; none in a process of its own."""
    watch: Watch = field(default_factory=Watch)

    def __post_init__(self) -> None:
        self.seats = Seats(self.concurrency, partial(deliver, self.address))
        self.unrecorded: list[Result] = []
        self.unheeded: list[Advice] = []
        self._turns = 0
        self._gate_closed = False

    def turn(self) -> None:
        """Collect what came back, record it, and fill the free seats."""
        busy = bool(self.seats.in_flight)
        self._take(self.seats.collect(IDLE if busy else 0))
        self.flush()
        claimed = self._claim()
        self.seats.give(envelope for envelope in claimed if envelope.phone)
        self.unrecorded += [withdrawn(envelope) for envelope in claimed if not envelope.phone]
        if self.pace:
            time.sleep(self.pace())
        if not claimed and not self.seats.in_flight:
            time.sleep(IDLE)

    def flush(self) -> None:
        """Record what is known. Until the database has taken it, it is kept."""
        try:
            record(self.unrecorded)
        except REFUSED_BY_DATABASE:
            self._record_one_by_one()
        self.unrecorded = []
        while self.unheeded:
            self._heed(self.unheeded[0])
            del self.unheeded[0]

    def _record_one_by_one(self) -> None:
        """Find the result that the database refuses: a fault of ours, which fails that message and no other."""
        for result in self.unrecorded:
            try:
                record([result])
            except REFUSED_BY_DATABASE as fault:
                log.error("fault of our own", exc_info=fault, extra={"message_id": result.delivery.envelope.message_id})
                record([spoiled(result)])

    def held(self) -> set[int]:
        """The ids of the messages that this process has claimed and not recorded."""
        return {*self.seats.in_flight, *(result.delivery.envelope.message_id for result in self.unrecorded)}

    def stop(self, seconds: float) -> None:
        """Claim nothing more, give back what was not begun, wait for what is in flight, record everything."""
        unbegun = [_unbegun(envelope) for envelope in self.seats.take_back()]
        self._take(unbegun)
        deadline = clock.monotonic() + seconds
        while self.seats.in_flight and (left := deadline - clock.monotonic()) > 0:
            self._take(self.seats.collect(left))
            self.flush()
        self.flush()
        self.seats.close()

    def _claim(self) -> list[Envelope]:
        now = clock.now()
        free = self.watch.breaker.allows(self.seats.free, len(self.seats.in_flight), clock.monotonic())
        if not free:
            return []
        opening = gate.opening(now)
        self._gate_closed = not opening.wide
        if self._gate_closed and not opening.probe:
            return []
        self._turns += 1
        return self.claimer.claim(free if opening.wide else 1, self._turns, now, clock.monotonic())

    def _take(self, deliveries: Iterable[Delivery]) -> None:
        """Decide on each delivery. Nothing here can fail on account of the database, so nothing gets lost."""
        for delivery in deliveries:
            _tell(delivery)
            chance = retry.draw(1.0)
            step = retry.next_step(delivery.verdict, delivery.envelope, clock.now(), chance, self.deduplicates)
            self.unrecorded.append(Result(delivery, step))
            self.unheeded.append(self.watch.heed(delivery, clock.monotonic()))

    def _heed(self, advice: Advice) -> None:
        now = clock.now()
        if advice.hold:
            gate.hold(advice.hold, advice.detail, now)
        if advice.wait:
            gate.wait(now + timedelta(seconds=advice.wait))
        if advice.lift and self._gate_closed:
            gate.lift()


def spoiled(result: Result) -> Result:
    """The same message as failed by a fault of ours, or as uncertain if the gateway may have taken it."""
    envelope, answer = result.delivery.envelope, result.delivery.answer
    unknown = envelope.unknown or answer.reached is not Reached.NOTHING_LEFT
    step = Step(Status.UNCERTAIN if unknown else Status.FAILED, Outcome.INTERNAL.value, None, envelope.tries, unknown)
    return Result(Delivery(envelope, answer, Verdict(Outcome.INTERNAL)), step)


def withdrawn(envelope: Envelope) -> Result:
    """The end of a message whose client was erased while it waited."""
    status = Status.UNCERTAIN if envelope.unknown else Status.CANCELLED
    step = Step(status, "client_erased", None, envelope.tries, envelope.unknown)
    return Result(_unbegun(envelope), step)


def _unbegun(envelope: Envelope) -> Delivery:
    now: datetime = clock.now()
    answer = Answer(Reached.NOTHING_LEFT, now, now, begun=False)
    return Delivery(envelope, answer, Verdict(Outcome.NOT_BEGUN))


def _tell(delivery: Delivery) -> None:
    """One line an exchange: who, what came, how long; the phone masked, the text absent."""
    envelope, answer, verdict = delivery.envelope, delivery.answer, delivery.verdict
    log.log(
        logging.ERROR if verdict.outcome is Outcome.INTERNAL else logging.INFO,
        "gateway answered",
        extra={
            "mailing_id": envelope.mailing_id,
            "message_id": envelope.message_id,
            "client_id": envelope.client_id,
            "attempt": envelope.attempts + 1,
            "phone": phones.masked(envelope.phone),
            "outcome": verdict.outcome.value,
            "http_status": answer.status or None,
            "seconds": round((answer.ended_at - answer.began_at).total_seconds(), 3),
            "error": verdict.error,
        },
    )
