"""The clients, as JSON."""

from typing import Any

from flask import Blueprint, Response, url_for

from mailing_app import clients
from mailing_app.api import bodies, parameters, resources, versions
from mailing_app.api.openapi import answers
from mailing_app.forms import ClientForm, ClientsQuery
from mailing_app.models import Client

bp = Blueprint("clients", __name__, url_prefix="/clients")

PHONE_TAKEN = "Another client has this phone."


@bp.post("")
@answers(201, "Client", body="ClientInput", refused=PHONE_TAKEN)
def add_client() -> Any:
    """Add a client.

    The phone may come in any usual spelling. Operator code and time zone are filled in where they are left out.
    """
    form = ClientForm.from_json(bodies.read())
    client = clients.add(**form.values())
    return _shown(client, 201, Location=url_for(".read_client", client_id=client.id))


@bp.get("")
@answers(200, "ClientPage", query=ClientsQuery)
def list_clients() -> Any:
    """List clients.

    In the order in which they were added; those that match every given parameter.
    """
    return resources.page(clients.listing(**parameters.given()), resources.client)


@bp.get("/<id:client_id>")
@answers(200, "Client", fresh=True)
def read_client(client_id: int) -> Any:
    """Read a client."""
    client = clients.get(client_id)
    if versions.is_known(client.version):
        return Response(status=304, headers=versions.tag(client.version))
    return _shown(client)


@bp.put("/<id:client_id>")
@answers(200, "Client", body="ClientInput", refused=PHONE_TAKEN)
def replace_client(client_id: int) -> Any:
    """Replace a client.

    What is left out goes back to its default.
    """
    present = clients.get(client_id)
    expected = versions.expected(present)
    form = ClientForm.from_json(bodies.read(), resources.client(present))
    return _shown(clients.change(client_id, expected, **form.values()))


@bp.patch("/<id:client_id>")
@answers(200, "Client", body="ClientChange", refused=PHONE_TAKEN)
def change_client(client_id: int) -> Any:
    """Change a client.

    What is left out stays as it is; a new phone brings its own operator code, unless that was given by hand.
    """
    payload = bodies.read()

    def change(present: Client, version: int) -> Client:
        form = ClientForm.from_json(payload, resources.client(present), partial=True)
        return clients.change(client_id, version, **form.values())

    return _shown(versions.patched(lambda: clients.get(client_id), change))


@bp.delete("/<id:client_id>")
@answers(204)
def erase_client(client_id: int) -> Any:
    """Erase a client.

    Phone and tag are gone for good and nothing more is sent; the figures keep their count.
    """
    clients.erase(client_id, versions.expected(clients.get(client_id)))
    return "", 204


@bp.post("/<id:client_id>/opt-out")
@answers(200, "Client")
def opt_client_out(client_id: int) -> Any:
    """Opt a client out.

    No mailing takes the client in any more, and what waits is withdrawn at once. Opting out twice is no error.
    """
    return _shown(clients.opt_out(client_id))


@bp.post("/<id:client_id>/opt-in")
@answers(200, "Client")
def opt_client_in(client_id: int) -> Any:
    """Opt a client in again.

    Mailings that begin from now on may write to the client; what was withdrawn stays so. Opting in twice is no error.
    """
    return _shown(clients.opt_in(client_id))


def _shown(client: Client, status: int = 200, **headers: str) -> Any:
    return versions.tagged(resources.client(client), client.version, status, **headers)
