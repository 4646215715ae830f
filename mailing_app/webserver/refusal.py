"""What the server answers by itself, before the application sees a request: without its name, and without an echo."""

import json
from http import HTTPStatus
from typing import Any

from flask import Response
from waitress.task import ErrorTask

from mailing_app import headers
from mailing_app.api import problems

_DETAILS = {
    400: "This is no request that can be understood.",
    413: "The body is too large.",
    431: "The headers are too large.",
    501: "Bodies are taken as they are or in chunks, in no other encoding.",
}


class RefusalTask(ErrorTask):
    """Answers what is no request: a problem document under /api, else a line of plain text."""

    def execute(self) -> None:
        """Write the answer, after which the connection is closed."""
        answer = _answer(self.request.error.code, _path(self.request))
        headers.secure(answer, cacheable=False, https=self.channel.https)
        body = answer.get_data()
        self.status = answer.status
        self.response_headers.extend(answer.headers.items())
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


def _answer(status: int, path: bytes) -> Response:
    detail = _DETAILS.get(status, "Something went wrong on our side.")
    if not path.startswith(b"/api"):
        return Response(f"{HTTPStatus(status).phrase}. {detail}\n", status, mimetype="text/plain")
    return Response(json.dumps(problems.document(status, detail)), status, content_type=problems.MEDIA_TYPE)


def _path(request: Any) -> bytes:
    """What was asked for, as far as it was read: the first line comes first."""
    words = getattr(request, "first_line", b"").split(b" ")
    path: bytes = words[1] if len(words) > 1 else b""
    return path
