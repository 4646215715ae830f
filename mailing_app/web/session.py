"""Who is at the browser: signing in and out, the language, and who may open which page."""

import logging
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    abort,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from werkzeug import Response

from mailing_app import access, audit, logs
from mailing_app.errors import Throttled
from mailing_app.forms import Form, LanguageForm, SignInForm
from mailing_app.models import ActorKind, Role
from mailing_app.web import kept
from mailing_app.web.display import form_page

log = logging.getLogger(__name__)

bp = Blueprint("session", __name__)

PAGES = (
    "session", "dashboard", "clients", "imports", "search", "mailings", "uncertain", "copies", "drafts", "messages",
    "reports", "letters", "gateway", "status", "operators", "audit", "profile",
)  # fmt: skip
"""The blueprints whose pages ask who is there; all others see to themselves."""

FILES_COME_TO = ("imports.take_in",)
LARGEST_FILE = 256 * 2**20
"""Bytes of the largest file: a million clients with long tags, in UTF-16."""
LARGEST_FORM = 2**20
"""Bytes of the largest form without a file: strangers must not fill the memory through the login."""

OPEN = ("session.login", "session.language")

LEAST = {
    "session.logout": Role.VIEWER,
    "profile": Role.VIEWER,
    "audit": Role.OPERATOR,
    "operators": Role.ADMIN,
}
"""Who may open a page, or all pages of a blueprint, where its methods alone would say another role."""

_RANK = list(Role)

HALF_A_YEAR = 182 * 24 * 3600
"""Seconds for which a browser stays known under the name that signed in there."""


@bp.before_app_request
def recognise() -> Response | None:
    """Know the operator; send strangers to the login, and refuse what a role may not do."""
    g.operator = g.draft = g.typed = None
    audit.act_as(ActorKind.SERVICE, "")
    if not _is_page():
        return None
    secret = session.get("sign_in")
    g.operator = access.signed_in(secret) if secret else None
    if g.operator:
        audit.act_as(ActorKind.OPERATOR, g.operator.name)
    takes_file = g.operator is not None and request.endpoint in FILES_COME_TO
    request.max_content_length = LARGEST_FILE if takes_file else LARGEST_FORM
    needed = least_role()
    if needed is None:
        return None
    if g.operator is None:
        return _let_sign_in()
    if _RANK.index(g.operator.role) < _RANK.index(needed):
        abort(403)
    return kept.recall()


def least_role() -> Role | None:
    """Who may open the page that is asked for; None when anybody may. A page with a form is for who may submit it."""
    if request.url_rule is None or request.endpoint in OPEN:
        return None
    by_methods = Role.OPERATOR if "POST" in (request.url_rule.methods or ()) else Role.VIEWER
    return LEAST.get(request.endpoint or "") or LEAST.get(request.blueprint or "") or by_methods


@bp.route("/login", methods=["GET", "POST"])
def login() -> Response:
    """Sign in; the session begins anew, so that nobody can plant one beforehand."""
    form, mark = SignInForm(), request.cookies.get(current_app.config["DEVICE_COOKIE_NAME"], "")
    secret = form.submitted_to(access.sign_in, address=request.remote_addr or "", device=mark)
    if secret is None:
        tell_of_failure("sign-in", form, access.known_as(form.name.data) if form.refusal else "")
        return form_page("login.html", form, typed=kept.carried())
    _begin_anew(secret)
    response = _welcome(secret, local_path(request.args.get("next", "")))
    _keep_mark(response, access.device(form.name.data, mark))
    return response


def tell_of_failure(what: str, form: Form, operator: str) -> None:
    """A line in the log when a password was refused or not even looked at (OWASP ASVS 5, 16.3.1)."""
    if form.refusal:
        how = "throttled" if isinstance(form.refusal, Throttled) else "failed"
        log.warning(f"{what} {how}", extra=logs.of_request() | ({"operator": operator} if operator else {}))


@bp.post("/logout")
def logout() -> Response:
    """Sign out, here and in the database."""
    access.sign_out(session.get("sign_in", ""))
    session.clear()
    return redirect(url_for("session.login"))


@bp.post("/language")
def language() -> Response:
    """Switch the language: for this browser, and for good for an operator who is signed in."""
    form = LanguageForm()
    if not form.validate_on_submit():
        abort(400)
    session["language"] = form.language.data.value
    if g.operator:
        access.change_profile(g.operator.id, language=form.language.data.value)
    return redirect(local_path(request.form.get("next", "")))


def local_path(text: str) -> str:
    """The text if it is a path of this service, else the dashboard: nobody is sent elsewhere by a link to the login."""
    is_plain = text.isprintable() and "\\" not in text
    is_path = text.startswith("/") and not text.startswith("//")
    return text if is_plain and is_path and not urlsplit(text).netloc else url_for("dashboard.show")


def _let_sign_in() -> Response:
    """The login; when a form came from somebody who had been signed out, with all that was typed into it."""
    fits = (request.content_length or 0) <= LARGEST_FORM
    typed = kept.by_a_stranger() if fits else []
    if not typed:
        return redirect(url_for("session.login", next=_wanted()))
    told = {"typed": typed, "leaves_out": kept.leaves_out(), "wanted": _wanted()}
    page = render_template("login.html", form=SignInForm(formdata=None), **told)
    return make_response(page, 401, {"WWW-Authenticate": "Form"})


def _begin_anew(secret: str) -> None:
    """A session with this sign-in and nothing from before but the language; the sign-in so far is over."""
    language, former = session.get("language"), session.get("sign_in")
    if former:
        access.sign_out(former)
    session.clear()
    session.update({"sign_in": secret} | ({"language": language} if language else {}))


def _keep_mark(response: Response, mark: str) -> None:
    """Have this browser known under the name, beyond the end of the sign-in."""
    secure = current_app.config["SESSION_COOKIE_SECURE"]
    guarded = {"secure": secure, "httponly": True, "samesite": "Lax"}
    response.set_cookie(current_app.config["DEVICE_COOKIE_NAME"], mark, HALF_A_YEAR, **guarded)


def _welcome(secret: str, wanted: str) -> Response:
    """On to the page that was wanted; what had been typed there stands in its form again, and nothing is submitted."""
    operator = access.signed_in(secret)
    if operator and kept.carried():
        return redirect(kept.address(operator.id, wanted), 303)
    return redirect(wanted)


def _is_page() -> bool:
    if request.endpoint is None:
        return not request.path.startswith("/api")
    return request.blueprint in PAGES


def _wanted() -> str | None:
    """Where to go after the login: what was asked for, if a link can ask for it."""
    methods = request.url_rule.methods if request.url_rule else None
    return request.full_path.rstrip("?") if "GET" in (methods or ()) else None
