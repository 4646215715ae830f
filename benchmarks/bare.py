"""The bare loops: threads that post one message after the other and store nothing. A process of its own each time.

`python -m benchmarks.bare lean|plain URL THREADS NUMBER` is what `loop` starts.
"""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import timedelta

import requests

from benchmarks import cores
from benchmarks.gateway import Gateway
from benchmarks.legs import Leg, leg
from mailing_app import clock
from mailing_app.dispatch.gateway import Address, post
from mailing_app.dispatch.parts import Envelope
from mailing_app.dispatch.recall import Recall

AN_HOUR = timedelta(hours=1)
PHONE, TEXT = "79001234567", "Hello!"


def loop(kind: str, gateway: Gateway, threads: int, number: int) -> Leg:
    """Let such a loop post so many messages, on the core of what is measured."""
    gateway.forget()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bare", kind, gateway.url, str(threads), str(number)],
    )
    cores.give_its_own(process.pid)
    try:
        return leg(process.pid, lambda: gateway.counts().received, number)
    finally:
        process.kill()
        process.wait()


def lean(url: str) -> Callable[[int], object]:
    """The product's own exchange, with its deadline, its caps and its look before the first byte."""
    address, recall, now = Address(url, "", 10, 3), Recall(), clock.now()

    def one(message_id: int) -> object:
        envelope = Envelope(
            message_id=message_id, mailing_id=1, client_id=message_id, epoch=1, phone=PHONE, text=TEXT, attempts=0,
            tries=0, unknown=False, frozen=False, repeats=True, opens_at=now, ends_at=now + AN_HOUR,
            closes_at=now + AN_HOUR, dispatcher_id=1, stale_at=clock.monotonic() + 10,
        )  # fmt: skip
        return post(address, recall, envelope)

    return one


def plain(url: str) -> Callable[[int], object]:
    """What anybody would write first: a session, and `json=`."""
    session = requests.Session()

    def one(message_id: int) -> object:
        payload = {"id": message_id, "phone": int(PHONE), "text": TEXT}
        return session.post(f"{url}/v1/send/{message_id}", json=payload, timeout=10).json()

    return one


LOOPS = {"lean": lean, "plain": plain}


def main(kind: str, url: str, threads: int, number: int) -> None:
    """Post them all, and wait to be ended: who asks what it took needs the process."""
    ids = iter(range(1, number + 1))  # one for all threads: to take the next is one step of the interpreter

    def post_some() -> None:
        one = LOOPS[kind](url)
        for message_id in ids:
            one(message_id)

    for _ in range(threads):
        threading.Thread(target=post_some, daemon=True).start()
    signal.pause()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
