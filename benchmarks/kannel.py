"""The same messages by Kannel, a gateway of mobile operators in C, which keeps no record of each: the bearerbox of
Debian's package, fed by its `mtbatch`, sends them to our gateway as an SMSC that speaks HTTP.
"""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import cores, history
from benchmarks.gateway import Gateway
from benchmarks.legs import Leg, leg
from benchmarks.peers import listens
from benchmarks.pipeline import CASES, whole
from benchmarks.run import Run
from benchmarks.stage import check, stage, wait_until
from benchmarks.table import Goal, Row
from tests.processes.conftest import free_port

MESSAGES, LEAST = 20_000, 600
GOAL = Goal(0.5)

CONFIGURATION = """
group = core
admin-port = {admin}
admin-password = bench
smsbox-port = {boxes}
box-allow-ip = "127.0.0.1"

group = smsc
smsc = http
smsc-id = http
system-type = generic
send-url = "{url}/%p/%b/v1/send/0"
port = {answers}
status-success-regex = "."
max-pending-submits = {pending}

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sms}

group = sendsms-user
username = bench
password = bench
"""
"""The last two groups serve nobody here: it does not start without them."""


def rows(run: Run) -> Iterator[Row]:
    """Messages a second beside Kannel's, ours with their records in SQLite."""
    number = run.of(MESSAGES, LEAST)
    names = [(case, f"Kannel, {case}, sqlite") for case in CASES]
    if not (shutil.which("bearerbox") and shutil.which("mtbatch")):
        yield from (Row(name, GOAL, note="it is missing (on Debian: apt-get install kannel)") for _, name in names)
        return
    with stage("sqlite") as here:
        history.register(number)
        for case, name in names:
            with Gateway(case.latency) as gateway:
                legs = run.in_turns(
                    lambda case=case, gateway=gateway: whole(here, gateway, case.seats, number),
                    lambda case=case, gateway=gateway: kannel(gateway, case.seats, number),
                )
            cost = max(other.cost for _, other in legs)
            yield Row(
                name, GOAL, [own.rate for own, _ in legs], "/s", [other.rate for _, other in legs], "Kannel",
                note=f"Kannel's processor time a message, at most: {cost:.2f} ms",
            )  # fmt: skip
        check()


def kannel(gateway: Gateway, pending: int, number: int) -> Leg:
    """Let a bearerbox on the core of what is measured send so many, with no more open requests than ours may have."""
    gateway.forget()
    boxes = free_port()
    with tempfile.TemporaryDirectory(prefix="mailing-bench-") as name:
        folder = Path(name)
        ports = {"admin": free_port(), "boxes": boxes, "answers": free_port(), "sms": free_port()}
        (folder / "kannel.conf").write_text(CONFIGURATION.format(url=gateway.url, pending=pending, **ports))
        (folder / "text").write_text("Hello!")
        (folder / "to").write_text("".join(f"7900{n:07}\n" for n in range(number)))
        box = _start("bearerbox", "-v", "4", str(folder / "kannel.conf"))
        cores.give_its_own(box.pid)
        try:
            wait_until(lambda: listens(boxes))
            time.sleep(1)  # it listens before it takes
            feeder = _start(
                "mtbatch", "-v", "4", "-b", "127.0.0.1", "-p", str(boxes), "-f", "100",
                str(folder / "text"), str(folder / "to"),
            )  # fmt: skip
            try:
                return leg(box.pid, lambda: gateway.counts().received, number)
            finally:
                feeder.kill()
                feeder.wait()
        finally:
            box.kill()
            box.wait()


def _start(*command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
