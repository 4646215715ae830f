"""What an operator decides about messages that may or may not have arrived."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from mailing_app import clients, clock, mailings
from mailing_app.db import transaction
from mailing_app.dispatch.parts import Outcome
from mailing_app.dispatch.record import record
from mailing_app.errors import NotFound, Refused
from mailing_app.mailings import uncertain
from mailing_app.models import Mailing, Status
from tests.dispatch.test_storage import at_once, claim, enrolled, figures, messages, result, settle_all
from tests.factories import a_filter, a_phone, some_clients

CUT_OFF: dict[str, Any] = {"reason": "cut_off", "tries": 1, "unknown": True}


def in_doubt(number: int) -> Mailing:
    """A running mailing of which so many messages may or may not have arrived."""
    tag = a_phone()  # nobody else's
    some_clients(number, tag=tag)
    mailing = enrolled(filter=a_filter(tags=[tag]))
    record([result(each, Status.UNCERTAIN, Outcome.CUT_OFF, **CUT_OFF) for each in claim(number)])
    assert figures(mailing) == {"uncertain": number}
    return mailing


def test_uncertain_messages_are_due_again_with_the_bytes_they_had(app: Flask) -> None:
    mailing = in_doubt(3)
    before = {each.id: (each.phone, each.epoch, each.frozen, each.unknown) for each in messages(mailing)}
    shown = mailings.send_again(mailing.id)
    assert (shown.tally.pending, shown.tally.uncertain) == (3, 0)
    assert figures(mailing) == {"pending": 3}
    now = messages(mailing)
    assert {each.id: (each.phone, each.epoch, each.frozen, each.unknown) for each in now} == before
    assert {each.reason for each in now} == {""}
    again = claim()
    assert {(each.message_id, each.phone, each.unknown) for each in again} == {
        (id_, phone, True) for id_, (phone, *_) in before.items()
    }
    record([result(each, Status.SENT) for each in again])
    assert figures(mailing) == {"sent": 3}


def test_only_the_uncertain_move_and_without_any_nothing_does(app: Flask) -> None:
    mailing = in_doubt(2)
    mailings.send_again(mailing.id)
    record([result(claim(1)[0], Status.SENT), result(claim(1)[0], Status.FAILED, Outcome.REFUSED)])
    mailings.send_again(mailing.id)
    assert figures(mailing) == {"sent": 1, "failed": 1}


def test_many_go_in_chunks(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uncertain, "MESSAGES_A_CHUNK", 3)
    for number in (7, 6):
        mailing = in_doubt(number)
        mailings.send_again(mailing.id)
        assert figures(mailing) == {"pending": number}
        mailings.pause(mailing.id)  # out of the way of the next one's claim


def test_erased_clients_are_left_alone(app: Flask) -> None:
    mailing = in_doubt(2)
    clients.erase(messages(mailing)[0].client_id)
    mailings.send_again(mailing.id)
    assert figures(mailing) == {"pending": 1, "uncertain": 1}
    erased = messages(mailing)[0]
    assert (erased.status, erased.reason) == (Status.UNCERTAIN, "cut_off")


def test_several_who_press_at_once_move_each_message_once(app: Flask) -> None:
    mailing = in_doubt(40)
    at_once(app, 4, lambda: mailings.send_again(mailing.id))
    assert figures(mailing) == {"pending": 40}


def test_a_paused_mailing_keeps_them_until_it_goes_on(app: Flask) -> None:
    mailing = in_doubt(1)
    mailings.pause(mailing.id)
    mailings.send_again(mailing.id)
    assert (figures(mailing), claim()) == ({"pending": 1}, [])
    mailings.resume(mailing.id)
    assert len(claim()) == 1


def test_what_is_over_sends_nothing_again(app: Flask) -> None:
    mailing = in_doubt(1)
    mailings.cancel(mailing.id)
    with pytest.raises(Refused, match="cancelled"):
        mailings.send_again(mailing.id)
    ended = in_doubt(1)
    with transaction() as session:
        session.get_one(Mailing, ended.id).ends_at = clock.now()
    with pytest.raises(Refused, match="finished"):
        mailings.send_again(ended.id)
    mailings.delete(ended.id)
    with pytest.raises(NotFound):
        mailings.send_again(ended.id)
    assert figures(ended) == {"uncertain": 1}


def test_whoever_is_not_reached_before_the_end_is_uncertain_again(app: Flask) -> None:
    mailing = in_doubt(2)
    with transaction() as session:
        session.get_one(Mailing, mailing.id).settled_at = clock.now()
    mailings.send_again(mailing.id)
    settle_all(mailing.ends_at + timedelta(seconds=1))
    assert figures(mailing) == {"uncertain": 2}
