"""The figures for Prometheus: those of the database, which are everybody's, and those of each process that beats.

All of them are read from the database, the answering process's own too, as it wrote them with its last beat: so any
process tells the same, and no counter seems to go back when the next scrape is answered by another one.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from mailing_app import clock, health, pulse, reports, status, traffic
from mailing_app.models import Hold, ImportState, MailState, ProcessKind
from mailing_app.version import VERSION


def exposition() -> bytes:
    """All figures of this moment, in the format that Prometheus reads."""
    return generate_latest(_registry)


class Figures(Collector):
    """Reads the figures when it is asked for them."""

    def collect(self) -> Iterator[Metric]:
        now = clock.now()
        yield from _messages()
        yield from _attempts()
        yield from _sending(status.standing(now), now)
        yield from _service(health.health(now))

    def describe(self) -> list[Metric]:
        """Nothing: else the registry would collect once when the process starts."""
        return []


def _messages() -> Iterator[Metric]:
    totals = reports.totals()
    del totals["messages"]["recipients"], totals["mailings"]["total"]
    yield _by("status", "mailing_messages", "Messages by status.", totals["messages"])
    yield _by("phase", "mailing_mailings", "Mailings by phase.", totals["mailings"])
    ended = GaugeMetricFamily(
        "mailing_ended_messages", "Messages that were not sent at once, by how and why they ended.",
        labels=["status", "reason"],
    )  # fmt: skip
    for (end, reason), number in sorted(reports.by_reason().items()):
        ended.add_metric([end, reason], number)
    yield ended
    imports = dict.fromkeys(map(str, ImportState), 0) | dict(health.imports())
    yield _by("state", "mailing_imports", "Files of clients that are kept, by where they stand.", imports)


def _attempts() -> Iterator[Metric]:
    metered = traffic.metered()
    attempts = CounterMetricFamily(
        "mailing_attempts", "Attempts at the gateway by what they came to; a class is outcomes of a kind.",
        labels=["class", "outcome"],
    )  # fmt: skip
    for kind, outcomes in traffic.KINDS.items():
        for outcome in outcomes:
            attempts.add_metric([kind, outcome], metered.attempts[outcome])
    yield attempts
    latency = HistogramMetricFamily("mailing_gateway_latency_seconds", "How long attempts took at the gateway.")
    latency.add_metric([], _cumulated(metered.latencies), metered.milliseconds / 1000)
    yield latency


def _sending(standing: status.Standing, now: datetime) -> Iterator[Metric]:
    gateway = standing.gateway
    yield _one("mailing_dispatchers_alive", "Dispatchers that send.", len(standing.alive))
    yield _one("mailing_in_flight", "Requests on their way to the gateway.", standing.in_flight)
    yield _one("mailing_seats", "The most requests that may be on their way.", standing.seats)
    yield _one("mailing_seats_allowed", "How many may be just now: fewer while the gateway chokes.", standing.allowed)
    yield _one("mailing_backlog_messages", "Messages that wait to be sent, in mailings of any phase.", standing.backlog)
    held = gateway.hold if gateway else None
    holds = {hold.value: int(hold is held) for hold in Hold}
    yield _by("hold", "mailing_gateway_hold", "Why the gateway gets nothing but a probe: 1 at the reason.", holds)
    left = (gateway.wait_until - now).total_seconds() if gateway and gateway.wait_until else 0
    yield _one("mailing_gateway_wait_seconds", "For how long the gateway wants to be left alone.", max(left, 0))
    breakers = Counter(dispatcher.breaker for dispatcher in standing.alive)
    counted = {state: breakers[state] for state in status.BREAKERS}
    yield _by("state", "mailing_breakers", "Living dispatchers by the state of their circuit breaker.", counted)
    flapping = sum(dispatcher.flapping for dispatcher in standing.alive)
    yield _one("mailing_dispatchers_flapping", "Living dispatchers that keep repeats to a small share.", flapping)


def _service(known: health.Health) -> Iterator[Metric]:
    waited = (clock.now() - known.oldest_due_at).total_seconds() if known.oldest_due_at else 0
    yield _one("mailing_backlog_oldest_age_seconds", "How long the oldest due message of a running mailing waits.",
               waited)  # fmt: skip
    mails = {state.value: known.mails.get(state, 0) for state in MailState}
    yield _by("state", "mailing_report_emails", "Daily reports by e-mail, by where they stand.", mails)
    yield _one("mailing_database_size_bytes", "The size of the database.", known.database.size)
    info = GaugeMetricFamily("mailing_build_info", "Always 1: what runs.", labels=["version", "database", "migration"])
    info.add_metric([VERSION, known.database.kind, known.database.revision or ""], 1)
    yield info
    yield from _processes(known)


def _processes(known: health.Health) -> Iterator[Metric]:
    counted = Counter((each.process.kind, each.is_alive) for each in known.processes)
    processes = GaugeMetricFamily("mailing_processes", "Processes that said no goodbye.", labels=["kind", "state"])
    for kind in ProcessKind:
        processes.add_metric([kind, "alive"], counted[kind, True])
        processes.add_metric([kind, "silent"], counted[kind, False])
    yield processes
    alive = [each.process for each in known.processes if each.is_alive]
    names = ["process", "kind", "host", "pid"]
    info = GaugeMetricFamily("mailing_process_info", "Always 1: which process a number stands for.", labels=names)
    for process in alive:
        info.add_metric([str(process.id), process.kind, process.host.split("/")[0], str(process.pid)], 1)
    yield info
    yield from pulse.families(alive)


def _cumulated(latencies: Mapping[int, int]) -> list[tuple[str, float]]:
    """The classes as Prometheus counts them: each with all that took less. Ours at the end takes whatever is longer."""
    told, number = [], 0
    for up_to in traffic.CLASSES:
        number += latencies.get(up_to, 0)
        told.append((floatToGoString(up_to / 1000) if up_to < traffic.CLASSES[-1] else "+Inf", float(number)))
    return told


def _one(name: str, meaning: str, figure: float) -> Metric:
    return GaugeMetricFamily(name, meaning, figure)


def _by(label: str, name: str, meaning: str, figures: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for value, figure in figures.items():
        family.add_metric([value], figure)
    return family


_registry = CollectorRegistry()
_registry.register(Figures())
