"""Invented data, so that every page shows something: a thousand clients, mailings of every phase, a past gateway,
and what lies half done: a draft, and an import with faulty rows.
"""

import io
import os
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from mailing_app import access, audit, clients, clock, drafts, imports, language, mailings
from mailing_app.db import transaction
from mailing_app.figures import COUNTED, OF_CLIENTS, Moves
from mailing_app.models import (
    ActorKind,
    Attempt,
    Client,
    Dispatcher,
    GatewayEvent,
    Mailing,
    Message,
    Meter,
    RawAnswer,
    Role,
    Scope,
    Status,
    Traffic,
)

CLIENTS = 1000
ZONES = ("Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Vladivostok")
TAGS = ("vip", "new", "autumn", "regular", "")
CODES = ("900", "903", "911", "926", "999")

ANNA = audit.Actor(ActorKind.OPERATOR, "anna")
"""Whom the audit trail names; nobody knows her password."""

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
EVERYONE: dict[str, list[str]] = {"operator_codes": [], "tags": [], "timezones": []}

TOLD: dict[str, tuple[int | None, str, int]] = {
    "accepted": (200, "", 200),
    "refused": (400, "unknown subscriber", 150),
    "busy": (503, "try later", 300),
    "cut_off": (None, "ConnectionResetError", 3000),
}
"""What an attempt with this outcome was told: HTTP status, error, and its milliseconds at most."""


FAULTY_FILE = """Телефон;Тег;Часовой пояс;Город
+7 916 300-00-01;vip;Europe/Moscow;Москва
8 (926) 300-00-02;new;;Тула
7,9E+10;regular;Europe/Samara;Самара
7903300000;vip;Europe/Moscow;Москва
+7 999 300-00-05;autumn;Владивосток;Владивосток
79003000006;regular;Asia/Yekaterinburg;Пермь
+7 911 300-00-07;new;Europe/Kaliningrad;Калининград
нет телефона;vip;Europe/Moscow;Москва
"""


def fill() -> bool:
    """Add the data, unless there are clients already; whether it was added."""
    if clients.listing(limit=1).items:
        return False
    now = clock.now()
    _invent_clients(now)
    with audit.acting(ANNA):
        _plan(now)
        _invent_finished(now)
        _invent_unfinished(now)
    return True


def _invent_clients(now: datetime) -> None:
    """Every hundredth wants no messages."""
    kinds = zip(range(CLIENTS), cycle(CODES), cycle(TAGS), cycle(ZONES[:4] + ZONES[1:]), strict=False)
    rows = [
        {"phone": f"7{code}{2000000 + number}", "operator_code": code, "tag": tag, "timezone": zone,
         "opted_out_at": now - 5 * HOUR if number % 100 == 42 else None,
         "version": 1, "created_at": now - 9 * HOUR, "updated_at": now - 9 * HOUR}
        for number, code, tag, zone in kinds
    ]  # fmt: skip
    with transaction() as session:
        session.execute(insert(Client), rows)


def _plan(now: datetime) -> None:
    mailings.add(
        name="Autumn sale", text="The autumn sale has begun: 20% off until Sunday.", filter=EVERYONE, window=None,
        starts_at=now, ends_at=now + 6 * HOUR,
    )  # fmt: skip
    mailings.add(
        name="For our best clients", text="Thank you for staying with us! A present waits for you in our shop.",
        filter=EVERYONE | {"tags": ["vip"]}, window=None,
        starts_at=now + 24 * HOUR, ends_at=now + 33 * HOUR,
    )  # fmt: skip
    waiting = mailings.add(
        name="New prices", text="From December on new prices apply: see our site.", window=None,
        filter=EVERYONE | {"tags": ["regular"]}, starts_at=now, ends_at=now + 48 * HOUR,
    )  # fmt: skip
    mailings.pause(waiting.id, "the price list is not final")
    dropped = mailings.add(
        name="Spring sale", text="The spring sale has begun.", window=None,
        filter=EVERYONE | {"tags": ["new"]}, starts_at=now + HOUR, ends_at=now + 3 * HOUR,
    )  # fmt: skip
    mailings.cancel(dropped.id)


def _invent_finished(now: datetime) -> None:
    """A mailing of the last hours with every kind of end, its figures in step with its messages."""
    began, ended = now - 8 * HOUR, now - HOUR
    mailing = mailings.add(
        name="Opening hours", text="From Monday on we are open from 8 to 22.", window=None,
        starts_at=began, ends_at=ended, filter=EVERYONE | {"operator_codes": ["900", "911"]},
    )  # fmt: skip
    audience = [client for client in clients.listing(limit=500).items if client.operator_code in ("900", "911")]
    told = [_outcomes(number) for number in range(len(audience))]
    rows = [
        _message(mailing.id, client, began + 2 * number * MINUTE, outcomes)
        for number, (client, outcomes) in enumerate(zip(audience, told, strict=True))
    ]
    with transaction() as session:
        message_ids = _store(session, mailing.id, rows)
        attempts = [
            attempt for each in zip(message_ids, rows, told, strict=True) for attempt in _attempts(*each)
        ]  # fmt: skip
        session.execute(insert(Attempt), attempts)
        over = {"attempted_at": began, "enrolled_at": began, "settled_at": ended, "enrolled_to": CLIENTS}
        session.execute(update(Mailing).where(Mailing.id == mailing.id).values(over))
    _invent_weather(mailing.id, began, ended, attempts)


