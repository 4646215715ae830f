"""Mailings from forms: planned once, and tests of a text to one phone."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from mailing_app import access, audit, clients, clock, drafts, mailings
from mailing_app.db import db, transaction
from mailing_app.dispatch.record import record
from mailing_app.errors import Refused
from mailing_app.models import Action, Client, Mailing, Phase, Role, Status
from tests.conftest import PASSWORD
from tests.dispatch.test_storage import at_once, claim, enrol_all, figures, result
from tests.factories import a_client, a_filter, some_clients

KEY = "0123456789abcdef" * 2


def plan(key: str | None = KEY, **given: Any) -> mailings.Planned:
    now = clock.now()
    plain = {"name": "Autumn", "text": "Hello!", "starts_at": now, "ends_at": now + timedelta(hours=1),
             "filter": a_filter(), "window": None}  # fmt: skip
    return mailings.plan(key, **plain | given)


def test_the_same_form_plans_one_mailing(app: Flask) -> None:
    first, second = plan(), plan(name="Winter")
    assert (first.anew, second.anew) == (True, False)
    assert second.mailing.id == first.mailing.id
    assert mailings.get(first.mailing.id).name == "Autumn"
    assert plan("f" * 32).anew
    assert plan(None).anew
    assert plan(None).anew


def test_two_clicks_at_the_same_moment_plan_one_mailing(app: Flask) -> None:
    told: list[mailings.Planned] = []
    at_once(app, 2, lambda: told.append(plan()))
    assert sorted(each.anew for each in told) == [False, True]
    assert len({each.mailing.id for each in told}) == 1
    db.session.commit()
    assert len(mailings.listing().items) == 1


def test_the_form_of_a_deleted_mailing_may_be_sent_again(app: Flask) -> None:
    mailings.delete(plan().mailing.id)
    assert plan().anew


def test_planning_removes_the_draft_and_what_is_refused_keeps_it(app: Flask) -> None:
    anna = access.add_operator("anna", PASSWORD, Role.OPERATOR).id
    for key in (KEY, "f" * 32):
        drafts.keep(anna, key, "/mailings/new", [("name", "x")], "x")
    plan()
    assert [draft.form_key for draft in drafts.listing().items] == ["f" * 32]
    with pytest.raises(Refused):
        plan("f" * 32, remainder_of=1)  # which is not over
    db.session.commit()
    assert len(drafts.listing().items) == 1
    assert len(mailings.listing().items) == 1


def test_a_test_goes_to_one_client_through_the_same_dispatch(app: Flask) -> None:
    some_clients(3)
    chosen = a_client()
    some_clients(2)
    sent = mailings.send_test(KEY, "Test: Autumn", 7, phone=chosen.phone or "", text="Hello!").mailing
    assert sent.phase(clock.now()) is Phase.RUNNING
    enrol_all()
    (envelope,) = claim()
    assert (envelope.phone, envelope.text) == (chosen.phone, "Hello!")
    record([result(envelope, Status.SENT)])
    assert figures(sent) == {"sent": 1}
    (entry,) = audit.listing(mailing_id=sent.id).items
    assert (entry.action, entry.details) == (Action.TEST_SENT, {"of": 7})
    assert not mailings.send_test(KEY, "", phone=chosen.phone or "", text="Hello!").anew


def test_a_test_is_for_the_register_only_and_for_nobody_who_opted_out(app: Flask) -> None:
    out = a_client()
    with transaction() as session:
        session.get_one(Client, out.id).opted_out_at = clock.now()
    erased = a_client()
    clients.erase(erased.id)
    for phone in (out.phone, erased.phone, "79990000000"):
        with pytest.raises(Refused) as refusal:
            mailings.send_test(KEY, "", phone=phone or "", text="x")
        assert refusal.value.field == "phone"
    assert Mailing.query.count() == 0
