"""The commands of the contract."""

import sys
from collections.abc import Callable
from typing import IO, Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from flask_babel import force_locale

from mailing_app import access, clients
from mailing_app.errors import Refusal
from mailing_app.forms import ClientForm
from mailing_app.models import Role, Scope

operators = AppGroup("operators", help="The people who may sign in.")
tokens = AppGroup("tokens", help="The keys of programs at the API.")
register_of_clients = AppGroup("clients", help="The register of clients.")


def register(app: Flask) -> None:
    """Make the commands known to `flask`."""
    for command in (operators, tokens, register_of_clients):
        app.cli.add_command(command)


@operators.command("add")
@click.argument("name")
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), default=Role.OPERATOR.value, show_default=True
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add_operator(name: str, role: str, password_stdin: bool) -> None:
    """Add a person who may sign in."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    _or_refused(access.add_operator, name, password, Role(role))
    click.echo(f"{role} {name} added")


@tokens.command("add")
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice([scope.value for scope in Scope]),
    default=Scope.READ.value,
    show_default=True,
)
def add_token(name: str, scope: str) -> None:
    """Add a token for a program and print it, once, alone on the last line."""
    click.echo(_or_refused(access.add_token, name, Scope(scope)))


@register_of_clients.command("import")
@click.argument("file", type=click.File("rb"))
def import_clients(file: IO[bytes]) -> None:
    """Add or update clients from a CSV file with a header line."""
    from tqdm import tqdm

    with tqdm(unit=" clients", disable=None) as bar, current_app.test_request_context(), force_locale("en"):
        result = _or_refused(clients.import_csv, file, ClientForm.of_texts(), bar.update)
    for error in result.errors:
        click.echo(f"line {error['line']}: {error['field']}: {error['message']}", err=True)
    click.echo(
        f"{result.created} created, {result.updated} updated, {result.unchanged} unchanged, {result.rejected} rejected"
    )


@register_of_clients.command("export")
@click.option("--output", type=click.File("wb"), default="-", help="Where to write; standard output unless given.")
def export_clients(output: IO[bytes]) -> None:
    """Write every client as CSV."""
    from tqdm import tqdm

    for piece in tqdm(clients.export_csv(), unit=" pieces", disable=None):
        output.write(piece)


def _or_refused(operation: Callable[..., Any], *given: Any) -> Any:
    try:
        return operation(*given)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from refusal
