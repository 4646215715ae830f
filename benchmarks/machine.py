"""Which machine measured, and how busy it was with other things."""

import os
import platform
import sqlite3
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from sqlalchemy import create_engine, make_url

from benchmarks.stage import server


def described() -> str:
    """A sentence for above the table."""
    return (
        f"The last run was on {processor()}, {os.cpu_count()} cores, {_memory():.0f} GiB, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {_postgresql()}."
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


@cache
def _postgresql() -> str:
    """The version of the server that the measurements use: its client's may be another one."""
    with tempfile.TemporaryDirectory() as name, server("postgresql", Path(name)) as url:
        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
        with engine.connect() as connection:
            told = connection.exec_driver_sql("SHOW server_version").scalar_one()
        engine.dispose()
    return f"PostgreSQL {told}"
