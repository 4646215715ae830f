"""The dashboard: what is going on, at a glance."""

from typing import Any

from flask import Blueprint, Response, render_template

from mailing_app import clock, mailings, reports, traffic
from mailing_app.models import Phase
from mailing_app.web import display

bp = Blueprint("dashboard", __name__)

SHOWN = 10
"""The most mailings of a phase; the list has them all."""


@bp.get("/")
def show() -> str:
    """The dashboard."""
    return render_template("dashboard.html", **_figures())


@bp.get("/live")
def live() -> Response:
    """Its live part alone."""
    return display.live("dashboard_live.html", **_figures())


def _figures() -> dict[str, Any]:
    now = clock.now()
    return (
        display.sending(now)
        | display.weather(now)
        | {
            "totals": reports.totals(),
            "sent_today": traffic.accepted_since(display.midnight(now)),
            "running": mailings.listing(phase=Phase.RUNNING, limit=SHOWN).items,
            "paused": mailings.listing(phase=Phase.PAUSED, limit=SHOWN).items,
            "upcoming": mailings.upcoming(),
        }
    )
