"""Many clients at once: a list or a file in, a file out."""

from contextlib import closing
from typing import Any

from flask import Blueprint, request
from flask_babel import gettext

from mailing_app import clients, downloads
from mailing_app.api import bodies, parameters, resources, schema
from mailing_app.api.openapi import answers
from mailing_app.bulkhead import bulky
from mailing_app.errors import Invalid, Refused
from mailing_app.forms import BulkForm, ClientForm, ClientsFilter

bp = Blueprint("bulk", __name__)

CSV = schema.csv("phone,operator_code,tag,timezone\r\n+7 900 123-45-67,900,vip,Europe/Moscow\r\n")
FILE = CSV | {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "properties": {"file": {"type": "string", "format": "binary", "contentMediaType": "text/csv"}},
            "required": ["file"],
        },
        "encoding": {"file": {"contentType": "text/csv"}},
    }
}


@bp.post("/clients/bulk")
@answers(200, "BulkResult", body="BulkInput")
@bulky("POST")
def upsert_clients() -> Any:
    """Add or update clients from a list.

    Up to 10,000 of them, told apart by their phones. Each is told what became of it, in the order of the list; with
    `all_or_nothing` one at fault keeps all of them out.
    """
    form = BulkForm.from_json(bodies.read(bodies.LARGEST_LIST))
    items, all_or_nothing = form.clients.data, form.all_or_nothing.data
    good = [(item.values, item.given) for item in items if not item.errors]
    outcomes = iter(clients.upsert(good, all_or_nothing, rejected=len(items) - len(good)))
    return resources.bulk([item.errors or next(outcomes) for item in items])


@bp.post("/clients/import")
@answers(200, "ImportResult", body=FILE)
@bulky("POST")
def import_clients() -> Any:
    """Add or update clients from CSV.

    The first line names the columns, `phone` among them; clients are told apart by their phones. Good rows go in,
    bad ones are listed by line and field.
    """
    try:
        with closing(bodies.file()) as file:
            return resources.imported(clients.import_csv(file, ClientForm.of_texts()))
    except Refused as refusal:
        # Nothing is stored that could forbid it: the file itself is no good.
        raise Invalid({refusal.field or "file": [gettext(refusal.message, **refusal.values)]}) from refusal


@bp.get("/clients.csv")
@answers(200, CSV, query=ClientsFilter)
@bulky("GET")
def export_clients() -> Any:
    """Read clients as CSV.

    Those that match every given parameter: UTF-8 with a byte order mark, as the import takes it back.
    """
    # With HEAD nobody leaves the register, and the audit trail has nothing to tell.
    pieces = iter(()) if request.method == "HEAD" else clients.export_csv(**parameters.given())
    return downloads.csv(pieces, "clients.csv")
