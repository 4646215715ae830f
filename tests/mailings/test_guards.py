"""What somebody may have overlooked: each guard, and what it leaves alone."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from mailing_app import mailings
from mailing_app.dispatch.record import record
from mailing_app.mailings import Doubt, guards
from mailing_app.models import Status
from tests.dispatch.test_storage import claim, enrol_all, enrolled, result
from tests.factories import a_client, a_filter, a_mailing, some_clients
from tests.mailings.test_preview import NOON, preview

PLAN: dict[str, Any] = {
    "text": "Hello!", "starts_at": NOON, "ends_at": NOON + timedelta(hours=1), "filter": a_filter(), "window": None,
}  # fmt: skip


def asked(mailing_id: int | None = None, **given: Any) -> dict[str, Doubt]:
    """The doubts about these values, by guard."""
    values = PLAN | given
    return {doubt.guard.value: doubt for doubt in mailings.doubts(preview(**values), {"own_id": mailing_id}, **values)}


def test_nobody(app: Flask) -> None:
    assert list(asked()) == ["nobody"]
    a_client()
    assert asked() == {}


def test_far_more_than_usual(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "SMALL", 5)
    some_clients(1, tag="few")
    for _ in range(2):
        a_mailing(filter=a_filter(tags=["few"]))
    enrol_all()
    some_clients(5)
    assert asked() == {}  # two mailings make nothing usual
    a_mailing(filter=a_filter(tags=["few"]))
    enrol_all()
    doubt = asked()["unusual"]
    assert (doubt.number, doubt.usual) == (6, 1)
    assert asked(filter=a_filter(tags=["few"])) == {}


def test_the_same_text_to_mostly_the_same_people(app: Flask) -> None:
    some_clients(3, tag="a")
    some_clients(2, tag="b")
    other = a_mailing(**PLAN | {"filter": a_filter(tags=["a"])})
    assert asked()["repeated"].number == 3
    assert asked(mailing_id=other.id) == {}
    assert asked(text="Another") == {}
    assert asked(filter=a_filter(tags=["b"])) == {}
    assert asked(starts_at=NOON + timedelta(hours=25), ends_at=NOON + timedelta(hours=26)) == {}
    mailings.cancel(other.id)
    assert asked() == {}


@pytest.mark.parametrize(("status", "is_asked"), [(Status.SENT, True), (Status.FAILED, False)])
def test_whom_the_other_mailing_did_not_reach_is_not_counted(app: Flask, status: Status, is_asked: bool) -> None:
    a_client()
    mailing = enrolled()
    record([result(envelope, status) for envelope in claim()])
    near = {"starts_at": mailing.starts_at, "ends_at": mailing.ends_at + timedelta(days=1), "text": mailing.text}
    assert ("repeated" in asked(**near)) is is_asked


def test_a_placeholder_that_stays_empty_or_is_none(app: Flask) -> None:
    a_client(tag="Ann")
    a_client()
    told = asked(text="{tag}, {name}")
    assert (told["without_tag"].number, told["strange_fields"].told) == (1, ("{name}",))


def test_night_at_the_recipients(app: Flask) -> None:
    some_clients(2, timezone="Asia/Vladivostok")
    a_client()
    late = {"starts_at": NOON + timedelta(hours=3), "ends_at": NOON + timedelta(hours=4)}
    doubt = asked(**late)["night"]
    assert (doubt.number, doubt.told) == (2, ("UTC+10",))
    assert asked() == {}


def test_a_mark_stands_for_what_was_asked() -> None:
    one = Doubt(guards.Guard.NIGHT, 1000, ("UTC+10",))
    assert one.mark == Doubt(guards.Guard.NIGHT, 1001, ("UTC+10",)).mark
    others = [Doubt(guards.Guard.NIGHT, 2100, ("UTC+10",)), Doubt(guards.Guard.NIGHT, 1000, ("UTC+9",))]
    assert len({doubt.mark for doubt in (one, *others)}) == 3
