"""How processes end and begin again, seen from outside."""

import signal
import subprocess
import time
from pathlib import Path

import pytest
from flask import Flask

from mailing_app.practice import PracticeGateway
from tests.dispatch.test_storage import figures
from tests.factories import a_mailing, some_clients
from tests.processes.conftest import Start, eventually, free_port, is_served


@pytest.mark.parametrize("command", ["serve", "dispatcher"])
def test_a_restart_resumes_within_ten_seconds_after_a_kill(
    app: Flask, start: Start, gateway: PracticeGateway, command: str
) -> None:
    some_clients(8)
    mailing = a_mailing()
    gateway.close_gate()
    killed = start(command, port=free_port(), gateway_concurrency=4)
    assert gateway.wait_for_requests(4, timeout=30)
    killed.kill()
    killed.wait()
    gateway.open_gate()
    began = time.monotonic()
    start(command, port=free_port(), gateway_concurrency=4)
    # The four that nobody had been sent, and the four of which only the dead one could have known.
    assert gateway.wait_for_requests(4 + 8, timeout=15)
    assert time.monotonic() - began < 10
    eventually(lambda: figures(mailing) == {"sent": 8})
    assert gateway.counts().repeated == 4


def test_gunicorn_and_a_dispatcher_beside_it_end_within_twelve_seconds(
    app: Flask, start: Start, gateway: PracticeGateway
) -> None:
    some_clients(100)
    gateway.latency = 0.5
    port = free_port()
    web = start("-w", "2", "-b", f"127.0.0.1:{port}", "wsgi:app", module="gunicorn", mode="development")
    dispatcher = start("dispatcher", gateway_concurrency=4)
    mailing = a_mailing()
    eventually(lambda: is_served(port))
    assert gateway.wait_for_requests(4, timeout=30)
    for process in (web, dispatcher):
        ends_in_time(process)
    assert figures(mailing) == {"sent": len(gateway.accepted()), "pending": 100 - len(gateway.accepted())}
    assert gateway.counts().repeated == 0


@pytest.mark.parametrize("command", ["serve", "dispatcher"])
def test_only_the_main_thread_takes_the_signals_to_stop(
    app: Flask, start: Start, gateway: PracticeGateway, command: str
) -> None:
    some_clients(2)
    a_mailing()
    gateway.close_gate()
    process = start(command, port=free_port(), gateway_concurrency=2)
    assert gateway.wait_for_requests(2, timeout=30)  # by now every kind of thread has begun
    threads = {int(thread.name): thread for thread in Path(f"/proc/{process.pid}/task").iterdir()}
    assert len(threads) > 4
    deaf = {number for number, thread in threads.items() if blocks(thread, signal.SIGTERM)}
    assert deaf == threads.keys() - {process.pid}
    gateway.open_gate()
    ends_in_time(process)


def ends_in_time(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM ends it in order, within twelve seconds."""
    asked = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert time.monotonic() - asked < 12


def blocks(thread: Path, number: int) -> bool:
    """Whether the system may not give that signal to the thread: proc(5), `SigBlk`."""
    lines = (thread / "status").read_text().splitlines()
    mask = next(line.split()[1] for line in lines if line.startswith("SigBlk"))
    return bool(int(mask, 16) >> (number - 1) & 1)
