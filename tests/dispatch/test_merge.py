"""Merge fields on their way to a real gateway: what the client reads, and that a retry is the same bytes."""

from datetime import datetime, timedelta

import pytest
from flask import Flask

from mailing_app import clients, clock, mailings
from mailing_app.db import db, transaction
from mailing_app.dispatch import gate, rate, sweep
from mailing_app.dispatch.gateway import Address, post
from mailing_app.dispatch.parts import Envelope, Outcome
from mailing_app.dispatch.recall import Recall
from mailing_app.dispatch.record import record
from mailing_app.holds import ONLY
from mailing_app.models import GatewayState, Mailing, Message, Status
from mailing_app.practice import PracticeGateway
from tests.dispatch.test_storage import claim, enrolled, messages, result
from tests.factories import a_client, a_phone, some_clients

TEXT = "{tag}, {phone} of {operator_code}: {name}"


@pytest.fixture
def mailing(app: Flask) -> Mailing:
    """A mailing to one client, whose tag looks like a merge field."""
    a_client(phone="79001000007", tag="{phone}")
    return enrolled(text=TEXT)


def later() -> datetime:
    return clock.now() + timedelta(minutes=10)


def attempted(outcome: Outcome = Outcome.UNREADABLE) -> Envelope:
    """The envelope of an attempt that came to nothing."""
    [envelope] = claim()
    record([result(envelope, Status.PENDING, outcome, due_at=clock.now())])
    return envelope


def test_the_gateway_sees_the_merged_text(mailing: Mailing, gateway: PracticeGateway, address: Address) -> None:
    [envelope] = claim()
    post(address, Recall(), envelope)
    [seen] = gateway.inbox
    assert (seen.phone, seen.text) == (79001000007, "{phone}, 79001000007 of 900: {name}")


def test_a_retry_is_the_same_bytes_whatever_the_client_became(mailing: Mailing) -> None:
    first = attempted()
    clients.change(1, tag="Anna", operator_code="911", phone=a_phone())
    [again] = claim(now=later())
    assert (again.phone, again.text) == (first.phone, first.text)
    assert mailings.message(again.message_id).text == first.text


def test_what_a_killed_process_had_claimed_is_the_same_bytes(mailing: Mailing) -> None:
    by = sweep.enlist(clock.now(), 1)
    [first] = claim(by=by)
    clients.change(1, tag="Anna", phone=a_phone())
    assert sweep.bury(by, clock.now(), deduplicates=True) == 1
    [again] = claim(now=later())
    assert (again.phone, again.text) == (first.phone, first.text)


def test_before_the_first_byte_the_present_values_go(mailing: Mailing) -> None:
    attempted(Outcome.NOT_SENT)
    [message] = messages(mailing)
    assert (message.phone, message.operator_code, message.tag) == (None, None, None)
    clients.change(1, tag="Anna")
    by = sweep.enlist(clock.now(), 1)
    [stray] = claim(now=later(), by=by)
    assert stray.text == "Anna, 79001000007 of 900: {name}"
    clients.change(1, tag="Berta")
    sweep.release_strays(by, [], clock.now())
    assert messages(mailing)[0].tag is None
    [again] = claim(now=later())
    assert again.text == "Berta, 79001000007 of 900: {name}"


def test_a_claimed_message_whose_values_changed_is_called_back(mailing: Mailing) -> None:
    recall = Recall()
    [envelope] = claim()
    recall.look([envelope])
    assert envelope not in recall
    clients.change(1, tag="Anna")
    recall.look([envelope])
    assert envelope in recall


def test_a_text_without_fields_takes_nothing_from_the_client_but_the_phone(app: Flask) -> None:
    a_client(tag="Anna")
    mailing = enrolled(text="Hello, {name}!")
    [envelope] = claim()
    [message] = messages(mailing)
    assert (message.operator_code, message.tag, envelope.text) == (None, None, "Hello, {name}!")


def test_what_left_before_there_were_merge_fields_stands_as_it_left(mailing: Mailing) -> None:
    attempted()
    with transaction() as session:  # as the version before wrote it
        session.get_one(Message, 1).operator_code = session.get_one(Message, 1).tag = None
    [again] = claim(now=later())
    assert again.text == TEXT == mailings.message(1).text


def test_an_erased_client_leaves_no_value(mailing: Mailing) -> None:
    attempted()
    clients.erase(1)
    assert messages(mailing)[0].tag is None
    assert mailings.message(1).text == ",  of 900: {name}"


def test_the_text_of_a_message_follows_the_client_until_it_leaves(mailing: Mailing) -> None:
    assert mailings.message(1).text == "{phone}, 79001000007 of 900: {name}"
    clients.change(1, tag="Anna")
    db.session.expire_all()
    assert mailings.message(1).text == "Anna, 79001000007 of 900: {name}"


def test_a_rate_of_parts_counts_what_each_client_reads(app: Flask) -> None:
    gate.Gate("").prepare(clock.now())
    some_clients(3, tag="Anna")
    enrolled(text="Hello, {tag}!")
    assert len(claim(2, rate=rate.Rate(48.0, by_parts=True))) == 2  # twelve parts fit, nobody takes more than four
    assert db.session.get_one(GatewayState, ONLY).tokens == 10.0
