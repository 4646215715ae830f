"""How the sending stands, as JSON."""

from typing import Any

from flask import Blueprint, current_app

from mailing_app import clock, health, status
from mailing_app.api import resources
from mailing_app.api.openapi import answers

bp = Blueprint("status", __name__, url_prefix="/status")


@bp.get("")
@answers(200, "Status")
def read_status() -> Any:
    """Read how the service stands.

    The dispatchers with what they have in flight and how much they may, what waits, and what holds the gateway; and
    every process that beats, the database and the disks.
    """
    return present()


def present() -> Any:
    """The Status document of this moment."""
    now = clock.now()
    practising = current_app.config["SETTINGS"].practising
    return resources.standing(status.standing(now), now, practising) | resources.health(health.health(now))
