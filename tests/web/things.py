"""One of everything that pages show, each with a text that would run if a page let it."""

import io

from mailing_app import clock, imports
from mailing_app.db import transaction
from mailing_app.models import (
    Attempt,
    Breakdown,
    Dispatcher,
    GatewayEvent,
    GatewayState,
    Hold,
    Message,
    Misses,
    Process,
    ProcessKind,
    RawAnswer,
    Status,
    Traffic,
    Trait,
)
from tests.factories import a_client, a_mailing

HOSTILE = "<script>alert(1)</script>"


def one_of_everything() -> None:
    """Client 1, mailing 1 with one failed message 1 and its attempt, a dispatcher, a gateway on hold, and import 1."""
    a_client(tag=HOSTILE)
    mailing, now = a_mailing(name=HOSTILE, text=HOSTILE), clock.now()
    imports.receive(io.BytesIO(f"phone,{HOSTILE}\n{HOSTILE},{HOSTILE}\n79001234567,x\n".encode()), HOSTILE)
    imports.work("here", lambda _: True)
    told = {"status": Status.FAILED, "reason": "refused", "attempts": 1, "created_at": now, "due_at": now}
    tried = {"started_at": now, "ended_at": now, "outcome": "refused", "http_status": 400, "error": HOSTILE}
    with transaction() as session:
        session.add(Message(mailing_id=1, client_id=1, **told))
        session.flush()
        mailing.tally.failed = 1
        session.add(Breakdown(mailing_id=1, trait=Trait.TAG, value=HOSTILE, failed=1))
        session.add(Misses(client_id=1, number=1, failed=1, expired=0, uncertain=0))
        session.add(Attempt(message_id=1, epoch=1, **tried))
        session.add(GatewayState(id=1, hold=Hold.TOKEN_REFUSED, held_at=now, detail=HOSTILE))
        running = {"pid": 1, "started_at": now, "beat_at": now, "figures": []}
        session.add(Process(kind=ProcessKind.BOTH, host=HOSTILE, **running))
        session.add(Dispatcher(host="here", pid=1, process_began="", started_at=now, beat_at=now))
        seen = {"dispatcher_id": 1, "outcome": "refused"}
        minute_at = now.replace(second=0, microsecond=0)
        session.add(Traffic(minute_at=minute_at, mailing_id=1, up_to=50, number=1, **seen))
        session.add(RawAnswer(place=1, came_at=now, message_id=1, milliseconds=42, excerpt=HOSTILE, **seen))
        session.add(GatewayEvent(turned_at=now, kind="hold", detail=f"token_refused {HOSTILE}"))
        session.add(GatewayEvent(turned_at=now, kind="wait", detail=now.isoformat()))
