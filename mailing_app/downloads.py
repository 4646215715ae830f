"""Files to keep, read from the database while they are sent."""

from collections.abc import Iterator

from flask import Response, stream_with_context


def csv(pieces: Iterator[bytes], name: str) -> Response:
    """The answer to a request for a CSV file, to be kept under this name."""
    named = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(stream_with_context(pieces), content_type="text/csv; charset=utf-8", headers=named)
