"""A connection, and how long its client is waited for.

The manual of waitress promises none of what this relies on; the version is pinned, and the tests of slow clients in
tests/processes see what each part is for: `readable` is asked at least once a second in the main thread, `recv`, `send`
and `received` move all bytes, `request` is the one that is coming in, `requests` are those that wait for a thread or
have one, `total_outbufs_len` is what the client has not taken yet, and `handle_close` wakes the thread that waits for
that.
"""

import logging
import math
from enum import IntEnum
from typing import Any

from waitress.channel import HTTPChannel

from mailing_app import clock
from mailing_app.webserver.parser import Parser
from mailing_app.webserver.refusal import RefusalTask

log = logging.getLogger(__name__)

MOST_CONNECTIONS = 300
"""At once: each takes up to three of the 1,024 descriptors that a process usually has."""

LEAST_RATE = 1024
"""Bytes a second that a client must send of a body, and take of an answer, over each stretch of its patience."""

ROOM_FOR_BODIES = 512 * 2**20
"""Bytes of all bodies that are there or on their way, together: two of the largest files. They wait on disk."""

BETWEEN_LOOKS = 0.5
"""Seconds: a busy server goes round thousands of times in one, past hundreds of connections."""

_STEP = 2**20
"""After so many bytes of a body it is looked whether there is room."""


class Stage(IntEnum):
    """What the server waits for; where it has to choose, the first of these is given up first."""

    IDLE = 1
    HEAD = 2
    BODY = 3
    ANSWER = 4
    WORK = 5
    """For itself."""


PATIENCE = {Stage.IDLE: 75, Stage.HEAD: 20, Stage.BODY: 30, Stage.ANSWER: 30}
"""Seconds. A head has them for the whole; idle is longer than proxies keep a connection (nginx: 60), so that they hang
up first and never send a request into one that closes (Apache's mod_reqtimeout does likewise)."""

_RATES = {Stage.IDLE: 0, Stage.HEAD: math.inf, Stage.BODY: LEAST_RATE, Stage.ANSWER: LEAST_RATE}
"""Bytes a second: where more than that moved, patience begins anew; a head has to come in one stretch."""


class Channel(HTTPChannel):
    """A connection that is closed when its client keeps it waiting, and gives way when there are too many."""

    error_task_class = RefusalTask

    def __init__(self, *given: Any, takes_files: frozenset[str], https: bool, **named: Any) -> None:
        self.https = https
        self.parser_class = lambda adjustments: Parser(adjustments, takes_files)
        self._waits_for: tuple[Stage, Any] = (Stage.IDLE, None)
        self._since, self._moved = clock.monotonic(), 0
        self._next_look = self._since
        super().__init__(*given, **named)
        if len(self.server.active_channels) > MOST_CONNECTIONS:
            self._take_the_place_of_another()

    @property
    def stage(self) -> Stage:
        """What the server waits for on this connection."""
        if self.total_outbufs_len:
            return Stage.ANSWER
        if self.requests or self.close_when_flushed:
            return Stage.WORK
        if self.request is None:
            return Stage.IDLE
        return Stage.BODY if self.request.headers_finished else Stage.HEAD

    @property
    def held(self) -> int:
        """Bytes of bodies that are kept for this connection."""
        requests = [*self.requests, *([self.request] if self.request else [])]
        return sum(request.body_bytes_received for request in requests)

    @property
    def pace(self) -> float:
        """Bytes a second of the present stretch."""
        return self._moved / (clock.monotonic() - self._since + 1)

    def recv(self, buffer_size: int) -> bytes:
        """What came in; it counts."""
        data: bytes = super().recv(buffer_size)
        self._moved += len(data)
        return data

    def send(self, data: bytes, do_close: bool = True) -> int:
        """How much of it went out; it counts."""
        sent: int = super().send(data, do_close)
        self._moved += sent
        return sent

    def readable(self) -> bool:
        """Whether to look for what the client sends. Asked in every round, so it is here that patience ends."""
        if self.connected and self._is_overdue():
            self.hang_up("kept waiting by a client")
        return self.connected and super().readable()

    def received(self, data: bytes) -> bool:
        """Take in what came; when there is no room for the bodies of all, the slowest is given up."""
        before = self.held
        told: bool = super().received(data)
        if self.held // _STEP > before // _STEP:
            self._make_room()
        return told

    def hang_up(self, why: str) -> None:
        """Close the connection now; a thread that writes to it is told, and what it reads from is closed with it."""
        log.info(why, extra={"stage": self.stage.name.lower(), "address": self.addr[0]})
        self.will_close = self.close_when_flushed = False  # closed already: a second time would be another's descriptor
        self.handle_close()

    def _is_overdue(self) -> bool:
        now = clock.monotonic()
        if now < self._next_look:
            return False
        self._next_look, waits_for = now + BETWEEN_LOOKS, (self.stage, self.request)
        if waits_for != self._waits_for:
            self._waits_for, self._since, self._moved = waits_for, now, 0
        stage = waits_for[0]
        if stage is Stage.WORK or now - self._since < PATIENCE[stage]:
            return False
        if self._moved <= _RATES[stage] * PATIENCE[stage]:
            return True
        self._since, self._moved = now, 0
        return False

    def _take_the_place_of_another(self) -> None:
        others = [each for each in self.server.active_channels.values() if each is not self]
        waiting = [each for each in others if each.stage is not Stage.WORK]
        if waiting:
            min(waiting, key=lambda each: (each.stage, each._since)).hang_up("gave way to a new client")

    def _make_room(self) -> None:
        channels = list(self.server.active_channels.values())
        coming = sorted((each for each in channels if each.stage is Stage.BODY), key=lambda each: each.pace)
        while coming and sum(each.held for each in channels if each.connected) > ROOM_FOR_BODIES:
            coming.pop(0).hang_up("no room for a body")
