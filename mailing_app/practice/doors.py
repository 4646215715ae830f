"""The other doors: the weather, the inbox and the page, for people and for scripts."""

import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from mailing_app.practice import page
from mailing_app.practice.inbox import Received
from mailing_app.practice.rehearsal import Rehearsal
from mailing_app.practice.weather import Weather, WeatherError, read_weather
from mailing_app.practice.wire import Answer, Request, RequestError, as_json

SAFE_METHODS = ("GET", "HEAD")
STYLE = Path(__file__).with_name("style.css").read_bytes()
PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

Door = Callable[..., Answer]


def knock(rehearsal: Rehearsal, request: Request) -> Answer:
    """The answer of the door that a request is addressed to; refuses with 403, 404 or 405."""
    for address, doors in DOORS:
        if match := address.fullmatch(request.path):
            return _open(doors, request)(rehearsal, request, *match.groups())
    raise RequestError(404, "There is nothing here.")


def check_method(request: Request, allowed: tuple[str, ...]) -> None:
    """Refuse with 405 a method that is not among those allowed."""
    if request.method not in allowed:
        raise RequestError(405, f"{request.method} is not possible here.", {"Allow": ", ".join(allowed)})


def show_page(rehearsal: Rehearsal, _: Request, problem: str = "") -> Answer:
    """The page; with a problem it says what was wrong with the form."""
    body = page.render(rehearsal, problem).encode(errors="replace")
    return Answer(422 if problem else 200, body, "text/html; charset=utf-8", PAGE_HEADERS)


def show_style(_: Rehearsal, __: Request) -> Answer:
    """The page's stylesheet."""
    return Answer(200, STYLE, "text/css; charset=utf-8", {"X-Content-Type-Options": "nosniff"})


def show_who(_: Rehearsal, __: Request) -> Answer:
    """Tells another process that the port is held by a practice gateway."""
    return as_json({"practice_gateway": True})


def show_weather(rehearsal: Rehearsal, _: Request) -> Answer:
    """The general weather."""
    return as_json(rehearsal.weather.as_json())


def put_weather(rehearsal: Rehearsal, request: Request) -> Answer:
    """Change the weather by JSON."""
    rehearsal.set_weather(_weather_of(request.json()))
    return show_weather(rehearsal, request)


def post_weather(rehearsal: Rehearsal, request: Request) -> Answer:
    """Change the weather by the page's form."""
    try:
        rehearsal.set_weather(read_weather(_form_values(request)))
    except WeatherError as nonsense:
        return show_page(rehearsal, request, str(nonsense))
    return Answer(303, headers={"Location": "/"})


def show_inbox(rehearsal: Rehearsal, request: Request) -> Answer:
    """The last messages, newest first."""
    limit = dict(parse_qsl(request.query)).get("limit", "100")
    if not re.fullmatch("[0-9]{1,4}", limit) or not 1 <= int(limit) <= 1000:
        raise RequestError(422, "limit must be a number from 1 to 1000.", field="limit")
    items = [_as_item(received) for received in rehearsal.mailbox.newest(int(limit))]
    return as_json({"items": items, "counts": asdict(rehearsal.counts())})


def show_message(rehearsal: Rehearsal, _: Request, message_id: str) -> Answer:
    """Every request kept for one message, oldest first."""
    return as_json({"items": [_as_item(received) for received in rehearsal.received(int(message_id))]})


def empty_inbox(rehearsal: Rehearsal, _: Request) -> Answer:
    """Forget all messages and counts."""
    rehearsal.clear_inbox()
    return Answer(204)


DOORS: list[tuple[re.Pattern[str], dict[str, Door]]] = [
    (re.compile(r"/"), {"GET": show_page}),
    (re.compile(r"/style\.css"), {"GET": show_style}),
    (re.compile(r"/whoami"), {"GET": show_who}),
    (re.compile(r"/weather"), {"GET": show_weather, "PUT": put_weather, "POST": post_weather}),
    (re.compile(r"/inbox"), {"GET": show_inbox, "DELETE": empty_inbox}),
    (re.compile(r"/inbox/([0-9]{1,19})"), {"GET": show_message}),
]


def _open(doors: dict[str, Door], request: Request) -> Door:
    check_method(request, ("HEAD", *doors))
    if request.method not in SAFE_METHODS:
        _check_origin(request)
    return doors["GET" if request.method == "HEAD" else request.method]


def _check_origin(request: Request) -> None:
    origin = request.headers.get("origin")
    # A sandboxed page sends "null", which has no host and so is refused with the others.
    if origin is not None and origin.partition("://")[2] != request.headers.get("host"):
        raise RequestError(403, "Another site's page may not do this.")


def _weather_of(values: object) -> Weather:
    try:
        return read_weather(values)
    except WeatherError as nonsense:
        raise RequestError(422, str(nonsense), field=nonsense.field) from None


def _form_values(request: Request) -> dict[str, Any]:
    texts = dict(parse_qsl(request.body.decode("latin-1")))
    return {name: _number(name, text) if name != "kind" else text for name, text in texts.items()}


def _number(name: str, text: str) -> float:
    try:
        return int(text) if name == "code" else float(text)
    except ValueError:
        raise WeatherError(name, "must be a number") from None


def _as_item(received: Received) -> dict[str, Any]:
    item = asdict(received)
    # The token stays out of an answer that anyone on this machine can read; the body is in the other fields.
    del item["authorization"], item["body"]
    return item
