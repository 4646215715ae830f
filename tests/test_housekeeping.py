"""Housekeeping: what is old takes less room, every figure stays, and whoever is stopped is followed by another."""

import csv
import gzip
import io
import json
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from mailing_app import audit, clients, clock, housekeeping, mailings, reports, traffic
from mailing_app.db import db, look_again, transaction
from mailing_app.dispatch import enrol, settle, sweep
from mailing_app.dispatch.parts import Outcome
from mailing_app.dispatch.record import record
from mailing_app.errors import Refused
from mailing_app.housekeeping import archive, attempts, folding
from mailing_app.models import (
    Action,
    Attempt,
    Dispatcher,
    Mailing,
    Message,
    Meter,
    Misses,
    Process,
    ProcessKind,
    Status,
    Traffic,
)
from tests.dispatch.test_storage import claim, enrolled, result
from tests.factories import a_client, a_mailing, some_clients

DAY = timedelta(days=1)
DAYS = 90

House = Callable[..., Any]


def at_once(_seconds: float) -> bool:
    return False


@pytest.fixture
def house(app: Flask, tmp_path: Path) -> House:
    """The settings with some of housekeeping."""
    plain = {"archive_folder": str(tmp_path / "archive")}
    return lambda **given: app.config["SETTINGS"].model_copy(update=plain | given)


def an_old_mailing(number: int = 6, days: int = DAYS + 1) -> Mailing:
    """A mailing that was really sent, tried twice where it failed at first, and settled so long ago."""
    some_clients(number, tag="secret")
    mailing = enrolled()
    claimed = sorted(claim(), key=lambda envelope: envelope.message_id)
    record([result(each, Status.PENDING, Outcome.BUSY, reason="busy") for each in claimed[:2]])
    record([result(each, Status.SENT) for each in claimed[2:-1]])
    record([result(claimed[-1], Status.FAILED, Outcome.REFUSED, reason="refused")])
    with transaction() as session:
        for message in session.scalars(select(Message).where(Message.status == Status.PENDING)):
            message.due_at = clock.now()
    record([result(each, Status.SENT) for each in claim()])
    mailings.change(mailing.id, ends_at=clock.now() + timedelta(seconds=1))
    later = clock.now() + timedelta(seconds=2)
    while settle.settle(later):
        pass
    grow_old(mailing.id, days)
    return mailings.get(mailing.id)


def grow_old(mailing_id: int, days: int) -> None:
    with transaction() as session:
        mailing = session.get_one(Mailing, mailing_id, populate_existing=True)
        assert mailing.settled_at
        mailing.settled_at -= days * DAY


def rows_of(table: Any) -> list[dict[str, Any]]:
    look_again()
    in_order = select(table.__table__).order_by(*table.__table__.primary_key)
    return [dict(row) for row in db.session.execute(in_order).mappings()]


def sums(table: Any, *key: Any) -> dict[tuple[Any, ...], int]:
    look_again()
    return {tuple(row)[:-1]: int(row[-1]) for row in
            db.session.execute(select(*key, func.sum(table.number)).group_by(*key))}  # fmt: skip


def some_traffic(now: datetime, days: Sequence[int]) -> None:
    """Minutes of two dispatchers and two mailings in the same hours."""
    with transaction() as session:
        for day in days:
            hour = traffic.hour_of(now - day * DAY)
            for place in range(60):
                for dispatcher_id, mailing_id in ((1, 1), (2, 1), (2, 2)):
                    told = {"mailing_id": mailing_id, "dispatcher_id": dispatcher_id, "number": place + 1}
                    outcome = "accepted" if place % 3 else "busy"
                    session.add(Traffic(minute_at=hour + place * traffic.MINUTE, outcome=outcome, up_to=50, **told))


def test_old_traffic_is_by_the_hour_and_every_sum_stays(app: Flask) -> None:
    now = clock.now()
    some_traffic(now, (1, 34, 36, 37, 400))
    hour = func.substr(Traffic.minute_at, 1, 13) if db.engine.dialect.name == "sqlite" else func.date_trunc(
        "hour", Traffic.minute_at)  # fmt: skip
    key = (Traffic.mailing_id, Traffic.outcome, Traffic.up_to)
    by_class, by_mailing = sums(Traffic, *key), sums(Traffic, hour, Traffic.mailing_id, Traffic.outcome)
    assert folding.fold_traffic(now, at_once) == 3 * 180
    assert sums(Traffic, *key) == by_class
    assert sums(Traffic, hour, Traffic.mailing_id, Traffic.outcome) == by_mailing
    old = [row for row in rows_of(Traffic) if row["minute_at"] < now - 35 * DAY]
    assert len(old) == 3 * 4
    assert {row["dispatcher_id"] for row in old} == {0}
    assert folding.fold_traffic(now, at_once) == 0


