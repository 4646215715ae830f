"""The messages, as JSON and as CSV."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response

from mailing_app import downloads, mailings, reports
from mailing_app.api import parameters, resources, schema
from mailing_app.api.openapi import answers
from mailing_app.bulkhead import bulky
from mailing_app.forms import MailingsFileQuery, MessagesFileQuery, MessagesQuery, PeriodFileQuery

bp = Blueprint("messages", __name__)

CSV = schema.csv(f"{','.join(reports.MESSAGE_COLUMNS)}\r\n")
CSV_OF_MAILINGS = schema.csv(f"{','.join(reports.MAILING_COLUMNS)}\r\n")
CSV_OF_ALL = schema.csv(f"{','.join((*reports.OF_ITS_MAILING, *reports.MESSAGE_COLUMNS))}\r\n")

ARCHIVED = "The messages of this mailing were archived on 2026-11-26, in the file mailing-17.csv.gz."


@bp.get("/mailings/<id:mailing_id>/messages")
@answers(200, "MessagePage", query=MessagesQuery, refused=ARCHIVED)
def list_messages(mailing_id: int) -> Any:
    """List the messages of a mailing.

    In the order of its clients.
    """
    mailings.check_there(mailings.get(mailing_id))
    return resources.page(mailings.messages(mailing_id, **parameters.given()), resources.message)


@bp.get("/mailings/<id:mailing_id>/report.csv")
@answers(200, CSV, query=MessagesFileQuery, refused=ARCHIVED)
@bulky("GET")
def read_report(mailing_id: int) -> Any:
    """Read the report of a mailing as CSV.

    One line a message that matches every given parameter, or with `grain=attempts` one line an attempt; all as they
    are at one moment. UTF-8 with a byte order mark unless asked for otherwise, for spreadsheets.
    """
    mailings.check_there(mailings.get(mailing_id))
    return _file(reports.messages_csv(mailing_id, **parameters.given()), f"mailing-{mailing_id}.csv")


@bp.get("/messages.csv")
@answers(200, CSV_OF_ALL, query=PeriodFileQuery)
@bulky("GET")
def read_messages() -> Any:
    """Read the messages of all mailings as CSV.

    The same of every mailing that starts in a period, days in DEFAULT_TIMEZONE, with the mailing's own columns before.
    """
    return _file(reports.period_csv(**parameters.given()), "messages.csv")


@bp.get("/mailings.csv")
@answers(200, CSV_OF_MAILINGS, query=MailingsFileQuery)
@bulky("GET")
def read_mailings() -> Any:
    """Read the mailings as CSV.

    One line a mailing that matches every given parameter: its phase, its figures, the proof of its end.
    """
    return _file(reports.mailings_csv(**parameters.given()), "mailings.csv")


@bp.get("/messages/<id:message_id>")
@answers(200, "MessageWithHistory")
def read_message(message_id: int) -> Any:
    """Read a message.

    With every attempt to send it, and what the gateway says where somebody asked.
    """
    message = mailings.message(message_id)
    history, inquiry = mailings.history(message_id), mailings.inquiry(message_id)
    told = {"history": resources.history(history, message.attempts)}
    return resources.message(message) | told | resources.inquiry(inquiry)


def _file(pieces: Iterator[bytes], name: str) -> Response:
    return downloads.csv(pieces, name, parameters.given()["encoding"].charset)
