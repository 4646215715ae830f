"""The HTML doors, one module a noun."""

from flask import Flask

from mailing_app.web import (
    clients,
    dashboard,
    display,
    gateway,
    mailings,
    messages,
    monitoring,
    operators,
    reports,
    search,
    session,
)
from mailing_app.web.errors import answer

__all__ = ["answer", "register"]


def register(app: Flask) -> None:
    """Open the pages."""
    display.init_app(app)
    for noun in (session, dashboard, clients, search, mailings, messages, reports, gateway, operators, monitoring):
        app.register_blueprint(noun.bp)
