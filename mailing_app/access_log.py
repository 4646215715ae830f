"""The access log: one line a request, told when it is answered, with the ids that it was about."""

import logging
from typing import Any
from urllib.parse import urlsplit

from flask import Response, current_app, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from mailing_app import audit, clock, logs

log = logging.getLogger(__name__)

POLLED = ("monitoring", "live", "static", "assets", "preview")
"""What programs and open pages ask for all the time, by a part of its endpoint: it is told of only where it fails."""


def tell(response: Response) -> None:
    """Tell of the present request and its answer; of one that is streamed once the last piece has left."""
    if response.status_code < 400 and _is_polled():
        return
    facts = logs.of_request() | _facts(response)
    began = g.get("began", clock.monotonic())
    if response.is_streamed:
        response.call_on_close(lambda: _tell(facts, began))
    else:
        _tell(facts, began)


def _tell(facts: dict[str, Any], began: float) -> None:
    log.info("request answered", extra=facts | {"milliseconds": round((clock.monotonic() - began) * 1000, 1)})


def _facts(response: Response) -> dict[str, Any]:
    who = audit.actor()
    known = {"actor_kind": who.kind.value, "actor": who.name} if who.name else {}
    # The rule, not the address: that may hold whatever somebody typed into it.
    route = request.url_rule.rule if request.url_rule else ""
    told = {"method": request.method, "route": route, "status": response.status_code}
    return told | known | _ids(request.view_args) | _ids(_led_to(response))


def _is_polled() -> bool:
    return any(part in POLLED for part in (request.endpoint or "").split("."))


def _led_to(response: Response) -> Any:
    """What the address stands for that the answer names: of what was made, or of the page that shows what was done."""
    path = urlsplit(response.location or "").path
    try:
        return current_app.url_map.bind("").match(path)[1] if path else None
    except (HTTPException, RequestRedirect):
        return None


def _ids(named: Any) -> dict[str, int]:
    return {name: value for name, value in (named or {}).items() if name.endswith("_id")}
