"""Every no of the API as a problem document (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from flask import Response, current_app, g
from flask_babel import gettext
from werkzeug.exceptions import HTTPException

from mailing_app.db import RETRY_AFTER, absence
from mailing_app.errors import N_, Invalid, NotFound, NotNow, Refusal, Refused, Stale

MEDIA_TYPE = "application/problem+json"

_DETAILS = {
    400: N_("The body is not JSON."),
    401: N_("A bearer token is needed, and this is none that works."),
    403: N_("This token may only read."),
    404: N_("There is nothing at this address."),
    405: N_("This address does not take this method."),
    409: N_("The state of things forbids it."),
    413: N_("The body is too large."),
    415: N_("The body is of a type that this address does not take."),
    422: N_("Some values are wrong."),
    429: N_("Too much at once. Ask again after as many seconds as Retry-After says."),
    500: N_("Something went wrong on our side. Tell the operator of the service the request id."),
    503: N_("The database is not to be had at the moment."),
}
_REFUSALS = {NotFound: 404, Refused: 409, Stale: 412, Invalid: 422}


def answer(error: Exception) -> Any:
    """The problem document for an exception; a redirect stays what it is."""
    status = _status(error)
    if status < 400:
        return error
    response = Response(current_app.json.dumps(_document(error, status)), status, content_type=MEDIA_TYPE)
    for name, value in _headers(error, status):
        response.headers[name] = value
    return response


def document(status: int, detail: str) -> dict[str, Any]:
    """The members that every problem document has, whatever the fault."""
    return {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}


def _status(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.code or 500
    if absence(error):
        return 503
    return next((status for kind, status in _REFUSALS.items() if isinstance(error, kind)), 500)


def _document(error: Exception, status: int) -> dict[str, Any]:
    told = document(status, _detail(error, status))
    if errors := _errors(error):
        told["errors"] = errors
    if status >= 500:
        told["request_id"] = g.get("request_id", "")
    return told


def _detail(error: Exception, status: int) -> str:
    if isinstance(error, Refusal):
        return gettext(error.message, **error.values)
    return gettext(_DETAILS[status]) if status in _DETAILS else HTTPStatus(status).description


def _errors(error: Exception) -> dict[str, list[str]]:
    if isinstance(error, Invalid):
        return {name: [gettext(sentence) for sentence in told] for name, told in error.errors.items()}
    if isinstance(error, Refused) and error.field:
        return {error.field: [gettext(error.message, **error.values)]}
    return {}


def _headers(error: Exception, status: int) -> list[tuple[str, str]]:
    """What belongs to the status itself: Allow, WWW-Authenticate, Retry-After."""
    if isinstance(error, HTTPException):
        return [(name, value) for name, value in error.get_headers() if name != "Content-Type"]
    wait = error.retry_after if isinstance(error, NotNow) else RETRY_AFTER if status == 503 else None
    return [("Retry-After", str(wait))] if wait else []
