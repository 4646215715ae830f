"""The log of a real process: what docs/logging.md greps for is found, and nothing that must not be there."""

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from config import ROOT
from mailing_app import access, clock
from mailing_app.db import db
from mailing_app.models import Message, Scope
from mailing_app.practice import PracticeGateway
from tests.dispatch.test_storage import figures
from tests.factories import a_client
from tests.processes.conftest import Start, eventually, free_port, is_served
from tests.test_logging import FIELDS, rows

TEXT, GATEWAY_TOKEN = "Only for your eyes", "the-gateway-knows-me"

MOMENTS = {
    "API call": "request answered",
    "change": "mailing added",
    "request": "asking the gateway",
    "answer": "the gateway answered",
    "end": '"?status"?(=|: )[\'"]sent',
    "retry": '"?attempt"?(=|: )2',
}


def greps() -> dict[str, str]:
    """The three patterns of the page, by the name of the id that they look for."""
    shown = re.findall(r"^\$ grep -E '([^']+)'", (ROOT / "docs" / "logging.md").read_text(), re.M)
    return {re.match(r"\w+_id", pattern)[0]: pattern for pattern in shown}  # type: ignore[index]


def found(log: Path, name: str, number: int) -> str:
    pattern = re.sub(r"\)\d+", f"){number}", greps()[name])
    return subprocess.run(["grep", "-E", pattern, log], capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_each_of_three_greps_tells_the_whole_story_and_no_secret(
    app: Flask, start: Start, gateway: PracticeGateway, tmp_path: Path, log_format: str
) -> None:
    token, client, other = access.add_token("shop", Scope.WRITE), a_client(), a_client()
    port = free_port()
    gateway.script(None, ["500"])
    start("serve", port=port, log_format=log_format, gateway_token=GATEWAY_TOKEN)
    eventually(lambda: is_served(port))

    def ask(method: str, path: str, **body: Any) -> Any:
        told = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        data = json.dumps(body).encode() if body else None
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1{path}", data, told, method=method)
        with urllib.request.urlopen(asked, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    now = clock.now()
    planned = {"text": TEXT, "starts_at": now.isoformat(), "ends_at": (now + timedelta(minutes=9)).isoformat()}
    mailing = ask("POST", "/mailings", name=f"to {client.phone}", **planned)
    eventually(lambda: figures_of(mailing["id"]) == {"sent": 2}, seconds=60)
    other_phone = other.phone
    ask("DELETE", f"/clients/{other.id}")
    message_id = db.session.scalars(select(Message.id).where(Message.attempts == 2)).one()
    retried = db.session.get_one(Message, message_id)
    log = tmp_path / "0.log"
    eventually(lambda: "client erased" in log.read_text())

    of_mailing = found(log, "mailing_id", mailing["id"])
    assert [name for name, sign in MOMENTS.items() if not re.search(sign, of_mailing)] == []
    for name, number in (("message_id", message_id), ("client_id", retried.client_id)):
        story = found(log, name, number)
        assert [sign for sign in ("request", "answer", "end", "retry") if not re.search(MOMENTS[sign], story)] == []
        assert story.count("asking the gateway") == 2
    assert re.search("client erased.*|request answered", found(log, "client_id", other.id))

    told = log.read_text()
    assert [
        secret for secret in (TEXT, GATEWAY_TOKEN, token, client.phone, other_phone) if secret and secret in told
    ] == []
    if log_format == "json":
        assert list(undocumented(map(json.loads, told.splitlines()))) == []


def figures_of(mailing_id: int) -> dict[str, int]:
    from mailing_app import mailings

    db.session.rollback()
    return figures(mailings.get(mailing_id))


def undocumented(lines: Iterator[dict[str, Any]]) -> Iterator[str]:
    """What a line tells that the table does not."""
    known = rows()
    for line in lines:
        row = next((row for row in known if row.logger == line["logger"] and row.says(line["message"])), None)
        allowed = {*FIELDS, *(row.fields if row else ())}
        yield from (f"{line['message']}: {name}" for name in line if row is None or name not in allowed)
