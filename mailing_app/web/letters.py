"""The daily letters: what became of the last ones, and the button that sends one again."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug import Response

from mailing_app import clock, letters
from mailing_app.web import display

bp = Blueprint("letters", __name__, url_prefix="/reports/letters")


@bp.get("")
def index() -> str:
    """The last letters, and to whom they go."""
    shown = {"letters": letters.latest(), "is_unknown": letters.is_unknown, "now": clock.now()}
    return render_template("letters/index.html", **shown)


@bp.post("/<id:stamp>/send-again")
def send_again(stamp: int) -> Response:
    """Have a letter sent that failed, or of which nobody knows whether it arrived."""
    if display.done(letters.send_again, stamp):
        flash(gettext("The letter is sent within a few seconds."), "success")
    return redirect(url_for(".index"))
