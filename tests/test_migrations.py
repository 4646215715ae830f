"""Migrations on data: up, down, up again, two at once, and nothing between them and the models."""

import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import check, downgrade, upgrade
from sqlalchemy.engine import make_url

from config import ROOT
from mailing_app.app import create_app
from mailing_app.db import db
from tests.conftest import make_settings

MIGRATIONS = ROOT / "migrations"
REVISIONS = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]
MOMENT = "2026-03-29T01:30:00.123456Z"

ROWS: dict[str, dict[str, Any]] = {
    "client": {"id": 7, "phone": "79001234567", "operator_code": "900", "tag": "vip", "timezone": "Europe/Moscow"},
    "dispatcher": {"id": 7, "host": "here", "pid": 1, "process_began": "1.5", "beat": 0, "in_flight": 0, "seats": 0,
                   "breaker": "closed"},
    "gateway_state": {"id": 1, "hold": "suspect", "held_under": "", "detail": "", "tokens": 0.5},
    "mailing": {"id": 7, "name": "", "text": "Hello!", "ends_at": "2026-03-30T00:00:00.000000Z", "filter": {},
                "window_from": time(9), "window_to": time(21), "pause_reason": "", "enrolled_to": 0},
    "operator": {"id": 7, "name": "Ada", "password_hash": "x", "role": "admin", "language": ""},
    "token": {"id": 7, "name": "shop", "secret_hash": "x", "scope": "read"},
    "kept_answer": {"id": 7, "token_id": 7, "key": "k", "request_hash": "x", "mailing_id": 7, "answer": {}},
    "message": {"id": 7, "mailing_id": 7, "client_id": 7, "status": "pending", "reason": "", "attempts": 1, "tries": 1,
                "unknown": False, "epoch": 1},
    "sign_in": {"id": 7, "secret_hash": "x", "operator_id": 7},
    "tally": {"mailing_id": 7, "pending": 1, "sending": 0, "sent": 0, "failed": 0, "expired": 0, "cancelled": 0,
              "uncertain": 0},
    "attempt": {"message_id": 7, "epoch": 1, "outcome": "unknown", "error": ""},
    "draft": {"id": 7, "operator_id": 7, "path": "/mailings/new", "fields": [], "name": "", "listed": True},
    "audit_entry": {"id": 7, "actor_kind": "operator", "actor": "Ada", "action": "mailing_added", "details": {}},
    "client_import": {"id": 7, "name": "clients.csv", "state": "checking", "encoding": "", "delimiter": "",
                      "titles": [], "mapping": [], "pieces": 0, "at_piece": 0, "lines": 0, "good": 0, "bad": 0,
                      "created": 0, "updated": 0, "unchanged": 0, "fault": "", "actor_kind": "operator",
                      "actor": "Ada", "worker": ""},
    "import_piece": {"import_id": 7, "number": 0, "first_line": 1, "bad": 0, "bad_lines": [], "content": b"phone"},
    "traffic": {"mailing_id": 7, "dispatcher_id": 7, "outcome": "accepted", "up_to": 10, "number": 1},
    "raw_answer": {"dispatcher_id": 7, "place": 0, "message_id": 7, "outcome": "accepted", "milliseconds": 3,
                   "excerpt": ""},
    "gateway_event": {"id": 7, "kind": "open", "detail": ""},
    "sign_in_failure": {"key_hash": "x", "number": 1.0},
    "request_at_work": {"token_id": 7, "key": "k"},
    "breakdown": {"mailing_id": 7, "trait": "tag", "value": "vip", "pending": 1, "sent": 0, "failed": 0, "expired": 0,
                  "cancelled": 0, "uncertain": 0},
    "misses": {"client_id": 7, "number": 1, "failed": 0, "expired": 1, "uncertain": 0},
    "meter": {"dispatcher_id": 7, "outcome": "accepted", "up_to": 10, "number": 1, "milliseconds": 3},
    "process": {"id": 7, "kind": "web", "host": "here", "pid": 1, "figures": []},
    "report_mail": {"state": "sent", "worker": "", "tries": 1, "error": ""},
    "enrolment_span": {"mailing_id": 7, "upto": 9, "after": 0},
    "inquiry": {"message_id": 7, "actor_kind": "operator", "actor": "Ada", "detail": ""},
}  # fmt: skip
"""One row for every table, each pointing at those above it. Moments, and `version`, are filled in."""

