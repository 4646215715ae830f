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
        return request.accept_languages.best_match(LANGUAGES, default) or default
    operator = g.get("operator")
    return (operator.language if operator else "") or session.get("language") or default
