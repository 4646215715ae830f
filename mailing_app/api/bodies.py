"""What a request carries: strict JSON, or a file."""

import json
import shutil
import tempfile
from typing import IO, Any

from flask import request
from flask_babel import gettext
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from mailing_app.errors import Invalid

LARGEST_JSON = 2 * 2**20
"""Bytes; the fullest mailing that the form takes is half of it."""
LARGEST_LIST = 8 * 2**20
"""Bytes; 10,000 clients with the longest tags, each letter of them written as `\\u0431`, are 7.4 MB."""
IN_MEMORY = 2**20
"""Bytes of an uploaded file that stay in memory; the rest goes to disk."""


def read(largest: int = LARGEST_JSON) -> Any:
    """The JSON of the body; 415 for another type, 413 for more bytes, 400 for anything that is not JSON."""
    if request.mimetype != "application/json":
        raise UnsupportedMediaType
    request.max_content_length = largest
    try:
        # RecursionError is for what is nested too deeply, ValueError also for numbers of thousands of digits.
        return json.loads(request.get_data().decode(), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise BadRequest from error


def read_if_any() -> Any:
    """The JSON of the body, or an empty object where there is no body."""
    return read() if request.content_length or "Transfer-Encoding" in request.headers else {}


def file() -> IO[bytes]:
    """The CSV of the body, sent as it is or as the `file` of a form; it can be read more than once."""
    if request.mimetype == "text/csv":
        return _kept()
    if request.mimetype == "multipart/form-data":
        if "file" not in request.files:
            raise Invalid({"file": [gettext("Choose a file.")]})
        return request.files["file"].stream
    raise UnsupportedMediaType


def _kept() -> IO[bytes]:
    kept = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - whoever reads it closes it
    try:
        shutil.copyfileobj(request.stream, kept)
    except BaseException:  # too large, or the sender is gone
        kept.close()
        raise
    kept.seek(0)
    return kept


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
