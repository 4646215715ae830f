"""Logs: one line a fact, as text or JSON, with the ids that are known, so that one grep tells a story.

Whatever comes in, a line stays one line, shows every character that leaves no ink, and names no phone.
"""

import logging
import sys
import traceback
from typing import Any

from flask import g, request
from pythonjsonlogger.json import JsonFormatter

from mailing_app.masking import nameless, without_phones


class TextFormatter(logging.Formatter):
    """For people at a terminal: the sentence, then `name=value` for whatever the fact carries."""

    def format(self, record: logging.LogRecord) -> str:
        record.message, record.asctime = record.getMessage(), self.formatTime(record)
        told = facts(record) | _trace_of(record)
        named = [f"{name}={_told(name, value)!r}" for name, value in told.items()]
        return " ".join([_visible(without_phones(self.formatMessage(record))), *named])


class JsonLines(JsonFormatter):
    """For machines: an object a line, in ASCII."""

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {name: _told(name, value) for name, value in log_data.items()}

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the library's own name
        return trace(ei[1])

    def jsonify_log_record(self, log_data: dict[str, Any]) -> str:
        # The one control character that JSON lets stand (RFC 8259, 7).
        return str(super().jsonify_log_record(log_data)).replace("\x7f", "\\u007f")


def facts(record: logging.LogRecord) -> dict[str, Any]:
    """What the caller gave as `extra`."""
    return {name: value for name, value in vars(record).items() if name not in _ORDINARY}


def of_request() -> dict[str, Any]:
    """What every line about the present request carries: its id, and the address that it came from."""
    return {"request_id": g.get("request_id", ""), "address": request.remote_addr or ""}


def set_up(as_json: bool) -> None:
    """Send every log line of the process to standard error, as JSON or as text."""
    handler = logging.StreamHandler(sys.stderr)
    names = "%(asctime)s %(levelname)s %(name)s %(message)s"
    handler.setFormatter(JsonLines(names, rename_fields=_RENAMED) if as_json else TextFormatter(names))
    root = logging.getLogger()
    root.handlers = [other for other in root.handlers if not isinstance(other.formatter, _OURS)] + [handler]
    root.setLevel(logging.INFO)
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


def _trace_of(record: logging.LogRecord) -> dict[str, str]:
    return {"trace": trace(record.exc_info[1])} if record.exc_info else {}


def _told(name: str, value: Any) -> Any:
    """A fact without the phones in it; `79.123.45.167` and some ids look like one and are none."""
    return value if name in _NO_PHONES else nameless(value)


def _visible(text: str) -> str:
    """Nobody forges a line, or turns one round, by putting line ends, escapes or bidi controls into a value."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


_NO_PHONES = ("address", "request_id")
_OURS = (JsonLines, TextFormatter)
_RENAMED = {"asctime": "at", "levelname": "level", "name": "logger"}
_ORDINARY = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
_QUIETER = {
    "alembic": logging.WARNING,
    "waitress.queue": logging.ERROR,  # each request that waits for a thread is a warning to it
    "flask_wtf": logging.WARNING,  # a forged form is told by ourselves, with who sent it
    "werkzeug": logging.WARNING,  # its lines hold whole addresses, and the search for a phone is one
    "urllib3": logging.ERROR,  # what is wrong with an answer is the judge's to say, and masked
    "apscheduler": logging.ERROR,  # each second that a tick takes longer than one is a warning to it
}
