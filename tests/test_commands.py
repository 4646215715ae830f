"""The commands of the contract, typed as an operator types them."""

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from mailing_app import access, clients
from mailing_app.models import Role, Scope
from tests.conftest import PASSWORD
from tests.factories import a_client, a_phone


@pytest.fixture(autouse=True)
def _within(app: Flask) -> None:
    """Each command runs on the empty database."""


def run(app: Flask, *words: str, typed: str | None = None) -> Result:
    return app.test_cli_runner().invoke(args=list(words), input=typed)


def test_an_operator_is_added_with_a_password_from_standard_input(app: Flask) -> None:
    ended = run(app, "operators", "add", "Ada", "--role", "admin", "--password-stdin", typed=f"{PASSWORD}\n")
    assert (ended.exit_code, ended.stdout) == (0, "admin Ada added\n")
    signed_in = access.signed_in(access.sign_in("Ada", PASSWORD))
    assert signed_in is not None
    assert signed_in.role == Role.ADMIN


def test_a_password_asked_for_is_typed_twice_and_not_shown(app: Flask) -> None:
    ended = run(app, "operators", "add", "Ada", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert ended.exit_code == 0
    assert PASSWORD not in ended.output
    assert [(operator.name, operator.role) for operator in access.operators()] == [("Ada", Role.OPERATOR)]


@pytest.mark.parametrize(("name", "password"), [
    ("Ada", "too short"), ("Ada", "x" * 129), ("Ada", "Ada Ada Ada Ada"), ("Bob", PASSWORD),
    ("", PASSWORD), ("x" * 81, PASSWORD), ("two\nlines", PASSWORD),
])  # fmt: skip
def test_a_refused_operator_is_one_line_and_nobody_new(app: Flask, name: str, password: str) -> None:
    access.add_operator("Bob", PASSWORD, Role.VIEWER)
    ended = run(app, "operators", "add", name, "--password-stdin", typed=f"{password}\n")
    assert ended.exit_code == 1
    assert ended.stderr.startswith("Error: ")
    assert ended.stderr.count("\n") == 1
    assert [operator.name for operator in access.operators()] == ["Bob"]


def test_a_password_is_taken_as_it_was_written_but_for_the_end_of_its_line(app: Flask) -> None:
    password = "  зелёный\tчай \u200b🍵 "
    run(app, "operators", "add", "Ada", "--password-stdin", typed=f"{password}\r\n")
    assert access.signed_in(access.sign_in("Ada", password))


def test_a_token_stands_alone_on_the_last_line_and_opens_the_api(app: Flask) -> None:
    ended = run(app, "tokens", "add", "shop", "--scope", "write")
    secret = ended.stdout.splitlines()[-1]
    token = access.token(secret)
    assert token is not None
    assert (token.name, token.scope) == ("shop", Scope.WRITE)
    assert app.test_client().get("/api/v1/clients", headers={"Authorization": f"Bearer {secret}"}).status_code == 200


def test_a_token_ends_with_its_day_in_the_default_zone(app: Flask) -> None:
    assert run(app, "tokens", "add", "shop", "--expires", "2090-01-31").exit_code == 0
    assert access.tokens()[0].expires_at.isoformat() == "2090-01-31T20:59:59.999999+00:00"
    assert "over already" in run(app, "tokens", "add", "late", "--expires", "2020-01-31").stderr


def test_a_token_of_a_known_name_is_refused(app: Flask) -> None:
    assert run(app, "tokens", "add", "shop").exit_code == 0
    ended = run(app, "tokens", "add", "shop")
    assert (ended.exit_code, ended.stdout) == (1, "")


def test_clients_go_out_and_come_in_again(app: Flask, tmp_path: Path) -> None:
    for tag in ("vip", "", "=1+1", "ёлка, «кавычки»"):
        a_client(tag=tag, timezone="Asia/Omsk")
    file = tmp_path / "clients.csv"
    assert run(app, "clients", "export", "--output", str(file)).exit_code == 0
    ended = run(app, "clients", "import", str(file))
    assert ended.stdout == "0 created, 0 updated, 4 unchanged, 0 rejected\n"

    for client in clients.listing(limit=500).items:
        clients.erase(client.id)
    ended = run(app, "clients", "import", str(file))
    assert ended.stdout == "4 created, 0 updated, 0 unchanged, 0 rejected\n"
    again = tmp_path / "again.csv"
    assert run(app, "clients", "export", "--output", str(again)).exit_code == 0
    assert again.read_bytes() == file.read_bytes()


def test_export_goes_to_standard_output_without_a_word_more(app: Flask) -> None:
    phone = a_client(tag="vip").phone
    lines = run(app, "clients", "export").stdout.lstrip("\ufeff").splitlines()
    assert lines == ["phone,operator_code,tag,timezone", f"{phone},900,vip,Europe/Moscow"]


def test_bad_rows_are_told_by_line_and_field_beside_the_figures(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text(f"phone,timezone\n{a_phone()},Europe/Moscow\n12345,\n")
    ended = run(app, "clients", "import", str(file))
    assert ended.exit_code == 0
    assert ended.stdout == "1 created, 0 updated, 0 unchanged, 1 rejected\n"
    assert "line 3: phone: " in ended.stderr


def test_what_is_no_register_is_refused_with_one_line(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "clients.csv"
    file.write_text("name\nAda\n")
    ended = run(app, "clients", "import", str(file))
    assert ended.exit_code == 1
    assert "Error: " in ended.stderr
    assert "Traceback" not in ended.stderr


def test_setup_makes_the_first_admin_and_token_once(app: Flask) -> None:
    told = run(app, "setup").stdout.splitlines()
    password, secret = told[0].split()[-1], told[1].split()[-1]
    assert access.signed_in(access.sign_in("admin", password))
    assert access.token(secret)
    assert run(app, "setup").stdout == ""
    assert [operator.name for operator in access.operators()] == ["admin"]
