"""The JSON doors, one module a noun."""

from typing import Any

from flask import Blueprint, Flask

from mailing_app.api import (
    bulk,
    clients,
    controls,
    docs,
    gateway,
    index,
    mailings,
    messages,
    openapi,
    parameters,
    statistics,
    status,
    tokens,
)
from mailing_app.api.problems import answer

__all__ = ["answer", "register"]

ROOMS = (index, clients, bulk, mailings, controls, messages, statistics, status, gateway)


def register(app: Flask, csrf: Any) -> None:
    """Open the doors under /api/v1, and the documentation at /docs."""
    house = Blueprint("api", __name__, url_prefix=openapi.PREFIX)
    # In this order: a stranger learns nothing, not even which parameters there are.
    house.before_request(tokens.check)
    house.before_request(parameters.check)
    for room in ROOMS:
        csrf.exempt(room.bp)  # what comes with a bearer token cannot be sent by another site's page
        house.register_blueprint(room.bp)
    app.register_blueprint(house)
    app.add_url_rule("/api", "api_home", index.home, strict_slashes=False)
    openapi.register(app)
    docs.register(app)
