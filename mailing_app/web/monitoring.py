"""What machines ask: whether the process lives, whether the service works, and its figures."""

from collections.abc import Sequence

from flask import Blueprint, Flask, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST

from mailing_app import clock, health
from mailing_app.web.exposition import exposition
from mailing_app.web.probe import Probe

bp = Blueprint("monitoring", __name__)

READY_WITHIN = 2.0
"""Seconds: less than anybody who asks would wait, and than the database is otherwise given."""


@bp.get("/healthz")
def healthz() -> Response:
    """200 while the process serves."""
    return _told(["ok"], 200)


@bp.get("/readyz")
def readyz() -> Response:
    """200 when the service can do its work, else 503 with what is in the way, a line each.

    In time even where the database hangs: it is asked in another thread.
    """
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    reasons = [*health.shortages(), *_probe.ask(app, READY_WITHIN)]
    return _told(reasons, 503) if reasons else _told(["ok"], 200)


@bp.get("/metrics")
def metrics() -> Response:
    """The figures for Prometheus."""
    return Response(exposition(), content_type=CONTENT_TYPE_LATEST)


def _told(lines: Sequence[str], code: int) -> Response:
    return Response("".join(f"{line}\n" for line in lines), code, mimetype="text/plain")


_probe = Probe(lambda: health.hindrances(clock.now()), "the database does not answer")
