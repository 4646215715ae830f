"""The service for minutes in changing weather: what it takes must not grow, and nobody may get lost.

`make soak`, or with another length and database: `make soak ARGS="--seconds 600 --database postgresql"`.
"""

import argparse
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median

import psutil
import requests
from flask_migrate import upgrade
from sqlalchemy import select

from config import ROOT
from mailing_app import clock, reports
from mailing_app.app import create_app
from mailing_app.db import db, look_again, transaction
from mailing_app.models import Client, Message, Role, Status, Tally
from mailing_app.practice import PracticeGateway, Weather
from tests import conftest
from tests.factories import a_mailing, a_phone
from tests.processes.conftest import eventually, free_port, is_served

SECRET = "only for the soaking of today"
AUDIENCE = 200
MAILING_EVERY = 4.0
WEATHER_EVERY = 3.0
PAGES_A_SECOND = 5
PAGES = ("/", "/live", "/mailings", "/clients", "/metrics", "/healthz")
DRAIN = 30.0
"""Seconds of fair weather after which every mailing ends."""

WEATHERS = (
    Weather("slow", seconds=1.0, share=0.3),
    Weather("500", share=0.2),
    Weather("429", seconds=1.0, share=0.05),
    Weather("garbage", share=0.2),
    Weather("reset", share=0.2),
    Weather("hanging", share=0.1),
    Weather("dripping", seconds=0.2, share=0.1),
    None,  # gone, and back with the next
)

MOST_THREADS, MOST_FILES = 110, 300
"""64 seats and 8 web threads, and what the libraries add; a connection each, and the database's files."""

OPEN = (Status.PENDING, Status.SENDING)


@dataclass
class Sample:
    """What the process takes at a moment."""

    at: float
    memory: float
    threads: int
    files: int
    connections: int


@dataclass
class Pages:
    """What became of the pages asked for: when, how long each took, and what was wrong with any."""

    took: list[tuple[float, float]]
    faults: list[str]


def main() -> int:
    """Soak, tell, judge; 1 if anything is not as it should be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mailing-soak-")))
        faults = soak(stack, folder, given.database, given.seconds)
    say(*(faults or ["all is as it should be"]))
    return int(bool(faults))


def soak(stack: ExitStack, folder: Path, database: str, seconds: float) -> list[str]:
    """Run the service that long; what was wrong with it."""
    url = f"sqlite:///{folder}/mailing.db" if database == "sqlite" else stack.enter_context(postgresql(folder))
    app = create_app(conftest.make_settings(url, secret_key=SECRET))
    logging.getLogger("mailing_app").setLevel(logging.ERROR)  # of this process; the service keeps its own log
    stack.enter_context(app.app_context())
    upgrade()
    stack.callback(db.engine.dispose)
    stack.callback(db.session.remove)
    gateway, port = stack.enter_context(PracticeGateway(keep=1000)), free_port()
    process = stack.enter_context(serving(folder / "log", url, gateway.url, port))
    eventually(lambda: is_served(port))
    cookie = conftest.signed_in(app, Role.OPERATOR).get_cookie(app.config["SESSION_COOKIE_NAME"])
    assert cookie
    pages = stack.enter_context(reading(port, {cookie.key: cookie.value}))
    samples = weather_the_day(process, gateway, clock.now() + timedelta(seconds=seconds + DRAIN), seconds)
    with suppress(AssertionError):  # `lost` tells how many
        eventually(is_settled, DRAIN + 60)
    tell(samples, pages)
    log = (folder / "log").read_text()
    return [
        *growth(samples),
        *(f"{fault}, {times} times" for fault, times in Counter(pages.faults).items()),
        *lost(gateway),
        *complaints(log),
    ]


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """A real server, as the tests have it."""
    yield from conftest._postgresql(folder)


@contextmanager
def serving(log: Path, database: str, gateway: str, port: int) -> Iterator[psutil.Process]:
    """`flask serve` with the dispatcher in it, as people run it."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    settings = {
        "DATABASE_URL": database, "GATEWAY_URL": gateway, "SECRET_KEY": SECRET, "PORT": str(port),
        "GATEWAY_TIMEOUT": "2", "GATEWAY_CONNECT_TIMEOUT": "1", "LOG_FORMAT": "json",
    }  # fmt: skip
    with log.open("wb") as lines:
        command = [sys.executable, "-m", "flask", "serve"]
        process = subprocess.Popen(command, cwd=ROOT, env=kept | settings, stdout=lines, stderr=lines)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def reading(port: int, cookies: dict[str, str]) -> Iterator[Pages]:
    """Somebody who looks at one page after the other."""
    pages, enough = Pages([], []), threading.Event()

    def read() -> None:
        with requests.Session() as session:
            session.cookies.update(cookies)
            for number in count():
                if enough.wait(1 / PAGES_A_SECOND):
                    return
                look(session, f"http://127.0.0.1:{port}", PAGES[number % len(PAGES)], pages)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield pages
    finally:
        enough.set()
        reader.join()


