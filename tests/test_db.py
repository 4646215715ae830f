"""The two databases behave alike where the code relies on it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import BigInteger, String, select, text, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from mailing_app.batches import batch
from mailing_app.db import Moment, absence, db, transaction
from mailing_app.errors import Refused
from mailing_app.models import Client
from mailing_app.paging import cursor, cursor_id
from tests.factories import a_client

MOMENT = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)


def test_moment_comes_back_aware_and_exact(app: Flask) -> None:
    client = a_client()
    with transaction() as session:
        session.get_one(Client, client.id).created_at = MOMENT
    db.session.expire_all()
    assert db.session.get_one(Client, client.id).created_at == MOMENT


def test_a_moment_without_offset_is_refused(app: Flask) -> None:
    with pytest.raises(Exception, match="ambiguous"):
        db.session.execute(select(Client).where(Client.created_at == datetime(2026, 1, 1)))  # noqa: DTZ001


def test_batch_carries_every_type(app: Flask) -> None:
    rows = [{"id": 2**40, "name": "O'Neil \u2603", "at": MOMENT}, {"id": 2, "name": None, "at": None}]
    table = batch(rows, id=BigInteger(), name=String(), at=Moment())
    found = db.session.execute(select(table).order_by(table.c.id.desc())).all()
    assert [tuple(row) for row in found] == [(2**40, "O'Neil \u2603", MOMENT), (2, None, None)]


def test_a_clash_becomes_the_callers_own_refusal(app: Flask) -> None:
    client = a_client()
    with pytest.raises(Refused) as refusal:
        a_client(phone=client.phone)
    assert refusal.value.field == "phone"


def test_a_failed_transaction_leaves_nothing(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), transaction() as session:
        session.execute(text("DELETE FROM client"))
        a = 1 / 0
        assert a
    a_client()
    assert len(db.session.scalars(select(Client)).all()) == 1


def test_writers_wait_for_each_other_instead_of_failing(app: Flask) -> None:
    """A read that turns into a write is what SQLite refuses at once; eight threads do it here together."""
    client = a_client()
    faults: list[BaseException] = []

    def bump() -> None:
        try:
            with app.app_context():
                db.session.scalars(select(Client)).all()
                for _ in range(5):
                    with transaction() as session:
                        found = session.get_one(Client, client.id, with_for_update=True, populate_existing=True)
                        found.version += 1
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=bump) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.expire_all()
    assert not faults
    assert db.session.get_one(Client, client.id).version == 41


def test_who_comes_back_at_once_lets_those_go_first_who_wait(app: Flask) -> None:
    """As an enrolment does, chunk after chunk, beside the pump."""
    client, begun, over, rounds = a_client(), threading.Event(), threading.Event(), list[int]()

    def chunks() -> None:
        with app.app_context():
            while not over.is_set():
                with transaction() as session:
                    session.execute(update(Client).where(Client.id == client.id).values(tag="chunk"))
                    begun.set()
                    over.wait(0.02)  # so long does a chunk take
                rounds.append(1)

    with ThreadPoolExecutor(1) as other:
        writing = other.submit(chunks)
        assert begun.wait(10)
        before = len(rounds)
        with transaction() as session:
            session.execute(update(Client).where(Client.id == client.id).values(tag="pump"))
            waited_for = len(rounds) - before
        over.set()
        writing.result()
    assert waited_for < 5


def test_cursor_is_opaque_and_forgives_nothing() -> None:
    assert cursor_id(cursor(2**50)) == 2**50
    assert [cursor_id(bad) for bad in ("", "x", "%%", "é", "LTE", cursor(1) + "A" * 40)] == [None] * 6


def test_nonsense_is_our_fault_and_no_absence_of_the_database(app: Flask) -> None:
    with pytest.raises(DBAPIError) as fault:
        db.session.execute(text("SELECT nothing FROM nowhere"))
    assert absence(fault.value) == ""


def test_absence_is_told_in_one_line_without_the_statement(app: Flask) -> None:
    assert absence(OperationalError("SELECT secret", {}, Exception("connection\n\trefused"))) == "connection refused"
    assert absence(PoolExhausted("all are taken")) == "all are taken"


def test_who_waits_for_a_lock_gives_up_as_soon_as_he_said(app: Flask) -> None:
    client = a_client()
    with transaction() as session:
        session.get_one(Client, client.id).tag = "held"
        session.flush()
        assert in_a_thread(app, lambda: absence(impatient_change(client.id)))


def impatient_change(client_id: int) -> BaseException:
    with pytest.raises(OperationalError) as fault, transaction(patience=0.05) as session:
        session.get_one(Client, client_id).tag = "wanted"
    return fault.value


@pytest.mark.parametrize("end", ["rollback", "close"])
def test_a_session_can_be_ended_though_its_connection_is_broken(app: Flask, end: str) -> None:
    db.session.execute(select(Client))
    db.session.connection().connection.dbapi_connection.close()
    getattr(db.session, end)()
    assert db.session.scalars(select(Client)).all() == []


def in_a_thread(app: Flask, ask: Callable[[], Any]) -> Any:
    """What the question yields in a thread with a session of its own."""

    def answer() -> Any:
        with app.app_context():
            return ask()

    with ThreadPoolExecutor() as threads:
        return threads.submit(answer).result(timeout=30)


def test_a_server_ends_the_writing_transaction_of_who_stands_still_in_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped process would else keep all others from what it has locked. SQLite has nobody who could do it."""
    monkeypatch.setattr("mailing_app.db.connections.STANDSTILL", 0.2)
    client = a_client(tag="before")
    on_a_server = db.engine.dialect.name == "postgresql"
    with pytest.raises(DBAPIError) if on_a_server else nullcontext() as ended, transaction() as session:
        session.execute(update(Client).values(tag="after"))
        if on_a_server:
            with db.engine.begin() as other:
                other.execute(select(Client.tag).with_for_update())  # waits until the server has done it
        session.execute(select(Client.tag)).all()
    db.session.expire_all()
    assert db.session.get_one(Client, client.id).tag == ("before" if on_a_server else "after")
    assert not ended or absence(ended.value)


def test_a_power_cut_takes_no_commit_back(app: Flask) -> None:
    """Asked, not tried: nobody pulls the plug here."""
    on_sqlite = db.engine.dialect.name == "sqlite"
    how = db.session.execute(text("PRAGMA synchronous" if on_sqlite else "SHOW synchronous_commit")).scalar()
    assert how == (2 if on_sqlite else "on")
