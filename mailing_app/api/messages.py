"""The messages, as JSON and as CSV."""

from typing import Any

from flask import Blueprint

from mailing_app import downloads, mailings, reports
from mailing_app.api import parameters, resources, schema
from mailing_app.api.openapi import answers
from mailing_app.bulkhead import bulky
from mailing_app.forms import MessagesQuery

bp = Blueprint("messages", __name__)

CSV = schema.csv(f"{','.join(reports.MESSAGE_COLUMNS)}\r\n")


@bp.get("/mailings/<id:mailing_id>/messages")
@answers(200, "MessagePage", query=MessagesQuery)
def list_messages(mailing_id: int) -> Any:
    """List the messages of a mailing.

    In the order of its clients.
    """
    mailings.get(mailing_id)
    return resources.page(mailings.messages(mailing_id, **parameters.given()), resources.message)


@bp.get("/mailings/<id:mailing_id>/report.csv")
@answers(200, CSV)
@bulky("GET")
def read_report(mailing_id: int) -> Any:
    """Read the report of a mailing as CSV.

    One line a message: UTF-8 with a byte order mark, for spreadsheets.
    """
    mailings.get(mailing_id)
    return downloads.csv(reports.messages_csv(mailing_id), f"mailing-{mailing_id}.csv")


@bp.get("/messages/<id:message_id>")
@answers(200, "MessageWithHistory")
def read_message(message_id: int) -> Any:
    """Read a message.

    With every attempt to send it, and what the gateway says where somebody asked.
    """
    message = mailings.message(message_id)
    history, inquiry = mailings.history(message_id), mailings.inquiry(message_id)
    return resources.message(message) | {"history": resources.history(history)} | resources.inquiry(inquiry)
