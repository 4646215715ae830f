"""The same messages by a Django + Celery worker of the usual design (`benchmarks/peer`), tuned to its best.

Its packages are installed into an environment of their own, its broker is Debian's Redis, its database is on the
server of the stage. Its processes may use all cores; ours has one.
"""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import make_url

from benchmarks import cores, history
from benchmarks.gateway import Gateway
from benchmarks.legs import Leg, leg
from benchmarks.pipeline import CASES, Case, whole
from benchmarks.processes import family
from benchmarks.run import Run
from benchmarks.stage import check, stage, wait_until
from benchmarks.table import Goal, Row
from config import ROOT
from mailing_app.db import db
from tests.processes.conftest import free_port

HERE = ROOT / "benchmarks" / "peer"
OURS, THEIRS, LEAST = 10_000, 2_000, 200
GOAL = Goal(8)
POOLS = {0.05: (("prefork", 16), ("threads", 64)), 0.0: (("prefork", 2), ("threads", 32))}
"""The best known for a gateway of that latency: processes, or threads."""


class Peer(NamedTuple):
    """Where its interpreter is, and what its processes are told."""

    python: Path
    environment: Mapping[str, str]

    def fill(self, number: int) -> None:
        """A mailing to so many clients, and a task for each of them."""
        subprocess.run([self.python, "peer.py", str(number)], cwd=HERE, env=self.environment, check=True)

    def send(self, gateway: Gateway, pool: tuple[str, int], number: int) -> Leg:
        """Let a worker of such a pool do it."""
        gateway.forget()
        self.fill(number)
        kind, size = pool
        told = ["-P", kind, "-c", str(size), "--without-gossip", "--without-mingle", "--without-heartbeat"]
        worker = subprocess.Popen(
            [self.python, "-m", "celery", "-A", "peer", "-q", "worker", "-l", "ERROR", *told],
            cwd=HERE, env={**self.environment, "GATEWAY_URL": gateway.url, "GATEWAY_TOKEN": "t"},
        )  # fmt: skip
        cores.give_all(worker.pid)
        try:
            return leg(worker.pid, lambda: gateway.counts().distinct, number)
        finally:
            for pid in family(worker.pid):
                os.kill(pid, signal.SIGKILL)
            worker.wait()


def rows(run: Run) -> Iterator[Row]:
    """Messages a second beside those of the peer, both on PostgreSQL."""
    names = [(case, f"Django + Celery of the usual design, {case}, postgresql") for case in CASES]
    if missing := _missing():
        yield from (Row(name, GOAL, note=missing) for _, name in names)
        return
    with stage("postgresql") as here, peer(db.engine.url.render_as_string(hide_password=False)) as other:
        number, theirs = run.of(OURS, LEAST), run.of(THEIRS, LEAST)
        history.register(number)
        for case, name in names:
            with Gateway(case.latency) as gateway:
                pool = best(other, gateway, case, theirs)
                legs = run.in_turns(
                    lambda case=case, gateway=gateway: whole(here, gateway, case.seats, number),
                    lambda gateway=gateway, pool=pool: other.send(gateway, pool, theirs),
                )
            cost = max(celery.cost for _, celery in legs)
            yield Row(
                name, GOAL, [own.rate for own, _ in legs], "/s", [celery.rate for _, celery in legs],
                f"Celery, {pool[0]} {pool[1]}", note=f"the peer's processor time a message, at most: {cost:.1f} ms",
            )  # fmt: skip
        check()


def best(other: Peer, gateway: Gateway, case: Case, number: int) -> tuple[str, int]:
    """The pool that is quickest at this gateway."""
    return max(POOLS[case.latency], key=lambda pool: other.send(gateway, pool, number).rate)


@contextmanager
def peer(server: str) -> Iterator[Peer]:
    """The peer with a database of its own on that server, and a broker."""
    url = make_url(server)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("CREATE DATABASE peer")
    with broker() as address:
        told = {
            "PEER_BROKER": address,
            "PEER_DATABASE": "peer",
            "PEER_HOST": url.host or str(url.query["host"]),
            "PEER_USER": url.username or "",
            "PYTHONWARNINGS": "ignore",
        }
        yield Peer(_environment(), os.environ | told)


@contextmanager
def broker() -> Iterator[str]:
    """The address of a Redis that keeps nothing on the disk."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="mailing-bench-") as folder:
        server = subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: listens(port))
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait()


def listens(port: int) -> bool:
    """Whether anybody does at that port."""
    with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port), 1)):
        return True
    return False


def _missing() -> str:
    """What the peer needs and is not there."""
    if not shutil.which("redis-server"):
        return "Redis is missing (on Debian: apt-get install redis-server)"
    try:
        _environment()
    except subprocess.CalledProcessError:
        return "its packages could not be installed"
    return ""


def _environment() -> Path:
    """The interpreter of an environment with the peer's packages, made once for each list of them."""
    wanted = HERE / "requirements.txt"
    made = hashlib.sha256(wanted.read_bytes()).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"mailing-bench-peer-{made}"
    python, ready = folder / "bin" / "python", folder / "ready"
    if not ready.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "-q", "--no-cache-dir", "install", "-r", wanted], check=True)
        ready.touch()
    return python
