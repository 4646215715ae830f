"""Logs: one line a fact, as text or JSON, with the ids that are known, so that one grep tells a story."""

import logging
import sys
from typing import Any

from pythonjsonlogger.json import JsonFormatter


class TextFormatter(logging.Formatter):
    """For people at a terminal: the sentence, then `name=value` for whatever the fact carries."""

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        told = [f"{name}={value!r}" for name, value in facts(record).items()]
        return " ".join([_one_line(line) if record.exc_info is None else line, *told])


def facts(record: logging.LogRecord) -> dict[str, Any]:
    """What the caller gave as `extra`."""
    return {name: value for name, value in vars(record).items() if name not in _ORDINARY}


def set_up(as_json: bool) -> None:
    """Send every log line of the process to standard error, as JSON or as text."""
    handler = logging.StreamHandler(sys.stderr)
    names = "%(asctime)s %(levelname)s %(name)s %(message)s"
    handler.setFormatter(JsonFormatter(names, rename_fields=_RENAMED) if as_json else TextFormatter(names))
    root = logging.getLogger()
    root.handlers = [other for other in root.handlers if not isinstance(other.formatter, _OURS)] + [handler]
    root.setLevel(logging.INFO)
    for loud in ("alembic", "waitress.queue"):
        logging.getLogger(loud).setLevel(logging.WARNING)
    # Each second that a tick takes longer than one is a warning to it.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def _one_line(text: str) -> str:
    """Nobody forges a second line by putting a line end into a value."""
    return text.replace("\r", "\\r").replace("\n", "\\n")


_OURS = (JsonFormatter, TextFormatter)
_RENAMED = {"asctime": "at", "levelname": "level", "name": "logger"}
_ORDINARY = {*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"}
