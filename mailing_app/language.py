"""Which language an answer speaks, and by whose clock it tells the time."""

from enum import StrEnum

from flask import current_app, g, request, session
from flask_babel import Babel


class Language(StrEnum):
    """The languages of the pages."""

    EN = "en"
    RU = "ru"


def init_app(app: object) -> None:
    """English and Russian, chosen anew for each request."""
    Babel(app, locale_selector=chosen, timezone_selector=zone)


def chosen() -> str:
    """The operator's choice, else what this browser chose, else the default; programs say it by Accept-Language."""
    default: str = current_app.config["SETTINGS"].default_language
    if not request:
        return default
    if request.path.startswith("/api"):
        return _asked_for() or default
    operator = g.get("operator")
    return (operator.language if operator else "") or session.get("language") or default


def zone() -> str:
    """The time zone in which this answer tells moments and reads them: the operator's own, else the default one."""
    operator = g.get("operator") if request else None
    own: str = operator.timezone if operator else ""
    return own or current_app.config["SETTINGS"].default_timezone


def _asked_for() -> str | None:
    """The dearest language that we speak. Werkzeug's `best_match` takes `en` when asked for `ru-RU, en;q=0.5`."""
    tongues = (tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality)
    return next((tongue for tongue in tongues if tongue in set(Language)), None)
