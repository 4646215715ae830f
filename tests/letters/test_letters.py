"""The daily letter against a real mail server: what it says, and what becomes of it when the server says no."""

import csv
import io
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import time_machine
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from mailing_app import audit, clock, demo, letters
from mailing_app.db import db, look_again, transaction
from mailing_app.letters import Carrier, post
from mailing_app.models import Action, ClientImport, GatewayState, Hold, Mailing, MailState, ReportMail, Traffic
from tests.factories import a_mailing
from tests.letters.conftest import MINUTE, READERS, Mailbox, with_settings
from tests.processes.conftest import free_port
from tests.web.pages import press

DAY = timedelta(days=1)
Carriers = Callable[..., Carrier]


def the_letter(mailbox: Mailbox) -> EmailMessage:
    (letter,) = mailbox.letters
    return letter


def parts(letter: EmailMessage) -> dict[str, str]:
    """Its texts by their types, read back."""
    return {part.get_content_type(): part.get_content() for part in letter.walk() if not part.is_multipart()}


def rows(letter: EmailMessage) -> list[dict[str, str]]:
    (file,) = letter.iter_attachments()
    return list(csv.DictReader(io.StringIO(file.get_content().removeprefix("\ufeff"))))


def entry() -> ReportMail:
    look_again()
    return letters.latest()[0]


def an_attempt(mailing_id: int, at: datetime, outcome: str = "accepted", number: int = 1) -> None:
    told = {"dispatcher_id": 1, "outcome": outcome, "up_to": 50, "number": number}
    with transaction() as session:
        session.add(Traffic(minute_at=at.replace(second=0, microsecond=0), mailing_id=mailing_id, **told))


def test_the_letter_is_a_proper_one(app: Flask, carrier: Carriers, mailbox: Mailbox, day_ended_at: datetime) -> None:
    a_mailing(name="Скидки & <b>акции</b>", starts_at=day_ended_at - MINUTE)
    assert carrier().bring()
    letter = the_letter(mailbox)
    assert (letter["From"], letter["To"], letter["X-Given-To"]) == (READERS[0], ", ".join(READERS), ", ".join(READERS))
    assert letter["Message-ID"] == f"<daily-report.{day_ended_at:%Y%m%dT%H%M%SZ}@example.org>"
    assert (letter["Auto-Submitted"], letter["MIME-Version"]) == ("auto-generated", "1.0")
    assert abs(letter["Date"].datetime - clock.now()) < MINUTE
    assert [part.get_content_type() for part in letter.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/csv",
    ]  # fmt: skip
    told = parts(letter)
    assert "Скидки & <b>акции</b>" in told["text/plain"]
    assert "Скидки &amp; &lt;b&gt;акции&lt;/b&gt;" in told["text/html"]
    assert "<script" not in told["text/html"]
    assert "<link" not in told["text/html"]
    assert all(len(line) <= 998 and line.isascii() for line in mailbox.raw[0].split(b"\r\n"))


def test_its_figures_are_those_of_the_api(
    app: Flask, carrier: Carriers, mailbox: Mailbox, api: FlaskClient, day_ended_at: datetime
) -> None:
    demo.fill()
    carrier().bring()
    letter = the_letter(mailbox)
    told = {int(row["id"]): row for row in rows(letter)}
    known = {each["id"]: each for each in api.get("/api/v1/mailings").json["items"]}
    assert set(told) == {5}  # the others begin after the day
    for mailing_id, row in told.items():
        assert {name: int(row[name]) for name in known[mailing_id]["statistics"]} == known[mailing_id]["statistics"]
        assert (row["name"], row["phase"]) == (known[mailing_id]["name"], known[mailing_id]["phase"])
        assert f"Recipients: {known[mailing_id]['statistics']['recipients']}" in parts(letter)["text/plain"]
    of_day = select(func.sum(Traffic.number)).where(Traffic.minute_at < day_ended_at, Traffic.outcome == "accepted")
    assert int(told[5]["accepted_of_day"]) == db.session.scalar(of_day) > 0


def test_each_minute_is_in_the_letter_of_its_day(
    app: Flask, carrier: Carriers, mailbox: Mailbox, day_ended_at: datetime
) -> None:
    mailing = a_mailing(starts_at=day_ended_at - 3 * DAY)
    for at, number in ((-DAY - MINUTE, 1), (-DAY, 10), (-MINUTE, 100), (timedelta(), 1000), (DAY - MINUTE, 10_000)):
        an_attempt(mailing.id, day_ended_at + at, number=number)
    carrier().bring()
    with time_machine.travel(clock.now() + DAY):
        carrier().bring()
    assert [rows(letter)[0]["accepted_of_day"] for letter in mailbox.letters] == ["110", "11000"]


