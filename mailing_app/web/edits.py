"""Two who change one thing at the same time: the second sees what the first stored, and loses nothing of his own."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Any

from mailing_app import audit, words
from mailing_app.errors import Stale
from mailing_app.forms import Form
from mailing_app.forms.base import FormField, inputs
from mailing_app.models import Action
from mailing_app.web import display, kept


def context(
    form: Form, stored: Form, action: Action, mailing_id: int | None = None, client_id: int | None = None
) -> dict[str, Any]:
    """What the page of a form needs to tell its sender what somebody else stored meanwhile.

    `stored` is the form as the thing would fill it now; the others name the change in the audit trail.
    """
    known = kept.typed().get("seen", "")
    if not isinstance(form.refusal, Stale):
        return {"seen": known or _prints(stored)}
    changes = audit.listing(action=action, mailing_id=mailing_id, client_id=client_id, limit=1)
    return {
        "seen": _prints(stored),
        "theirs": dict(_changed(form, stored, known)),
        "their_change": next(iter(changes.items), None),
    }


def came_to_the_same(form: Form, stored: Form) -> bool:
    """Whether a form that came too late says what is stored already, as the second of two clicks does."""
    return isinstance(form.refusal, Stale) and form.values() == stored.values()


def _changed(form: Form, stored: Form, known: str) -> Iterator[tuple[str, str]]:
    """By field what is stored now, where it is neither what the form was filled from nor what was typed."""
    before = dict(enumerate(known.split("-")))
    for at, (mine, now) in enumerate(zip(_leaves(form), _leaves(stored), strict=True)):
        if before.get(at) != _print(now) and mine.data != now.data:
            yield mine.id, _told(now)


def _prints(form: Form) -> str:
    return "-".join(_print(field) for field in _leaves(form))


def _print(field: Any) -> str:
    """A short mark of what a field holds: enough to see that it is another one now."""
    return hashlib.sha256(field._value().encode()).hexdigest()[:8]


def _told(field: Any) -> str:
    value = field.data
    if isinstance(value, datetime):
        return display.moment(value)
    return words.of(value) if isinstance(value, StrEnum) else str(field._value())


def _leaves(form: Any) -> Iterator[Any]:
    for _, field in inputs(form):
        if isinstance(field, FormField):
            yield from _leaves(field.form)
        else:
            yield field