REBUILDING = '''
"""Rebuild every table, as a change of a constraint does on SQLite."""
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "rebuild", "{head}", None, None
TABLES = {tables}


def upgrade():
    for name in TABLES:
        with op.batch_alter_table(name) as batch:
            batch.add_column(sa.Column("probe", sa.Integer()))
            batch.alter_column("probe", server_default="1")


def downgrade():
    for name in TABLES:
        with op.batch_alter_table(name) as batch:
            batch.drop_column("probe")
'''


BREACHING = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "breaching", "{head}", None, None


def upgrade():
    with op.batch_alter_table("dispatcher") as batch:
        batch.{breach}
"""


@pytest.fixture
def url(database_url: str, tmp_path: Path) -> Iterator[str]:
    """The address of a database with nothing in it."""
    if database_url.startswith("sqlite"):
        yield f"sqlite:///{tmp_path}/fresh.db"
        return
    name = f"fresh_{uuid.uuid4().hex}"
    address = make_url(make_settings(database_url).database_url)
    server = sa.create_engine(address, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        yield address.set(database=name).render_as_string(hide_password=False)
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


@pytest.fixture
def fresh(url: str) -> Iterator[Flask]:
    """The application on that database, its context open."""
    app = create_app(make_settings(url))
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def rebuilding(tmp_path: Path) -> str:
    """The migrations and one more that rebuilds every table."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    revision = REBUILDING.format(head=REVISIONS[-1], tables=list(ROWS))
    (folder / "versions" / "rebuild.py").write_text(revision)
    return str(folder)


def test_there_is_a_row_for_every_table() -> None:
    assert sorted(ROWS) == sorted(db.metadata.tables)


def test_rows_survive_each_step_up_and_down(fresh: Flask) -> None:
    for revision in REVISIONS:
        before = contents()
        upgrade(revision=revision)
        assert_kept(before)
        fill()
    for revision in [*REVISIONS[-2::-1], "base"]:
        before = contents()
        downgrade(revision=revision)
        assert_kept(before)
    assert contents() == {}
    upgrade()
    fill()
    assert {name: len(rows) for name, rows in contents().items()} == dict.fromkeys(ROWS, 1)


def test_a_rebuilt_table_keeps_its_rows_and_their_children(fresh: Flask, rebuilding: str) -> None:
    """On SQLite a table is altered by dropping it, which with foreign keys on deletes the rows that point at it."""
    upgrade()
    fill()
    before = contents()
    upgrade(directory=rebuilding)
    assert_kept(before)
    assert all("probe" in row for rows in contents().values() for row in rows)
    downgrade(directory=rebuilding)
    assert contents() == before


def test_foreign_keys_are_on_again_after_a_migration(fresh: Flask) -> None:
    upgrade()
    with pytest.raises(sa.exc.IntegrityError), db.engine.begin() as connection:
        insert(connection, "tally", ROWS["tally"])


def test_a_migration_that_leaves_a_dangling_reference_changes_nothing(fresh: Flask, rebuilding: str) -> None:
    upgrade()
    fill()
    before = contents()
    breaking = Path(rebuilding) / "versions" / "rebuild.py"
    breaking.write_text(
        breaking.read_text().replace("def upgrade():", "def upgrade():\n    op.execute('DELETE FROM client')")
    )
    with pytest.raises((SystemExit, sa.exc.IntegrityError)):
        upgrade(directory=rebuilding)
    assert contents() == before


