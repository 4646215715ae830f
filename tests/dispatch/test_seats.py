"""The seats with a delivery of the test's own in them."""

import threading

import pytest

from mailing_app.dispatch.parts import Delivery, Envelope, Outcome, Verdict
from mailing_app.dispatch.seats import Seats
from tests.dispatch.samples import an_answer, an_envelope


def test_a_late_delivery_does_not_take_the_seat_of_a_newer_claim_of_the_same_message() -> None:
    """After others took this dispatcher for dead it may claim anew what it still has on the wire."""
    go_on = {epoch: threading.Event() for epoch in (1, 2)}

    def deliver(envelope: Envelope) -> Delivery:
        go_on[envelope.epoch].wait(10)
        return Delivery(envelope, an_answer(), Verdict(Outcome.ACCEPTED))

    seats = Seats(4, deliver)
    old, new = an_envelope(epoch=1), an_envelope(epoch=2)
    seats.give([old, new])
    go_on[1].set()
    [delivery] = seats.collect(10)
    go_on[2].set()
    seats.close()
    assert delivery.envelope is old
    assert list(seats.in_flight.values()) == [new]
    assert len(seats.in_flight) == 1


def test_a_thread_that_cannot_be_started_costs_no_seat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its claim is then a stray, which the next beat frees; it must not count as in flight for ever."""

    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    seats = Seats(4, lambda envelope: Delivery(envelope, an_answer(), Verdict(Outcome.ACCEPTED)))
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            seats.give([an_envelope(message_id=1)])
    assert seats.in_flight == {}
    seats.give([an_envelope(message_id=2)])
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        seats.give([an_envelope(message_id=3)])  # the one thread that there is does the work of both
    told: set[int] = set()
    while len(told) < 2:
        told |= {delivery.envelope.message_id for delivery in seats.collect(5)}
    assert told == {2, 3}
    seats.close()
