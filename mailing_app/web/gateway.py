"""The controls of the gateway: stop all sending, and let it go on."""

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask_babel import gettext
from werkzeug import Response as Redirect

from mailing_app import holds
from mailing_app.forms import StopForm
from mailing_app.web import display
from mailing_app.web.session import local_path

bp = Blueprint("gateway", __name__, url_prefix="/gateway")


@bp.route("/stop", methods=["GET", "POST"])
def stop() -> Response | Redirect:
    """Stop all sending after asking, with a reason for colleagues."""
    form = StopForm()
    if form.validate_on_submit():
        holds.stop(**form.values())
        flash(gettext("All sending is stopped. What was on its way still gets its answer."), "success")
        return redirect(url_for("dashboard.show"))
    return display.form_page("gateway_stop.html", form)


@bp.post("/go-on")
def go_on() -> Redirect:
    """Lift whatever holds the sending, and come back to the page where that was asked for."""
    holds.go_on()
    flash(gettext("Sending goes on. If its reason still stands, it is held again."), "success")
    return redirect(local_path(request.form.get("next", "")))
