"""What machines ask: whether the process lives, whether the service works, and its figures."""

from collections.abc import Iterator

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from mailing_app import clock, reports, status
from mailing_app.db import absence
from mailing_app.models import Hold

bp = Blueprint("monitoring", __name__)


@bp.get("/healthz")
def healthz() -> Response:
    """200 while the process serves."""
    return _told("ok", 200)


@bp.get("/readyz")
def readyz() -> Response:
    """200 when the database answers and a dispatcher is alive, else 503 with the reason."""
    try:
        alive = status.standing(clock.now()).alive
    except SQLAlchemyError as error:
        if not absence(error):
            raise
        return _told("the database does not answer", 503)
    return _told("ok", 200) if alive else _told("no dispatcher is alive", 503)


@bp.get("/metrics")
def metrics() -> Response:
    """The figures for Prometheus."""
    return Response(generate_latest(_registry), content_type=CONTENT_TYPE_LATEST)


class DatabaseCollector(Collector):
    """Reads every figure from the database when it is asked for, so that any web process tells the same."""

    def collect(self) -> Iterator[Metric]:
        totals, standing = reports.totals(), status.standing(clock.now())
        yield _by("status", "mailing_messages", "Messages by status.", totals["messages"], without="recipients")
        yield _by("phase", "mailing_mailings", "Mailings by phase.", totals["mailings"], without="total")
        yield GaugeMetricFamily("mailing_dispatchers_alive", "Dispatchers that send.", len(standing.alive))
        yield GaugeMetricFamily("mailing_in_flight", "Requests on their way to the gateway.", standing.in_flight)
        held = standing.gateway.hold if standing.gateway else None
        holds = {hold.value: int(hold is held) for hold in Hold}
        yield _by("hold", "mailing_gateway_hold", "Why the gateway gets nothing but a probe: 1 at the reason.", holds)

    def describe(self) -> list[Metric]:
        """Nothing: else the registry would collect once when the process starts."""
        return []


def _by(label: str, name: str, meaning: str, figures: dict[str, int], without: str = "") -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for value, figure in figures.items():
        if value != without:
            family.add_metric([value], figure)
    return family


def _told(reason: str, code: int) -> Response:
    return Response(f"{reason}\n", code, mimetype="text/plain")


_registry = CollectorRegistry()
_registry.register(DatabaseCollector())