def test_a_deleted_mailing_is_in_it_if_it_sent_on_that_day(
    app: Flask, carrier: Carriers, mailbox: Mailbox, api: FlaskClient, day_ended_at: datetime
) -> None:
    for _ in range(2):
        mailing = a_mailing(starts_at=day_ended_at - DAY)
        assert api.delete(f"/api/v1/mailings/{mailing.id}").status_code == 204
    an_attempt(mailing.id, day_ended_at - MINUTE, "busy")
    carrier().bring()
    assert [(row["id"], row["slowed_of_day"]) for row in rows(the_letter(mailbox))] == [(str(mailing.id), "1")]


def test_it_speaks_russian_where_the_service_does(
    app: Flask, carrier: Carriers, mailbox: Mailbox, day_ended_at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = app.config["SETTINGS"].model_copy(update={"default_language": "ru", "default_timezone": "Europe/Moscow"})
    monkeypatch.setitem(app.config, "SETTINGS", settings)
    carrier().bring()
    letter = the_letter(mailbox)
    assert letter["Content-Language"] == "ru"
    assert "Рассылки" in letter["Subject"]
    assert "Ни один диспетчер не работает" in parts(letter)["text/plain"]


def test_what_needs_a_look_is_told_without_phones(
    app: Flask, carrier: Carriers, mailbox: Mailbox, day_ended_at: datetime, api: FlaskClient
) -> None:
    late = a_mailing(name="Late", starts_at=day_ended_at - DAY)
    paused = a_mailing(name="Resting", starts_at=day_ended_at - DAY)
    api.post(f"/api/v1/mailings/{paused.id}/pause", json={"reason": "call 79001234567"})
    with transaction() as session:
        tally = session.get_one(Mailing, late.id).tally
        tally.sent, tally.failed, tally.uncertain = 8, 2, 1
        session.add(GatewayState(id=1, hold=Hold.TOKEN_REFUSED, held_at=clock.now(), detail="no"))
        told = {"actor_kind": "operator", "actor": "ada", "created_at": day_ended_at - MINUTE}
        session.add(ClientImport(name="79001234567.csv", state="checked", bad=3, **told))
        before = {"try_at": day_ended_at, "due_at": day_ended_at - DAY}
        session.add(ReportMail(state=MailState.FAILED, error="550 no such box", **before))
    carrier().bring()
    told_by = parts(the_letter(mailbox))["text/plain"]
    notices = re.findall(r"^  \* (.+?)\r?$", told_by, re.MULTILINE)
    wanted = (
        "No dispatcher is alive", "Sending has been on hold since", "The gateway refuses our token. no",
        "550 no such box", "“Late”: of 1 message nobody knows", "“Late”: 2 of 11 messages were refused",
        "“Resting” is paused. call 7900*****67", "The file “7900*****67.csv” has 3 faulty rows.",
    )  # fmt: skip
    assert len(notices) == len(wanted)
    assert [sentence for sentence in wanted if not any(sentence in notice for notice in notices)] == []


@pytest.mark.parametrize(("said", "state", "error"), [
    ({}, MailState.SENT, ""),
    ({"DATA": "451 try later"}, MailState.WAITING, "451 try later"),
    ({"RCPT": "450 greylisted"}, MailState.WAITING, "450 greylisted"),
    ({"MAIL": "421 too many"}, MailState.WAITING, "421 too many"),
    ({"DATA": "554 spam"}, MailState.FAILED, "554 spam"),
    ({"RCPT": "550 no such box"}, MailState.FAILED, "550 no such box"),
    ({READERS[0]: "450 greylisted", READERS[1]: "550 no such box"}, MailState.WAITING, "450 greylisted"),
    ({READERS[1]: "550 no such box"}, MailState.SENT, f"{READERS[1]}: 550 no such box"),
], ids=lambda each: str(each) if isinstance(each, dict) else "")  # fmt: skip
def test_what_the_server_says_is_believed(
    app: Flask, carrier: Carriers, mailbox: Mailbox, said: dict[str, str], state: MailState, error: str
) -> None:
    mailbox.said = said
    assert carrier().bring()
    assert (entry().state, entry().error, entry().tries) == (state, error, 1)
    assert len(mailbox.letters) == (state is MailState.SENT)
    assert not carrier("other").bring()


def test_a_failure_is_retried_with_growing_pauses_until_the_next_letter_is_due(
    app: Flask, carrier: Carriers, mailbox: Mailbox, day_ended_at: datetime
) -> None:
    mailbox.said = {"DATA": "451 try later"}
    pauses = []
    with time_machine.travel(day_ended_at + MINUTE, tick=False) as wall:
        while entry_is_of(day_ended_at):
            assert carrier().bring()
            assert not carrier().bring()
            pauses.append(entry().try_at - clock.now())
            wall.move_to(entry().try_at)
        assert pauses[:7] == [each * MINUTE for each in (1, 2, 4, 8, 16, 32, 60)]
        assert set(pauses[7:-1]) == {60 * MINUTE}
        look_again()
        newer, older = letters.latest()
        assert (newer.due_at, older.due_at, older.state) == (day_ended_at + DAY, day_ended_at, MailState.FAILED)
        assert older.error == "451 try later"
        mailbox.said = {}
        assert carrier().bring()
    assert len(mailbox.letters) == 1
    assert "451 try later" in parts(the_letter(mailbox))["text/plain"]


def entry_is_of(due_at: datetime) -> bool:
    look_again()
    return all(each.due_at == due_at for each in letters.latest(1))


def test_nobody_at_the_address_is_a_failure_like_others(
    app: Flask, carrier: Carriers, day_ended_at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_settings(app, monkeypatch, day_ended_at, smtp_url=f"smtp://127.0.0.1:{free_port()}")
    carrier().bring()
    assert (entry().state, entry().error[:22]) == (MailState.WAITING, "ConnectionRefusedError")


def test_a_server_that_hangs_holds_up_nobody(
    app: Flask, carrier: Carriers, day_ended_at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        with_settings(app, monkeypatch, day_ended_at, smtp_url=f"smtp://127.0.0.1:{silent.getsockname()[1]}")
        stuck = carrier()
        stuck.tick()
        caller, _ = silent.accept()
        with caller:
            with transaction() as session:  # the letter's row is free to others too
                assert session.get(ReportMail, day_ended_at, with_for_update=True)
            stuck._thread.join(30)
    assert (entry().state, entry().error[-9:]) == (MailState.WAITING, "timed out")


def test_a_connection_lost_after_the_letter_is_shown_and_never_repeated_unasked(
    app: Flask, carrier: Carriers, mailbox: Mailbox, operator: FlaskClient, day_ended_at: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(post, "QUEUED_WITHIN", 0.3)
    gate = threading.Event()
    mailbox.at["DATA"] = lambda: gate.wait(20)
    try:
        carrier().bring()
    finally:
        gate.set()
    assert entry().state is MailState.HANDED_OVER
    with time_machine.travel(clock.now() + timedelta(hours=5)):
        assert not carrier("other").bring()
    assert len(mailbox.letters) == 1
    page = operator.get("/reports/letters").text
    assert "Nobody knows whether it arrived" in page
    again = f"/reports/letters/{int(day_ended_at.timestamp())}/send-again"
    assert again in page
    mailbox.at.clear()
    assert press(operator, again, page="/reports/letters").status_code == 302
    monkeypatch.setattr(post, "QUEUED_WITHIN", 10)
    assert carrier("other").bring()
    assert entry().state is MailState.SENT
    assert [letter["Message-ID"] for letter in mailbox.letters] == [mailbox.letters[0]["Message-ID"]] * 2
    (noted,) = audit.listing(action=Action.LETTER_SENT_AGAIN).items
    assert (noted.actor, noted.details) == ("operator", {"due_at": day_ended_at.isoformat()})


def test_what_was_sent_cannot_be_sent_again(
    app: Flask, carrier: Carriers, mailbox: Mailbox, operator: FlaskClient, day_ended_at: datetime
) -> None:
    carrier().bring()
    address = f"/reports/letters/{int(day_ended_at.timestamp())}/send-again"
    press(operator, address, page="/reports/letters")
    assert "was sent, or is on its way" in operator.get("/reports/letters").text
    assert address not in operator.get("/reports/letters").text
    assert (
        press(operator, "/reports/letters/9223372036854775807/send-again", page="/reports/letters").status_code == 404
    )
    assert not carrier().bring()


def test_who_was_slow_finds_the_letter_taken(app: Flask, carrier: Carriers, mailbox: Mailbox) -> None:
    """Before it is handed over another one takes it up: the first one's conversation ends without a letter."""
    slow, other = carrier("slow"), carrier("other")
    with pytest.MonkeyPatch.context() as patch:
        addressed = post._addressed

        def overtaken(*given: Any) -> str:
            with time_machine.travel(clock.now() + 2 * MINUTE):
                patch.setattr(post, "_addressed", addressed)
                assert other.bring()
            return addressed(*given)

        patch.setattr(post, "_addressed", overtaken)
        assert slow.bring()
    assert len(mailbox.letters) == 1
    assert (entry().state, entry().worker, entry().tries) == (MailState.SENT, "other", 2)


def test_of_many_at_once_one_sends(app: Flask, carrier: Carriers, mailbox: Mailbox) -> None:
    crew = [carrier(str(number)) for number in range(8)]
    for each in crew:
        each.tick()
    for each in crew:
        each._thread.join(30)
    assert len(mailbox.letters) == 1
    assert entry().state is MailState.SENT


def test_who_was_down_for_days_sends_the_latest_letter_only(
    app: Flask, carrier: Carriers, mailbox: Mailbox, day_ended_at: datetime
) -> None:
    carrier().bring()
    with time_machine.travel(clock.now() + 5 * DAY):
        while carrier().bring():
            pass
    assert [each.due_at for each in letters.latest()] == [day_ended_at + 5 * DAY, day_ended_at]
    assert len(mailbox.letters) == 2


def test_a_clock_set_back_sends_nothing_twice(app: Flask, carrier: Carriers, mailbox: Mailbox) -> None:
    carrier().bring()
    with time_machine.travel(clock.now() - 2 * DAY):
        assert not carrier().bring()
    assert len(mailbox.letters) == 1


def test_without_settings_nothing_is_sent(app: Flask, operator: FlaskClient) -> None:
    idle = Carrier(app, "idle")
    idle.tick()
    assert idle._thread is None
    assert "No letter is sent" in operator.get("/reports/letters").text


@pytest.mark.parametrize(("url", "server"), [
    ("smtp://mail.example.org", ("mail.example.org", 25, False, "", "", READERS[0])),
    ("smtps://mail.example.org/?from=bot@example.org", ("mail.example.org", 465, True, "", "", "bot@example.org")),
    ("smtp://bot:a%40b@mail.example.org", ("mail.example.org", 587, False, "bot", "a@b", READERS[0])),
    ("smtp://[::1]:2525", ("::1", 2525, False, "", "", READERS[0])),
])  # fmt: skip
def test_the_address_of_a_server(url: str, server: tuple[Any, ...]) -> None:
    assert tuple(post.server_of(url, READERS[0])) == server


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """One that this process trusts."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return authority


@contextmanager
def a_guarded_server(mailbox: Mailbox, authority: trustme.CA | None) -> Iterator[str]:
    """A server that wants a password, with a certificate of that authority, or without any; its address."""
    context = None
    if authority:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1").configure_cert(context)

    def judge(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=(given.login, given.password) == (b"bot", b"hush hush"), handled=False)

    auth = {"authenticator": judge, "auth_required": context is not None, "auth_exclude_mechanism": ["LOGIN"]}
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port(), tls_context=context, **auth)
    controller.start()
    yield f"127.0.0.1:{controller.port}"
    controller.stop()


@pytest.mark.parametrize("kind", ["trusted", "forged", "plain"])
def test_a_password_goes_only_to_a_server_that_proves_who_it_is(
    app: Flask, carrier: Carriers, mailbox: Mailbox, authority: trustme.CA, day_ended_at: datetime, kind: str,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    issuer = {"trusted": authority, "forged": trustme.CA(), "plain": None}[kind]
    with a_guarded_server(mailbox, issuer) as address:
        with_settings(app, monkeypatch, day_ended_at, smtp_url=f"smtp://bot:hush%20hush@{address}")
        carrier().bring()
    assert len(mailbox.letters) == (kind == "trusted")
    assert (entry().state is MailState.SENT) == (kind == "trusted")
    assert "hush" not in caplog.text + entry().error


def test_a_wrong_password_is_told_and_not_shown(
    app: Flask, carrier: Carriers, mailbox: Mailbox, authority: trustme.CA, day_ended_at: datetime,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    with a_guarded_server(mailbox, authority) as address:
        with_settings(app, monkeypatch, day_ended_at, smtp_url=f"smtp://bot:open-sesame@{address}")
        carrier().bring()
    assert (entry().state, entry().error) == (MailState.FAILED, "535 the mail server refuses user and password")
    assert "open-sesame" not in caplog.text


def test_the_list_of_states_is_short_to_read(app: Flask, operator: FlaskClient, day_ended_at: datetime) -> None:
    told = {MailState.WAITING: "Waiting", MailState.SENT: "Sent", MailState.FAILED: "Not sent",
            MailState.HANDED_OVER: "Being handed over"}  # fmt: skip
    with transaction() as session:
        for number, state in enumerate(told):
            row = {"due_at": day_ended_at - number * DAY, "try_at": clock.now() + MINUTE}
            session.add(ReportMail(state=state, error="<b>no</b>", **row))
    page = operator.get("/reports/letters").text
    assert [words for words in told.values() if words not in page] == []
    assert "&lt;b&gt;no" in page
