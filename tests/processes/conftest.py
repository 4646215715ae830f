"""The service as people run it: real processes on a real database, a real gateway beside them."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import pytest
from flask import Flask

from config import ROOT
from mailing_app.practice import PracticeGateway

Start = Callable[..., subprocess.Popen[bytes]]

WORKER = pytest.param("worker", marks=pytest.mark.server)
"""The command of the fleet, among others that a test is about."""


@pytest.fixture
def gateway() -> Iterator[PracticeGateway]:
    """The practice gateway in this process, so that it outlives every kill."""
    with PracticeGateway(keep=100_000) as gateway:
        yield gateway


@pytest.fixture
def start(app: Flask, gateway: PracticeGateway, database_url: str, tmp_path: Path) -> Iterator[Start]:
    """Start `flask …` on the test's database; whatever still runs at the end is killed."""
    running: list[subprocess.Popen[bytes]] = []
    plain = {"DATABASE_URL": database_url, "GATEWAY_URL": gateway.url, "SECRET_KEY": "x" * 32, "LOG_FORMAT": "json"}
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}

    def start(
        *command: str, module: str = "flask", pass_fds: Sequence[int] = (), **settings: Any
    ) -> subprocess.Popen[bytes]:
        environment = kept | plain | {name.upper(): str(value) for name, value in settings.items()}
        log = tmp_path / f"{len(running)}.log"
        process = subprocess.Popen(
            [sys.executable, "-m", module, *command],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=pass_fds,
        )
        threading.Thread(target=keep, args=(process.stdout, log), daemon=True).start()
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        process.wait()


def keep(said: IO[bytes], log: Path) -> None:
    """Write down what a process says, line by line: not by its own hand, which a test may bind."""
    with said, log.open("wb", buffering=0) as file:
        file.writelines(said)


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def is_served(port: int) -> bool:
    """Whether the service answers at that port."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
            return True
    except OSError:
        return False


def eventually(true: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Wait until it is so, looking often; what it was at last."""
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.1)  # what is asked is often a recount, and others need the processor
    return found
