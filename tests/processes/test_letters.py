"""The daily letter with real processes and a real mail server: one letter, whatever dies when."""

import signal
import subprocess
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from mailing_app import clock, letters
from mailing_app.db import db, look_again, transaction
from mailing_app.letters import Carrier
from mailing_app.letters.span import RECORDED_WITHIN
from mailing_app.models import Dispatcher, MailState, ReportMail
from tests.letters.conftest import MINUTE, READERS, Mailbox, mail_server, mailbox, with_settings
from tests.processes.conftest import Start, eventually, free_port
from tests.web.pages import press

__all__ = ["mail_server", "mailbox"]

DAY = timedelta(days=1)


@pytest.fixture
def day_ended_at(app: Flask) -> datetime:
    """When the day of the letter ended: lately. The letter of the day before was sent."""
    ended_at = (clock.now() - 5 * MINUTE).replace(second=0, microsecond=0)
    with transaction() as session:
        before = ended_at - DAY
        session.add(ReportMail(due_at=before, state=MailState.SENT, try_at=before, sent_at=before))
    return ended_at


@pytest.fixture
def daily(mail_server: str, day_ended_at: datetime) -> dict[str, Any]:
    """The settings of a service that writes daily."""
    return {"smtp_url": mail_server, "report_email_to": READERS[0], "report_email_at": f"{day_ended_at:%H:%M}",
            "default_timezone": "UTC"}  # fmt: skip


def enlisted() -> int:
    """How many dispatchers there ever were."""
    look_again()
    return db.session.scalar(select(func.count()).select_from(Dispatcher)) or 0


def entry() -> ReportMail:
    look_again()
    return letters.latest()[0]


def test_ten_restarts_of_two_processes_around_the_hour_make_one_letter(
    app: Flask, start: Start, mailbox: Mailbox, daily: dict[str, Any], day_ended_at: datetime
) -> None:
    written_at = day_ended_at + RECORDED_WITHIN
    ahead = (written_at - clock.now()).total_seconds() - 15
    commands: list[Callable[[], list[str]]] = [
        lambda: ["dispatcher"], lambda: ["serve", "--port", str(free_port())],
    ]  # fmt: skip

    def run(number: int) -> subprocess.Popen[bytes]:
        return start(*commands[number % 2](), module="tests.processes.ahead", ahead=ahead, **daily)

    running = [run(0), run(1)]
    for number in range(10):
        known = enlisted()
        leaving = running[number % 2]
        leaving.send_signal(signal.SIGKILL if number % 3 else signal.SIGTERM)
        leaving.wait(20)
        running[number % 2] = run(number)
        eventually(lambda known=known: enlisted() > known)
    eventually(lambda: mailbox.letters, 70)  # who was killed on the way to the mail server is followed after a minute
    assert len(mailbox.letters) == 1
    assert entry().due_at == day_ended_at
    assert entry().state in (MailState.SENT, MailState.HANDED_OVER)


class Gate:
    """A step of the conversation at which the mail server waits."""

    def __init__(self, mailbox: Mailbox, step: str):
        self.reached, self._open = threading.Event(), threading.Event()
        mailbox.at[step] = self._stop

    def _stop(self) -> None:
        self.reached.set()
        self._open.wait(60)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a process that is here, and let the server go on."""
        assert self.reached.wait(60)
        process.kill()
        process.wait()
        self._open.set()


def test_who_is_killed_after_the_hand_over_is_followed_by_nobody_unasked(
    app: Flask, start: Start, mailbox: Mailbox, daily: dict[str, Any], day_ended_at: datetime, operator: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    gate = Gate(mailbox, "DATA")
    gate.kill(start("dispatcher", **daily))
    assert entry().state is MailState.HANDED_OVER
    the_lease_passes()
    with_settings(app, monkeypatch, day_ended_at, smtp_url=daily["smtp_url"])
    assert not Carrier(app, "other").bring()
    assert "Nobody knows whether it arrived" in operator.get("/reports/letters").text
    start("dispatcher", **daily)
    press(operator, f"/reports/letters/{int(day_ended_at.timestamp())}/send-again", page="/reports/letters")
    eventually(lambda: entry().state is MailState.SENT)
    assert [letter["Message-ID"] for letter in mailbox.letters] == [mailbox.letters[0]["Message-ID"]] * 2


def test_who_is_killed_before_the_hand_over_is_followed_by_another(
    app: Flask, start: Start, mailbox: Mailbox, daily: dict[str, Any]
) -> None:
    gate = Gate(mailbox, "MAIL")
    gate.kill(start("dispatcher", **daily))
    assert (entry().state, mailbox.letters) == (MailState.WAITING, [])
    start("dispatcher", **daily)
    the_lease_passes()
    eventually(lambda: entry().state is MailState.SENT)
    assert len(mailbox.letters) == 1


def the_lease_passes() -> None:
    """As time would bring it about."""
    with transaction() as session:
        session.get_one(ReportMail, entry_due_at(session)).try_at = clock.now()


def entry_due_at(session: Any) -> datetime:
    return max(due_at for (due_at,) in session.query(ReportMail.due_at))
