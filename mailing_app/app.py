"""The application, put together step by step."""

import logging
import uuid
from typing import Any

from flask import Flask, Response, g, request
from flask_bootstrap import Bootstrap5
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import Forbidden, HTTPException, Unauthorized
from werkzeug.middleware.proxy_fix import ProxyFix

from config import INSTANCE, ROOT, Settings
from mailing_app import access, access_log, api, audit, cli, clock, db, headers, ids, language, logs, pulse, web
from mailing_app.errors import Invalid, Refusal

log = logging.getLogger(__name__)

LARGEST_BODY = 64 * 2**20
"""Bytes, where no door says otherwise: a file for the API, of about a million clients."""


def create_app(settings: Settings) -> Flask:
    """The service as a WSGI application. It starts nothing: `flask serve` and `flask dispatcher` do."""
    app = Flask(
        "mailing_app",
        static_folder=str(ROOT / "static"),
        template_folder=str(ROOT / "templates"),
        instance_path=str(INSTANCE),
    )
    configure(app, settings)
    trust_proxies(app, settings.trusted_proxies)
    logs.set_up(settings.log_json)
    db.init_app(app, settings.database_url)
    Migrate(app, db.db, directory=str(ROOT / "migrations"), render_as_batch=True)
    language.init_app(app)
    ids.init_app(app)
    Bootstrap5(app)
    csrf = CSRFProtect()
    pulse.count_requests(app)
    name_requests(app, behind_proxy=settings.trusted_proxies > 0)
    secure_answers(app, settings)
    answer_errors(app)
    web.register(app)
    api.register(app, csrf)
    csrf.init_app(app)  # after the pages, so that they know who asks before a forged form is refused
    app.before_request(web.use_up)  # after that, so that a forged form deletes nothing
    cli.register(app)
    return app


def create_served_app(settings: Settings) -> Flask:
    """The same for a server of whatever make: each of its processes shows that it lives, from its first request on."""
    app = create_app(settings)
    pulse.begin_with_the_first_request(app)
    return app


def configure(app: Flask, settings: Settings) -> None:
    """What Flask and its extensions want to be told."""
    # The prefix has browsers refuse such a cookie from other hosts of the domain, and over plain http (RFC 6265bis).
    prefix = "__Host-" if settings.production else ""
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.signing_key,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=2**20,
        SESSION_COOKIE_NAME=f"{prefix}mailing_session",
        DEVICE_COOKIE_NAME=f"{prefix}mailing_device",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.production,
        PERMANENT_SESSION_LIFETIME=access.LONGEST,
        WTF_CSRF_TIME_LIMIT=None,
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "mailing_app" / "translations"),
        BABEL_DEFAULT_LOCALE="en",
        BOOTSTRAP_SERVE_LOCAL=True,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.merge_slashes = False  # an address has one spelling, and a program is not led about by redirects


def trust_proxies(app: Flask, number: int) -> None:
    """Believe so many proxies in a row who came to them, and whether over https; without any, nobody."""
    if number:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=number, x_proto=number)  # type: ignore[method-assign]


def name_requests(app: Flask, behind_proxy: bool) -> None:
    """Give every request an id that its log lines and its answer share, and tell of it in one line when it is answered.

    The id of a proxy that we trust is kept, so that its log and ours are about the same thing.
    """

    @app.before_request
    def _name() -> None:
        given = logs.name_of(request.headers.get("X-Request-ID", "")) if behind_proxy else None
        g.began, g.request_id = clock.monotonic(), given or uuid.uuid4().hex[:16]

    @app.after_request
    def _tell_of_it(response: Response) -> Response:
        response.headers["X-Request-ID"] = g.request_id
        access_log.tell(response)
        return response


def secure_answers(app: Flask, settings: Settings) -> None:
    """Put the security headers on every answer, errors included."""

    @app.after_request
    def _secure(response: Response) -> Response:
        cacheable = (request.endpoint or "").endswith("static") and response.status_code < 400
        return headers.secure(response, cacheable, https=settings.production)


def answer_errors(app: Flask) -> None:
    """Each kind of no gets its answer: a problem document under /api, else a page in the house's style."""

    @app.errorhandler(Refusal)
    @app.errorhandler(Invalid)
    @app.errorhandler(HTTPException)
    @app.errorhandler(Exception)
    def _answer(error: Exception) -> Any:
        _tell(error)
        door = api if f"{request.path}/".startswith("/api/") else web
        return door.answer(error)


def _tell(error: Exception) -> None:
    """Log what is no matter of the caller: a database that is away in a line, a fault of our own with its trace;
    and who came to a door that is not theirs (OWASP ASVS 5, 16.3).
    """
    named = logs.of_request()
    if why := db.absence(error):
        log.error("database unavailable", extra=named | {"error": why})
    elif isinstance(error, CSRFError | Forbidden | Unauthorized):
        log.warning("refused", extra=named | _of_refusal(error))
    elif not isinstance(error, Refusal | Invalid | HTTPException):
        log.error("fault of our own", exc_info=error, extra=named)


def _of_refusal(error: HTTPException) -> dict[str, Any]:
    """Who was refused what; never what came with it, since that may be a password or somebody's token."""
    who = audit.actor()
    why = "forged form" if isinstance(error, CSRFError) else error.name.lower()
    known = {"actor_kind": who.kind.value, "actor": who.name} if who.name else {}
    return {"reason": why, "method": request.method, "endpoint": request.endpoint, **known}
