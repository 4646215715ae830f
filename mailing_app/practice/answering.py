"""How each weather answers a send request that was read."""

from collections.abc import Callable
from itertools import chain, repeat

from mailing_app.practice.connection import Connection
from mailing_app.practice.rehearsal import Rehearsal
from mailing_app.practice.sky import Outlook
from mailing_app.practice.weather import Weather
from mailing_app.practice.wire import Answer, Request, as_json

ACCEPTED = as_json({"code": 0, "message": "OK"})
FAIR_BYTES = ACCEPTED.encode()
WEB_PAGE = b"<!doctype html><title>Welcome</title><h1>Please sign in to the network</h1>"
# Without a length the answer lasts until the connection closes, and the drip never has to come to an end.
DRIP_HEAD = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n{"code": 0'

ANSWERS: dict[str, Callable[[Weather], Answer]] = {
    "down": lambda _: as_json({"error": "The gateway is down."}, 503),
    "500": lambda _: as_json({"error": "The gateway failed."}, 500),
    "429": lambda weather: as_json({"error": "Too fast."}, 429, {"Retry-After": f"{weather.pause:.0f}"}),
    "401": lambda _: as_json({"error": "The token is refused."}, 401, {"WWW-Authenticate": "Bearer"}),
    "garbage": lambda _: Answer(200, b'{"code": 0, "mess', "application/json"),
    "html": lambda _: Answer(200, WEB_PAGE, "text/html; charset=utf-8"),
    "code": lambda weather: as_json({"code": weather.code, "message": f"Refused with code {weather.code}"}),
}


def give(
    rehearsal: Rehearsal, connection: Connection, request: Request, outlook: Outlook, truth: Answer = ACCEPTED
) -> bool:
    """Answer as the outlook has it, in good weather with the truth; True when the connection can serve another
    request."""
    weather = outlook.answer
    if isinstance(weather, bytes):
        connection.send(weather)
        return False
    if weather.kind in MISBEHAVIOURS:
        MISBEHAVIOURS[weather.kind](rehearsal, connection, outlook, weather)
        return False
    delay = rehearsal.latency if weather.kind == "fair" else weather.pause if weather.kind == "slow" else 0
    if delay and not connection.wait(delay):
        return False
    connection.send(_encoded(weather, truth, request.keep_alive))
    return request.keep_alive


def _encoded(weather: Weather, truth: Answer, keep_alive: bool) -> bytes:
    if keep_alive and weather.accepts and truth is ACCEPTED:
        return FAIR_BYTES
    return (truth if weather.accepts else ANSWERS[weather.kind](weather)).encode(keep_alive)


def _hang(rehearsal: Rehearsal, connection: Connection, outlook: Outlook, weather: Weather) -> None:
    with rehearsal.sky.holding(connection, outlook):
        connection.keep_silent(min(weather.pause, rehearsal.sky.patience(outlook)))


def _drip(rehearsal: Rehearsal, connection: Connection, outlook: Outlook, weather: Weather) -> None:
    with rehearsal.sky.holding(connection, outlook):
        for byte in chain(DRIP_HEAD, repeat(ord(" "))):
            connection.send(bytes([byte]))
            if not connection.wait(weather.pause) or not rehearsal.sky.patience(outlook):
                return


def _reset(_: Rehearsal, connection: Connection, _outlook: Outlook, _weather: Weather) -> None:
    connection.reset()


MISBEHAVIOURS = {"hanging": _hang, "dripping": _drip, "reset": _reset}