def test_the_version_before_goes_on_beside_each_migration(fresh: Flask) -> None:
    """Processes are replaced one by one: until the last one is, the old ones read and write the new tables."""
    live_through(REVISIONS, str(MIGRATIONS))


def test_a_migration_that_only_adds_is_no_obstacle(fresh: Flask, rebuilding: str) -> None:
    live_through([REVISIONS[-1], "rebuild"], rebuilding)


@pytest.mark.parametrize(
    "breach",
    [
        'add_column(sa.Column("probe", sa.Integer(), nullable=False))',
        'alter_column("left_at", nullable=False)',
        'alter_column("beat", new_column_name="ticks")',
        'drop_column("breaker")',
    ],
)
def test_a_migration_that_the_version_before_stumbles_over_is_seen(fresh: Flask, tmp_path: Path, breach: str) -> None:
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    (folder / "versions" / "breaching.py").write_text(BREACHING.format(head=REVISIONS[-1], breach=breach))
    with pytest.raises(sa.exc.DBAPIError, match="INSERT"):
        live_through([REVISIONS[-1], "breaching"], str(folder))


@pytest.mark.parametrize("name", ["client", "mailing", "message", "dispatcher"])
def test_ids_are_never_used_again(fresh: Flask, name: str) -> None:
    """A gateway that drops repeated ids would swallow the new message under an old one's id."""
    upgrade()
    fill()
    without_id = {key: value for key, value in ROWS[name].items() if key != "id"} | {"phone": None}
    given = []
    for _ in range(2):
        with db.engine.begin() as connection:
            for of_messages in ("attempt", "inquiry", "message"):
                connection.exec_driver_sql(f"DELETE FROM {of_messages}")
            given.append(insert(connection, name, without_id))
            connection.execute(sa.text(f"DELETE FROM {name} WHERE id = :last"), {"last": given[-1]})
    assert given[0] < given[1]


def test_the_models_ask_for_nothing_more(fresh: Flask) -> None:
    upgrade()
    check()


def test_the_checks_of_the_models_stand(fresh: Flask) -> None:
    """Alembic compares no CHECKs, and its rebuilding of a table on SQLite loses those it was not told of."""
    upgrade()
    seen = sa.inspect(db.engine)
    for name, table in db.metadata.tables.items():
        wanted = {check.name for check in table.constraints if isinstance(check, sa.CheckConstraint)}
        assert {check["name"] for check in seen.get_check_constraints(name)} == wanted, name


@pytest.mark.server
def test_the_queue_of_the_fleet_comes_and_goes_in_a_schema_of_its_own(fresh: Flask) -> None:
    upgrade()
    assert "procrastinate_jobs" in sa.inspect(db.engine).get_table_names("procrastinate")
    downgrade(revision="0005")
    assert "procrastinate" not in sa.inspect(db.engine).get_schema_names()
    upgrade()
    assert "procrastinate_jobs" in sa.inspect(db.engine).get_table_names("procrastinate")


