"""The seats: threads that post, one message each at a time, and touch neither the database nor Flask."""

import threading
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue

from mailing_app.dispatch.parts import Delivery, Envelope


class Seats:
    """A pool of threads between two queues. One thread gives and collects; `number` bounds what is posted at a time."""

    def __init__(self, number: int, deliver: Callable[[Envelope], Delivery]):
        self.number = number
        self._deliver = deliver
        self._waiting: SimpleQueue[Envelope | None] = SimpleQueue()
        self._back: SimpleQueue[Delivery] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.in_flight: dict[tuple[int, int], Envelope] = {}
        """What was given and is not collected yet, by message and epoch: after others took this process for dead it may
        claim anew what it has on the wire."""

    def give(self, envelopes: Iterable[Envelope]) -> None:
        """Post these, as soon as there is a seat. A thread is started only when there is work for it."""
        for envelope in envelopes:
            # First the thread: where the system gives none, the claim is a stray and soon free, not in flight for ever.
            if len(self._threads) < min(len(self.in_flight) + 1, self.number):
                self._start()
            self.in_flight[envelope.message_id, envelope.epoch] = envelope
            self._waiting.put(envelope)

    def collect(self, seconds: float) -> list[Delivery]:
        """All that came back; waits for the first at most so long."""
        deliveries: list[Delivery] = []
        try:
            deliveries.append(self._back.get(timeout=seconds))
            while True:
                deliveries.append(self._back.get_nowait())
        except Empty:
            pass
        for delivery in deliveries:
            self.in_flight.pop((delivery.envelope.message_id, delivery.envelope.epoch), None)
        return deliveries

    @property
    def waiting(self) -> int:
        """How many that were given wait for a seat."""
        return self._waiting.qsize()

    def take_back(self) -> list[Envelope]:
        """The envelopes that no thread has begun yet, no longer to be posted now."""
        unbegun: list[Envelope] = []
        try:
            while envelope := self._waiting.get_nowait():
                unbegun.append(envelope)
                self.in_flight.pop((envelope.message_id, envelope.epoch), None)
        except Empty:
            pass
        return unbegun

    def close(self) -> None:
        """Let the threads go home."""
        for _ in self._threads:
            self._waiting.put(None)

    def _start(self) -> None:
        # Daemons, so that a gateway which holds an answer back cannot hold the process at its end.
        thread = threading.Thread(target=self._sit, name=f"seat-{len(self._threads)}", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # no more threads to be had: those there are go on
            if not self._threads:
                raise
            return
        self._threads.append(thread)

    def _sit(self) -> None:
        while envelope := self._waiting.get():
            self._back.put(self._deliver(envelope))
