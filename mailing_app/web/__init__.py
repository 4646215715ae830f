"""The HTML doors, one module a noun."""

from flask import Flask

from mailing_app.web import (
    audit,
    clients,
    dashboard,
    display,
    gateway,
    imports,
    mailings,
    messages,
    monitoring,
    operators,
    profile,
    reports,
    search,
    session,
)
from mailing_app.web.errors import answer

__all__ = ["answer", "register"]


def register(app: Flask) -> None:
    """Open the pages."""
    display.init_app(app)
    nouns = (
        session, dashboard, clients, imports, search, mailings, messages, reports, gateway, operators, audit, profile,
        monitoring,
    )  # fmt: skip
    for noun in nouns:
        app.register_blueprint(noun.bp)