def test_what_comes_late_is_added_to_its_hour(app: Flask) -> None:
    now = clock.now()
    for _ in range(2):
        some_traffic(now, (40,))
        folding.fold_traffic(now, at_once)
    assert sum(row["number"] for row in rows_of(Traffic)) == 2 * 3 * sum(range(1, 61))
    assert len(rows_of(Traffic)) == 4


def test_several_fold_at_once_and_nothing_is_counted_twice(app: Flask) -> None:
    now = clock.now()
    some_traffic(now, range(40, 46))
    before = sums(Traffic, Traffic.mailing_id, Traffic.outcome)
    together(app, lambda: folding.fold_traffic(now, at_once))
    assert sums(Traffic, Traffic.mailing_id, Traffic.outcome) == before
    assert {row["dispatcher_id"] for row in rows_of(Traffic)} == {0}


def test_counters_of_dispatchers_that_are_gone_are_added_up(app: Flask) -> None:
    now = clock.now()
    alive, gone = sweep.enlist(now, 8), sweep.enlist(now, 8)
    with transaction() as session:
        session.get_one(Dispatcher, gone).left_at = now - 2 * DAY
        for dispatcher_id in (0, alive, gone, 999):
            told = {"up_to": 50, "number": 7, "milliseconds": 70}
            session.add(Meter(dispatcher_id=dispatcher_id, outcome="accepted", **told))
    for _ in range(2):
        folding.fold_meter(now)
        kept = {row["dispatcher_id"]: (row["number"], row["milliseconds"]) for row in rows_of(Meter)}
        assert kept == {0: (21, 210), alive: (7, 70)}


def test_rows_of_processes_that_left_long_ago_go_unless_they_own_a_message(app: Flask) -> None:
    now, old = clock.now(), clock.now() - 40 * DAY
    some_clients(1)
    enrolled()
    owner = claim()[0].dispatcher_id
    leaving, staying = sweep.enlist(old, 8), sweep.enlist(old, 8)
    with transaction() as session:
        for dispatcher_id in (owner, leaving):
            session.get_one(Dispatcher, dispatcher_id).left_at = old
        for beat_at in (old, now):
            session.add(Process(kind=ProcessKind.WEB, host="a", pid=1, started_at=old, beat_at=beat_at, figures=[]))
    folding.drop_the_gone(now)
    assert {row["id"] for row in rows_of(Dispatcher)} == {owner, staying}
    assert [row["beat_at"] for row in rows_of(Process)] == [now]


def test_of_old_attempts_the_last_stays_and_the_number_of_all(
    app: Flask, api: FlaskClient, operator: FlaskClient
) -> None:
    mailing = an_old_mailing()
    before = api.get("/api/v1/messages/1").json
    assert attempts.thin(DAYS, clock.now(), at_once) == 2
    after = api.get("/api/v1/messages/1").json
    assert after == before | {"history": before["history"][-1:]}
    assert (after["attempts"], after["history"][0]["number"]) == (2, 2)
    assert "Attempt 2" in operator.get("/messages/1").text
    assert reports.check() == []
    (entry,) = audit.listing(action=Action.ATTEMPTS_THINNED).items
    assert entry.mailing_id == mailing.id
    assert attempts.thin(DAYS, clock.now(), at_once) == 0
    assert len(audit.listing(action=Action.ATTEMPTS_THINNED).items) == 1


def test_the_proof_of_the_end_outlives_the_attempts(app: Flask) -> None:
    mailing = an_old_mailing()
    with transaction() as session:  # somebody had moved the end to before the second attempts
        early = session.get_one(Mailing, mailing.id)
        early.starts_at, early.ends_at = early.starts_at - DAY, early.starts_at
    kept = reports.proof(mailings.get(mailing.id))
    assert kept.after_end > 0
    attempts.thin(DAYS, clock.now(), at_once)
    archive_all(Path("/nowhere"))
    assert reports.proof(mailings.get(mailing.id)) == kept


