"""The reports as files: what stands in them, what narrows them, and that each tells of one moment."""

import csv
import io
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from mailing_app import clients, clock, downloads, mailings, reports
from mailing_app.db import db, transaction
from mailing_app.dispatch.record import record
from mailing_app.lines import KEYS_A_PIECE
from mailing_app.models import Attempt, Mailing, Message, Role, Status, Tally
from tests.api.test_messages import a_message
from tests.api.test_problems import problem
from tests.conftest import signed_in
from tests.dispatch.test_storage import claim, enrolled, result
from tests.factories import a_client, a_crowd, a_mailing

STARTS_AT = datetime(2026, 3, 10, 9, tzinfo=UTC)
MOMENT = datetime(2026, 3, 10, 9, 0, 1, 234567, tzinfo=UTC)
HOSTILE = '=cmd|" /C calc"!A0;=1+1, ☃\t-2'
MESSAGE = [
    "id", "client_id", "phone", "status", "reason", "attempts", "created_at", "due_at", "sent_at",
    "operator_code", "tag", "timezone",
]  # fmt: skip
ATTEMPT = ["attempt", "started_at", "ended_at", "outcome", "http_status", "code", "error"]
OF_ITS_MAILING = ["mailing_id", "mailing_name", "mailing_starts_at"]


@pytest.fixture
def mailing(app: Flask) -> Mailing:
    """A mailing of the tenth of March with four messages: one was sent with the second attempt, one waits."""
    made = a_mailing(name=HOSTILE, starts_at=STARTS_AT, ends_at=STARTS_AT + timedelta(hours=12))
    told: list[dict[str, Any]] = [
        {"status": Status.SENT, "attempts": 2, "sent_at": MOMENT, "enrolled_code": "900", "enrolled_tag": "vip"},
        {"status": Status.FAILED, "reason": "refused", "enrolled_code": "901", "enrolled_tag": "vip"},
        {"status": Status.FAILED, "reason": "too_many_attempts", "enrolled_code": "900", "enrolled_tag": HOSTILE},
        {"enrolled_code": "900"},
    ]
    for number, each in enumerate(told, start=1):
        given = {"phone": f"7900000000{number}", "enrolled_zone": "Asia/Omsk"} | each
        a_message(made, a_client(phone=f"7999000000{number}"), **given)
    with transaction() as session:
        session.execute(update(Message).values(created_at=MOMENT, due_at=MOMENT))
        session.execute(update(Message).where(Message.id == 4).values(phone=None))
        times = {"message_id": 1, "started_at": MOMENT}
        session.add(Attempt(**times, epoch=1, ended_at=MOMENT, outcome="busy", http_status=503, error='a "b"\r\nc'))
        session.add(Attempt(**times, epoch=4, outcome="accepted", http_status=200, code=0))
    return made


def rows(file: Any, delimiter: str = ",", encoding: str = "utf-8-sig") -> list[dict[str, str]]:
    """The lines of a file, read as RFC 4180 has it."""
    content = file if isinstance(file, bytes) else file.data
    text = content.decode(encoding)
    assert text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


