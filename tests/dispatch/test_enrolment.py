"""One mailing enrolled by several processes: side by side, each client once, whatever becomes of one of them."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from mailing_app import clients, clock, mailings
from mailing_app.db import db, transaction
from mailing_app.dispatch import enrol
from mailing_app.figures import Moves
from mailing_app.mailings.reasons import Why, why_left_out
from mailing_app.models import EnrolmentSpan, Mailing
from tests.dispatch.test_optout import inside, somebody_waits
from tests.dispatch.test_storage import at_once, enrol_all, figures, settle_all
from tests.factories import a_filter, a_mailing, some_clients
from tests.processes.conftest import eventually


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enrol, "CLIENTS_A_CHUNK", 5)


def spans() -> int:
    db.session.commit()
    return db.session.scalar(select(func.count()).select_from(EnrolmentSpan)) or 0


def complete(mailing: Mailing) -> bool:
    db.session.commit()
    return db.session.scalar(select(Mailing.enrolled_at).where(Mailing.id == mailing.id)) is not None


def before_the_figures(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], Any]) -> None:
    """Do something once while a process is in the middle of a span."""
    write = Moves.write

    def written_late(moves: Moves, session: Session) -> None:
        monkeypatch.setattr(Moves, "write", write)
        meanwhile()
        write(moves, session)

    monkeypatch.setattr(Moves, "write", written_late)


def on_postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"


def in_a_thread(app: Flask, work: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=inside(app, work))
    thread.start()
    return thread


def test_who_stands_in_the_middle_of_a_span_holds_up_no_other(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """On SQLite the others wait: there is one writer."""
    some_clients(25)
    mailing = a_mailing()
    others: list[threading.Thread] = []

    def meanwhile() -> None:
        others.append(in_a_thread(app, enrol_all))
        if on_postgresql():
            others[0].join()
            with app.app_context():
                assert (spans(), complete(mailing)) == (1, False)

    before_the_figures(monkeypatch, meanwhile)
    assert enrol.enrol(clock.now())
    others[0].join()
    enrol_all()
    assert (spans(), complete(mailing)) == (0, True)
    assert figures(mailing) == {"pending": 25}


def test_a_span_of_a_process_that_died_is_taken_up_by_another(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    some_clients(12)
    mailing = a_mailing()

    def die() -> None:
        raise SystemExit

    before_the_figures(monkeypatch, die)
    with pytest.raises(SystemExit):
        enrol.enrol(clock.now())
    assert (spans(), figures(mailing)) == (3, {})
    enrol_all()
    assert (spans(), complete(mailing)) == (0, True)
    assert figures(mailing) == {"pending": 12}


@pytest.mark.parametrize("stop", [mailings.cancel, mailings.delete])
def test_who_enrols_a_mailing_while_it_is_stopped_leaves_nobody_waiting(
    app: Flask, monkeypatch: pytest.MonkeyPatch, stop: Callable[[int], Any]
) -> None:
    some_clients(12)
    mailing = a_mailing()
    others: list[threading.Thread] = []

    def stopped() -> None:
        stop(mailing.id)
        settle_all(clock.now())

    def meanwhile() -> None:
        others.append(in_a_thread(app, stopped))
        eventually(somebody_waits)

    before_the_figures(monkeypatch, meanwhile)
    enrol.enrol(clock.now())
    others[0].join()
    enrol_all()
    settle_all(clock.now())
    assert figures(mailing) == {"cancelled": 5}
    assert spans() == 2


def test_an_edit_while_others_enrol_chooses_the_audience_anew(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    some_clients(12)
    [vip] = some_clients(1, tag="vip")
    mailing = a_mailing()
    others: list[threading.Thread] = []

    def meanwhile() -> None:
        others.append(in_a_thread(app, lambda: mailings.change(mailing.id, filter=a_filter(tags=["vip"]))))
        eventually(somebody_waits)

    before_the_figures(monkeypatch, meanwhile)
    enrol.enrol(clock.now())
    others[0].join()
    at_once(app, 4, enrol_all)
    enrol_all()
    assert figures(mailing) == {"pending": 1}
    assert [each.id for each in clients.listing(tag="vip").items] == [vip.id]


def test_a_client_in_an_open_span_is_not_told_that_no_rule_leaves_her_out(app: Flask) -> None:
    waiting = some_clients(12)[-1]
    mailing = a_mailing(starts_at=clock.now() - timedelta(hours=1))
    assert enrol.enrol(clock.now())
    db.session.commit()
    stored = db.session.get_one(Mailing, mailing.id, populate_existing=True)
    told = why_left_out(waiting, stored, clock.now())
    assert told.why is Why.NOT_GATHERED


def test_spans_that_the_release_before_knew_nothing_of_are_enrolled(app: Flask) -> None:
    some_clients(12)
    mailing = a_mailing()
    assert enrol.enrol(clock.now())
    with transaction() as session:  # it reads how far the audience is cut as how far it is enrolled
        session.execute(update(Mailing).values(enrolled_at=clock.now(), ends_at=clock.now()))
    settle_all(clock.now())
    enrol_all()
    assert (spans(), figures(mailing)) == (0, {"pending": 12})
    settle_all(clock.now())
    assert figures(mailing) == {"expired": 12}
