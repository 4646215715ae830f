"""The pages of mailings: the list, the plan, the mailing itself and its controls."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug import Response as Redirect

from mailing_app import clients, clock, local_time, mailings, reports, texts
from mailing_app.forms import MailingForm, MailingsQuery, MessagesQuery, PauseForm
from mailing_app.mailings import Doubt, Preview
from mailing_app.models import Mailing
from mailing_app.web import display

bp = Blueprint("mailings", __name__, url_prefix="/mailings")

USUAL_TERM = timedelta(hours=12)
"""How long a new mailing lasts unless its form is told otherwise."""


@bp.get("")
def index() -> str:
    """The table of mailings with their figures."""
    form = MailingsQuery.from_page(request.args)
    page = mailings.listing(**form.values())
    return render_template("mailings/index.html", form=form, page=page, now=clock.now())


@bp.route("/new", methods=["GET", "POST"])
def add() -> Response | Redirect:
    """Plan a mailing, or check the plan without storing it."""
    starts_at = clock.now().replace(second=0, microsecond=0)
    form = MailingForm(data={"starts_at": starts_at, "ends_at": starts_at + USUAL_TERM})
    if _only_checked(form):
        return _form_page(form, None)
    if doubts := _unconfirmed(form):
        return _form_page(form, None, doubts)
    if mailing := form.submitted_to(mailings.add):
        flash(gettext("The mailing is planned."), "success")
        return redirect(url_for("mailings.show", mailing_id=mailing.id))
    return _form_page(form, None)


@bp.route("/<id:mailing_id>/edit", methods=["GET", "POST"])
def edit(mailing_id: int) -> Response | Redirect:
    """Change a mailing, or check the change without storing it."""
    mailing = mailings.get(mailing_id)
    form = MailingForm.showing(mailing)
    if _only_checked(form):
        return _form_page(form, mailing)
    if doubts := _unconfirmed(form, mailing):
        return _form_page(form, mailing, doubts)
    if form.submitted_to(mailings.change, mailing_id, display.seen_version()):
        flash(gettext("The mailing is changed."), "success")
        return redirect(url_for("mailings.show", mailing_id=mailing_id))
    return _form_page(form, mailing)


@bp.post("/preview")
def preview() -> str:
    """What the form as it stands would come to: the part of its page that a script refreshes while one types."""
    form = MailingForm()
    form.validate()
    return render_template("mailings/preview.html", preview=_preview(form))


@bp.get("/<id:mailing_id>")
def show(mailing_id: int) -> str:
    """A mailing with its figures, its plan in words, and its messages."""
    form = MessagesQuery.from_page(request.args)
    figures = _figures(mailing_id)
    return render_template(
        "mailings/show.html",
        form=form,
        page=mailings.messages(mailing_id, **form.values()),
        proof=reports.proof(figures["mailing"]),
        **figures,
    )


@bp.get("/<id:mailing_id>/live")
def live(mailing_id: int) -> Response:
    """The live part of a mailing's page alone."""
    return display.live("mailings/live.html", **_figures(mailing_id))


@bp.route("/<id:mailing_id>/pause", methods=["GET", "POST"])
def pause(mailing_id: int) -> Response | Redirect:
    """Pause a mailing, with a reason for colleagues."""
    mailing = mailings.get(mailing_id)
    form = PauseForm()
    if form.submitted_to(mailings.pause, mailing_id):
        flash(gettext("The mailing is paused. What was on its way still gets its answer."), "success")
        return redirect(url_for("mailings.show", mailing_id=mailing_id))
    return display.form_page("mailings/pause.html", form, mailing=mailing)


@bp.post("/<id:mailing_id>/resume")
def resume(mailing_id: int) -> Redirect:
    """Go on with a paused mailing."""
    if display.done(mailings.resume, mailing_id):
        flash(gettext("The mailing goes on."), "success")
    return redirect(url_for("mailings.show", mailing_id=mailing_id))


@bp.route("/<id:mailing_id>/cancel", methods=["GET", "POST"])
def cancel(mailing_id: int) -> str | Redirect:
    """Cancel a mailing, after asking."""
    if request.method == "GET":
        return render_template("mailings/cancel.html", mailing=mailings.get(mailing_id))
    if display.done(mailings.cancel, mailing_id):
        flash(gettext("The mailing is cancelled."), "success")
    return redirect(url_for("mailings.show", mailing_id=mailing_id))


@bp.route("/<id:mailing_id>/send-uncertain", methods=["GET", "POST"])
def send_uncertain(mailing_id: int) -> str | Redirect:
    """Send once more what may or may not have arrived, after asking."""
    if request.method == "GET":
        return render_template("mailings/send_uncertain.html", mailing=mailings.get(mailing_id))
    if display.done(mailings.send_again, mailing_id):
        flash(gettext("The uncertain messages are sent once more."), "success")
    return redirect(url_for("mailings.show", mailing_id=mailing_id))


@bp.route("/<id:mailing_id>/delete", methods=["GET", "POST"])
def delete(mailing_id: int) -> str | Redirect:
    """Delete a mailing, after asking."""
    if request.method == "GET":
        return render_template("mailings/delete.html", mailing=mailings.get(mailing_id))
    mailings.delete(mailing_id)
    flash(gettext("The mailing is deleted."), "success")
    return redirect(url_for("mailings.index"))


def _figures(mailing_id: int) -> dict[str, Any]:
    mailing, now = mailings.get(mailing_id), clock.now()
    return display.sending(now) | {
        "mailing": mailing,
        "statistics": reports.statistics(mailing.tally),
    }


def _only_checked(form: MailingForm) -> bool:
    """Whether the form came by its button that stores nothing; then it has been judged."""
    checked = "check" in request.form or "plain" in request.form
    if checked:
        form.validate()
    if "plain" in request.form:
        form.text.replace(texts.plain(form.text.data))
    return checked


def _unconfirmed(form: MailingForm, mailing: Mailing | None = None) -> list[Doubt]:
    """What the sender of well-shaped values should look at once more; what a mailing came with already is not asked."""
    if not form.validate_on_submit() or (mailing and mailing.attempted_at):
        return []
    confirmed = request.form.get("confirmed", "").split()
    asked = [doubt for doubt in _doubts(form.values(), mailing) if doubt.mark not in confirmed]
    if asked and mailing:
        present = {name: getattr(mailing, name) for name in ("text", "starts_at", "ends_at", "filter", "window")}
        known = [doubt.mark for doubt in _doubts(present, mailing)]
        asked = [doubt for doubt in asked if doubt.mark not in known]
    return asked


def _doubts(values: dict[str, Any], mailing: Mailing | None) -> list[Doubt]:
    return mailings.doubts(_previewed(values), mailing.id if mailing else None, **values)


def _form_page(form: MailingForm, mailing: Mailing | None, doubts: Sequence[Doubt] = ()) -> Response:
    response = display.form_page(
        "mailings/form.html",
        form,
        mailing=mailing,
        doubts=doubts,
        preview=_preview(form),
        tags=clients.tags(),
        zones=sorted(local_time.zone_names()),
    )
    if doubts:
        response.status_code = 422
    return response


def _preview(form: MailingForm) -> Preview | None:
    """The preview; None while the dates or the filter make no sense. Name and text may still be missing."""
    if not form.is_submitted() or not form.errors.keys() <= {"name", "text"}:
        return None
    return _previewed(form.values())


def _previewed(values: dict[str, Any]) -> Preview:
    settings = current_app.config["SETTINGS"]
    return mailings.preview(settings.gateway_rate, settings.gateway_rate_unit == "parts", **values)
