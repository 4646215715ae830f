"""The page of a mailing's uncertain messages: what is known of each, and the button that asks the gateway."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug import Response

from mailing_app import clock, ids, mailings
from mailing_app.forms import UncertainQuery
from mailing_app.web import display

bp = Blueprint("uncertain", __name__, url_prefix="/mailings/<id:mailing_id>/uncertain")


@bp.get("")
def index(mailing_id: int) -> str:
    """The uncertain messages, each with its last attempt and what the gateway says of it."""
    form = UncertainQuery.from_page(request.args)
    return render_template(
        "mailings/uncertain.html",
        form=form,
        mailing=mailings.get(mailing_id),
        page=mailings.doubtful(mailing_id, **form.values()),
        told=mailings.standing(mailing_id),
        most=mailings.MOST_AT_ONCE,
        now=clock.now(),
    )


@bp.post("/ask")
def ask(mailing_id: int) -> Response:
    """Have the gateway asked about those that were shown, or about all of them."""
    shown = [found for text in request.form.getlist("message_id") if (found := ids.number(text))]
    if display.done(mailings.ask, mailing_id, None if "all" in request.form else shown):
        flash(
            gettext("The gateway is being asked. What it says will stand here in a while."),
            "success",
        )
    return redirect(url_for("uncertain.index", mailing_id=mailing_id))
