"""The application, put together step by step."""

import logging
import uuid
from datetime import timedelta
from typing import Any

from flask import Flask, Response, g, request
from flask_bootstrap import Bootstrap5
from flask_migrate import Migrate
from flask_wtf import CSRFProtect
from werkzeug.exceptions import HTTPException

from config import INSTANCE, ROOT, Settings
from mailing_app import api, cli, db, headers, ids, language, logs, web
from mailing_app.errors import Invalid, Refusal

log = logging.getLogger(__name__)

LARGEST_BODY = 64 * 2**20
"""Bytes of the largest body that any door takes: an import of about a million clients."""


def create_app(settings: Settings) -> Flask:
    """The service as a WSGI application. It starts nothing: `flask serve` and `flask dispatcher` do."""
    app = Flask(
        "mailing_app",
        static_folder=str(ROOT / "static"),
        template_folder=str(ROOT / "templates"),
        instance_path=str(INSTANCE),
    )
    configure(app, settings)
    logs.set_up(settings.log_json)
    db.init_app(app, settings.database_url)
    Migrate(app, db.db, directory=str(ROOT / "migrations"), render_as_batch=True)
    language.init_app(app)
    ids.init_app(app)
    Bootstrap5(app)
    csrf = CSRFProtect()
    name_requests(app)
    secure_answers(app, settings)
    answer_errors(app)
    web.register(app)
    api.register(app, csrf)
    csrf.init_app(app)  # after the pages, so that they know who asks before a forged form is refused
    cli.register(app)
    return app


def configure(app: Flask, settings: Settings) -> None:
    """What Flask and its extensions want to be told."""
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.signing_key,
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=2**20,
        SESSION_COOKIE_NAME="mailing_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.production,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=12),
        WTF_CSRF_TIME_LIMIT=None,
        BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "mailing_app" / "translations"),
        BABEL_DEFAULT_LOCALE="en",
        BOOTSTRAP_SERVE_LOCAL=True,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]


def name_requests(app: Flask) -> None:
    """Give every request an id that its log lines and its error answer share."""

    @app.before_request
    def _name() -> None:
        g.request_id = uuid.uuid4().hex[:16]


def secure_answers(app: Flask, settings: Settings) -> None:
    """Put the security headers on every answer, errors included."""

    @app.after_request
    def _secure(response: Response) -> Response:
        cacheable = (request.endpoint or "").endswith("static")
        return headers.secure(response, cacheable, https=settings.production)


def answer_errors(app: Flask) -> None:
    """Each kind of no gets its answer: a problem document under /api, else a page in the house's style."""

    @app.errorhandler(Refusal)
    @app.errorhandler(Invalid)
    @app.errorhandler(HTTPException)
    @app.errorhandler(Exception)
    def _answer(error: Exception) -> Any:
        _tell(error)
        door = api if request.path.startswith("/api") else web
        return door.answer(error)


def _tell(error: Exception) -> None:
    """Log what is no matter of the caller: a database that is away in a line, a fault of our own with its trace."""
    named = {"request_id": g.get("request_id", "")}
    if why := db.absence(error):
        log.error("database unavailable", extra=named | {"error": why})
    elif not isinstance(error, Refusal | Invalid | HTTPException):
        log.error("fault of our own", exc_info=error, extra=named)
