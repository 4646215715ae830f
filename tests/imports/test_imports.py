"""Imports from the upload to the register, without pages and without processes: each step is called by hand."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask, current_app
from sqlalchemy import func, select

from mailing_app import audit, clients, clock, imports
from mailing_app.db import db
from mailing_app.errors import Refused
from mailing_app.imports import control, receiving, steps
from mailing_app.imports.steps import step
from mailing_app.models import Action, ActorKind, AuditEntry, Client, ClientImport, ImportPiece, ImportState, Message
from tests.dispatch.test_storage import enrolled
from tests.factories import a_client, a_phone

ANNA = audit.Actor(ActorKind.OPERATOR, "anna")


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "ROWS_A_PIECE", 3)


def received(text: str, encoding: str = "utf-8") -> ClientImport:
    with audit.acting(ANNA):
        return imports.receive(io.BytesIO(text.encode(encoding)), "some.csv")


def checked(text: str) -> ClientImport:
    brought = received(text)
    while step("one"):
        pass
    return imports.get(brought.id)


def some_rows(number: int) -> str:
    return "phone,tag\n" + "".join(f"{a_phone()},t\n" for _ in range(number))


def pieces() -> int:
    db.session.commit()
    return db.session.scalar(select(func.count()).select_from(ImportPiece)) or 0


def figures(brought: ClientImport) -> tuple[int, int, int]:
    now = imports.get(brought.id)
    return now.created, now.updated, now.unchanged


def test_from_the_file_to_the_register(app: Flask) -> None:
    a_client(phone="79001234567", tag="old")
    brought = checked("phone,tag\n79001234567,new\n12,x\n\n89001234568,a\n7,b\n8 900 123-45-69,\n")
    assert (brought.state, brought.lines, brought.good, brought.bad) == (ImportState.CHECKED, 5, 3, 2)
    assert (brought.created, brought.updated) == (2, 1)
    assert clients.get(1).tag == "old"
    imports.begin(brought.id)
    while step("one"):
        pass
    brought = imports.get(brought.id)
    assert (brought.state, figures(brought)) == (ImportState.DONE, (2, 1, 0))
    assert clients.get(1).tag == "new"
    assert [row.record.line for row in imports.faulty(brought, 10).rows] == [3, 6]


def test_the_trail_names_who_had_it_stored(app: Flask) -> None:
    brought = checked(some_rows(4))
    with audit.acting(audit.Actor(ActorKind.OPERATOR, "boris")):
        imports.begin(brought.id)
    while step("one"):
        pass
    entry = db.session.scalars(select(AuditEntry).filter_by(action=Action.CLIENTS_IMPORTED)).one()
    assert (entry.actor, entry.actor_kind) == ("boris", ActorKind.OPERATOR)
    assert entry.details == {"import_id": 1, "created": 4, "updated": 0, "unchanged": 0, "rejected": 0}


def test_rows_are_forgotten_as_soon_as_they_are_stored(app: Flask) -> None:
    brought = checked(some_rows(7) + "12,bad\n")
    assert pieces() == 3
    imports.begin(brought.id)
    step("one")
    assert pieces() == 2
    while step("one"):
        pass
    assert pieces() == 1  # the one with the faulty row
    imports.drop(brought.id)
    assert pieces() == 0
    assert imports.get(brought.id).state is ImportState.DONE


@pytest.mark.parametrize("stop_after", range(4))
def test_another_process_goes_on_where_one_was_killed(app: Flask, stop_after: int) -> None:
    brought = checked(some_rows(10))
    imports.begin(brought.id)
    for _ in range(stop_after):
        assert step("killed")
    with time_machine.travel(clock.now() + steps.SILENT_AFTER + timedelta(seconds=1)):
        while step("another"):
            pass
    assert (imports.get(brought.id).state, figures(brought)) == (ImportState.DONE, (10, 0, 0))


def test_who_works_keeps_the_others_off(app: Flask) -> None:
    received(some_rows(10))
    assert step("one")
    assert not step("another")


def test_who_was_silent_too_long_changes_nothing(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped in the middle of a piece, and woken when another one has done it."""
    brought = checked(some_rows(10))
    imports.begin(brought.id)
    asleep(monkeypatch, lambda: step("another"))
    assert step("stalled")
    while step("another"):
        pass
    assert (imports.get(brought.id).state, figures(brought)) == (ImportState.DONE, (10, 0, 0))