def test_two_processes_may_migrate_at_once(url: str, fresh: Flask, rebuilding: str) -> None:
    code = "from tests.test_migrations import migrate; migrate()"
    both = [
        subprocess.Popen([sys.executable, "-c", code, url, rebuilding], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], "\n".join(said)
    assert set(contents()) == set(ROWS)


def migrate() -> None:
    """What `flask db upgrade` does, on the database and from the folder that the command line names."""
    with create_app(make_settings(sys.argv[1])).app_context():
        upgrade(directory=sys.argv[2])


def live_through(revisions: list[str], directory: str) -> None:
    """Take each step with the tables known as they were before it: read all of them, and write a row into each."""
    upgrade(directory=directory, revision=revisions[0])
    for revision in revisions[1:]:
        known = sa.MetaData()
        known.reflect(db.engine)
        upgrade(directory=directory, revision=revision)
        with db.engine.connect() as connection:
            for table in [known.tables[name] for name in ROWS if name in known.tables]:
                insert_into(connection, table, ROWS[table.name])
                connection.execute(sa.select(table)).one()


def fill() -> None:
    """Put a row into every table that has none."""
    present = contents()
    with db.engine.begin() as connection:
        for name, row in ROWS.items():
            if present.get(name) == []:
                insert(connection, name, row)


def insert(connection: sa.Connection, name: str, row: dict[str, Any]) -> int:
    """Insert what the table of this revision has columns for; the first column of its key."""
    return insert_into(connection, sa.Table(name, sa.MetaData(), autoload_with=connection), row)


def insert_into(connection: sa.Connection, table: sa.Table, row: dict[str, Any]) -> int:
    """Insert what the table is known to have columns for; the first column of its key."""
    filled = {"version": 1} | {column.name: MOMENT for column in table.columns if needs_moment(column)} | row
    known = {column.name: value for column in table.columns if (value := filled.get(column.name)) is not None}
    key: int = connection.execute(table.insert().values(known)).inserted_primary_key[0]
    return key


def needs_moment(column: sa.Column[Any]) -> bool:
    return column.name.endswith("_at") and not column.nullable


def contents() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table there is, as plain values."""
    with db.engine.connect() as connection:
        tables = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
        return {
            name: [dict(row) for row in connection.exec_driver_sql(f'SELECT * FROM "{name}"').mappings()]
            for name in sorted(tables)
        }


def assert_kept(before: dict[str, list[dict[str, Any]]]) -> None:
    """Whatever table is still there has its rows still, in the columns that are still there."""
    after = contents()
    for name in before.keys() & after.keys():
        assert len(after[name]) == len(before[name]), name
        for old, new in zip(before[name], after[name], strict=True):
            shared = old.keys() & new.keys()
            assert {key: old[key] for key in shared} == {key: new[key] for key in shared}


def test_ids_of_removed_messages_are_not_given_anew(fresh: Flask) -> None:
    """SQLite forgets them where a migration copies the table."""
    upgrade(revision="0005")
    if db.engine.dialect.name == "postgresql":
        return
    with db.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO sqlite_sequence (name, seq) VALUES ('message', 41)")
    for step in (upgrade, lambda: downgrade(revision="0005")):
        step()
        with db.engine.connect() as connection:
            told = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'message'").all()
        assert told == [(41,)]


def test_the_way_to_partitions_that_is_shown_can_be_gone(fresh: Flask) -> None:
    if fresh.config["SETTINGS"].database_url.startswith("sqlite"):
        pytest.skip("SQLite has no partitions")
    upgrade()
    fill()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in shown("scaling.md"):
            if "DETACH" in statement:
                assert held(connection) == {"message_first": 7, "attempt_first": 7}
                go_over_to_the_next_month(connection)
                assert held(connection) == {"message_2027_01": 8, "attempt_2027_01": 8}
            connection.exec_driver_sql(statement.replace(":next", "8"))
        assert held(connection) == {"message_2027_01": 8}


def shown(document: str) -> list[str]:
    """The statements of its first block of SQL."""
    script = (ROOT / "docs" / document).read_text().partition("```sql\n")[2].partition("```")[0]
    return [statement for statement in map(str.strip, re.sub(r"--.*", "", script).split(";")) if statement]


def go_over_to_the_next_month(connection: sa.Connection) -> None:
    """The mailing gets the first id of it, and what hangs on it too."""
    connection.exec_driver_sql(
        "CREATE TEMP TABLE later AS SELECT * FROM mailing; UPDATE later SET id = 8;"
        "INSERT INTO mailing SELECT * FROM later;"
        "UPDATE message SET mailing_id = 8; UPDATE attempt SET mailing_id = 8"
    )


def held(connection: sa.Connection) -> dict[str, int]:
    """Which partitions hold a row, and of which mailing."""
    rows = connection.exec_driver_sql(
        "SELECT tableoid::regclass::text, mailing_id FROM message"
        " UNION ALL SELECT tableoid::regclass::text, mailing_id FROM attempt"
    )
    return {row[0]: row[1] for row in rows}
