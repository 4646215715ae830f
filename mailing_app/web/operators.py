"""The pages of operators and tokens, for admins."""

from flask import Blueprint, Response, flash, redirect, render_template, session, url_for
from flask_babel import gettext
from werkzeug import Response as Redirect

from mailing_app import access, clock
from mailing_app.forms import OperatorChangeForm, OperatorForm, PasswordForm, TokenForm
from mailing_app.web import display
from mailing_app.web.display import form_page

bp = Blueprint("operators", __name__, url_prefix="/operators")


@bp.get("")
def index() -> str:
    """Everyone who may sign in, and every token."""
    people, keys = access.operators(), access.tokens()
    return render_template("operators/index.html", operators=people, tokens=keys, now=clock.now())


@bp.route("/new", methods=["GET", "POST"])
def add() -> Response | Redirect:
    """Add an operator."""
    form = OperatorForm()
    if form.submitted_to(access.add_operator):
        flash(gettext("The operator is added."), "success")
        return _to_all()
    return form_page("operators/form.html", form)


@bp.route("/<id:operator_id>", methods=["GET", "POST"])
def edit(operator_id: int) -> Response | Redirect:
    """An operator: change name and role, and find what else can be done."""
    operator = access.operator(operator_id)
    form = OperatorChangeForm(obj=operator)
    if form.submitted_to(access.change_operator, operator_id):
        flash(gettext("The operator is changed."), "success")
        return _to_all()
    return form_page("operators/edit.html", form, operator=operator, sign_ins=access.sign_ins(operator_id))


@bp.route("/<id:operator_id>/password", methods=["GET", "POST"])
def password(operator_id: int) -> Response | Redirect:
    """Set a new password for somebody."""
    operator = access.operator(operator_id)
    form = PasswordForm()
    if form.submitted_to(access.set_password, operator_id):
        flash(gettext("The new password of %(name)s is set.", name=operator.name), "success")
        return _to_all()
    return form_page("operators/password.html", form, operator=operator)


@bp.route("/<id:operator_id>/deactivate", methods=["GET", "POST"])
def deactivate(operator_id: int) -> str | Redirect:
    """Let somebody in no more, after asking."""
    operator = access.operator(operator_id)
    if not display.is_sent():
        return render_template("operators/deactivate.html", operator=operator)
    if display.done(access.deactivate, operator_id):
        flash(gettext("%(name)s is signed out and can sign in no more.", name=operator.name), "success")
    return _to_all()


@bp.post("/<id:operator_id>/end-sign-ins")
def end_sign_ins(operator_id: int) -> Redirect:
    """End all sign-ins of somebody, but this one (OWASP ASVS 5, 7.4.5)."""
    access.end_sign_ins(operator_id, session["sign_in"])
    flash(gettext("The operator has to sign in anew everywhere."), "success")
    return redirect(url_for("operators.edit", operator_id=operator_id))


@bp.post("/<id:operator_id>/reactivate")
def reactivate(operator_id: int) -> Redirect:
    """Let somebody in again."""
    access.reactivate(operator_id)
    flash(gettext("The operator may sign in again, with the password that was."), "success")
    return _to_all()


@bp.route("/tokens/new", methods=["GET", "POST"])
def add_token() -> Response:
    """Add a token; its secret is shown on this answer and never again."""
    form = TokenForm()
    secret = form.submitted_to(access.add_token)
    return form_page("operators/token.html", form, secret=secret)


@bp.route("/tokens/<id:token_id>/revoke", methods=["GET", "POST"])
def revoke_token(token_id: int) -> str | Redirect:
    """Revoke a token, after asking."""
    token = access.find_token(token_id)
    if not display.is_sent():
        return render_template("operators/revoke.html", token=token)
    access.revoke_token(token_id)
    flash(gettext("The token “%(name)s” opens nothing any more.", name=token.name), "success")
    return _to_all()


def _to_all() -> Redirect:
    return redirect(url_for("operators.index"))