def test_columns_said_anew_while_a_piece_is_checked(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    brought = received("a,b\n79001234567,79001234568\n")
    assert brought.mapping == ["phone", ""]  # by what stands below
    asleep(monkeypatch, lambda: imports.remap(brought.id, ["tag", "phone"]))
    assert step("one")
    assert imports.get(brought.id).at_piece == 0
    assert step("one")
    imports.begin(brought.id)
    step("one")
    assert [(client.phone, client.tag) for client in clients.listing().items] == [("79001234568", "79001234567")]


def asleep(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], Any]) -> None:
    """Let something happen between the reading of a piece and its transaction, when the lease is over."""
    sort = steps._sorted

    def sorted_late(at: Any) -> Any:
        monkeypatch.setattr(steps, "_sorted", sort)
        told = sort(at)
        with time_machine.travel(clock.now() + steps.SILENT_AFTER + timedelta(seconds=1)):
            meanwhile()
        return told

    monkeypatch.setattr(steps, "_sorted", sorted_late)


def test_a_new_zone_moves_what_waits_for_the_hours_of_the_old_one(app: Flask) -> None:
    a_client(phone="79001234567", timezone="Asia/Omsk")
    a_client(phone="79001234568", timezone="Asia/Omsk")
    mailing = enrolled()
    later = clock.now() + timedelta(hours=9)
    db.session.execute(Message.__table__.update().values(due_at=later))
    db.session.commit()
    brought = checked("phone,timezone\n79001234567,Europe/Moscow\n79001234568,Asia/Omsk\n")
    imports.begin(brought.id)
    step("one")
    due = db.session.scalars(select(Message.due_at).filter_by(mailing_id=mailing.id).order_by(Message.client_id)).all()
    assert [moment <= clock.now() for moment in due] == [True, False]


def test_who_opted_out_stays_out_and_who_was_erased_is_new(app: Flask) -> None:
    out, erased = a_client(), a_client()
    phones = [out.phone, erased.phone]
    out.opted_out_at = clock.now()
    db.session.commit()
    clients.erase(erased.id)
    brought = checked("phone,tag\n" + "".join(f"{phone},x\n" for phone in phones))
    imports.begin(brought.id)
    step("one")
    assert figures(brought) == (1, 1, 0)
    everyone = select(Client).order_by(Client.id).execution_options(populate_existing=True)
    assert [(client.phone, bool(client.opted_out_at)) for client in db.session.scalars(everyone)] == [
        (phones[0], True), (None, False), (phones[1], False),
    ]  # fmt: skip


def test_a_phone_many_times_in_one_piece_takes_the_last_word(app: Flask) -> None:
    brought = checked("phone,tag\n79001234567,a\n89001234567,b\n79001234567,b\n")
    imports.begin(brought.id)
    step("one")
    assert figures(brought) == (1, 1, 1)
    assert clients.get(1).tag == "b"


def test_a_file_without_titles(app: Flask) -> None:
    brought = checked("79001234567;Asia/Omsk;911\n79001234568;Asia/Omsk;900\n")
    assert (brought.titles, brought.mapping) == (["", "", ""], ["phone", "timezone", "operator_code"])
    assert (brought.lines, brought.good) == (2, 2)


def test_a_title_twice_counts_once(app: Flask) -> None:
    assert received("phone,Телефон,тег,TAG\n79001234567,,a,b\n").mapping == ["phone", "", "tag", ""]


