"""The lines of the log: one a fact, nothing forged, nobody's phone."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import StatementError
from waitress.task import ThreadedTaskDispatcher

from mailing_app import clock, logs
from mailing_app.db import transaction
from mailing_app.models import Client
from tests.factories import a_client

PHONE = "79001234567"
SPELLINGS = (PHONE, "+7 (900) 123-45-67", "8 900 123 45 67", "+7-900-123-45-67")
HOSTILE = "a\r\nb\x1b[2Jc\x7fd\x85e\u2028f\u202eg\u2066h\x00i\ud800"

log = logging.getLogger("tests")

SENSELESS = {"phone": PHONE, "tag": "secret tag"}

Lines = Callable[[], list[str]]


@pytest.fixture(params=["text", "json"])
def lines(request: pytest.FixtureRequest) -> Iterator[Lines]:
    """What has been logged since the last look, by the set-up of a real process, in either format."""
    with logged(request.param) as found:
        yield found


@contextmanager
def logged(log_format: str) -> Iterator[Lines]:
    """Log as a process does, and read what it would write to standard error."""
    logs.set_up(as_json=log_format == "json")
    handler, told = logging.getLogger().handlers[-1], io.StringIO()
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(told)

    def found() -> list[str]:
        text = told.getvalue()
        told.seek(0)
        told.truncate()
        return text.split("\n")[:-1]

    yield found
    logging.getLogger().removeHandler(handler)


def fault(told: str) -> Exception:
    """A fault that was raised from another one, so that there are frames to show."""
    try:
        try:
            raise KeyError(told)
        except KeyError as earlier:
            raise ValueError(told) from earlier
    except ValueError as raised:
        return raised


@pytest.mark.parametrize("tell", [
    log.info,
    lambda told: log.info("told %s", told),
    lambda told: log.info("told", extra={"detail": told}),
    lambda told: log.info("told", extra={"detail": {told: [told, (told,)]}}),
    lambda told: log.info("told", extra={"detail": fault(told)}),
    lambda told: log.error("told", exc_info=fault(told)),
    lambda told: logging.getLogger("waitress").error("Exception while serving %s", told, exc_info=fault(told)),
    lambda told: logging.getLogger(told).info("told"),
], ids=["message", "argument", "extra", "nested", "object", "trace", "library", "logger"])  # fmt: skip
def test_a_fact_is_one_line_of_what_can_be_seen_and_names_no_phone(lines: Lines, tell: Callable[[str], Any]) -> None:
    tell(HOSTILE + " " + " ".join(SPELLINGS))
    found = lines()
    assert len(found) == 1
    assert found[0].isprintable()
    assert "7900*****67" in found[0]
    assert not any(spelling in found[0] for spelling in SPELLINGS)


def test_ids_and_figures_stand_as_they_are(lines: Lines) -> None:
    log.info("told", extra={"client_id": int(PHONE), "seconds": 0.5, "alive": True, "until": None})
    (line,) = lines()
    told = json.loads(line) if line.startswith("{") else dict(part.split("=") for part in line.split()[-4:])
    assert {name: str(told[name]) for name in ("client_id", "seconds", "alive", "until")} == {
        "client_id": PHONE, "seconds": "0.5", "alive": "True", "until": "None",
    }  # fmt: skip


def test_requests_that_wait_for_a_thread_do_not_fill_the_log(lines: Lines) -> None:
    without_threads = ThreadedTaskDispatcher()
    for request in range(3):
        without_threads.add_task(request)
    assert lines() == []


@pytest.mark.parametrize("name", ["address", "request_id"])
def test_what_looks_like_a_phone_and_is_an_address_or_an_id_can_be_read(lines: Lines, name: str) -> None:
    for value in ("79.123.45.167", "79.123.145.167", "a79001234567bcde"):
        log.info("told", extra={name: value})
        assert value in lines()[0]


def test_a_trace_tells_where_it_went_wrong_and_what_led_to_it(lines: Lines) -> None:
    log.error("told", exc_info=fault("it"))
    (line,) = lines()
    assert line.index("KeyError: ") < line.index("ValueError: it")
    assert "test_logs.py" in line


def unique() -> None:
    a_client(phone=PHONE, tag="secret tag")
    with transaction() as session:
        session.add(Client(phone=PHONE, operator_code="900", tag="secret tag", timezone="x", **moments()))


def impossible() -> None:
    """PostgreSQL quotes the whole row that fails a check."""
    with transaction() as session:
        session.add(Client(phone=PHONE, operator_code="9000"[:2], tag="secret tag", timezone="x", **moments()))


def senseless() -> None:
    """A statement that the database cannot make sense of, with a text and a phone among its values."""
    with transaction() as session:
        session.execute(text("SELECT nothing FROM client WHERE phone = :phone OR tag = :tag"), SENSELESS)


def unsuitable() -> None:
    """A value that SQLAlchemy itself refuses before the database sees it."""
    with transaction() as session:
        plain = moments() | {"created_at": moments()["created_at"].replace(tzinfo=None)}
        session.add(Client(phone=PHONE, operator_code="900", tag="secret tag", timezone="x", **plain))


def moments() -> dict[str, Any]:
    return {"created_at": clock.now(), "updated_at": clock.now()}


@pytest.mark.parametrize("break_", [unique, impossible, senseless, unsuitable])
def test_a_fault_of_the_database_quotes_no_row(app: Flask, lines: Lines, break_: Callable[[], None]) -> None:
    lines()
    with pytest.raises(StatementError) as raised:
        break_()
    assert "secret tag" not in str(raised.value).partition("DETAIL")[0]
    log.error("fault of our own", exc_info=raised.value)
    trace = "\n".join(lines())
    assert "fault of our own" in trace
    assert PHONE not in trace
    assert "secret tag" not in trace
