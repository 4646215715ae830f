"""How the sending stands, through the API."""

from datetime import timedelta

from flask.testing import FlaskClient

from mailing_app import clock
from mailing_app.db import transaction
from mailing_app.models import Dispatcher, GatewayState, Hold, Tally
from tests.factories import a_mailing

URL = "/api/v1/status"


def test_nobody_sends_and_nothing_is_known(api: FlaskClient) -> None:
    assert api.get(URL).json == {
        "dispatchers": [],
        "in_flight": 0,
        "backlog": 0,
        "gateway": {
            "practising": False, "hold": None, "held_at": None, "detail": "", "probe_at": None, "wait_until": None,
        },
    }  # fmt: skip


def test_dispatchers_backlog_and_hold(api: FlaskClient) -> None:
    now = clock.now()
    mailing = a_mailing()
    with transaction() as session:
        session.get_one(Tally, mailing.id).pending = 7
        session.add(GatewayState(id=1, hold=Hold.WRONG_ADDRESS, held_at=now, detail="404"))
        for pid, silent in ((1, 0), (2, 16), (3, 0)):
            beat_at = now - timedelta(seconds=silent)
            named = {"host": "a", "pid": pid, "process_began": "x", "started_at": now}
            figures = {"in_flight": 5, "allowed": 8, "seats": 64}
            session.add(Dispatcher(beat_at=beat_at, left_at=now if pid == 3 else None, **named, **figures))
    standing = api.get(URL).json
    names = ("pid", "alive", "allowed", "breaker", "flapping")
    shown = [tuple(one[name] for name in names) for one in standing["dispatchers"]]
    assert shown == [(1, True, 8, "closed", False), (2, False, 8, "closed", False)]
    assert (standing["in_flight"], standing["backlog"]) == (5, 7)
    assert (standing["gateway"]["hold"], standing["gateway"]["detail"]) == ("wrong_address", "404")
