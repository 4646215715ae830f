"""Sending again to those who were not reached, through the real enrolment."""

import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from mailing_app import clients, clock, mailings
from mailing_app.db import run, transaction
from mailing_app.dispatch import enrol
from mailing_app.dispatch.parts import Outcome
from mailing_app.dispatch.record import record
from mailing_app.errors import Refused
from mailing_app.models import Mailing, Status
from tests.dispatch.test_optout import inside, somebody_waits
from tests.dispatch.test_storage import at_once, claim, enrol_all, enrolled, figures, messages, result, settle_all
from tests.factories import a_filter, some_clients
from tests.mailings.test_uncertain import CUT_OFF
from tests.processes.conftest import eventually

SENT = (Status.SENT, Outcome.ACCEPTED)
FAILED = (Status.FAILED, Outcome.REFUSED)
UNCERTAIN = (Status.UNCERTAIN, Outcome.CUT_OFF)


def ended(*outcomes: Any, mailing: Mailing | None = None) -> Mailing:
    """A mailing over for good: its clients in their order with these outcomes, the others not reached in time."""
    mailing = mailing or enrolled()
    claimed = sorted(claim(len(outcomes)), key=lambda each: each.client_id)
    steps = [CUT_OFF if outcome is UNCERTAIN else {} for outcome in outcomes]
    record([result(each, *outcome, **step) for each, outcome, step in zip(claimed, outcomes, steps, strict=True)])
    end(mailing)
    return mailing


def end(mailing: Mailing) -> None:
    mailings.cancel(mailing.id)
    settle_all(clock.now())


def remainder(origin: Mailing, with_uncertain: bool = False, **given: Any) -> Mailing:
    now = clock.now()
    plain = {"text": "Again", "starts_at": now, "ends_at": now + timedelta(hours=1), "filter": a_filter()}
    values = plain | {"window": None, "with_uncertain": with_uncertain} | given
    return mailings.plan(None, remainder_of=origin.id, **values).mailing


def audience(mailing: Mailing) -> list[int]:
    enrol_all()
    return [message.client_id for message in messages(mailing)]


def ids(people: Sequence[Any]) -> list[int]:
    return [person.id for person in people]


def test_it_goes_to_exactly_those_who_were_not_reached(app: Flask) -> None:
    people = some_clients(5)
    origin = ended(SENT, FAILED, UNCERTAIN)
    some_clients(2)  # who came later were never in it
    assert figures(origin) == {"sent": 1, "failed": 1, "uncertain": 1, "cancelled": 2}
    assert mailings.unreached(origin.id) == (3, 1)
    assert audience(remainder(origin)) == [people[1].id, *ids(people[3:])]


def test_the_uncertain_ones_come_in_on_wish(app: Flask) -> None:
    people = some_clients(3)
    assert audience(remainder(ended(SENT, UNCERTAIN, FAILED), with_uncertain=True)) == ids(people[1:])


def test_the_filter_narrows_it(app: Flask) -> None:
    vip = some_clients(1, tag="vip")
    some_clients(1)
    assert audience(remainder(ended(), filter=a_filter(tags=["vip"]))) == ids(vip)


def test_the_erased_and_those_who_opted_out_stay_out(app: Flask) -> None:
    people = some_clients(2)
    origin = ended()
    clients.erase(people[0].id)
    assert audience(remainder(origin)) == ids(people[1:])


def test_who_is_accepted_late_is_not_in_it(app: Flask) -> None:
    people = some_clients(2)
    mailing = enrolled()
    late, other = sorted(claim(2), key=lambda each: each.client_id)
    record([result(each, *UNCERTAIN, **CUT_OFF) for each in (late, other)])
    end(mailing)
    again = remainder(mailing, with_uncertain=True)
    record([result(late, *SENT)])
    assert audience(again) == ids(people[1:])


def test_a_remainder_has_a_remainder(app: Flask) -> None:
    people = some_clients(3)
    second = ended(SENT, FAILED, mailing=with_audience(remainder(ended(SENT, FAILED, FAILED))))
    assert figures(second) == {"sent": 1, "failed": 1}
    third = ended(FAILED, mailing=with_audience(remainder(second)))
    assert audience(third) == audience(remainder(third)) == [people[2].id]


def with_audience(mailing: Mailing) -> Mailing:
    enrol_all()
    return mailing


