"""Asking the gateway what became of uncertain messages: against a real one, in whatever weather."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from config import Settings
from mailing_app import audit, clock, holds, mailings
from mailing_app.db import db, transaction
from mailing_app.dispatch import gate, inquire
from mailing_app.dispatch.gateway import Address
from mailing_app.dispatch.inquire import Inquirer
from mailing_app.dispatch.judge import judge
from mailing_app.dispatch.parts import Answer, Reached
from mailing_app.dispatch.rate import Rate
from mailing_app.errors import Refused
from mailing_app.models import Action, ActorKind, AuditEntry, GatewayState, Inquiry, Mailing, Message, Status, Word
from mailing_app.practice import PracticeGateway, Received, Weather
from mailing_app.practice.sky import Outlook
from mailing_app.reports import check
from tests.dispatch import rawserver
from tests.dispatch.samples import NOON, an_answer
from tests.dispatch.test_storage import figures
from tests.mailings.test_uncertain import in_doubt, messages

SAID = b"Bearer secret may not ask about 79001234567"
ECHO = b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(SAID), SAID)


@pytest.fixture(autouse=True)
def offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gateway has an answer to such questions."""
    monkeypatch.setattr(Settings, "looks_up", True)


@pytest.fixture
def inquirer(app: Flask, address: Address) -> Inquirer:
    """What asks, beside a gate that stands open."""
    gate.Gate(gate.fingerprint(address.url, address.token)).prepare(clock.now())
    return Inquirer(address, {}, None)


def take_in(gateway: PracticeGateway, message: Message) -> None:
    """Let the gateway have accepted a message, without the service's knowing."""
    told = {"phone": 79001234567, "text": "Hello!", "first_byte_at": 1.0, "received_at": 1.0, "body": b""}
    gateway.mailbox.put(Received(message_id=message.id, **told, authorization="", weather="fair", accepted=True))


def work(inquirer: Inquirer) -> None:
    inquirer.work(lambda: False)
    db.session.rollback()


def words(mailing: Mailing) -> dict[int, Word | None]:
    """What the gateway said of each message that somebody asked about."""
    db.session.rollback()
    asked = select(Inquiry.message_id, Inquiry.word).join(Message, Message.id == Inquiry.message_id)
    return dict(db.session.execute(asked.where(Message.mailing_id == mailing.id)).all())


def test_what_the_gateway_has_is_sent_and_what_never_came_is_said_so(
    inquirer: Inquirer, gateway: PracticeGateway
) -> None:
    mailing = in_doubt(3)
    has, *others = messages(mailing)
    take_in(gateway, has)
    with audit.acting(audit.Actor(ActorKind.OPERATOR, "Ann")):
        assert mailings.ask(mailing.id) == 3
    work(inquirer)
    assert figures(mailing) == {"sent": 1, "uncertain": 2}
    assert words(mailing) == {each.id: Word.NEVER_CAME for each in others} | {has.id: Word.ACCEPTED}
    assert mailings.standing(mailing.id) == (0, 2, 0)
    assert check() == []
    told = db.session.scalars(
        select(AuditEntry).where(AuditEntry.mailing_id == mailing.id).order_by(AuditEntry.id)
    ).all()
    assert [(each.action, each.actor, each.details) for each in told[-2:]] == [
        (Action.GATEWAY_ASKED, "Ann", {"messages": 3}),
        (Action.GATEWAY_TOLD, "Ann", {"accepted": 1, "never_came": 2}),
    ]


@pytest.mark.parametrize("kind", ["down", "500", "401", "429", "garbage", "html", "code", "reset", "hanging"])
def test_bad_weather_is_no_word(inquirer: Inquirer, gateway: PracticeGateway, hasty: Address, kind: str) -> None:
    mailing = in_doubt(2)
    for message in messages(mailing):
        take_in(gateway, message)
    gateway.set_weather(kind)
    mailings.ask(mailing.id)
    work(Inquirer(hasty, {}, None) if kind == "hanging" else inquirer)
    assert list(words(mailing).values()) == [Word.NOTHING, None]  # who does not answer is not asked on and on
    assert figures(mailing) == {"uncertain": 2}
    assert len(gateway.looked_up) == 1


@pytest.mark.parametrize(
    ("status", "body", "word"),
    [
        (200, b'{"code": 0}', Word.ACCEPTED),
        (200, b'{"code": 7}', Word.NOTHING),
        (200, b"OK", Word.NOTHING),
        (404, b'{"error": "none"}', Word.NEVER_CAME),
        (404, b"<h1>Not Found</h1>", Word.NOTHING),
        (404, b"", Word.NOTHING),
        (404, b"[]", Word.NOTHING),
        (302, b"", Word.NOTHING),
        (500, b'{"code": 0}', Word.NOTHING),
    ],
)
def test_a_word_is_only_what_the_contract_says(status: int, body: bytes, word: Word) -> None:
    answer = an_answer(status, body)
    assert inquire.said(answer, judge(answer, {})) is word


def test_half_an_answer_is_no_word() -> None:
    for status in (200, 404):
        answer = Answer(Reached.ANSWER_BEGAN, NOON, NOON, status=status, body=b"{}")
        assert inquire.said(answer, judge(answer, {})) is Word.NOTHING


@pytest.mark.parametrize("answer", [rawserver.dripping_head, rawserver.a_flood, rawserver.endless_patience])
def test_no_answer_however_strange_keeps_it_long(app: Flask, answer: rawserver.Answer) -> None:
    mailing = in_doubt(1)
    with rawserver.serving(answer) as url:
        address = Address(url, "secret", timeout=0.5, connect_timeout=0.5)
        gate.Gate(gate.fingerprint(url, "secret")).prepare(clock.now())
        mailings.ask(mailing.id)
        began = clock.monotonic()
        work(Inquirer(address, {}, None))
    assert clock.monotonic() - began < 3
    assert list(words(mailing).values()) == [Word.NOTHING]