def look(session: requests.Session, site: str, page: str, pages: Pages) -> None:
    """Ask for one page; an error, a redirect to the sign-in and silence are faults."""
    began = time.monotonic()
    try:
        answer = session.get(site + page, timeout=15, allow_redirects=False)
    except requests.RequestException as fault:
        pages.faults.append(f"{page}: {fault}")
        return
    pages.took.append((began, time.monotonic() - began))
    if answer.status_code != 200:
        pages.faults.append(f"{page}: {answer.status_code}")


def weather_the_day(
    process: psutil.Process, gateway: PracticeGateway, ends_at: datetime, seconds: float
) -> list[Sample]:
    """Mailings all the time in every weather, fair in between; a sample a second."""
    add_audience()
    samples, began, mailed, changes = [], time.monotonic(), 0, 0
    while (passed := time.monotonic() - began) < seconds:
        if passed >= mailed * MAILING_EVERY:
            mailed += 1
            a_mailing(ends_at=ends_at)
        if passed >= changes * WEATHER_EVERY:
            changes += 1
            change_weather(gateway, changes)
        samples.append(sample(process))
        time.sleep(max(began + len(samples) - time.monotonic(), 0.0))
    change_weather(gateway, 0)
    return samples


def add_audience() -> None:
    """Everyone who is written to."""
    now = clock.now()
    plain = {"operator_code": "900", "timezone": "Europe/Moscow", "created_at": now, "updated_at": now}
    with transaction() as session:
        session.add_all(Client(phone=a_phone(), **plain) for _ in range(AUDIENCE))


def change_weather(gateway: PracticeGateway, number: int) -> None:
    """The next weather: every other one is fair."""
    gateway.come_back()
    weather = WEATHERS[number // 2 % len(WEATHERS)] if number % 2 else Weather()
    if weather is None:
        gateway.vanish()
    else:
        gateway.set_weather(weather)


def sample(process: psutil.Process) -> Sample:
    """Look at the process now."""
    with process.oneshot():
        memory, connections = process.memory_info().rss / 2**20, len(process.net_connections())
        return Sample(time.monotonic(), memory, process.num_threads(), process.num_fds(), connections)


def is_settled() -> bool:
    """Whether every message has found its end."""
    look_again()
    return not db.session.scalar(select(Message.id).where(Message.status.in_(OPEN)).limit(1))


def growth(samples: Sequence[Sample]) -> Iterator[str]:
    """What takes more in the last quarter than in the second one; the first is for warming up."""
    quarter = len(samples) // 4
    for name, slack in (("memory", 8.0), ("threads", 4), ("files", 16), ("connections", 16)):
        before, after = (
            median(getattr(each, name) for each in part)
            for part in (samples[quarter : 2 * quarter], samples[-quarter:])
        )
        if after > 1.15 * before + slack:
            yield f"{name} grew from {before:.0f} to {after:.0f}"
    if (threads := max(each.threads for each in samples)) > MOST_THREADS:
        yield f"{threads} threads"
    if (files := max(each.files for each in samples)) > MOST_FILES:
        yield f"{files} open files"


def lost(gateway: PracticeGateway) -> Iterator[str]:
    """Figures that a recount does not bear out, and messages told otherwise than the gateway knows them."""
    look_again()
    status = {row.id: row.status for row in db.session.execute(select(Message.id, Message.status))}
    told = reports.totals()["messages"]
    counted = {each.value: list(status.values()).count(each) for each in Status}
    tallied = sum(tally.recipients for tally in db.session.scalars(select(Tally)))
    if told != counted | {"recipients": len(status)} or tallied != len(status):
        yield f"the figures say {told}, a recount {counted}"
    sent = {message_id for message_id, each in status.items() if each is Status.SENT}
    if unsent := sent - gateway.accepted():
        yield f"{len(unsent)} messages are told as sent that nobody accepted"
    known = {each for each in gateway.accepted() - sent if status[each] is not Status.UNCERTAIN}
    if known:
        yield f"{len(known)} messages were accepted and are told as neither sent nor uncertain"
    if waiting := counted["pending"] + counted["sending"]:
        yield f"{waiting} messages of mailings that are over have found no end"
    if not sent:
        yield "nothing was sent at all"
    say(f"{told}, {gateway.counts().received} requests")


def complaints(log: str) -> Iterator[str]:
    """The lines of the log that tell of a fault of ours."""
    return (line[:2000] for line in log.splitlines() if "Traceback" in line or "fault of our own" in line)


def tell(samples: Sequence[Sample], pages: Pages) -> None:
    """One line a minute."""
    say("minute  MiB  threads  files  connections  page ms (median, longest)")
    for minute in range(int(samples[-1].at - samples[0].at) // 60 + 1):
        begins = samples[0].at + 60 * minute
        part = [each for each in samples if begins <= each.at < begins + 60]
        took = [1000 * each for at, each in pages.took if begins <= at < begins + 60] or [0.0]
        middle = [
            median(getattr(each, name) for each in part) for name in ("memory", "threads", "files", "connections")
        ]
        say("{:6} {:4.0f} {:8.0f} {:6.0f} {:12.0f}  ".format(minute, *middle) + f"{median(took):.0f}, {max(took):.0f}")


def say(*lines: str) -> None:
    """To whoever watches."""
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
