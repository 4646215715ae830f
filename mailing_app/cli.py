"""The commands of the contract."""

import io
import os
import secrets
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import IO, Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from flask_babel import force_locale

from mailing_app import access, audit, clients, demo, housekeeping, language, reports, serving
from mailing_app.errors import Invalid, Refusal
from mailing_app.forms import ClientForm, Form, OperatorForm, TokenForm
from mailing_app.local_time import day_ends_at
from mailing_app.models import Role, Scope
from mailing_app.practice import PracticeGateway

operators = AppGroup("operators", help="The people who may sign in.")
tokens = AppGroup("tokens", help="The keys of programs at the API.")
register_of_clients = AppGroup("clients", help="The register of clients.")
of_reports = AppGroup("reports", help="The figures.")


def register(app: Flask) -> None:
    """Make the commands known to `flask`."""
    alone = (serve, dispatcher, worker, practice_gateway, setup, fill, keep_house)
    for command in (*alone, operators, tokens, register_of_clients, of_reports):
        app.cli.add_command(command)


@click.command("serve")
@click.option("--host", help="Address to listen at; HOST unless given.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen at; PORT unless given.")
@click.option("--no-dispatcher", is_flag=True, help="Send nothing from this process.")
@with_appcontext
def serve(host: str | None, port: int | None, no_dispatcher: bool) -> None:
    """Serve pages and API, and send unless told not to."""
    settings = current_app.config["SETTINGS"]
    dispatches = settings.dispatcher == "embedded" and not no_dispatcher
    serving.serve(_app(), host or settings.host, port or settings.port, dispatches)


@click.command("dispatcher")
@with_appcontext
def dispatcher() -> None:
    """Send, without pages: any number of these may run against one database."""
    serving.dispatch(_app())


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Send and do all that takes long, with others on as many machines as you like: a worker of the fleet."""
    serving.work(_app())


@click.command("practice-gateway")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen at; PRACTICE_PORT unless given.")
@with_appcontext
def practice_gateway(port: int | None) -> None:
    """A gateway to rehearse against, with weather, on loopback."""
    gateway = PracticeGateway(port=port or current_app.config["SETTINGS"].practice_port)
    gateway.start()
    click.echo(f"practice gateway at {gateway.url}")
    gateway.serve_forever()


@click.command("setup")
@with_appcontext
def setup() -> None:
    """Make a first admin and a first token if there is nobody yet, and print both, once."""
    if access.anybody():
        return
    password = secrets.token_urlsafe(18)
    _or_refused(access.add_operator, "admin", password, Role.ADMIN)
    click.echo(f"First admin, shown once: name admin, password {password}")
    click.echo(f"First API token, shown once: {_or_refused(access.add_token, 'first', Scope.WRITE)}")


@click.command("demo")
@with_appcontext
def fill() -> None:
    """Fill an empty register with invented clients and mailings."""
    click.echo("invented data added" if demo.fill() else "there are clients already; nothing was added")


@click.command("housekeeping")
@with_appcontext
def keep_house() -> None:
    """Make what is old take less room, as one process does by itself every day."""
    with audit.acting(audit.CONSOLE):
        done = housekeeping.go_round(current_app.config["SETTINGS"], time.sleep)
    click.echo(
        f"{done.traffic} rows of traffic folded, {done.attempts} attempts removed, {done.archived} mailings archived"
    )


@operators.command("add")
@click.argument("name")
@click.option(
    "--role", type=click.Choice([role.value for role in Role]), default=Role.OPERATOR.value, show_default=True
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add_operator(name: str, role: str, password_stdin: bool) -> None:
    """Add a person who may sign in."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    added = _or_refused(access.add_operator, **_judged(OperatorForm, name=name, password=password, role=role))
    click.echo(f"{role} {added.name} added")


@tokens.command("add")
@click.argument("name")
@click.option(
    "--scope",
    type=click.Choice([scope.value for scope in Scope]),
    default=Scope.READ.value,
    show_default=True,
)
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="The last day on which it works.")
def add_token(name: str, scope: str, expires: datetime | None) -> None:
    """Add a token for a program and print it, once, alone on the last line."""
    expires_at = day_ends_at(expires.date(), language.zone()) if expires else None
    judged = _judged(TokenForm, name=name, scope=scope)
    click.echo(_or_refused(access.add_token, **(judged | {"expires_at": expires_at})))


@register_of_clients.command("import")
@click.argument("file", type=click.File("rb"))
def import_clients(file: IO[bytes]) -> None:
    """Add or update clients from a CSV file with a header line."""
    from tqdm import tqdm

    with tqdm(unit=" clients", disable=None) as bar, current_app.test_request_context(), force_locale("en"):
        result = _or_refused(clients.import_csv, _seekable(file), ClientForm.of_texts(), bar.update, ahead=True)
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


@of_reports.command("check")
def check_reports() -> None:
    """Count everything once more and name each figure that differs; there should be none, ever."""
    differences = reports.check()
    for each in differences:
        click.echo(f"{each.what} {each.subject}: counted {each.counted}, kept {each.kept}", err=True)
    if differences:
        raise click.ClickException(f"{len(differences)} figures differ")
    click.echo("every figure is what there is")


def _seekable(file: IO[bytes]) -> IO[bytes]:
    """The file by a descriptor of its own, or what a pipe brought: an import reads it all to find its encoding, and
    then again in a process in which the standard input is closed.
    """
    return open(os.dup(file.fileno()), "rb") if file.seekable() else io.BytesIO(file.read())


def _app() -> Flask:
    """The application itself, for threads that outlive this command's context."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


def _judged(form: type[Form], **typed: str) -> dict[str, Any]:
    """What was typed as the form of the pages takes it; the first of its sentences ends the command."""
    with current_app.test_request_context(), force_locale("en"):
        try:
            return form.from_json(typed).values()
        except Invalid as fault:
            name, [sentence, *_] = next(iter(fault.errors.items()))
            raise click.ClickException(f"{name}: {sentence}") from fault


def _or_refused(operation: Callable[..., Any], *given: Any, **named: Any) -> Any:
    try:
        with audit.acting(audit.CONSOLE):
            return operation(*given, **named)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from refusal