def test_an_echo_of_the_token_is_masked(
    inquirer: Inquirer, gateway: PracticeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing = in_doubt(1)
    monkeypatch.setattr(gateway.sky, "outlook_of_all", lambda: Outlook(ECHO, 0, None))
    mailings.ask(mailing.id)
    work(inquirer)
    detail = db.session.scalars(select(Inquiry.detail)).one()
    assert "HTTP 403" in detail
    assert "Bearer" in detail
    assert "secret" not in detail
    assert "79001234567" not in detail


def test_a_second_click_asks_nobody_twice(inquirer: Inquirer, gateway: PracticeGateway) -> None:
    mailing = in_doubt(2)
    assert [mailings.ask(mailing.id), mailings.ask(mailing.id)] == [2, 0]
    work(inquirer)
    assert len(gateway.looked_up) == 2
    assert mailings.ask(mailing.id) == 2  # once it was told, it can be asked anew


def test_only_the_uncertain_messages_of_that_mailing_are_asked_about(inquirer: Inquirer) -> None:
    mailing, other = in_doubt(2), in_doubt(1)
    ids = [each.id for each in (*messages(mailing), *messages(other))]
    assert mailings.ask(mailing.id, ids[1:]) == 1
    assert list(words(mailing)) == ids[1:2]
    assert words(other) == {}


def test_two_dispatchers_share_the_questions(inquirer: Inquirer, gateway: PracticeGateway, address: Address) -> None:
    mailing = in_doubt(3)
    mailings.ask(mailing.id)
    taken = inquirer._taken(clock.now())
    assert len(taken) == 3
    work(Inquirer(address, {}, None))
    assert len(gateway.looked_up) == 0
    inquire._record([], taken, clock.now())  # who leaves gives back what he did not come to
    work(Inquirer(address, {}, None))
    assert sorted(gateway.looked_up) == [each.message_id for each in taken]


def test_what_a_killed_process_had_taken_up_is_asked_by_the_next(inquirer: Inquirer, gateway: PracticeGateway) -> None:
    mailing = in_doubt(2)
    mailings.ask(mailing.id)
    inquirer._taken(clock.now() - inquire.KEPT_FOR - timedelta(seconds=1))
    work(inquirer)
    assert set(words(mailing).values()) == {Word.NEVER_CAME}


def test_nothing_is_asked_under_a_hold_or_while_the_gateway_wants_to_be_left_alone(
    inquirer: Inquirer, gateway: PracticeGateway
) -> None:
    mailing = in_doubt(1)
    mailings.ask(mailing.id)
    holds.stop()
    work(inquirer)
    holds.go_on()
    gate.wait(clock.now() + timedelta(minutes=1), clock.now())
    work(inquirer)
    assert list(gateway.looked_up) == []
    with transaction() as session:
        session.get_one(GatewayState, holds.ONLY).wait_until = None
    work(inquirer)
    assert len(gateway.looked_up) == 1


def test_a_gateway_that_is_asked_too_much_is_left_alone(inquirer: Inquirer, gateway: PracticeGateway) -> None:
    mailing = in_doubt(1)
    gateway.set_weather(Weather("429", seconds=30))
    mailings.ask(mailing.id)
    work(inquirer)
    wait_until = db.session.scalars(select(GatewayState.wait_until)).one()
    assert wait_until
    assert wait_until > clock.now() + timedelta(seconds=20)


def test_a_tenth_of_the_rate_is_for_questions(app: Flask, gateway: PracticeGateway, address: Address) -> None:
    gate.Gate(gate.fingerprint(address.url, address.token)).prepare(clock.now())
    mailing = in_doubt(9)
    mailings.ask(mailing.id)
    work(Inquirer(address, {}, Rate(30)))
    assert len(gateway.looked_up) == 3


def test_the_word_is_gone_once_the_message_is_sent_again(inquirer: Inquirer, gateway: PracticeGateway) -> None:
    mailing = in_doubt(3)
    has, *_ = messages(mailing)
    mailings.ask(mailing.id, [has.id])
    work(inquirer)
    assert mailings.standing(mailing.id).never_came == 1
    mailings.send_again(mailing.id, True)
    assert figures(mailing) == {"pending": 1, "uncertain": 2}
    assert words(mailing) == {}


def test_an_acceptance_counts_though_the_message_was_sent_again_meanwhile(
    inquirer: Inquirer, gateway: PracticeGateway
) -> None:
    mailing = in_doubt(1)
    [message] = messages(mailing)
    take_in(gateway, message)
    mailings.ask(mailing.id)
    taken = inquirer._taken(clock.now())
    mailings.send_again(mailing.id)
    inquire._record([inquirer._ask(each) for each in taken], [], clock.now())
    assert figures(mailing) == {"sent": 1}
    assert [each.status for each in messages(mailing)] == [Status.SENT]
    assert check() == []


def test_who_is_said_to_have_got_nothing_is_in_the_remainder(inquirer: Inquirer, gateway: PracticeGateway) -> None:
    mailing = in_doubt(3)
    never, *_ = messages(mailing)
    mailings.ask(mailing.id, [never.id])
    work(inquirer)
    assert mailings.unreached(mailing.id) == (1, 2)


def test_a_gateway_without_a_lookup_is_asked_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Settings, "looks_up", False)
    with pytest.raises(Refused):
        mailings.ask(in_doubt(1).id)
