"""Forms kept on wish, and over a lost sign-in."""

from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from mailing_app import access, clock, drafts
from mailing_app.errors import NotFound, Stale
from mailing_app.models import Draft, Role
from tests.conftest import PASSWORD

TYPED = [("name", "Autumn"), ("text", "<b>\r\n"), ("starts_at", "soon"), ("filter-tags", "")]


@pytest.fixture
def anna(app: Flask) -> int:
    return access.add_operator("anna", PASSWORD, Role.OPERATOR).id


@pytest.fixture
def boris(app: Flask) -> int:
    return access.add_operator("boris", PASSWORD, Role.OPERATOR).id


def only() -> Draft:
    (draft,) = drafts.listing().items
    return drafts.get(draft.id, draft.operator_id, draft.path)


def test_a_form_is_kept_as_it_was_typed_for_everyone(anna: int, boris: int) -> None:
    drafts.keep(anna, "a" * 32, "/mailings/new", TYPED, "Autumn")
    draft = drafts.get(only().id, boris, "/mailings/new")
    assert [(name, text) for name, text in draft.fields] == TYPED
    assert (draft.path, draft.name, draft.operator.name, draft.version) == ("/mailings/new", "Autumn", "anna", 1)


def test_the_same_form_changes_what_it_kept_before(anna: int, boris: int) -> None:
    drafts.keep(anna, "a" * 32, "/mailings/new", TYPED, "Autumn")
    drafts.keep(boris, "a" * 32, "/mailings/new", [("name", "Winter")], "Winter", expected=1)
    assert (only().name, only().operator_id, only().version) == ("Winter", boris, 2)
    with pytest.raises(Stale):
        drafts.keep(anna, "a" * 32, "/mailings/new", TYPED, "Autumn", expected=1)
    assert only().name == "Winter"


def test_a_double_click_keeps_one_and_is_no_quarrel(anna: int) -> None:
    for expected in (None, None, 1, 1):
        drafts.keep(anna, "a" * 32, "/mailings/new", TYPED, "Autumn", expected)
    assert only().name == "Autumn"


def test_what_waits_for_its_sender_is_for_nobody_else_and_not_for_long(anna: int, boris: int) -> None:
    draft = drafts.keep_for_a_while(anna, "/clients/new", TYPED)
    assert drafts.listing().items == []
    with pytest.raises(NotFound):
        drafts.get(draft.id, anna, "/clients/1")
    assert drafts.get(draft.id, anna, "/clients/new").fields == [list(field) for field in TYPED]
    with pytest.raises(NotFound):
        drafts.get(draft.id, boris, "/clients/new")
    with time_machine.travel(clock.now() + drafts.KEPT_FOR + timedelta(minutes=1)):
        with pytest.raises(NotFound):
            drafts.get(draft.id, anna, "/clients/new")
        later = drafts.keep_for_a_while(boris, "/clients/new", TYPED)
        assert drafts.sweep(clock.now()) == 1
    assert [each.id for each in Draft.query.all()] == [later.id]


def test_what_waits_for_its_sender_is_used_once_and_by_nobody_else(anna: int, boris: int) -> None:
    waiting = drafts.keep_for_a_while(anna, "/clients/new", TYPED)
    drafts.keep(anna, "a" * 32, "/mailings/new", TYPED, "Autumn")
    drafts.use_up(waiting.id, boris)
    drafts.use_up(only().id, anna)
    assert Draft.query.count() == 2
    drafts.use_up(waiting.id, anna)
    assert Draft.query.one().listed


def test_to_throw_away_what_is_gone_is_no_error(anna: int) -> None:
    drafts.keep(anna, "a" * 32, "/mailings/new", TYPED, "Autumn")
    number = only().id
    for _ in range(2):
        drafts.delete(number)
    assert drafts.listing().items == []
