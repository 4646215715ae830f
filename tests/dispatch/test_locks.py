"""Who waits for whose rows: never two for each other, and nothing slips through between two of them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from mailing_app import clients, clock
from mailing_app.db import db, transaction
from mailing_app.dispatch import rewind, sweep
from mailing_app.dispatch.parts import Envelope
from mailing_app.dispatch.record import record
from mailing_app.figures import Moves
from mailing_app.models import Message, Status
from tests.dispatch.test_optout import inside, somebody_waits
from tests.dispatch.test_storage import claim, enrolled, figures, messages, result
from tests.factories import a_client, some_clients
from tests.processes.conftest import eventually


@contextmanager
def holding(message_id: int) -> Iterator[int | None]:
    """Lock a message as another process would, if nobody has it; on SQLite rows are not locked."""
    free = select(Message.id).where(Message.id == message_id).with_for_update(skip_locked=True)
    with db.engine.connect() as connection, connection.begin():
        yield connection.scalar(free)


def stands_in_order(app: Flask, message_ids: list[int], work: Callable[[], Any]) -> None:
    """While it waits for the first of the messages it holds none of the later ones."""
    waiting = threading.Thread(target=inside(app, work))
    with holding(min(message_ids)):
        waiting.start()
        eventually(somebody_waits)
        with holding(max(message_ids)) as free:
            assert free == max(message_ids)
    waiting.join()


def recorded(claimed: list[Envelope]) -> None:
    record([result(each, Status.SENT) for each in claimed])


def erased(claimed: list[Envelope]) -> None:
    clients.erase_shown({}, len(claimed))


def buried(claimed: list[Envelope]) -> None:
    sweep.bury(claimed[0].dispatcher_id, clock.now(), deduplicates=True)


def released(claimed: list[Envelope]) -> None:
    sweep.release_strays(claimed[0].dispatcher_id, (), clock.now())


@pytest.mark.parametrize("work", [recorded, erased, buried, released])
def test_who_waits_for_a_message_holds_no_later_one(app: Flask, work: Callable[[list[Envelope]], Any]) -> None:
    """So that of two who want the same messages one waits, and not both for each other."""
    some_clients(20)
    mailing = enrolled()
    claimed = sorted(claim(20), key=lambda each: each.message_id, reverse=True)
    stands_in_order(app, [each.message_id for each in claimed], lambda: work(claimed))
    assert figures(mailing) in ({"sent": 20}, {"sending": 20}, {"pending": 20})


def opted_out() -> None:
    phones = [client.phone for client in clients.listing().items]
    clients.opt_out_phones(phones, "Europe/Moscow")


def moved() -> None:
    rows = [{"phone": client.phone, "operator_code": "900", "tag": "", "timezone": "Asia/Omsk"}
            for client in clients.listing().items]  # fmt: skip
    with transaction() as session:
        clients.store(session, rows, ["timezone"])


def set_back() -> None:
    rewind.rewind(clock.now())


@pytest.mark.parametrize("work", [opted_out, moved, set_back])
def test_who_waits_for_one_that_waits_holds_no_later_one(app: Flask, work: Callable[[], Any]) -> None:
    some_clients(20)
    mailing = enrolled()
    with transaction() as session:
        session.execute(update(Message).values(due_at=mailing.ends_at))
    stands_in_order(app, [message.id for message in messages(mailing)], work)
    assert figures(mailing) in ({"pending": 20}, {"cancelled": 20})


def test_a_claim_beside_an_erasure_leaves_no_phone_behind(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL it reads the phone before the erasure is committed and writes it after the erasure looked."""
    client = a_client(tag="Anna")
    mailing = enrolled(text="Hello, {tag}!")
    erasure = threading.Thread(target=inside(app, lambda: clients.erase(client.id)))
    write = Moves.write

    def write_while_somebody_is_erased(moves: Moves, session: Session) -> None:
        monkeypatch.undo()
        erasure.start()
        eventually(somebody_waits)
        write(moves, session)

    monkeypatch.setattr(Moves, "write", write_while_somebody_is_erased)
    claimed = claim()
    erasure.join()
    recorded(claimed)
    assert [(message.phone, message.tag, message.status) for message in messages(mailing)] == [
        (None, None, Status.SENT)
    ]
