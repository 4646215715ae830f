"""What a gateway knows and can be told, apart from how it listens."""

import threading
from collections import deque
from collections.abc import Callable, Iterable

from mailing_app.practice.inbox import Counts, Inbox, Received
from mailing_app.practice.sky import Sky
from mailing_app.practice.weather import Weather


class Rehearsal:
    """The weather, the inbox and the gate, with the handles that tests and people turn.

    `token`, when set, is the only bearer token let in. `latency` is added to every fair answer, in seconds.
    """

    def __init__(self, keep: int = 10_000) -> None:
        self.token = ""
        self.latency = 0.0
        self.sky = Sky()
        self.mailbox = Inbox(keep)
        self.looked_up: deque[int] = deque(maxlen=keep)
        """The ids that somebody asked about, the oldest first."""
        self.gate = threading.Event()
        self.gate.set()

    @property
    def weather(self) -> Weather:
        """The general weather now."""
        return self.sky.weather

    def set_weather(self, weather: Weather | str) -> None:
        """Bring a weather, or a kind as it usually is; cuts off whoever the old one left hanging."""
        self.sky.change(weather if isinstance(weather, Weather) else Weather(weather))

    def script(self, message_id: int | None, answers: Iterable[Weather | bytes | str]) -> None:
        """Queue the next answers for one message, or for any (None): weathers, kinds, or raw bytes."""
        self.sky.script(message_id, [Weather(answer) if isinstance(answer, str) else answer for answer in answers])

    def close_gate(self) -> None:
        """Let send requests in, into the inbox too, but leave them unanswered until the gate opens."""
        self.gate.clear()

    def open_gate(self) -> None:
        """Answer the requests that wait, and those to come."""
        self.gate.set()

    @property
    def inbox(self) -> list[Received]:
        """The messages received and still kept, oldest first."""
        return self.mailbox.kept()

    def received(self, message_id: int) -> list[Received]:
        """Every request kept for one message, oldest first."""
        return self.mailbox.of(message_id)

    def accepted(self) -> set[int]:
        """The ids of the messages accepted."""
        return self.mailbox.accepted_ids()

    def counts(self) -> Counts:
        """How many requests came, over all the inbox ever held."""
        return self.mailbox.counts()

    def clear_inbox(self) -> None:
        """Forget all messages and counts."""
        self.mailbox.clear()

    def wait_for(self, predicate: Callable[[], object], timeout: float = 5.0) -> bool:
        """Wait until the predicate holds, asked after each arrival; False when the seconds ran out."""
        return self.mailbox.wait_for(predicate, timeout)

    def wait_for_requests(self, count: int, timeout: float = 5.0) -> bool:
        """Wait until so many send requests came in all; False when the seconds ran out."""
        return self.wait_for(lambda: self.counts().received >= count, timeout)
