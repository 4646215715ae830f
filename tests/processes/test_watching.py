"""Several processes watched from outside: what any of them tells is true of all."""

import json
import signal
import urllib.error
import urllib.request
from typing import Any

from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import func, select

from mailing_app import access
from mailing_app.db import db, look_again
from mailing_app.models import Attempt, Process, Scope
from mailing_app.practice import PracticeGateway
from mailing_app.reports import check
from tests.dispatch.test_storage import figures
from tests.factories import a_client, a_mailing, some_clients
from tests.processes.conftest import Start, eventually, free_port, is_served

REQUESTS = 40
Scraped = dict[str, list[tuple[dict[str, str], float]]]


def test_any_web_process_tells_the_requests_of_all_and_what_the_dispatcher_does(
    app: Flask, start: Start, gateway: PracticeGateway
) -> None:
    port = free_port()
    web = start("-w", "2", "-b", f"127.0.0.1:{port}", "wsgi:app", module="gunicorn", mode="development")
    dispatcher = start("dispatcher", gateway_concurrency=8)
    eventually(lambda: is_served(port))
    some_clients(30)
    a_client(phone="79001239001")  # one whom the practice gateway refuses, or is slow with, or the like
    mailing = a_mailing()
    token = access.add_token("watcher", Scope.READ)
    for _ in range(REQUESTS):
        asked(port, "/login")
    eventually(lambda: len(alive(scraped(port), "web")) == 2)
    # Each scrape goes to whichever worker is free; ten in a row tell the same, and it never goes back.
    eventually(lambda: summed(scraped(port), "mailing_http_requests_total", route="/login") == REQUESTS)
    told = [scraped(port) for _ in range(10)]
    assert {summed(each, "mailing_http_requests_total", route="/login") for each in told} == {REQUESTS}
    assert {summed(each, "mailing_http_request_duration_seconds_count", route="/login") for each in told} == {REQUESTS}

    eventually(lambda: not figures(mailing).keys() & {"pending", "sending"})
    eventually(lambda: summed(scraped(port), "mailing_record_duration_seconds_count") > 0)
    at_rest = scraped(port)
    shown = json.loads(asked(port, "/api/v1/statistics", token))["messages"]
    del shown["recipients"]
    assert {status: summed(at_rest, "mailing_messages", status=status) for status in shown} == shown
    assert summed(at_rest, "mailing_messages") == 31
    assert summed(at_rest, "mailing_attempts_total") == attempts()
    assert summed(at_rest, "mailing_gateway_latency_seconds_count") == attempts()
    assert summed(at_rest, "mailing_enrolment_duration_seconds_count") > 0
    assert check() == []

    dispatcher.send_signal(signal.SIGSTOP)
    eventually(lambda: summed(scraped(port), "mailing_processes", kind="dispatcher", state="silent") == 1)
    dispatcher.send_signal(signal.SIGCONT)
    eventually(lambda: summed(scraped(port), "mailing_processes", kind="dispatcher", state="alive") == 1)
    for process in (dispatcher, web):
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0
    assert eventually(lambda: left() == [True] * 3)


def test_served_with_its_dispatcher_it_is_one_process(app: Flask, start: Start, gateway: PracticeGateway) -> None:
    port = free_port()
    start("serve", port=port)
    eventually(lambda: is_served(port) and len(alive(scraped(port), "both")) == 1)
    eventually(lambda: "mailing_scheduler_lag_seconds" in scraped(port))
    jobs = {labels["job"] for labels, _ in scraped(port)["mailing_scheduler_lag_seconds"]}
    assert jobs >= {"plan", "send", "imports"}
    eventually(lambda: asked(port, "/readyz") == "ok\n")


def asked(port: int, path: str, token: str = "") -> str:
    """What the service answers, whatever its status."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return str(error.read().decode())


def scraped(port: int) -> Scraped:
    """The samples of a scrape by the names of their series."""
    found: Scraped = {}
    for family in text_string_to_metric_families(asked(port, "/metrics")):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def summed(told: Scraped, name: str, **labels: str) -> float:
    """The sum over all series of that name that have these labels."""
    return sum(value for found, value in told.get(name, []) if labels.items() <= found.items())


def alive(told: Scraped, kind: str) -> list[dict[str, str]]:
    """The living processes of that kind."""
    return [labels for labels, _ in told.get("mailing_process_info", []) if labels["kind"] == kind]


def attempts() -> Any:
    """How many there are."""
    look_again()
    return db.session.scalar(select(func.count()).select_from(Attempt))


def left() -> list[bool]:
    """Of each process whether it said goodbye."""
    look_again()
    return [moment is not None for moment in db.session.scalars(select(Process.left_at))]
