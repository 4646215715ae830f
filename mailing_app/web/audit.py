"""The page of who did what, and when.

For operators and admins: who may change something may see who changed what. It tells of people too, when they
sign in and what they may do, which is nothing for those who only look.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from flask import Blueprint, render_template, request
from flask_babel import format_decimal, gettext

from mailing_app import audit, words
from mailing_app.forms import AuditQuery
from mailing_app.language import Language
from mailing_app.models import AuditEntry, Role, Scope, WhenUncertain
from mailing_app.web import display

bp = Blueprint("audit", __name__, url_prefix="/audit")

ENUMS = {"role": Role, "scope": Scope, "language": Language, "when_uncertain": WhenUncertain}

WHOM = ("operator_id", "operator")
"""The details that say whom an entry is about; they stand beside its action."""


class Detail(NamedTuple):
    """A detail in words; `before` only where something was changed."""

    label: str
    before: str | None
    value: str


@bp.get("")
def index() -> str:
    """The trail, the newest first, filtered and in pages."""
    form = AuditQuery.from_page(request.args)
    page = audit.listing(**form.values())
    there = audit.subjects(page.items)
    return render_template("audit.html", form=form, page=page, there=there, told=lambda entry: list(told(entry)))


def told(entry: AuditEntry) -> Iterator[Detail]:
    """The details of an entry, each in words."""
    for name, value in entry.details.items():
        if name in WHOM or value in ("", [], {}):
            continue
        if isinstance(value, list) and len(value) == 2 and name != "fields":
            yield Detail(words.detail(name), _in_words(name, value[0]), _in_words(name, value[1]))
        else:
            yield Detail(words.detail(name), None, _in_words(name, value))


def _in_words(name: str, value: Any) -> str:
    if value in (None, "", []):
        return "–"
    if isinstance(value, dict):
        parts = [f"{words.detail(key)} {_in_words(key, each)}" for key, each in value.items() if each]
        return "; ".join(parts) or gettext("Every client.")
    if isinstance(value, list):
        return ", ".join(words.detail(each) if name == "fields" else str(each) for each in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(format_decimal(value))
    return _text_in_words(name, str(value))


def _text_in_words(name: str, text: str) -> str:
    enum = ENUMS.get(name)
    if enum and text in set(enum):
        return words.of(enum(text))
    if name.endswith("_at"):
        return display.with_seconds(datetime.fromisoformat(text))
    return text[:5] if re.fullmatch(r"\d\d:\d\d:00", text) else text
