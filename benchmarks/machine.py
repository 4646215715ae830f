"""Which machine measured, and how busy it was with other things."""

import os
import platform
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.stage import beside_the_server


def described() -> str:
    """A sentence for above the table."""
    return (
        f"Last run on: {processor()}, {os.cpu_count()} cores, {_memory():.0f} GiB, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}, {_postgresql()}."
    )


def moment() -> str:
    """The day, and the load of the last minute: what one row was measured on."""
    return f"{datetime.now(UTC):%Y-%m-%d}, load {os.getloadavg()[0]:.1f}"


def processor() -> str:
    """The name of the processor."""
    told = Path("/proc/cpuinfo")
    models = [line for line in told.read_text().splitlines() if "model name" in line] if told.exists() else []
    return models[0].partition(": ")[2] if models else platform.machine()


def _memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _postgresql() -> str:
    told = subprocess.run([beside_the_server("postgres"), "--version"], capture_output=True, text=True, check=True)
    return told.stdout.strip().replace("postgres (PostgreSQL)", "PostgreSQL")
