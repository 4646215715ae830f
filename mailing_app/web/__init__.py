"""The HTML doors, one module a noun."""

from flask import Flask

from mailing_app.web import (
    audit,
    clients,
    copies,
    dashboard,
    display,
    drafts,
    gateway,
    imports,
    letters,
    mailings,
    messages,
    monitoring,
    operators,
    profile,
    reports,
    search,
    session,
    status,
    uncertain,
)
from mailing_app.web.errors import answer
from mailing_app.web.kept import use_up

__all__ = ["answer", "register", "use_up"]


def register(app: Flask) -> None:
    """Open the pages."""
    display.init_app(app)
    of_clients = (clients, imports, search)
    of_mailings = (mailings, uncertain, copies, drafts, messages)
    of_figures = (reports, letters)
    of_people = (operators, audit, profile)
    of_the_service = (gateway, status, monitoring)
    for noun in (session, dashboard, *of_clients, *of_mailings, *of_figures, *of_people, *of_the_service):
        app.register_blueprint(noun.bp)