@pytest.mark.parametrize("days", [None, DAYS + 2])
def test_without_the_setting_and_before_its_day_all_is_kept(app: Flask, house: House, days: int | None) -> None:
    an_old_mailing()
    before = [rows_of(table) for table in (Message, Attempt, Mailing)]
    housekeeping.go_round(house(attempts_days=days, archive_days=days), at_once)
    assert [rows_of(table) for table in (Message, Attempt, Mailing)] == before


def archive_all(folder: Path, rest: Callable[[float], Any] = at_once) -> int:
    return archive.work(DAYS, folder, clock.now(), rest)


def file_of(folder: Path, mailing_id: int) -> list[dict[str, str]]:
    with gzip.open(housekeeping.path_of(folder, mailing_id)) as packed:
        return list(csv.DictReader(io.StringIO(packed.read().decode("utf-8-sig"))))


def test_old_messages_go_into_a_file_without_phones_and_the_figures_stay(
    app: Flask, api: FlaskClient, tmp_path: Path
) -> None:
    mailing = an_old_mailing()
    statistics = api.get(f"/api/v1/mailings/{mailing.id}").json["statistics"]
    messages, tried = rows_of(Message), rows_of(Attempt)
    assert archive_all(tmp_path) == 1
    written = file_of(tmp_path, mailing.id)
    assert [(int(row["id"]), int(row["client_id"]), row["status"], row["reason"]) for row in written] == [
        (row["id"], row["client_id"], row["status"], row["reason"]) for row in messages
    ]
    assert sum(len(json.loads(row["history"])) for row in written) == len(tried)
    text = gzip.decompress(housekeeping.path_of(tmp_path, mailing.id).read_bytes()).decode()
    assert [row["phone"] for row in messages if row["phone"] in text] == []
    assert "secret" not in text
    assert (rows_of(Message), rows_of(Attempt)) == ([], [])
    shown = api.get(f"/api/v1/mailings/{mailing.id}").json
    assert shown["statistics"] == statistics
    assert shown["archived_at"]
    assert reports.check() == []
    assert [row["number"] for row in rows_of(Misses) if row["number"]] == []
    (entry,) = audit.listing(action=Action.MAILING_ARCHIVED).items
    assert (entry.mailing_id, entry.details) == (mailing.id, {"messages": 6})
    assert archive_all(tmp_path) == 0


def test_pages_and_api_say_that_it_is_archived(
    app: Flask, api: FlaskClient, operator: FlaskClient, tmp_path: Path
) -> None:
    mailing = an_old_mailing()
    archive_all(tmp_path)
    page, url = f"/mailings/{mailing.id}", f"/api/v1/mailings/{mailing.id}"
    assert f"mailing-{mailing.id}.csv.gz" in operator.get(page).text
    assert f'href="{page}/report.csv"' not in operator.get(page).text
    assert 'id="remainder"' not in operator.get(page).text
    for closed in (f"{page}/report.csv", f"{page}/edit"):
        assert operator.get(closed).status_code == 409
    for closed in (f"{url}/messages", f"{url}/report.csv"):
        answer = api.get(closed)
        assert (answer.status_code, "archived" in answer.json["detail"]) == (409, True)
    assert api.patch(url, json={"name": "other"}).status_code == 409
    assert operator.get(f"{page}/report").status_code == 200
    assert api.delete(url).status_code == 204


def test_nobody_of_an_archived_family_is_sent_to_again(app: Flask, tmp_path: Path) -> None:
    """Two remainders of one mailing leave out whom the other reached: so none may be archived while one is young."""
    origin = an_old_mailing()
    values = {"name": "again", "text": "Hello!", "filter": {"operator_codes": [], "tags": [], "timezones": []}}
    term = {"starts_at": clock.now() - DAY, "ends_at": clock.now() - timedelta(hours=1), "window": None}
    kin = mailings.plan("a" * 32, origin.id, **values, **term).mailing
    assert archive_all(tmp_path) == 0
    while enrol.enrol(clock.now()) | settle.settle(clock.now()):
        pass
    assert archive_all(tmp_path) == 0
    grow_old(kin.id, DAYS + 1)
    assert archive_all(tmp_path) == 2
    with pytest.raises(Refused, match="archived"):
        mailings.plan("b" * 32, kin.id, **values, **term)


def test_who_is_erased_later_is_in_no_archive(app: Flask, tmp_path: Path) -> None:
    phone = a_client(tag="Anna").phone
    mailing = an_old_mailing()
    archive_all(tmp_path)
    clients.erase(1)
    assert phone not in gzip.decompress(housekeeping.path_of(tmp_path, mailing.id).read_bytes()).decode()


