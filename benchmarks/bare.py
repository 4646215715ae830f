"""The bare loops beside a measurement: each a process of its own on the core of what is measured."""

import subprocess
import sys

from benchmarks import cores
from benchmarks.gateway import Gateway
from benchmarks.legs import Leg, leg


def loop(kind: str, gateway: Gateway, threads: int, number: int) -> Leg:
    """Let such a loop of `benchmarks.loops` post so many messages."""
    gateway.forget()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.loops", kind, gateway.url, str(threads), str(number)])
    cores.give_its_own(process.pid)
    try:
        return leg(process.pid, lambda: gateway.counts().received, number)
    finally:
        process.kill()
        process.wait()
