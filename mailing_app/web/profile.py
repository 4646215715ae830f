"""The pages of one's own: password, language, time zone. For everyone who is signed in."""

from flask import Blueprint, Response, flash, g, redirect, session, url_for
from flask_babel import gettext, refresh
from werkzeug import Response as Redirect

from mailing_app import access, language, local_time
from mailing_app.forms import OwnPasswordForm, ProfileForm
from mailing_app.web.display import form_page
from mailing_app.web.session import tell_of_failure

bp = Blueprint("profile", __name__, url_prefix="/profile")


@bp.route("", methods=["GET", "POST"])
def show() -> Response | Redirect:
    """Who one is here, and how one wants the pages."""
    form = ProfileForm(data={"language": language.Language(language.chosen()), "timezone": g.operator.timezone})
    if form.submitted_to(access.change_profile, g.operator.id):
        refresh()  # else this request would go on in the language before
        flash(gettext("Your pages are set."), "success")
        return redirect(url_for("profile.show"))
    told = {"sign_ins": access.sign_ins(g.operator.id), "is_this": lambda each: access.is_of(each, session["sign_in"])}
    return form_page("profile/show.html", form, zones=sorted(local_time.zone_names()), **told)


@bp.post("/end-others")
def end_others() -> Redirect:
    """End one's sign-ins everywhere but here (OWASP ASVS 5, 7.5.2)."""
    access.end_sign_ins(g.operator.id, session["sign_in"])
    flash(gettext("You are signed in nowhere else any more."), "success")
    return redirect(url_for("profile.show"))


@bp.route("/password", methods=["GET", "POST"])
def password() -> Response | Redirect:
    """Change one's password; this browser stays signed in, under a new secret."""
    form = OwnPasswordForm()
    secret = form.submitted_to(access.change_own_password, session["sign_in"])
    if secret is None:
        tell_of_failure("present password", form, g.operator.name)
        return form_page("profile/password.html", form)
    session["sign_in"] = secret
    flash(gettext("Your password is changed. You are signed in nowhere else any more."), "success")
    return redirect(url_for("profile.show"))