def test_the_file_of_a_mailing_to_the_letter(api: FlaskClient, mailing: Mailing) -> None:
    answer = api.get(f"/api/v1/mailings/{mailing.id}/report.csv")
    moment = "2026-03-10T09:00:01.234Z"
    assert answer.data.decode() == "\ufeff" + "".join(f"{line}\r\n" for line in [
        ",".join(MESSAGE),
        f"1,1,79000000001,sent,,2,{moment},{moment},{moment},900,vip,Asia/Omsk",
        f"2,2,79000000002,failed,refused,0,{moment},{moment},,901,vip,Asia/Omsk",
        f"3,3,79000000003,failed,too_many_attempts,0,{moment},{moment},,900,"
        "\"'=cmd|\"\" /C calc\"\"!A0;'=1+1, ☃\t'-2\",Asia/Omsk",
        f"4,4,79990000004,pending,,0,{moment},{moment},,900,,Asia/Omsk",
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "ids"),
    [
        ({}, "1234"),
        ({"status": "failed"}, "23"),
        ({"reason": "refused"}, "2"),
        ({"tag": "vip"}, "12"),
        ({"tag": HOSTILE}, "3"),
        ({"operator_code": "900"}, "134"),
        ({"operator_code": "900", "status": "failed"}, "3"),
        ({"operator_code": "901", "status": "failed", "tag": "vip", "reason": "refused"}, "2"),
        ({"operator_code": "901", "status": "sent"}, ""),
        ({"status": "failed", "grain": "attempts"}, "23"),
        ({"status": "sent", "grain": "attempts"}, "11"),
    ],
)
def test_a_file_is_narrowed(app: Flask, api: FlaskClient, mailing: Mailing, asked: dict[str, str], ids: str) -> None:
    browser = signed_in(app, Role.VIEWER)
    for program, path in (
        (api, f"/api/v1/mailings/{mailing.id}/report.csv"), (api, "/api/v1/messages.csv"),
        (browser, f"/mailings/{mailing.id}/report.csv"), (browser, "/reports/messages.csv"),
    ):  # fmt: skip
        if HOSTILE in asked.values():  # a tab is no part of any tag that a form lets in
            asked, ids = {"tag": "vip"}, "12"
        told = rows(program.get(path, query_string=asked))
        assert "".join(row["id"] for row in told) == ids, path


def test_attempts_have_a_line_each(api: FlaskClient, mailing: Mailing) -> None:
    told = rows(api.get(f"/api/v1/mailings/{mailing.id}/report.csv?grain=attempts"))
    assert list(told[0]) == MESSAGE + ATTEMPT
    moment = "2026-03-10T09:00:01.234Z"
    assert [[row["id"], *(row[name] for name in ATTEMPT)] for row in told] == [
        ["1", "1", moment, moment, "busy", "503", "", 'a "b"\r\nc'],
        ["1", "2", moment, "", "accepted", "200", "0", ""],
        *([number, "", "", "", "", "", "", ""] for number in "234"),
    ]
    assert [row["attempts"] for row in told[:2]] == ["2", "2"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, "12"),
        ({"since": "2026-03-10", "until": "2026-03-10"}, "1"),
        ({"since": "2026-03-11"}, "2"),
        ({"until": "2026-03-10"}, "1"),
        ({"until": "2026-03-09"}, ""),
    ],
)
def test_a_period_is_told_by_the_days_on_which_mailings_start(
    app: Flask, api: FlaskClient, mailing: Mailing, asked: dict[str, str], found: str
) -> None:
    """At the end of the tenth in UTC it is the eleventh in Moscow, by which the days go."""
    later = a_mailing(name="later", starts_at=STARTS_AT.replace(hour=21), ends_at=STARTS_AT + timedelta(days=1))
    a_message(later, clients.get(1))
    deleted = a_mailing(starts_at=STARTS_AT, ends_at=STARTS_AT + timedelta(days=1))
    a_message(deleted, clients.get(1))
    mailings.delete(deleted.id)
    browser = signed_in(app, Role.VIEWER)
    for program, path in ((api, "/api/v1/messages.csv"), (browser, "/reports/messages.csv")):
        told = rows(program.get(path, query_string=asked))
        assert "".join(dict.fromkeys(row["mailing_id"] for row in told)) == found
        assert all(list(row) == OF_ITS_MAILING + MESSAGE for row in told)
    for program, path in ((api, "/api/v1/mailings.csv"), (browser, "/reports/mailings.csv")):
        assert "".join(row["id"] for row in rows(program.get(path, query_string=asked))) == found


def test_the_file_of_a_period_tells_of_its_mailings(api: FlaskClient, mailing: Mailing) -> None:
    told = rows(api.get("/api/v1/messages.csv"))
    assert len(told) == 4
    assert [told[0][name] for name in OF_ITS_MAILING] == [
        "1", "'=cmd|\" /C calc\"!A0;'=1+1, ☃\t'-2", "2026-03-10T09:00:00.000Z",
    ]  # fmt: skip


