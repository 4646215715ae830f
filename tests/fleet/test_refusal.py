"""A fleet needs a server."""

from pathlib import Path

from mailing_app.app import create_app
from tests.conftest import make_settings


def test_a_worker_on_sqlite_ends_with_one_line_that_names_the_setting(tmp_path: Path) -> None:
    app = create_app(make_settings(f"sqlite:///{tmp_path}/mailing.db"))
    ended = app.test_cli_runner().invoke(args=["worker"])
    assert ended.exit_code == 1
    assert ended.output == "DATABASE_URL: a worker of the fleet needs PostgreSQL\n"
