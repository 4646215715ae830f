"""Where a program begins."""

from typing import Any

from flask import Blueprint, redirect, url_for

from mailing_app.api.openapi import answers

bp = Blueprint("resources", __name__)


@bp.get("", endpoint="list_resources_too")  # a rule of its own, since `strict_slashes` forgets the other methods
@bp.get("/")
@answers(200, "Resources")
def list_resources() -> Any:
    """List the resources.

    Each by its name, with its address.
    """
    return {
        "clients": url_for("api.clients.list_clients"),
        "mailings": url_for("api.mailings.list_mailings"),
        "statistics": url_for("api.statistics.read_totals"),
        "status": url_for("api.status.read_status"),
        "stop": url_for("api.gateway.stop_sending"),
        "go_on": url_for("api.gateway.let_sending_go_on"),
        "documentation": url_for("docs.show"),
        "specification": url_for("flasgger.apispec"),
    }


def home() -> Any:
    """Show the way from /api to its present version."""
    return redirect(url_for("api.resources.list_resources"))
