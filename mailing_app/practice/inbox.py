"""What the gateway was asked to send: the last messages whole, all of them counted."""

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Received:
    """A well-formed send request; moments are seconds since the epoch.

    `weather` is the kind that it met, or "scripted" for raw bytes. `accepted` says whether the answer chosen
    is a plain acceptance (fair and slow weather), even if the client left before it came.
    """

    message_id: int
    phone: int
    text: str
    first_byte_at: float
    received_at: float
    body: bytes
    authorization: str
    weather: str
    accepted: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests received and accepted, different messages among them, and how many requests were repeats."""

    received: int
    accepted: int
    distinct: int
    repeated: int


class Inbox:
    """The messages received, oldest first; safe to use from any thread."""

    def __init__(self, keep: int) -> None:
        self._changed = threading.Condition()
        self._kept: deque[Received] = deque(maxlen=keep)
        self._forget_counts()

    def put(self, received: Received) -> None:
        """Add a message and wake whoever waits for one."""
        with self._changed:
            self._kept.append(received)
            self._received += 1
            self._ids.add(received.message_id)
            if received.accepted:
                self._accepted += 1
                self._accepted_ids.add(received.message_id)
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget all messages and all counts."""
        with self._changed:
            self._kept.clear()
            self._forget_counts()
            self._changed.notify_all()

    def kept(self) -> list[Received]:
        """The messages still kept."""
        with self._changed:
            return list(self._kept)

    def newest(self, limit: int) -> list[Received]:
        """The last messages, newest first."""
        return self.kept()[::-1][:limit]

    def of(self, message_id: int) -> list[Received]:
        """Every request kept for one message."""
        return [received for received in self.kept() if received.message_id == message_id]

    def has_accepted(self, message_id: int) -> bool:
        """Whether the message was accepted, kept or not."""
        with self._changed:
            return message_id in self._accepted_ids

    def accepted_ids(self) -> set[int]:
        """The ids of all messages accepted, kept or not."""
        with self._changed:
            return set(self._accepted_ids)

    def counts(self) -> Counts:
        """How many came, whether still kept or not."""
        with self._changed:
            distinct = len(self._ids)
            return Counts(self._received, self._accepted, distinct, self._received - distinct)

    def wait_for(self, predicate: Callable[[], object], timeout: float) -> bool:
        """Wait until the predicate holds, asked after each arrival; False when the seconds ran out."""
        with self._changed:
            return bool(self._changed.wait_for(predicate, timeout))

    def _forget_counts(self) -> None:
        self._received = 0
        self._accepted = 0
        self._ids: set[int] = set()
        self._accepted_ids: set[int] = set()
