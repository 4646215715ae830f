"""What is made from a mailing that is there: a copy, a mailing to those whom it missed, a test on one phone."""

import hashlib
from contextlib import suppress
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug import Response as Redirect

from mailing_app import clients, mailings
from mailing_app.errors import Refused
from mailing_app.forms import ClientForm, MailingForm, RemainderForm, TrialForm
from mailing_app.models import Mailing
from mailing_app.web import display, kept
from mailing_app.web.mailings import plan, this_minute

bp = Blueprint("copies", __name__, url_prefix="/mailings")

LONGEST_START = 180
"""Characters of a name that the name made from it takes over."""


@bp.route("/<id:mailing_id>/copy", methods=["GET", "POST"])
def copy(mailing_id: int) -> Response | Redirect:
    """Plan the same once more, from now on; nothing is stored before the form is sent."""
    mailing = mailings.get(mailing_id)
    name = gettext("%(name)s (copy)", name=mailing.name[:LONGEST_START]) if mailing.name else ""
    return plan(MailingForm.showing(mailing, name=name, **_from_now(mailing)))


@bp.route("/<id:mailing_id>/remainder", methods=["GET", "POST"])
def remainder(mailing_id: int) -> Response | Redirect:
    """Plan a mailing to those whom this one has not reached. They are known, so the filter begins empty."""
    mailing = mailings.get(mailing_id)
    name = gettext("%(name)s (again)", name=mailing.name[:LONGEST_START]) if mailing.name else ""
    fresh: dict[str, Any] = {"name": name, "filter": {}, "with_uncertain": False}
    return plan(RemainderForm.showing(mailing, **fresh, **_from_now(mailing)), mailing_id)


@bp.route("/test", methods=["GET", "POST"])
def test() -> Response | Redirect:
    """Send a text to one phone now: the text of a mailing, or of a form that is still being filled in."""
    of = kept.id_asked("of")
    tested = mailings.get(of) if of else None
    form = TrialForm(data={"text": tested.text if tested else ""})
    name = gettext("Test: %(what)s", what=_title(tested, form))
    if "phone" not in request.form:  # a form that is still being filled in asks for nothing yet
        return display.form_page("mailings/test.html", form, mailing=tested)
    if form.validate() and form.adding.data:
        _add_client(form.phone.data)
    if sent := form.submitted_to(mailings.send_test, _mark_of_test(form), name, of):
        told = gettext("The test is on its way.") if sent.anew else gettext("This test was sent already. Here it is.")
        flash(told, "success")
        return redirect(url_for("mailings.show", mailing_id=sent.mailing.id))
    return display.form_page("mailings/test.html", form, mailing=tested)


def _from_now(mailing: Mailing) -> dict[str, datetime]:
    """The mailing's term moved so that it begins now and lasts as long."""
    starts_at = this_minute()
    return {"starts_at": starts_at, "ends_at": starts_at + (mailing.ends_at - mailing.starts_at)}


def _title(tested: Mailing | None, form: TrialForm) -> str:
    """What a test is known by: the name of what it tests, else how its text begins."""
    named = tested.name if tested else request.form.get("name", "")
    words = (named or form.text.data or "").split()
    return " ".join(words)[:LONGEST_START]


def _add_client(phone: str) -> None:
    """Add the phone to the register, unless it is there."""
    values: dict[str, Any] = ClientForm.from_json({"phone": phone}).values()
    with suppress(Refused):
        clients.add(**values)


def _mark_of_test(form: TrialForm) -> str:
    """The mark of this text to this phone from this page: a changed text is another test, a second click is not."""
    told = (kept.form_key(), str(form.phone.data), str(form.text.data))
    return hashlib.sha256("\0".join(told).encode()).hexdigest()[:32]
