"""The pages of mailings: the list, the plan, the mailing itself and its controls."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug import Response as Redirect

from mailing_app import clock, mailings, reports
from mailing_app.forms import MailingForm, MailingsQuery, MessagesFileQuery, MessagesQuery, PauseForm, RemainderForm
from mailing_app.models import Word
from mailing_app.web import display, drafts, edits, kept
from mailing_app.web.planning import Planning, form_of, stored

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
    starts_at = this_minute()
    return plan(MailingForm(data={"starts_at": starts_at, "ends_at": starts_at + USUAL_TERM}))


@bp.route("/<id:mailing_id>/edit", methods=["GET", "POST"])
def edit(mailing_id: int) -> Response | Redirect:
    """Change a mailing, or check the change without storing it."""
    mailing = mailings.to_change(mailing_id)
    form = form_of(mailing).showing(mailing)
    planning = Planning(form, mailing, mailing.remainder_of)
    if planning.only_checked():
        return planning.page()
    if doubts := planning.unconfirmed():
        return planning.page(doubts)
    changed = form.submitted_to(mailings.change, mailing_id, display.seen_version())
    if changed or edits.came_to_the_same(form, stored(mailing_id)):
        flash(gettext("The mailing is changed."), "success")
        return redirect(url_for("mailings.show", mailing_id=mailing_id))
    return planning.page()


def plan(form: MailingForm, remainder_of: int | None = None) -> Response | Redirect:
    """The page of a mailing that is not planned yet: keep its form as a draft, check it, or plan it."""
    planning = Planning(form, remainder_of=remainder_of)
    if "keep" in request.form and drafts.keep(form):
        flash(gettext("The draft is kept."), "success")
        return redirect(url_for("drafts.index"))
    if "keep" in request.form or planning.only_checked():
        return planning.page()
    if doubts := planning.unconfirmed():
        return planning.page(doubts)
    if planned := form.submitted_to(mailings.plan, kept.form_key(), remainder_of):
        tell = (gettext("The mailing is planned."), "success")
        told_before = (gettext("It is planned already: this very form was sent before. Here it is."), "info")
        flash(*tell if planned.anew else told_before)
        return redirect(url_for("mailings.show", mailing_id=planned.mailing.id))
    return planning.page()


@bp.post("/preview")
def preview() -> str:
    """What the form as it stands would come to: the part of its page that a script refreshes while one types."""
    remainder_of, own_id = kept.id_asked("remainder_of"), kept.id_asked("own_id")
    form = RemainderForm() if remainder_of else MailingForm()
    form.validate()
    planning = Planning(form, mailings.get(own_id) if own_id else None, remainder_of)
    return render_template("mailings/preview.html", preview=planning.preview())


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
        origin=mailings.origin(figures["mailing"].remainder_of),
        remainders=mailings.remainders(mailing_id),
        files=MessagesFileQuery.blank(),
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
    if not display.is_sent():
        return render_template("mailings/cancel.html", mailing=mailings.get(mailing_id))
    if display.done(mailings.cancel, mailing_id):
        flash(gettext("The mailing is cancelled."), "success")
    return redirect(url_for("mailings.show", mailing_id=mailing_id))


@bp.route("/<id:mailing_id>/send-uncertain", methods=["GET", "POST"])
def send_uncertain(mailing_id: int) -> str | Redirect:
    """Send once more what may or may not have arrived, or of it what the gateway never had, after asking."""
    never_came = request.args.get("word") == Word.NEVER_CAME
    if not display.is_sent():
        mailing, told = mailings.get(mailing_id), mailings.standing(mailing_id) if never_came else None
        return render_template("mailings/send_uncertain.html", mailing=mailing, told=told)
    if display.done(mailings.send_again, mailing_id, never_came):
        flash(gettext("The uncertain messages are sent once more."), "success")
    return redirect(url_for("mailings.show", mailing_id=mailing_id))


@bp.route("/<id:mailing_id>/delete", methods=["GET", "POST"])
def delete(mailing_id: int) -> str | Redirect:
    """Delete a mailing, after asking."""
    if not display.is_sent():
        return render_template("mailings/delete.html", mailing=mailings.get(mailing_id))
    mailings.delete(mailing_id)
    flash(gettext("The mailing is deleted."), "success")
    return redirect(url_for("mailings.index"))


def _figures(mailing_id: int) -> dict[str, Any]:
    mailing, now = mailings.get(mailing_id), clock.now()
    return display.sending(now) | {
        "mailing": mailing,
        "statistics": reports.statistics(mailing.tally),
        "progress": mailings.progress(mailing, *mailings.allowed_rate(), now),
    }


def this_minute() -> datetime:
    """When a mailing may begin whose form is opened now, without seconds that nobody would type."""
    return clock.now().replace(second=0, microsecond=0)
