"""Mailings: what may be changed when, and what the controls do."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask

from mailing_app import access, clock, mailings, reports
from mailing_app.db import db, transaction
from mailing_app.errors import Invalid, NotFound, Refused, Stale
from mailing_app.local_time import Window
from mailing_app.models import Mailing, Phase, Scope, WhenUncertain
from tests.dispatch.test_storage import enrol_all, enrolled, figures
from tests.factories import a_client, a_filter, a_mailing

HOUR = timedelta(hours=1)


def phase(mailing: Mailing) -> Phase:
    return mailings.get(mailing.id).phase(clock.now())


@pytest.mark.parametrize(
    ("starts_in", "ends_in", "control", "expected"),
    [
        (HOUR, 2 * HOUR, None, Phase.SCHEDULED),
        (-HOUR, HOUR, None, Phase.RUNNING),
        (-2 * HOUR, -HOUR, None, Phase.FINISHED),
        (HOUR, 2 * HOUR, mailings.pause, Phase.PAUSED),
        (-HOUR, HOUR, mailings.pause, Phase.PAUSED),
        (-HOUR, HOUR, mailings.cancel, Phase.CANCELLED),
    ],
)
def test_phase_and_its_condition_in_sql_agree(
    app: Flask, starts_in: timedelta, ends_in: timedelta, control: Any, expected: Phase
) -> None:
    now = clock.now()
    mailing = a_mailing(starts_at=now + starts_in, ends_at=now + ends_in)
    if control:
        control(mailing.id)
    assert phase(mailing) is expected
    listed = {each: [found.id for found in mailings.listing(phase=each).items] for each in Phase}
    assert listed == {each: [mailing.id] if each is expected else [] for each in Phase}
    assert reports.totals()["mailings"] == {each.value: int(each is expected) for each in Phase} | {"total": 1}


def test_everything_can_be_changed_until_the_first_attempt(app: Flask) -> None:
    a_client(tag="vip")
    a_client()
    mailing = enrolled()
    assert figures(mailing) == {"pending": 2}
    mailings.change(mailing.id, filter=a_filter(tags=["vip"]), text="New", window=Window(time(0), time(23, 59)))
    assert figures(mailing) == {}
    enrol_all()
    assert figures(mailing) == {"pending": 1}


def test_after_the_first_attempt_only_name_and_end_and_what_follows_uncertainty(app: Flask) -> None:
    mailing = a_mailing()
    with transaction() as session:
        session.get_one(Mailing, mailing.id).attempted_at = clock.now()
    same = {"text": mailing.text, "starts_at": mailing.starts_at, "filter": mailing.filter, "window": None}
    ends_at = mailing.ends_at + HOUR
    assert mailings.change(mailing.id, name="New", ends_at=ends_at, **same).ends_at == ends_at
    again = WhenUncertain.SEND_AGAIN
    assert mailings.change(mailing.id, when_uncertain=again, **same).when_uncertain is again
    other = {
        "text": "x",
        "starts_at": ends_at - HOUR,
        "filter": a_filter(tags=["x"]),
        "window": Window(time(1), time(2)),
    }
    for field, value in other.items():
        with pytest.raises(Refused) as refusal:
            mailings.change(mailing.id, **{field: value})
        assert refusal.value.field == field


def test_versions_count_and_a_stale_change_is_refused(app: Flask) -> None:
    mailing = a_mailing()
    mailings.change(mailing.id, expected=1, name="A")
    for stale in (lambda: mailings.change(mailing.id, expected=1, name="B"), lambda: mailings.delete(mailing.id, 1)):
        with pytest.raises(Stale):
            stale()
    assert mailings.get(mailing.id).name == "A"


def test_asking_for_what_is_so_already_changes_nothing(app: Flask) -> None:
    mailing = a_mailing()
    assert mailings.resume(mailing.id).version == 1
    assert mailings.pause(mailing.id, "lunch").version == 2
    again = mailings.pause(mailing.id, "another")
    assert (again.version, again.pause_reason) == (2, "lunch")
    assert mailings.resume(mailing.id).pause_reason == ""
    mailings.cancel(mailing.id)
    assert mailings.cancel(mailing.id).version == 4


@pytest.mark.parametrize("control", [mailings.pause, mailings.resume])
def test_what_is_over_takes_no_controls(app: Flask, control: Any) -> None:
    now = clock.now()
    finished = a_mailing(starts_at=now - 2 * HOUR, ends_at=now - HOUR)
    cancelled = a_mailing()
    mailings.cancel(cancelled.id)
    for mailing in (finished, cancelled):
        with pytest.raises(Refused):
            control(mailing.id)
    with pytest.raises(Refused):
        mailings.cancel(finished.id)


def test_a_deleted_mailing_leaves_the_lists_and_its_id_is_never_used_again(app: Flask) -> None:
    mailing = a_mailing()
    mailings.delete(mailing.id)
    for look in (mailings.get, mailings.pause, mailings.delete):
        with pytest.raises(NotFound):
            look(mailing.id)
    assert mailings.listing().items == []
    assert reports.totals()["mailings"]["total"] == 0
    assert a_mailing().id > mailing.id


def test_a_mailing_under_a_key_is_planned_once(app: Flask) -> None:
    access.add_token("program", Scope.WRITE)
    values = {
        "text": "x",
        "starts_at": clock.now(),
        "ends_at": clock.now() + HOUR,
        "filter": a_filter(),
        "window": None,
    }

    def plan(request_hash: str) -> dict[str, Any]:
        return mailings.add_once("key", 1, request_hash, lambda mailing: {"id": mailing.id}, **values)

    assert plan("a") == plan("a") == {"id": 1}
    with pytest.raises(Invalid):
        plan("b")
    db.session.commit()
    assert len(mailings.listing().items) == 1


def test_preview_counts_and_stores_nothing(app: Flask) -> None:
    a_client(timezone="Asia/Vladivostok")
    a_client(timezone="Europe/Moscow")
    now = datetime.fromisoformat("2030-06-01T12:00:00+00:00")  # 15:00 in Moscow, 22:00 in Vladivostok
    values = {"text": "Привет", "starts_at": now, "ends_at": now + HOUR, "filter": a_filter()}
    told = mailings.preview(**values, window=None, rate=0.5)
    assert (told.audience, told.reachable, told.exclusions) == (2, 2, {})
    assert (told.parts.encoding, told.parts.parts) == ("UCS-2", 1)
    assert told.finishes_at == now + timedelta(seconds=4)
    told = mailings.preview(**values | {"text": "я" * 71}, window=None, rate=0.5, by_parts=True)
    assert (told.parts.parts, told.rate, told.finishes_at) == (2, 0.25, now + timedelta(seconds=8))
    assert mailings.preview(**values | {"text": ""}, window=None, rate=0.5, by_parts=True).rate == 0.5
    told = mailings.preview(**values, window=Window(time(9), time(21)))
    assert (told.audience, told.reachable, told.exclusions) == (2, 1, {"window_never_opens": 1})
    assert mailings.listing().items == []
