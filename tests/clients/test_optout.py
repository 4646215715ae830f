"""The opt-out list: who, since when, by whom."""

from flask import Flask

from mailing_app import audit, clients
from mailing_app.db import db
from mailing_app.models import ActorKind
from tests.factories import a_client, a_phone


def test_opting_out_and_in_is_audited_once(app: Flask) -> None:
    client = a_client()
    with audit.acting(audit.Actor(ActorKind.OPERATOR, "Ada")):
        for operation in (clients.opt_out, clients.opt_out, clients.opt_in, clients.opt_in):
            operation(client.id)
    told = [(entry.action, entry.actor) for entry in audit.listing(client_id=client.id).items]
    assert told == [("client_opted_in", "Ada"), ("client_opted_out", "Ada"), ("client_added", "")]


def test_phones_are_opted_out_known_or_not_and_an_import_leaves_them_so(app: Flask) -> None:
    known, out, unknown = a_client(tag="vip"), a_client(), a_phone()
    since = clients.opt_out(out.id).opted_out_at
    given = [known.phone or "", out.phone or "", unknown, unknown]
    assert clients.opt_out_phones(given, "Asia/Omsk") == 2
    assert clients.opt_out_phones(given, "Asia/Omsk") == 0
    db.session.expire_all()
    [first, second, third] = clients.opted_out().items
    assert (first.id, first.tag, first.version) == (known.id, "vip", 2)
    assert second.opted_out_at == since
    assert (third.phone, third.operator_code, third.timezone) == (unknown, unknown[1:4], "Asia/Omsk")
    assert sorted(clients.opted_out_by([known.id, out.id, third.id])) == [known.id, out.id, third.id]
    assert clients.change(third.id, tag="new").opted_out_at


def test_who_is_erased_is_not_remembered_as_opted_out(app: Flask) -> None:
    client = a_client()
    clients.opt_out(client.id)
    clients.erase(client.id)
    assert clients.opted_out().items == []
    assert not clients.add(phone=client.phone or a_phone(), operator_code="900", timezone="Europe/Moscow").opted_out_at
