"""Forms that outlive their page: opened again as they were typed, and carried over a login."""

import re
import secrets
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import flash, g, redirect, request
from flask_babel import gettext
from werkzeug import Response
from werkzeug.datastructures import MultiDict

from mailing_app import drafts, ids
from mailing_app.errors import NotFound

CARRIED = "typed:"
"""What stands before the name of a field that the login form carries for another form."""

NEVER_KEPT = re.compile("csrf_token|save|check|keep|test")
"""The fields that nobody typed: the token and the buttons."""

SECRET = re.compile(".*password.*|present")
"""The fields that are nobody's to keep: what is typed as a password, the present one too."""

MARK = re.compile("[0-9a-f]{32}")

LONGEST_PATH = 300

MOST_FIELDS = 300
"""More than any form has: one about the columns of a file has a hundred. A body has room for a quarter of a million."""


def recall() -> Response | None:
    """Fill the forms of this page with what had been kept for it, where its address asks for that.

    Where it is not there any more, or is not for this page or this operator, the page is shown without it.
    """
    g.draft = g.typed = None
    draft_id = id_asked("draft")
    if draft_id is None or request.method == "POST":
        return None
    try:
        g.draft = drafts.get(draft_id, g.operator.id, request.path)
    except NotFound:
        flash(gettext("What had been kept for this page is not here any more: it was sent, or deleted."), "warning")
        return redirect(request.path)
    g.typed = MultiDict((name, text) for name, text in g.draft.fields)
    return None


def use_up() -> None:
    """Forget what had waited for whoever sends it now. To be asked only when the form is known to be no forged one."""
    draft_id = id_asked("draft")
    if request.method == "POST" and g.operator and draft_id is not None:
        drafts.use_up(draft_id, g.operator.id)


def id_asked(name: str) -> int | None:
    """The id under this name in the address; None for what no table can hold."""
    return ids.number(request.args.get(name, ""))


def typed() -> MultiDict[str, str]:
    """What the forms of this page were filled with, sent or kept; nothing on a fresh one."""
    return request.form if request.method == "POST" else g.get("typed") or MultiDict()


def fields() -> drafts.Fields:
    """The fields of the form that was sent, to be kept."""
    sent = request.form.items(multi=True)
    return [(name, text) for name, text in sent if not (NEVER_KEPT.fullmatch(name) or SECRET.fullmatch(name))]


def leaves_out() -> bool:
    """Whether the form that was sent holds anything that cannot be kept."""
    return bool(request.files) or any(SECRET.fullmatch(name) for name in request.form)


def form_key() -> str:
    """The mark by which a page's form is known when it comes again: a fresh page gets a fresh one."""
    mark = typed().get("form_key", "")
    return mark if MARK.fullmatch(mark) else secrets.token_hex(16)


def by_a_stranger() -> drafts.Fields:
    """What somebody sent whose sign-in is over, to be carried over the login; nothing where no form can show it again.

    A page of somebody else can send a form in a stranger's name too, so only what comes from our own is kept.
    """
    origin = request.headers.get("Origin")
    from_us = origin is None or origin.partition("://")[2] == request.host
    sent = fields() if from_us and has_form() else []
    return sent if len(sent) <= MOST_FIELDS and any(text.strip() for _, text in sent) else []


def has_form() -> bool:
    """Whether what was sent comes from a page that can be opened again."""
    methods = request.url_rule.methods if request.url_rule else None
    return request.method == "POST" and "GET" in (methods or ())


def carried() -> drafts.Fields:
    """The fields that the login form carried for another one."""
    sent = request.form.items(multi=True)
    found = [(name.removeprefix(CARRIED), text) for name, text in sent if name.startswith(CARRIED)]
    return found if len(found) <= MOST_FIELDS else []


def address(operator_id: int, wanted: str) -> str:
    """The page that was wanted before the login, filled with what had been typed there."""
    parts = urlsplit(wanted)
    draft = drafts.keep_for_a_while(operator_id, parts.path[:LONGEST_PATH], carried())
    asked = [(name, text) for name, text in parse_qsl(parts.query) if name != "draft"]
    return f"{parts.path}?{urlencode([*asked, ('draft', draft.id)])}"
