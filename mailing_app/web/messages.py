"""The page of a message: what was tried, and what came of it."""

from flask import Blueprint, render_template

from mailing_app import clock, mailings

bp = Blueprint("messages", __name__, url_prefix="/messages")


@bp.get("/<id:message_id>")
def show(message_id: int) -> str:
    """A message, step by step, with every attempt."""
    message = mailings.message(message_id)
    now = clock.now()
    steps = mailings.timelines([message], now)[message_id]
    inquiry = mailings.inquiry(message_id)
    return render_template("message.html", message=message, steps=steps, inquiry=inquiry, now=now)
