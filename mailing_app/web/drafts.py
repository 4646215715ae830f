"""The drafts of mailings: who left what unfinished, and the way on."""

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug import Response as Redirect

from mailing_app import drafts
from mailing_app.errors import Stale
from mailing_app.forms import DraftsQuery, Form
from mailing_app.web import display, kept

bp = Blueprint("drafts", __name__, url_prefix="/mailings/drafts")

LONGEST_NAME = 200


@bp.get("")
def index() -> str:
    """The drafts, the newest first."""
    form = DraftsQuery.from_page(request.args)
    return render_template("mailings/drafts.html", form=form, page=drafts.listing(**form.values()))


@bp.route("/<id:draft_id>/delete", methods=["GET", "POST"])
def delete(draft_id: int) -> str | Redirect:
    """Throw a draft away, after asking."""
    if not display.is_sent():
        return render_template("mailings/draft_delete.html", draft=drafts.find(draft_id))
    drafts.delete(draft_id)
    flash(gettext("The draft is deleted."), "success")
    return redirect(url_for("drafts.index"))


def keep(form: Form) -> bool:
    """Keep the form that was sent as it was typed, and say whether that worked: somebody may have kept it otherwise."""
    typed = [(name, text) for name, text in kept.fields() if name != "version"]
    name = "".join(character for character in request.form.get("name", "") if character.isprintable())
    try:
        drafts.keep(
            g.operator.id, kept.form_key(), request.path, typed, name.strip()[:LONGEST_NAME], display.seen_version()
        )
    except Stale as refusal:
        form.refuse(refusal)
    return form.refusal is None
