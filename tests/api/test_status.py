"""How the sending stands, through the API."""

from datetime import datetime, timedelta

from flask.testing import FlaskClient

from mailing_app import clock, mailings
from mailing_app.db import db, transaction
from mailing_app.models import Dispatcher, GatewayState, Hold, Message, Process, ProcessKind, Tally
from mailing_app.version import VERSION
from tests.factories import a_client, a_mailing

URL = "/api/v1/status"


def test_nobody_sends_and_nothing_is_known(api: FlaskClient) -> None:
    told = api.get(URL).json
    database, disks = told.pop("database"), told.pop("disks")
    assert (database["kind"], database["at_head"], database["size_bytes"] > 0) == (db.engine.dialect.name, True, True)
    assert {disk["place"] for disk in disks} <= {"data", "uploads"}
    assert all(0 < disk["free_bytes"] <= disk["size_bytes"] for disk in disks)
    assert told == {
        "dispatchers": [],
        "in_flight": 0,
        "backlog": 0,
        "gateway": {
            "practising": False, "hold": None, "held_at": None, "detail": "", "probe_at": None, "wait_until": None,
        },
        "backlog_oldest_due_at": None,
        "scheduler_lag": None,
        "processes": [],
        "report_emails": {"waiting": 0, "handed_over": 0, "sent": 0, "failed": 0},
        "version": VERSION,
    }  # fmt: skip


def test_every_process_that_beats_and_what_it_has_on_the_wire(api: FlaskClient) -> None:
    now = clock.now()
    with transaction() as session:
        for pid, kind, silent in ((1, ProcessKind.WEB, 0), (2, ProcessKind.DISPATCHER, 14), (3, ProcessKind.BOTH, 16)):
            beat_at = now - timedelta(seconds=silent)
            session.add(Process(kind=kind, host="a/1/x", pid=pid, started_at=now, beat_at=beat_at, figures=[]))
        named = {"host": "a/1/x", "pid": 2, "process_began": "x", "started_at": now, "beat_at": now}
        session.add(Dispatcher(in_flight=5, **named))
    names = ("id", "kind", "pid", "alive", "in_flight")
    assert [tuple(each[name] for name in names) for each in api.get(URL).json["processes"]] == [
        (1, "web", 1, True, None), (2, "dispatcher", 2, True, 5), (3, "both", 3, False, None),
    ]  # fmt: skip


def test_the_oldest_message_that_is_due_is_one_of_a_running_mailing(api: FlaskClient) -> None:
    running, paused, later = a_mailing(), a_mailing(), a_mailing(starts_at=clock.now() + timedelta(minutes=1))
    client, now = a_client(), clock.now()
    mailings.pause(paused.id, "")
    with transaction() as session:
        for mailing, minutes in ((running, 3), (paused, 4), (later, 5)):
            session.get_one(Tally, mailing.id).pending = 1
            due_at = now - timedelta(minutes=minutes)
            session.add(Message(mailing_id=mailing.id, client_id=client.id, created_at=now, due_at=due_at))
    oldest = datetime.fromisoformat(api.get(URL).json["backlog_oldest_due_at"])
    assert oldest == now - timedelta(minutes=3)


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
