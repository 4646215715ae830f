"""The error pages."""

from typing import Any

from flask import Response, g, make_response, render_template
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from mailing_app.db import RETRY_AFTER, absence
from mailing_app.errors import Invalid, NotFound, Refusal

TITLES = {
    400: _l("This request makes no sense here"),
    403: _l("This is not for your role"),
    404: _l("There is no such page"),
    405: _l("This cannot be done here"),
    409: _l("This is not possible now"),
    413: _l("This is too large"),
    429: _l("This is too much at once"),
    500: _l("Something went wrong on our side"),
    503: _l("The service cannot answer right now"),
}
ADVICE = {
    400: _l("Go back, load the page again and repeat what you did."),
    403: _l("Ask an admin to do it, or to give you the role for it."),
    404: _l("It may have been deleted, or the address has a mistake in it."),
    405: _l("Use the links and buttons of the pages to get where you want."),
    413: _l("Split the file and import its parts one after the other."),
    429: _l("Only a few files are sent or taken at the same time. Wait until one of them is done, and try again."),
    500: _l("Nothing was lost that had been saved. If it happens again, give the number below to whoever runs this."),
    503: _l("It is most likely a matter of seconds. Nothing was lost; try again."),
}


def answer(error: Exception) -> Any:
    """The error page for an exception."""
    if isinstance(error, HTTPException) and error.code is None:
        return error.get_response()
    status = _status(error)
    if status >= 500:
        g.operator = None  # the page must not need the database that has just failed
    page = render_template("error.html", title=_of(TITLES, status), advice=_advice(error, status), status=status)
    response = make_response(page, status)
    _add_headers(response, error)
    return response


def _status(error: Exception) -> int:
    if isinstance(error, HTTPException):
        return error.code or 500
    if isinstance(error, NotFound):
        return 404
    if absence(error):
        return 503
    return 400 if isinstance(error, Invalid) else 409 if isinstance(error, Refusal) else 500


def _advice(error: Exception, status: int) -> str:
    if isinstance(error, Refusal):
        return gettext(error.message, **error.values)
    if isinstance(error, CSRFError):
        return gettext("The form was too old or came from elsewhere. Go back, load the page again and repeat it.")
    return _of(ADVICE, status)


def _of(sentences: dict[int, Any], status: int) -> str:
    return str(sentences.get(status) or sentences[400 if status < 500 else 500])


def _add_headers(response: Response, error: Exception) -> None:
    """What the status asks for: the methods that are allowed, when to try again."""
    given = error.get_headers() if isinstance(error, HTTPException) else []
    response.headers.extend((name, value) for name, value in given if name != "Content-Type")
    if response.status_code == 503:
        response.headers.setdefault("Retry-After", str(RETRY_AFTER))
