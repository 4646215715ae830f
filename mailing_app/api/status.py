"""How the sending stands, as JSON."""

from typing import Any

from flask import Blueprint, current_app

from mailing_app import clock, status
from mailing_app.api import resources
from mailing_app.api.openapi import answers

bp = Blueprint("status", __name__, url_prefix="/status")


@bp.get("")
@answers(200, "Status")
def read_status() -> Any:
    """Read how the sending stands.

    The dispatchers with what they have in flight and how much they may, what waits, and what holds the gateway.
    """
    return present()


def present() -> Any:
    """The Status document of this moment."""
    now = clock.now()
    return resources.standing(status.standing(now), now, current_app.config["SETTINGS"].practising)