def test_a_file_whose_phones_nobody_recognises_waits_for_the_operator(app: Flask) -> None:
    brought = received("who,what\nx,y\n")
    assert (brought.state, brought.mapping) == (ImportState.CHECKED, ["", ""])
    assert not step("one")
    with pytest.raises(Refused):
        imports.begin(brought.id)
    imports.remap(brought.id, ["phone", ""])
    assert step("one")
    assert imports.get(brought.id).bad == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", receiving.EMPTY),
        ("\n \n;;\n", receiving.EMPTY),
        ("phone,tag\n\n", receiving.NO_ROWS),
        (",".join(["x"] * 1000) + "\n1\n", receiving.TOO_WIDE),
    ],
)
def test_what_is_no_file_of_clients_is_refused(app: Flask, text: str, sentence: str) -> None:
    with pytest.raises(Refused) as refusal:
        received(text)
    assert refusal.value.message == sentence
    assert imports.listing().items == []


def test_an_upload_that_breaks_off_leaves_no_rows(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(raws: Any) -> bytes:
        raise OSError("the disk is full")

    monkeypatch.setattr(receiving.delimited, "written", broken)
    with pytest.raises(OSError, match="full"):
        received(some_rows(2))
    assert imports.get(1).state is ImportState.FAILED
    assert pieces() == 0


def test_a_fault_of_our_own_ends_the_import_and_not_the_worker(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise ZeroDivisionError

    received(some_rows(2))
    monkeypatch.setattr(steps, "judge_of_files", broken)
    assert step("one")
    assert imports.get(1).state is ImportState.FAILED
    assert not step("one")


def test_rows_are_forgotten_after_a_day(app: Flask) -> None:
    done, open_ = checked(some_rows(1) + "12,x\n"), checked(some_rows(1))
    imports.begin(done.id)
    step("one")
    imports.work("one", lambda _: True)
    assert pieces() == 2
    with time_machine.travel(clock.now() + control.KEPT_FOR + timedelta(minutes=1)):
        imports.work("one", lambda _: True)
    assert pieces() == 0
    assert imports.get(done.id).state is ImportState.DONE
    assert imports.get(open_.id).state is ImportState.DROPPED


def test_dropped_in_the_middle(app: Flask) -> None:
    brought = checked(some_rows(7))
    imports.begin(brought.id)
    step("one")
    imports.drop(brought.id)
    assert not step("one")
    assert (imports.get(brought.id).state, figures(brought)) == (ImportState.DROPPED, (3, 0, 0))
    assert len(clients.listing().items) == 3


def test_the_faulty_rows_come_back_mended(app: Flask) -> None:
    brought = checked('Телефон;"что-то, ""ещё""";Тег\n7,9E+10;=1+1;a\n+7 900 000-00-01;x;b\n79001000000;;c;more\n')
    with current_app.test_request_context():
        file = b"".join(imports.faulty_csv(brought, brought.titles)).decode()
    shortened, rounded = (str(row.faults["phone"]) for row in imports.faulty(brought, 9).rows)
    lines = file.splitlines()
    assert lines[0] == '\ufeffТелефон;"что-то, ""ещё""";Тег;What is wrong'
    assert lines[1] == f'7,9E+10;\'=1+1;a;"{shortened}"'
    assert lines[2] == f'79001000000;;c;"{rounded}";more'
    mended = file.replace("7,9E+10", a_phone()).replace("79001000000", a_phone())
    again = checked(mended)
    assert (again.mapping, again.good, again.bad) == (["phone", "", "tag", ""], 2, 0)


def test_it_takes_little_while_messages_wait_and_more_while_none_does(app: Flask) -> None:
    assert steps.share(clock.now()) == steps.ALONE
    a_client()
    enrolled()
    assert steps.share(clock.now()) == steps.BESIDE_SENDING
