"""Which language an answer speaks."""

from flask import current_app, g, request, session
from flask_babel import Babel

LANGUAGES = ("en", "ru")


def init_app(app: object) -> None:
    """English and Russian, chosen anew for each request."""
    Babel(app, locale_selector=chosen, timezone_selector=lambda: current_app.config["SETTINGS"].default_timezone)


def chosen() -> str:
    """The operator's choice, else what this browser chose, else the default; programs say it by Accept-Language."""
    default: str = current_app.config["SETTINGS"].default_language
    if not request:
        return default
    if request.path.startswith("/api"):
        return _asked_for() or default
    operator = g.get("operator")
    return (operator.language if operator else "") or session.get("language") or default


def _asked_for() -> str | None:
    """The dearest language that we speak. Werkzeug's `best_match` takes `en` when asked for `ru-RU, en;q=0.5`."""
    tongues = (tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality)
    return next((tongue for tongue in tongues if tongue in LANGUAGES), None)
