"""Who opted out gets nothing more, whatever was under way at that moment: on SQLite and PostgreSQL."""

import threading
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from mailing_app import clients, clock, mailings
from mailing_app.clients import optout
from mailing_app.db import db
from mailing_app.dispatch.parts import Envelope, Outcome
from mailing_app.dispatch.pump import withdrawn
from mailing_app.dispatch.record import record
from mailing_app.figures import Moves
from mailing_app.models import Client, Status
from tests.dispatch.test_storage import claim, enrol_all, enrolled, figures, messages, result
from tests.factories import a_client, a_filter, a_mailing, some_clients
from tests.processes.conftest import eventually


def posted(envelopes: list[Envelope]) -> list[int]:
    """Whose messages would be posted; the others end as the pump ends them."""
    record([withdrawn(envelope) for envelope in envelopes if envelope.withdrawn])
    return [envelope.client_id for envelope in envelopes if not envelope.withdrawn]


def test_who_opted_out_is_in_no_audience_until_opted_in(app: Flask) -> None:
    out, other = a_client(tag="vip"), a_client(tag="vip")
    a_client()
    clients.opt_out(out.id)
    chosen = a_filter(tags=["vip"])
    assert [message.client_id for message in messages(enrolled(filter=chosen))] == [other.id]
    assert clients.opted_out_of(chosen) == 1
    clients.opt_in(out.id)
    assert [message.client_id for message in messages(enrolled(filter=chosen))] == [out.id, other.id]
    assert clients.opted_out_of(chosen) == 0


def test_what_waits_is_withdrawn_at_once(app: Flask) -> None:
    waiting, tried, other = some_clients(3)
    mailing = enrolled()
    for envelope in claim():
        unknown = envelope.client_id == tried.id
        record([result(envelope, Status.PENDING, Outcome.CUT_OFF, due_at=clock.now(), unknown=unknown)])
    clients.opt_out(waiting.id)
    clients.opt_out_phones([tried.phone or ""], "Europe/Moscow")
    assert figures(mailing) == {"cancelled": 1, "uncertain": 1, "pending": 1}
    assert {message.reason for message in messages(mailing) if message.status is not Status.PENDING} == {
        "client_opted_out"
    }
    mailings.send_again(mailing.id)
    assert posted(claim()) == [other.id]


def test_what_was_on_the_wire_is_not_sent_again(app: Flask) -> None:
    out, other = some_clients(2)
    mailing = enrolled()
    on_the_wire = claim()
    clients.opt_out(out.id)
    again = clock.now()
    record([result(each, Status.PENDING, Outcome.CUT_OFF, due_at=again, unknown=True) for each in on_the_wire])
    assert figures(mailing) == {"pending": 2}
    assert posted(claim(now=again + timedelta(seconds=1))) == [other.id]
    assert figures(mailing) == {"uncertain": 1, "sending": 1}
    assert messages(mailing)[0].reason == "client_opted_out"


def test_an_enrolment_that_began_before_the_opt_out_was_committed_sends_nothing(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL it does not see the opt-out, and the opt-out does not see its message."""
    out, other = some_clients(2)
    mailing = a_mailing()
    enrolment = threading.Thread(target=inside(app, enrol_all))
    withdraw = optout.withdraw

    def withdraw_and_let_enrol(session: Session, client_ids: Collection[int], reason: str, moves: Moves) -> None:
        withdraw(session, client_ids, reason, moves)
        enrolment.start()
        eventually(somebody_waits)

    monkeypatch.setattr(optout, "withdraw", withdraw_and_let_enrol)
    clients.opt_out(out.id)
    enrolment.join()
    raced = db.engine.dialect.name == "postgresql"
    assert figures(mailing) == {"pending": 1 + raced}
    assert posted(claim()) == [other.id]
    assert figures(mailing) == {"sending": 1} | ({"cancelled": 1} if raced else {})


def test_an_erased_clients_message_ends_with_its_own_reason(app: Flask) -> None:
    client = a_client()
    mailing = enrolled()
    with db.engine.begin() as connection:  # as a race would leave it
        connection.execute(Client.__table__.update().values(phone=None, erased_at=clock.now()))
    assert posted(claim()) == []
    assert [(message.client_id, message.reason) for message in messages(mailing)] == [(client.id, "client_erased")]


def somebody_waits() -> bool:
    """Whether the enrolment has begun its statement; on SQLite it cannot begin while another one writes."""
    if db.engine.dialect.name == "sqlite":
        return True
    with db.engine.connect() as connection:
        return bool(connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def inside(app: Flask, work: Callable[[], Any]) -> Callable[[], None]:
    def run() -> None:
        with app.app_context():
            work()

    return run
