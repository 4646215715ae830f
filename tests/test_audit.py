"""The trail: one entry for each change, in its transaction, under the name of who made it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from mailing_app import access, audit, clients, clock, holds, mailings
from mailing_app.audit import CONSOLE, SERVICE, Actor
from mailing_app.db import db, transaction
from mailing_app.models import (
    Action,
    ActorKind,
    AuditEntry,
    GatewayState,
    Hold,
    Message,
    Role,
    Scope,
    SignInFailure,
    Status,
)
from tests.factories import PASSWORD, a_client, a_mailing, a_phone, an_operator
from tests.web.pages import submit

NEW_PASSWORD = "staple of green ideas"


OPERATIONS: dict[Action, Callable[[], Any]] = {
    Action.CLIENT_ADDED: a_client,
    Action.CLIENT_CHANGED: lambda: clients.change(1, tag="other"),
    Action.CLIENT_ERASED: lambda: clients.erase(1),
    Action.MAILING_ADDED: a_mailing,
    Action.MAILING_CHANGED: lambda: mailings.change(1, name="other"),
    Action.MAILING_PAUSED: lambda: mailings.pause(1, "lunch"),
    Action.MAILING_RESUMED: lambda: mailings.resume(2),
    Action.MAILING_CANCELLED: lambda: mailings.cancel(1),
    Action.MAILING_DELETED: lambda: mailings.delete(1),
    Action.UNCERTAIN_SENT_AGAIN: lambda: mailings.send_again(1),
    Action.SENDING_STOPPED: lambda: holds.stop("legal"),
    Action.SENDING_WENT_ON: holds.go_on,
    Action.OPERATOR_ADDED: lambda: access.add_operator("Bob", PASSWORD, Role.VIEWER),
    Action.OPERATOR_CHANGED: lambda: access.change_operator(2, "Anna", Role.OPERATOR),
    Action.OPERATOR_DEACTIVATED: lambda: access.deactivate(2),
    Action.OPERATOR_REACTIVATED: lambda: access.reactivate(3),
    Action.PASSWORD_CHANGED: lambda: access.set_password(2, NEW_PASSWORD),
    Action.TOKEN_ADDED: lambda: access.add_token("billing", Scope.READ),
    Action.TOKEN_REVOKED: lambda: access.revoke_token(1),
    Action.SIGNED_IN: lambda: access.sign_in("Anna", PASSWORD),
    Action.SIGN_INS_ENDED: lambda: access.end_sign_ins(4, ""),
}
"""An operation for each action, which changes what `things` has laid ready."""


@pytest.fixture
def things(app: Flask) -> None:
    """Something to change for every operation, and no entry yet."""
    a_client()
    a_mailing()
    a_mailing()
    mailings.pause(2)
    an_operator("admin", Role.ADMIN)
    an_operator("Anna")
    an_operator("gone", deactivated_at=clock.now())
    an_operator("elsewhere")
    access.sign_in("elsewhere", PASSWORD)
    access.add_token("shop", Scope.WRITE)
    now = clock.now()
    with transaction() as session:
        session.add(GatewayState(id=holds.ONLY, hold=Hold.SUSPECT, held_at=now))
        session.add(Message(mailing_id=1, client_id=1, status=Status.UNCERTAIN, created_at=now, due_at=now))
        mailings.get(1).tally.uncertain = 1
    forget()


def forget() -> None:
    with transaction() as session:
        session.query(AuditEntry).delete()


def entries() -> list[AuditEntry]:
    db.session.expire_all()
    return list(db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def contents() -> dict[str, Any]:
    """Every row of every table, but those of attempts: they count before anybody knows what becomes of them."""
    db.session.rollback()
    tables = [table for table in db.metadata.sorted_tables if table.name != SignInFailure.__tablename__]
    return {table.name: db.session.execute(table.select()).all() for table in tables}


@pytest.mark.parametrize("action", OPERATIONS)
def test_a_change_leaves_one_entry(things: None, action: Action) -> None:
    OPERATIONS[action]()
    assert [entry.action for entry in entries()] == [action.value]


@pytest.mark.parametrize("action", OPERATIONS)
def test_a_change_and_its_entry_are_undone_together(
    things: None, action: Action, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = audit.note

    def note_and_fail(*given: Any, **named: Any) -> None:
        real(*given, **named)
        given[0].flush()
        raise ZeroDivisionError

    before = contents()
    monkeypatch.setattr(audit, "note", note_and_fail)
    with pytest.raises(ZeroDivisionError):
        OPERATIONS[action]()
    assert contents() == before


@pytest.mark.parametrize("again", [
    lambda: mailings.pause(2), lambda: mailings.resume(1), lambda: access.deactivate(3),
    lambda: access.end_sign_ins(2, ""),
    lambda: access.reactivate(2), lambda: access.change_operator(2, "Anna", Role.VIEWER),
])  # fmt: skip
def test_what_changes_nothing_leaves_no_entry(things: None, again: Callable[[], Any]) -> None:
    again()
    assert entries() == []


def test_the_entry_names_who_came_through_which_door(app: Flask, admin: FlaskClient, api: FlaskClient) -> None:
    forget()
    submit(admin, "/clients/new", {"phone": a_phone()})
    api.post("/api/v1/clients", json={"phone": a_phone()})
    app.test_cli_runner().invoke(args=["tokens", "add", "console's"])
    audit.act_as(*SERVICE)
    a_client()
    assert [Actor(entry.actor_kind, entry.actor) for entry in entries()] == [
        Actor(ActorKind.OPERATOR, "admin"), Actor(ActorKind.TOKEN, "write"), CONSOLE, SERVICE,
    ]  # fmt: skip


def test_a_sign_in_is_noted_under_the_name_that_came_in(things: None) -> None:
    access.sign_in("Anna", PASSWORD)
    assert [(entry.actor_kind, entry.actor) for entry in entries()] == [(ActorKind.OPERATOR, "Anna")]
