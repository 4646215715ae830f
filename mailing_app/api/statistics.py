"""The figures over all mailings, as JSON."""

from typing import Any

from flask import Blueprint

from mailing_app import reports
from mailing_app.api.openapi import answers

bp = Blueprint("statistics", __name__, url_prefix="/statistics")


@bp.get("")
@answers(200, "Totals")
def read_totals() -> Any:
    """Read the figures over all mailings.

    Mailings by phase and messages by status. A deleted mailing counts only in the messages.
    """
    return reports.totals()
