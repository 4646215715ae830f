"""The status of the service: every process, the database, the disks, and how the work goes."""

from typing import Any

from flask import Blueprint, Response, render_template
from flask_babel import gettext

from mailing_app import clock, health
from mailing_app.models import MailState
from mailing_app.version import VERSION
from mailing_app.web import display

bp = Blueprint("status", __name__, url_prefix="/status")


@bp.get("")
def show() -> str:
    """How the service is."""
    return render_template("status/show.html", **_figures())


@bp.get("/live")
def live() -> Response:
    """The live part of that page alone."""
    return display.live("status/live.html", **_figures())


def _figures() -> dict[str, Any]:
    now = clock.now()
    known = health.health(now)
    return display.sending(now) | {"health": known, "version": VERSION, "troubles": list(_troubles(known))}


def _troubles(known: health.Health) -> list[str]:
    """What somebody has to see to, but for the gateway, which has a line of its own."""
    told = []
    if any(not each.is_alive for each in known.processes):
        told.append(gettext("A process has fallen silent: see below."))
    if not known.database.is_at_head:
        told.append(gettext("The database is not at the latest migration: run flask db upgrade."))
    if any(disk.is_short for disk in known.disks):
        told.append(gettext("A disk is nearly full."))
    if known.mails.get(MailState.FAILED):
        told.append(gettext("A daily report could not be sent by e-mail."))
    return told
