"""Which weather the next request meets, and for how long it may be kept waiting."""

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mailing_app.practice.connection import Connection
from mailing_app.practice.weather import BY_ENDING, Weather


@dataclass(frozen=True, slots=True)
class Outlook:
    """What one request is to meet: a weather or raw bytes, chosen before the sky's next change."""

    answer: Weather | bytes
    change: int
    ends_at: float | None


class Sky:
    """The weather over the gateway: scripted answers first, then the phone's own, then the general one."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.by_ending = {ending: Weather(kind) for ending, kind in BY_ENDING.items()}
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._scripts: defaultdict[int | None, deque[Weather | bytes]] = defaultdict(deque)
        self._held: set[Connection] = set()
        self._changes = 0
        self._set(Weather())

    @property
    def weather(self) -> Weather:
        """The general weather now."""
        with self._lock:
            return self._general()

    def change(self, weather: Weather) -> None:
        """Bring another weather; whoever was left hanging in the old one is cut off."""
        with self._lock:
            self._set(weather)
            self._changes += 1
            held, self._held = self._held, set()
        for connection in held:
            connection.drop()

    def script(self, message_id: int | None, answers: Iterable[Weather | bytes]) -> None:
        """Queue the next answers for one message, or for any message when the id is None."""
        with self._lock:
            self._scripts[message_id].extend(answers)

    def outlook(self, message_id: int, phone: int) -> Outlook:
        """Decide what a request meets; a scripted answer is used up by it."""
        with self._lock:
            answer = self._scripted(message_id)
            if answer is None:
                answer = self.by_ending.get(str(phone)[-4:])
            if answer is not None:
                return Outlook(answer, self._changes, None)
            return Outlook(self._share_of_general(), self._changes, self._ends_at)

    def outlook_of_all(self) -> Outlook:
        """Decide by the general weather alone what a request meets that is not about a phone."""
        with self._lock:
            return Outlook(self._share_of_general(), self._changes, self._ends_at)

    def patience(self, outlook: Outlook) -> float:
        """Seconds until the weather of an outlook ends by itself."""
        return float("inf") if outlook.ends_at is None else max(0.0, outlook.ends_at - self._monotonic())

    @contextmanager
    def holding(self, connection: Connection, outlook: Outlook) -> Iterator[None]:
        """Keep a connection unanswered, to be dropped as soon as the weather changes."""
        with self._lock:
            changed = outlook.change != self._changes
            self._held.add(connection)
        if changed:
            connection.drop()
        try:
            yield
        finally:
            with self._lock:
                self._held.discard(connection)

    def _set(self, weather: Weather) -> None:
        self._weather = weather
        self._asked = 0
        self._ends_at = None if weather.for_seconds is None else self._monotonic() + weather.for_seconds

    def _general(self) -> Weather:
        if self._ends_at is not None and self._monotonic() >= self._ends_at:
            self._set(Weather())
        return self._weather

    def _scripted(self, message_id: int) -> Weather | bytes | None:
        for key in (message_id, None):
            if answers := self._scripts.get(key):
                return answers.popleft()
        return None

    def _share_of_general(self) -> Weather:
        weather = self._general()
        self._asked += 1
        # Spread evenly, not by chance: a rehearsal can be repeated. The epsilon forgives 0.29 * 100 < 29.
        hits, hits_before = (int(n * weather.share + 1e-9) for n in (self._asked, self._asked - 1))
        return weather if hits > hits_before else Weather()
