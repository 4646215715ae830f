"""Recall against the database: what was claimed and may no longer leave."""

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from flask import Flask

from mailing_app import clients, clock, holds, mailings
from mailing_app.dispatch.gateway import Address, post, why_not
from mailing_app.dispatch.parts import Envelope, Outcome, Reached
from mailing_app.dispatch.recall import Recall
from mailing_app.dispatch.record import record
from mailing_app.local_time import Window
from mailing_app.models import Mailing, Status
from mailing_app.practice import PracticeGateway
from tests.dispatch.test_storage import claim, enrolled, result, taken_away
from tests.factories import a_client, some_clients


@pytest.fixture
def claimed(app: Flask) -> tuple[Mailing, Envelope]:
    """A mailing with one client, whose message is claimed."""
    a_client()
    mailing = enrolled()
    [envelope] = claim()
    return mailing, envelope


def recalled(envelope: Envelope) -> bool:
    """Whether a look would call it back now."""
    recall = Recall()
    recall.look([envelope])
    return envelope in recall


def move_end(by: timedelta) -> Callable[[Mailing], Any]:
    return lambda mailing: mailings.change(mailing.id, ends_at=clock.now() + by)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda _: None, False),
        (lambda mailing: mailings.pause(mailing.id), True),
        (lambda mailing: mailings.cancel(mailing.id), True),
        (lambda mailing: mailings.delete(mailing.id), True),
        (lambda mailing: mailings.change(mailing.id, name="Another"), False),
        (move_end(timedelta(seconds=-1)), True),
        (move_end(timedelta(minutes=30)), True),
        (move_end(timedelta(hours=2)), False),
        (lambda _: clients.erase(1), True),
        (lambda _: clients.opt_out(1), True),
        (lambda _: clients.change(1, phone="79009999999"), True),
        (lambda _: clients.change(1, tag="vip"), False),
        (lambda _: clients.change(1, timezone="Asia/Omsk"), False),
        (lambda _: holds.stop("wait"), True),
    ],
)
def test_what_calls_a_claimed_message_back(
    claimed: tuple[Mailing, Envelope], change: Callable[[Mailing], Any], expected: bool
) -> None:
    mailing, envelope = claimed
    change(mailing)
    assert recalled(envelope) is expected


def test_who_moved_to_another_zone_is_written_to_by_its_hours(app: Flask) -> None:
    client = a_client()
    enrolled(window=Window(time(0), time(23, 59, 59, 999_999)))
    [envelope] = claim()
    clients.change(client.id, tag="vip")
    assert not recalled(envelope)
    clients.change(client.id, timezone="Asia/Omsk")
    assert recalled(envelope)


def test_what_was_called_back_does_not_leave(
    claimed: tuple[Mailing, Envelope], gateway: PracticeGateway, address: Address
) -> None:
    mailing, envelope = claimed
    recall = Recall()
    for control, reached in ((mailings.pause, Reached.NOTHING_LEFT), (mailings.resume, Reached.ANSWER_ENDED)):
        control(mailing.id)
        recall.look([envelope])
        assert post(address, recall, envelope).reached is reached
    assert len(gateway.inbox) == 1


def test_what_is_undone_before_it_left_may_leave(claimed: tuple[Mailing, Envelope]) -> None:
    mailing, envelope = claimed
    recall = Recall()
    for control, expected in ((mailings.pause, True), (mailings.resume, False)):
        control(mailing.id)
        recall.look([envelope])
        assert (envelope in recall) is expected


def test_a_phone_that_a_byte_went_to_already_stands(claimed: tuple[Mailing, Envelope]) -> None:
    _, envelope = claimed
    record([result(envelope, Status.PENDING, Outcome.CUT_OFF, due_at=clock.now(), unknown=True)])
    clients.change(envelope.client_id, phone="79009999999")
    [again] = claim()
    assert (again.frozen, again.phone) == (True, envelope.phone)
    assert not recalled(again)


def test_what_another_dispatcher_claimed_since_stays(claimed: tuple[Mailing, Envelope]) -> None:
    _, old = claimed
    taken_away(old)
    [new] = claim()
    assert recalled(old)
    assert not recalled(new)


def test_an_end_that_was_moved_closer_binds_until_the_next_look_too(claimed: tuple[Mailing, Envelope]) -> None:
    """The next look may be late: the pump waits for the database up to twenty seconds, the seats do not."""
    mailing, envelope = claimed
    ends_at = clock.now() + timedelta(seconds=5)
    mailings.change(mailing.id, ends_at=ends_at)
    recall = Recall()
    recall.look([envelope])
    assert why_not(envelope, recall, ends_at, clock.monotonic())


@pytest.mark.parametrize("accepted", [True, False])
def test_what_is_not_on_the_wire_in_this_claims_name_any_more_stays(
    claimed: tuple[Mailing, Envelope], accepted: bool
) -> None:
    """Its dispatcher was taken for dead; or a late acceptance of an earlier claim came in meanwhile."""
    _, envelope = claimed
    taken_away(envelope)
    if accepted:
        [again] = claim()
        record([result(envelope, Status.SENT)])
        envelope = again
    assert recalled(envelope)


def test_only_what_was_changed_is_called_back(app: Flask) -> None:
    some_clients(3)
    enrolled()
    one, two, three = claim()
    clients.erase(two.client_id)
    recall = Recall()
    recall.look([one, two, three])
    assert [envelope in recall for envelope in (one, two, three)] == [False, True, False]