def test_the_file_of_mailings_is_narrowed_by_phase(api: FlaskClient, mailing: Mailing) -> None:
    running = a_mailing()
    assert [row["id"] for row in rows(api.get("/api/v1/mailings.csv?phase=running"))] == [str(running.id)]


@pytest.mark.parametrize("path", ["mailings/1/report.csv", "messages.csv", "mailings.csv"])
def test_excel_gets_semicolons_and_its_own_encoding(api: FlaskClient, mailing: Mailing, path: str) -> None:
    answer = api.get(f"/api/v1/{path}?delimiter=semicolon&encoding=cp1251")
    assert answer.content_type == "text/csv; charset=windows-1251"
    told = rows(answer, ";", "cp1251")
    assert {name for row in told for name in row} == set(rows(api.get(f"/api/v1/{path}"))[0])
    assert "'=cmd|\" /C calc\"!A0;'=1+1, ?\t'-2" in {value for row in told for value in row.values()}


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("status=lost", "status"), ("reason=whim", "reason"), ("operator_code=9", "operator_code"),
        ("tag=" + "x" * 101, "tag"), ("grain=words", "grain"), ("delimiter=%3B", "delimiter"),
        ("encoding=latin1", "encoding"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_named(app: Flask, api: FlaskClient, mailing: Mailing, asked: str, field: str) -> None:
    browser = signed_in(app, Role.VIEWER)
    for path in ("mailings/1/report.csv", "messages.csv"):
        assert list(problem(api.get(f"/api/v1/{path}?{asked}"), 422)["errors"]) == [field]
    for path in ("/mailings/1/report.csv", "/reports/messages.csv"):
        page = browser.get(f"{path}?{asked}")
        assert (page.status_code, page.mimetype) == (422, "text/html")
        assert f'id="{field}-told"' in page.text


def test_a_period_that_ends_before_it_begins(api: FlaskClient, app: Flask) -> None:
    asked = "since=2026-03-11&until=2026-03-10"
    assert list(problem(api.get(f"/api/v1/messages.csv?{asked}"), 422)["errors"]) == ["since"]
    assert signed_in(app, Role.VIEWER).get(f"/reports/mailings.csv?{asked}").status_code == 422


def test_the_forms_of_the_pages_lead_to_the_files(app: Flask, mailing: Mailing) -> None:
    """An empty field of a page means nothing."""
    browser = signed_in(app, Role.VIEWER)
    for page, file in (("/reports", "/reports/messages.csv"), ("/mailings/1", "/mailings/1/report.csv")):
        assert f'action="{file}"' in browser.get(page).text
        answer = browser.get(
            f"{file}?status=&reason=&tag=&operator_code=&grain=messages&delimiter=semicolon&encoding=utf-8"
        )
        assert len(rows(answer, ";")) == 4


def test_head_reads_nothing_and_what_is_not_there_is_404(api: FlaskClient, mailing: Mailing) -> None:
    for path in ("mailings/1/report.csv", "messages.csv", "mailings.csv"):
        answer = api.head(f"/api/v1/{path}")
        assert (answer.status_code, answer.data, answer.mimetype) == (200, b"", "text/csv")
    assert api.get("/api/v1/mailings/99/report.csv").status_code == 404


def test_a_forgotten_mailing_tells_no_phone(api: FlaskClient, mailing: Mailing) -> None:
    with transaction() as session:
        session.execute(update(Mailing).values(forgotten_at=clock.now()))
    assert {row["phone"] for row in rows(api.get("/api/v1/mailings/1/report.csv"))} == {""}


@pytest.mark.parametrize("grain", ["messages", "attempts"])
def test_each_message_tells_its_own_moments(api: FlaskClient, mailing: Mailing, grain: str) -> None:
    """Those beside each other mostly share the one of their enrolment, and most are due when their mailing starts."""
    minute = timedelta(minutes=1)
    with transaction() as session:
        session.execute(update(Message).where(Message.id == 2).values(created_at=MOMENT + minute, due_at=STARTS_AT))
        session.execute(update(Message).where(Message.id == 4).values(created_at=MOMENT - minute))
    url = f"/api/v1/mailings/{mailing.id}/report.csv?grain={grain}"
    told = rows(api.get(url))
    for status in {line["status"] for line in told}:  # also where the first of those beside each other is left out
        assert rows(api.get(f"{url}&status={status}")) == [line for line in told if line["status"] == status]
    moments = {line["id"]: (line["created_at"], line["due_at"]) for line in told}
    usual, due = "2026-03-10T09:00:01.234Z", "2026-03-10T09:00:00.000Z"
    assert moments["1"] == moments["3"] == (usual, usual)
    assert moments["2"] == ("2026-03-10T09:01:01.234Z", due)
    assert moments["4"] == ("2026-03-10T08:59:01.234Z", usual)


@pytest.mark.parametrize("grain", ["messages", "attempts"])
@pytest.mark.parametrize("beyond", [0, 1])
def test_no_message_is_left_out_where_pieces_meet(app: Flask, grain: str, beyond: int) -> None:
    number = a_crowd(KEYS_A_PIECE + beyond)
    told = rows(b"".join(reports.messages_csv(enrolled().id, grain=reports.Grain(grain))))
    assert [int(line["client_id"]) for line in told] == list(range(1, number + 1))


@pytest.mark.parametrize("grain", ["messages", "attempts"])
def test_a_file_tells_of_one_moment_while_messages_move(app: Flask, grain: str) -> None:
    """Nobody waits: between any two pieces messages are claimed and recorded, and a new mailing is enrolled."""
    number = a_crowd(2 * KEYS_A_PIECE + 100)
    running = enrolled()
    record([result(each, Status.SENT) for each in claim(50)])
    pieces = reports.period_csv(grain=reports.Grain(grain))
    file = next(pieces) + next(pieces)
    kept = db.session.get_one(Tally, running.id, populate_existing=True)
    told = {status.value: getattr(kept, status) for status in Status}
    enrolled()
    for piece in pieces:
        file += piece
        record([result(each, Status.FAILED) for each in claim(50)])
    counted = Counter(row["status"] for row in rows(file))
    assert dict(counted) == {status: count for status, count in told.items() if count}
    assert counted["sent"] == 50
    assert counted.total() == number
    now = db.session.get_one(Tally, running.id, populate_existing=True)
    assert now.failed + db.session.get_one(Tally, running.id + 1).failed >= 50


def test_a_slow_reader_does_not_hold_the_past_of_the_database(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    a_crowd(2 * KEYS_A_PIECE)
    running = enrolled()
    whole = b"".join(reports.messages_csv(running.id))
    db.session.commit()
    at_rest = db.engine.pool.checkedout()  # type: ignore[attr-defined]
    monkeypatch.setattr(downloads, "PATIENCE", -1.0)
    pieces = downloads.unhurried(reports.messages_csv(running.id))
    begun = next(pieces) + next(pieces)
    assert db.engine.pool.checkedout() == at_rest  # type: ignore[attr-defined]
    assert begun + b"".join(pieces) == whole


def test_a_file_that_nobody_reads_to_its_end_lets_go_of_the_database(app: Flask) -> None:
    a_crowd(2 * KEYS_A_PIECE)
    running = enrolled()
    db.session.commit()
    at_rest = db.engine.pool.checkedout()  # type: ignore[attr-defined]
    pieces = downloads.unhurried(reports.messages_csv(running.id))
    assert [next(pieces), next(pieces)]
    assert db.engine.pool.checkedout() == at_rest + 1  # type: ignore[attr-defined]
    pieces.close()
    assert db.engine.pool.checkedout() == at_rest  # type: ignore[attr-defined]
