"""Logs: one line a fact, as text or JSON, with the ids that are known, so that one grep tells a story.

Whatever comes in, a line stays one line, shows every character that leaves no ink, and names no phone.
"""

import json
import logging
import re
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from functools import lru_cache
from typing import Any, TextIO

from flask import g, has_request_context, request

from mailing_app import clock
from mailing_app.masking import SHORTEST, nameless, without_phones

WELL_FORMED = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""The ids of requests that proxies make: 128 bits in hexadecimal, or a UUID (RFC 9562, 4)."""


class TextLines(logging.Formatter):
    """For people at a terminal: the sentence, then `name=value` for whatever the fact carries."""

    def format(self, record: logging.LogRecord) -> str:
        said = f"{moment(record.created)} {record.levelname} {record.name} {record.getMessage()}"
        named = [f"{name}={value!r}" for name, value in facts(record).items()]
        return " ".join([_visible(without_phones(said)), *named])


class JsonLines(logging.Formatter):
    """For machines: an object a line, in ASCII. Two such lines are written for every message that is sent."""

    def format(self, record: logging.LogRecord) -> str:
        said = {
            "at": moment(record.created),
            "level": record.levelname,
            "logger": _masked(record.name),
            "message": _masked(record.getMessage()),
            **facts(record),
        }
        # The one control character that JSON lets stand (RFC 8259, 7).
        return _OBJECT.encode(said).replace("\x7f", "\\u007f")


class Told(logging.LogRecord):
    """A record of what is told thousands of times a second: nothing is looked up for it that its line does not show,
    and no phone is looked for in what it tells. Whatever else a record has is that of a blank one."""

    def __init__(self, name: str, level: int, message: str, told: Mapping[str, Any]) -> None:
        vars(self).update(_BLANK)
        self.name, self.levelno, self.levelname, self.msg = name, level, logging.getLevelName(level), message
        self.created, self.told = clock.now().timestamp(), told


class Lines(logging.StreamHandler[TextIO]):
    """Writes each line as it is told, or those that a thread tells together in one piece."""

    def emit(self, record: logging.LogRecord) -> None:
        kept: list[str] | None = getattr(_told_together, "lines", None)
        if kept is None:
            super().emit(record)
        else:
            try:
                kept.append(self.format(record) + self.terminator)
            except Exception:
                self.handleError(record)

    def write(self, lines: Sequence[str]) -> None:
        """Write these at once."""
        with self.lock or nullcontext(), suppress(OSError):
            self.stream.write("".join(lines))
            self.flush()


def tell(log: logging.Logger, level: int, message: str, told: Mapping[str, Any]) -> None:
    """What `log.log(level, message, extra=told)` does at a third of its price, for who tells no phone."""
    if log.isEnabledFor(level):
        log.handle(Told(log.name, level, message, told))


@contextmanager
def together() -> Iterator[None]:
    """What this thread tells within is written at its end, in one piece: to write a line takes longer than to make it,
    and meanwhile every other thread takes the interpreter.
    """
    lines = _told_together.lines = []
    try:
        yield
    finally:
        _told_together.lines = None
        for handler in logging.getLogger().handlers if lines else ():
            if isinstance(handler, Lines):
                handler.write(lines)


def facts(record: logging.LogRecord) -> Mapping[str, Any]:
    """What the caller gave as `extra`, without phones, and the trace where there is one."""
    if isinstance(record, Told):
        return record.told
    given = {name: _told(name, value) for name, value in vars(record).items() if name not in _ORDINARY}
    return given | {"trace": nameless(trace(record.exc_info[1]))} if record.exc_info else given


def moment(seconds: float) -> str:
    """A moment since the epoch as the API writes it, to the millisecond."""
    return f"{_second(int(seconds))}.{int(seconds % 1 * 1000):03d}Z"


@lru_cache(maxsize=256)
def _masked(sentence: str) -> str:
    """Nearly all sentences are the house's own, and the same ones again and again."""
    return without_phones(sentence)


@lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def name_of(given: str) -> str | None:
    """The id under which somebody before us knows the request, where it is one that proxies make: anything else could
    be chosen so as to be found among the lines about something else."""
    return given.lower() if WELL_FORMED.fullmatch(given) else None


def of_request() -> dict[str, Any]:
    """What every line about the present request carries: its id, and the address that it came from."""
    return {"request_id": g.get("request_id", ""), "address": request.remote_addr or ""}


def set_up(as_json: bool) -> None:
    """Send every log line of the process to standard error, as JSON or as text."""
    handler = Lines(sys.stderr)
    handler.setFormatter(JsonLines() if as_json else TextLines())
    handler.addFilter(_name_request)
    root = logging.getLogger()
    root.handlers = [other for other in root.handlers if not isinstance(other.formatter, _OURS)] + [handler]
    root.setLevel(logging.INFO)
    logging._srcfile = None  # no line tells its caller (the HOWTO of logging, Optimization)
    for unasked in ("logThreads", "logProcesses", "logMultiprocessing", "logAsyncioTasks"):
        setattr(logging, unasked, False)  # no line tells them, and to look them up costs as much as to write the line
    for name, level in _QUIETER.items():
        logging.getLogger(name).setLevel(level)


def trace(fault: BaseException | None) -> str:
    """Where a fault came from and what it says, whatever led to it first; pure.

    Not what the database quotes: its DETAIL holds whole rows, with phones and texts in them.
    """
    told: dict[int, str] = {}
    while fault is not None and id(fault) not in told:  # one may be raised from itself
        frames = "".join(traceback.format_tb(fault.__traceback__))
        told[id(fault)] = f"{frames}{type(fault).__module__}.{type(fault).__qualname__}: {_words(fault)}"
        fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    return "\n".join(reversed(told.values()))


def _words(fault: BaseException) -> str:
    """What a fault says; of one that SQLAlchemy wraps the driver's sentence and the statement without its values."""
    statement, wrapped = getattr(fault, "statement", None), getattr(fault, "orig", None)
    if isinstance(wrapped, BaseException):
        return f"{_words(wrapped)} [{statement}]"
    return getattr(getattr(fault, "diag", None), "message_primary", None) or str(fault)


def _name_request(record: logging.LogRecord) -> bool:
    """Whatever is told while a request is answered carries its id, wherever in the house it is told."""
    if has_request_context() and not hasattr(record, "request_id"):
        record.request_id = g.get("request_id", "")
    return True


def _told(name: str, value: Any) -> Any:
    """A fact without the phones in it; `79.123.45.167` and some ids look like one and are none."""
    # Most values are ids, figures and single words: to look at those costs as much as the rest of the line.
    if value is None or type(value) in _FIGURES or (type(value) is str and len(value) < SHORTEST) or name in _NO_PHONES:
        return value
    return nameless(value)


def _visible(text: str) -> str:
    """Nobody forges a line, or turns one round, by putting line ends, escapes or bidi controls into a value."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


_told_together = threading.local()
_OBJECT = json.JSONEncoder(check_circular=False, default=str)
_NO_PHONES = ("address", "request_id")
_FIGURES = (int, float, bool)
_OURS = (JsonLines, TextLines)
_BLANK = vars(logging.makeLogRecord({}))
_ORDINARY = {*_BLANK, "message", "asctime", "taskName"}
_QUIETER = {
    "alembic": logging.WARNING,
    "waitress.queue": logging.ERROR,  # each request that waits for a thread is a warning to it
    "flask_wtf": logging.WARNING,  # a forged form is told by ourselves, with who sent it
    "werkzeug": logging.WARNING,  # its lines hold whole addresses, and the search for a phone is one
    "urllib3": logging.ERROR,  # what is wrong with an answer is the judge's to say, and masked
    "apscheduler": logging.ERROR,  # each second that a tick takes longer than one is a warning to it
    "procrastinate": logging.CRITICAL,  # what a job comes to is told by ourselves, and an outage once
    "psycopg": logging.CRITICAL,  # its pool warns at each try to come back to a database that is away
}
