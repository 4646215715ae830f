"""The door that the service knocks on: `POST /v1/send/{id}`, and `GET` to ask what became of it."""

from typing import Any

from mailing_app.practice.answering import ACCEPTED, give
from mailing_app.practice.connection import Connection
from mailing_app.practice.inbox import Received
from mailing_app.practice.rehearsal import Rehearsal
from mailing_app.practice.sky import Outlook
from mailing_app.practice.weather import Weather
from mailing_app.practice.wire import Request, RequestError, as_json

ADDRESS = r"/v1/send/([0-9]{1,19})"

UNINVITED = Outlook(Weather("401"), 0, None)
NEVER_CAME = as_json({"error": "There is no such message here."}, 404)


def send(rehearsal: Rehearsal, connection: Connection, request: Request, message_id: int) -> bool:
    """Take a message in and answer it by the weather; True when the connection can serve another request."""
    payload = _read_payload(request, message_id)
    outlook = _outlook(rehearsal, request, payload)
    rehearsal.mailbox.put(_received(request, payload, outlook))
    rehearsal.gate.wait()
    return give(rehearsal, connection, request, outlook)


def look_up(rehearsal: Rehearsal, connection: Connection, request: Request, message_id: int) -> bool:
    """Tell, as the general weather has it, whether a message was accepted; True when the connection can serve another
    request."""
    outlook = rehearsal.sky.outlook_of_all() if _is_let_in(rehearsal, request) else UNINVITED
    rehearsal.looked_up.append(message_id)
    truth = ACCEPTED if rehearsal.mailbox.has_accepted(message_id) else NEVER_CAME
    return give(rehearsal, connection, request, outlook, truth)


def _read_payload(request: Request, message_id: int) -> dict[str, Any]:
    payload = request.json()
    if not isinstance(payload, dict):
        raise RequestError(400, "The body is not a JSON object.")
    for name in ("id", "phone"):
        if type(payload.get(name)) is not int:
            raise RequestError(400, f"{name} is not an integer.")
    if not isinstance(payload.get("text"), str):
        raise RequestError(400, "text is not a string.")
    if payload["id"] != message_id:
        raise RequestError(400, "id is not the id of the address.")
    return payload


def _outlook(rehearsal: Rehearsal, request: Request, payload: dict[str, Any]) -> Outlook:
    if not _is_let_in(rehearsal, request):
        return UNINVITED
    return rehearsal.sky.outlook(payload["id"], payload["phone"])


def _is_let_in(rehearsal: Rehearsal, request: Request) -> bool:
    return not rehearsal.token or request.headers.get("authorization") == f"Bearer {rehearsal.token}"


def _received(request: Request, payload: dict[str, Any], outlook: Outlook) -> Received:
    weather = outlook.answer
    return Received(
        message_id=payload["id"],
        phone=payload["phone"],
        text=payload["text"],
        first_byte_at=request.first_byte_at,
        received_at=request.received_at,
        body=request.body,
        authorization=request.headers.get("authorization", ""),
        weather=weather.kind if isinstance(weather, Weather) else "scripted",
        accepted=isinstance(weather, Weather) and weather.accepts,
    )
