"""Whoever is erased is nowhere any more: no table, no file of the database, no log, no export names the phone."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from mailing_app import clients, clock, drafts, holds, imports, mailings, reports
from mailing_app.db import db, empty_the_log
from mailing_app.dispatch import sweep
from mailing_app.dispatch.claim import Claimer
from mailing_app.dispatch.gateway import Address
from mailing_app.dispatch.pump import Pump
from mailing_app.imports import steps
from mailing_app.masking import without_these
from mailing_app.models import Attempt, Client, ImportPiece, Message, RawAnswer
from tests.dispatch.rawserver import serving
from tests.dispatch.test_pump import done, run
from tests.dispatch.test_storage import enrolled
from tests.factories import a_client, a_filter, a_mailing, an_operator
from tests.test_logs import logged
from tests.web.pages import submit

PHONE, OTHER, TAG = "79054437281", "79064437282", "Zanzibar"
SPELLINGS = (
    PHONE, "+7 (905) 443-72-81", "8 905 443 72 81", "9054437281", "+7\u00a0905\u00a0443\u201372\u201381",
    "８９０５４４３７２８１",
)  # fmt: skip
FILE = 'phone,tag\n{},{}\nnonsense,x\n"{}","a\nb"\n{},c\n'


def named(text: str) -> bool:
    """Whether it names the phone in any spelling."""
    return without_these(text, {PHONE}) != text


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("around", ["{}", "900,{},vip", "12 {}, 5", "({})", "tel:{}.", f"{OTHER};{{}};{OTHER}"])
def test_a_phone_is_found_in_any_spelling_and_no_other_with_it(spelling: str, around: str) -> None:
    assert without_these(around.format(spelling), {PHONE}, "-").strip() in (around.format("-"), around.format("(-)"))
    assert without_these(around.format(spelling), {OTHER}) == around.format(spelling).replace(OTHER, "")


def test_nothing_names_whom_it_erased(app: Flask, operator: FlaskClient, admin: FlaskClient, api: FlaskClient) -> None:
    with logged("json") as as_json, logged("text") as as_text:
        live_through_everything(operator, api)
        assert {"message.phone", "client.phone", "draft.fields", "import_piece.content"} <= places().keys()
        assert api.delete("/api/v1/clients/1").status_code == 204
        assert places() == {}
        exports = [
            b"".join(clients.export_csv()), b"".join(reports.mailings_csv()),
            *(b"".join(reports.messages_csv(each.id)) for each in mailings.listing().items),
            operator.get("/clients/imports/1/faulty.csv").data,
        ]  # fmt: skip
        seen = [
            *(api.get(f"/api/v1{path}") for path in ("/clients", "/mailings", "/mailings/1/messages", "/messages/1")),
            *(operator.get(path) for path in ("/clients", "/mailings/1", "/messages/1", "/audit", "/gateway", "/")),
            operator.get("/clients/imports/1"),
        ]  # fmt: skip
        told = [*(text.decode() for text in exports), *(answer.text for answer in seen)]
        assert [text for text in told if named(text) or TAG in text] == []
        lines = as_json() + as_text()
    assert len(lines) > 10
    assert [line for line in lines if named(line) or TAG in line or "Dear" in line or "s3cret" in line] == []
    assert in_files(app) == []


def live_through_everything(operator: FlaskClient, api: FlaskClient) -> None:
    """Client 1 goes through whatever may keep a phone; beside it client 2, who stays."""
    assert api.post("/api/v1/clients", json={"phone": PHONE, "tag": TAG}).status_code == 201
    assert api.post("/api/v1/clients", json={"phone": SPELLINGS[1]}).status_code == 409
    a_client(phone=OTHER)
    submit(operator, "/clients/1/edit", {"phone": SPELLINGS[2]}, having="phone")
    operator.get(f"/search?phone={SPELLINGS[3]}")
    operator.get(f"/clients?phone={PHONE}&tag={TAG}")
    echo = json.dumps({"code": 7, "message": f"Dear {TAG} at {PHONE}: no", "phone": int(PHONE), "token": "s3cret"})
    sent(echo)
    submit(operator, "/mailings/test", {"phone": PHONE, "text": "Dear"}, having="phone")
    mailings.pause(a_mailing().id, f"{SPELLINGS[1]} complained")
    holds.stop(f"ask {SPELLINGS[2]}")
    text = FILE.format(SPELLINGS[1], TAG, SPELLINGS[2], OTHER)
    brought = imports.receive(io.BytesIO(text.encode()), f"about {PHONE}.csv")
    imports.receive(io.BytesIO(f"{TAG};{SPELLINGS[0]}\nx;{OTHER}\n".encode()), "clients.csv")
    while steps.step("here"):
        pass
    imports.begin(brought.id)
    while steps.step("here"):
        pass
    who = an_operator("Ada")
    drafts.keep_for_a_while(who, "/clients/1/edit", [("phone", "nonsense"), ("tag", TAG)])
    drafts.keep_for_a_while(who, "/clients/new", [("phone", SPELLINGS[4]), ("tag", TAG)])
    drafts.keep_for_a_while(who, "/clients/opt-outs/new", [("phones", f"{SPELLINGS[2]}\r\n{OTHER}")])
    drafts.keep_for_a_while(who, "/mailings/test", [("phone", SPELLINGS[5]), ("text", "Dear")])


def sent(echo: str) -> None:
    """A mailing, refused by a gateway that repeats what it was sent."""
    head = f"HTTP/1.1 422 No\r\nContent-Length: {len(echo.encode())}\r\n\r\n"
    with serving(lambda: [(head + echo).encode()]) as url:
        pump = Pump(Address(url, "s3cret", timeout=2.0, connect_timeout=1.0), 4,
                    Claimer(sweep.enlist(clock.now(), 4)))  # fmt: skip
        pump.gate.prepare(clock.now())
        run(pump, done(enrolled(text="Dear {tag} at {phone}: no", filter=a_filter(operator_codes=["905"]))))
        pump.stop(2.0)


def places() -> dict[str, Any]:
    """Where in the database the phone stands, or the tag: by table and column."""
    db.session.rollback()
    found = {}
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(table.select()).mappings():
            for column, value in row.items():
                text = value.decode() if isinstance(value, bytes) else dumped(value)
                if named(text) or TAG in text:
                    found[f"{table.name}.{column}"] = text
    db.session.rollback()
    return found


def dumped(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


def in_files(app: Flask) -> list[str]:
    """The files of SQLite in which the phone or the tag can still be read; PostgreSQL keeps it until its vacuum."""
    if db.engine.dialect.name != "sqlite":
        return []
    db.session.rollback()
    empty_the_log()
    file = Path(db.engine.url.database or "")
    found = [each for each in file.parent.glob(f"{file.name}*") if not each.name.endswith("shm")]
    assert file in found
    spelled = [*(spelling.encode() for spelling in SPELLINGS), TAG.encode()]
    return [each.name for each in found if any(spelling in each.read_bytes() for spelling in spelled)]


def test_the_figures_and_the_others_stay(app: Flask, operator: FlaskClient, api: FlaskClient) -> None:
    live_through_everything(operator, api)
    before = reports.totals()["messages"]
    clients.erase(1)
    after = reports.totals()["messages"]
    assert after["recipients"] == before["recipients"]
    assert after["failed"] == before["failed"] == 1
    [attempt], [message] = (
        db.session.scalars(select(Attempt)),
        db.session.scalars(select(Message).filter_by(mailing_id=1)),
    )
    assert (attempt.http_status, attempt.outcome, attempt.error) == (422, "refused", "")
    assert (message.phone, message.tag, message.status, message.attempts) == (None, None, "failed", 1)
    assert db.session.scalars(select(RawAnswer)).all() == []
    assert [client.phone for client in clients.found(OTHER)] == [OTHER]


def test_a_file_that_waits_brings_nobody_back(app: Flask) -> None:
    a_client(phone=PHONE)
    brought = imports.receive(io.BytesIO(FILE.format(PHONE, TAG, SPELLINGS[1], OTHER).encode()), "clients.csv")
    while steps.step("here"):
        pass
    clients.erase(1)
    imports.begin(brought.id)
    while steps.step("here"):
        pass
    phones = db.session.scalars(select(Client.phone).order_by(Client.id)).all()
    assert phones == [None, OTHER]
    [faulty] = imports.faulty(imports.get(brought.id), 10).rows
    assert (faulty.record.line, faulty.record.cells) == (3, ["nonsense", "x"])


def test_who_has_read_a_piece_stores_nobody_who_was_erased_meanwhile(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_client(phone=PHONE)
    brought = imports.receive(io.BytesIO(f"phone\n{PHONE}\n{OTHER}\n".encode()), "clients.csv")
    while steps.step("here"):
        pass
    imports.begin(brought.id)
    sort = steps._sorted

    def sorted_before_the_erasure(at: Any) -> Any:
        monkeypatch.setattr(steps, "_sorted", sort)
        told = sort(at)
        clients.erase(1)
        return told

    monkeypatch.setattr(steps, "_sorted", sorted_before_the_erasure)
    while steps.step("here"):
        pass
    assert db.session.scalars(select(Client.phone).order_by(Client.id)).all() == [None, OTHER]
    assert db.session.scalars(select(ImportPiece)).all() == []


def test_a_whole_list_is_forgotten_as_one_client_is(app: Flask) -> None:
    for phone in (PHONE, OTHER):
        a_client(phone=phone, tag=TAG)
    imports.receive(io.BytesIO(f"phone\nx\n{PHONE}\n{OTHER}\n".encode()), "clients.csv")
    drafts.keep_for_a_while(an_operator("Ada"), "/clients/new", [("phone", PHONE)])
    assert clients.erase_shown({"timezone": "Europe/Moscow"}, 2) == 2
    assert places() == {}