@pytest.mark.parametrize("rests", range(8))
def test_whoever_is_stopped_anywhere_is_followed(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rests: int
) -> None:
    for chunk in ("MESSAGES_A_CHUNK", "REMOVED_A_CHUNK"):
        monkeypatch.setattr(archive, chunk, 2)
    mailing = an_old_mailing()
    left = iter([False] * rests + [True] * 100)
    archive_all(tmp_path, lambda _: next(left))
    look_again()
    archive_all(tmp_path)
    assert rows_of(Message) == []
    assert Counter(row["status"] for row in file_of(tmp_path, mailing.id)) == {"sent": 5, "failed": 1}
    assert list(tmp_path.glob("*.part")) == []
    assert reports.check() == []
    assert len(audit.listing(action=Action.MAILING_ARCHIVED).items) == 1


def test_a_file_that_is_not_whole_removes_nothing(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mailing = an_old_mailing()
    whole = archive._rows
    monkeypatch.setattr(archive, "_rows", lambda mailing_id: list(whole(mailing_id))[:-1])
    assert archive_all(tmp_path) == 0
    assert (len(rows_of(Message)), mailings.get(mailing.id).archived_at) == (6, None)
    assert list(tmp_path.iterdir()) == []


def test_a_mailing_that_is_changed_meanwhile_is_kept(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailing = an_old_mailing()
    read_back = archive._read_back

    def change_first(path: Path) -> Counter[str]:
        mailings.change(mailing.id, name="other")
        return read_back(path)

    monkeypatch.setattr(archive, "_read_back", change_first)
    assert archive_all(tmp_path) == 0
    assert len(rows_of(Message)) == 6


def test_several_archive_at_once(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for chunk in ("MESSAGES_A_CHUNK", "REMOVED_A_CHUNK"):
        monkeypatch.setattr(archive, chunk, 3)
    mailing = an_old_mailing(20)
    together(app, lambda: archive_all(tmp_path))
    archive_all(tmp_path)
    assert rows_of(Message) == []
    assert len(file_of(tmp_path, mailing.id)) == 20
    assert reports.check() == []
    assert len(audit.listing(action=Action.MAILING_ARCHIVED).items) == 1


def test_one_of_several_processes_goes_round_once_a_day(app: Flask, house: House) -> None:
    done: list[Any] = []
    together(app, lambda: done.append(housekeeping.daily(house(), at_once)))
    assert sum(each is not None for each in done) == 1
    assert len(audit.listing(action=Action.HOUSEKEPT).items) == 1


def test_the_command_goes_round_whenever_it_is_asked(app: Flask, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    an_old_mailing()
    monkeypatch.setitem(app.config, "SETTINGS", house(attempts_days=1, archive_days=DAYS))
    told = [app.test_cli_runner().invoke(args=["housekeeping"]).output for _ in range(2)]
    assert told[0].endswith("0 rows of traffic folded, 2 attempts removed, 1 mailings archived\n")
    assert told[1].endswith("0 rows of traffic folded, 0 attempts removed, 0 mailings archived\n")
    assert [entry.actor_kind for entry in audit.listing(action=Action.HOUSEKEPT).items] == ["console"] * 2


def test_the_course_of_an_old_mailing_is_drawn_by_the_hour(app: Flask) -> None:
    mailing, now = a_mailing(starts_at=clock.now() - 50 * DAY), clock.now()
    with transaction() as session:
        session.get_one(Mailing, mailing.id).ends_at = now - 49 * DAY
    for _ in range(2):
        some_traffic(now, (50,))
        folding.fold_traffic(now, at_once)
    course = reports.report(mailing.id, now).course
    assert course
    assert course.series["accepted"][-1] == sum(
        row["number"] for row in rows_of(Traffic) if (row["mailing_id"], row["outcome"]) == (mailing.id, "accepted")
    )
    assert course.moments[1] - course.moments[0] == traffic.HOUR


def together(app: Flask, work: Callable[[], Any], number: int = 4) -> None:
    """Do it in several threads at once; the first fault of any is raised."""
    faults: list[Exception] = []

    def one() -> None:
        with app.app_context():
            try:
                work()
            except Exception as fault:
                faults.append(fault)

    threads = [threading.Thread(target=one) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
