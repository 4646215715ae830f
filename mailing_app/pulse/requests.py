"""Counting requests: by the rule that an address falls under, never by the address, whose number has no bound."""

from flask import Flask, Response, g, request

from mailing_app import clock
from mailing_app.pulse.instruments import REQUEST_DURATION, REQUESTS

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
OTHER, NO_ROUTE = "other", "none"
"""What stands for a method that nobody knows, and for an address that is none: strangers can think of any number."""


def count_requests(app: Flask) -> None:
    """Count each request with its route, method and status, and how long its answer took to begin.

    Before anything else looks at requests, so that those are counted too that another look refuses.
    """

    @app.before_request
    def _begin() -> None:
        g.request_began = clock.monotonic()

    @app.after_request
    def _count(response: Response) -> Response:
        route = str(request.url_rule or NO_ROUTE)
        method = request.method if request.method in METHODS else OTHER
        REQUESTS.labels(route, method, str(response.status_code)).inc()
        REQUEST_DURATION.labels(route).observe(clock.monotonic() - g.request_began)
        return response
