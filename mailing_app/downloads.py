"""Files to keep, read from the database while they are sent."""

import tempfile
from collections.abc import Iterator

from flask import Response, stream_with_context

from mailing_app import clock

PATIENCE = 5.0
"""Seconds in all for which a reader may keep the database waiting. As long as somebody reads in it, SQLite's log grows
and PostgreSQL tidies nothing away.
"""

_A_READ = 2**18


def csv(pieces: Iterator[bytes], name: str, charset: str = "utf-8") -> Response:
    """The answer to a request for a CSV file, to be kept under this name."""
    named = {"Content-Disposition": f'attachment; filename="{name}"'}
    told = f"text/csv; charset={charset}"
    return Response(stream_with_context(unhurried(pieces)), content_type=told, headers=named)


def unhurried(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces as they are made, as long as they are taken; for a slow reader the rest is put on disk at once."""
    waited = 0.0
    for piece in pieces:
        given = clock.monotonic()
        yield piece
        waited += clock.monotonic() - given
        if waited > PATIENCE:
            break
    else:
        return
    with tempfile.TemporaryFile() as rest:
        rest.writelines(pieces)
        rest.seek(0)
        while read := rest.read(_A_READ):
            yield read
