"""The controls of a mailing."""

from typing import Any

from flask import Blueprint

from mailing_app import mailings
from mailing_app.api import bodies, resources, versions
from mailing_app.api.openapi import answers
from mailing_app.forms import PauseForm
from mailing_app.models import Mailing

bp = Blueprint("controls", __name__, url_prefix="/mailings/<id:mailing_id>")

OVER = "The mailing is finished or cancelled."


@bp.post("/pause")
@answers(200, "Mailing", body="PauseInput", body_required=False, refused=OVER)
def pause_mailing(mailing_id: int) -> Any:
    """Pause a mailing.

    Nothing is sent until it is resumed; what is on the wire already still gets its answer. Pausing twice is no error.
    """
    form = PauseForm.from_json(bodies.read_if_any())
    return _shown(mailings.pause(mailing_id, **form.values()))


@bp.post("/resume")
@answers(200, "Mailing", refused=OVER)
def resume_mailing(mailing_id: int) -> Any:
    """Resume a mailing.

    It goes on where it was paused. Resuming twice is no error.
    """
    return _shown(mailings.resume(mailing_id))


@bp.post("/cancel")
@answers(200, "Mailing", refused="The mailing is finished.")
def cancel_mailing(mailing_id: int) -> Any:
    """Cancel a mailing.

    For good: those not yet written to are counted as cancelled. Cancelling twice is no error.
    """
    return _shown(mailings.cancel(mailing_id))


@bp.post("/send-uncertain")
@answers(200, "Mailing", refused=OVER)
def send_uncertain_messages(mailing_id: int) -> Any:
    """Send the uncertain messages once more.

    Those that may or may not have arrived become pending and due, each with the same id and the same bytes; where the
    gateway does not know a repeated id, some clients may get theirs twice. Without any there is nothing to do, and no
    error.
    """
    return _shown(mailings.send_again(mailing_id))


@bp.post("/ask-gateway")
@answers(202, "Asked", refused="The gateway offers no way to ask what became of a message.")
def ask_gateway(mailing_id: int) -> Any:
    """Ask the gateway about the uncertain messages.

    Up to 5,000 of them, those that nobody asked about yet first. It is done in the background: `gateway_word` of a
    message tells, and what the gateway has counts as sent. What is being asked about already is not asked twice.
    """
    return {"asked": mailings.ask(mailing_id)}, 202


def _shown(mailing: Mailing) -> Any:
    return versions.tagged(resources.mailing(mailing), mailing.version)
