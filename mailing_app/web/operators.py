"""The pages of operators and tokens, for admins."""

from flask import Blueprint, Response, flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug import Response as Redirect

from mailing_app import access
from mailing_app.forms import OperatorForm, TokenForm
from mailing_app.web.display import form_page

bp = Blueprint("operators", __name__, url_prefix="/operators")


@bp.get("")
def index() -> str:
    """Everyone who may sign in, and every token."""
    return render_template("operators/index.html", operators=access.operators(), tokens=access.tokens())


@bp.route("/new", methods=["GET", "POST"])
def add() -> Response | Redirect:
    """Add an operator."""
    form = OperatorForm()
    if form.submitted_to(access.add_operator):
        flash(gettext("The operator is added."), "success")
        return redirect(url_for("operators.index"))
    return form_page("operators/form.html", form)


@bp.route("/tokens/new", methods=["GET", "POST"])
def add_token() -> Response:
    """Add a token; its secret is shown on this answer and never again."""
    form = TokenForm()
    secret = form.submitted_to(access.add_token)
    return form_page("operators/token.html", form, secret=secret)
