"""The controls of the gateway, as JSON."""

from typing import Any

from flask import Blueprint

from mailing_app import holds
from mailing_app.api import bodies
from mailing_app.api.openapi import answers
from mailing_app.api.status import present
from mailing_app.forms import StopForm

bp = Blueprint("gateway", __name__, url_prefix="/gateway")


@bp.post("/stop")
@answers(200, "Status", body="StopInput", body_required=False)
def stop_sending() -> Any:
    """Stop all sending.

    No request leaves, of no mailing, until it is let go on; what is on the wire already still gets its answer. It takes
    the place of any other hold. Stopping what is stopped changes nothing.
    """
    holds.stop(**StopForm.from_json(bodies.read_if_any()).values())
    return present()


@bp.post("/go-on")
@answers(200, "Status")
def let_sending_go_on() -> Any:
    """Let the sending go on.

    Lifts any hold, whoever or whatever began it; one whose reason still stands comes back with the next messages.
    Without a hold it changes nothing.
    """
    holds.go_on()
    return present()