def _store(session: Session, mailing_id: int, rows: list[dict[str, Any]]) -> Sequence[int]:
    """The messages, and the figures with them; the ids."""
    moves = Moves()
    added = {trait: Counter(row[column.key] for row in rows) for trait, column in OF_CLIENTS.items()}
    moves.enrolled(mailing_id, added, opted_out=0)
    stored = session.execute(insert(Message).returning(Message.id, Message.attempts, *COUNTED), rows).all()
    for message in stored:
        moves.one(message, Status.PENDING)
        for number in range(message.attempts):
            moves.attempted(mailing_id, number + 1)
    moves.left(mailing_id, max(row["sent_at"] for row in rows if row["sent_at"]))
    moves.write(session)
    return [row.id for row in stored]


def _invent_unfinished(now: datetime) -> None:
    """What people leave lying: a draft that wants another look, a file that nobody decided on, a program's token."""
    anna = access.add_operator(ANNA.name, secrets.token_urlsafe(), Role.OPERATOR)
    access.add_token("Web shop", Scope.WRITE, now + 90 * 24 * HOUR)
    evening = (now + 24 * HOUR).astimezone(ZoneInfo(language.zone())).replace(hour=20, minute=0)
    draft = {
        "name": "Winter sale",
        "text": "“Winter sale” — 30% off for all our {tag} clients until the new year. Your shop in {city}",
        "starts_at": f"{evening:%Y-%m-%dT%H:%M}", "ends_at": f"{evening + 3 * HOUR:%Y-%m-%dT%H:%M}",
        "window-from": "09:00", "window-to": "22:00",
    }  # fmt: skip
    drafts.keep(anna.id, secrets.token_hex(16), "/mailings/new", list(draft.items()), draft["name"])
    imports.receive(io.BytesIO(FAULTY_FILE.encode("cp1251")), "клиенты.csv")
    imports.work("demo", lambda _: False)


def _outcomes(number: int) -> Sequence[str]:
    """What came of each attempt: most were accepted at once, every twentieth tells of something else."""
    rarely = {3: ("busy", "accepted"), 7: ("refused",), 13: ("busy",), 17: ("cut_off",)}
    return rarely.get(number % 20, ("accepted",))


def _message(mailing_id: int, client: Client, due_at: datetime, outcomes: Sequence[str]) -> dict[str, Any]:
    ends = {
        "accepted": (Status.SENT, ""), "refused": (Status.FAILED, "refused"),
        "busy": (Status.EXPIRED, "mailing_ended"), "cut_off": (Status.UNCERTAIN, "cut_off"),
    }  # fmt: skip
    status, reason = ends[outcomes[-1]]
    tries = len(outcomes)
    return {
        "mailing_id": mailing_id, "client_id": client.id, "phone": client.phone, "status": status, "reason": reason,
        "enrolled_code": client.operator_code, "enrolled_zone": client.timezone, "enrolled_tag": client.tag,
        "frozen": True, "unknown": False, "epoch": tries, "attempts": tries, "tries": tries,
        "created_at": due_at, "due_at": due_at,
        "sent_at": due_at + (tries - 1) * MINUTE if status is Status.SENT else None,
    }  # fmt: skip


def _attempts(message_id: int, row: dict[str, Any], outcomes: Sequence[str]) -> Iterator[dict[str, Any]]:
    for number, outcome in enumerate(outcomes):
        http_status, error, took = TOLD[outcome]
        began = row["due_at"] + number * MINUTE
        yield {
            "message_id": message_id, "epoch": number + 1, "started_at": began,
            "ended_at": began + timedelta(milliseconds=took - message_id % 40), "outcome": outcome,
            "http_status": http_status, "code": 0 if outcome == "accepted" else None, "error": error,
        }  # fmt: skip


def _invent_weather(mailing_id: int, began: datetime, ended: datetime, attempts: Sequence[dict[str, Any]]) -> None:
    """What a dispatcher that is gone would have noted of the gateway on the way."""
    gone = Dispatcher(
        host="demo", pid=os.getpid(), process_began="", started_at=began, beat_at=ended, left_at=ended, seats=64
    )
    with transaction() as session:
        session.add(gone)
        session.flush()
        minutes = Counter((each["ended_at"].replace(second=0, microsecond=0), each["outcome"]) for each in attempts)
        session.execute(insert(Traffic), [
            {"minute_at": minute, "mailing_id": mailing_id, "dispatcher_id": gone.id, "outcome": outcome,
             "up_to": TOLD[outcome][2], "number": number}
            for (minute, outcome), number in minutes.items()
        ])  # fmt: skip
        session.execute(insert(Meter), [
            {"dispatcher_id": gone.id, "outcome": outcome, "up_to": TOLD[outcome][2], "number": number,
             "milliseconds": number * TOLD[outcome][2]}
            for outcome, number in Counter(each["outcome"] for each in attempts).items()
        ])  # fmt: skip
        session.execute(insert(RawAnswer), [
            {"dispatcher_id": gone.id, "place": place, "came_at": each["ended_at"], "message_id": each["message_id"],
             "outcome": each["outcome"], "http_status": each["http_status"], "milliseconds": TOLD[each["outcome"]][2],
             "excerpt": '{"code": 0, "message": "OK"}' if each["outcome"] == "accepted" else each["error"]}
            for place, each in enumerate(attempts[-20:])
        ])  # fmt: skip
        session.add_all(
            GatewayEvent(turned_at=began + minutes_later * MINUTE, dispatcher_id=dispatcher_id, kind=kind, detail=told)
            for minutes_later, dispatcher_id, kind, told in (
                (90, gone.id, "breaker_open", ""), (91, gone.id, "breaker_closed", ""),
                (200, None, "wait", (began + 202 * MINUTE).isoformat()),
            )
        )  # fmt: skip