def test_nobody_is_written_to_by_two_remainders_of_one_mailing(app: Flask) -> None:
    people = some_clients(4)
    origin = ended(SENT, FAILED, FAILED)
    first = ended(SENT, FAILED, UNCERTAIN, mailing=with_audience(remainder(origin)))
    assert mailings.unreached(origin.id) == (1, 1)
    assert audience(remainder(first)) == [people[2].id]  # and waits there
    assert audience(remainder(origin)) == []
    assert audience(remainder(origin, with_uncertain=True)) == [people[3].id]


def test_a_change_before_the_first_attempt_chooses_anew(app: Flask) -> None:
    people = some_clients(2)
    again = remainder(ended(FAILED, UNCERTAIN))
    assert audience(again) == ids(people[:1])
    mailings.change(again.id, with_uncertain=True)
    assert audience(again) == ids(people)


def test_while_the_mailing_is_not_settled_there_is_no_remainder(app: Flask) -> None:
    some_clients(1)
    origin = enrolled()
    with pytest.raises(Refused, match="not over yet"):
        remainder(origin)
    (on_the_wire,) = claim()
    end(origin)
    with pytest.raises(Refused, match="not over yet"):
        remainder(origin)
    record([result(on_the_wire, *FAILED)])
    settle_all(clock.now())
    assert figures(with_audience(remainder(origin))) == {"pending": 1}


def test_the_two_know_each_other(app: Flask) -> None:
    some_clients(1)
    origin = ended()
    again, deleted = remainder(origin), remainder(origin)
    mailings.delete(deleted.id)
    assert ids(mailings.remainders(origin.id)) == [again.id]


def test_several_dispatchers_enrol_it_once(app: Flask) -> None:
    some_clients(20)
    again = remainder(ended())
    at_once(app, 3, enrol_all)
    assert figures(again) == {"pending": 20}


def test_two_that_are_enrolled_at_one_moment_write_to_nobody_twice(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL neither would see the other's messages before they are committed."""
    some_clients(3)
    first = remainder(origin := ended())
    soon = first.starts_at + timedelta(minutes=1)
    second = remainder(origin, starts_at=soon, ends_at=soon + timedelta(minutes=1))
    other = threading.Thread(target=inside(app, lambda: enrol_all(soon)))

    def run_while_the_other_begins(*statement: Any, **given: Any) -> Any:
        result = run(*statement, **given)
        if not other.ident:
            other.start()
            eventually(somebody_waits)
        return result

    monkeypatch.setattr(enrol, "run", run_while_the_other_begins)
    enrol_all(first.starts_at)
    other.join()
    assert (figures(first), figures(second)) == ({"pending": 3}, {})


def test_whom_a_remainder_took_over_the_origin_does_not_send_to_again(app: Flask) -> None:
    people = some_clients(3)
    origin = enrolled()
    record([result(each, *UNCERTAIN, **CUT_OFF) for each in claim(3)])
    settle_all(origin.ends_at)
    with transaction() as session:
        session.get_one(Mailing, origin.id).settled_at = clock.now()
    again = with_audience(remainder(origin, with_uncertain=True))
    reached, waiting, in_doubt = sorted(claim(3), key=lambda each: each.client_id)
    record([result(reached, *SENT), result(waiting, Status.PENDING, due_at=again.ends_at)])
    record([result(in_doubt, *UNCERTAIN, **CUT_OFF)])
    mailings.send_again(origin.id)
    assert [message.client_id for message in messages(origin) if message.status is Status.PENDING] == ids(people[2:])
    mailings.send_again(again.id)
    assert figures(again) == {"sent": 1, "pending": 1, "uncertain": 1}


def test_two_operators_plan_one_at_one_moment(app: Flask) -> None:
    some_clients(1)
    origin = ended()
    at_once(app, 8, lambda: remainder(origin))
    assert len(mailings.remainders(origin.id)) == 8


def test_the_preview_counts_whom_enrolment_will_take(app: Flask) -> None:
    some_clients(3)
    origin = ended(SENT, FAILED)
    again = remainder(origin)
    values = {"text": "x", "starts_at": again.starts_at, "ends_at": again.ends_at, "filter": a_filter()}
    narrowed: dict[str, Any] = {"remainder_of": origin.id}
    assert mailings.preview(**values, window=None, narrowed=narrowed).audience == len(audience(again)) == 2
    assert mailings.preview(**values, window=None, narrowed=narrowed).audience == 0  # they wait already
    narrowed["own_id"] = again.id
    assert mailings.preview(**values, window=None, narrowed=narrowed).audience == 2
