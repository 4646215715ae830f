"""A real mail server in this process, and the service's own way to it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask

from mailing_app import clock
from mailing_app.letters import Carrier
from tests.processes.conftest import free_port

READERS = ("ada@example.org", "grace@example.org")
MINUTE = timedelta(minutes=1)


class Mailbox:
    """What came to the server. It says to each step of a conversation what the test wants, else that all is well."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.said: dict[str, str] = {}
        self.at: dict[str, Callable[[], Any]] = {}
        """What to do at a step before it is answered."""

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd calls it so
        envelope.mail_from = address
        self.at.get("MAIL", bool)()
        return self.said.get("MAIL", "250 OK")

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - aiosmtpd calls it so
        answer = self.said.get(address) or self.said.get("RCPT", "250 OK")
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd calls it so
        answer = self.said.get("DATA", "250 OK")
        if answer.startswith("2"):
            self.raw.append(envelope.content)
            letter = message_from_bytes(envelope.content, policy=policy.default)
            letter["X-Given-To"] = ", ".join(envelope.rcpt_tos)
            self.letters.append(letter)  # type: ignore[arg-type]
        self.at.get("DATA", bool)()
        return answer


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def mail_server(mailbox: Mailbox) -> Iterator[str]:
    """A real mail server; its address as SMTP_URL."""
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield f"smtp://127.0.0.1:{controller.port}"
    controller.stop()


@pytest.fixture
def day_ended_at() -> datetime:
    """When the day ended of which the letter is due: half an hour ago."""
    return (clock.now() - 30 * MINUTE).replace(second=0, microsecond=0)


def with_settings(app: Flask, monkeypatch: pytest.MonkeyPatch, day_ended_at: datetime, **given: Any) -> None:
    """Have the application write daily."""
    plain = {"report_email_to": READERS, "report_email_at": day_ended_at.astimezone(UTC).time().replace(tzinfo=None)}
    settings = app.config["SETTINGS"].model_copy(update=plain | {"default_timezone": "UTC"} | given)
    monkeypatch.setitem(app.config, "SETTINGS", settings)


@pytest.fixture
def carrier(
    app: Flask, mail_server: str, day_ended_at: datetime, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Carrier]:
    """A process's carrier, under its name."""
    with_settings(app, monkeypatch, day_ended_at, smtp_url=mail_server)
    return lambda name="one": Carrier(app, name)
