"""Invented data, so that every page shows something: a thousand clients and three mailings."""

from datetime import datetime, timedelta
from itertools import cycle
from typing import Any

from sqlalchemy import insert, update

from mailing_app import clients, clock, mailings
from mailing_app.db import transaction
from mailing_app.models import Attempt, Client, Mailing, Message, Status, Tally

CLIENTS = 1000
ZONES = ("Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Vladivostok")
TAGS = ("vip", "new", "autumn", "regular", "")
CODES = ("900", "903", "911", "926", "999")


def fill() -> bool:
    """Add the data, unless there are clients already; whether it was added."""
    if clients.listing(limit=1).items:
        return False
    now = clock.now()
    _invent_clients(now)
    _plan(now)
    _invent_finished(now)
    return True


def _invent_clients(now: datetime) -> None:
    kinds = zip(range(CLIENTS), cycle(CODES), cycle(TAGS), cycle(ZONES[:4] + ZONES[1:]), strict=False)
    rows = [
        {"phone": f"7{code}{2000000 + number}", "operator_code": code, "tag": tag, "timezone": zone,
         "version": 1, "created_at": now, "updated_at": now}
        for number, code, tag, zone in kinds
    ]  # fmt: skip
    with transaction() as session:
        session.execute(insert(Client), rows)


def _plan(now: datetime) -> None:
    everyone: dict[str, list[str]] = {"operator_codes": [], "tags": [], "timezones": []}
    mailings.add(
        name="Autumn sale", text="The autumn sale has begun: 20% off until Sunday.", filter=everyone, window=None,
        starts_at=now, ends_at=now + timedelta(hours=6),
    )  # fmt: skip
    mailings.add(
        name="For our best clients", text="Thank you for staying with us! A present waits for you in our shop.",
        filter=everyone | {"tags": ["vip"]}, window=None,
        starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=1, hours=9),
    )  # fmt: skip


def _invent_finished(now: datetime) -> None:
    """A mailing of yesterday with every kind of end, its figures in step with its messages."""
    began, ended = now - timedelta(days=1, hours=8), now - timedelta(days=1)
    mailing = mailings.add(
        name="Opening hours", text="From Monday on we are open from 8 to 22.", window=None,
        starts_at=began, ends_at=ended,
        filter={"operator_codes": ["900", "911"], "tags": [], "timezones": []},
    )  # fmt: skip
    audience = [client for client in clients.listing(limit=500).items if client.operator_code in ("900", "911")]
    ends = [_end(number, began, ended) for number in range(len(audience))]
    rows = [
        {"mailing_id": mailing.id, "client_id": client.id, "phone": client.phone, "unknown": False, "epoch": 1,
         "tries": 1, "created_at": began, "due_at": began} | end
        for client, end in zip(audience, ends, strict=True)
    ]  # fmt: skip
    figures: dict[str, Any] = {status.value: sum(end["status"] is status for end in ends) for status in Status}
    figures["last_byte_at"] = max(end["sent_at"] for end in ends if end["sent_at"])
    with transaction() as session:
        message_ids = session.scalars(insert(Message).returning(Message.id), rows).all()
        session.execute(insert(Attempt), [_attempt(id_, row) for id_, row in zip(message_ids, rows, strict=True)])
        session.execute(update(Tally).where(Tally.mailing_id == mailing.id).values(figures))
        over = {"attempted_at": began, "enrolled_at": began, "settled_at": ended, "enrolled_to": CLIENTS}
        session.execute(update(Mailing).where(Mailing.id == mailing.id).values(over))


def _end(number: int, began: datetime, ended: datetime) -> dict[str, Any]:
    """Most were sent; every twentieth tells of something else."""
    left = began + timedelta(seconds=number)
    rarely = {
        7: (Status.FAILED, "refused"), 13: (Status.EXPIRED, "mailing_ended"), 17: (Status.UNCERTAIN, "cut_off"),
    }  # fmt: skip
    status, reason = rarely.get(number % 20, (Status.SENT, ""))
    sent_at = left if status is Status.SENT and left < ended else None
    return {"status": status, "reason": reason, "attempts": 1, "sent_at": sent_at}


def _attempt(message_id: int, row: dict[str, Any]) -> dict[str, Any]:
    told = {
        Status.SENT: ("accepted", 200, ""), Status.FAILED: ("refused", 400, "unknown subscriber"),
        Status.EXPIRED: ("busy", 503, "try later"), Status.UNCERTAIN: ("cut_off", None, "ConnectionResetError"),
    }  # fmt: skip
    outcome, http_status, error = told[row["status"]]
    began = row["sent_at"] or row["due_at"]
    return {
        "message_id": message_id, "epoch": 1, "started_at": began, "ended_at": began + timedelta(milliseconds=180),
        "outcome": outcome, "http_status": http_status, "code": None, "error": error,
    }  # fmt: skip
