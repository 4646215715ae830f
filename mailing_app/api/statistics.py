"""The figures over all mailings, as JSON."""

from typing import Any

from flask import Blueprint

from mailing_app import clock, reports
from mailing_app.api import parameters, resources
from mailing_app.api.openapi import answers
from mailing_app.forms import MissesQuery, OverTimeInZoneQuery

bp = Blueprint("statistics", __name__, url_prefix="/statistics")


@bp.get("")
@answers(200, "Totals")
def read_totals() -> Any:
    """Read the figures over all mailings.

    Mailings by phase and messages by status. A deleted mailing counts only in the messages.
    """
    return reports.totals()


@bp.get("/over-time")
@answers(200, "OverTime", query=OverTimeInZoneQuery)
def read_figures_over_time() -> Any:
    """Read the figures over time.

    By day, week or month, of all messages or of those to clients with a tag or an operator code. A message counts in
    the period in which its mailing starts. `week` is the present week so far, `week_before` the last one until the
    same hour of the same weekday.
    """
    return resources.over_time(reports.over_time(clock.now(), **parameters.given()))


@bp.get("/not-reached")
@answers(200, "NotReached", query=MissesQuery)
def list_clients_not_reached() -> Any:
    """List the clients most often not reached.

    With the number of messages to each that ended without reaching her, but for those that somebody cancelled.
    """
    return {"items": [each._asdict() for each in reports.most_missed(**parameters.given())]}
